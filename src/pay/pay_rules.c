/* The pure part of pay: rates and facts in, lines out; and the way back. */
#include "pay/pay.h"

#include "base/text.h"

const char *const pay_code_names[PAY_CODES] = {"block", "time", "stops", "distance", "wait", "true_up"};

/* Members of a rules object, in the order of struct pay_rates. */
static const char *const rate_names[] = {
    "per_block",	   "per_hour", "per_stop", "per_km", "wait_per_min", "minimum_per_engaged_hour",
    "vehicle_cost_per_km", NULL};
#define RATE_MAX_MINOR 1000000000

static struct money *
rate_at(struct pay_rates *r, size_t i)
{
	struct money *const at[] = {&r->per_block,	    &r->per_hour,
				    &r->per_stop,	    &r->per_km,
				    &r->wait_per_min,	    &r->minimum_per_engaged_hour,
				    &r->vehicle_cost_per_km};
	return at[i];
}

enum code
pay_rates_parse(struct scope *sc, const json_t *rules, const char *currency, struct pay_rates *out)
{
	struct pay_rates r = {0};
	TRY(currency_parse(sc, currency, &r.currency));
	TRY(json_only(sc, rules, rate_names));
	for (size_t i = 0; rate_names[i] != NULL; i++)
		TRY(json_may_int(sc, rules, rate_names[i], 0, RATE_MAX_MINOR, &rate_at(&r, i)->minor));
	*out = r;
	return OK;
}

json_t *
pay_rates_json(struct scope *sc, const struct pay_rates *rates)
{
	json_t *o = json_new_object(sc);
	struct pay_rates copy = *rates;
	for (size_t i = 0; rate_names[i] != NULL; i++)
		json_put_int(o, rate_names[i], rate_at(&copy, i)->minor);
	return o;
}

static enum code
line_add(struct scope *sc, struct pay_result *r, enum pay_code code, struct money rate, int64_t quantity, int64_t per)
{
	struct pay_line line = {code, rate, quantity, per, {0}};
	TRY(money_scale(sc, rate, quantity, per, &line.amount));
	if (line.amount.minor == 0)
		return OK;
	TRY(money_add(sc, r->total, line.amount, &r->total));
	r->lines[r->n++] = line;
	return OK;
}

/* The smallest whole amount that is not below rate × quantity / per. */
static enum code
ceiling(struct scope *sc, struct money rate, int64_t quantity, int64_t per, struct money *out)
{
	struct money m;
	TRY(money_scale(sc, rate, quantity, per, &m));
	__extension__ typedef __int128 wide;
	if ((wide)m.minor * per < (wide)rate.minor * quantity)
		m.minor++;
	*out = m;
	return OK;
}

/* The true-up is a line whose rate is the amount itself: what is owed to the
 * minimum after all else. */
static enum code
true_up_add(struct scope *sc, const struct pay_rates *rates, const struct pay_facts *facts, struct pay_result *r)
{
	struct money floor_pay;
	TRY(ceiling(sc, rates->minimum_per_engaged_hour, facts->engaged_s, 3600, &floor_pay));
	if (floor_pay.minor <= r->total.minor)
		return OK;
	struct money missing = {floor_pay.minor - r->total.minor};
	return line_add(sc, r, PAY_TRUE_UP, missing, 1, 1);
}

enum code
pay_compute(struct scope *sc, const struct pay_rates *rates, const struct pay_facts *facts, struct pay_result *out)
{
	if (facts->engaged_s < 0 || facts->wait_s < 0 || facts->stops < 0 || facts->distance_m < 0)
		return fail_as(sc, E_INVALID, "bad-facts", "a duty's time, stops and distance cannot be negative");
	struct pay_result r = {0};
	TRY(line_add(sc, &r, PAY_BLOCK, rates->per_block, 1, 1));
	TRY(line_add(sc, &r, PAY_TIME, rates->per_hour, facts->engaged_s, 3600));
	TRY(line_add(sc, &r, PAY_STOPS, rates->per_stop, facts->stops, 1));
	TRY(line_add(sc, &r, PAY_DISTANCE, rates->per_km, facts->distance_m, 1000));
	TRY(line_add(sc, &r, PAY_WAIT, rates->wait_per_min, facts->wait_s, 60));
	TRY(true_up_add(sc, rates, facts, &r));
	TRY(money_scale(sc, rates->vehicle_cost_per_km, facts->distance_m, 1000, &r.vehicle_cost));
	if (facts->engaged_s > 0) {
		struct money net = {r.total.minor - r.vehicle_cost.minor};
		TRY(money_scale(sc, net, 3600, facts->engaged_s, &r.net_per_engaged_hour));
	}
	*out = r;
	return OK;
}

enum code
pay_estimate(struct scope *sc, const struct pay_rates *rates, int64_t duration_s, int64_t stops, int64_t distance_m,
	     struct money *out)
{
	const struct pay_facts facts = {.engaged_s = duration_s, .stops = stops, .distance_m = distance_m};
	struct pay_result r;
	TRY(pay_compute(sc, rates, &facts, &r));
	*out = r.total;
	return OK;
}

/* --- explaining a statement that came from outside --- */

static const char *const facts_names[] = {"engaged_s", "wait_s", "stops", "distance_m", NULL};

