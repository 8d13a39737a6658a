/* Decisions: one row a consequence, committed to in the chain.
 *
 * What the chain's leaf commits to is rebuilt from the row whenever it is shown
 * (committed_json), so that a verifier gets exactly what the driver reads. */
#include "chain/chain.h"
#include "record/record_rows.h"
#include "store/event.h"

const struct decision_kind record_kinds[] = {
    {"signup.accept", false, "Lets an applicant in when she fulfils the published conditions."},
    {"signup.refuse", true, "Turns an applicant away."},
    {"enrolment.accept", false, "Takes a face template that a driver chose to give."},
    {"enrolment.refuse", true, "Does not take a driver's face template."},
    {"enrolment.end", false, "Destroys a face template: opt-out, end of its term, end of the programme's face path."},
    {"checkin.pass", false, "Opens the shift for a driver who has shown who she is."},
    {"checkin.review", false, "Asks a person to look, because the check could not tell."},
    {"checkin.refuse", true, "Does not open the shift."},
    {"offer.award", false, "Gives a block by the draw."},
    {"offer.not_awarded", false, "Tells that the draw gave a block to others."},
    {"offer.ineligible", false, "Leaves a request out because a published condition is not met."},
    {"offer.rota", false, "Gives a block by the rota."},
    {"offer.direct", true, "Gives a block to a driver directly, with a reason."},
    {"offer.withdraw", true, "Takes a block back from a driver, with a reason."},
    {"offer.release", false, "Accepts that a driver gives a block back."},
    {"plan.assign", false, "Gives a duty its stops and their order."},
    {"plan.change", false, "Changes the stops of a duty under way."},
    {"stop.outcome", false, "Records how a delivery ended, from the driver's own proof."},
    {"stop.review", true, "Changes how a delivery is recorded to have ended."},
    {"position.flag", false, "Asks a person to look at an implausible track; nothing else follows from it."},
    {"position.review", true, "Says what an implausible track meant."},
    {"duty.close", false, "Closes a duty at its end and fixes its times."},
    {"duty.end_early", true, "Ends a duty before its time."},
    {"statement.issue", false, "Computes the pay of a duty by the published plan."},
    {"statement.correct", true, "Corrects a statement."},
    {"appeal.decide", true, "Answers an appeal."},
    {"driver.suspend", true, "Suspends a driver's account."},
    {"driver.reinstate", true, "Lets a suspended or deactivated driver work again."},
    {"driver.deactivate", true, "Ends a driver's account against her will."},
    {NULL, false, NULL},
};

const struct decision_kind *
decision_kind_find(const char *name)
{
	for (const struct decision_kind *k = record_kinds; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

enum code
decider_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id, const char *name)
{
	return sql_run(sc, tx,
		       "INSERT INTO decider (operator_id, id, name) VALUES ($1, $2, $3)"
		       " ON CONFLICT (operator_id, id) DO UPDATE SET name = excluded.name",
		       VALS(v_text(operator_id), v_text(staff_id), v_text(name)), NULL);
}

enum code
decider_check(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT 1 FROM decider WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(staff_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_CONFLICT, "nobody", "a decision needs a person of this operator by her name");
	return rc;
}

/* The record a leaf commits to. */
static json_t *
committed_json(struct scope *sc, const struct decision *d, const char *id, int64_t at_ms)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id);
	json_put_text(o, "operator", d->operator_id);
	json_put_text(o, "driver", d->driver_id);
	json_put_text(o, "kind", d->kind);
	json_put_text(o, "subject", d->subject);
	json_put_text(o, "rule", d->rule);
	json_put(o, "inputs", json_deep_copy(d->inputs));
	json_put_text(o, "outcome", d->outcome);
	json_put_text(o, "reason", d->reason);
	json_put(o, "params", json_deep_copy(d->params));
	json_put_text(o, "staff", d->staff_id);
	json_put_text(o, "reasoning", d->reasoning);
	json_put_text(o, "overrides", d->overrides);
	json_put_time(o, "at", at_ms);
	return o;
}

