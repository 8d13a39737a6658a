/* The quick clock says what the timetable says, on every route and at every place. */
#include "unit.h"

#include "route/route_cases.h"
#include "route/route_clock.h"

static const struct shape shapes[] = {
    {.jobs = 40, .vehicles = 8, .dims = 1, .windows = true, .slices = true},
    {.jobs = 40, .vehicles = 8, .dims = 1, .many_windows = true},
    {.jobs = 40, .vehicles = 9, .dims = 1, .many_windows = true, .slices = true, .types = true},
    {.jobs = 30, .vehicles = 6, .dims = 1, .windows = true, .open = true, .slices = true},
};

static int32_t
sequence(const struct state *s, int32_t r, int32_t x, int32_t after, int32_t *seq)
{
	int32_t n = 0;
	for (int32_t y = route_head(s->m, r); s->node[y].next != NO_NODE; y = s->node[y].next) {
		if (y < s->m->n)
			seq[n++] = y;
		if (y == after)
			seq[n++] = x;
	}
	return n;
}

/* Every place of route r: the same verdict, the same cost but for rounding. Returns how many were possible. */
static int
every_place(struct state *s, int32_t x, int32_t r)
{
	int32_t seq[100];
	int possible = 0;
	const struct line *l = &s->line[r];
	for (int32_t y = route_head(s->m, r); s->node[y].next != NO_NODE; y = s->node[y].next) {
		struct spot spot = {0, r, y, NO_NODE};
		int64_t cost;
		int32_t n = sequence(s, r, x, y, seq);
		bool can = timetable_try(s->timetable, l->class, seq, n, &cost, NULL);
		assert_int_equal(clock_insert(s, x, &spot, &spot.delta), can);
		if (!can)
			continue;
		possible++;
		int64_t due = cost + s->m->classes[l->class].fixed - l->cost;
		assert_true(llabs(spot.delta - due) <= 2);
	}
	return possible;
}

static void
same_times(struct state *s, int32_t r)
{
	int32_t seq[100];
	int32_t early[100];
	int64_t cost;
	const struct line *l = &s->line[r];
	int32_t n = sequence(s, r, NO_NODE, NO_NODE, seq);
	if (n == 0)
		return;
	assert_true(timetable_try(s->timetable, l->class, seq, n, &cost, early));
	assert_int_equal(l->cost, cost + s->m->classes[l->class].fixed);
	for (int32_t i = 0; i < n; i++)
		assert_int_equal(s->node[seq[i]].early, early[i]);
}

static void
clock_and_timetable_agree(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		for (uint64_t seed = 1; seed <= 4; seed++) {
			struct scope sc;
			struct model *m;
			struct state *s;
			int possible = 0;
			scope_init(&sc);
			struct route_problem *p = build(&sc, &shapes[i], seed);
			assert_ok(&sc, model_new(&sc, p, 20, NULL, &m));
			assert_true(m->clocked);
			assert_ok(&sc, state_new(&sc, m, seed, &s));
			state_clear(s);
			for (int32_t x = 0; x < m->n; x++) {
				struct spot best;
				for (int32_t r = 0; r < m->n_routes; r++)
					if (s->line[r].load + m->jobs[x].demand <= m->classes[s->line[r].class].cap[0])
						possible += every_place(s, x, r);
				insert_find(s, x, 0, -1, INSERT_ANY, &best);
				if (best.route == NO_NODE)
					continue;
				insert_apply(s, x, &best);
				same_times(s, best.route);
			}
			assert_true(possible > 200);
			scope_release(&sc);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(clock_and_timetable_agree)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
