/* The duty's end: by her, when everything is handed over; by a person, with her
 * reasoning, when it cannot be; and the clock's question about a duty that
 * nobody opened or nobody closed.
 *
 * Whoever ends it, the facts that pay needs are fixed here, once. The clock
 * decides nothing about a driver: parcels that wait for somebody go back to the
 * station, and a person is asked. */
#include "base/text.h"
#include "duty/duty_rows.h"
#include "offer/offer.h"
#include "record/record.h"
#include "store/event.h"

#define FACTS_RULE "duty.facts/1"

/* --- the facts --- */

/* Waiting is the time at the depot after the block's start until the plan and
 * its parcels were there: from the later of check-in and start to the plan. */
static int64_t
waited_s(int64_t checked_in_ms, int64_t starts_ms, int64_t planned_ms)
{
	int64_t from = checked_in_ms > starts_ms ? checked_in_ms : starts_ms;
	return planned_ms > from ? (planned_ms - from) / 1000 : 0;
}

/* Of a duty that is open. *state: its word. */
static enum code
facts_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, struct duty_closed *out,
	   const char **state)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r,
	    "SELECT award_id, station_id, block_id, pay_plan_id, pay_plan_version, engaged_from_ms, starts_ms,"
	    " planned_ms, distance_m, (SELECT COUNT(*) FROM attempt a WHERE a.operator_id = $1 AND a.duty_id = $2),"
	    " driver_id, state FROM duty WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(duty_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-duty", "there is no such duty");
	TRY(rc);
	*out = (struct duty_closed){
	    .duty_id = scope_strdup(sc, duty_id),
	    .award_id = row_text(sc, r, 0),
	    .station_id = row_text(sc, r, 1),
	    .block_id = row_text(sc, r, 2),
	    .pay_plan_id = row_text(sc, r, 3),
	    .pay_plan_version = row_int(r, 4),
	    .engaged_from_ms = row_int(r, 5),
	    .engaged_to_ms = tx_now_ms(tx),
	    .wait_s = waited_s(row_int(r, 5), row_int(r, 6), row_int(r, 7)),
	    .distance_m = row_int(r, 8),
	    .stops = row_int(r, 9),
	    .driver_id = row_text(sc, r, 10),
	};
	*state = row_text(sc, r, 11);
	return OK;
}

static json_t *
facts_json(struct scope *sc, const struct duty_closed *c)
{
	json_t *facts = json_new_object(sc);
	json_put_time(facts, "engaged_from", c->engaged_from_ms);
	json_put_time(facts, "engaged_to", c->engaged_to_ms);
	json_put_int(facts, "wait_s", c->wait_s);
	json_put_int(facts, "stops", c->stops);
	json_put_int(facts, "distance_m", c->distance_m);
	return facts;
}

/* staff_id NULL: by herself. */
static enum code
finish(struct scope *sc, struct tx *tx, const char *operator_id, const struct duty_closed *c, const char *staff_id,
       const char *reasoning)
{
	struct id id;
	bool early = staff_id != NULL;
	const struct decision row = {
	    .operator_id = operator_id,
	    .driver_id = c->driver_id,
	    .kind = early ? "duty.end_early" : "duty.close",
	    .subject = c->duty_id,
	    .rule = FACTS_RULE,
	    .inputs = facts_json(sc, c),
	    .outcome = "closed",
	    .reason = early ? "ended_by_a_person" : "handed_back",
	    .staff_id = staff_id,
	    .reasoning = reasoning,
	};
	TRY(sql_run(sc, tx, "UPDATE duty SET state = 'closed', closed_ms = $3 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(c->duty_id), v_int(c->engaged_to_ms)), NULL));
	TRY(offer_award_move(sc, tx, operator_id, c->award_id, AWARD_DONE));
	TRY(record_decide(sc, tx, &row, &id));
	TRY(duty_learn_tonight(sc, tx, operator_id));
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", c->duty_id);
	json_put_text(data, "station", c->station_id);
	json_put_text(data, "block", c->block_id);
	return event_emit(sc, tx, operator_id, c->driver_id, FOR_BOTH, "duty.closed", c->duty_id, data);
}

/* --- by her --- */

static enum code
nothing_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(CASE WHEN state IN ('open','arrived') THEN 1 END), COUNT(CASE WHEN state = 'failed' "
		    "THEN 1 END) FROM stop"
		    " WHERE operator_id = $1 AND duty_id = $2",
		    VALS(v_text(operator_id), v_text(duty_id))));
	if (row_int(r, 0) > 0)
		return fail_as(sc, E_CONFLICT, "stops-open", "%" PRId64 " stops are still open", row_int(r, 0));
	if (row_int(r, 1) > 0)
		return fail_as(sc, E_CONFLICT, "parcels-aboard", "hand back %" PRId64 " undelivered shipments first",
			       row_int(r, 1));
	return OK;
}

