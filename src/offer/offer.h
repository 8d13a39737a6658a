/* offer: work, offered to everybody at once and given by a published rule.
 *
 * A block is work to be given: a station, a start, an end, so many drivers
 * (units), a pay plan and terms that she reads before she asks. How it is given:
 *
 *	draw     lots. Its secret is committed (SHA-256) when the block is published;
 *	         drivers' phones add nonces of their own; nobody knows the lots before the close
 *	rota     fewest recent rota turns at this station first; lots decide between equals
 *	direct   a named person gives it, with her reason
 *
 *	block     open ──close──▶ awarded            draw, rota: who got it, and a waiting list
 *	          open ──close──▶ closed             direct: a person assigns, before or after
 *	          open, awarded, closed ──person──▶ cancelled
 *
 *	request   sealed ──close──▶ ranked           sealed: nobody but her knows of it
 *	          sealed, ranked ──she──▶ withdrawn  off the list; costs nothing
 *
 *	award     awarded ──▶ checked_in ──▶ done
 *	          awarded ──she──▶ given_back        before the start; costs nothing; the next on the list is drawn
 *	          awarded ──person──▶ cancelled      with the person's reason
 *
 * The rule reads: her state, her vehicle, her other awards' hours. It reads
 * neither who she is nor what she refused, gave back or earned: those are no
 * members of struct offer_candidate, and a rota turn counts only while it is
 * held or worked. The whole draw is published without a name (pseudonym =
 * BLAKE2b of block and her nonce, see offer_draw.h); `waybill offer replay`
 * recomputes it. A published block whose close has passed without a draw is
 * `overdue`, for everybody to see: withholding is visible.
 *
 * Whoever works for the operator with access to the process could read a secret
 * and add a request of her own making before the close; every request is a leaf
 * of the chain from the moment it is made, and the proof carries those leaves. */
#ifndef OFFER_OFFER_H
#define OFFER_OFFER_H

#include "base/json.h"
#include "jobs/jobs.h"
#include "people/people.h"
#include "store/store.h"

extern const struct schema offer_schema;
extern const struct job_kind offer_close_job; /* "offer.close": its ctx is not used */

#define OFFER_NONCE 32
#define OFFER_UNITS_MAX 1000
#define OFFER_REQUESTS_MAX 20000 /* of one block */
#define OFFER_OVERDUE_MS 120000	 /* a draw later than this is overdue */
#define OFFER_REST_H 11		 /* unless the terms say otherwise */

enum block_state { BLOCK_OPEN, BLOCK_CLOSED, BLOCK_AWARDED, BLOCK_CANCELLED };
extern const char *const block_words[]; /* "open", "closed", "awarded", "cancelled", NULL */
enum award_state { AWARD_HELD, AWARD_CHECKED_IN, AWARD_DONE, AWARD_GIVEN_BACK, AWARD_CANCELLED };
extern const char *const award_state_words[]; /* "awarded", "checked_in", "done", "given_back", "cancelled", NULL */

/* --- eligibility: pure --- */

struct hours {
	int64_t starts_ms, ends_ms;
};
struct offer_candidate {
	enum driver_state state;
	bool path_ready; /* she can check in: a device is bound (a face is never asked for) */
	enum vehicle_kind vehicle;
	const struct hours *busy; /* of her other awards that are held or worked, any order */
	size_t n_busy;
};
struct offer_need {
	struct hours hours;
	unsigned vehicles; /* bit 1 << enum vehicle_kind; 0: any */
	int64_t rest_ms;   /* unbroken, in every 24 hours that hold work */
};
enum offer_reason {
	OFFER_ELIGIBLE,
	OFFER_NOT_ACTIVE,      /* "not-active" */
	OFFER_PATH_INCOMPLETE, /* "path-incomplete" */
	OFFER_VEHICLE,	       /* "vehicle" */
	OFFER_OVERLAP,	       /* "overlap" */
	OFFER_REST,	       /* "rest" */
	OFFER_REASONS
};
extern const char *const offer_reason_words[]; /* OFFER_ELIGIBLE is "" */
/* Rule offer.eligible/1. The first reason against, or OFFER_ELIGIBLE. */
enum offer_reason offer_eligible(const struct offer_need *need, const struct offer_candidate *c);

/* --- publishing --- */

struct block_new {
	const char *programme_id, *station_id, *pay_plan_id;
	int64_t pay_plan_version; /* the one she is promised; 0: the caller fills it in */
	struct hours hours;
	int64_t units;
	int64_t rule; /* enum award_rule, or -1: the programme's */
	int64_t requests_open_ms, requests_close_ms;
	const json_t *terms;
};
/* {"programme","station","pay_plan","pay_plan_version"?,"starts","ends","units","rule"?,"requests_open"?,"requests_close",
 *  "terms":{"pay":{"minor","currency"},"stops":{"min","max"},"distance_m":{"min","max"},
 *           "vehicles"?:["van",…],"rest_h"?:11,"note"?:text}}
 * Times are RFC 3339; requests_open absent: at once. Terms are integers and words, nothing else:
 * what she reads is what the chain holds. E_INVALID  names the member. */
MUST_USE enum code block_parse(struct scope *sc, const json_t *json, struct block_new *out);

