/* Plans crossed: a child is a plan of its own, whatever the problem; a bank of them
 * never loses what was there, and says the same for the same seed. */
#include "unit.h"

#include "route/route_bank.h"
#include "route/route_calm.h"
#include "route/route_cases.h"
#include "route/route_cross.h"

#define NEIGHBOURS 30

static struct search *
begun(struct scope *sc, const struct shape *shape, uint64_t seed)
{
	struct model *m;
	struct search *s;
	assert_ok(sc, model_new(sc, build(sc, shape, seed), NEIGHBOURS, NULL, &m));
	assert_ok(sc, search_new(sc, m, seed, &s));
	search_construct(s, calm, NULL);
	return s;
}

static void
walk_on(struct search *s, int steps)
{
	s->temperature = s->m->mean_arc;
	for (int i = 0; i < steps; i++)
		search_step(s);
}

static struct state *
copy_of(struct scope *sc, const struct state *from)
{
	struct state *s;
	assert_ok(sc, state_new(sc, from->m, 1, &s));
	state_copy(s, from);
	return s;
}

/* Each task stands on one route or is left out, pairs together and in order. */
static void
must_be_whole(const struct state *s)
{
	const struct model *m = s->m;
	int32_t out = 0;
	assert_true(state_check(s));
	for (int32_t x = 0; x < m->n; x++) {
		int32_t mate = m->jobs[x].mate;
		bool delivery = m->p->tasks[x].kind == ROUTE_DELIVERY;
		out += s->node[x].route == NO_NODE && !delivery;
		if (mate != NO_NODE)
			assert_int_equal(s->node[x].route, s->node[mate].route);
		if (mate == NO_NODE || delivery || s->node[x].route == NO_NODE)
			continue;
		int32_t y = x;
		while (y != mate && y < m->n)
			y = s->node[y].next;
		assert_int_equal(y, mate);
	}
	assert_int_equal(out, s->n_out);
}

/* Whatever stands elsewhere than in `a` is there to be searched. */
static void
must_own_what_differs(const struct search *s, const struct state *a)
{
	const struct state *now = s->now;
	for (int32_t x = 0; x < s->m->n; x++) {
		bool own = now->node[x].route == NO_NODE;
		bool same = now->node[x].prev == a->node[x].prev ||
			    (now->node[x].prev >= s->m->n && a->node[x].prev >= s->m->n);
		for (int32_t i = 0; i < s->n_own && !own; i++)
			own = s->own[i] == x;
		assert_true(own || same);
	}
}

static int
crossed(struct scope *sc, const struct shape *shape, uint64_t seed)
{
	struct search *s = begun(sc, shape, seed);
	struct cross *c;
	int born = 0;
	assert_ok(sc, cross_new(sc, s->m, &c));
	walk_on(s, 100);
	struct state *a = copy_of(sc, s->now);
	walk_on(s, 200);
	struct state *b = copy_of(sc, s->now);
	struct state *child = copy_of(sc, a);
	for (int i = 0; i < 40; i++) {
		const struct state *first = i % 2 == 0 ? a : b;
		if (!cross_plans(c, s, first, i % 2 == 0 ? b : a, child))
			continue;
		born++;
		must_be_whole(child);
		must_be_whole(s->now);
		assert_int_equal(child->cost, s->now->cost);
		assert_true(s->n_own > 0 && s->n_own <= s->m->n);
		must_own_what_differs(s, first);
		for (int k = 0; k < 20; k++)
			search_step(s);
		must_be_whole(s->now);
	}
	assert_false(cross_plans(c, s, a, a, child));
	return born;
}

static void
children_of_every_shape_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(every_shape); i++) {
		int born = 0;
		if (every_shape[i].relations)
			continue;
		for (uint64_t seed = 1; seed <= 3; seed++) {
			struct scope sc;
			scope_init(&sc);
			born += crossed(&sc, &every_shape[i], seed);
			scope_release(&sc);
		}
		assert_true(born > 0);
	}
}

static int64_t
banked(struct scope *sc, const struct shape *shape, unsigned threads)
{
	struct route_budget budget = {.seed = 3, .iterations = 3000, .threads = threads};
	struct run r = run_begin(&budget);
	r.search = begun(sc, shape, 3);
	if (threads > 1)
		assert_ok(sc, team_new(sc, r.search, threads, 3, &r.team));
	walk_on(r.search, 200);
	int64_t before = r.search->best->cost;
	assert_ok(sc, bank_run(sc, &r, 3000, 0.9));
	must_be_whole(r.search->best);
	assert_true(r.search->best->cost <= before);
	assert_int_equal(r.search->n_own, r.search->m->n);
	if (r.team != NULL)
		team_close(r.team);
	return r.search->best->cost;
}

static void
a_bank_keeps_the_best_and_repeats_itself(void **state)
{
	(void)state;
	const size_t tried[] = {1, 3, 8, 13};
	for (size_t i = 0; i < COUNT_OF(tried); i++)
		for (unsigned threads = 1; threads <= 2; threads++) {
			struct scope sc;
			scope_init(&sc);
			int64_t once = banked(&sc, &every_shape[tried[i]], threads);
			assert_int_equal(once, banked(&sc, &every_shape[tried[i]], threads));
			scope_release(&sc);
		}
}

static void
only_budgets_of_some_length_without_relations_get_one(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	for (size_t i = 0; i < COUNT_OF(every_shape); i++) {
		struct search *s = begun(&sc, &every_shape[i], 1);
		double n = s->m->n;
		assert_false(bank_is_worth(s->m, s->best, 400 * n));
		assert_int_equal(bank_is_worth(s->m, s->best, 1e6 * n), !every_shape[i].relations);
	}
	scope_release(&sc);
}

static void
long_routes_get_one_from_fewer_tries(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct search *s = begun(&sc, &every_shape[0], 1);
	double tries = 1000.0 * s->m->n;
	struct state *plan = s->best;
	plan->n_here = 2 * LONG_ROUTE * state_n_used(plan);
	assert_true(bank_is_worth(s->m, plan, tries));
	plan->n_here = state_n_used(plan);
	assert_false(bank_is_worth(s->m, plan, tries));
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(children_of_every_shape_are_whole),
	    cmocka_unit_test(a_bank_keeps_the_best_and_repeats_itself),
	    cmocka_unit_test(only_budgets_of_some_length_without_relations_get_one),
	    cmocka_unit_test(long_routes_get_one_from_fewer_tries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
