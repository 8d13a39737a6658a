#include "road/reach_inner.h"

#include "road/label.h"

/* --- the sweep ------------------------------------------------------------------ */

/* Vertices by rank. `live`: it, or a higher neighbour, is within the budget, or
 * it lies on the source's chain. What hangs below a vertex in the elimination
 * tree has no other way in than through it and its higher neighbours. */
struct sweep {
	const struct road *road;
	const int32_t *down;
	int32_t *cost;
	uint8_t *live;
	int32_t budget;
};

static bool
sweep_vertex(struct sweep *s, uint32_t r)
{
	const struct road *road = s->road;
	const uint32_t *head = road->up_head;
	int32_t best = s->cost[r];
	int32_t nearest = NARROW_INFINITE;
	for (uint32_t e = road->up_first[r]; e < road->up_first[r + 1]; e++) {
		int32_t above = s->cost[head[e]];
		int32_t w = above + s->down[e];
		nearest = above < nearest ? above : nearest;
		best = w < best ? w : best;
	}
	s->cost[r] = best;
	return nearest <= s->budget || best <= s->budget;
}

static uint32_t
sweep_run(struct sweep *s)
{
	const struct road *road = s->road;
	uint32_t scanned = 0;
	for (uint32_t r = (uint32_t)road->n[SECTION_VERTEX]; r-- > 0;) {
		bool on_chain = s->live[r] != 0;
		if (!on_chain && (road->parent[r] == ROAD_NONE || s->live[road->parent[r]] == 0))
			continue;
		scanned++;
		s->live[r] = sweep_vertex(s, r) || on_chain;
	}
	return scanned;
}

/* Back to the beginning of one of the source's own arcs: from a neighbour in the
 * chordal graph on either side, or by a turn into itself. */
static uint32_t
cost_around(const struct sweep *s, const struct cch_narrow *w, const struct road_metric *metric, uint32_t v)
{
	const struct road *road = s->road;
	uint32_t r = road->rank[v];
	int32_t best = NARROW_INFINITE;
	for (uint32_t e = road->up_first[r]; e < road->up_first[r + 1]; e++) {
		int32_t c = s->cost[road->up_head[e]] + w->down[e];
		best = c < best ? c : best;
	}
	for (uint32_t i = road->down_first[r]; i < road->down_first[r + 1]; i++) {
		uint32_t e = road->down[i];
		int32_t c = s->cost[road->up_tail[e]] + w->up[e];
		best = c < best ? c : best;
	}
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++) {
		if (road->turn[e].to != v)
			continue;
		int32_t c = s->cost[r] + (int32_t)(metric->arc_ms[road->vertex[v].arc] + road->turn[e].cost_ms);
		best = c < best ? c : best;
	}
	return best < NARROW_REACHED ? (uint32_t)best : ROAD_INFINITE;
}

static void
cost_by_vertex(const struct sweep *s, const struct cch_narrow *w, struct road_reach *reach)
{
	const struct road *road = s->road;
	size_t n = road->n[SECTION_VERTEX];
	for (uint32_t v = 0; v < n; v++) {
		int32_t c = s->cost[road->rank[v]];
		reach->cost[v] = c <= s->budget ? (uint32_t)c : ROAD_INFINITE;
	}
	uint32_t segment = reach->from.segment;
	for (uint32_t v = road->segment_vertex[segment]; v < road->segment_vertex[segment + 1]; v++) {
		if (!point_leaves_by(road, &reach->from, v))
			continue;
		uint32_t c = cost_around(s, w, reach->metric, v);
		reach->cost[v] = c <= reach->budget_ms ? c : ROAD_INFINITE;
	}
}

/* The label up the chain, where the sweep begins. */
static void
seed(struct scope *sc, struct sweep *s, const struct road_reach *reach)
{
	const struct road *road = s->road;
	uint32_t lowest = label_lowest(road, &reach->from);
	uint32_t *chain = NEW_ARRAY(sc, road->depth[lowest] + 1, uint32_t);
	int32_t *label = kernels_array(sc, road->depth[lowest] + 1, sizeof *label);
	uint32_t n = label_chain(road, lowest, chain);
	label_fill_narrow(road, reach->metric, &reach->from, true, chain, n, 0, label);
	for (size_t r = 0; r < road->n[SECTION_VERTEX]; r++)
		s->cost[r] = NARROW_INFINITE;
	for (uint32_t d = 0; d < n; d++) {
		s->cost[chain[d]] = label[d];
		s->live[chain[d]] = 1;
	}
}

