/* A fleet of several classes: routes change to the class that is cheaper for them. */
#include "unit.h"

#include "route/route_cases.h"
#include "route/route_search.h"

#define TASKS 60

/* Large vans, as many small ones at a lower price, and bikes for whoever needs no more. */
static struct route_problem *
mixed_fleet(struct scope *sc, uint64_t seed)
{
	static const int64_t room[3] = {40, 20, 8};
	static const int64_t fixed[3] = {9000, 4000, 1200};
	struct prng rng;
	struct route_problem *p;
	int32_t *seconds;
	int32_t *metres;
	prng_seed(&rng, seed);
	city(sc, TASKS + 1, seed, &seconds, &metres);
	assert_ok(sc, route_problem_new(sc, TASKS + 1, 1, &p));
	assert_ok(sc, route_problem_profile(sc, p, &(struct route_profile){.durations = seconds}, NULL));
	for (uint32_t v = 0; v < 60; v++)
		assert_ok(sc, route_problem_vehicle(
				  sc, p,
				  &(struct route_vehicle){.id = v,
							  .shift = {0, 32000},
							  .capacity = &room[v / 20],
							  .max_tasks = ROUTE_NONE,
							  .rates = {.fixed = fixed[v / 20], .per_hour = 3600}},
				  NULL));
	for (uint32_t i = 0; i < TASKS; i++) {
		int64_t amount = 1 + prng_below(&rng, 4);
		assert_ok(sc,
			  route_problem_job(
			      sc, p,
			      &(struct route_task){
				  .id = i, .place = i + 1, .service = 60, .penalty = ROUTE_MUST, .delivery = &amount},
			      NULL));
	}
	return p;
}

/* A plan on the large vans, half full: ten tasks each. */
static struct search *
on_large_vans(struct scope *sc, uint64_t seed)
{
	struct model *m;
	struct search *s;
	assert_ok(sc, model_new(sc, mixed_fleet(sc, seed), 40, NULL, &m));
	assert_int_equal(m->n_classes, 3);
	assert_ok(sc, search_new(sc, m, seed, &s));
	for (int32_t x = 0; x < TASKS; x++) {
		struct spot spot;
		insert_find(s->now, x, 0, x / 10, INSERT_ANY, &spot);
		assert_int_equal(spot.route, x / 10);
		insert_apply(s->now, x, &spot);
		state_mark(s->now);
	}
	s->now->n_out = 0;
	state_copy(s->best, s->now);
	return s;
}

static void
a_trade_makes_a_mixed_fleet_cheaper(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct search *s = on_large_vans(&sc, seed);
		struct state *now = s->now;
		int64_t before = now->cost;
		int kept = 0;
		for (int i = 0; i < 400; i++) {
			s->n_removed = 0;
			state_mark(now);
			if (!move_trade(s) || now->broken || now->cost >= now->old_cost) {
				state_undo(now);
				assert_int_equal(now->cost, now->old_cost);
			} else {
				kept++;
			}
			assert_true(state_check(now));
		}
		assert_true(kept > 0);
		assert_int_equal(now->n_out, 0);
		assert_true(now->cost < before - 5000);
		scope_release(&sc);
	}
}

static void
the_search_uses_the_cheaper_classes(void **state)
{
	(void)state;
	struct scope sc;
	struct route_solution *s;
	scope_init(&sc);
	struct route_problem *p = mixed_fleet(&sc, 5);
	for (int few = 0; few < 2; few++) {
		p->aim.vehicles_first = few == 1;
		assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seed = 1, .iterations = 20000}, &s));
		must_verify(&sc, p, s, "mixed fleet");
		assert_int_equal(s->n_out, 0);
	}
	/* vehicles first: as few as the loads allow, and none larger than it must be */
	int64_t load = 0;
	for (uint32_t i = 0; i < TASKS; i++)
		load += p->tasks[i].delivery[0];
	assert_int_equal(s->n_tours, (load + 39) / 40);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_trade_makes_a_mixed_fleet_cheaper),
	    cmocka_unit_test(the_search_uses_the_cheaper_classes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
