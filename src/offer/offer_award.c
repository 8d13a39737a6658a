/* Awards: who has which unit, and how units come back. */
#include "base/text.h"
#include "offer/offer_rows.h"
#include "record/record.h"
#include "store/event.h"

const char *const award_state_words[] = {"awarded", "checked_in", "done", "given_back", "cancelled", NULL};

/* --- rows --- */

#define AWARD_COLUMNS \
	"a.id, a.block_id, a.driver_id, b.programme_id, b.station_id, b.pay_plan_id, b.starts_ms, b.ends_ms, a.state," \
	" a.how, a.decision_id, a.made_ms, a.pseudonym, b.pay_plan_version"
#define AWARD_FROM \
	" FROM offer_award a JOIN offer_block b ON b.operator_id = a.operator_id AND b.id = a.block_id" \
	" WHERE a.operator_id = $1"

static enum award_state
state_of(const char *word)
{
	size_t i = 0;
	while (i < AWARD_CANCELLED && !text_eq(award_state_words[i], word))
		i++;
	return (enum award_state)i;
}

static void
award_read(struct scope *sc, struct rows *r, struct award *a, const char **pseudonym)
{
	*a = (struct award){.id = row_text(sc, r, 0),
			    .block_id = row_text(sc, r, 1),
			    .driver_id = row_text(sc, r, 2),
			    .programme_id = row_text(sc, r, 3),
			    .station_id = row_text(sc, r, 4),
			    .pay_plan_id = row_text(sc, r, 5),
			    .pay_plan_version = row_int(r, 13),
			    .hours = {row_int(r, 6), row_int(r, 7)},
			    .state = state_of(row_text(sc, r, 8)),
			    .how = row_text(sc, r, 9),
			    .decision_id = row_text(sc, r, 10),
			    .made_ms = row_int(r, 11)};
	*pseudonym = row_text(sc, r, 12);
}

static enum code
award_find(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, struct award *out,
	   const char **pseudonym)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " AWARD_COLUMNS AWARD_FROM " AND a.id = $2",
			       VALS(v_text(operator_id), v_text(award_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	TRY(rc);
	award_read(sc, r, out, pseudonym);
	return rows_end(sc, r);
}

enum code
offer_award_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, struct award *out)
{
	struct award a;
	const char *pseudonym;
	TRY(award_find(sc, tx, operator_id, award_id, &a, &pseudonym));
	*out = a;
	return OK;
}

static enum code
awards_read(struct scope *sc, struct rows *r, size_t max, struct award **out, size_t *n)
{
	struct award *list = NULL;
	size_t count = 0, room = 0;
	while (count < max && row_next(r)) {
		const char *pseudonym;
		if (count == room) {
			room = room == 0 ? 16 : room * 2;
			struct award *grown = NEW_ARRAY(sc, room, struct award);
			if (count > 0)
				memcpy(grown, list, count * sizeof *grown);
			list = grown;
		}
		award_read(sc, r, &list[count++], &pseudonym);
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = count;
	return OK;
}

enum code
offer_awards_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, int64_t from_ms,
		size_t max, struct award **out, size_t *n)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " AWARD_COLUMNS AWARD_FROM " AND a.driver_id = $2 AND b.ends_ms >= $3"
		      " ORDER BY b.starts_ms DESC, a.id LIMIT $4",
		      VALS(v_text(operator_id), v_text(driver_id), v_int(from_ms), v_int((int64_t)max))));
	return awards_read(sc, r, max, out, n);
}

enum code
offer_awards_in(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, struct award **out,
		size_t *n)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT " AWARD_COLUMNS AWARD_FROM " AND a.block_id = $2 ORDER BY a.made_ms, a.id",
		      VALS(v_text(operator_id), v_text(block_id))));
	return awards_read(sc, r, SIZE_MAX, out, n);
}

json_t *
award_json(struct scope *sc, const struct award *a)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", a->id);
	json_put_text(o, "block", a->block_id);
	json_put_text(o, "driver", a->driver_id);
	json_put_text(o, "programme", a->programme_id);
	json_put_text(o, "station", a->station_id);
	json_put_text(o, "pay_plan", a->pay_plan_id);
	json_put_int(o, "pay_plan_version", a->pay_plan_version);
	json_put_time(o, "starts", a->hours.starts_ms);
	json_put_time(o, "ends", a->hours.ends_ms);
	json_put_text(o, "state", award_state_words[a->state]);
	json_put_text(o, "how", a->how);
	json_put_text(o, "decision", a->decision_id);
	json_put_time(o, "made", a->made_ms);
	return o;
}