enum code
road_reach(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	   int32_t budget_ds, struct road_reach **out)
{
	size_t n = road->n[SECTION_VERTEX];
	struct road_reach *reach = NEW(sc, struct road_reach);
	*reach = (struct road_reach){.road = road, .metric = road_metric_or_base(road, metric), .from = *from};
	int64_t budget_ms = budget_ds < 0 ? 0 : (int64_t)budget_ds * 100;
	reach->budget_ms = budget_ms < NARROW_REACHED - 1 ? (uint32_t)budget_ms : (uint32_t)NARROW_REACHED - 1;
	TRY(scope_try_array(sc, n, sizeof *reach->cost, (void **)&reach->cost));
	const struct cch_narrow *w = cch_narrow_of(road, reach->metric);
	struct scope work;
	scope_init(&work);
	struct sweep s = {.road = road, .down = w->down, .budget = (int32_t)reach->budget_ms};
	s.cost = NEW_ARRAY(&work, n, int32_t);
	s.live = NEW_ARRAY(&work, n, uint8_t);
	seed(&work, &s, reach);
	reach->n_scanned = sweep_run(&s);
	cost_by_vertex(&s, w, reach);
	scope_release(&work);
	*out = reach;
	return OK;
}

/* --- reading --------------------------------------------------------------------- */

int32_t
road_reach_ds(const struct road_reach *reach, const struct road_point *to)
{
	const struct road *road = reach->road;
	uint32_t dm;
	uint32_t arc;
	uint32_t best = direct_cost(road, reach->metric, &reach->from, to, &dm, &arc);
	for (uint32_t v = road->segment_vertex[to->segment]; v < road->segment_vertex[to->segment + 1]; v++) {
		if (!point_arrives_by(road, to, v) || reach->cost[v] >= ROAD_INFINITE)
			continue;
		uint32_t a = road->vertex[v].arc;
		uint32_t ms =
		    reach->cost[v] + road_part(reach->metric->arc_ms[a], road_arc_fraction(&road->arc[a], to));
		best = ms < best ? ms : best;
	}
	return best > reach->budget_ms ? ROAD_UNREACHABLE : (int32_t)((best + 50) / 100);
}

static int
compare_near(const void *a, const void *b)
{
	const struct road_near *x = a;
	const struct road_near *y = b;
	if (x->duration_ds != y->duration_ds)
		return x->duration_ds < y->duration_ds ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

enum code
road_reach_points(struct scope *sc, const struct road_reach *reach, const struct road_point *points, size_t n,
		  struct road_near **out, size_t *n_out)
{
	struct road_near *near;
	TRY(scope_try_array(sc, n + 1, sizeof *near, (void **)&near));
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		int32_t ds = road_reach_ds(reach, &points[i]);
		if (ds != ROAD_UNREACHABLE)
			near[k++] = (struct road_near){i, ds};
	}
	qsort(near, k, sizeof *near, compare_near);
	*out = near;
	*n_out = k;
	return OK;
}

/* --- streets that are reached ------------------------------------------------------ */

/* The furthest fraction of an arc that `left_ms` lead to from its fraction `f`. */
static uint32_t
fraction_within(uint32_t whole_ms, uint32_t f, uint32_t left_ms)
{
	uint64_t more = (uint64_t)left_ms * ROAD_WHOLE / whole_ms;
	return more >= ROAD_WHOLE - f ? ROAD_WHOLE : f + (uint32_t)more;
}

static void
visit_part(const struct road_reach *reach, uint32_t arc, uint32_t from, uint32_t at_ms,
	   void (*visit)(void *arg, const struct reached *part), void *arg)
{
	struct reached part = {.arc = arc, .from = from, .at_ms = at_ms};
	part.to = fraction_within(reach->metric->arc_ms[arc], from, reach->budget_ms - at_ms);
	visit(arg, &part);
}

void
reach_visit(const struct road_reach *reach, void (*visit)(void *arg, const struct reached *part), void *arg)
{
	const struct road *road = reach->road;
	for (uint32_t s = 0; s < road->n[SECTION_SEGMENT]; s++) {
		for (unsigned back = 0; back < 2; back++) {
			uint32_t a = road->segment[s].arc[back];
			uint32_t first = ROAD_INFINITE;
			for (uint32_t v = road->segment_vertex[s]; v < road->segment_vertex[s + 1]; v++)
				if (road->vertex[v].arc == a && (road->vertex[v].flags & VERTEX_END) != 0 &&
				    reach->cost[v] < first)
					first = reach->cost[v];
			if (a != ROAD_NONE && first <= reach->budget_ms)
				visit_part(reach, a, 0, first, visit, arg);
		}
	}
	for (unsigned back = 0; back < 2; back++) {
		uint32_t a = road->segment[reach->from.segment].arc[back];
		if (a != ROAD_NONE && (reach->from.leave & (back != 0 ? ROAD_BACKWARD : ROAD_FORWARD)) != 0)
			visit_part(reach, a, road_arc_fraction(&road->arc[a], &reach->from), 0, visit, arg);
	}
}
