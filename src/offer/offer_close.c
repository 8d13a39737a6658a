/* The close: the secret meets the nonces, once. And the rounds after it, one
 * for each unit that came back.
 *
 * A round is written as the record its leaf commits to; the proof is put
 * together from these records and never from anything else, so what is
 * published is what was decided. */
#include <sodium.h>

#include "base/text.h"
#include "offer/offer_rows.h"
#include "record/record.h"
#include "store/event.h"

#define ROTA_DAYS 28
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* Everybody in a draw, by pseudonym. */
struct field {
	size_t n;
	struct draw_entry *e;
	const char **id;	/* the request's */
	const char **driver_id; /* NULL: erased */
	bool *withdrawn;
	int64_t *rank;
	const char **reasons;
	bool *awarded;
	size_t *order;
};

static const char *
rule_name(enum award_rule rule)
{
	return rule == AWARD_ROTA ? "offer.rota/1" : "offer.draw/1";
}

/* --- reading the field --- */

static enum code
field_count(struct scope *sc, struct tx *tx, const struct block *b, const char *which, size_t *n)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    scope_printf(sc,
				 "SELECT COUNT(*) FROM offer_request WHERE operator_id = $1 AND block_id = $2 AND %s",
				 which),
		    VALS(v_text(b->operator_id), v_text(b->id))));
	*n = (size_t)row_int(r, 0);
	return rows_end(sc, r);
}

static void
field_alloc(struct scope *sc, struct field *f, size_t n)
{
	*f = (struct field){.e = NEW_ARRAY(sc, n + 1, struct draw_entry),
			    .id = NEW_ARRAY(sc, n + 1, const char *),
			    .driver_id = NEW_ARRAY(sc, n + 1, const char *),
			    .withdrawn = NEW_ARRAY(sc, n + 1, bool),
			    .rank = NEW_ARRAY(sc, n + 1, int64_t),
			    .reasons = NEW_ARRAY(sc, n + 1, const char *),
			    .awarded = NEW_ARRAY(sc, n + 1, bool),
			    .order = NEW_ARRAY(sc, n + 1, size_t)};
}

/* which: a condition on the requests; constant text. */
static enum code
field_read(struct scope *sc, struct tx *tx, const struct block *b, const char *which, struct field *out)
{
	struct field f;
	struct rows *r;
	size_t n;
	TRY(field_count(sc, tx, b, which, &n));
	field_alloc(sc, &f, n);
	TRY(sql_query(sc, tx, &r,
		      scope_printf(sc,
				   "SELECT pseudonym, nonce, driver_id, state, rank, id FROM offer_request"
				   " WHERE operator_id = $1 AND block_id = $2 AND %s ORDER BY pseudonym",
				   which),
		      VALS(v_text(b->operator_id), v_text(b->id))));
	while (row_next(r) && f.n < n) {
		struct draw_entry *e = &f.e[f.n];
		size_t len;
		const uint8_t *nonce = row_blob(sc, r, 1, &len);
		if (len != OFFER_NONCE)
			return fail(sc, E_CORRUPT, "a nonce of %zu bytes", len);
		memcpy(e->nonce, nonce, len);
		snprintf(e->pseudonym, sizeof e->pseudonym, "%s", row_text(sc, r, 0));
		f.driver_id[f.n] = row_text(sc, r, 2);
		f.withdrawn[f.n] = f.driver_id[f.n] == NULL || text_eq(row_text(sc, r, 3), "withdrawn");
		f.rank[f.n] = row_int(r, 4);
		f.id[f.n] = row_text(sc, r, 5);
		f.n++;
	}
	TRY(rows_end(sc, r));
	*out = f;
	return OK;
}

/* Rota turns at this station in the last four weeks: held or worked, never given back. */
static enum code
field_turns(struct scope *sc, struct tx *tx, const struct block *b, struct field *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct rows *r;
		TRY(sql_one(sc, tx, &r,
			    "SELECT COUNT(*), COALESCE(MAX(o.starts_ms), 0) FROM offer_award a JOIN offer_block o"
			    " ON o.operator_id = a.operator_id AND o.id = a.block_id"
			    " WHERE a.operator_id = $1 AND a.driver_id = $2 AND o.station_id = $3 AND o.rule = 'rota'"
			    " AND a.how <> 'direct' AND a.state IN ('awarded', 'checked_in', 'done')"
			    " AND o.starts_ms >= $4",
			    VALS(v_text(b->operator_id), v_text(f->driver_id[i]), v_text(b->station_id),
				 v_int(b->requests_close_ms - ROTA_DAYS * DAY_MS))));
		f->e[i].turns = row_int(r, 0);
		f->e[i].last_ms = row_int(r, 1);
		TRY(rows_end(sc, r));
	}
	return OK;
}

