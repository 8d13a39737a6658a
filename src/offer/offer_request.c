/* A driver's side before the close: what is offered, her sealed request, her way out of it. */
#include <sodium.h>

#include "base/text.h"
#include "offer/offer_rows.h"
#include "store/event.h"

#define BUSY_MAX 500
#define BUSY_WINDOW_MS (INT64_C(72) * 3600 * 1000)

const char *
reason_sentence(enum offer_reason r)
{
	switch (r) {
	case OFFER_ELIGIBLE: return "You fulfil every published condition.";
	case OFFER_NOT_ACTIVE: return "Your account is not active.";
	case OFFER_PATH_INCOMPLETE: return "You have no way to check in yet: bind your phone first.";
	case OFFER_VEHICLE: return "This work needs another kind of vehicle.";
	case OFFER_OVERLAP: return "You hold other work at these hours.";
	case OFFER_REST: return "With your other work there would be too little rest.";
	case OFFER_REASONS: break;
	}
	return "";
}

/* --- the facts of the rule --- */

/* Hours she holds or has worked, from three days ago on. */
static enum code
busy_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, struct offer_candidate *c)
{
	struct hours *busy = NEW_ARRAY(sc, BUSY_MAX, struct hours);
	struct rows *r;
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT b.starts_ms, b.ends_ms FROM offer_award a JOIN offer_block b"
	    " ON b.operator_id = a.operator_id AND b.id = a.block_id"
	    " WHERE a.operator_id = $1 AND a.driver_id = $2 AND a.state IN ('awarded', 'checked_in', 'done')"
	    " AND b.ends_ms > $3 ORDER BY b.starts_ms LIMIT $4",
	    VALS(v_text(operator_id), v_text(driver_id), v_int(tx_now_ms(tx) - BUSY_WINDOW_MS), v_int(BUSY_MAX))));
	c->busy = busy;
	c->n_busy = 0;
	while (row_next(r) && c->n_busy < BUSY_MAX)
		busy[c->n_busy++] = (struct hours){row_int(r, 0), row_int(r, 1)};
	return rows_end(sc, r);
}

enum code
candidate_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
	     struct offer_candidate *out)
{
	struct driver d;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	/* an active driver has a bound phone: sign-up binds it, and the last one cannot be let go */
	struct offer_candidate c = {.state = d.state, .path_ready = d.state == DRIVER_ACTIVE, .vehicle = d.vehicle};
	TRY(busy_of(sc, tx, operator_id, driver_id, &c));
	*out = c;
	return OK;
}

static void
put_eligible(json_t *o, enum offer_reason reason)
{
	json_put_bool(o, "eligible", reason == OFFER_ELIGIBLE);
	json_put_text(o, "reason", offer_reason_words[reason]);
	json_put_text(o, "text", reason_sentence(reason));
}

/* --- her request --- */

struct request {
	const char *id, *state, *pseudonym;
	uint8_t nonce[OFFER_NONCE];
	struct leaf leaf;
};

static enum code
request_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *block_id,
	   struct request *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT id, state, pseudonym, nonce, salt, entry FROM offer_request"
		    " WHERE operator_id = $1 AND block_id = $2 AND driver_id = $3",
		    VALS(v_text(operator_id), v_text(block_id), v_text(driver_id))));
	struct request q = {.id = row_text(sc, r, 0), .state = row_text(sc, r, 1), .pseudonym = row_text(sc, r, 2)};
	size_t n_nonce, n_salt, n_entry;
	const uint8_t *nonce = row_blob(sc, r, 3, &n_nonce), *salt = row_blob(sc, r, 4, &n_salt),
		      *entry = row_blob(sc, r, 5, &n_entry);
	if (n_nonce != OFFER_NONCE || n_salt != CHAIN_HASH || n_entry != CHAIN_HASH)
		return fail(sc, E_CORRUPT, "request %s is not whole", q.id);
	memcpy(q.nonce, nonce, n_nonce);
	memcpy(q.leaf.salt, salt, n_salt);
	memcpy(q.leaf.entry, entry, n_entry);
	TRY(rows_end(sc, r));
	*out = q;
	return OK;
}

