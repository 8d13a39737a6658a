/* Dijkstra's algorithm on the turn graph with a binary heap. Kept plain on
 * purpose: the bench holds every faster query against it. */
#include "road/dijkstra.h"

void
dijkstra_init(struct dijkstra *d, struct scope *sc, const struct road *road, const struct road_metric *metric)
{
	size_t n = road->n[SECTION_VERTEX];
	*d = (struct dijkstra){.road = road, .metric = road_metric_or_base(road, metric)};
	d->bound = d->bound_dm = UINT32_MAX;
	d->cost = NEW_ARRAY(sc, n, uint32_t);
	d->parent = NEW_ARRAY(sc, n, uint32_t);
	d->distance_dm = NEW_ARRAY(sc, n, uint32_t);
	d->heap = NEW_ARRAY(sc, n, uint32_t);
	d->place_in_heap = NEW_ARRAY(sc, n, uint32_t);
	d->touched = NEW_ARRAY(sc, n, uint32_t);
	d->wanted = NEW_ARRAY(sc, n, uint8_t);
	for (size_t v = 0; v < n; v++)
		d->cost[v] = ROAD_INFINITE;
}

/* An arc's first vertex stands for its copies: what is settled later than it is
 * no cheaper. */
static void
want(struct dijkstra *d, const struct road_point *to, uint8_t mark)
{
	const struct road *road = d->road;
	uint32_t first = road->segment_vertex[to->segment];
	for (uint32_t v = first; v < road->segment_vertex[to->segment + 1]; v++) {
		bool copy = v > first && road->vertex[v - 1].arc == road->vertex[v].arc;
		if (copy || !point_arrives_by(road, to, v) || d->wanted[v] == mark)
			continue;
		d->wanted[v] = mark;
		d->n_wanted += mark != 0 ? 1u : UINT32_MAX;
	}
}

void
dijkstra_want(struct dijkstra *d, const struct road_point *to)
{
	want(d, to, 1);
}

void
dijkstra_unwant(struct dijkstra *d, const struct road_point *to)
{
	want(d, to, 0);
}

static void
heap_set(struct dijkstra *d, uint32_t i, uint32_t v)
{
	d->heap[i] = v;
	d->place_in_heap[v] = i;
}

static void
heap_up(struct dijkstra *d, uint32_t i, uint32_t v)
{
	while (i > 0) {
		uint32_t up = (i - 1) / 2;
		if (d->cost[d->heap[up]] <= d->cost[v])
			break;
		heap_set(d, i, d->heap[up]);
		i = up;
	}
	heap_set(d, i, v);
}

static uint32_t
heap_pop(struct dijkstra *d)
{
	uint32_t top = d->heap[0];
	uint32_t v = d->heap[--d->n_heap];
	uint32_t i = 0;
	while (d->n_heap > 0) {
		uint32_t child = 2 * i + 1;
		if (child >= d->n_heap)
			break;
		if (child + 1 < d->n_heap && d->cost[d->heap[child + 1]] < d->cost[d->heap[child]])
			child++;
		if (d->cost[d->heap[child]] >= d->cost[v])
			break;
		heap_set(d, i, d->heap[child]);
		i = child;
	}
	if (d->n_heap > 0)
		heap_set(d, i, v);
	return top;
}

static void
relax(struct dijkstra *d, uint32_t v, uint32_t cost, uint32_t distance_dm, uint32_t parent)
{
	if (cost > d->cost[v] || (cost == d->cost[v] && distance_dm >= d->distance_dm[v]))
		return;
	if (distance_dm > d->bound_dm)
		return;
	uint32_t at = d->place_in_heap[v];
	if (d->cost[v] == ROAD_INFINITE) {
		d->touched[d->n_touched++] = v;
		at = d->n_heap++;
	}
	d->cost[v] = cost;
	d->distance_dm[v] = distance_dm;
	d->parent[v] = parent;
	heap_up(d, at, v);
}

/* A trip's first vertex is a parent with this bit: it may also lie on the way. */
#define SEED 0x80000000u

static void
relax_turns(struct dijkstra *d, uint32_t v, uint32_t cost, uint32_t distance_dm, uint32_t mark)
{
	const struct road *road = d->road;
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
		relax(d, road->turn[e].to, cost + road->turn[e].cost_ms, distance_dm, v | mark);
}

static void
start_from(struct dijkstra *d, const struct road_point *from)
{
	const struct road *road = d->road;
	for (uint32_t i = 0; i < d->n_touched; i++)
		d->cost[d->touched[i]] = ROAD_INFINITE;
	d->n_touched = 0;
	d->n_heap = 0;
	for (uint32_t v = road->segment_vertex[from->segment]; v < road->segment_vertex[from->segment + 1]; v++) {
		if (!point_leaves_by(road, from, v))
			continue;
		const struct road_arc *a = &road->arc[road->vertex[v].arc];
		uint32_t ms = d->metric->arc_ms[road->vertex[v].arc];
		uint32_t dm = road->segment[from->segment].length_dm;
		uint32_t f = road_arc_fraction(a, from);
		relax_turns(d, v, ms - road_part(ms, f), dm - road_part(dm, f), SEED);
	}
}

