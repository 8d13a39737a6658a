/* Statements: everything needed to recompute them is inside. */
#include "pay/pay.h"

#include "base/text.h"
#include "record/record.h"
#include "store/event.h"

#define STATEMENT_RULE "pay.statement/1"
#define AREA_DAYS 90
#define AREA_DRIVERS_MIN 5

static json_t *
facts_json(const struct pay_facts *f)
{
	json_t *o = json_object();
	json_put_int(o, "engaged_s", f->engaged_s);
	json_put_int(o, "wait_s", f->wait_s);
	json_put_int(o, "stops", f->stops);
	json_put_int(o, "distance_m", f->distance_m);
	return o;
}

static json_t *
lines_json(const struct pay_result *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n; i++) {
		json_t *o = json_object();
		json_put_text(o, "code", pay_code_names[r->lines[i].code]);
		json_put_int(o, "rate", r->lines[i].rate.minor);
		json_put_int(o, "quantity", r->lines[i].quantity);
		json_put_int(o, "per", r->lines[i].per);
		json_put_int(o, "amount", r->lines[i].amount.minor);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
statement_body(struct scope *sc, const char *id, const struct pay_duty *d, const struct pay_plan *plan,
	       const struct pay_result *r, const char *replaces, int64_t now_ms)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "statement", "waybill/1");
	json_put_text(o, "id", id);
	json_put_text(o, "duty_id", d->duty_id);
	json_put_text(o, "block_id", d->block_id);
	json_put_text(o, "station_id", d->station_id);
	json_put_time(o, "from", d->from_ms);
	json_put_time(o, "to", d->to_ms);
	json_put_time(o, "issued_at", now_ms);
	json_put(o, "plan", json_incref(pay_plan_json(sc, plan)));
	json_put(o, "facts", facts_json(&d->facts));
	json_put(o, "lines", lines_json(r));
	json_put_int(o, "total", r->total.minor);
	json_put_text(o, "currency", plan->rates.currency.code);
	json_put_int(o, "vehicle_cost", r->vehicle_cost.minor);
	json_put_int(o, "net_per_engaged_hour", r->net_per_engaged_hour.minor);
	json_put_text(o, "replaces", replaces);
	return o;
}

struct issue {
	const char *replaces; /* NULL: the duty's first */
	int64_t replaced_minor;
	const char *staff_id, *reasoning;
	const char *overrides; /* the decision behind the replaced one */
};

static enum code
statement_decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct pay_duty *d, const char *id,
		 const json_t *body, const struct issue *how, struct id *decision)
{
	json_t *params = json_new_object(sc);
	json_put(params, "total", json_incref(json_object_get(body, "total")));
	json_put(params, "currency", json_incref(json_object_get(body, "currency")));
	const struct decision row = {
	    .operator_id = operator_id,
	    .driver_id = d->driver_id,
	    .kind = how->replaces == NULL ? "statement.issue" : "statement.correct",
	    .subject = id,
	    .rule = STATEMENT_RULE,
	    .inputs = body,
	    .outcome = how->replaces == NULL ? "issued" : "corrected",
	    .reason = how->replaces == NULL ? "duty_closed" : "facts_corrected",
	    .params = params,
	    .staff_id = how->staff_id,
	    .reasoning = how->reasoning,
	    .overrides = how->overrides,
	};
	return record_decide(sc, tx, &row, decision);
}

/* An amount of nothing leaves no entry. */
static enum code
statement_post(struct scope *sc, struct tx *tx, const char *operator_id, const struct pay_duty *d, const char *id,
	       struct currency currency, int64_t minor, const char **entry_id)
{
	*entry_id = NULL;
	if (minor == 0)
		return OK;
	const struct posting postings[] = {
	    {"expense:delivery", {minor}},
	    {scope_printf(sc, "payable:%s", d->driver_id), {-minor}},
	};
	struct id entry;
	TRY(ledger_post(sc, tx, operator_id, currency, "statement", id, postings, COUNT_OF(postings), &entry));
	*entry_id = scope_strdup(sc, entry.s);
	return OK;
}