enum code
award_insert(struct scope *sc, struct tx *tx, const struct block *b, const struct award_new *a, struct id *out)
{
	struct id id = tx_new_id(tx, "awd");
	TRY(sql_run(sc, tx,
		    "INSERT INTO offer_award (operator_id, id, block_id, driver_id, pseudonym, how, state, decision_id,"
		    " made_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, 'awarded', $7, $8, $8)",
		    VALS(v_text(b->operator_id), v_text(id.s), v_text(b->id), v_text(a->driver_id),
			 v_text(a->pseudonym), v_text(a->how), v_text(a->decision_id), v_int(tx_now_ms(tx))),
		    NULL));
	json_t *data = json_new_object(sc);
	json_put_text(data, "block", b->id);
	json_put_text(data, "how", a->how);
	json_put_time(data, "starts", b->hours.starts_ms);
	TRY(event_emit(sc, tx, b->operator_id, a->driver_id, FOR_BOTH, "award.made", id.s, data));
	*out = id;
	return OK;
}

static enum code
award_set_state(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, enum award_state to,
		const char *event)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "block", a->block_id);
	json_put_text(data, "state", award_state_words[to]);
	TRY(sql_run(sc, tx, "UPDATE offer_award SET state = $3, changed_ms = $4 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(a->id), v_text(award_state_words[to]), v_int(tx_now_ms(tx))),
		    NULL));
	return event_emit(sc, tx, operator_id, a->driver_id, a->driver_id == NULL ? FOR_STAFF : FOR_BOTH, event, a->id,
			  data);
}

enum code
offer_award_move(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, enum award_state to)
{
	struct award a;
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	bool step =
	    (a.state == AWARD_HELD && to == AWARD_CHECKED_IN) || (a.state == AWARD_CHECKED_IN && to == AWARD_DONE);
	if (!step)
		return fail_as(sc, E_CONFLICT, "bad-state", "an award that is %s does not become %s",
			       award_state_words[a.state], award_state_words[to]);
	return award_set_state(sc, tx, operator_id, &a, to, to == AWARD_DONE ? "award.done" : "award.checked_in");
}

/* --- coming back --- */

/* Who was given a block directly and does not want it is not on its waiting list either. */
static enum code
leave_list(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a)
{
	return sql_run(sc, tx,
		       "UPDATE offer_request SET state = 'withdrawn' WHERE operator_id = $1 AND block_id = $2"
		       " AND driver_id = $3",
		       VALS(v_text(operator_id), v_text(a->block_id), v_text(a->driver_id)), NULL);
}

/* The unit is free again; the next on the list is drawn. */
static enum code
come_back(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, const char *pseudonym,
	  enum award_state to)
{
	struct block b;
	TRY(offer_block_get(sc, tx, operator_id, a->block_id, &b));
	TRY(award_set_state(sc, tx, operator_id, a, to,
			    to == AWARD_GIVEN_BACK ? "award.given_back" : "award.cancelled"));
	TRY(leave_list(sc, tx, operator_id, a));
	return offer_redraw(sc, tx, &b, to == AWARD_GIVEN_BACK ? "given_back" : "cancelled", pseudonym);
}

static enum code
release_decision(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a)
{
	struct id id;
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "award", a->id);
	json_put_text(inputs, "block", a->block_id);
	json_put_time(inputs, "starts", a->hours.starts_ms);
	const struct decision d = {.operator_id = operator_id,
				   .driver_id = a->driver_id,
				   .kind = "offer.release",
				   .subject = a->block_id,
				   .rule = "offer.give_back/1",
				   .inputs = inputs,
				   .outcome = "released",
				   .reason = "before-start"};
	return record_decide(sc, tx, &d, &id);
}

enum code
offer_give_back(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id)
{
	struct award a;
	const char *pseudonym;
	TRY(award_find(sc, tx, operator_id, award_id, &a, &pseudonym));
	if (!text_eq(a.driver_id, driver_id))
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	if (a.state != AWARD_HELD)
		return fail_as(sc, E_CONFLICT, "bad-state", "this award is %s", award_state_words[a.state]);
	if (tx_now_ms(tx) >= a.hours.starts_ms)
		return fail_as(sc, E_CONFLICT, "started", "the block has begun");
	TRY(release_decision(sc, tx, operator_id, &a));
	return come_back(sc, tx, operator_id, &a, pseudonym, AWARD_GIVEN_BACK);
}

