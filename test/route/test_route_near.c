/* Problems of any size: neighbours against the plain definition, an answer at any deadline. */
#include "unit.h"

#include <stdlib.h>

#include "base/text.h"
#include "route/route_cases.h"
#include "route/route_search.h"

/* n jobs in a city, three in four with a window, some of them unreachable in time from others. */
static struct route_problem *
many_jobs(struct scope *sc, uint32_t n, uint32_t vehicles, uint64_t seed, bool one_way)
{
	struct prng rng;
	struct route_problem *p;
	int32_t *seconds;
	int32_t *metres;
	prng_seed(&rng, seed);
	city(sc, n + 1, seed, &seconds, &metres);
	for (size_t i = 0; one_way && i < (size_t)(n + 1) * (n + 1); i++) {
		seconds[i] += seconds[i] == 0 ? 0 : (int32_t)prng_below(&rng, 200);
		if (prng_below(&rng, 50) == 0 && i % (n + 1) != 0 && i / (n + 1) != 0)
			seconds[i] = metres[i] = ROUTE_UNREACHABLE;
	}
	assert_ok(sc, route_problem_new(sc, n + 1, 1, &p));
	assert_ok(
	    sc, route_problem_profile(sc, p, &(struct route_profile){.durations = seconds, .distances = metres}, NULL));
	int64_t capacity = 100;
	for (uint32_t v = 0; v < vehicles; v++)
		assert_ok(sc, route_problem_vehicle(
				  sc, p,
				  &(struct route_vehicle){.id = v,
							  .shift = {0, 32000},
							  .capacity = &capacity,
							  .max_tasks = ROUTE_NONE,
							  .rates = {.per_hour = 3600, .per_km = one_way ? 500 : 0}},
				  NULL));
	for (uint32_t i = 0; i < n; i++) {
		struct route_window w = window(&rng);
		int64_t amount = 1 + prng_below(&rng, 9);
		struct route_task t = {.id = i,
				       .place = i + 1,
				       .service = 30,
				       .penalty = ROUTE_MUST,
				       .delivery = &amount,
				       .windows = &w,
				       .n_windows = i % 4 != 0};
		assert_ok(sc, route_problem_job(sc, p, &t, NULL));
	}
	return p;
}

struct beside {
	int64_t score;
	int32_t entry;
};

static int
nearer(const void *a, const void *b)
{
	const struct beside *x = a;
	const struct beside *y = b;
	if (x->score != y->score)
		return x->score < y->score ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* How well b follows a: the arc and a fifth of the waiting; -1: it cannot. */
static int64_t
follows(const struct model *m, int32_t a, int32_t b)
{
	const struct job *x = &m->jobs[a];
	const struct job *y = &m->jobs[b];
	size_t cell = (size_t)x->place * ((size_t)m->n_places + 1) + (size_t)y->place;
	int64_t t = m->classes[0].time[cell];
	if (t >= FAR_TIME || x->open + x->service + t > y->close)
		return -1;
	int64_t wait = y->open - (x->close + x->service + t);
	return m->classes[0].cost[cell] + (wait > 0 ? wait / 5 : 0);
}

static void
must_be_the_nearest(const struct model *m, int32_t i, struct beside *all)
{
	int32_t n = 0;
	for (int32_t j = 0; j < m->n; j++) {
		int64_t before = follows(m, j, i);
		int64_t after = follows(m, i, j);
		if (j == i || (before < 0 && after < 0))
			continue;
		int32_t sides = (before < 0 ? 0 : NEAR_BEFORE) | (after < 0 ? 0 : NEAR_AFTER);
		int64_t score = before < 0 || (after >= 0 && after < before) ? after : before;
		all[n++] = (struct beside){score, j << 2 | sides};
	}
	qsort(all, (size_t)n, sizeof *all, nearer);
	const int32_t *row = m->near + (size_t)i * (size_t)m->n_near;
	for (int32_t e = 0; e < m->n_near; e++)
		assert_int_equal(row[e], e < n ? all[e].entry : -1);
}

static void
neighbours_are_the_best_of_all(void **state)
{
	(void)state;
	static const int32_t sizes[][2] = {{1, 60}, {5, 3}, {40, 60}, {90, 7}, {400, 60}};
	for (size_t k = 0; k < 2 * COUNT_OF(sizes); k++) {
		struct scope sc;
		struct model *m;
		uint32_t n = (uint32_t)sizes[k / 2][0];
		scope_init(&sc);
		assert_ok(&sc, model_new(&sc, many_jobs(&sc, n, 3, k + 1, k % 2 != 0), sizes[k / 2][1], NULL, &m));
		struct beside *all = NEW_ARRAY(&sc, n, struct beside);
		for (int32_t i = 0; i < m->n; i++)
			must_be_the_nearest(m, i, all);
		scope_release(&sc);
	}
}

static void
who_gives_up_gets_no_neighbours(void **state)
{
	(void)state;
	struct scope sc;
	struct model *m;
	_Atomic bool cancel = true;
	scope_init(&sc);
	assert_ok(&sc, model_new(&sc, many_jobs(&sc, 100, 3, 1, false), 20, &cancel, &m));
	for (int32_t e = 0; e < 100 * m->n_near; e++)
		assert_int_equal(m->near[e], -1);
	scope_release(&sc);
}

/* Hurried from the first task on: still a plan of most of them, and who is left out is told. */
static void
a_hurried_plan_serves_most(void **state)
{
	(void)state;
	struct scope sc;
	struct route_solution *s;
	scope_init(&sc);
	struct route_problem *p = many_jobs(&sc, 1200, 70, 3, false);
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seconds = 1e-9, .seed = 1}, &s));
	must_verify(&sc, p, s, "of many jobs");
	assert_true(s->n_out < 120);
	scope_release(&sc);
}