static enum code
check_author(struct scope *sc, struct tx *tx, const struct decision *d, const struct decision_kind *k)
{
	if (d->staff_id == NULL && k->human_only)
		return fail_as(sc, E_DENIED, "human-only", "%s is for a person to decide", k->name);
	if (d->staff_id == NULL && d->reasoning != NULL)
		return fail(sc, E_INVALID, "a rule has no words of its own");
	if (d->staff_id == NULL)
		return OK;
	size_t needed = k->human_only ? REASONING_MIN : 1;
	if (d->reasoning == NULL || utf8_length(d->reasoning) < needed)
		return fail_as(sc, E_INVALID, "reasoning", "say why in your own words, %zu characters or more", needed);
	if (utf8_length(d->reasoning) > WORDS_MAX)
		return fail_as(sc, E_INVALID, "reasoning", "at most %d characters", WORDS_MAX);
	return decider_check(sc, tx, d->operator_id, d->staff_id);
}

static enum code
check_override(struct scope *sc, struct tx *tx, const struct decision *d)
{
	struct rows *r;
	if (d->overrides == NULL)
		return OK;
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT 1 FROM decision WHERE operator_id = $1 AND id = $2 AND driver_id = $3",
		    VALS(v_text(d->operator_id), v_text(d->overrides), v_text(d->driver_id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "the decision to be replaced is not one about this driver");
	return rc;
}

static enum code
tell_driver(struct scope *sc, struct tx *tx, const struct decision *d, const char *id)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "kind", d->kind);
	json_put_text(data, "subject", d->subject);
	json_put_text(data, "outcome", d->outcome);
	json_put_text(data, "reason", d->reason);
	return event_emit(sc, tx, d->operator_id, d->driver_id, FOR_DRIVER, "decision.made", id, data);
}

enum code
record_decide(struct scope *sc, struct tx *tx, const struct decision *d, struct id *out)
{
	const struct decision_kind *k = decision_kind_find(d->kind);
	if (k == NULL)
		return fail(sc, E_INVALID, "\"%.60s\" is no kind of decision", d->kind);
	TRY(check_author(sc, tx, d, k));
	TRY(check_override(sc, tx, d));
	struct decision full = *d;
	if (full.inputs == NULL)
		full.inputs = json_new_object(sc);
	if (full.params == NULL)
		full.params = json_new_object(sc);
	struct id id = tx_new_id(tx, "dec");
	int64_t now = tx_now_ms(tx);
	struct leaf leaf;
	TRY(chain_leaf(sc, tx, "decision", committed_json(sc, &full, id.s, now), &leaf));
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO decision (operator_id, seq, id, driver_id, kind, subject, rule, inputs, outcome, reason,"
	    " params, staff_id, reasoning, overrides, at_ms, salt, entry) VALUES ($1, " NEXT_SEQ(
		"decision") ", $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
	    VALS(v_text(d->operator_id), v_text(id.s), v_text(d->driver_id), v_text(d->kind), v_text(d->subject),
		 v_text(d->rule), v_text(json_canonical(sc, full.inputs)), v_text(d->outcome), v_text(d->reason),
		 v_text(json_canonical(sc, full.params)), v_text(d->staff_id), v_text(d->reasoning),
		 v_text(d->overrides), v_int(now), v_blob(leaf.salt, sizeof leaf.salt),
		 v_blob(leaf.entry, sizeof leaf.entry)),
	    NULL));
	TRY(tell_driver(sc, tx, d, id.s));
	*out = id;
	return OK;
}

/* --- reading --- */

struct decision_row {
	struct decision d;
	int64_t seq, at_ms;
	const char *id, *staff_name, *overridden_by;
	const char *appeal_id, *appeal_state;
	const uint8_t *salt, *entry;
};

#define DECISION_COLUMNS \
	"d.operator_id, d.seq, d.id, d.driver_id, d.kind, d.subject, d.rule, d.inputs, d.outcome, d.reason, d.params," \
	" d.staff_id, d.reasoning, d.overrides, d.at_ms, d.salt, d.entry, w.name, a.id, a.state," \
	" (SELECT MAX(o.id) FROM decision o WHERE o.operator_id = d.operator_id AND o.overrides = d.id)" \
	" FROM decision d LEFT JOIN decider w ON w.operator_id = d.operator_id AND w.id = d.staff_id" \
	" LEFT JOIN appeal a ON a.operator_id = d.operator_id AND a.decision_id = d.id"

