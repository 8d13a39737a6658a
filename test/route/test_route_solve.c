/* Plans are feasible by the verifier, complete, repeatable and explained. */
#include "unit.h"

#include "route/route_cases.h"

static void
every_shape_of_problem_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(every_shape); i++)
		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct scope sc;
			scope_init(&sc);
			struct route_problem *p = build(&sc, &every_shape[i], seed);
			struct route_solution *first;
			struct route_solution *s;
			char what[64];
			snprintf(what, sizeof what, "shape %zu, seed %d", i, (int)seed);
			assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seed = seed}, &first));
			must_verify(&sc, p, first, what);
			assert_ok(&sc,
				  route_solve(&sc, p, &(struct route_budget){.seed = seed, .iterations = 400}, &s));
			must_verify(&sc, p, s, what);
			assert_true(s->n_out <= first->n_out);
			if (s->n_out == first->n_out)
				assert_true(s->cost <= first->cost + 5);
			if (i + 1 == COUNT_OF(every_shape))
				assert_true(s->n_out > 0 && s->out[0].why == ROUTE_WHY_FULL);
			scope_release(&sc);
		}
}

static void
the_same_seed_gives_the_same_plan(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	for (size_t i = 0; i < COUNT_OF(every_shape); i++) {
		struct route_problem *p = build(&sc, &every_shape[i], 5);
		struct route_solution *a;
		struct route_solution *b;
		struct route_budget budget = {.seed = 9, .iterations = 200};
		assert_ok(&sc, route_solve(&sc, p, &budget, &a));
		assert_ok(&sc, route_solve(&sc, p, &budget, &b));
		assert_int_equal(a->cost, b->cost);
		assert_int_equal(a->n_tours, b->n_tours);
		for (uint32_t t = 0; t < a->n_tours; t++)
			for (uint32_t k = 0; k < a->tours[t].n_stops; k++)
				assert_int_equal(a->tours[t].stops[k].index, b->tours[t].stops[k].index);
	}
	scope_release(&sc);
}

static void
several_threads_agree_with_themselves(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const size_t tried[] = {1, 3, 10, 12};
	for (size_t i = 0; i < COUNT_OF(tried); i++) {
		struct route_problem *p = build(&sc, &every_shape[tried[i]], 7);
		struct route_solution *a;
		struct route_solution *b;
		struct route_budget budget = {.seed = 3, .iterations = 600, .threads = 2};
		assert_ok(&sc, route_solve(&sc, p, &budget, &a));
		assert_ok(&sc, route_solve(&sc, p, &budget, &b));
		assert_int_equal(a->cost, b->cost);
		must_verify(&sc, p, a, "two threads");
	}
	scope_release(&sc);
}

static void
fewer_vehicles_come_first_where_asked(void **state)
{
	(void)state;
	uint32_t saved = 0;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct route_problem *p =
		    build(&sc, &(struct shape){.jobs = 60, .vehicles = 30, .windows = true}, seed);
		for (uint32_t v = 0; v < p->n_vehicles; v++)
			p->vehicles[v].rates.fixed = 0;
		struct route_solution *near;
		struct route_solution *few;
		struct route_budget budget = {.seed = seed, .iterations = 8000};
		assert_ok(&sc, route_solve(&sc, p, &budget, &near));
		p->aim.vehicles_first = true;
		assert_ok(&sc, route_solve(&sc, p, &budget, &few));
		must_verify(&sc, p, few, "vehicles first");
		assert_true(few->n_tours <= near->n_tours);
		assert_int_equal(few->n_out, 0);
		saved += near->n_tours - few->n_tours;
		scope_release(&sc);
	}
	assert_true(saved > 0);
}

struct told {
	int64_t cost;
	int better;
};

static void
hear(void *arg, const struct route_progress *p)
{
	struct told *t = arg;
	assert_true(p->better ? t->better == 0 || p->cost < t->cost : p->cost == t->cost);
	t->cost = p->cost;
	t->better += p->better;
}

static void
better_plans_are_told(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct told told = {0, 0};
	struct route_solution *s;
	struct route_budget budget = {.seed = 1, .seconds = 0.7, .progress = hear, .arg = &told};
	assert_ok(&sc, route_solve(&sc, build(&sc, &every_shape[1], 1), &budget, &s));
	assert_true(told.better > 0 && told.cost >= s->cost);
	scope_release(&sc);
}

static bool
count_down(struct scope *sc, const struct route_problem *p, double seconds, struct route_solution **out)
{
	_Atomic bool cancel = true;
	struct route_budget budget = {.seconds = seconds, .cancel = &cancel};
	return route_solve(sc, p, &budget, out) == OK;
}

static void
a_cancelled_search_answers_at_once(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct route_problem *p = build(&sc, &every_shape[1], 4);
	struct route_solution *s;
	assert_true(count_down(&sc, p, 3600, &s));
	must_verify(&sc, p, s, "cancelled");
	assert_true(s->seconds < 2);
	scope_release(&sc);
}