struct block {
	const char *id, *operator_id, *programme_id, *station_id, *pay_plan_id;
	int64_t pay_plan_version;
	struct hours hours;
	int64_t units;
	enum award_rule rule;
	int64_t requests_open_ms, requests_close_ms, published_ms;
	const json_t *terms;
	enum block_state state;
	uint8_t commitment[32]; /* SHA-256 of the secret; zeros for direct */
	struct offer_need need;
};
/* Commits the secret and the terms in the chain, asks for the close. Event block.published (staff).
 * E_NOT_FOUND  no such programme or station of this operator.
 * E_INVALID  hours, units or times that do not fit together (requests must close before the start). */
MUST_USE enum code offer_block_publish(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
				       const struct block_new *b, struct id *out);
MUST_USE enum code offer_block_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				   struct block *out);
/* For staff and public notice: {"id","programme","station","pay_plan","starts","ends","units","rule","state",
 * "requests_open","requests_close","terms","commitment","overdue", and once drawn: "requests","awarded","waiting"}.
 * Requests are not counted before the close. */
MUST_USE enum code offer_block_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				    json_t **out);
/* [offer_block_json…] that start in [from, to), by start; station_id NULL: all stations. */
MUST_USE enum code offer_blocks(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				int64_t from_ms, int64_t to_ms, size_t max, json_t **out);
/* {"open","overdue":[{"block","requests_close"}],"unfilled":[{"block","missing"}]}: of blocks that have not ended. */
MUST_USE enum code offer_status(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);
/* By a named person; every award ends as cancelled with a decision that carries her reasoning. */
MUST_USE enum code offer_block_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				      const char *staff_id, const char *reasoning);

/* --- a driver's side --- */

/* Every block that still takes requests or will, of all stations of her operator: offer_block_json and
 * "you":{"eligible","reason","text","request":"sealed|withdrawn"|null,"award":id|null}. */
MUST_USE enum code offer_blocks_open_for(struct scope *sc, struct tx *tx, const char *operator_id,
					 const char *driver_id, size_t max, json_t **out);
/* Sealed until the close. nonce: 32 bytes that her phone chose and keeps. Not being eligible now does not refuse
 * it: the rule is asked again at the close. Event request.received (to her only).
 * *out: {"request","block","pseudonym","leaf":{"salt","entry"},"eligible","reason","text"}. The same nonce again
 * answers the same. E_CONFLICT (reason "requests-not-open", "requests-closed", "block-direct", "already-requested",
 * "nonce-taken"). */
MUST_USE enum code offer_request(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *block_id, const uint8_t nonce[static OFFER_NONCE], json_t **out);
/* Before the close, or off the waiting list after it. E_CONFLICT (reason "awarded")  give it back instead. */
MUST_USE enum code offer_withdraw(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				  const char *block_id);
/* Before the start. The next on the waiting list is drawn in the same transaction, with its proof.
 * Events award.given_back, award.made. E_CONFLICT (reason "started", "bad-state"). */
MUST_USE enum code offer_give_back(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				   const char *award_id);

/* --- awards --- */

struct award {
	const char *id, *block_id, *driver_id; /* driver_id NULL: she was erased */
	const char *programme_id, *station_id, *pay_plan_id;
	int64_t pay_plan_version; /* as published with the block */
	struct hours hours;
	enum award_state state;
	const char *how; /* "draw", "rota", "waiting", "direct" */
	const char *decision_id;
	int64_t made_ms;
};
MUST_USE enum code offer_award_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id,
				   struct award *out);
/* Hers, newest start first; E_NOT_FOUND never. */
MUST_USE enum code offer_awards_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				   int64_t from_ms, size_t max, struct award **out, size_t *n);
/* Of a block, in the order they were made. */
MUST_USE enum code offer_awards_in(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				   struct award **out, size_t *n);
json_t *award_json(struct scope *sc, const struct award *a);
/* duty says: awarded → checked_in → done. E_CONFLICT (reason "bad-state")  no such step. */
MUST_USE enum code offer_award_move(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id,
				    enum award_state to);
/* A person takes an award back, with her reason (decision offer.withdraw); the next on the list is drawn. */
MUST_USE enum code offer_award_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id,
				      const char *staff_id, const char *reasoning);
/* A person gives a unit (decision offer.direct). `overrides`: the decision that is put right, which may add a unit
 * beyond those published: a remedy never takes another driver's award. The published rule of eligibility holds here
 * too. E_CONFLICT (reason = the eligibility word, "no-unit", "ended", "already-awarded").
 * E_INVALID (reason "other-decision")  what is overridden is not about this block. */
MUST_USE enum code offer_award_direct(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				      const char *driver_id, const char *staff_id, const char *reasoning,
				      const char *overrides, struct id *out);

/* --- the proof --- */

/* DRAW.json (offer_draw.h). E_NOT_FOUND (reason "not-drawn", "draw-overdue"). No personal data: for everybody. */
MUST_USE enum code offer_draw_proof(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				    json_t **out);

/* --- the rights --- */

/* Into `into`: "requests" and "awards", with pseudonyms, nonces and leaves. */
MUST_USE enum code offer_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				json_t *into);
/* Pseudonyms and proofs stay; what led from them to her goes. Sealed requests are withdrawn and awards not yet
 * begun are given back (and drawn again) first. */
MUST_USE enum code offer_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);

#endif
