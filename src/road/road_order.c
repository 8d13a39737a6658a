/* The elimination order of the vertices, by nested dissection.
 *
 * A cell of junctions is cut in two by few segments; the vertices of the cut
 * come last in the order, then the two sides are cut in turn. Cuts come from
 * inertial flow (Schild, Sommer 2015): junctions are sorted along a line, the
 * first fifth becomes the source, the last fifth the sink, and a maximum flow
 * with one unit per segment finds the smallest cuts between: the one nearest the
 * source and the one nearest the sink. Of several lines and both ends the cut
 * with the fewest segments per junction of its smaller side is taken. Cutting
 * segments, not junctions, suits the turn graph: its vertices are the arcs, so
 * the arcs of a cut separate the rest (Buchhold, Wagner, Zeitz, Zündorf 2020).
 *
 * A cut's segments are ranked along the cut. What lies below then touches a
 * stretch of neighbours in it, and the chordal arcs of a vertex end in few runs
 * of consecutive depths: see road_chordal.c.
 */
#include <math.h>

#include "road/road_build.h"

#define LINES 10
#define LINES_SMALL 6 /* in cells below */
#define CELL_SMALL 64
#define LINES_LARGE 4 /* in cells above: flows there are long */
#define CELL_LARGE 65536
#define SOURCE_SHARE 0.2
#define CUT_MAX UINT32_MAX

/* From a junction along a segment, or against it. Junctions are numbered anew
 * here, neighbours in space near each other: the flow runs over all of these. */
struct link {
	uint32_t to;
	uint32_t segment : 31;
	uint32_t against : 1;
};

struct key {
	double at;
	uint32_t node; /* or segment */
};

struct order {
	struct builder *b;
	uint32_t n;
	const uint32_t *first; /* junction → links */
	const struct link *links;
	struct metres *at;
	uint32_t *node;	    /* cells are ranges of this */
	uint32_t *position; /* of a junction in node */
	struct key *keys;
	int8_t *flow;	 /* per segment: 1 runs along its points, -1 against */
	uint32_t *level; /* 0: not reached */
	uint32_t *next;
	uint32_t *queue;
	uint8_t *end; /* 1: source, 2: sink */
	uint8_t *best_side;
	struct key *crossing; /* of the cut: segments */
	bool *done;	      /* per segment: has its rank */
	uint32_t *rank;
	uint32_t next_rank; /* counts down */
};

/* --- flow ------------------------------------------------------------------------- */

struct cell {
	uint32_t lo, hi;
};

static bool
in_cell(const struct order *o, struct cell c, uint32_t node)
{
	return o->position[node] >= c.lo && o->position[node] < c.hi;
}

/* What one more unit over this link adds to its segment's flow. */
static int
unit_of(const struct link *l)
{
	return l->against ? -1 : 1;
}

/* May one more unit run over this link? */
static bool
has_room(const struct order *o, const struct link *l)
{
	return o->flow[l->segment] != unit_of(l);
}

/* And over it the other way? */
static bool
has_room_back(const struct order *o, const struct link *l)
{
	return o->flow[l->segment] != -unit_of(l);
}

/* Levels from the source; false where the sink is out of reach. */
static bool
spread_levels(struct order *o, struct cell c)
{
	uint32_t tail = 0;
	for (uint32_t i = c.lo; i < c.hi; i++) {
		uint32_t v = o->node[i];
		o->level[v] = 0;
		o->next[v] = o->first[v];
		if (o->end[v] == 1) {
			o->level[v] = 1;
			o->queue[tail++] = v;
		}
	}
	bool reached = false;
	for (uint32_t head = 0; head < tail; head++) {
		uint32_t v = o->queue[head];
		for (uint32_t e = o->first[v]; e < o->first[v + 1]; e++) {
			uint32_t w = o->links[e].to;
			if (o->level[w] != 0 || w == v || !in_cell(o, c, w) || !has_room(o, &o->links[e]))
				continue;
			o->level[w] = o->level[v] + 1;
			reached |= o->end[w] == 2;
			if (o->end[w] != 2)
				o->queue[tail++] = w;
		}
	}
	return reached;
}

/* The same from the sink against the flow: all that can still reach it. */
static void
spread_back(struct order *o, struct cell c)
{
	uint32_t tail = 0;
	for (uint32_t i = c.lo; i < c.hi; i++) {
		uint32_t v = o->node[i];
		o->level[v] = o->end[v] == 2;
		if (o->end[v] == 2)
			o->queue[tail++] = v;
	}
	for (uint32_t head = 0; head < tail; head++) {
		uint32_t v = o->queue[head];
		for (uint32_t e = o->first[v]; e < o->first[v + 1]; e++) {
			uint32_t w = o->links[e].to;
			if (o->level[w] != 0 || !in_cell(o, c, w) || !has_room_back(o, &o->links[e]))
				continue;
			o->level[w] = 1;
			o->queue[tail++] = w;
		}
	}
}