static enum code
read_hash(struct scope *sc, struct rows *r, int col, const uint8_t **out)
{
	size_t n = 0;
	const uint8_t *p = row_blob(sc, r, col, &n);
	if (p == NULL || n != CHAIN_HASH)
		return fail(sc, E_CORRUPT, "a decision's salt or entry has %zu bytes", n);
	*out = p;
	return OK;
}

static enum code
read_json(struct scope *sc, struct rows *r, int col, const json_t **out)
{
	const char *text = row_text(sc, r, col);
	json_t *v;
	TRY(json_parse(sc, text, strlen(text), &v));
	*out = v;
	return OK;
}

static enum code
read_decision(struct scope *sc, struct rows *r, struct decision_row *out)
{
	struct decision_row row = {.seq = row_int(r, 1), .at_ms = row_int(r, 14)};
	struct decision *d = &row.d;
	d->operator_id = row_text(sc, r, 0);
	row.id = row_text(sc, r, 2);
	d->driver_id = row_text(sc, r, 3);
	d->kind = row_text(sc, r, 4);
	d->subject = row_text(sc, r, 5);
	d->rule = row_text(sc, r, 6);
	TRY(read_json(sc, r, 7, &d->inputs));
	d->outcome = row_text(sc, r, 8);
	d->reason = row_text(sc, r, 9);
	TRY(read_json(sc, r, 10, &d->params));
	d->staff_id = row_text(sc, r, 11);
	d->reasoning = row_text(sc, r, 12);
	d->overrides = row_text(sc, r, 13);
	TRY(read_hash(sc, r, 15, &row.salt));
	TRY(read_hash(sc, r, 16, &row.entry));
	row.staff_name = row_text(sc, r, 17);
	row.appeal_id = row_text(sc, r, 18);
	row.appeal_state = row_text(sc, r, 19);
	row.overridden_by = row_text(sc, r, 20);
	*out = row;
	return OK;
}

static json_t *
author_json(const struct decision_row *row)
{
	json_t *by = json_object();
	json_put_text(by, "kind", row->d.staff_id == NULL ? "rule" : "person");
	if (row->d.staff_id != NULL) {
		json_put_text(by, "staff", row->d.staff_id);
		json_put_text(by, "name", row->staff_name);
		json_put_text(by, "reasoning", row->d.reasoning);
	}
	return by;
}

static json_t *
appeal_json(const struct decision_row *row, int64_t now_ms)
{
	json_t *a = json_object();
	bool final = strcmp(row->d.kind, "appeal.decide") == 0;
	bool may = !final && row->appeal_id == NULL && now_ms <= row->at_ms + APPEAL_WITHIN_MS;
	json_put_bool(a, "may", may);
	json_put_time(a, "until", final ? 0 : row->at_ms + APPEAL_WITHIN_MS);
	json_put_text(a, "id", row->appeal_id);
	json_put_text(a, "state", row->appeal_state);
	return a;
}

static enum code
leaf_json(struct scope *sc, struct tx *tx, const struct decision_row *row, bool with_record, json_t **out)
{
	json_t *leaf = json_new_object(sc);
	json_put_text(leaf, "kind", "decision");
	json_put_text(leaf, "salt", hex_encode(sc, row->salt, CHAIN_HASH));
	json_put_text(leaf, "entry", hex_encode(sc, row->entry, CHAIN_HASH));
	struct inclusion in;
	enum code rc = with_record ? chain_prove(sc, tx, row->entry, &in) : E_NOT_FOUND;
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	if (with_record) {
		json_put(leaf, "record", json_incref(committed_json(sc, &row->d, row->id, row->at_ms)));
		json_put(leaf, "index", rc == OK ? json_integer(in.index) : json_null());
		json_put(leaf, "size", rc == OK ? json_integer(in.size) : json_null());
	}
	*out = leaf;
	return OK;
}