void
dijkstra_run(struct dijkstra *d, const struct road_point *from)
{
	const struct road *road = d->road;
	start_from(d, from);
	uint32_t left = d->n_wanted;
	while (d->n_heap > 0 && left > 0 && d->cost[d->heap[0]] <= d->bound) {
		uint32_t v = heap_pop(d);
		if (d->wanted[v] != 0)
			left--;
		uint32_t arc = road->vertex[v].arc;
		relax_turns(d, v, d->cost[v] + d->metric->arc_ms[arc],
			    d->distance_dm[v] + road->segment[road->arc[arc].segment].length_dm, 0);
	}
}

uint32_t
direct_cost(const struct road *road, const struct road_metric *metric, const struct road_point *from,
	    const struct road_point *to, uint32_t *distance_dm, uint32_t *arc)
{
	uint32_t best = ROAD_INFINITE;
	if (from->segment != to->segment)
		return best;
	const struct road_segment *s = &road->segment[from->segment];
	for (unsigned back = 0; back < 2; back++) {
		unsigned way = back != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
		if (s->arc[back] == ROAD_NONE || (from->leave & way) == 0 || (to->arrive & way) == 0)
			continue;
		uint32_t f = road_arc_fraction(&road->arc[s->arc[back]], from);
		uint32_t g = road_arc_fraction(&road->arc[s->arc[back]], to);
		uint32_t ms = metric->arc_ms[s->arc[back]];
		if (g < f || road_part(ms, g) - road_part(ms, f) >= best)
			continue;
		best = road_part(ms, g) - road_part(ms, f);
		*distance_dm = road_part(s->length_dm, g) - road_part(s->length_dm, f);
		*arc = s->arc[back];
	}
	return best;
}

uint32_t
dijkstra_read(const struct dijkstra *d, const struct road_point *from, const struct road_point *to,
	      uint32_t *distance_dm, uint32_t *last)
{
	const struct road *road = d->road;
	uint32_t arc;
	*distance_dm = UINT32_MAX;
	uint32_t best = direct_cost(road, d->metric, from, to, distance_dm, &arc);
	*last = ROAD_NONE;
	for (uint32_t v = road->segment_vertex[to->segment]; v < road->segment_vertex[to->segment + 1]; v++) {
		if (!point_arrives_by(road, to, v) || d->cost[v] == ROAD_INFINITE)
			continue;
		const struct road_arc *a = &road->arc[road->vertex[v].arc];
		uint32_t g = road_arc_fraction(a, to);
		uint32_t cost = d->cost[v] + road_part(d->metric->arc_ms[road->vertex[v].arc], g);
		uint32_t dm = d->distance_dm[v] + road_part(road->segment[to->segment].length_dm, g);
		if (cost > best || (cost == best && dm >= *distance_dm))
			continue;
		best = cost;
		*distance_dm = dm;
		*last = v;
	}
	return best;
}

uint32_t
plain_vertex(const struct road *road, uint32_t arc)
{
	uint32_t segment = road->arc[arc].segment;
	uint32_t v = road->segment_vertex[segment];
	while (road->vertex[v].arc != arc)
		v++;
	return v;
}

uint32_t
dijkstra_pair(struct dijkstra *d, const struct road_point *from, const struct road_point *to, uint32_t *distance_dm)
{
	uint32_t last;
	uint32_t arc;
	dijkstra_want(d, to);
	d->bound = direct_cost(d->road, d->metric, from, to, distance_dm, &arc);
	dijkstra_run(d, from);
	dijkstra_unwant(d, to);
	d->bound = UINT32_MAX;
	return dijkstra_read(d, from, to, distance_dm, &last);
}

void
dijkstra_trip(struct dijkstra *d, struct scope *sc, const struct road_point *from, const struct road_point *to,
	      struct trip *out)
{
	uint32_t dm;
	uint32_t arc_or_none;
	dijkstra_want(d, to);
	d->bound = direct_cost(d->road, d->metric, from, to, &dm, &arc_or_none);
	dijkstra_run(d, from);
	dijkstra_unwant(d, to);
	uint32_t last;
	d->bound = UINT32_MAX;
	struct trip t = {.cost_ms = dijkstra_read(d, from, to, &dm, &last)};
	if (t.cost_ms < ROAD_INFINITE && last == ROAD_NONE) {
		uint32_t arc = 0;
		direct_cost(d->road, d->metric, from, to, &dm, &arc);
		t.n = 1;
		t.vertices = NEW_ARRAY(sc, 1, uint32_t);
		t.vertices[0] = plain_vertex(d->road, arc);
	} else if (t.cost_ms < ROAD_INFINITE) {
		t.n = 2;
		for (uint32_t v = last; (d->parent[v] & SEED) == 0; v = d->parent[v])
			t.n++;
		t.vertices = NEW_ARRAY(sc, t.n, uint32_t);
		uint32_t v = last;
		for (size_t i = t.n - 1; i > 0; i--) {
			t.vertices[i] = v;
			v = d->parent[v] & ~SEED;
		}
		t.vertices[0] = v;
	}
	*out = t;
}
