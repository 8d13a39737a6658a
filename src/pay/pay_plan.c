/* Pay plans: a version is written once and never changed. */
#include "pay/pay.h"

static const char *const pay_migrations[] = {
    "CREATE TABLE pay_plan("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL CHECK(version > 0), name TEXT NOT NULL,"
    " currency TEXT NOT NULL, rules TEXT NOT NULL, created_ms INTEGER NOT NULL, staff_id TEXT NOT NULL,"
    " PRIMARY KEY(operator_id, id, version)) STRICT;"
    "CREATE TABLE pay_entry("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, at_ms INTEGER NOT NULL, currency TEXT NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, PRIMARY KEY(operator_id, id)) STRICT;"
    "CREATE TABLE pay_posting("
    " operator_id TEXT NOT NULL, entry_id TEXT NOT NULL, line INTEGER NOT NULL, account TEXT NOT NULL,"
    " minor INTEGER NOT NULL, PRIMARY KEY(operator_id, entry_id, line),"
    " FOREIGN KEY(operator_id, entry_id) REFERENCES pay_entry(operator_id, id)) STRICT;"
    "CREATE INDEX pay_posting_account ON pay_posting(operator_id, account);"
    "CREATE TABLE pay_statement("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, duty_id TEXT NOT NULL,"
    " station_id TEXT NOT NULL, issued_ms INTEGER NOT NULL, engaged_s INTEGER NOT NULL, total_minor INTEGER NOT NULL,"
    " currency TEXT NOT NULL, body TEXT NOT NULL, replaces TEXT, replaced_by TEXT, entry_id TEXT, decision_id TEXT,"
    " PRIMARY KEY(operator_id, id)) STRICT;"
    "CREATE UNIQUE INDEX pay_statement_duty ON pay_statement(operator_id, duty_id) WHERE replaces IS NULL;"
    "CREATE UNIQUE INDEX pay_statement_once ON pay_statement(operator_id, replaces) WHERE replaces IS NOT NULL;"
    "CREATE INDEX pay_statement_driver ON pay_statement(operator_id, driver_id, issued_ms);"
    "CREATE INDEX pay_statement_issued ON pay_statement(operator_id, issued_ms);",
    NULL,
};
const struct schema pay_schema = {"pay", pay_migrations, false};

enum code
pay_plan_put(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id, const char *id_or_null,
	     const char *name, const struct pay_rates *rates, struct pay_plan *out)
{
	int64_t version = 1;
	const char *id = id_or_null;
	if (id == NULL) {
		struct id fresh = tx_new_id(tx, "pln");
		id = scope_strdup(sc, fresh.s);
	} else {
		struct pay_plan old;
		TRY(pay_plan_get(sc, tx, operator_id, id, 0, &old));
		version = old.version + 1;
	}
	TRY(sql_run(sc, tx,
		    "INSERT INTO pay_plan(operator_id, id, version, name, currency, rules, created_ms, staff_id)"
		    " VALUES($1, $2, $3, $4, $5, $6, $7, $8)",
		    VALS(v_text(operator_id), v_text(id), v_int(version), v_text(name), v_text(rates->currency.code),
			 v_text(json_canonical(sc, pay_rates_json(sc, rates))), v_int(tx_now_ms(tx)), v_text(staff_id)),
		    NULL));
	*out = (struct pay_plan){id, version, name, *rates};
	return OK;
}

static enum code
plan_from_row(struct scope *sc, struct rows *r, struct pay_plan *out)
{
	struct pay_plan p = {row_text(sc, r, 0), row_int(r, 1), row_text(sc, r, 2), {.per_block = {0}}};
	const char *rules = row_text(sc, r, 4);
	json_t *parsed;
	TRY(json_parse(sc, rules, strlen(rules), &parsed));
	TRY(pay_rates_parse(sc, parsed, row_text(sc, r, 3), &p.rates));
	*out = p;
	return OK;
}

enum code
pay_plan_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, int64_t version,
	     struct pay_plan *out)
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT id, version, name, currency, rules FROM pay_plan WHERE operator_id = $1 AND id = $2"
		    " AND (version = $3 OR $3 = 0) ORDER BY version DESC LIMIT 1",
		    VALS(v_text(operator_id), v_text(id), v_int(version)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-pay-plan", "there is no such pay plan");
	TRY(rc);
	return plan_from_row(sc, r, out);
}

json_t *
pay_plan_json(struct scope *sc, const struct pay_plan *plan)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", plan->id);
	json_put_int(o, "version", plan->version);
	json_put_text(o, "name", plan->name);
	json_put_text(o, "currency", plan->rates.currency.code);
	json_put(o, "rules", json_incref(pay_rates_json(sc, &plan->rates)));
	return o;
}

enum code
pay_plan_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	json_t *items = json_array();
	json_t *o = json_new_object(sc);
	json_put(o, "items", items);
	json_put(o, "next", json_null());
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, version, name, currency, rules FROM pay_plan p WHERE operator_id = $1 AND version ="
		      " (SELECT MAX(version) FROM pay_plan q WHERE q.operator_id = p.operator_id AND q.id = p.id)"
		      " ORDER BY id",
		      VALS(v_text(operator_id))));
	while (row_next(r)) {
		struct pay_plan p;
		TRY(plan_from_row(sc, r, &p));
		json_array_append(items, pay_plan_json(sc, &p));
	}
	TRY(rows_end(sc, r));
	*out = o;
	return OK;
}