static enum code
check_open(struct scope *sc, const struct block *b, int64_t now_ms)
{
	if (b->rule == AWARD_DIRECT)
		return fail_as(sc, E_CONFLICT, "block-direct", "this block is assigned by a person");
	if (b->state != BLOCK_OPEN || now_ms >= b->requests_close_ms)
		return fail_as(sc, E_CONFLICT, "requests-closed", "this block takes no more requests");
	if (now_ms < b->requests_open_ms)
		return fail_as(sc, E_CONFLICT, "requests-not-open", "this block does not take requests yet");
	return OK;
}

static enum code
check_nonce(struct scope *sc, struct tx *tx, const struct block *b, const uint8_t nonce[static OFFER_NONCE])
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT 1 FROM offer_request WHERE operator_id = $1 AND block_id = $2 AND nonce = $3",
		    VALS(v_text(b->operator_id), v_text(b->id), v_blob(nonce, OFFER_NONCE)));
	if (rc == OK)
		return fail_as(sc, E_CONFLICT, "nonce-taken", "choose another nonce");
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM offer_request WHERE operator_id = $1 AND block_id = $2",
		    VALS(v_text(b->operator_id), v_text(b->id))));
	if (row_int(r, 0) >= OFFER_REQUESTS_MAX)
		return fail_as(sc, E_LIMIT, "too-many-requests", "this block has %d requests", OFFER_REQUESTS_MAX);
	return rows_end(sc, r);
}

/* A withdrawn request leaves its row to the new one: the nonce of the old is forgotten, its leaf stays in the chain. */
static enum code
request_store(struct scope *sc, struct tx *tx, const struct block *b, const char *driver_id,
	      const uint8_t nonce[static OFFER_NONCE], struct request *out)
{
	struct request q = {.state = "sealed"};
	char pseudonym[PSEUDONYM_TEXT];
	draw_pseudonym(b->id, nonce, pseudonym);
	q.pseudonym = scope_strdup(sc, pseudonym);
	q.id = scope_strdup(sc, tx_new_id(tx, "req").s);
	memcpy(q.nonce, nonce, OFFER_NONCE);
	json_t *record = json_new_object(sc);
	json_put_text(record, "block", b->id);
	json_put_text(record, "nonce", hex_encode(sc, nonce, OFFER_NONCE));
	TRY(chain_leaf(sc, tx, "offer.request", record, &q.leaf));
	TRY(sql_run(sc, tx,
		    "INSERT INTO offer_request (operator_id, id, block_id, driver_id, nonce, pseudonym, state, rank,"
		    " at_ms, salt, entry) VALUES ($1, $2, $3, $4, $5, $6, 'sealed', NULL, $7, $8, $9)"
		    " ON CONFLICT (operator_id, block_id, driver_id) DO UPDATE SET id = excluded.id,"
		    " nonce = excluded.nonce, pseudonym = excluded.pseudonym, state = 'sealed', at_ms = excluded.at_ms,"
		    " salt = excluded.salt, entry = excluded.entry",
		    VALS(v_text(b->operator_id), v_text(q.id), v_text(b->id), v_text(driver_id),
			 v_blob(q.nonce, OFFER_NONCE), v_text(q.pseudonym), v_int(tx_now_ms(tx)),
			 v_blob(q.leaf.salt, CHAIN_HASH), v_blob(q.leaf.entry, CHAIN_HASH)),
		    NULL));
	*out = q;
	return OK;
}