static enum code
withdraw_decision(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, const char *staff_id,
		  const char *reasoning)
{
	struct id id;
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "award", a->id);
	json_put_text(inputs, "block", a->block_id);
	const struct decision d = {.operator_id = operator_id,
				   .driver_id = a->driver_id,
				   .kind = "offer.withdraw",
				   .subject = a->block_id,
				   .rule = "offer.person/1",
				   .inputs = inputs,
				   .outcome = "cancelled",
				   .reason = "by-person",
				   .staff_id = staff_id,
				   .reasoning = reasoning,
				   .overrides = a->decision_id};
	return a->driver_id == NULL ? OK : record_decide(sc, tx, &d, &id);
}

enum code
offer_award_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, const char *staff_id,
		   const char *reasoning)
{
	struct award a;
	const char *pseudonym;
	TRY(award_find(sc, tx, operator_id, award_id, &a, &pseudonym));
	if (a.state != AWARD_HELD)
		return fail_as(sc, E_CONFLICT, "bad-state", "this award is %s", award_state_words[a.state]);
	TRY(withdraw_decision(sc, tx, operator_id, &a, staff_id, reasoning));
	return come_back(sc, tx, operator_id, &a, pseudonym, AWARD_CANCELLED);
}

static enum code
tell_requesters(struct scope *sc, struct tx *tx, const struct block *b)
{
	struct rows *r;
	const char **drivers = NEW_ARRAY(sc, OFFER_REQUESTS_MAX, const char *);
	size_t n = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT driver_id FROM offer_request WHERE operator_id = $1 AND block_id = $2"
		      " AND state = 'sealed' AND driver_id IS NOT NULL",
		      VALS(v_text(b->operator_id), v_text(b->id))));
	while (row_next(r) && n < OFFER_REQUESTS_MAX)
		drivers[n++] = row_text(sc, r, 0);
	TRY(rows_end(sc, r));
	for (size_t i = 0; i < n; i++)
		TRY(event_emit(sc, tx, b->operator_id, drivers[i], FOR_DRIVER, "block.cancelled", b->id, NULL));
	return OK;
}

enum code
offer_block_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, const char *staff_id,
		   const char *reasoning)
{
	struct block b;
	struct award *awards;
	struct leaf leaf;
	size_t n;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	if (b.state == BLOCK_CANCELLED)
		return fail_as(sc, E_CONFLICT, "bad-state", "this block is cancelled already");
	if (tx_now_ms(tx) >= b.hours.starts_ms)
		return fail_as(sc, E_CONFLICT, "started", "the block has begun");
	TRY(offer_awards_in(sc, tx, operator_id, block_id, &awards, &n));
	for (size_t i = 0; i < n; i++) {
		if (awards[i].state != AWARD_HELD)
			continue;
		TRY(withdraw_decision(sc, tx, operator_id, &awards[i], staff_id, reasoning));
		TRY(award_set_state(sc, tx, operator_id, &awards[i], AWARD_CANCELLED, "award.cancelled"));
	}
	if (b.state == BLOCK_OPEN)
		TRY(job_cancel(sc, tx, offer_close_job.name, b.id));
	TRY(block_set_state(sc, tx, &b, BLOCK_CANCELLED));
	TRY(tell_requesters(sc, tx, &b));
	/* the chain says when: a draw cannot be called off after its lots were known without that being seen */
	json_t *record = json_new_object(sc);
	json_put_text(record, "block", b.id);
	json_put_int(record, "at", tx_now_ms(tx));
	TRY(chain_leaf(sc, tx, "offer.cancel", record, &leaf));
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "block.cancelled", b.id, NULL);
}

/* --- given by a person --- */

static enum code
check_direct(struct scope *sc, struct tx *tx, const struct block *b, const char *driver_id, bool remedy)
{
	struct offer_candidate c;
	struct award *awards;
	size_t n;
	int64_t held;
	if (b->state == BLOCK_CANCELLED || tx_now_ms(tx) >= b->hours.ends_ms)
		return fail_as(sc, E_CONFLICT, "ended", "this block is over or cancelled");
	TRY(offer_awards_in(sc, tx, b->operator_id, b->id, &awards, &n));
	for (size_t i = 0; i < n; i++)
		if (text_eq(awards[i].driver_id, driver_id) && awards[i].state <= AWARD_DONE)
			return fail_as(sc, E_CONFLICT, "already-awarded", "she has this block");
	TRY(units_held(sc, tx, b, &held));
	if (!remedy && held >= b->units)
		return fail_as(sc, E_CONFLICT, "no-unit", "every unit of this block is taken");
	TRY(candidate_of(sc, tx, b->operator_id, driver_id, &c));
	enum offer_reason reason = offer_eligible(&b->need, &c);
	if (reason != OFFER_ELIGIBLE)
		return fail_as(sc, E_CONFLICT, offer_reason_words[reason],
			       "the published rule of eligibility does not let her: %s", offer_reason_words[reason]);
	return OK;
}

