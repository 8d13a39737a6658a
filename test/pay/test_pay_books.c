/* Statements and the ledger on a store: once a duty, balanced, corrected by a person, kept under a pseudonym. */
#include "store_fixture.h"

#include "base/prng.h"
#include "base/text.h"
#include "chain/chain.h"
#include "jobs/jobs.h"
#include "pay/pay.h"
#include "record/record.h"

#define OP "op_00000000000000000000000001"
#define OP2 "op_00000000000000000000000002"
#define STF "stf_0000000000000000000000001a"
#define STN "stn_0000000000000000000000001a"
#define WORDS "The gate log shows twenty minutes more."

static const struct schema *const schemas[] = {&jobs_schema, &chain_schema, &record_schema, &pay_schema, NULL};
static const struct currency sek = {"SEK"};

static void
write_ok(struct store_fixture *f, tx_fn *fn, void *arg)
{
	assert_ok(&f->sc, store_write(&f->sc, f->store, LANE_MAIN, fn, arg));
}

struct setting {
	const char *plan_id;
	const char *statement;
	struct money balance;
	json_t *list;
	json_t *body;
};

static enum code
begin(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	struct pay_plan plan;
	const struct pay_rates rates = {
	    .currency = sek, .per_hour = {18000}, .per_stop = {350}, .wait_per_min = {250}, .per_km = {320}};
	TRY(decider_add(sc, tx, OP, STF, "Siv Dahl"));
	TRY(pay_plan_put(sc, tx, OP, STF, NULL, "City", &rates, &plan));
	s->plan_id = plan.id;
	return OK;
}

static struct pay_duty
duty_of(const struct setting *s, const char *duty_id, const char *driver_id, struct pay_facts facts)
{
	return (struct pay_duty){.duty_id = duty_id,
				 .driver_id = driver_id,
				 .station_id = STN,
				 .block_id = "blk_1",
				 .pay_plan_id = s->plan_id,
				 .pay_plan_version = 1,
				 .from_ms = FIXTURE_START_MS,
				 .to_ms = FIXTURE_START_MS + facts.engaged_s * 1000,
				 .facts = facts};
}

static enum code
issue_one(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	struct id id;
	const struct pay_duty d = duty_of(s, "dty_1", "drv_a", (struct pay_facts){.engaged_s = 7200, .stops = 10});
	TRY(pay_statement_issue(sc, tx, OP, &d, &id));
	s->statement = scope_strdup(sc, id.s);
	return OK;
}

/* One duty of two hours and ten stops has been paid. */
static void
open_paid(struct store_fixture *f, struct setting *s)
{
	memset(s, 0, sizeof *s);
	store_fixture_open(f, schemas);
	write_ok(f, begin, s);
	write_ok(f, issue_one, s);
}

static enum code
balance(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	TRY(ledger_balance(sc, tx, OP, "payable:drv_a", &s->balance));
	return ledger_check(sc, tx, OP);
}

static enum code
correct(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	struct id id;
	const struct pay_facts facts = {.engaged_s = 7200, .wait_s = 1200, .stops = 10};
	return pay_statement_correct(sc, tx, OP, s->statement, &facts, STF, WORDS, &id);
}

static enum code
hers(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	return pay_statements_of(sc, tx, OP, "drv_a", &s->list);
}

static void
a_duty_is_paid_once_and_corrected_by_a_person(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s;
	open_paid(&f, &s);
	write_ok(&f, balance, &s);
	assert_int_equal(s.balance.minor, -39500); /* 2 h × 180 + 10 × 3.50 */
	const char *first = s.statement;
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, issue_one, &s), E_CONFLICT);
	error_clear(&f.sc);
	s.statement = first;
	write_ok(&f, correct, &s);
	write_ok(&f, balance, &s);
	assert_int_equal(s.balance.minor, -44500); /* and twenty minutes' waiting */
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, correct, &s), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "replaced");
	error_clear(&f.sc);
	assert_ok(&f.sc, store_read(&f.sc, f.store, hers, &s));
	const json_t *items = json_object_get(s.list, "items");
	assert_int_equal(json_array_size(items), 2);
	for (size_t i = 0; i < 2; i++) {
		bool ok = false;
		json_t *report;
		assert_ok(&f.sc, pay_explain(&f.sc, json_array_get(items, i), &ok, &report));
		assert_true(ok);
	}
	store_fixture_close(&f);
}

static enum code
correct_by_machine(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	struct id id;
	const struct pay_facts facts = {.engaged_s = 3600};
	return pay_statement_correct(sc, tx, OP, s->statement, &facts, NULL, NULL, &id);
}

static void
no_rule_takes_pay_back(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s;
	open_paid(&f, &s);
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, correct_by_machine, &s), E_DENIED);
	error_clear(&f.sc);
	write_ok(&f, balance, &s);
	assert_int_equal(s.balance.minor, -39500);
	store_fixture_close(&f);
}

static enum code
erase(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return pay_erase(sc, tx, OP, "drv_a", "psn_x");
}

static enum code
balance_of_pseudonym(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	return ledger_balance(sc, tx, OP, "payable:psn_x", &s->balance);
}

