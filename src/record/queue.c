/* The queue of human decisions.
 *
 * A verdict counts only when the person has opened the item; the row keeps how
 * long she had it open and which evidence she looked at, because a review that
 * is a signature under a machine's answer is not a review. */
#include "record/record_rows.h"
#include "store/event.h"

const struct queue_kind queue_kinds[] = {
    {"signup.review", {"accepted", "refused"}},
    {"enrolment.review", {"accepted", "refused"}},
    {"checkin.review", {"passed", "refused"}},
    {"position.implausible", {"noted", "cleared"}},
    {"suspension.review", {"reinstated", "kept"}},
    {"stop.review", {"confirmed", "changed"}},
    {"statement.review", {"confirmed", "changed"}},
    {"appeal", {"upheld", "rejected"}},
    {"plan.review", {"noted"}},
    {"duty.review", {"noted"}},
    {"job.failed", {"noted"}},
    {NULL, {NULL}},
};

static const struct queue_kind *
queue_kind_find(const char *name)
{
	for (const struct queue_kind *k = queue_kinds; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

json_t *
page_json(struct scope *sc, json_t *items, int64_t next)
{
	json_t *page = json_new_object(sc);
	json_put(page, "items", json_incref(items));
	json_put(page, "next", next == 0 ? json_null() : json_integer(next));
	return page;
}

/* Says that the queue has changed, and nothing of what or whom: every member of
 * staff may hear it, only reviewers may read the item. */
static enum code
tell_staff(struct scope *sc, struct tx *tx, const char *operator_id, const char *kind, const char *id)
{
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, kind, id, json_new_object(sc));
}

enum code
queue_add(struct scope *sc, struct tx *tx, const struct queue_entry *q, struct id *out)
{
	if (queue_kind_find(q->kind) == NULL)
		return fail(sc, E_INVALID, "\"%.60s\" is no kind of question", q->kind);
	const json_t *evidence = q->evidence != NULL ? q->evidence : json_new_array(sc);
	struct id id = tx_new_id(tx, "que");
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO queue_item (operator_id, seq, id, station_id, driver_id, kind, subject, question, evidence,"
	    " state, overdue, created_ms, due_ms, decided_ms, looked_ms) VALUES ($1, " NEXT_SEQ(
		"queue_item") ", $2, $3, $4, $5, $6, $7, $8, 'open', 0, $9, $10, 0, 0)",
	    VALS(v_text(q->operator_id), v_text(id.s), v_text(q->station_id), v_text(q->driver_id), v_text(q->kind),
		 v_text(q->subject), v_text(q->question), v_text(json_canonical(sc, evidence)), v_int(tx_now_ms(tx)),
		 v_int(q->due_ms)),
	    NULL));
	if (q->due_ms != 0)
		TRY(job_add(sc, tx, record_overdue_job.name, q->operator_id, id.s, q->due_ms, NULL));
	TRY(tell_staff(sc, tx, q->operator_id, "queue.added", id.s));
	*out = id;
	return OK;
}

#define ITEM_COLUMNS \
	"q.seq, q.id, q.kind, q.subject, q.driver_id, q.station_id, q.question, q.state, q.overdue, q.created_ms," \
	" q.due_ms, q.outcome, q.staff_id, w.name, q.reasoning, q.decided_ms, q.looked_ms, q.evidence" \
	" FROM queue_item q LEFT JOIN decider w ON w.operator_id = q.operator_id AND w.id = q.staff_id"

static json_t *
verdict_by_json(struct scope *sc, struct rows *r)
{
	if (row_null(r, 12))
		return json_null();
	json_t *by = json_object();
	json_put_text(by, "staff", row_text(sc, r, 12));
	json_put_text(by, "name", row_text(sc, r, 13));
	json_put_text(by, "reasoning", row_text(sc, r, 14));
	json_put_int(by, "looked_ms", row_int(r, 16));
	return by;
}

static json_t *
item_json(struct scope *sc, struct rows *r)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", row_text(sc, r, 1));
	json_put_int(o, "seq", row_int(r, 0));
	json_put_text(o, "kind", row_text(sc, r, 2));
	json_put_text(o, "subject", row_text(sc, r, 3));
	json_put_text(o, "driver", row_text(sc, r, 4));
	json_put_text(o, "station", row_text(sc, r, 5));
	json_put_text(o, "question", row_text(sc, r, 6));
	json_put_text(o, "state", row_text(sc, r, 7));
	json_put_bool(o, "overdue", row_int(r, 8) != 0);
	json_put_time(o, "created", row_int(r, 9));
	json_put_time(o, "due", row_int(r, 10));
	json_put_text(o, "outcome", row_text(sc, r, 11));
	json_put(o, "by", verdict_by_json(sc, r));
	json_put_time(o, "decided", row_int(r, 15));
	return o;
}

