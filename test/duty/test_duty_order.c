/* The order drivers like: learned from what they move, gone when moved back, kept within bounds. */
#include "store_fixture.h"

#include "duty/duty_order.h"
#include "route/route.h"

static const struct schema *const schemas[] = {&duty_order_schema, NULL};

/* Five doors in a row, 400 m apart, the depot 2 km before the middle of them. */
#define DOORS 5
static const struct place depot = {411000000, -86300000};

static struct place
door(int i)
{
	return (struct place){411200000, -86300000 + (i - 2) * 48000};
}

static void
line_up(struct place *places, const int *order)
{
	places[0] = depot;
	for (int i = 0; i < DOORS; i++)
		places[i + 1] = door(order[i]);
}

static const int rightwards[DOORS] = {0, 1, 2, 3, 4};
static const int leftwards[DOORS] = {4, 3, 2, 1, 0};

struct change {
	const int *from, *to;
	struct order_wish *wishes;
	size_t n;
};

static enum code
note(struct scope *sc, struct tx *tx, void *arg)
{
	const struct change *c = arg;
	struct place before[DOORS + 1];
	struct place after[DOORS + 1];
	line_up(before, c->from);
	line_up(after, c->to);
	return order_note(sc, tx, "op", "sta", before, after, DOORS + 1);
}

static enum code
look(struct scope *sc, struct tx *tx, void *arg)
{
	struct change *c = arg;
	struct place places[DOORS + 1];
	line_up(places, rightwards);
	return order_wishes(sc, tx, "op", "sta", places, DOORS + 1, &c->wishes, &c->n);
}

static size_t
wishes_after(struct store_fixture *f, struct change *c)
{
	assert_ok(&f->sc, store_write(&f->sc, f->store, LANE_MAIN, note, c));
	assert_ok(&f->sc, store_read(&f->sc, f->store, look, c));
	return c->n;
}

static void
moving_away_and_back_leaves_nothing(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct change away = {rightwards, leftwards, NULL, 0};
	struct change back = {leftwards, rightwards, NULL, 0};
	assert_int_equal(wishes_after(&f, &away), 2 * DOORS);
	assert_int_equal(wishes_after(&f, &back), 0);
	for (int i = 0; i < 50; i++)
		wishes_after(&f, &away);
	for (size_t i = 0; i < away.n; i++)
		assert_int_equal(llabs(away.wishes[i].wish), ORDER_WISH_MAX);
	clock_step_to(&f.clock, clock_now_ms(&f.clock) + (ORDER_WISH_DAYS + 1) * INT64_C(86400000));
	assert_ok(&f.sc, store_read(&f.sc, f.store, look, &away));
	assert_int_equal(away.n, 0);
	store_fixture_close(&f);
}

/* One vehicle, the five doors, times from the great circle: which door comes first? */
static int
first_door(struct scope *sc, const struct order_wish *wishes, size_t n_wishes, int64_t *travel_s)
{
	struct place places[DOORS + 1];
	enum { N = DOORS + 1 };
	int32_t seconds[N * N];
	struct route_problem *p;
	struct route_solution *s;
	struct route_verdict v;
	line_up(places, rightwards);
	for (size_t i = 0; i < N * N; i++)
		seconds[i] = (int32_t)(place_distance_m(places[i / N], places[i % N]) / 8 + 0.5);
	seconds[1] -= 5; /* without wishes the first door is the nearest one */
	assert_ok(sc, route_problem_new(sc, N, 0, &p));
	const struct route_profile van = {.durations = seconds,
					  .costs = order_costs(sc, wishes, n_wishes, places, N, seconds)};
	assert_ok(sc, route_problem_profile(sc, p, &van, NULL));
	const struct route_vehicle v1 = {.shift = {0, 36000}, .rates = {.per_hour = 3600}, .max_tasks = ROUTE_NONE};
	assert_ok(sc, route_problem_vehicle(sc, p, &v1, NULL));
	for (uint32_t i = 1; i < N; i++)
		assert_ok(sc, route_problem_job(sc, p, &(struct route_task){.id = i, .place = i, .penalty = ROUTE_MUST},
						NULL));
	assert_ok(sc, route_solve(sc, p, &(struct route_budget){.iterations = 2000, .seed = 1}, &s));
	assert_ok(sc, route_check(sc, p, s, &v));
	assert_true(v.feasible);
	*travel_s = s->travel;
	return (int)p->tasks[s->tours[0].stops[1].index].id - 1;
}

static void
the_next_plan_goes_her_way_at_little_cost(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct change away = {rightwards, leftwards, NULL, 0};
	int64_t before_s;
	int64_t after_s;
	wishes_after(&f, &away);
	assert_int_equal(first_door(&f.sc, NULL, 0, &before_s), 0);
	assert_int_equal(first_door(&f.sc, away.wishes, away.n, &after_s), DOORS - 1);
	assert_true(after_s >= before_s && after_s <= before_s + 10);
	store_fixture_close(&f);
}

static void
a_wish_has_its_bounds(void **state)
{
	(void)state;
	assert_int_equal(order_cost(1000, 0), 1000);
	assert_int_equal(order_cost(1000, 1), 900);
	assert_int_equal(order_cost(1000, -1), 1100);
	for (int64_t s = -ORDER_WISH_MAX; s <= ORDER_WISH_MAX; s++) {
		assert_true(order_cost(1000, s) >= 1000 * (100 - ORDER_SHARE_PERCENT) / 100);
		assert_true(order_cost(1000, s) <= 1000 * (100 + ORDER_SHARE_PERCENT) / 100);
		assert_true(s == -ORDER_WISH_MAX || order_cost(1000, s) < order_cost(1000, s - 1));
	}
	assert_int_equal(order_cost(ROUTE_CELL_MAX, -8), ROUTE_CELL_MAX);
}

static void
cells_are_places_apart(void **state)
{
	(void)state;
	assert_true(order_cell(door(0)) != order_cell(door(1)));
	assert_int_equal(order_cell(door(0)), order_cell(door(0)));
	const struct place corners[] = {
	    {900000000, 1800000000}, {-900000000, -1800000000}, {900000000, -1800000000}, {0, 0}};
	for (size_t i = 0; i < COUNT_OF(corners); i++)
		for (size_t j = 0; j < i; j++)
			assert_true(order_cell(corners[i]) != order_cell(corners[j]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(moving_away_and_back_leaves_nothing),
	    cmocka_unit_test(the_next_plan_goes_her_way_at_little_cost),
	    cmocka_unit_test(a_wish_has_its_bounds),
	    cmocka_unit_test(cells_are_places_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
