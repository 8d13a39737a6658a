#include "cli/config.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "finder/finder.h"
#include "guide/guide.h"

enum config_kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_SWITCH,
	KIND_CLOCK,
	KIND_LOG,
	KIND_GEOCODER,
	KIND_WEBHOOKS,
	KIND_ROAD_TIMES
};

struct config_row {
	const char *name;
	enum config_kind kind;
	int64_t min, max;
	const char *standard; /* NULL: not set */
	const char *what;
};
static const struct config_row config_rows[CONFIG_KEYS] = {
    [CONFIG_DATA] = {"data", KIND_TEXT, 0, 0, NULL, "the data directory"},
    [CONFIG_LISTEN] = {"listen", KIND_TEXT, 0, 0, "127.0.0.1:8080", "HOST:PORT; port 0 takes any"},
    [CONFIG_TLS_CERT] = {"tls_cert", KIND_TEXT, 0, 0, NULL, "PEM certificate chain; with tls_key"},
    [CONFIG_TLS_KEY] = {"tls_key", KIND_TEXT, 0, 0, NULL, "PEM private key"},
    [CONFIG_CLOCK] = {"clock", KIND_CLOCK, 0, 0, "wall", "wall or stepped (simulation directories only)"},
    [CONFIG_MODELS] = {"models", KIND_TEXT, 0, 0, NULL, "prepared face models; empty: where ./dev setup puts them"},
    [CONFIG_FACE_CHILDREN] = {"face_children", KIND_NUMBER, 0, 16, "1", "face checks at once; 0: no face path"},
    [CONFIG_HTTP_THREADS] = {"http_threads", KIND_NUMBER, 1, 16, "2", "threads that speak HTTP"},
    [CONFIG_POOL_THREADS] = {"pool_threads", KIND_NUMBER, 1, 8, "2", "threads for long work"},
    [CONFIG_JOB_THREADS] = {"job_threads", KIND_NUMBER, 1, 8, "1", "threads for jobs"},
    [CONFIG_LIMITS] = {"limits", KIND_SWITCH, 0, 0, "on", "rate limits: on or off (a stepped clock has none)"},
    [CONFIG_GEOCODER] = {"geocoder", KIND_GEOCODER, 0, 0, "extract",
			 "extract, nominatim or photon: who finds addresses"},
    [CONFIG_GEOCODER_URL] = {"geocoder_url", KIND_TEXT, 0, 0, NULL,
			     "https://… of that server; it is sent addresses the extract lacks"},
    [CONFIG_WEBHOOKS] = {"webhooks", KIND_WEBHOOKS, 0, 0, "public",
			 "public, private or loopback: where webhooks may go; private adds your own networks, loopback "
			 "this machine (tests)"},
    [CONFIG_WEBHOOKS_CA] = {"webhooks_ca", KIND_TEXT, 0, 0, NULL,
			    "PEM authorities that webhooks' receivers may use instead of the machine's"},
    [CONFIG_ROAD_TIMES] = {"road_times", KIND_ROAD_TIMES, 0, 0, "own",
			   "own, osrm or valhalla: whose driving times plans are made of"},
    [CONFIG_ROAD_TIMES_URL] = {"road_times_url", KIND_TEXT, 0, 0, NULL,
			       "https://… of that server; it is sent the places of stations and of every door"},
    [CONFIG_ROAD_TIMES_PROFILE] = {"road_times_profile", KIND_TEXT, 0, 0, NULL,
				   "its profile; empty: driving (OSRM), auto (Valhalla)"},
    [CONFIG_LOG] = {"log", KIND_LOG, 0, 0, "info", "error, warn, info or debug"},
};

const char *const config_webhooks_words[] = {"public", "private", "loopback", NULL};
static const char *const from_words[] = {"default", "file", "environment", "flag"};