static enum code
statement_write(struct scope *sc, struct tx *tx, const char *operator_id, const struct pay_duty *d,
		const struct issue *how, struct id *out)
{
	struct pay_plan plan;
	struct pay_result r;
	struct id id = tx_new_id(tx, "stm");
	struct id decision;
	const char *entry_id;
	TRY(pay_plan_get(sc, tx, operator_id, d->pay_plan_id, d->pay_plan_version, &plan));
	TRY(pay_compute(sc, &plan.rates, &d->facts, &r));
	json_t *body = statement_body(sc, id.s, d, &plan, &r, how->replaces, tx_now_ms(tx));
	TRY(statement_post(sc, tx, operator_id, d, id.s, plan.rates.currency, r.total.minor - how->replaced_minor,
			   &entry_id));
	TRY(statement_decide(sc, tx, operator_id, d, id.s, body, how, &decision));
	TRY(sql_run(sc, tx,
		    "INSERT INTO pay_statement(operator_id, id, driver_id, duty_id, station_id, issued_ms, engaged_s,"
		    " total_minor, currency, body, replaces, entry_id, decision_id)"
		    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(d->driver_id), v_text(d->duty_id),
			 v_text(d->station_id), v_int(tx_now_ms(tx)), v_int(d->facts.engaged_s), v_int(r.total.minor),
			 v_text(plan.rates.currency.code), v_text(json_text(sc, body)), v_text(how->replaces),
			 v_text(entry_id), v_text(decision.s)),
		    NULL));
	json_t *data = json_new_object(sc);
	json_put_int(data, "total", r.total.minor);
	json_put_text(data, "duty_id", d->duty_id);
	TRY(event_emit(sc, tx, operator_id, d->driver_id, FOR_BOTH, "statement.issued", id.s, data));
	*out = id;
	return OK;
}

enum code
pay_statement_issue(struct scope *sc, struct tx *tx, const char *operator_id, const struct pay_duty *duty,
		    struct id *out)
{
	const struct issue how = {0};
	return statement_write(sc, tx, operator_id, duty, &how, out);
}

static enum code
statement_row(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *id,
	      struct rows **r)
{
	enum code rc = sql_one(sc, tx, r,
			       "SELECT body, decision_id, total_minor, replaced_by, driver_id FROM pay_statement"
			       " WHERE operator_id = $1 AND id = $2 AND (driver_id = $3 OR $3 IS NULL)",
			       VALS(v_text(operator_id), v_text(id), v_text(driver_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-statement", "there is no such statement");
	return rc;
}

static enum code
body_of(struct scope *sc, struct rows *r, json_t **out)
{
	const char *text = row_text(sc, r, 0);
	return json_parse(sc, text, strlen(text), out);
}

/* The duty's references as the statement states them. */
static enum code
duty_from_body(struct scope *sc, const json_t *body, struct pay_duty *d)
{
	const json_t *plan;
	TRY(json_need_object(sc, body, "plan", &plan));
	TRY(json_need_text(sc, plan, "id", 1, ID_TEXT_MAX, &d->pay_plan_id));
	TRY(json_need_int(sc, plan, "version", 1, INT64_MAX, &d->pay_plan_version));
	TRY(json_need_text(sc, body, "duty_id", 1, ID_TEXT_MAX, &d->duty_id));
	TRY(json_need_text(sc, body, "block_id", 1, ID_TEXT_MAX, &d->block_id));
	TRY(json_need_text(sc, body, "station_id", 1, ID_TEXT_MAX, &d->station_id));
	TRY(json_need_time(sc, body, "from", &d->from_ms));
	return json_need_time(sc, body, "to", &d->to_ms);
}

enum code
pay_statement_correct(struct scope *sc, struct tx *tx, const char *operator_id, const char *statement_id,
		      const struct pay_facts *facts, const char *staff_id, const char *reasoning, struct id *out)
{
	struct rows *r;
	json_t *body;
	struct pay_duty d = {.facts = *facts};
	TRY(statement_row(sc, tx, operator_id, NULL, statement_id, &r));
	const struct issue how = {statement_id, row_int(r, 2), staff_id, reasoning, row_text(sc, r, 1)};
	if (!row_null(r, 3))
		return fail_as(sc, E_CONFLICT, "replaced", "this statement was replaced by a newer one; correct that");
	d.driver_id = row_text(sc, r, 4);
	TRY(body_of(sc, r, &body));
	TRY(duty_from_body(sc, body, &d));
	TRY(statement_write(sc, tx, operator_id, &d, &how, out));
	return sql_run(sc, tx, "UPDATE pay_statement SET replaced_by = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(statement_id), v_text(out->s)), NULL);
}

enum code
pay_statement_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *id,
		  json_t **out)
{
	struct rows *r;
	json_t *body;
	TRY(statement_row(sc, tx, operator_id, driver_id, id, &r));
	TRY(body_of(sc, r, &body));
	json_put_text(body, "decision_id", row_text(sc, r, 1));
	json_put_text(body, "replaced_by", row_text(sc, r, 3));
	*out = body;
	return OK;
}

/* Rows of (body, decision, total, replaced_by, …) to a list. */
static enum code
bodies(struct scope *sc, struct rows *r, json_t **out)
{
	json_t *items = json_new_array(sc);
	while (row_next(r)) {
		json_t *body;
		TRY(body_of(sc, r, &body));
		json_put_text(body, "decision_id", row_text(sc, r, 1));
		json_put_text(body, "replaced_by", row_text(sc, r, 3));
		json_array_append(items, body);
	}
	TRY(rows_end(sc, r));
	*out = items;
	return OK;
}

#define STATEMENT_COLUMNS "SELECT body, decision_id, total_minor, replaced_by FROM pay_statement"

enum code
pay_statements_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	json_t *items;
	TRY(sql_query(sc, tx, &r,
		      STATEMENT_COLUMNS " WHERE operator_id = $1 AND driver_id = $2 ORDER BY issued_ms DESC, id DESC",
		      VALS(v_text(operator_id), v_text(driver_id))));
	TRY(bodies(sc, r, &items));
	json_t *o = json_new_object(sc);
	json_put(o, "items", json_incref(items));
	json_put(o, "next", json_null());
	*out = o;
	return OK;
}

enum code
pay_statements_between(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
		       json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      STATEMENT_COLUMNS
		      " WHERE operator_id = $1 AND issued_ms >= $2 AND issued_ms < $3 AND replaced_by IS NULL"
		      " ORDER BY issued_ms, id",
		      VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	return bodies(sc, r, out);
}

/* --- what an area really pays --- */

static json_t *
quartiles(const struct money *sorted, size_t n)
{
	json_t *o = json_object();
	json_put_int(o, "lower", sorted[n / 4].minor);
	json_put_int(o, "median", sorted[n / 2].minor);
	json_put_int(o, "upper", sorted[n * 3 / 4].minor);
	return o;
}

static int
by_amount(const void *a, const void *b)
{
	const struct money *x = a;
	const struct money *y = b;
	return (x->minor > y->minor) - (x->minor < y->minor);
}

static enum code
area_of_station(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *currency,
		int64_t drivers, int64_t since_ms, json_t *items)
{
	struct rows *r;
	struct money *rates = NULL;
	size_t n = 0;
	size_t cap = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT total_minor, engaged_s FROM pay_statement WHERE operator_id = $1 AND station_id = $2 AND"
		      " currency = $3 AND issued_ms >= $4 AND engaged_s > 0 AND replaced_by IS NULL",
		      VALS(v_text(operator_id), v_text(station_id), v_text(currency), v_int(since_ms))));
	while (row_next(r)) {
		if (n == cap) {
			struct money *wider = NEW_ARRAY(sc, cap == 0 ? 64 : cap * 2, struct money);
			if (n > 0)
				memcpy(wider, rates, n * sizeof *rates);
			rates = wider;
			cap = cap == 0 ? 64 : cap * 2;
		}
		TRY(money_scale(sc, (struct money){row_int(r, 0)}, 3600, row_int(r, 1), &rates[n]));
		n++;
	}
	TRY(rows_end(sc, r));
	if (n == 0)
		return OK;
	qsort(rates, n, sizeof *rates, by_amount);
	json_t *o = json_object();
	json_put_text(o, "station_id", station_id);
	json_put_text(o, "currency", currency);
	json_put_int(o, "duties", (int64_t)n);
	json_put_int(o, "drivers", drivers);
	json_put(o, "per_engaged_hour", quartiles(rates, n));
	json_array_append_new(items, o);
	return OK;
}