/* What is put right must have been about this block. */
static enum code
check_overridden(struct scope *sc, struct tx *tx, const struct block *b, const char *decision_id)
{
	json_t *d;
	if (decision_id == NULL)
		return OK;
	TRY(record_decision_json(sc, tx, b->operator_id, decision_id, &d));
	if (!text_eq(json_string_value(json_object_get(d, "subject")), b->id))
		return fail_as(sc, E_INVALID, "other-decision", "the decision to be put right is not about this block");
	return OK;
}

enum code
offer_award_direct(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
		   const char *driver_id, const char *staff_id, const char *reasoning, const char *overrides,
		   struct id *out)
{
	struct block b;
	struct id decision;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	TRY(check_overridden(sc, tx, &b, overrides));
	TRY(check_direct(sc, tx, &b, driver_id, overrides != NULL));
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "block", b.id);
	json_put_int(inputs, "units", b.units);
	const struct decision d = {.operator_id = operator_id,
				   .driver_id = driver_id,
				   .kind = "offer.direct",
				   .subject = b.id,
				   .rule = "offer.person/1",
				   .inputs = inputs,
				   .outcome = "awarded",
				   .reason = overrides == NULL ? "by-person" : "remedy",
				   .staff_id = staff_id,
				   .reasoning = reasoning,
				   .overrides = overrides};
	TRY(record_decide(sc, tx, &d, &decision));
	const struct award_new a = {.driver_id = driver_id, .how = "direct", .decision_id = decision.s};
	return award_insert(sc, tx, &b, &a, out);
}

/* --- the rights --- */

static enum code
export_requests(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *list)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, block_id, pseudonym, nonce, state, rank, at_ms, salt, entry FROM offer_request"
		      " WHERE operator_id = $1 AND driver_id = $2 ORDER BY at_ms, id",
		      VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r)) {
		json_t *o = json_object();
		size_t n_nonce, n_salt, n_entry;
		const uint8_t *nonce = row_blob(sc, r, 3, &n_nonce), *salt = row_blob(sc, r, 7, &n_salt),
			      *entry = row_blob(sc, r, 8, &n_entry);
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "block", row_text(sc, r, 1));
		json_put_text(o, "pseudonym", row_text(sc, r, 2));
		json_put_text(o, "nonce", hex_encode(sc, nonce, n_nonce));
		json_put_text(o, "state", row_text(sc, r, 4));
		json_put(o, "rank", row_null(r, 5) ? json_null() : json_integer(row_int(r, 5)));
		json_put_time(o, "at", row_int(r, 6));
		json_put_text(o, "salt", hex_encode(sc, salt, n_salt));
		json_put_text(o, "entry", hex_encode(sc, entry, n_entry));
		json_array_append_new(list, o);
	}
	return rows_end(sc, r);
}

enum code
offer_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	struct award *awards;
	size_t n;
	json_t *requests = json_array(), *list = json_array();
	json_put(into, "requests", requests);
	json_put(into, "awards", list);
	TRY(export_requests(sc, tx, operator_id, driver_id, requests));
	TRY(offer_awards_of(sc, tx, operator_id, driver_id, 0, SIZE_MAX / 2, &awards, &n));
	for (size_t i = 0; i < n; i++)
		json_array_append(list, award_json(sc, &awards[i]));
	return OK;
}

enum code
offer_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	struct award *awards;
	size_t n;
	TRY(sql_run(sc, tx, "UPDATE offer_request SET state = 'withdrawn' WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	TRY(offer_awards_of(sc, tx, operator_id, driver_id, tx_now_ms(tx), SIZE_MAX / 2, &awards, &n));
	for (size_t i = 0; i < n; i++) {
		struct award a;
		const char *pseudonym;
		TRY(award_find(sc, tx, operator_id, awards[i].id, &a, &pseudonym));
		if (a.state == AWARD_HELD && tx_now_ms(tx) < a.hours.starts_ms)
			TRY(come_back(sc, tx, operator_id, &a, pseudonym, AWARD_GIVEN_BACK));
	}
	TRY(sql_run(sc, tx, "UPDATE offer_award SET driver_id = NULL WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	return sql_run(sc, tx, "UPDATE offer_request SET driver_id = NULL WHERE operator_id = $1 AND driver_id = $2",
		       VALS(v_text(operator_id), v_text(driver_id)), NULL);
}