enum code
queue_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *state, int64_t after_seq, size_t max,
	   json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " ITEM_COLUMNS " WHERE q.operator_id = $1 AND q.state = $2 AND q.seq > $3"
		      " ORDER BY q.seq LIMIT $4",
		      VALS(v_text(operator_id), v_text(state), v_int(after_seq), v_int((int64_t)max + 1))));
	json_t *items = json_new_array(sc);
	int64_t last = 0;
	bool more = false;
	while (row_next(r)) {
		more = json_array_size(items) == max;
		if (more)
			break;
		last = row_int(r, 0);
		json_array_append(items, item_json(sc, r));
	}
	if (!more)
		TRY(rows_end(sc, r));
	*out = page_json(sc, items, more ? last : 0);
	return OK;
}

/* One item with its evidence; "outcomes" are those a person may choose. */
static enum code
item_whole(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, json_t **out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " ITEM_COLUMNS " WHERE q.operator_id = $1 AND q.id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such question");
	TRY(rc);
	json_t *o = item_json(sc, r);
	const char *evidence = row_text(sc, r, 17);
	json_t *list;
	TRY(json_parse(sc, evidence, strlen(evidence), &list));
	json_put(o, "evidence", json_incref(list));
	const struct queue_kind *k = queue_kind_find(json_string_value(json_object_get(o, "kind")));
	json_t *outcomes = json_array();
	for (size_t i = 0; k != NULL && i < COUNT_OF(k->outcomes) && k->outcomes[i] != NULL; i++)
		json_array_append_new(outcomes, json_string(k->outcomes[i]));
	json_put(o, "outcomes", outcomes);
	*out = o;
	return OK;
}

static enum code
openings_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT o.staff_id, w.name, o.opened_ms, o.seen FROM queue_opening o"
		      " JOIN decider w ON w.operator_id = o.operator_id AND w.id = o.staff_id"
		      " WHERE o.operator_id = $1 AND o.queue_id = $2 ORDER BY o.opened_ms, o.staff_id",
		      VALS(v_text(operator_id), v_text(id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *seen;
		const char *text = row_text(sc, r, 3);
		TRY(json_parse(sc, text, strlen(text), &seen));
		json_t *o = json_object();
		json_put_text(o, "staff", row_text(sc, r, 0));
		json_put_text(o, "name", row_text(sc, r, 1));
		json_put_time(o, "opened", row_int(r, 2));
		json_put(o, "seen", json_incref(seen));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
queue_open_item(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, const char *staff_id,
		json_t **out)
{
	json_t *item;
	json_t *openings;
	TRY(item_whole(sc, tx, operator_id, id, &item));
	TRY(decider_check(sc, tx, operator_id, staff_id));
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO queue_opening (operator_id, queue_id, staff_id, opened_ms, seen) VALUES ($1, $2, $3, $4, '[]')"
	    " ON CONFLICT (operator_id, queue_id, staff_id) DO NOTHING",
	    VALS(v_text(operator_id), v_text(id), v_text(staff_id), v_int(tx_now_ms(tx))), NULL));
	TRY(openings_json(sc, tx, operator_id, id, &openings));
	json_put(item, "openings", json_incref(openings));
	*out = item;
	return OK;
}

/* E_CONFLICT (reason "not-opened")  this person has not had it in front of her. */
static enum code
opening_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, const char *staff_id,
	   int64_t *opened_ms, json_t **seen)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r,
	    "SELECT opened_ms, seen FROM queue_opening WHERE operator_id = $1 AND queue_id = $2 AND staff_id = $3",
	    VALS(v_text(operator_id), v_text(id), v_text(staff_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_CONFLICT, "not-opened", "open the question before you answer it");
	TRY(rc);
	const char *text = row_text(sc, r, 1);
	TRY(json_parse(sc, text, strlen(text), seen));
	*opened_ms = row_int(r, 0);
	return OK;
}

static bool
list_holds(const json_t *list, const char *text)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), text) == 0)
			return true;
	return false;
}

static bool
evidence_has(const json_t *evidence, const char *label)
{
	for (size_t i = 0; i < json_array_size(evidence); i++) {
		const char *known = json_string_value(json_object_get(json_array_get(evidence, i), "label"));
		if (known != NULL && strcmp(known, label) == 0)
			return true;
	}
	return false;
}

