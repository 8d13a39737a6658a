/* pay: what a duty earns, line by line, and the books that say so.
 *
 * A pay plan is a versioned set of rates. pay_compute() is a pure function of
 * (rates, facts of one duty) and nothing else: it has no way to know who the
 * driver is, what she refused or what she earned before, because struct
 * pay_facts has no place for it. A statement carries plan, facts and lines, so
 * that anyone holding it can recompute every line (`waybill pay explain`).
 *
 * Lines, each rounded on its own, half away from zero:
 *
 *	code       amount                                   unit of the quantity
 *	block      per_block                                1
 *	time       per_hour × engaged_s / 3600              s
 *	stops      per_stop × stops                         stops attempted (a locked gate costs her nothing)
 *	distance   per_km × distance_m / 1000               m, by the plan's roads
 *	wait       wait_per_min × wait_s / 60               s at the depot before parcels were ready
 *	true_up    max(0, ceil(minimum_per_engaged_hour × engaged_s / 3600) − the lines above)
 *
 * Ledger: every entry's postings add up to zero in one currency; amounts are
 * debits when positive. A statement debits expense:delivery and credits
 * payable:<driver>. Rows are never changed: a correction is a new statement
 * whose entry posts the difference.
 */
#ifndef PAY_PAY_H
#define PAY_PAY_H

#include "base/json.h"
#include "base/money.h"
#include "store/store.h"

extern const struct schema pay_schema;

/* --- the pure part --- */

struct pay_rates {
	struct currency currency;
	struct money per_block;
	struct money per_hour;
	struct money per_stop;
	struct money per_km;
	struct money wait_per_min;
	struct money minimum_per_engaged_hour;
	struct money vehicle_cost_per_km; /* not paid: what net pay subtracts */
};

struct pay_facts {
	int64_t engaged_s;  /* from check-in to the duty's close */
	int64_t wait_s;	    /* of which: at the depot after the block's start, parcels not ready */
	int64_t stops;	    /* attempted, whatever came of it */
	int64_t distance_m; /* driven by the plan's roads */
};

enum pay_code { PAY_BLOCK, PAY_TIME, PAY_STOPS, PAY_DISTANCE, PAY_WAIT, PAY_TRUE_UP, PAY_CODES };
extern const char *const pay_code_names[PAY_CODES];

struct pay_line {
	enum pay_code code;
	struct money rate;
	int64_t quantity;
	int64_t per; /* amount = rate × quantity / per */
	struct money amount;
};

struct pay_result {
	struct pay_line lines[PAY_CODES]; /* lines that pay nothing are left out */
	size_t n;
	struct money total;
	struct money vehicle_cost;	   /* distance × vehicle_cost_per_km */
	struct money net_per_engaged_hour; /* 0 when engaged_s is 0 */
};

/* E_INVALID  a negative fact, or an amount that overflows. */
MUST_USE enum code pay_compute(struct scope *sc, const struct pay_rates *rates, const struct pay_facts *facts,
			       struct pay_result *out);

/* Members in minor units: {"per_hour":18000,…}; absent ones are 0, unknown ones refused. */
MUST_USE enum code pay_rates_parse(struct scope *sc, const json_t *rules, const char *currency, struct pay_rates *out);
json_t *pay_rates_json(struct scope *sc, const struct pay_rates *rates);
/* What a block would pay, from its published expectations: for offers. */
MUST_USE enum code pay_estimate(struct scope *sc, const struct pay_rates *rates, int64_t duration_s, int64_t stops,
				int64_t distance_m, struct money *out);

/* Recomputes a STATEMENT.json. *ok tells; *report is {"ok":…,"lines":[…],"mismatches":[…]}.
 * E_INVALID  it is no statement. */
MUST_USE enum code pay_explain(struct scope *sc, const json_t *statement, bool *ok, json_t **report);

/* --- plans --- */

struct pay_plan {
	const char *id;
	int64_t version;
	const char *name;
	struct pay_rates rates;
};
/* A new plan (id NULL) or the next version of one. */
MUST_USE enum code pay_plan_put(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
				const char *id_or_null, const char *name, const struct pay_rates *rates,
				struct pay_plan *out);
/* version 0: the newest. E_NOT_FOUND. */
MUST_USE enum code pay_plan_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				int64_t version, struct pay_plan *out);
MUST_USE enum code pay_plan_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);
json_t *pay_plan_json(struct scope *sc, const struct pay_plan *plan);

/* --- the ledger --- */

struct posting {
	const char *account; /* "expense:delivery", "payable:drv_…" */
	struct money amount;
};
/* One balanced entry: every posting lands or none does. E_INVALID  the sum is not zero, overflows, or n < 2. */
MUST_USE enum code ledger_post(struct scope *sc, struct tx *tx, const char *operator_id, struct currency currency,
			       const char *kind, const char *subject, const struct posting *postings, size_t n,
			       struct id *entry);
MUST_USE enum code ledger_balance(struct scope *sc, struct tx *tx, const char *operator_id, const char *account,
				  struct money *out);
/* Walks the whole ledger of an operator: every entry balanced, every statement's entry there and equal.
 * E_CORRUPT says which. */
MUST_USE enum code ledger_check(struct scope *sc, struct tx *tx, const char *operator_id);

/* --- statements --- */

struct pay_duty {
	const char *duty_id, *driver_id, *station_id, *block_id;
	const char *pay_plan_id;
	int64_t pay_plan_version;
	int64_t from_ms, to_ms; /* the engaged time */
	struct pay_facts facts;
};
/* Issues the duty's statement: ledger entry, decision row, event. Once per duty
 * (E_CONFLICT otherwise). */
MUST_USE enum code pay_statement_issue(struct scope *sc, struct tx *tx, const char *operator_id,
				       const struct pay_duty *duty, struct id *out);
/* A person corrects facts: a new statement replaces the old, the difference is posted. */
MUST_USE enum code pay_statement_correct(struct scope *sc, struct tx *tx, const char *operator_id,
					 const char *statement_id, const struct pay_facts *facts, const char *staff_id,
					 const char *reasoning, struct id *out);
/* STATEMENT.json; driver_id NULL: for staff. E_NOT_FOUND. */
MUST_USE enum code pay_statement_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				     const char *id, json_t **out);
MUST_USE enum code pay_statements_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				     json_t **out);
/* All statements issued in [from, to), newest version of each, as STATEMENT.json: the report recomputes them. */
MUST_USE enum code pay_statements_between(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms,
					  int64_t to_ms, json_t **out);
/* What an area really pays: quartiles of pay per engaged hour by station over
 * the last 90 days; only where at least 5 drivers stand behind it. */
MUST_USE enum code pay_area(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);

MUST_USE enum code pay_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			      json_t *into);
/* Ledger and statements are statutory: they stay, under the pseudonym. */
MUST_USE enum code pay_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			     const char *pseudonym);

#endif
