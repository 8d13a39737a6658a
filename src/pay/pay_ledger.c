/* Double entry: what is posted balances, and stays. */
#include "pay/pay.h"

static enum code
balanced(struct scope *sc, const struct posting *p, size_t n)
{
	if (n < 2)
		return fail(sc, E_INVALID, "an entry has at least two postings");
	int64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		if (__builtin_add_overflow(sum, p[i].amount.minor, &sum))
			return fail(sc, E_INVALID, "posting %zu overflows the entry", i);
	if (sum != 0)
		return fail(sc, E_INVALID, "the entry is off by %" PRId64, sum);
	return OK;
}

enum code
ledger_post(struct scope *sc, struct tx *tx, const char *operator_id, struct currency currency, const char *kind,
	    const char *subject, const struct posting *postings, size_t n, struct id *entry)
{
	TRY(balanced(sc, postings, n));
	struct id id = tx_new_id(tx, "ent");
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO pay_entry(operator_id, id, at_ms, currency, kind, subject) VALUES($1, $2, $3, $4, $5, $6)",
	    VALS(v_text(operator_id), v_text(id.s), v_int(tx_now_ms(tx)), v_text(currency.code), v_text(kind),
		 v_text(subject)),
	    NULL));
	for (size_t i = 0; i < n; i++)
		TRY(sql_run(
		    sc, tx,
		    "INSERT INTO pay_posting(operator_id, entry_id, line, account, minor) VALUES($1, $2, $3, $4, $5)",
		    VALS(v_text(operator_id), v_text(id.s), v_int((int64_t)i), v_text(postings[i].account),
			 v_int(postings[i].amount.minor)),
		    NULL));
	*entry = id;
	return OK;
}

enum code
ledger_balance(struct scope *sc, struct tx *tx, const char *operator_id, const char *account, struct money *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COALESCE(SUM(minor), 0) FROM pay_posting WHERE operator_id = $1 AND account = $2",
		    VALS(v_text(operator_id), v_text(account))));
	out->minor = row_int(r, 0);
	return OK;
}

enum code
ledger_check(struct scope *sc, struct tx *tx, const char *operator_id)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT e.id, COALESCE(SUM(p.minor), 0), COUNT(p.line) FROM pay_entry e LEFT JOIN pay_posting p"
		      " ON p.operator_id = e.operator_id AND p.entry_id = e.id WHERE e.operator_id = $1 GROUP BY e.id",
		      VALS(v_text(operator_id))));
	while (row_next(r))
		if (row_int(r, 1) != 0 || row_int(r, 2) < 2)
			return fail(sc, E_CORRUPT, "ledger entry %s is off by %" PRId64, row_text(sc, r, 0),
				    row_int(r, 1));
	TRY(rows_end(sc, r));
	/* A statement's entry credits the driver with what the statement adds to the one it replaces. */
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT s.id FROM pay_statement s LEFT JOIN pay_statement o ON o.operator_id = s.operator_id AND"
	    " o.id = s.replaces LEFT JOIN pay_posting p ON p.operator_id = s.operator_id AND p.entry_id = s.entry_id"
	    " AND p.account = 'payable:' || s.driver_id WHERE s.operator_id = $1 AND s.entry_id IS NOT NULL AND"
	    " -COALESCE(p.minor, 0) <> s.total_minor - COALESCE(o.total_minor, 0)",
	    VALS(v_text(operator_id))));
	if (row_next(r))
		return fail(sc, E_CORRUPT, "statement %s and its ledger entry differ", row_text(sc, r, 0));
	return rows_end(sc, r);
}