/* One unit from `start` to the sink along rising levels; the queue's end serves
 * as the stack of links. */
static bool
augment(struct order *o, struct cell c, uint32_t start, uint32_t *stack)
{
	uint32_t depth = 0;
	uint32_t v = start;
	for (;;) {
		if (o->end[v] == 2)
			break;
		uint32_t e = o->next[v];
		while (e < o->first[v + 1]) {
			uint32_t w = o->links[e].to;
			if (w != v && in_cell(o, c, w) && o->level[w] == o->level[v] + 1 && has_room(o, &o->links[e]))
				break;
			e++;
		}
		o->next[v] = e;
		if (e < o->first[v + 1]) {
			stack[depth++] = v;
			v = o->links[e].to;
			continue;
		}
		if (depth == 0)
			return false;
		v = stack[--depth];
		o->next[v]++;
	}
	while (depth > 0) {
		v = stack[--depth];
		const struct link *l = &o->links[o->next[v]];
		o->flow[l->segment] = (int8_t)(o->flow[l->segment] + unit_of(l));
	}
	return true;
}

/* The value of a maximum flow, or at least `enough` (then it may not be maximal). */
static uint32_t
max_flow(struct order *o, struct cell c, uint32_t sources, uint32_t enough)
{
	uint32_t value = 0;
	uint32_t *stack = o->queue; /* levels are spread before, never during, augmenting */
	while (value < enough && spread_levels(o, c)) {
		for (uint32_t i = 0; i < sources && value < enough; i++)
			while (value < enough && augment(o, c, o->keys[i].node, stack))
				value++;
	}
	return value;
}

/* --- cuts --------------------------------------------------------------------------- */

static bool
key_less(const struct key *a, const struct key *b)
{
	return a->at != b->at ? a->at < b->at : a->node < b->node;
}

static int
compare_keys(const void *a, const void *b)
{
	return key_less(a, b) ? -1 : key_less(b, a);
}

static void
swap_keys(struct key *a, struct key *b)
{
	struct key t = *a;
	*a = *b;
	*b = t;
}

/* Moves the `want` least of n keys to the front (Hoare's FIND). */
static void
select_least(struct key *k, uint32_t n, uint32_t want)
{
	int64_t lo = 0;
	int64_t hi = (int64_t)n - 1;
	while (lo < hi) {
		struct key pivot = k[lo + (hi - lo) / 2];
		int64_t i = lo;
		int64_t j = hi;
		while (i <= j) {
			while (key_less(&k[i], &pivot))
				i++;
			while (key_less(&pivot, &k[j]))
				j--;
			if (i <= j)
				swap_keys(&k[i++], &k[j--]);
		}
		if (want <= j)
			hi = j;
		else if (want >= i)
			lo = i;
		else
			return;
	}
}

static void
clear_flow(struct order *o, struct cell c)
{
	for (uint32_t i = c.lo; i < c.hi; i++)
		for (uint32_t e = o->first[o->node[i]]; e < o->first[o->node[i] + 1]; e++)
			o->flow[o->links[e].segment] = 0;
}

/* The best cut of a cell so far; which side is whose lies in best_side. */
struct cut {
	double score; /* segments per share of the smaller side */
	double angle; /* of the line it cuts across */
};

/* The ends of the flow: the first and the last share along a line. */
static uint32_t
mark_ends(struct order *o, struct cell c, double angle)
{
	uint32_t n = c.hi - c.lo;
	double x = cos(angle);
	double y = sin(angle);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = o->node[c.lo + i];
		o->keys[i] = (struct key){o->at[v].x * x + o->at[v].y * y, v};
		o->end[v] = 0;
	}
	uint32_t share = (uint32_t)(n * SOURCE_SHARE);
	share = share < 1 ? 1 : share;
	select_least(o->keys, n, share);
	select_least(o->keys + share, n - share, n - 2 * share);
	for (uint32_t i = 0; i < share; i++) {
		o->end[o->keys[i].node] = 1;
		o->end[o->keys[n - 1 - i].node] = 2;
	}
	return share;
}

