/* The mirror: what is written about a driver and who has looked at her data,
 * for her own eyes; and the rights to take it all along or have it destroyed. */
#include "record/record_rows.h"
#include "store/event.h"

enum code
note_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *staff_id,
	 const char *text, struct id *out)
{
	size_t n = utf8_length(text);
	if (n < 1 || n > 1000)
		return fail(sc, E_INVALID, "a note has 1 to 1000 characters");
	TRY(decider_check(sc, tx, operator_id, staff_id));
	struct id id = tx_new_id(tx, "not");
	TRY(sql_run(sc, tx,
		    "INSERT INTO driver_note (operator_id, id, driver_id, staff_id, words, at_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(driver_id), v_text(staff_id), v_text(text),
			 v_int(tx_now_ms(tx))),
		    NULL));
	json_t *data = json_new_object(sc);
	json_put_text(data, "text", text);
	TRY(event_emit(sc, tx, operator_id, driver_id, FOR_DRIVER, "note.added", id.s, data));
	*out = id;
	return OK;
}

enum code
notes_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT n.id, n.at_ms, n.staff_id, w.name, n.words FROM driver_note n"
		      " JOIN decider w ON w.operator_id = n.operator_id AND w.id = n.staff_id"
		      " WHERE n.operator_id = $1 AND n.driver_id = $2 ORDER BY n.id DESC",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_time(o, "at", row_int(r, 1));
		json_put_text(o, "staff", row_text(sc, r, 2));
		json_put_text(o, "name", row_text(sc, r, 3));
		json_put_text(o, "text", row_text(sc, r, 4));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
access_note(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *staff_id,
	    const char *what, const char *why)
{
	struct id id = tx_new_id(tx, "acc");
	TRY(decider_check(sc, tx, operator_id, staff_id));
	return sql_run(sc, tx,
		       "INSERT INTO access_log (operator_id, id, driver_id, staff_id, what, why, at_ms)"
		       " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		       VALS(v_text(operator_id), v_text(id.s), v_text(driver_id), v_text(staff_id), v_text(what),
			    v_text(why), v_int(tx_now_ms(tx))),
		       NULL);
}

static enum code
accesses(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, int64_t max, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT l.at_ms, l.staff_id, w.name, l.what, l.why FROM access_log l"
		      " JOIN decider w ON w.operator_id = l.operator_id AND w.id = l.staff_id"
		      " WHERE l.operator_id = $1 AND l.driver_id = $2 ORDER BY l.id DESC LIMIT $3",
		      VALS(v_text(operator_id), v_text(driver_id), v_int(max))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_time(o, "at", row_int(r, 0));
		json_put_text(o, "staff", row_text(sc, r, 1));
		json_put_text(o, "name", row_text(sc, r, 2));
		json_put_text(o, "what", row_text(sc, r, 3));
		json_put_text(o, "why", row_text(sc, r, 4));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
access_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	return accesses(sc, tx, operator_id, driver_id, 1000, out);
}

/* Questions about her that people have answered, or have yet to. */
static enum code
reviews_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT q.id, q.kind, q.subject, q.question, q.evidence, q.created_ms, q.decided_ms, q.outcome, w.name,"
	    " q.reasoning, q.looked_ms FROM queue_item q"
	    " LEFT JOIN decider w ON w.operator_id = q.operator_id AND w.id = q.staff_id"
	    " WHERE q.operator_id = $1 AND q.driver_id = $2 ORDER BY q.seq",
	    VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *evidence;
		const char *text = row_text(sc, r, 4);
		TRY(json_parse(sc, text, strlen(text), &evidence));
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "kind", row_text(sc, r, 1));
		json_put_text(o, "subject", row_text(sc, r, 2));
		json_put_text(o, "question", row_text(sc, r, 3));
		json_put(o, "evidence", json_incref(evidence));
		json_put_time(o, "created", row_int(r, 5));
		json_put_time(o, "decided", row_int(r, 6));
		json_put_text(o, "outcome", row_text(sc, r, 7));
		json_put_text(o, "name", row_text(sc, r, 8));
		json_put_text(o, "reasoning", row_text(sc, r, 9));
		json_put_int(o, "looked_ms", row_int(r, 10));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

static enum code
all_decisions(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT id FROM decision WHERE operator_id = $1 AND driver_id = $2 ORDER BY seq",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *one;
		TRY(record_decision_json(sc, tx, operator_id, row_text(sc, r, 0), &one));
		json_array_append(list, one);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
record_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	json_t *decisions;
	json_t *appeals;
	json_t *reviews;
	json_t *notes;
	json_t *seen;
	TRY(all_decisions(sc, tx, operator_id, driver_id, &decisions));
	TRY(appeals_of(sc, tx, operator_id, driver_id, &appeals));
	TRY(reviews_of(sc, tx, operator_id, driver_id, &reviews));
	TRY(notes_of(sc, tx, operator_id, driver_id, &notes));
	TRY(accesses(sc, tx, operator_id, driver_id, INT64_MAX, &seen));
	json_t *o = json_object();
	json_put(o, "decisions", json_incref(decisions));
	json_put(o, "appeals", json_incref(appeals));
	json_put(o, "reviews", json_incref(reviews));
	json_put(o, "notes", json_incref(notes));
	json_put(o, "accesses", json_incref(seen));
	json_put(into, "record", o);
	return OK;
}

enum code
record_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	static const char *const steps[] = {
	    ("DELETE FROM queue_opening WHERE operator_id = $1 AND queue_id IN"
	     " (SELECT id FROM queue_item WHERE operator_id = $1 AND driver_id = $2)"),
	    "DELETE FROM queue_item WHERE operator_id = $1 AND driver_id = $2",
	    "DELETE FROM appeal WHERE operator_id = $1 AND driver_id = $2",
	    "DELETE FROM driver_note WHERE operator_id = $1 AND driver_id = $2",
	    "DELETE FROM access_log WHERE operator_id = $1 AND driver_id = $2",
	    "DELETE FROM decision WHERE operator_id = $1 AND driver_id = $2",
	};
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		TRY(sql_run(sc, tx, steps[i], VALS(v_text(operator_id), v_text(driver_id)), NULL));
	return events_erase(sc, tx, operator_id, driver_id);
}