static void
a_given_start_is_kept(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct route_problem *p = build(&sc, &every_shape[3], 2);
	struct route_solution *a;
	struct route_solution *b;
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seed = 1, .iterations = 3000}, &a));
	struct route_row *rows = NEW_ARRAY(&sc, p->n_vehicles, struct route_row);
	for (uint32_t t = 0; t < a->n_tours; t++) {
		uint32_t *tasks = NEW_ARRAY(&sc, a->tours[t].n_stops, uint32_t);
		struct route_row *row = &rows[a->tours[t].vehicle];
		for (uint32_t k = 0; k < a->tours[t].n_stops; k++)
			if (a->tours[t].stops[k].step == ROUTE_TASK)
				tasks[row->n_tasks++] = a->tours[t].stops[k].index;
		row->tasks = tasks;
	}
	assert_ok(&sc, route_solve_from(&sc, p, rows, &(struct route_budget){.seed = 1}, &b));
	assert_int_equal(a->cost, b->cost);
	scope_release(&sc);
}

/* One task each that cannot be served, and why. */
static void
what_is_left_out_is_explained(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct route_problem *p;
	const int32_t u = ROUTE_UNREACHABLE;
	const int32_t way[16] = {0, 100, 100, u, 100, 0, 100, u, 100, 100, 0, u, u, u, u, 0};
	int64_t room = 10;
	int64_t much = 11;
	uint32_t skill = 7;
	struct route_window soon = {0, 50};
	assert_ok(&sc, route_problem_new(&sc, 4, 1, &p));
	assert_ok(&sc, route_problem_profile(&sc, p, &(struct route_profile){.durations = way}, NULL));
	assert_ok(&sc, route_problem_vehicle(&sc, p,
					     &(struct route_vehicle){.id = 1,
								     .shift = {0, 1000},
								     .capacity = &room,
								     .max_travel = 250,
								     .rates.per_hour = 3600,
								     .max_tasks = ROUTE_NONE},
					     NULL));
	const struct route_task tasks[] = {
	    {.id = 1, .place = 1, .penalty = ROUTE_MUST, .skills = &skill, .n_skills = 1},
	    {.id = 2, .place = 1, .penalty = ROUTE_MUST, .delivery = &much},
	    {.id = 3, .place = 3, .penalty = ROUTE_MUST},
	    {.id = 4, .place = 1, .penalty = ROUTE_MUST, .windows = &soon, .n_windows = 1},
	    {.id = 5, .place = 2, .penalty = 10},
	    {.id = 6, .place = 2, .penalty = ROUTE_MUST, .service = 950},
	};
	const enum route_why why[] = {ROUTE_WHY_SKILL,	ROUTE_WHY_CAPACITY, ROUTE_WHY_UNREACHABLE,
				      ROUTE_WHY_WINDOW, ROUTE_WHY_PRICE,    ROUTE_WHY_WINDOW};
	for (size_t i = 0; i < COUNT_OF(tasks); i++)
		assert_ok(&sc, route_problem_job(&sc, p, &tasks[i], NULL));
	struct route_solution *s;
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.iterations = 200}, &s));
	assert_int_equal(s->n_tours, 0);
	assert_int_equal(s->n_out, COUNT_OF(tasks));
	for (size_t i = 0; i < COUNT_OF(why); i++)
		assert_int_equal(s->out[i].why, why[i]);
	assert_int_equal(s->cost, 10);
	must_verify(&sc, p, s, "nothing served");
	scope_release(&sc);
}

static void
values_that_cannot_be_right_are_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct route_problem *p;
	const int32_t bad[4] = {0, -1, 1, 0};
	const int32_t good[4] = {0, 1, 1, 0};
	int64_t negative = -1;
	struct route_window wrong = {5, 4};
	assert_int_equal(route_problem_new(&sc, 0, 1, &p), E_LIMIT);
	assert_ok(&sc, route_problem_new(&sc, 2, 1, &p));
	assert_int_equal(route_problem_profile(&sc, p, &(struct route_profile){.durations = bad}, NULL), E_INVALID);
	assert_ok(&sc, route_problem_profile(&sc, p, &(struct route_profile){.durations = good}, NULL));
	const struct route_task tasks[] = {
	    {.place = 2, .penalty = ROUTE_MUST},
	    {.place = 1, .penalty = -2},
	    {.place = 1, .service = -1, .penalty = ROUTE_MUST},
	    {.place = 1, .delivery = &negative, .penalty = ROUTE_MUST},
	    {.place = 1, .windows = &wrong, .n_windows = 1, .penalty = ROUTE_MUST},
	    {.place = 1, .priority = 101, .penalty = ROUTE_MUST},
	};
	for (size_t i = 0; i < COUNT_OF(tasks); i++)
		assert_int_equal(route_problem_job(&sc, p, &tasks[i], NULL), E_INVALID);
	/* nothing at all is a problem, too */
	struct route_solution *s;
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.iterations = 10}, &s));
	assert_int_equal(s->n_tours, 0);
	assert_ok(&sc, route_problem_job(&sc, p, &(struct route_task){.place = 1, .penalty = ROUTE_MUST}, NULL));
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.iterations = 10}, &s));
	assert_int_equal(s->n_out, 1);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_shape_of_problem_verifies),
	    cmocka_unit_test(the_same_seed_gives_the_same_plan),
	    cmocka_unit_test(several_threads_agree_with_themselves),
	    cmocka_unit_test(better_plans_are_told),
	    cmocka_unit_test(fewer_vehicles_come_first_where_asked),
	    cmocka_unit_test(a_cancelled_search_answers_at_once),
	    cmocka_unit_test(a_given_start_is_kept),
	    cmocka_unit_test(what_is_left_out_is_explained),
	    cmocka_unit_test(values_that_cannot_be_right_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
