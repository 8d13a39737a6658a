/* The common case has a scan, a move and a pool of its own: each against what it stands for. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "route/route_calm.h"
#include "route/route_cases.h"
#include "route/route_search.h"

#define TASKS 60
#define CAPACITY 40

static struct route_problem *
plain_problem(struct scope *sc, uint64_t seed, bool one_way)
{
	struct prng rng;
	struct route_problem *p;
	int32_t *seconds;
	int32_t *metres;
	prng_seed(&rng, seed);
	city(sc, TASKS + 1, seed, &seconds, &metres);
	for (size_t i = 0; one_way && i < (size_t)(TASKS + 1) * (TASKS + 1); i++)
		seconds[i] += seconds[i] == 0 ? 0 : (int32_t)prng_below(&rng, 200);
	assert_ok(sc, route_problem_new(sc, TASKS + 1, 1, &p));
	assert_ok(sc, route_problem_profile(sc, p, &(struct route_profile){.durations = seconds}, NULL));
	int64_t capacity = CAPACITY;
	for (uint32_t v = 0; v < 20; v++)
		assert_ok(sc, route_problem_vehicle(sc, p,
						    &(struct route_vehicle){.id = v,
									    .shift = {0, 32000},
									    .capacity = &capacity,
									    .max_tasks = ROUTE_NONE,
									    .rates = {.per_hour = 3600}},
						    NULL));
	for (uint32_t i = 0; i < TASKS; i++) {
		struct route_window w = window(&rng);
		int64_t amount = 1 + prng_below(&rng, 9);
		struct route_task t = {.id = i,
				       .place = i + 1,
				       .service = 60,
				       .penalty = ROUTE_MUST,
				       .delivery = &amount,
				       .windows = &w,
				       .n_windows = i % 2};
		assert_ok(sc, route_problem_job(sc, p, &t, NULL));
	}
	return p;
}

static bool
always(void *arg)
{
	(void)arg;
	return true;
}

static struct search *
plain_search(struct scope *sc, uint64_t seed, bool one_way)
{
	struct model *m;
	struct search *s;
	assert_ok(sc, model_new(sc, plain_problem(sc, seed, one_way), TASKS - 1, NULL, &m));
	assert_true(m->simple);
	assert_non_null(m->near_here);
	assert_int_equal(m->near_there != m->near_here, one_way);
	assert_ok(sc, search_new(sc, m, seed, &s));
	search_construct(s, calm, NULL);
	s->temperature = m->mean_arc;
	return s;
}

static void
every_step_keeps_the_invariants(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct search *s = plain_search(&sc, seed, seed % 2 == 0);
		for (int i = 0; i < 1500; i++) {
			search_step(s);
			assert_true(state_check(s->now));
		}
		assert_true(state_check(s->best));
		scope_release(&sc);
	}
}

/* The cheapest way into any route, by trying each place. */
static int64_t
cheapest_by_hand(const struct state *s, int32_t x)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[0];
	const struct job *j = &m->jobs[x];
	size_t side = (size_t)m->n_places + 1;
	int64_t best = INT64_MAX;
	for (int32_t r = 0; r < m->n_routes; r++) {
		if (s->line[r].load + j->demand > k->cap[0])
			continue;
		for (int32_t a = route_head(m, r); s->node[a].next != NO_NODE; a = s->node[a].next) {
			const struct node *p = &s->node[a];
			const struct node *q = &s->node[p->next];
			int32_t there = k->time[(size_t)p->place * side + (size_t)j->place];
			int32_t on = k->time[(size_t)j->place * side + (size_t)q->place];
			int32_t at = p->leave + there > j->open ? p->leave + there : j->open;
			int64_t delta = (int64_t)there + on - (s->line[r].size > 0 ? p->arc : 0);
			if (at <= j->close && at + j->service + on <= q->late && delta < best)
				best = delta;
		}
	}
	return best;
}

static void
the_scan_finds_the_cheapest_place(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct search *s = plain_search(&sc, seed, seed % 2 == 0);
		for (int32_t x = 0; x < TASKS; x++) {
			for (int i = 0; i < 5; i++)
				search_step(s);
			if (s->now->node[x].route == NO_NODE)
				continue;
			state_mark(s->now);
			state_unlink(s->now, x);
			struct spot spot;
			insert_find(s->now, x, 0, -1, INSERT_ANY, &spot);
			int64_t least = cheapest_by_hand(s->now, x);
			/* whole seconds bend the triangle inequality by one or two */
			assert_true(spot.delta >= least && spot.delta <= least + (seed % 2 == 0 ? 0 : 2));
			struct spot bounded;
			insert_find(s->now, x, 0, -1, spot.delta + 1, &bounded);
			assert_true(bounded.delta == spot.delta && bounded.after == spot.after);
			insert_find(s->now, x, 0, -1, spot.delta, &bounded);
			assert_true(bounded.route == NO_NODE || bounded.delta >= spot.delta);
			insert_apply(s->now, x, &spot);
			assert_true(state_check(s->now));
			state_undo(s->now);
			assert_true(state_check(s->now));
		}
		scope_release(&sc);
	}
}