enum code
offer_request(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *block_id,
	      const uint8_t nonce[static OFFER_NONCE], json_t **out)
{
	struct block b;
	struct offer_candidate c;
	struct request q;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	TRY(check_open(sc, &b, tx_now_ms(tx)));
	TRY(candidate_of(sc, tx, operator_id, driver_id, &c));
	enum code rc = request_of(sc, tx, operator_id, driver_id, block_id, &q);
	bool there = rc == OK && strcmp(q.state, "sealed") == 0;
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	if (there && memcmp(q.nonce, nonce, OFFER_NONCE) != 0)
		return fail_as(sc, E_CONFLICT, "already-requested", "you have asked for this block already");
	if (!there) {
		TRY(check_nonce(sc, tx, &b, nonce));
		TRY(request_store(sc, tx, &b, driver_id, nonce, &q));
		TRY(event_emit(sc, tx, operator_id, driver_id, FOR_DRIVER, "request.received", b.id, NULL));
	}
	json_t *o = json_new_object(sc);
	json_put_text(o, "request", q.id);
	json_put_text(o, "block", b.id);
	json_put_text(o, "pseudonym", q.pseudonym);
	json_put(o, "leaf", json_incref(leaf_json(sc, &q.leaf)));
	put_eligible(o, offer_eligible(&b.need, &c));
	*out = o;
	return OK;
}

/* An award of hers on this block that she holds; E_NOT_FOUND. */
static enum code
award_held(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *block_id,
	   const char **id)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT id FROM offer_award WHERE operator_id = $1 AND block_id = $2 AND driver_id = $3"
		    " AND state IN ('awarded', 'checked_in', 'done')",
		    VALS(v_text(operator_id), v_text(block_id), v_text(driver_id))));
	*id = row_text(sc, r, 0);
	return rows_end(sc, r);
}

enum code
offer_withdraw(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *block_id)
{
	struct block b;
	const char *award;
	int64_t changed;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	enum code rc = award_held(sc, tx, operator_id, driver_id, block_id, &award);
	if (rc == OK)
		return fail_as(sc, E_CONFLICT, "awarded", "the block is yours: give it back instead");
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	TRY(sql_run(sc, tx,
		    "UPDATE offer_request SET state = 'withdrawn' WHERE operator_id = $1 AND block_id = $2"
		    " AND driver_id = $3 AND state <> 'withdrawn'",
		    VALS(v_text(operator_id), v_text(block_id), v_text(driver_id)), &changed));
	if (changed == 0)
		return fail_as(sc, E_NOT_FOUND, "no-request", "you have no request for this block");
	return event_emit(sc, tx, operator_id, driver_id, FOR_DRIVER, "request.withdrawn", block_id, NULL);
}

/* --- what is offered --- */

static enum code
offered_json(struct scope *sc, struct tx *tx, const struct block *b, const char *driver_id,
	     const struct offer_candidate *c, json_t **out)
{
	json_t *o, *you = json_object();
	const char *award = NULL;
	struct request q = {0};
	TRY(block_json(sc, tx, b, &o));
	json_put(o, "you", you);
	put_eligible(you, offer_eligible(&b->need, c));
	enum code rc = request_of(sc, tx, b->operator_id, driver_id, b->id, &q);
	if (rc == OK || rc == E_NOT_FOUND)
		rc = award_held(sc, tx, b->operator_id, driver_id, b->id, &award);
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	json_put_text(you, "request", q.state);
	json_put_text(you, "award", award);
	*out = o;
	return OK;
}

enum code
offer_blocks_open_for(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, size_t max,
		      json_t **out)
{
	struct offer_candidate c;
	struct block *blocks;
	size_t n;
	TRY(candidate_of(sc, tx, operator_id, driver_id, &c));
	TRY(blocks_taking_requests(sc, tx, operator_id, max, &blocks, &n));
	json_t *list = json_new_array(sc);
	for (size_t i = 0; i < n; i++) {
		json_t *o;
		TRY(offered_json(sc, tx, &blocks[i], driver_id, &c, &o));
		json_array_append(list, o);
	}
	*out = list;
	return OK;
}