enum code
pay_area(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	int64_t since_ms = tx_now_ms(tx) - AREA_DAYS * INT64_C(86400000);
	json_t *o = json_new_object(sc);
	json_t *items = json_array();
	json_put(o, "items", items);
	json_put_int(o, "days", AREA_DAYS);
	json_put_int(o, "drivers_at_least", AREA_DRIVERS_MIN);
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT station_id, currency, COUNT(DISTINCT driver_id) FROM pay_statement WHERE operator_id = $1 AND"
	    " issued_ms >= $2 AND engaged_s > 0 AND replaced_by IS NULL GROUP BY station_id, currency"
	    " HAVING COUNT(DISTINCT driver_id) >= $3 ORDER BY station_id, currency",
	    VALS(v_text(operator_id), v_int(since_ms), v_int(AREA_DRIVERS_MIN))));
	while (row_next(r))
		TRY(area_of_station(sc, tx, operator_id, row_text(sc, r, 0), row_text(sc, r, 1), row_int(r, 2),
				    since_ms, items));
	TRY(rows_end(sc, r));
	*out = o;
	return OK;
}

/* --- the rights --- */

enum code
pay_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	json_t *list;
	TRY(pay_statements_of(sc, tx, operator_id, driver_id, &list));
	json_put(into, "statements", json_incref(json_object_get(list, "items")));
	return OK;
}

enum code
pay_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *pseudonym)
{
	TRY(sql_run(sc, tx, "UPDATE pay_statement SET driver_id = $3 WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(operator_id), v_text(driver_id), v_text(pseudonym)), NULL));
	return sql_run(sc, tx, "UPDATE pay_posting SET account = $3 WHERE operator_id = $1 AND account = $2",
		       VALS(v_text(operator_id), v_text(scope_printf(sc, "payable:%s", driver_id)),
			    v_text(scope_printf(sc, "payable:%s", pseudonym))),
		       NULL);
}