static enum code
decision_json(struct scope *sc, struct tx *tx, const struct decision_row *row, bool whole, json_t **out)
{
	const struct decision_kind *k = decision_kind_find(row->d.kind);
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", row->id);
	json_put_int(o, "seq", row->seq);
	json_put_time(o, "at", row->at_ms);
	json_put_text(o, "driver", row->d.driver_id);
	json_put_text(o, "kind", row->d.kind);
	json_put_text(o, "purpose", k == NULL ? NULL : k->purpose);
	json_put_text(o, "subject", row->d.subject);
	json_put_text(o, "rule", row->d.rule);
	json_put(o, "inputs", json_deep_copy(row->d.inputs));
	json_put_text(o, "outcome", row->d.outcome);
	json_put_text(o, "reason", row->d.reason);
	json_put(o, "params", json_deep_copy(row->d.params));
	json_put(o, "by", author_json(row));
	json_put_text(o, "overrides", row->d.overrides);
	json_put_text(o, "overridden_by", row->overridden_by);
	json_put(o, "appeal", appeal_json(row, tx_now_ms(tx)));
	json_t *leaf;
	TRY(leaf_json(sc, tx, row, whole, &leaf));
	json_put(o, "leaf", json_incref(leaf));
	*out = o;
	return OK;
}

enum code
record_decision_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, json_t **out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " DECISION_COLUMNS " WHERE d.operator_id = $1 AND d.id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such decision");
	TRY(rc);
	struct decision_row row;
	TRY(read_decision(sc, r, &row));
	return decision_json(sc, tx, &row, true, out);
}

enum code
decision_head(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct decision_head *out)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT driver_id, kind, staff_id, at_ms FROM decision WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such decision");
	TRY(rc);
	*out = (struct decision_head){row_text(sc, r, 0), row_text(sc, r, 1), row_text(sc, r, 2), row_int(r, 3)};
	return OK;
}

enum code
record_decisions_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, int64_t before_seq,
		    size_t max, json_t **out)
{
	struct rows *r;
	int64_t before = before_seq == 0 ? INT64_MAX : before_seq;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " DECISION_COLUMNS " WHERE d.operator_id = $1 AND d.driver_id = $2 AND d.seq < $3"
		      " ORDER BY d.seq DESC LIMIT $4",
		      VALS(v_text(operator_id), v_text(driver_id), v_int(before), v_int((int64_t)max + 1))));
	json_t *items = json_new_array(sc);
	int64_t next = 0;
	int64_t last = 0;
	while (row_next(r)) {
		struct decision_row row;
		json_t *item;
		TRY(read_decision(sc, r, &row));
		if (json_array_size(items) == max) {
			next = last;
			break;
		}
		TRY(decision_json(sc, tx, &row, false, &item));
		json_array_append(items, item);
		last = row.seq;
	}
	if (next == 0)
		TRY(rows_end(sc, r));
	*out = page_json(sc, items, next);
	return OK;
}

static bool
list_names(const json_t *list, const char *word)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_string_value(json_array_get(list, i)), word))
			return true;
	return false;
}

enum code
record_names_picture(struct scope *sc, struct tx *tx, const char *operator_id, const char *decision_id,
		     const char *sha256, bool *named)
{
	struct rows *r;
	bool found = false;
	TRY(sql_query(sc, tx, &r,
		      "SELECT d.inputs FROM decision d JOIN decision a ON a.operator_id = d.operator_id"
		      " AND a.driver_id = d.driver_id AND a.subject = d.subject"
		      " WHERE a.operator_id = $1 AND a.id = $2 ORDER BY d.seq",
		      VALS(v_text(operator_id), v_text(decision_id))));
	while (row_next(r)) {
		const json_t *inputs;
		TRY(read_json(sc, r, 0, &inputs));
		found = found || list_names(json_object_get(inputs, "pictures"), sha256);
	}
	TRY(rows_end(sc, r));
	*named = found;
	return OK;
}
