/* hooks/hook_rows: what the files of this room share with each other only. */
#ifndef HOOKS_HOOK_ROWS_H
#define HOOKS_HOOK_ROWS_H

#include "base/text.h"
#include "hooks/hook_sign.h"
#include "hooks/hooks.h"
#include "store/event.h"

struct hook_row {
	const char *operator_id, *id;
	const char *holder_id; /* an integrator's staff id; NULL: the operator's */
	const char *label, *kinds, *shown;
	bool on;
	const char *why; /* off: "failing", "gone", "by-hand", "holder-left" */
	int64_t cursor_seq;
	int64_t fails, failing_ms; /* in a row, and since when; 0: it works */
	int64_t next_ms;	   /* not to be called before */
	int64_t made_ms;
	const uint8_t *sealed;
	size_t sealed_n;
};
#define HOOK_COLUMNS \
	"operator_id, id, holder_id, label, kinds, shown, is_on, why, cursor_seq, fails, failing_ms, next_ms, " \
	"made_ms," \
	" sealed FROM hook"
void hook_read(struct scope *sc, struct rows *r, struct hook_row *out);
MUST_USE enum code hook_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			    struct hook_row *out);
/* With who may: another's hook is no hook. */
MUST_USE enum code hook_of(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
			   struct hook_row *out);
MUST_USE enum code hook_set_off(struct scope *sc, struct tx *tx, const struct hook_row *h, const char *why);

/* --- what is sealed --- */

#define HOOK_SECRETS_MAX 2
struct hook_sealed {
	const char *url;
	struct hook_secret {
		uint8_t key[HOOK_SECRET_BYTES];
		int64_t until_ms; /* 0: the newest */
	} secrets[HOOK_SECRETS_MAX];
	size_t n_secrets;
};
MUST_USE enum code hook_unseal(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_row *h,
			       struct hook_sealed *out);

/* --- hook_kinds.c --- */

bool hook_wants(const char *kinds, const char *kind);
/* The kind this event is told as; NULL: nobody's. */
const char *hook_kind_of(struct scope *sc, const struct event *e);
bool hook_kind_for(const char *kind, bool integrator);
MUST_USE enum code hook_kinds_parse(struct scope *sc, const json_t *json, bool integrator, const char **out);
/* What is told of it, {"type","timestamp","data"}; *body NULL: what it was about is not there any more. */
MUST_USE enum code hook_body(struct scope *sc, struct tx *tx, const struct event *e, const char *kind,
			     const char **body);
const char *hook_ping_body(struct scope *sc, const char *hook_id, int64_t at_ms);

/* --- hook_turn.c --- */

struct hook_delivery {
	const char *id, *kind, *body;
	int64_t n, tries;
};
/* A new row at the end of the hook's list, waiting. */
MUST_USE enum code hook_enqueue(struct scope *sc, struct tx *tx, const struct hook_row *h, int64_t event_seq,
				const char *kind, const char *body, struct id *id);
/* Is there anything to collect or to send now? */
MUST_USE enum code hook_is_due(struct scope *sc, struct tx *tx, const struct hook_row *h, bool *due);
/* Collects, then sends a few of what is due. *stop ends it early. */
MUST_USE enum code hook_turn(struct scope *sc, const struct hooks_options *opt, const _Atomic bool *stop,
			     const struct hook_row *h);

/* How long after its n-th failed try (1 …) something is tried again, ms: the schedule of docs/webhooks.md, each
 * pause a fifth longer or shorter, as `chance` (any number) has it. */
int64_t hook_pause_ms(int64_t tries, uint32_t chance);
/* How long a hook is left alone after so many failures in a row. */
int64_t hook_rest_ms(int64_t fails, uint32_t chance);

#endif