static enum code
facts_parse(struct scope *sc, const json_t *o, struct pay_facts *out)
{
	const int64_t most = INT64_C(1) << 40;
	struct pay_facts f = {0};
	TRY(json_only(sc, o, facts_names)); /* a fact about the person has no place here */
	TRY(json_need_int(sc, o, "engaged_s", 0, most, &f.engaged_s));
	TRY(json_need_int(sc, o, "wait_s", 0, most, &f.wait_s));
	TRY(json_need_int(sc, o, "stops", 0, most, &f.stops));
	TRY(json_need_int(sc, o, "distance_m", 0, most, &f.distance_m));
	*out = f;
	return OK;
}

static void
mismatch_add(json_t *list, const char *what, int64_t stated, int64_t computed)
{
	json_t *o = json_object();
	json_put_text(o, "what", what);
	json_put_int(o, "stated", stated);
	json_put_int(o, "computed", computed);
	json_array_append_new(list, o);
}

/* The stated amount of a line, 0 where the statement has none. */
static enum code
stated_amount(struct scope *sc, const json_t *lines, const char *code, int64_t *out)
{
	int64_t sum = 0;
	size_t i;
	json_t *line;
	json_array_foreach((json_t *)lines, i, line)
	{
		const char *name;
		int64_t minor;
		TRY(json_need_text(sc, line, "code", 1, 20, &name));
		TRY(json_need_int(sc, line, "amount", INT64_MIN, INT64_MAX, &minor));
		if (strcmp(name, code) == 0 && __builtin_add_overflow(sum, minor, &sum))
			return fail(sc, E_INVALID, "the statement's lines overflow");
	}
	*out = sum;
	return OK;
}

static enum code
codes_are_known(struct scope *sc, const json_t *lines)
{
	size_t i;
	json_t *line;
	json_array_foreach((json_t *)lines, i, line)
	{
		const char *name;
		bool known = false;
		TRY(json_need_text(sc, line, "code", 1, 20, &name));
		for (size_t c = 0; c < PAY_CODES; c++)
			known = known || strcmp(pay_code_names[c], name) == 0;
		if (!known)
			return fail_as(sc, E_INVALID, "bad-field", "\"lines\": there is no line \"%s\"", name);
	}
	return OK;
}

static const char *
formula(struct scope *sc, const struct pay_line *l)
{
	if (l->code == PAY_TRUE_UP)
		return "what the minimum for the engaged time still owes";
	if (l->per == 1 && l->quantity == 1)
		return scope_printf(sc, "%" PRId64, l->rate.minor);
	if (l->per == 1)
		return scope_printf(sc, "%" PRId64 " × %" PRId64, l->rate.minor, l->quantity);
	return scope_printf(sc, "%" PRId64 " × %" PRId64 " / %" PRId64, l->rate.minor, l->quantity, l->per);
}

static json_t *
computed_lines(struct scope *sc, const struct pay_result *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n; i++) {
		const struct pay_line *l = &r->lines[i];
		json_t *o = json_object();
		json_put_text(o, "code", pay_code_names[l->code]);
		json_put_text(o, "formula", formula(sc, l));
		json_put_int(o, "amount", l->amount.minor);
		json_array_append_new(list, o);
	}
	return list;
}

enum code
pay_explain(struct scope *sc, const json_t *statement, bool *ok, json_t **report)
{
	const json_t *plan;
	const json_t *rules;
	const json_t *facts_json;
	const json_t *lines;
	const char *currency;
	int64_t total;
	struct pay_rates rates;
	struct pay_facts facts;
	struct pay_result r;
	TRY(json_need_object(sc, statement, "plan", &plan));
	TRY(json_need_text(sc, plan, "currency", 3, 3, &currency));
	TRY(json_need_object(sc, plan, "rules", &rules));
	TRY(json_need_object(sc, statement, "facts", &facts_json));
	TRY(json_need_array(sc, statement, "lines", 0, 100, &lines));
	TRY(json_need_int(sc, statement, "total", INT64_MIN, INT64_MAX, &total));
	TRY(pay_rates_parse(sc, rules, currency, &rates));
	TRY(facts_parse(sc, facts_json, &facts));
	TRY(codes_are_known(sc, lines));
	TRY(pay_compute(sc, &rates, &facts, &r));

	json_t *mismatches = json_new_array(sc);
	for (size_t c = 0; c < PAY_CODES; c++) {
		int64_t stated = 0;
		int64_t computed = 0;
		TRY(stated_amount(sc, lines, pay_code_names[c], &stated));
		for (size_t i = 0; i < r.n; i++)
			if (r.lines[i].code == (enum pay_code)c)
				computed = r.lines[i].amount.minor;
		if (stated != computed)
			mismatch_add(mismatches, pay_code_names[c], stated, computed);
	}
	if (total != r.total.minor)
		mismatch_add(mismatches, "total", total, r.total.minor);

	json_t *o = json_new_object(sc);
	bool good = json_array_size(mismatches) == 0;
	json_put_bool(o, "ok", good);
	json_put(o, "lines", computed_lines(sc, &r));
	json_put_money(o, "total", r.total, rates.currency);
	json_put(o, "mismatches", json_incref(mismatches));
	*ok = good;
	*report = o;
	return OK;
}