static void
who_leaves_leaves_balanced_books(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s;
	open_paid(&f, &s);
	write_ok(&f, erase, NULL);
	write_ok(&f, balance, &s);
	assert_int_equal(s.balance.minor, 0);
	write_ok(&f, balance_of_pseudonym, &s);
	assert_int_equal(s.balance.minor, -39500);
	assert_ok(&f.sc, store_read(&f.sc, f.store, hers, &s));
	assert_int_equal(json_array_size(json_object_get(s.list, "items")), 0);
	store_fixture_close(&f);
}

static enum code
tamper(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return sql_run(sc, tx, "UPDATE pay_posting SET minor = minor + 1 WHERE operator_id = $1 AND line = 0",
		       VALS(v_text(OP)), NULL);
}

static enum code
check_books(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return ledger_check(sc, tx, OP);
}

static void
a_changed_posting_is_found(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s;
	open_paid(&f, &s);
	assert_ok(&f.sc, store_read(&f.sc, f.store, check_books, NULL));
	write_ok(&f, tamper, NULL);
	assert_int_equal(store_read(&f.sc, f.store, check_books, NULL), E_CORRUPT);
	store_fixture_close(&f);
}

static enum code
post_unbalanced(struct scope *sc, struct tx *tx, void *arg)
{
	struct id id;
	(void)arg;
	const struct posting off[] = {{"a", {100}}, {"b", {-99}}};
	return ledger_post(sc, tx, OP, sek, "test", "x", off, 2, &id);
}

static enum code
post_overflow(struct scope *sc, struct tx *tx, void *arg)
{
	struct id id;
	(void)arg;
	const struct posting big[] = {{"a", {INT64_MAX}}, {"b", {1}}, {"c", {INT64_MIN}}};
	return ledger_post(sc, tx, OP, sek, "test", "x", big, 3, &id);
}

static void
an_unbalanced_entry_does_not_land(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s = {0};
	store_fixture_open(&f, schemas);
	write_ok(&f, begin, &s);
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, post_unbalanced, NULL), E_INVALID);
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, post_overflow, NULL), E_INVALID);
	error_clear(&f.sc);
	assert_ok(&f.sc, store_read(&f.sc, f.store, check_books, NULL));
	store_fixture_close(&f);
}

static enum code
issue_many(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	struct prng r;
	prng_seed(&r, 5);
	for (int i = 0; i < 40; i++) {
		struct id id;
		const struct pay_facts facts = {.engaged_s = 3600 + prng_below(&r, 14400), .stops = prng_below(&r, 30)};
		const struct pay_duty d =
		    duty_of(s, scope_printf(sc, "dty_m%d", i), scope_printf(sc, "drv_%d", i % 4), facts);
		TRY(pay_statement_issue(sc, tx, OP, &d, &id));
	}
	return OK;
}

static enum code
fifth_driver(struct scope *sc, struct tx *tx, void *arg)
{
	struct id id;
	const struct pay_duty d = duty_of(arg, "dty_f", "drv_5", (struct pay_facts){.engaged_s = 3600});
	return pay_statement_issue(sc, tx, OP, &d, &id);
}

static enum code
area(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	return pay_area(sc, tx, OP, &s->body);
}

static enum code
area_elsewhere(struct scope *sc, struct tx *tx, void *arg)
{
	struct setting *s = arg;
	return pay_area(sc, tx, OP2, &s->body);
}

static void
an_area_speaks_only_for_five_drivers(void **state)
{
	(void)state;
	struct store_fixture f;
	struct setting s = {0};
	store_fixture_open(&f, schemas);
	write_ok(&f, begin, &s);
	write_ok(&f, issue_many, &s);
	assert_ok(&f.sc, store_read(&f.sc, f.store, area, &s));
	assert_int_equal(json_array_size(json_object_get(s.body, "items")), 0);
	write_ok(&f, fifth_driver, &s);
	assert_ok(&f.sc, store_read(&f.sc, f.store, area, &s));
	const json_t *one = json_array_get(json_object_get(s.body, "items"), 0);
	assert_int_equal(json_integer_value(json_object_get(one, "drivers")), 5);
	assert_int_equal(json_integer_value(json_object_get(one, "duties")), 41);
	const json_t *q = json_object_get(one, "per_engaged_hour");
	assert_true(json_integer_value(json_object_get(q, "lower")) <=
		    json_integer_value(json_object_get(q, "median")));
	assert_true(json_integer_value(json_object_get(q, "lower")) >= 18000);
	assert_ok(&f.sc, store_read(&f.sc, f.store, area_elsewhere, &s));
	assert_int_equal(json_array_size(json_object_get(s.body, "items")), 0);
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_duty_is_paid_once_and_corrected_by_a_person),
	    cmocka_unit_test(no_rule_takes_pay_back),
	    cmocka_unit_test(who_leaves_leaves_balanced_books),
	    cmocka_unit_test(a_changed_posting_is_found),
	    cmocka_unit_test(an_unbalanced_entry_does_not_land),
	    cmocka_unit_test(an_area_speaks_only_for_five_drivers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