static void
tails_are_undone(bool one_way)
{
	struct scope sc;
	scope_init(&sc);
	struct search *s = plain_search(&sc, 7, one_way);
	int swapped = 0;
	for (int i = 0; i < 300; i++) {
		int64_t cost = s->now->cost;
		state_mark(s->now);
		swapped += move_tails(s);
		assert_true(state_check(s->now));
		state_undo(s->now);
		assert_true(state_check(s->now));
		assert_int_equal(s->now->cost, cost);
	}
	assert_true(swapped > 50);
	scope_release(&sc);
}

static void
tails_come_back_when_undone(void **state)
{
	(void)state;
	tails_are_undone(false);
	tails_are_undone(true);
}

/* --- the pool --- */

/* Tasks first … first + 3 on one route in order of their index, or on one each. */
static void
serve(struct state *s, int32_t first, bool together)
{
	int32_t after = NO_NODE;
	for (int32_t x = first; x < first + 4; x++) {
		if (after == NO_NODE || !together)
			after = route_head(s->m, state_spare(s, 0));
		state_link(s, x, after);
		after = x;
	}
}

static struct state *
two_sides(struct scope *sc, const struct model *m, bool west, bool east)
{
	struct state *s;
	assert_ok(sc, state_new(sc, m, 1, &s));
	serve(s, 0, west);
	serve(s, 4, east);
	s->n_out = 0;
	return s;
}

/* The depot at 0, four tasks on a line to the west, four to the east. */
static struct model *
line_model(struct scope *sc)
{
	static const int32_t at[9] = {0, -100, -110, -120, -130, 100, 110, 120, 130};
	struct route_problem *p;
	struct model *m;
	int32_t *seconds = NEW_ARRAY(sc, 81, int32_t);
	for (size_t i = 0; i < 81; i++)
		seconds[i] = abs(at[i / 9] - at[i % 9]);
	assert_ok(sc, route_problem_new(sc, 9, 0, &p));
	assert_ok(sc, route_problem_profile(sc, p, &(struct route_profile){.durations = seconds}, NULL));
	for (uint32_t v = 0; v < 8; v++)
		assert_ok(sc, route_problem_vehicle(sc, p,
						    &(struct route_vehicle){.id = v,
									    .shift = {0, 32000},
									    .max_tasks = ROUTE_NONE,
									    .rates = {.per_hour = 3600}},
						    NULL));
	for (uint32_t i = 0; i < 8; i++)
		assert_ok(sc,
			  route_problem_job(sc, p, &(struct route_task){.place = i + 1, .penalty = ROUTE_MUST}, NULL));
	assert_ok(sc, model_new(sc, p, 7, NULL, &m));
	return m;
}

static void
the_pool_joins_the_good_halves_of_two_plans(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct model *m = line_model(&sc);
	struct pool *pool;
	assert_ok(&sc, pool_new(&sc, m, &pool));
	struct state *best = two_sides(&sc, m, true, false);
	struct state *other = two_sides(&sc, m, false, true);
	assert_int_equal(best->cost, 260 + 2 * (100 + 110 + 120 + 130));
	pool_add_all(pool, other);
	pool_polish(pool, best, 1000000, always, NULL);
	assert_int_equal(best->cost, 520);
	assert_true(state_check(best));
	scope_release(&sc);
}

static void
the_pool_never_spoils_a_plan(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct search *s = plain_search(&sc, seed, false);
		assert_ok(&sc, pool_new(&sc, s->m, &s->pool));
		s->pool_below = INFINITY;
		for (int i = 0; i < 3000; i++)
			search_step(s);
		int64_t cost = s->best->cost;
		pool_polish(s->pool, s->best, 1000000, always, NULL);
		assert_true(s->best->cost <= cost);
		assert_int_equal(s->best->n_out, 0);
		assert_true(state_check(s->best));
		scope_release(&sc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_step_keeps_the_invariants),
	    cmocka_unit_test(the_scan_finds_the_cheapest_place),
	    cmocka_unit_test(tails_come_back_when_undone),
	    cmocka_unit_test(the_pool_joins_the_good_halves_of_two_plans),
	    cmocka_unit_test(the_pool_never_spoils_a_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
