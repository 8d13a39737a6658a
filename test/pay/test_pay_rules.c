/* Pay is a function of rates and facts; a statement that was tampered with is found. */
#include "unit.h"

#include "base/prng.h"
#include "pay/pay.h"

static const struct pay_rates city = {
    .currency = {"SEK"},
    .per_block = {5000},
    .per_hour = {18000},
    .per_stop = {350},
    .per_km = {320},
    .wait_per_min = {250},
    .minimum_per_engaged_hour = {21000},
    .vehicle_cost_per_km = {250},
};

static void
a_duty_is_paid_by_hand(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const struct pay_facts facts = {.engaged_s = 4 * 3600 + 30, .wait_s = 600, .stops = 22, .distance_m = 31499};
	struct pay_result r;
	assert_ok(&sc, pay_compute(&sc, &city, &facts, &r));
	/* 5000 + 72150 + 7700 + 10079.68 → 10080 + 2500 = 97430; the minimum is 84175 */
	assert_int_equal(r.total.minor, 97430);
	assert_int_equal(r.n, 5);
	assert_int_equal(r.vehicle_cost.minor, 7875); /* 7874.75 */
	scope_release(&sc);
}

static void
the_minimum_is_trued_up_to_the_minor_unit(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const struct pay_facts facts = {.engaged_s = 3601, .stops = 1};
	struct pay_rates rates = city;
	rates.per_hour.minor = 0;
	struct pay_result r;
	assert_ok(&sc, pay_compute(&sc, &rates, &facts, &r));
	assert_int_equal(r.total.minor, 21006); /* 21005.83, rounded up: never below the minimum */
	assert_int_equal(r.lines[r.n - 1].code, PAY_TRUE_UP);
	scope_release(&sc);
}

static struct money
any_money(struct prng *p)
{
	return (struct money){prng_below(p, 4) == 0 ? 0 : prng_below(p, 100000)};
}

static json_t *
as_statement(struct scope *sc, const struct pay_rates *rates, const struct pay_facts *f, const struct pay_result *r)
{
	json_t *o = json_new_object(sc);
	json_t *plan = json_object();
	json_put_text(plan, "currency", rates->currency.code);
	json_put(plan, "rules", json_incref(pay_rates_json(sc, rates)));
	json_put(o, "plan", plan);
	json_put(o, "facts",
		 json_pack("{sIsIsIsI}", "engaged_s", (json_int_t)f->engaged_s, "wait_s", (json_int_t)f->wait_s,
			   "stops", (json_int_t)f->stops, "distance_m", (json_int_t)f->distance_m));
	json_t *lines = json_array();
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(lines, json_pack("{sssI}", "code", pay_code_names[r->lines[i].code], "amount",
						       (json_int_t)r->lines[i].amount.minor));
	json_put(o, "lines", lines);
	json_put_int(o, "total", r->total.minor);
	return o;
}

static void
any_statement_recomputes_and_any_change_shows(void **state)
{
	(void)state;
	struct prng p;
	prng_seed(&p, 20261122);
	for (int round = 0; round < 2000; round++) {
		struct scope sc;
		scope_init(&sc);
		struct pay_rates rates = {.currency = {"SEK"},
					  .per_block = any_money(&p),
					  .per_hour = any_money(&p),
					  .per_stop = any_money(&p),
					  .per_km = any_money(&p),
					  .wait_per_min = any_money(&p),
					  .minimum_per_engaged_hour = any_money(&p)};
		const struct pay_facts f = {prng_below(&p, 40000), prng_below(&p, 3000), prng_below(&p, 200),
					    prng_below(&p, 300000)};
		struct pay_result r;
		assert_ok(&sc, pay_compute(&sc, &rates, &f, &r));
		int64_t sum = 0;
		for (size_t i = 0; i < r.n; i++)
			sum += r.lines[i].amount.minor;
		assert_int_equal(sum, r.total.minor);
		assert_true(r.total.minor * 3600 >= rates.minimum_per_engaged_hour.minor * f.engaged_s);
		json_t *statement = as_statement(&sc, &rates, &f, &r);
		bool ok = false;
		json_t *report = NULL;
		assert_ok(&sc, pay_explain(&sc, statement, &ok, &report));
		assert_true(ok);
		if (r.n > 0) {
			json_t *line =
			    json_array_get(json_object_get(statement, "lines"), prng_below(&p, (uint32_t)r.n));
			json_int_t was = json_integer_value(json_object_get(line, "amount"));
			json_put_int(line, "amount", was + (prng_below(&p, 2) == 0 ? 1 : -1));
			assert_ok(&sc, pay_explain(&sc, statement, &ok, &report));
			assert_false(ok);
		}
		scope_release(&sc);
	}
}

/* "A rule that reads who the driver is, what she refused or earned before" has no way in. */
static void
a_fact_about_the_person_is_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const struct pay_facts f = {.engaged_s = 3600};
	struct pay_result r;
	assert_ok(&sc, pay_compute(&sc, &city, &f, &r));
	static const char *const about_her[] = {"driver_id", "acceptance_rate", "earned_before", "refusals", "rating"};
	for (size_t i = 0; i < COUNT_OF(about_her); i++) {
		json_t *statement = as_statement(&sc, &city, &f, &r);
		bool ok = true;
		json_t *report = NULL;
		json_put_int(json_object_get(statement, "facts"), about_her[i], 1);
		assert_int_equal(pay_explain(&sc, statement, &ok, &report), E_INVALID);
		statement = as_statement(&sc, &city, &f, &r);
		json_put_int(json_object_get(json_object_get(statement, "plan"), "rules"), about_her[i], 1);
		assert_int_equal(pay_explain(&sc, statement, &ok, &report), E_INVALID);
	}
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_duty_is_paid_by_hand),
	    cmocka_unit_test(the_minimum_is_trued_up_to_the_minor_unit),
	    cmocka_unit_test(any_statement_recomputes_and_any_change_shows),
	    cmocka_unit_test(a_fact_about_the_person_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
