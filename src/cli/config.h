/* cli/config: what a server runs with, and where each value comes from.
 *
 *	default < file < environment < flag
 *
 * The file (--config FILE, WAYBILL_CONFIG, or DIR/waybill.conf where it exists)
 * has lines `name = value`; '#' begins a comment. The environment's names are
 * WAYBILL_<NAME>, flags are --<name>; a '_' in a name is a '-' in its flag. */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include "base/json.h"

enum config_key {
	CONFIG_DATA,
	CONFIG_LISTEN,
	CONFIG_TLS_CERT,
	CONFIG_TLS_KEY,
	CONFIG_CLOCK,
	CONFIG_MODELS,
	CONFIG_FACE_CHILDREN,
	CONFIG_HTTP_THREADS,
	CONFIG_POOL_THREADS,
	CONFIG_JOB_THREADS,
	CONFIG_LIMITS,
	CONFIG_GEOCODER,
	CONFIG_GEOCODER_URL,
	CONFIG_WEBHOOKS,
	CONFIG_WEBHOOKS_CA,
	CONFIG_ROAD_TIMES,
	CONFIG_ROAD_TIMES_URL,
	CONFIG_ROAD_TIMES_PROFILE,
	CONFIG_LOG,
	CONFIG_KEYS, /* how many */
};

enum config_from { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

struct config {
	struct {
		const char *text; /* NULL: not set */
		enum config_from from;
	} value[CONFIG_KEYS];
	const char *file; /* the one that was read, or NULL */
};

/* In the order of enum http_reach, from REACH_PUBLIC on. */
extern const char *const config_webhooks_words[];

/* Reads flags off the line (E_USAGE for words it does not know), then the
 * environment and the file. E_INVALID  a value is none of those allowed; the
 * message names it and where it stands. */
MUST_USE enum code config_read(struct scope *sc, int argc, char **argv, struct config *out);
const char *config_text(const struct config *c, enum config_key key);
int config_number(const struct config *c, enum config_key key);
bool config_on(const struct config *c, enum config_key key);
/* {"file":…,"values":{"listen":{"value":…,"from":"flag","environment":"WAYBILL_LISTEN","flag":"--listen","what":…}}} */
json_t *config_json(struct scope *sc, const struct config *c);

#endif