/* What the last spreading of levels reached is one side. */
static void
keep_if_better(struct order *o, struct cell c, uint32_t value, double angle, struct cut *best)
{
	uint32_t n = c.hi - c.lo;
	uint32_t reached = 0;
	for (uint32_t i = c.lo; i < c.hi; i++)
		reached += o->level[o->node[i]] != 0;
	uint32_t smaller = reached < n - reached ? reached : n - reached;
	double score = (double)value * n / smaller;
	if (score >= best->score)
		return;
	*best = (struct cut){score, angle};
	for (uint32_t i = c.lo; i < c.hi; i++)
		o->best_side[o->node[i]] = o->level[o->node[i]] != 0;
}

/* The two smallest cuts of the flow along one line, where they beat the best. */
static void
try_line(struct order *o, struct cell c, double angle, struct cut *best)
{
	uint32_t share = mark_ends(o, c, angle);
	clear_flow(o, c);
	/* a side is at most one half: with more segments than this no cut is better */
	uint32_t enough = best->score < CUT_MAX ? (uint32_t)ceil(best->score / 2) : CUT_MAX;
	uint32_t value = max_flow(o, c, share, enough);
	if (value >= enough)
		return;
	keep_if_better(o, c, value, angle, best); /* the last search for the sink ended at the cut */
	spread_back(o, c);
	keep_if_better(o, c, value, angle, best);
}

static void
give_rank(struct order *o, uint32_t segment)
{
	if (o->done[segment])
		return;
	o->done[segment] = true;
	uint32_t v = *BUILT(o->b, segment_vertex, uint32_t, segment);
	uint32_t end = *BUILT(o->b, segment_vertex, uint32_t, segment + 1);
	for (; v < end; v++)
		o->rank[v] = --o->next_rank;
}

/* Ranks for the segments between the two sides, in their order along the cut. */
static void
rank_cut(struct order *o, struct cell c, double angle)
{
	double x = -sin(angle);
	double y = cos(angle);
	uint32_t n = 0;
	for (uint32_t i = c.lo; i < c.hi; i++) {
		uint32_t v = o->node[i];
		for (uint32_t e = o->first[v]; e < o->first[v + 1] && o->best_side[v] != 0; e++) {
			uint32_t w = o->links[e].to;
			if (!in_cell(o, c, w) || o->best_side[w] != 0)
				continue;
			double at = (o->at[v].x + o->at[w].x) * x + (o->at[v].y + o->at[w].y) * y;
			o->crossing[n++] = (struct key){at, o->links[e].segment};
		}
	}
	qsort(o->crossing, n, sizeof *o->crossing, compare_keys);
	for (uint32_t i = 0; i < n; i++)
		give_rank(o, o->crossing[i].node);
}

static uint32_t
split_cell(struct order *o, struct cell c)
{
	uint32_t lo = c.lo;
	for (uint32_t i = c.lo; i < c.hi; i++) {
		uint32_t v = o->node[i];
		if (o->best_side[v] == 0)
			continue;
		uint32_t w = o->node[lo];
		o->node[lo] = v;
		o->node[i] = w;
		o->position[v] = lo;
		o->position[w] = i;
		lo++;
	}
	return lo;
}

static void
rank_loops(struct order *o, uint32_t v)
{
	for (uint32_t e = o->first[v]; e < o->first[v + 1]; e++)
		if (o->links[e].to == v)
			give_rank(o, o->links[e].segment);
}

static void
dissect(struct order *o)
{
	struct vec *stack = NEW(o->b->sc, struct vec);
	vec_init(stack, o->b->sc, sizeof(struct cell));
	*(struct cell *)vec_push(stack) = (struct cell){0, o->n};
	while (stack->n > 0) {
		struct cell c = *VEC_AT(stack, struct cell, --stack->n);
		if (c.hi - c.lo < 2) {
			if (c.hi > c.lo)
				rank_loops(o, o->node[c.lo]);
			continue;
		}
		struct cut best = {.score = INFINITY};
		uint32_t n = c.hi - c.lo;
		int lines = n < CELL_SMALL ? LINES_SMALL : n > CELL_LARGE ? LINES_LARGE : LINES;
		for (int i = 0; i < lines; i++)
			try_line(o, c, M_PI * i / lines, &best);
		rank_cut(o, c, best.angle);
		uint32_t middle = split_cell(o, c);
		*(struct cell *)vec_push(stack) = (struct cell){c.lo, middle};
		*(struct cell *)vec_push(stack) = (struct cell){middle, c.hi};
	}
}