static enum pace
hurry(void *arg)
{
	(void)arg;
	return PACE_HURRY;
}

static enum pace
stop_after_hurry(void *arg)
{
	int *asked = arg;
	return (*asked)++ < 20 ? PACE_HURRY : PACE_STOP;
}

static void
construction_keeps_every_pace(void **state)
{
	(void)state;
	struct scope sc;
	struct model *m;
	struct search *s;
	int asked = 0;
	scope_init(&sc);
	struct route_problem *p = many_jobs(&sc, 600, 40, 5, true);
	assert_ok(&sc, model_new(&sc, p, 20, NULL, &m));
	assert_ok(&sc, search_new(&sc, m, 1, &s));
	search_construct(s, hurry, NULL);
	assert_true(s->hurried && !s->now->hurried && state_check(s->best));
	assert_true(s->best->n_out < 60);
	assert_ok(&sc, search_new(&sc, m, 1, &s));
	search_construct(s, stop_after_hurry, &asked);
	assert_true(state_check(s->now) && s->now->n_out >= 600 - 20 * 16);
	for (int i = 0; i < 200; i++)
		search_step(s);
	assert_true(state_check(s->now));
	scope_release(&sc);
}

static void
who_was_not_tried_is_told_so(void **state)
{
	(void)state;
	struct scope sc;
	struct route_solution *s;
	_Atomic bool cancel = true;
	scope_init(&sc);
	struct route_problem *p = many_jobs(&sc, 50, 20, 7, false);
	assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seconds = 9, .cancel = &cancel}, &s));
	must_verify(&sc, p, s, "of many jobs");
	assert_int_equal(s->n_out, 50);
	for (uint32_t i = 0; i < s->n_out; i++)
		assert_int_equal(s->out[i].why, ROUTE_WHY_TIME);
	scope_release(&sc);
}

/* One more than there may be is refused before any matrix is made. */
static void
too_many_are_refused(void **state)
{
	(void)state;
	static const char *const heads[2] = {
	    "BIG\n\nVEHICLE\nNUMBER CAPACITY\n25 200\n\nCUSTOMER\nCUST NO. XCOORD. YCOORD. DEMAND READY DUE SERVICE\n",
	    "{\"vehicles\":[{\"id\":1,\"start\":[8,41]}],\"jobs\":[{\"id\":0,\"location\":[8,40]}"};
	for (int format = 0; format < 2; format++) {
		struct scope sc;
		struct route_file file;
		scope_init(&sc);
		struct text t;
		text_init(&t, &sc);
		text_add(&t, heads[format]);
		for (int i = 1; i <= ROUTE_PLACES_MAX; i++)
			if (format == 0)
				text_printf(&t, "%d %d 1 1 0 100 1\n", i, i);
			else
				text_printf(&t, ",{\"id\":%d,\"location\":[%d.5,%d.25]}", i, i / 80, i % 80);
		text_add(&t, format == 0 ? "0 0 0 0 0 0 0\n" : "]}");
		assert_int_equal(route_file_read(&sc, t.s, t.len, &file), E_LIMIT);
		assert_non_null(strstr(sc.err.message, "plan areas or days one by one"));
		scope_release(&sc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(neighbours_are_the_best_of_all), cmocka_unit_test(who_gives_up_gets_no_neighbours),
	    cmocka_unit_test(a_hurried_plan_serves_most),     cmocka_unit_test(construction_keeps_every_pace),
	    cmocka_unit_test(who_was_not_tried_is_told_so),   cmocka_unit_test(too_many_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
