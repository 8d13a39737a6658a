/* One trip: two climbs and where they meet best, and the unpacking of the
 * chordal arcs between there and the points. */
#include "road/trip.h"

#include "road/climb.h"

struct search {
	struct climb from, to;
	uint32_t common; /* this many vertices are on both chains */
	int32_t best;	 /* NARROW_REACHED or more: there is no way */
};

static void
search_run(struct search *s, struct scope *sc, const struct road *road, const struct road_metric *metric,
	   const struct road_point *from, const struct road_point *to, bool keep_way)
{
	climb_begin(&s->from, sc, road, metric, from, true);
	climb_begin(&s->to, sc, road, metric, to, false);
	climb_cell(&s->from, sc, road, metric, from, true, keep_way);
	climb_cell(&s->to, sc, road, metric, to, false, keep_way);
	s->common = label_common(road, s->from.lowest, s->to.lowest);
	climb_core(&s->from, road, s->common);
	climb_core(&s->to, road, s->common);
	s->best = kernels_pick()->least_narrow(s->from.by_depth, s->to.by_depth, s->common, NARROW_INFINITE);
}

static uint32_t
meeting(const struct search *s)
{
	uint32_t d = 0;
	while (s->from.by_depth[d] + s->to.by_depth[d] != s->best)
		d++;
	return d;
}

/* --- unpacking ------------------------------------------------------------------ */

struct hop {
	uint32_t from, to; /* ranks, tied by a chordal arc */
	int32_t weight;
};

struct unpacker {
	const struct road *road;
	const struct road_metric *metric;
	const struct cch_narrow *w;
	struct vec *vertices, *stack;
};

static uint32_t
find_arc(const struct road *road, uint32_t low, uint32_t high, uint32_t from)
{
	uint32_t lo = from;
	uint32_t hi = road->up_first[low + 1];
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (road->up_head[mid] < high)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < road->up_first[low + 1] && road->up_head[lo] == high ? lo : ROAD_NONE;
}

static bool
is_turn(const struct unpacker *u, struct hop h)
{
	const struct road *road = u->road;
	uint32_t v = road->rank_vertex[h.from];
	uint32_t to = road->rank_vertex[h.to];
	uint32_t ms = u->metric->arc_ms[road->vertex[v].arc];
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
		if (road->turn[e].to == to && (int32_t)(ms + road->turn[e].cost_ms) == h.weight)
			return true;
	return false;
}

static void
push_hop(struct unpacker *u, uint32_t from, uint32_t to, int32_t weight)
{
	*(struct hop *)vec_push(u->stack) = (struct hop){from, to, weight};
}

/* The vertex below both ends that the arc's weight goes through. */
static void
split_hop(struct unpacker *u, struct hop h)
{
	const struct road *road = u->road;
	bool rises = h.from < h.to;
	uint32_t low = rises ? h.from : h.to;
	uint32_t high = rises ? h.to : h.from;
	const int32_t *first = rises ? u->w->down : u->w->up; /* between low and x */
	const int32_t *second = rises ? u->w->up : u->w->down;
	for (uint32_t i = road->down_first[low]; i < road->down_first[low + 1]; i++) {
		uint32_t e = road->down[i];
		if (first[e] >= h.weight)
			continue;
		uint32_t x = road->up_tail[e];
		uint32_t f = find_arc(road, x, high, e + 1);
		if (f == ROAD_NONE || first[e] + second[f] != h.weight)
			continue;
		/* the stack gives back the last one first */
		if (rises) {
			push_hop(u, x, high, second[f]);
			push_hop(u, low, x, first[e]);
		} else {
			push_hop(u, x, low, first[e]);
			push_hop(u, high, x, second[f]);
		}
		return;
	}
}

/* Adds the vertices behind h.from, up to and with h.to. */
static void
unpack(struct unpacker *u, struct hop h)
{
	push_hop(u, h.from, h.to, h.weight);
	while (u->stack->n > 0) {
		struct hop next = *VEC_AT(u->stack, struct hop, --u->stack->n);
		if (is_turn(u, next))
			vec_push_u32(u->vertices, u->road->rank_vertex[next.to]);
		else
			split_hop(u, next);
	}
}

static void
read_trip(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct search *s,
	  struct trip *out)
{
	struct unpacker u = {.road = road, .metric = metric, .w = cch_narrow_of(road, metric)};
	u.vertices = NEW(sc, struct vec);
	u.stack = NEW(sc, struct vec);
	vec_init(u.vertices, sc, sizeof(uint32_t));
	vec_init(u.stack, sc, sizeof(struct hop));
	uint32_t *arcs = NEW_ARRAY(sc, s->from.n > s->to.n ? s->from.n : s->to.n, uint32_t);
	uint32_t meet = meeting(s);
	uint32_t first;
	uint32_t n = climb_way(&s->from, road, meet, arcs, &first);
	vec_push_u32(u.vertices, road->rank_vertex[first]);
	while (n-- > 0)
		unpack(&u, (struct hop){road->up_tail[arcs[n]], road->up_head[arcs[n]], s->from.weight[arcs[n]]});
	n = climb_way(&s->to, road, meet, arcs, &first);
	for (uint32_t i = 0; i < n; i++)
		unpack(&u, (struct hop){road->up_head[arcs[i]], road->up_tail[arcs[i]], s->to.weight[arcs[i]]});
	out->vertices = VEC_AT(u.vertices, uint32_t, 0);
	out->n = u.vertices->n;
}

static void
special_trip(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	     const struct road_point *to, struct trip *out)
{
	struct dijkstra d;
	dijkstra_init(&d, sc, road, metric);
	dijkstra_trip(&d, sc, from, to, out);
}

void
trip_find(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	  const struct road_point *to, struct trip *out)
{
	metric = road_metric_or_base(road, metric);
	if (label_is_special(road, from, to)) {
		special_trip(sc, road, metric, from, to, out);
		return;
	}
	struct search s = {0};
	search_run(&s, sc, road, metric, from, to, true);
	struct trip t = {.cost_ms = ROAD_INFINITE};
	if (s.best < NARROW_REACHED) {
		t.cost_ms = (uint32_t)s.best;
		read_trip(sc, road, metric, &s, &t);
	}
	*out = t;
}

uint32_t
trip_cost(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	  const struct road_point *to)
{
	metric = road_metric_or_base(road, metric);
	if (label_is_special(road, from, to)) {
		struct trip t;
		special_trip(sc, road, metric, from, to, &t);
		return t.cost_ms;
	}
	struct search s = {0};
	search_run(&s, sc, road, metric, from, to, false);
	return s.best < NARROW_REACHED ? (uint32_t)s.best : ROAD_INFINITE;
}