enum code
duty_close(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, struct duty_closed *out)
{
	struct duty_closed c;
	const char *duty_id;
	const char *state;
	TRY(duty_current(sc, tx, operator_id, driver_id, &duty_id));
	TRY(nothing_open(sc, tx, operator_id, duty_id));
	TRY(facts_read(sc, tx, operator_id, duty_id, &c, &state));
	TRY(finish(sc, tx, operator_id, &c, NULL, NULL));
	*out = c;
	return OK;
}

/* --- by a person --- */

/* The reason of a stop that failed; NULL: it was not tried, or is to be tried again. */
static enum code
failed_reason(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, const char *shipment_id,
	      const char **reason)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT reason FROM stop WHERE operator_id = $1 AND duty_id = $2 AND shipment_id = $3"
			       " AND state = 'failed'",
			       VALS(v_text(operator_id), v_text(duty_id), v_text(shipment_id)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		*reason = NULL;
		return OK;
	}
	TRY(rc);
	*reason = row_text(sc, r, 0);
	return OK;
}

/* Whatever is not delivered leaves the van. */
static enum code
unload(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, const char *staff_id)
{
	struct shipment *list;
	size_t n;
	TRY(freight_of_duty(sc, tx, operator_id, duty_id, &list, &n));
	for (size_t i = 0; i < n; i++) {
		if (!shipment_may_move(list[i].state, SHIPMENT_AT_STATION))
			continue;
		const char *reason;
		TRY(failed_reason(sc, tx, operator_id, duty_id, list[i].id, &reason));
		const struct move back = {
		    .to = reason == NULL ? SHIPMENT_AT_STATION : duty_goes_back_to(&list[i], reason),
		    .by = staff_id,
		    .reason = reason,
		};
		TRY(freight_move(sc, tx, operator_id, list[i].id, &back));
	}
	TRY(sql_run(sc, tx,
		    "UPDATE stop SET state = 'returned' WHERE operator_id = $1 AND duty_id = $2 AND state = 'failed'",
		    VALS(v_text(operator_id), v_text(duty_id)), NULL));
	return sql_run(sc, tx,
		       "UPDATE stop SET state = 'released' WHERE operator_id = $1 AND duty_id = $2 AND state IN "
		       "('open','arrived')",
		       VALS(v_text(operator_id), v_text(duty_id)), NULL);
}

static bool
is_open(const char *state)
{
	return text_eq(state, "loading") || text_eq(state, "driving");
}

enum code
duty_end_early(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, const char *staff_id,
	       const char *reasoning, struct duty_closed *out)
{
	struct duty_closed c;
	const char *state;
	TRY(facts_read(sc, tx, operator_id, duty_id, &c, &state));
	if (!is_open(state))
		return fail_as(sc, E_CONFLICT, "duty-state", "this duty is %s: there is nothing to end", state);
	if (staff_id == NULL)
		return fail_as(sc, E_DENIED, "human-only", "this is for a person to decide");
	TRY(unload(sc, tx, operator_id, duty_id, staff_id));
	TRY(finish(sc, tx, operator_id, &c, staff_id, reasoning));
	*out = c;
	return OK;
}

/* --- by the clock: a question --- */

static enum code
ask_desk(struct scope *sc, struct tx *tx, const char *operator_id, const struct duty_closed *d, const char *question,
	 const char *parcels)
{
	struct id id;
	json_t *evidence = json_new_array(sc);
	json_array_append_new(evidence, json_pack("{ssss}", "label", "Duty", "value", d->duty_id));
	json_array_append_new(evidence, json_pack("{ssss}", "label", "Parcels", "value", parcels));
	const struct queue_entry q = {
	    .operator_id = operator_id,
	    .station_id = d->station_id,
	    .driver_id = d->driver_id,
	    .kind = "duty.review",
	    .subject = d->duty_id,
	    .question = question,
	    .evidence = evidence,
	};
	return queue_add(sc, tx, &q, &id);
}

static enum code
end_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	struct duty_closed d;
	const char *state;
	TRY(facts_read(sc, tx, job->operator_id, job->subject, &d, &state));
	if (text_eq(state, "planned")) {
		TRY(duty_release(sc, tx, job->operator_id, d.award_id));
		return ask_desk(sc, tx, job->operator_id, &d,
				"This block has ended and nobody opened its duty. What happened, and is she well? "
				"Nothing follows from this for her.",
				"back at the station");
	}
	if (!is_open(state))
		return OK;
	int64_t late_ms = job->due_ms + DUTY_LATE_MS;
	if (json_object_get(job->payload, "late") == NULL) {
		json_t *payload = json_new_object(sc);
		json_put_bool(payload, "late", true);
		return job_add(sc, tx, duty_end_job.name, job->operator_id, job->subject, late_ms, payload);
	}
	return ask_desk(sc, tx, job->operator_id, &d,
			"This duty is still open two hours after its block has ended. Does she need help? "
			"A dispatcher can end it for her.",
			"in the van");
}

const struct job_kind duty_end_job = {"duty.end", NULL, end_commit, NULL};
