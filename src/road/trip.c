/* One trip: two labels whose last arcs are remembered, and the unpacking of the
 * chordal arcs they name. */
#include "road/trip.h"

#include "road/kernels.h"
#include "road/label.h"

struct side {
	const int32_t *weight;
	const uint32_t *chain;
	uint32_t n;
	int32_t *by_depth;
	int32_t *last; /* the chordal arc that brought the value; -1: the point itself */
};

struct search {
	struct side from, to;
	uint32_t common; /* this many vertices are on both chains */
	int32_t best;
	int32_t behind; /* of the source on its arcs, at most */
	uint32_t meet;	/* at this depth */
};

static void
relax_side(const struct road *road, const struct kernels *k, struct side *s, uint32_t d)
{
	k->step(road, s->chain[d], s->by_depth[d], s->weight, s->by_depth, s->last);
}

static void
climb_alone(const struct road *road, const struct kernels *k, struct side *s, uint32_t common)
{
	for (uint32_t d = s->n; d-- > common;)
		if (s->by_depth[d] < NARROW_INFINITE)
			relax_side(road, k, s, d);
}

/* Below the common part both sides climb alone; above, each vertex may be where
 * they meet, and what is dearer than a meeting climbs no further. The source's
 * values begin below zero, by what lies behind it on its arcs; nothing else does. */
static void
climb(const struct road *road, struct search *s)
{
	const struct kernels *k = kernels_pick();
	climb_alone(road, k, &s->from, s->common);
	climb_alone(road, k, &s->to, s->common);
	for (uint32_t d = s->common; d-- > 0;) {
		int32_t a = s->from.by_depth[d];
		int32_t b = s->to.by_depth[d];
		if (a + b < s->best) {
			s->best = a + b;
			s->meet = d;
		}
		if (a < s->best)
			relax_side(road, k, &s->from, d);
		if (b - s->behind < s->best)
			relax_side(road, k, &s->to, d);
	}
}

static void
side_init(struct side *s, struct scope *sc, const struct road *road, const struct road_metric *metric,
	  const struct road_point *p, bool leaves)
{
	const struct cch_narrow *w = cch_narrow_of(road, metric);
	uint32_t lowest = label_lowest(road, p);
	uint32_t n = road->depth[lowest] + 1;
	uint32_t *chain = NEW_ARRAY(sc, n, uint32_t);
	*s = (struct side){.weight = leaves ? w->up : w->down, .chain = chain, .n = n};
	s->by_depth = kernels_array(sc, n, sizeof *s->by_depth);
	label_chain(road, lowest, chain);
	label_fill_narrow(road, metric, p, leaves, chain, n, n, s->by_depth);
	s->last = kernels_array(sc, n, sizeof *s->last);
	memset(s->last, 0xff, n * sizeof *s->last);
}

static void
search_run(struct search *s, struct scope *sc, const struct road *road, const struct road_metric *metric,
	   const struct road_point *from, const struct road_point *to)
{
	side_init(&s->from, sc, road, metric, from, true);
	side_init(&s->to, sc, road, metric, to, false);
	for (uint32_t v = road->segment_vertex[from->segment]; v < road->segment_vertex[from->segment + 1]; v++) {
		int32_t start = s->from.by_depth[road->depth[road->rank[v]]];
		s->behind = -start > s->behind ? -start : s->behind;
	}
	uint32_t most = s->from.n < s->to.n ? s->from.n : s->to.n;
	while (s->common < most && s->from.chain[s->common] == s->to.chain[s->common])
		s->common++;
	s->best = NARROW_REACHED;
	climb(road, s);
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
	/* down from the meeting to the source, then the same hops in driving order */
	uint32_t *climbed = NEW_ARRAY(sc, s->from.n, uint32_t);
	uint32_t n = 0;
	uint32_t d = s->meet;
	for (; s->from.last[d] >= 0; d = road->depth[road->up_tail[s->from.last[d]]])
		climbed[n++] = (uint32_t)s->from.last[d];
	vec_push_u32(u.vertices, road->rank_vertex[s->from.chain[d]]);
	while (n-- > 0)
		unpack(&u,
		       (struct hop){road->up_tail[climbed[n]], road->up_head[climbed[n]], s->from.weight[climbed[n]]});
	for (d = s->meet; s->to.last[d] >= 0; d = road->depth[road->up_tail[s->to.last[d]]]) {
		uint32_t e = (uint32_t)s->to.last[d];
		unpack(&u, (struct hop){road->up_head[e], road->up_tail[e], s->to.weight[e]});
	}
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
	search_run(&s, sc, road, metric, from, to);
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
	/* both labels whole, then their minimum: to ask at each vertex whether it can still matter takes longer */
	uint32_t low[2] = {label_lowest(road, from), label_lowest(road, to)};
	uint32_t n[2] = {road->depth[low[0]] + 1, road->depth[low[1]] + 1};
	uint32_t *chain[2] = {NEW_ARRAY(sc, n[0], uint32_t), NEW_ARRAY(sc, n[1], uint32_t)};
	int32_t *label[2] = {kernels_array(sc, n[0], sizeof(int32_t)), kernels_array(sc, n[1], sizeof(int32_t))};
	for (int i = 0; i < 2; i++) {
		label_chain(road, low[i], chain[i]);
		label_fill_narrow(road, metric, i == 0 ? from : to, i == 0, chain[i], n[i], 0, label[i]);
	}
	uint32_t common = 0;
	while (common < n[0] && common < n[1] && chain[0][common] == chain[1][common])
		common++;
	int32_t best = kernels_pick()->least_narrow(label[0], label[1], common, NARROW_INFINITE);
	return best < NARROW_REACHED ? (uint32_t)best : ROAD_INFINITE;
}
