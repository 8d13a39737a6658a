/* Tails where the timetable has the last word, or vehicles differ: what they make is
 * what the same routes cost when they are laid anew. */
#include "unit.h"

#include "route/route_calm.h"
#include "route/route_cases.h"
#include "route/route_search.h"

static const struct shape shapes[] = {
    {.jobs = 40, .vehicles = 9, .dims = 1, .windows = true},
    {.jobs = 40, .vehicles = 9, .dims = 2, .windows = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .windows = true, .slices = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .many_windows = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .many_windows = true, .breaks = true},
    {.jobs = 40, .vehicles = 9, .dims = 2, .windows = true, .duty = true, .soft = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .skills = true, .open = true},
    {.jobs = 40, .vehicles = 9, .dims = 2, .reloads = true, .types = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .breaks = true, .slices = true, .many_windows = true, .types = true},
};

static const struct shape with_pairs = {.jobs = 20, .shipments = 10, .vehicles = 9, .dims = 2, .windows = true};

static struct search *
searched(struct scope *sc, const struct shape *shape, uint64_t seed, int steps)
{
	struct model *m;
	struct search *s;
	assert_ok(sc, model_new(sc, build(sc, shape, seed), 30, NULL, &m));
	assert_ok(sc, search_new(sc, m, seed, &s));
	search_construct(s, calm, NULL);
	s->temperature = m->mean_arc;
	for (int i = 0; i < steps; i++)
		search_step(s);
	return s;
}

/* The plan of s, route by route on an empty state. */
static struct state *
laid_anew(struct scope *sc, const struct state *s)
{
	const struct model *m = s->m;
	struct state *fresh;
	assert_ok(sc, state_new(sc, m, 1, &fresh));
	for (int32_t i = 0; i < state_n_used(s); i++) {
		int32_t r = state_used(s, i);
		int32_t after = route_head(m, r);
		for (int32_t x = s->node[after].next; x < m->n; after = x, x = s->node[x].next) {
			assert_true(model_fits(m, x, s->line[r].class));
			state_link(fresh, x, after);
		}
		assert_true(s->line[r].size <= m->classes[s->line[r].class].max_tasks);
	}
	/* on the way there half a route may have been one that cannot be driven */
	state_mark(fresh);
	for (int32_t i = 0; i < state_n_used(s); i++)
		state_refresh(fresh, state_used(s, i));
	return fresh;
}

/* Every number of a route that counts. */
static void
must_agree(struct scope *sc, const struct state *s)
{
	struct state *fresh = laid_anew(sc, s);
	assert_true(state_check(s) && state_check(fresh));
	assert_false(fresh->broken);
	assert_int_equal(s->cost, fresh->cost);
	for (int32_t x = 0; x < s->m->n_nodes; x++) {
		if (s->node[x].route == NO_NODE)
			continue;
		assert_int_equal(s->node[x].leave, fresh->node[x].leave);
		assert_int_equal(s->node[x].late, fresh->node[x].late);
		if (s->m->clocked && s->line[s->node[x].route].size > 0)
			assert_int_equal(s->more[x], fresh->more[x]);
	}
	for (int32_t r = 0; r < s->m->n_routes; r++)
		assert_int_equal(s->line[r].load, fresh->line[r].load);
	for (int32_t i = 0; s->m->load == LOAD_PROFILE && i < s->m->n_nodes * s->m->dims; i++) {
		if (s->node[i / s->m->dims].route == NO_NODE)
			continue;
		assert_int_equal(s->aboard[i], fresh->aboard[i]);
		assert_int_equal(s->high_before[i], fresh->high_before[i]);
		assert_int_equal(s->high_after[i], fresh->high_after[i]);
	}
}

/* Any cut that may be is tried, dear ones too. Returns how many stood. */
static int
try_tails(struct scope *sc, struct search *s)
{
	int stood = 0;
	s->bar = INT64_MAX;
	for (int i = 0; i < 60; i++) {
		int64_t cost = s->now->cost;
		state_mark(s->now);
		bool done = move_tails(s) && !s->now->broken;
		if (done)
			must_agree(sc, s->now);
		stood += done;
		if (done && i % 4 == 0)
			continue; /* kept */
		state_undo(s->now);
		assert_int_equal(s->now->cost, cost);
		must_agree(sc, s->now);
	}
	must_agree(sc, s->now);
	return stood;
}

static void
tails_stand_as_if_laid_anew(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		int stood = 0;
		for (uint64_t seed = 1; seed <= 6; seed++) {
			struct scope sc;
			scope_init(&sc);
			stood += try_tails(&sc, searched(&sc, &shapes[i], seed, 300));
			scope_release(&sc);
		}
		if (stood < 10)
			fail_msg("shape %zu: only %d cuts stood", i, stood);
	}
}

static void
pairs_are_not_cut_apart(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct search *s = searched(&sc, &with_pairs, 1, 100);
	for (int i = 0; i < 50; i++)
		assert_false(move_tails(s));
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tails_stand_as_if_laid_anew),
	    cmocka_unit_test(pairs_are_not_cut_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