/* The rule is asked of everybody who could still be awarded. */
static enum code
field_reasons(struct scope *sc, struct tx *tx, const struct block *b, struct field *f)
{
	for (size_t i = 0; i < f->n; i++) {
		struct offer_candidate c;
		f->reasons[i] = "withdrawn";
		if (f->awarded[i] || f->withdrawn[i])
			continue;
		enum code rc = candidate_of(sc, tx, b->operator_id, f->driver_id[i], &c);
		if (rc == E_NOT_FOUND) { /* nobody's account must not hold up everybody's draw */
			error_clear(sc);
			c = (struct offer_candidate){.state = DRIVER_LEFT};
		} else {
			TRY(rc);
		}
		f->reasons[i] = offer_reason_words[offer_eligible(&b->need, &c)];
	}
	return OK;
}

/* --- writing a round --- */

static enum code
round_insert(struct scope *sc, struct tx *tx, const struct block *b, int64_t round, const json_t *record)
{
	struct leaf leaf;
	TRY(chain_leaf(sc, tx, "offer.draw", record, &leaf));
	return sql_run(sc, tx,
		       "INSERT INTO offer_round (operator_id, block_id, round, record, salt, entry, at_ms)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		       VALS(v_text(b->operator_id), v_text(b->id), v_int(round), v_text(json_canonical(sc, record)),
			    v_blob(leaf.salt, CHAIN_HASH), v_blob(leaf.entry, CHAIN_HASH), v_int(tx_now_ms(tx))),
		       NULL);
}

/* What the rule read about her request, for her to read. */
static json_t *
inputs_json(struct scope *sc, const struct block *b, const struct field *f, size_t i)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "block", b->id);
	json_put_int(o, "units", b->units);
	json_put_int(o, "requests", (int64_t)f->n);
	json_put_text(o, "pseudonym", f->e[i].pseudonym);
	json_put_text(o, "nonce", hex_encode(sc, f->e[i].nonce, OFFER_NONCE));
	if (b->rule == AWARD_ROTA) {
		json_put_int(o, "turns", f->e[i].turns);
		json_put_time(o, "last_turn", f->e[i].last_ms);
	}
	return o;
}

static json_t *
params_json(struct scope *sc, const struct field *f, size_t i)
{
	json_t *o = json_new_object(sc);
	json_put_int(o, "rank", f->rank[i]);
	json_put_int(o, "of", (int64_t)f->n);
	json_put_text(o, "check", "waybill offer replay DRAW.json --nonce YOUR_NONCE");
	return o;
}

static enum code
decide(struct scope *sc, struct tx *tx, const struct block *b, const struct field *f, size_t i, const char *kind,
       const char *outcome, const char *reason, struct id *out)
{
	const struct decision d = {.operator_id = b->operator_id,
				   .driver_id = f->driver_id[i],
				   .kind = kind,
				   .subject = b->id,
				   .rule = rule_name(b->rule),
				   .inputs = inputs_json(sc, b, f, i),
				   .outcome = outcome,
				   .reason = reason,
				   .params = params_json(sc, f, i)};
	return record_decide(sc, tx, &d, out);
}

static enum code
award_one(struct scope *sc, struct tx *tx, const struct block *b, const struct field *f, size_t i, bool waited)
{
	struct id decision, award;
	bool rota = b->rule == AWARD_ROTA;
	TRY(decide(sc, tx, b, f, i, rota ? "offer.rota" : "offer.award", "awarded",
		   waited ? "waiting-list" : (rota ? "turn" : "drawn"), &decision));
	const struct award_new a = {.driver_id = f->driver_id[i],
				    .pseudonym = f->e[i].pseudonym,
				    .how = waited ? "waiting" : award_words[b->rule],
				    .decision_id = decision.s};
	return award_insert(sc, tx, b, &a, &award);
}

/* --- the close --- */

static enum code
secret_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, uint8_t secret[static 32])
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT secret FROM offer_secret WHERE operator_id = $1 AND block_id = $2",
		    VALS(v_text(operator_id), v_text(block_id))));
	size_t n;
	const uint8_t *s = row_blob(sc, r, 0, &n);
	if (n != 32)
		return fail(sc, E_CORRUPT, "a secret of %zu bytes", n);
	memcpy(secret, s, n);
	return rows_end(sc, r);
}

