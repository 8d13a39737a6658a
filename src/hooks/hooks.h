/* hooks: events told to other people's servers, as Standard Webhooks has it.
 *
 * Whoever registers an https address says which kinds she wants to hear and is
 * given a secret, once. From then on
 *
 *	event rows ──collect──▶ hook_delivery rows ──send──▶ POST, signed
 *	 (a cursor a hook)       waiting ─▶ delivered
 *	                            │ ▲
 *	                            ▼ └── a pause: a "hooks.turn" job rings
 *	                          failed, after HOOK_TRIES
 *
 * - At least once: a delivery is collected in the transaction that moves the hook's
 *   cursor, and its outcome is one transaction with the pause's job; a process that
 *   dies between the answer and that write sends the same message again, under the
 *   same webhook-id. Nothing is lost, nothing is counted twice.
 * - In order, as far as that goes: one message of a hook is under way at a time, the
 *   earliest event first; one that failed waits for its pause while others go.
 * - A receiver costs nobody else anything: senders are threads of this room, not the
 *   jobs' own, and a hook whose receiver fails is left alone for growing pauses, for
 *   HOOK_FAILING_MS; then it is switched off and staff hear "webhook.off".
 * - A hook hears only what its holder may read by calling: kinds are a closed list,
 *   and their data are put together here, member by member, never copied from an
 *   event. No driver stands in any of them.
 *
 * The address and the secrets lie sealed under a key of the hook's own. */
#ifndef HOOKS_HOOKS_H
#define HOOKS_HOOKS_H

#include "base/json.h"
#include "http/http_address.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "store/store.h"

extern const struct schema hooks_schema;
extern const struct job_kind hooks_turn_job;   /* "hooks.turn": a pause is over; its ctx is not used */
extern const struct job_kind hooks_forget_job; /* "hooks.forget": deliveries older than HOOK_KEPT_MS go; likewise */

#define HOOK_DAY_MS (INT64_C(24) * 3600 * 1000)
#define HOOK_KEPT_MS (7 * HOOK_DAY_MS)
#define HOOK_FAILING_MS (3 * HOOK_DAY_MS)
#define HOOK_HOLD_MAX_MS HOOK_DAY_MS   /* the longest that a receiver's Retry-After is heeded: our own longest pause */
#define HOOK_OLD_SECRET_MS HOOK_DAY_MS /* how long the secret before the newest signs, too */
#define HOOK_TRIES 10
#define HOOKS_MAX 20 /* of one holder */

/* --- who --- */

/* The operator's own hooks are its managers' to keep; an integrator has his own and sees no other's. */
struct hook_holder {
	const char *operator_id;
	const char *staff_id;
	bool integrator;
};

/* --- keeping hooks --- */

struct hook_new {
	const char *label; /* 1–80 characters */
	const char *url;
	const char *kinds; /* words with a blank between, in the list's order */
};
/* {"label","url","kinds":[…]}
 * E_INVALID  names the member; (reason "bad-url", "kind-not-yours").  E_DENIED (reason "address-not-allowed"). */
MUST_USE enum code hook_parse(struct scope *sc, const json_t *json, enum http_reach reach, bool integrator,
			      struct hook_new *out);
/* *secret: "whsec_…", to be shown this once. Begins with what happens from now on.
 * E_LIMIT (reason "too-many-webhooks")  HOOKS_MAX already. */
MUST_USE enum code hook_add(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_holder *who,
			    const struct hook_new *h, struct id *id, const char **secret);
/* {"id","label","url" without its query,"kinds","holder","state":"on|off","why","made","failing_since","next_try",
 *  "waiting","failed","last":{…}|null, "old_secret_until"} */
MUST_USE enum code hook_json(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
			     json_t **out);
MUST_USE enum code hook_list(struct scope *sc, struct tx *tx, const struct hook_holder *who, json_t **out);
/* {"label","kinds"}: either or both. The address does not change: a secret belongs to one. */
MUST_USE enum code hook_change(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
			       const json_t *change);
/* Off: nothing is collected or sent. On again: from now, and what was waiting. */
MUST_USE enum code hook_switch(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, bool on);
/* The hook, its secrets, its deliveries. */
MUST_USE enum code hook_remove(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id);
/* Another secret; the one before signs beside it until *old_until_ms. */
MUST_USE enum code hook_secret_new(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_holder *who,
				   const char *id, const char **secret, int64_t *old_until_ms);

/* --- deliveries --- */

/* A "webhook.ping", like any other message. E_CONFLICT (reason "webhook-off"). */
MUST_USE enum code hook_ping(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
			     struct id *delivery_id);
/* {"items":[{"id","kind","at","state","tries","tried","status","took_ms","why","next_try"}],"next"}: newest first;
 * before 0: from the newest. status: of the last answer; null: there was none. */
MUST_USE enum code hook_deliveries(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
				   int64_t before, size_t max, json_t **out);
/* The same message again, at once, with all its tries before it. E_CONFLICT (reason "webhook-off"). */
MUST_USE enum code hook_redeliver(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id,
				  const char *delivery_id);

/* --- sending --- */

struct hooks;

struct hooks_options {
	struct store *store;
	struct keys *keys;
	enum http_reach reach; /* plain http is spoken to this machine only, and only with REACH_LOOPBACK */
	const char *ca_file;   /* PEM; NULL: the machine's authorities */
};
MUST_USE enum code hooks_open(struct scope *sc, const struct hooks_options *opt, struct hooks **out);
enum http_reach hooks_reach(const struct hooks *h);
/* Wall clock: senders begin, with what a process before this one left. */
void hooks_start(struct hooks *h);
/* Stepped clock: sends what is due, on this thread. */
void hooks_run(struct hooks *h);
/* A request under way is given up and sent again another day. NULL is fine. */
void hooks_close(struct hooks *h);

#endif