enum code
queue_evidence_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, const char *label,
		   const char *href)
{
	json_t *item;
	TRY(item_whole(sc, tx, operator_id, id, &item));
	json_t *evidence = json_object_get(item, "evidence");
	if (!text_eq(json_string_value(json_object_get(item, "state")), "open"))
		return fail_as(sc, E_CONFLICT, "decided", "the question has been answered");
	if (evidence_has(evidence, label))
		return OK;
	json_t *piece = json_object();
	json_put_text(piece, "label", label);
	json_put_text(piece, "href", href);
	json_array_append_new(evidence, piece);
	return sql_run(sc, tx, "UPDATE queue_item SET evidence = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(id), v_text(json_canonical(sc, evidence))), NULL);
}

enum code
queue_evidence_seen(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, const char *staff_id,
		    const char *label)
{
	json_t *item;
	json_t *seen;
	int64_t opened_ms;
	TRY(item_whole(sc, tx, operator_id, id, &item));
	if (!evidence_has(json_object_get(item, "evidence"), label))
		return fail(sc, E_NOT_FOUND, "the question has no such evidence");
	TRY(opening_of(sc, tx, operator_id, id, staff_id, &opened_ms, &seen));
	if (list_holds(seen, label))
		return OK;
	json_array_append_new(seen, json_string(label));
	return sql_run(sc, tx,
		       "UPDATE queue_opening SET seen = $4 WHERE operator_id = $1 AND queue_id = $2 AND staff_id = $3",
		       VALS(v_text(operator_id), v_text(id), v_text(staff_id), v_text(json_text(sc, seen))), NULL);
}

static enum code
check_verdict(struct scope *sc, const struct queue_item *item, const struct queue_verdict *v)
{
	const struct queue_kind *k = queue_kind_find(item->kind);
	bool known = false;
	for (size_t i = 0; k != NULL && i < COUNT_OF(k->outcomes) && k->outcomes[i] != NULL; i++)
		known = known || text_eq(k->outcomes[i], v->outcome);
	if (!known)
		return fail(sc, E_INVALID, "\"%.40s\" does not answer a question of kind %s",
			    v->outcome == NULL ? "" : v->outcome, item->kind);
	if (v->reasoning == NULL || utf8_length(v->reasoning) < REASONING_MIN)
		return fail_as(sc, E_INVALID, "reasoning", "say why in your own words, %d characters or more",
			       REASONING_MIN);
	if (utf8_length(v->reasoning) > WORDS_MAX)
		return fail_as(sc, E_INVALID, "reasoning", "at most %d characters", WORDS_MAX);
	return OK;
}

static enum code
item_of_verdict(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct queue_item *out,
		json_t **review)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id, driver_id, kind, subject, state, question, evidence FROM queue_item"
			       " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such question");
	TRY(rc);
	if (!text_eq(row_text(sc, r, 4), "open"))
		return fail_as(sc, E_CONFLICT, "decided", "the question has been answered");
	json_t *evidence;
	const char *text = row_text(sc, r, 6);
	TRY(json_parse(sc, text, strlen(text), &evidence));
	json_t *o = json_new_object(sc);
	json_put_text(o, "question", row_text(sc, r, 5));
	json_put(o, "evidence", json_incref(evidence));
	*review = o;
	*out = (struct queue_item){
	    .id = row_text(sc, r, 0),
	    .operator_id = scope_strdup(sc, operator_id),
	    .driver_id = row_text(sc, r, 1),
	    .kind = row_text(sc, r, 2),
	    .subject = row_text(sc, r, 3),
	    .review = o,
	};
	return OK;
}

enum code
queue_decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct queue_verdict *v,
	     struct queue_item *out)
{
	struct queue_item item;
	json_t *review;
	json_t *seen;
	int64_t opened_ms;
	int64_t now = tx_now_ms(tx);
	TRY(item_of_verdict(sc, tx, operator_id, v->id, &item, &review));
	TRY(check_verdict(sc, &item, v));
	TRY(opening_of(sc, tx, operator_id, v->id, v->staff_id, &opened_ms, &seen));
	json_put(review, "evidence_seen", json_incref(seen));
	json_put_int(review, "looked_ms", now - opened_ms);
	if (strcmp(item.kind, "appeal") == 0)
		TRY(appeal_answer(sc, tx, operator_id, v->id, v, now - opened_ms, seen));
	TRY(sql_run(
	    sc, tx,
	    "UPDATE queue_item SET state = 'decided', staff_id = $3, outcome = $4, reasoning = $5, decided_ms = $6,"
	    " looked_ms = $7 WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(v->id), v_text(v->staff_id), v_text(v->outcome), v_text(v->reasoning),
		 v_int(now), v_int(now - opened_ms)),
	    NULL));
	TRY(job_cancel(sc, tx, record_overdue_job.name, v->id));
	TRY(tell_staff(sc, tx, operator_id, "queue.decided", v->id));
	*out = item;
	return OK;
}

/* A promised answer is late: the item says so, and so does an event. */
static enum code
overdue_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	int64_t changed;
	TRY(sql_run(sc, tx, "UPDATE queue_item SET overdue = 1 WHERE operator_id = $1 AND id = $2 AND state = 'open'",
		    VALS(v_text(job->operator_id), v_text(job->subject)), &changed));
	return changed == 0 ? OK : tell_staff(sc, tx, job->operator_id, "queue.overdue", job->subject);
}

const struct job_kind record_overdue_job = {"record.overdue", NULL, overdue_commit, NULL};