static enum code
ranks_write(struct scope *sc, struct tx *tx, const struct block *b, struct field *f)
{
	for (size_t place = 0; place < f->n; place++) {
		size_t i = f->order[place];
		f->rank[i] = (int64_t)place + 1;
		TRY(sql_run(sc, tx,
			    "UPDATE offer_request SET state = 'ranked', rank = $3 WHERE operator_id = $1 AND id = $2",
			    VALS(v_text(b->operator_id), v_text(f->id[i]), v_int(f->rank[i])), NULL));
	}
	return OK;
}

/* Everybody who asked gets a decision, with what it was made of. */
static enum code
tell_all(struct scope *sc, struct tx *tx, const struct block *b, const struct field *f)
{
	for (size_t place = 0; place < f->n; place++) {
		size_t i = f->order[place];
		struct id id;
		if (f->awarded[i])
			TRY(award_one(sc, tx, b, f, i, false));
		else if (f->reasons[i][0] == '\0')
			TRY(decide(sc, tx, b, f, i, "offer.not_awarded", "not_awarded", "rank", &id));
		else
			TRY(decide(sc, tx, b, f, i, "offer.ineligible", "ineligible", f->reasons[i], &id));
	}
	return OK;
}

static enum code
draw(struct scope *sc, struct tx *tx, const struct block *b)
{
	struct field f;
	uint8_t secret[32], seed[32];
	int64_t held;
	TRY(field_read(sc, tx, b, "state = 'sealed' AND driver_id IS NOT NULL", &f));
	TRY(secret_read(sc, tx, b->operator_id, b->id, secret));
	draw_seed(sc, secret, b->id, f.e, f.n, seed);
	sodium_memzero(secret, sizeof secret);
	if (b->rule == AWARD_ROTA)
		TRY(field_turns(sc, tx, b, &f));
	draw_order(sc, b->rule, seed, f.e, f.n, f.order);
	TRY(ranks_write(sc, tx, b, &f));
	TRY(field_reasons(sc, tx, b, &f));
	TRY(units_held(sc, tx, b, &held));
	const struct draw_round round = {.block_id = b->id,
					 .at_ms = tx_now_ms(tx),
					 .cause = "close",
					 .vacant = held < b->units ? b->units - held : 0,
					 .rule = b->rule,
					 .seed = seed,
					 .e = f.e,
					 .n = f.n,
					 .order = f.order,
					 .reasons = f.reasons};
	size_t n_winners, *winners = NEW_ARRAY(sc, f.n + 1, size_t);
	json_t *record = draw_round_record(sc, &round, f.awarded, winners, &n_winners);
	TRY(round_insert(sc, tx, b, 0, record));
	TRY(tell_all(sc, tx, b, &f));
	TRY(block_set_state(sc, tx, b, BLOCK_AWARDED));
	json_t *data = json_new_object(sc);
	json_put_int(data, "requests", (int64_t)f.n);
	json_put_int(data, "awarded", (int64_t)n_winners);
	return event_emit(sc, tx, b->operator_id, NULL, FOR_STAFF, "draw.done", b->id, data);
}

static enum code
close_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	struct block b;
	TRY(offer_block_get(sc, tx, job->operator_id, job->subject, &b));
	if (b.state != BLOCK_OPEN)
		return OK;
	if (b.rule != AWARD_DIRECT)
		return draw(sc, tx, &b);
	TRY(block_set_state(sc, tx, &b, BLOCK_CLOSED));
	return event_emit(sc, tx, b.operator_id, NULL, FOR_STAFF, "block.closed", b.id, NULL);
}

const struct job_kind offer_close_job = {"offer.close", NULL, close_commit, NULL};

/* --- after a unit came back --- */

/* Who was ever awarded by lot; the order is the ranks'. */
static enum code
field_history(struct scope *sc, struct tx *tx, const struct block *b, struct field *f)
{
	struct rows *r;
	for (size_t i = 0; i < f->n; i++) {
		if (f->rank[i] < 1 || f->rank[i] > (int64_t)f->n)
			return fail(sc, E_CORRUPT, "block %s: a rank of %" PRId64, b->id, f->rank[i]);
		f->order[f->rank[i] - 1] = i;
	}
	TRY(sql_query(sc, tx, &r,
		      "SELECT pseudonym FROM offer_award WHERE operator_id = $1 AND block_id = $2"
		      " AND pseudonym IS NOT NULL",
		      VALS(v_text(b->operator_id), v_text(b->id))));
	while (row_next(r)) {
		const char *pseudonym = row_text(sc, r, 0);
		for (size_t i = 0; i < f->n; i++)
			f->awarded[i] = f->awarded[i] || text_eq(f->e[i].pseudonym, pseudonym);
	}
	return rows_end(sc, r);
}

