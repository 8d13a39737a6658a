/* Appeals: a driver asks for another look at any decision about her.
 *
 * The answer is promised within two weeks (Platform Work Directive, Art. 11) and
 * comes from a person who did not take the decision. Its verdict is a decision
 * of its own; where it is upheld it replaces the first one, and the domain
 * brings about the remedy in the same transaction. */
#include "record/record_rows.h"
#include "store/event.h"

static enum code
appealable(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *decision_id)
{
	struct decision_head d;
	TRY(decision_head(sc, tx, operator_id, decision_id, &d));
	if (strcmp(d.driver_id, driver_id) != 0)
		return fail(sc, E_NOT_FOUND, "there is no such decision");
	if (strcmp(d.kind, "appeal.decide") == 0)
		return fail_as(sc, E_CONFLICT, "final", "this is the answer to an appeal already");
	if (tx_now_ms(tx) > d.at_ms + APPEAL_WITHIN_MS)
		return fail_as(sc, E_CONFLICT, "appeal-late", "the 30 days to appeal are over");
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT 1 FROM appeal WHERE operator_id = $1 AND decision_id = $2",
			       VALS(v_text(operator_id), v_text(decision_id)));
	if (rc == OK)
		return fail_as(sc, E_CONFLICT, "duplicate", "an appeal against this decision is known");
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	return OK;
}

/* What the reviewer has before her: the driver's words and the decision itself. */
static enum code
appeal_evidence(struct scope *sc, struct tx *tx, const char *operator_id, const char *decision_id, const char *words,
		json_t **out)
{
	json_t *decision;
	TRY(record_decision_json(sc, tx, operator_id, decision_id, &decision));
	json_t *list = json_new_array(sc);
	json_t *said = json_object();
	json_put_text(said, "label", "appeal");
	json_put_text(said, "value", words);
	json_array_append_new(list, said);
	json_t *what = json_object();
	json_put_text(what, "label", "decision");
	json_put(what, "value", json_incref(decision));
	json_array_append_new(list, what);
	*out = list;
	return OK;
}

static enum code
tell_driver(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *kind,
	    const char *appeal_id, const char *decision_id)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "decision", decision_id);
	return event_emit(sc, tx, operator_id, driver_id, FOR_DRIVER, kind, appeal_id, data);
}

enum code
appeal_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *decision_id,
	    const char *text, struct id *out)
{
	size_t n = utf8_length(text);
	if (n < 1 || n > WORDS_MAX)
		return fail(sc, E_INVALID, "an appeal has 1 to %d characters", WORDS_MAX);
	TRY(appealable(sc, tx, operator_id, driver_id, decision_id));
	int64_t now = tx_now_ms(tx);
	json_t *evidence;
	TRY(appeal_evidence(sc, tx, operator_id, decision_id, text, &evidence));
	struct queue_entry q = {
	    .operator_id = operator_id,
	    .driver_id = driver_id,
	    .kind = "appeal",
	    .subject = decision_id,
	    .question = "A driver appeals against this decision: does it stand?",
	    .evidence = evidence,
	    .due_ms = now + APPEAL_ANSWER_MS,
	};
	struct id queue_id;
	TRY(queue_add(sc, tx, &q, &queue_id));
	struct id id = tx_new_id(tx, "app");
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO appeal (operator_id, id, driver_id, decision_id, queue_id, words, state, opened_ms, due_ms,"
	    " answered_ms) VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, 0)",
	    VALS(v_text(operator_id), v_text(id.s), v_text(driver_id), v_text(decision_id), v_text(queue_id.s),
		 v_text(text), v_int(now), v_int(q.due_ms)),
	    NULL));
	TRY(tell_driver(sc, tx, operator_id, driver_id, "appeal.opened", id.s, decision_id));
	*out = id;
	return OK;
}

struct appeal_row {
	const char *id, *driver_id, *decision_id;
};

static enum code
appeal_of_queue(struct scope *sc, struct tx *tx, const char *operator_id, const char *queue_id, struct appeal_row *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT id, driver_id, decision_id FROM appeal WHERE operator_id = $1 AND queue_id = $2",
		    VALS(v_text(operator_id), v_text(queue_id))));
	*out = (struct appeal_row){row_text(sc, r, 0), row_text(sc, r, 1), row_text(sc, r, 2)};
	return OK;
}

enum code
appeal_answer(struct scope *sc, struct tx *tx, const char *operator_id, const char *queue_id,
	      const struct queue_verdict *v, int64_t looked_ms, const json_t *seen)
{
	struct appeal_row a;
	struct decision_head first;
	TRY(appeal_of_queue(sc, tx, operator_id, queue_id, &a));
	TRY(decision_head(sc, tx, operator_id, a.decision_id, &first));
	if (text_eq(first.staff_id, v->staff_id))
		return fail_as(sc, E_CONFLICT, "same-person", "somebody else must look at your decision");
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "decision", a.decision_id);
	json_put(inputs, "evidence_seen", json_deep_copy(seen));
	json_put_int(inputs, "looked_ms", looked_ms);
	struct decision d = {
	    .operator_id = operator_id,
	    .driver_id = a.driver_id,
	    .kind = "appeal.decide",
	    .subject = a.id,
	    .rule = "record.appeal/1",
	    .inputs = inputs,
	    .outcome = v->outcome,
	    .reason = "reviewed",
	    .staff_id = v->staff_id,
	    .reasoning = v->reasoning,
	    .overrides = text_eq(v->outcome, "upheld") ? a.decision_id : NULL,
	};
	struct id answer;
	TRY(record_decide(sc, tx, &d, &answer));
	TRY(sql_run(
	    sc, tx, "UPDATE appeal SET state = $3, answered_ms = $4, answer_id = $5 WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(a.id), v_text(v->outcome), v_int(tx_now_ms(tx)), v_text(answer.s)), NULL));
	return tell_driver(sc, tx, operator_id, a.driver_id, "appeal.answered", a.id, a.decision_id);
}

enum code
appeal_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct appeal *out)
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT id, driver_id, decision_id, queue_id, state FROM appeal WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such appeal");
	TRY(rc);
	*out = (struct appeal){
	    .id = row_text(sc, r, 0),
	    .driver_id = row_text(sc, r, 1),
	    .decision_id = row_text(sc, r, 2),
	    .queue_id = row_text(sc, r, 3),
	    .open = text_eq(row_text(sc, r, 4), "open"),
	};
	return OK;
}

enum code
appeals_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, decision_id, words, state, opened_ms, due_ms, answered_ms, answer_id FROM appeal"
		      " WHERE operator_id = $1 AND driver_id = $2 ORDER BY id DESC",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "decision", row_text(sc, r, 1));
		json_put_text(o, "text", row_text(sc, r, 2));
		json_put_text(o, "state", row_text(sc, r, 3));
		json_put_time(o, "opened", row_int(r, 4));
		json_put_time(o, "due", row_int(r, 5));
		json_put_time(o, "answered", row_int(r, 6));
		json_put_text(o, "answer", row_text(sc, r, 7));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}