static const char *
flag_of(struct scope *sc, const struct config_row *row)
{
	char *s = scope_printf(sc, "--%s", row->name);
	for (char *p = s + 2; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
	return s;
}

static const char *
variable_of(struct scope *sc, const struct config_row *row)
{
	char *s = scope_printf(sc, "WAYBILL_%s", row->name);
	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return s;
}

static bool
one_of(const char *value, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (text_eq(value, words[i]))
			return true;
	return false;
}

static enum code
value_check(struct scope *sc, const struct config_row *row, const char *value, enum config_from from)
{
	static const char *const clocks[] = {"wall", "stepped", NULL};
	static const char *const switches[] = {"on", "off", NULL};
	static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
	int64_t number;
	bool good = true;
	switch (row->kind) {
	case KIND_TEXT: break;
	case KIND_NUMBER: good = parse_i64(sc, value, row->min, row->max, &number) == OK; break;
	case KIND_SWITCH: good = one_of(value, switches); break;
	case KIND_CLOCK: good = one_of(value, clocks); break;
	case KIND_GEOCODER: good = one_of(value, finder_words); break;
	case KIND_WEBHOOKS: good = one_of(value, config_webhooks_words); break;
	case KIND_ROAD_TIMES: good = one_of(value, guide_words); break;
	case KIND_LOG: good = one_of(value, levels); break;
	}
	if (!good)
		return fail(sc, E_INVALID, "%s = \"%s\" (%s): it must be %s", row->name, value, from_words[from],
			    row->kind == KIND_NUMBER
				? scope_printf(sc, "a number from %" PRId64 " to %" PRId64, row->min, row->max)
				: row->what);
	return OK;
}

static enum code
value_set(struct scope *sc, struct config *c, size_t key, const char *value, enum config_from from)
{
	TRY(value_check(sc, &config_rows[key], value, from));
	c->value[key].text = value;
	c->value[key].from = from;
	return OK;
}

/* --- the file --- */

static enum code
line_set(struct scope *sc, struct config *c, char *line, size_t number)
{
	line[strcspn(line, "#")] = '\0';
	char *name = text_trim(line);
	if (name[0] == '\0')
		return OK;
	char *eq = strchr(name, '=');
	if (eq == NULL)
		return fail(sc, E_INVALID, "%s:%zu: a line is `name = value`", c->file, number);
	*eq = '\0';
	name = text_trim(name);
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (text_eq(config_rows[i].name, name)) {
			if (value_set(sc, c, i, text_trim(eq + 1), FROM_FILE) != OK)
				return error_prefix(sc, "%s:%zu", c->file, number);
			return OK;
		}
	return fail(sc, E_INVALID, "%s:%zu: there is no setting \"%.60s\"", c->file, number, name);
}

static enum code
file_set(struct scope *sc, struct config *c, const char *path)
{
	uint8_t *bytes;
	size_t n;
	char **lines;
	TRY(file_read(sc, path, 1 << 20, &bytes, &n));
	if (!utf8_valid((const char *)bytes, n))
		return fail(sc, E_INVALID, "%s is not UTF-8 text", path);
	c->file = path;
	size_t count = text_split(sc, (const char *)bytes, '\n', &lines);
	for (size_t i = 0; i < count; i++)
		TRY(line_set(sc, c, lines[i], i + 1));
	return OK;
}

/* --- all of it --- */

static enum code
read_layers(struct scope *sc, struct config *c, const char *const flags[CONFIG_KEYS], const char *file)
{
	const char *data = flags[CONFIG_DATA] != NULL ? flags[CONFIG_DATA] : getenv("WAYBILL_DATA");
	if (file == NULL)
		file = getenv("WAYBILL_CONFIG");
	if (file == NULL && data != NULL && file_exists(path_join(sc, data, "waybill.conf")))
		file = path_join(sc, data, "waybill.conf");
	if (file != NULL)
		TRY(file_set(sc, c, file));
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const char *value = getenv(variable_of(sc, &config_rows[i]));
		if (value != NULL)
			TRY(value_set(sc, c, i, value, FROM_ENVIRONMENT));
		if (flags[i] != NULL)
			TRY(value_set(sc, c, i, flags[i], FROM_FLAG));
	}
	return OK;
}

enum code
config_read(struct scope *sc, int argc, char **argv, struct config *out)
{
	struct config c = {0};
	const char *flags[CONFIG_KEYS] = {0};
	const char *file = NULL;
	const char *words[1];
	size_t n_words;
	struct option_def defs[CONFIG_KEYS + 1];
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		defs[i] = (struct option_def){flag_of(sc, &config_rows[i]), OPTION_TEXT, &flags[i], 0, 0};
		c.value[i].text = config_rows[i].standard;
	}
	defs[CONFIG_KEYS] = (struct option_def){"--config", OPTION_TEXT, &file, 0, 0};
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n_words));
	TRY(read_layers(sc, &c, flags, file));
	*out = c;
	return OK;
}

const char *
config_text(const struct config *c, enum config_key key)
{
	return c->value[key].text;
}

int
config_number(const struct config *c, enum config_key key)
{
	struct scope sc;
	scope_init(&sc);
	int64_t number = 0;
	if (parse_i64(&sc, c->value[key].text, config_rows[key].min, config_rows[key].max, &number) != OK)
		abort(); /* config_read() has checked it */
	scope_release(&sc);
	return (int)number;
}

bool
config_on(const struct config *c, enum config_key key)
{
	return text_eq(c->value[key].text, "on");
}

json_t *
config_json(struct scope *sc, const struct config *c)
{
	json_t *o = json_new_object(sc);
	json_t *values = json_object();
	json_put_text(o, "file", c->file);
	json_put(o, "values", values);
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		json_t *v = json_object();
		json_put_text(v, "value", c->value[i].text);
		json_put_text(v, "from", from_words[c->value[i].from]);
		json_put_text(v, "environment", variable_of(sc, &config_rows[i]));
		json_put_text(v, "flag", flag_of(sc, &config_rows[i]));
		json_put_text(v, "what", config_rows[i].what);
		json_put(values, config_rows[i].name, v);
	}
	return o;
}