static enum code
next_round(struct scope *sc, struct tx *tx, const struct block *b, int64_t *round)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM offer_round WHERE operator_id = $1 AND block_id = $2",
		    VALS(v_text(b->operator_id), v_text(b->id))));
	*round = row_int(r, 0);
	return rows_end(sc, r);
}

enum code
offer_redraw(struct scope *sc, struct tx *tx, const struct block *b, const char *cause, const char *from_pseudonym)
{
	int64_t held;
	struct field f;
	if (b->state != BLOCK_AWARDED || tx_now_ms(tx) >= b->hours.starts_ms)
		return OK;
	TRY(units_held(sc, tx, b, &held));
	TRY(field_read(sc, tx, b, "rank IS NOT NULL", &f));
	TRY(field_history(sc, tx, b, &f));
	TRY(field_reasons(sc, tx, b, &f));
	struct draw_round round = {.block_id = b->id,
				   .at_ms = tx_now_ms(tx),
				   .cause = cause,
				   .from = from_pseudonym,
				   .vacant = held < b->units ? 1 : 0,
				   .rule = b->rule,
				   .e = f.e,
				   .n = f.n,
				   .order = f.order,
				   .reasons = f.reasons};
	size_t n_winners, *winners = NEW_ARRAY(sc, f.n + 1, size_t);
	TRY(next_round(sc, tx, b, &round.round));
	json_t *record = draw_round_record(sc, &round, f.awarded, winners, &n_winners);
	TRY(round_insert(sc, tx, b, round.round, record));
	for (size_t i = 0; i < n_winners; i++)
		TRY(award_one(sc, tx, b, &f, winners[i], true));
	return OK;
}

/* --- the proof --- */

static enum code
proof_requests(struct scope *sc, struct tx *tx, const struct block *b, json_t **out)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(sc, tx, &r,
		      "SELECT pseudonym, nonce, salt, entry FROM offer_request"
		      " WHERE operator_id = $1 AND block_id = $2 AND rank IS NOT NULL ORDER BY pseudonym",
		      VALS(v_text(b->operator_id), v_text(b->id))));
	while (row_next(r)) {
		static const char *const names[] = {"nonce", "salt", "entry"};
		json_t *o = json_object();
		json_put_text(o, "pseudonym", row_text(sc, r, 0));
		for (int i = 0; i < 3; i++) {
			size_t n;
			const uint8_t *bytes = row_blob(sc, r, 1 + i, &n);
			json_put_text(o, names[i], hex_encode(sc, bytes, n));
		}
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

static enum code
proof_rounds(struct scope *sc, struct tx *tx, const struct block *b, json_t **out)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(sc, tx, &r,
		      "SELECT record, salt, entry FROM offer_round WHERE operator_id = $1 AND block_id = $2"
		      " ORDER BY round",
		      VALS(v_text(b->operator_id), v_text(b->id))));
	while (row_next(r)) {
		json_t *o = json_object(), *record;
		json_array_append_new(list, o);
		const char *text = row_text(sc, r, 0);
		size_t n;
		const uint8_t *salt = row_blob(sc, r, 1, &n), *entry = row_blob(sc, r, 2, &n);
		TRY(json_parse(sc, text, strlen(text), &record));
		json_put_text(o, "salt", hex_encode(sc, salt, CHAIN_HASH));
		json_put_text(o, "entry", hex_encode(sc, entry, CHAIN_HASH));
		json_put(o, "record", json_incref(record));
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
offer_draw_proof(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, json_t **out)
{
	struct block b;
	struct leaf leaf;
	uint8_t secret[32];
	json_t *requests, *rounds;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	if (b.rule == AWARD_DIRECT)
		return fail_as(sc, E_NOT_FOUND, "not-drawn", "this block is assigned by a person, not drawn");
	TRY(proof_rounds(sc, tx, &b, &rounds));
	if (json_array_size(rounds) == 0)
		return tx_now_ms(tx) > b.requests_close_ms + OFFER_OVERDUE_MS && b.state == BLOCK_OPEN
			   ? fail_as(sc, E_NOT_FOUND, "draw-overdue", "the draw of this block is overdue")
			   : fail_as(sc, E_NOT_FOUND, "not-drawn", "this block has not been drawn");
	TRY(block_leaf(sc, tx, operator_id, block_id, &leaf));
	TRY(secret_read(sc, tx, operator_id, block_id, secret));
	TRY(proof_requests(sc, tx, &b, &requests));
	*out = draw_proof(sc, block_record(sc, &b), &leaf, secret, requests, rounds);
	return OK;
}