/* The bits of x at the even places. */
static uint64_t
spread_bits(uint64_t x)
{
	x = (x | x << 8) & 0x00ff00ff;
	x = (x | x << 4) & 0x0f0f0f0f;
	x = (x | x << 2) & 0x33333333;
	return (x | x << 1) & 0x55555555;
}

/* New numbers of the junctions, along Morton's curve. at: of the old ones. */
static uint32_t *
number_junctions(struct scope *sc, const struct metres *at, uint32_t n)
{
	struct metres lo = {INFINITY, INFINITY};
	struct metres hi = {-INFINITY, -INFINITY};
	for (uint32_t i = 0; i < n; i++) {
		lo = (struct metres){fmin(lo.x, at[i].x), fmin(lo.y, at[i].y)};
		hi = (struct metres){fmax(hi.x, at[i].x), fmax(hi.y, at[i].y)};
	}
	double unit = 65535 / fmax(fmax(hi.x - lo.x, hi.y - lo.y), 1);
	struct key *keys = NEW_ARRAY(sc, n, struct key);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t x = spread_bits((uint64_t)((at[i].x - lo.x) * unit));
		uint64_t y = spread_bits((uint64_t)((at[i].y - lo.y) * unit));
		keys[i] = (struct key){(double)(x << 1 | y), i};
	}
	qsort(keys, n, sizeof *keys, compare_keys);
	uint32_t *number = NEW_ARRAY(sc, n, uint32_t);
	for (uint32_t i = 0; i < n; i++)
		number[keys[i].node] = i;
	return number;
}

static void
link_junctions(struct order *o, const uint32_t *number, uint32_t n)
{
	const struct builder *b = o->b;
	size_t m = b->segments.n;
	uint32_t *first = NEW_ARRAY(b->sc, n + 2, uint32_t);
	struct link *links = NEW_ARRAY(b->sc, 2 * m, struct link);
	for (size_t i = 0; i < m; i++)
		for (int k = 0; k < 2; k++)
			first[number[BUILT(b, segments, struct road_segment, i)->node[k]] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < m; i++) {
		const struct road_segment *s = BUILT(b, segments, struct road_segment, i);
		for (unsigned k = 0; k < 2; k++) {
			struct link l = {.to = number[s->node[1 - k]], .segment = i & 0x7fffffffu, .against = k & 1};
			links[first[number[s->node[k]] + 1]++] = l;
		}
	}
	o->first = first;
	o->links = links;
}

static void
order_init(struct order *o, struct builder *b)
{
	uint32_t n = b->n_junctions;
	size_t m = b->segments.n;
	struct scope *sc = b->sc;
	struct plane plane;
	plane_init(&plane, *BUILT(b, shapes, struct place, 0));
	struct metres *at = NEW_ARRAY(sc, n, struct metres);
	for (uint32_t i = 0; i < n; i++)
		at[i] = plane_project(&plane, VEC_AT(&b->raw->nodes, struct raw_node, b->junction_raw[i])->at);
	const uint32_t *number = number_junctions(sc, at, n);
	*o = (struct order){.b = b};
	link_junctions(o, number, n);
	o->at = NEW_ARRAY(sc, n, struct metres);
	o->node = NEW_ARRAY(sc, n, uint32_t);
	o->position = NEW_ARRAY(sc, n, uint32_t);
	o->keys = NEW_ARRAY(sc, n, struct key);
	o->flow = NEW_ARRAY(sc, m, int8_t);
	o->level = NEW_ARRAY(sc, n, uint32_t);
	o->next = NEW_ARRAY(sc, n, uint32_t);
	o->queue = NEW_ARRAY(sc, n, uint32_t);
	o->end = NEW_ARRAY(sc, n, uint8_t);
	o->crossing = NEW_ARRAY(sc, m, struct key);
	o->best_side = NEW_ARRAY(sc, n, uint8_t);
	o->done = NEW_ARRAY(sc, m, bool);
	o->rank = NEW_ARRAY(sc, b->vertices.n, uint32_t);
	o->next_rank = (uint32_t)b->vertices.n;
	for (uint32_t i = 0; i < n; i++)
		o->at[number[i]] = at[i];
	for (uint32_t i = 0; i < n; i++) {
		if (o->first[i] == o->first[i + 1])
			continue; /* its streets were dropped */
		o->position[i] = o->n;
		o->node[o->n++] = i;
	}
}

enum code
build_order(struct builder *b, struct road_sections *out, struct road_head *head)
{
	struct order *o = NEW(b->sc, struct order);
	order_init(o, b);
	dissect(o);
	return build_chordal(b, o->rank, out, head);
}
