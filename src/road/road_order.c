/* The elimination order of the vertices, by nested dissection.
 *
 * A cell of junctions is cut in two by few segments; the vertices of the cut
 * come last in the order, then the two sides are cut in turn. Cuts come from
 * inertial flow (Schild, Sommer 2015): junctions are sorted along a line, the
 * first quarter becomes the source, the last quarter the sink, and a maximum
 * flow with one unit per segment finds the smallest cut between; the best of
 * several lines is taken. Cutting segments, not junctions, suits the turn graph:
 * its vertices are the arcs, so the arcs of a cut separate the rest (Buchhold,
 * Wagner, Zeitz, Zündorf 2020).
 *
 * Then the chordal graph: each vertex, lowest first, ties its higher neighbours
 * to each other. The lowest of these is its parent in the elimination tree, all
 * of them are its ancestors. The vertices of one segment are tied too, so that
 * they lie on one path to the root: a point on a street then has one label.
 */
#include <math.h>

#include "road/road_build.h"

#define LINES 10
#define SOURCE_SHARE 0.28
#define CUT_MAX UINT32_MAX

struct link {
	uint32_t to, segment;
};

struct key {
	double at;
	uint32_t node;
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
	uint8_t *side, *best_side;
	bool *done; /* per segment: has its rank */
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

/* May one more unit run over this link, away from `from`? */
static bool
has_room(const struct order *o, uint32_t from, const struct link *l)
{
	const struct road_segment *s = BUILT(o->b, segments, struct road_segment, l->segment);
	int along = s->node[0] == from ? 1 : -1;
	return o->flow[l->segment] != along;
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
			if (o->level[w] != 0 || w == v || !in_cell(o, c, w) || !has_room(o, v, &o->links[e]))
				continue;
			o->level[w] = o->level[v] + 1;
			reached |= o->end[w] == 2;
			if (o->end[w] != 2)
				o->queue[tail++] = w;
		}
	}
	return reached;
}

static void
push_unit(struct order *o, uint32_t from, const struct link *l)
{
	const struct road_segment *s = BUILT(o->b, segments, struct road_segment, l->segment);
	o->flow[l->segment] = (int8_t)(o->flow[l->segment] + (s->node[0] == from ? 1 : -1));
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
			if (w != v && in_cell(o, c, w) && o->level[w] == o->level[v] + 1 &&
			    has_room(o, v, &o->links[e]))
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
		push_unit(o, v, &o->links[o->next[v]]);
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

static int
compare_keys(const void *a, const void *b)
{
	const struct key *x = a;
	const struct key *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static void
clear_flow(struct order *o, struct cell c)
{
	for (uint32_t i = c.lo; i < c.hi; i++)
		for (uint32_t e = o->first[o->node[i]]; e < o->first[o->node[i] + 1]; e++)
			o->flow[o->links[e].segment] = 0;
}

/* The flow along one line; where it is below *best, the cut goes to best_side. */
static void
try_line(struct order *o, struct cell c, double angle, uint32_t *best)
{
	uint32_t n = c.hi - c.lo;
	double x = cos(angle);
	double y = sin(angle);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = o->node[c.lo + i];
		o->keys[i] = (struct key){o->at[v].x * x + o->at[v].y * y, v};
		o->end[v] = 0;
	}
	qsort(o->keys, n, sizeof *o->keys, compare_keys);
	uint32_t share = (uint32_t)(n * SOURCE_SHARE);
	share = share < 1 ? 1 : share;
	for (uint32_t i = 0; i < share; i++) {
		o->end[o->keys[i].node] = 1;
		o->end[o->keys[n - 1 - i].node] = 2;
	}
	clear_flow(o, c);
	uint32_t value = max_flow(o, c, share, *best);
	if (value >= *best)
		return;
	*best = value;
	/* the last spreading of levels did not reach the sink: it is the cut */
	for (uint32_t i = c.lo; i < c.hi; i++)
		o->best_side[o->node[i]] = o->level[o->node[i]] != 0;
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

/* Ranks for the segments between the two sides. */
static void
rank_cut(struct order *o, struct cell c)
{
	for (uint32_t i = c.lo; i < c.hi; i++) {
		uint32_t v = o->node[i];
		for (uint32_t e = o->first[v]; e < o->first[v + 1]; e++) {
			uint32_t w = o->links[e].to;
			if (o->best_side[v] != 0 && in_cell(o, c, w) && o->best_side[w] == 0)
				give_rank(o, o->links[e].segment);
		}
	}
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
		uint32_t best = CUT_MAX;
		for (int i = 0; i < LINES; i++)
			try_line(o, c, M_PI * i / LINES, &best);
		rank_cut(o, c);
		uint32_t middle = split_cell(o, c);
		*(struct cell *)vec_push(stack) = (struct cell){c.lo, middle};
		*(struct cell *)vec_push(stack) = (struct cell){middle, c.hi};
	}
}

static void
order_init(struct order *o, struct builder *b)
{
	uint32_t n = b->n_junctions;
	size_t m = b->segments.n;
	struct scope *sc = b->sc;
	uint32_t *first = NEW_ARRAY(sc, n + 2, uint32_t);
	struct link *links = NEW_ARRAY(sc, 2 * m, struct link);
	for (size_t i = 0; i < m; i++)
		for (int k = 0; k < 2; k++)
			first[BUILT(b, segments, struct road_segment, i)->node[k] + 2]++;
	for (uint32_t i = 2; i < n + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < m; i++) {
		const struct road_segment *s = BUILT(b, segments, struct road_segment, i);
		for (int k = 0; k < 2; k++)
			links[first[s->node[k] + 1]++] = (struct link){s->node[1 - k], i};
	}
	*o = (struct order){.b = b, .first = first, .links = links};
	o->at = NEW_ARRAY(sc, n, struct metres);
	o->node = NEW_ARRAY(sc, n, uint32_t);
	o->position = NEW_ARRAY(sc, n, uint32_t);
	o->keys = NEW_ARRAY(sc, n, struct key);
	o->flow = NEW_ARRAY(sc, m, int8_t);
	o->level = NEW_ARRAY(sc, n, uint32_t);
	o->next = NEW_ARRAY(sc, n, uint32_t);
	o->queue = NEW_ARRAY(sc, n, uint32_t);
	o->end = NEW_ARRAY(sc, n, uint8_t);
	o->side = NEW_ARRAY(sc, n, uint8_t);
	o->best_side = NEW_ARRAY(sc, n, uint8_t);
	o->done = NEW_ARRAY(sc, m, bool);
	o->rank = NEW_ARRAY(sc, b->vertices.n, uint32_t);
	o->next_rank = (uint32_t)b->vertices.n;
	struct plane plane;
	plane_init(&plane, *BUILT(b, shapes, struct place, 0));
	for (uint32_t i = 0; i < n; i++) {
		o->at[i] = plane_project(&plane, VEC_AT(&b->raw->nodes, struct raw_node, b->junction_raw[i])->at);
		if (first[i] == first[i + 1])
			continue; /* its streets were dropped */
		o->position[i] = o->n;
		o->node[o->n++] = i;
	}
}

/* --- the chordal graph ------------------------------------------------------------------ */

struct chordal {
	uint32_t n;
	uint32_t *near_first, *near; /* by rank: higher neighbours before elimination */
	struct vec first, head;	     /* after it, sorted */
	uint32_t *parent;
	uint32_t *child, *sibling; /* of the elimination tree so far */
	uint32_t *mark;
};

/* Each pair of vertices that a turn joins, or that lie on one segment. */
typedef void visit_pair(struct chordal *c, uint32_t low, uint32_t high);

static void
count_pair(struct chordal *c, uint32_t low, uint32_t high)
{
	(void)high;
	c->near_first[low + 2]++;
}

static void
keep_pair(struct chordal *c, uint32_t low, uint32_t high)
{
	c->near[c->near_first[low + 1]++] = high;
}

static void
visit_one(struct chordal *c, uint32_t a, uint32_t b, visit_pair *visit)
{
	if (a < b)
		visit(c, a, b);
	else if (b < a)
		visit(c, b, a);
}

static void
visit_pairs(struct chordal *c, const struct builder *b, const uint32_t *rank, visit_pair *visit)
{
	for (uint32_t v = 0; v < c->n; v++)
		for (uint32_t e = *BUILT(b, turn_first, uint32_t, v); e < *BUILT(b, turn_first, uint32_t, v + 1); e++)
			visit_one(c, rank[v], rank[BUILT(b, turns, struct road_turn_edge, e)->to], visit);
	for (size_t s = 0; s < b->segments.n; s++) {
		uint32_t end = *BUILT(b, segment_vertex, uint32_t, s + 1);
		for (uint32_t v = *BUILT(b, segment_vertex, uint32_t, s); v + 1 < end; v++)
			visit_one(c, rank[v], rank[v + 1], visit);
	}
}

static int
compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void
add_neighbour(struct chordal *c, uint32_t v, uint32_t w)
{
	if (w == v || c->mark[w] == v + 1)
		return;
	c->mark[w] = v + 1;
	vec_push_u32(&c->head, w);
}

static void
eliminate(struct chordal *c, uint32_t v)
{
	uint32_t from = (uint32_t)c->head.n;
	vec_push_u32(&c->first, from);
	for (uint32_t e = c->near_first[v]; e < c->near_first[v + 1]; e++)
		add_neighbour(c, v, c->near[e]);
	for (uint32_t child = c->child[v]; child != ROAD_NONE; child = c->sibling[child]) {
		uint32_t lo = *VEC_AT(&c->first, uint32_t, child);
		uint32_t hi = *VEC_AT(&c->first, uint32_t, child + 1);
		for (uint32_t e = lo; e < hi; e++)
			add_neighbour(c, v, *VEC_AT(&c->head, uint32_t, e));
	}
	uint32_t *mine = VEC_AT(&c->head, uint32_t, from);
	size_t n = c->head.n - from;
	if (n == 0) {
		c->parent[v] = ROAD_NONE;
		return;
	}
	qsort(mine, n, sizeof *mine, compare_u32);
	c->parent[v] = mine[0];
	c->sibling[v] = c->child[mine[0]];
	c->child[mine[0]] = v;
}

static void
put(struct road_sections *out, enum road_section s, const void *at, size_t n)
{
	out->at[s] = at;
	out->n[s] = n;
}

/* Per turn: its chordal arc << 1 | (it leads down); ROAD_NONE: back to its own vertex. */
static uint32_t *
turn_arcs(const struct builder *b, const uint32_t *first, const uint32_t *head, const uint32_t *rank)
{
	uint32_t *arc = NEW_ARRAY(b->sc, b->turns.n + 1, uint32_t);
	for (uint32_t v = 0; v < b->vertices.n; v++) {
		for (uint32_t e = *BUILT(b, turn_first, uint32_t, v); e < *BUILT(b, turn_first, uint32_t, v + 1); e++) {
			uint32_t from = rank[v];
			uint32_t to = rank[BUILT(b, turns, struct road_turn_edge, e)->to];
			uint32_t low = from < to ? from : to;
			uint32_t high = from < to ? to : from;
			arc[e] = ROAD_NONE;
			if (low == high)
				continue;
			const uint32_t *hit =
			    bsearch(&high, head + first[low], first[low + 1] - first[low], sizeof high, compare_u32);
			arc[e] = (uint32_t)(hit - head) << 1 | (from > to);
		}
	}
	return arc;
}

/* What queries want to know of the tree: depths, which chordal arc a turn is,
 * and the chordal arcs that end at a vertex. */
static void
put_tree(struct builder *b, struct chordal *c, const uint32_t *rank, struct road_sections *out)
{
	size_t m = c->head.n;
	const uint32_t *first = VEC_AT(&c->first, uint32_t, 0);
	const uint32_t *head = VEC_AT(&c->head, uint32_t, 0);
	uint32_t *depth = NEW_ARRAY(b->sc, c->n, uint32_t);
	uint32_t *vertex = NEW_ARRAY(b->sc, c->n, uint32_t);
	uint32_t *up_depth = NEW_ARRAY(b->sc, m, uint32_t);
	uint32_t *tail = NEW_ARRAY(b->sc, m, uint32_t);
	uint32_t *down_first = NEW_ARRAY(b->sc, c->n + 2, uint32_t);
	uint32_t *down = NEW_ARRAY(b->sc, m, uint32_t);
	for (uint32_t v = 0; v < c->n; v++)
		vertex[rank[v]] = v;
	for (uint32_t v = c->n; v-- > 0;)
		depth[v] = c->parent[v] == ROAD_NONE ? 0 : depth[c->parent[v]] + 1;
	for (uint32_t v = 0; v < c->n; v++) {
		for (uint32_t e = first[v]; e < first[v + 1]; e++) {
			up_depth[e] = depth[head[e]];
			tail[e] = v;
			down_first[head[e] + 2]++;
		}
	}
	for (size_t v = 2; v < c->n + 2; v++)
		down_first[v] += down_first[v - 1];
	for (uint32_t e = 0; e < m; e++)
		down[down_first[head[e] + 1]++] = e;
	put(out, SECTION_DEPTH, depth, c->n);
	put(out, SECTION_RANK_VERTEX, vertex, c->n);
	put(out, SECTION_UP_DEPTH, up_depth, m);
	put(out, SECTION_UP_TAIL, tail, m);
	put(out, SECTION_DOWN_FIRST, down_first, c->n + 1);
	put(out, SECTION_DOWN, down, m);
	put(out, SECTION_TURN_ARC, turn_arcs(b, first, head, rank), b->turns.n);
}

static void
build_chordal(struct builder *b, const uint32_t *rank, struct road_sections *out)
{
	struct scope *sc = b->sc;
	struct chordal *c = NEW(sc, struct chordal);
	c->n = (uint32_t)b->vertices.n;
	c->near_first = NEW_ARRAY(sc, c->n + 2, uint32_t);
	visit_pairs(c, b, rank, count_pair);
	for (uint32_t i = 2; i < c->n + 2; i++)
		c->near_first[i] += c->near_first[i - 1];
	c->near = NEW_ARRAY(sc, c->near_first[c->n + 1] + 1, uint32_t);
	visit_pairs(c, b, rank, keep_pair);
	c->parent = NEW_ARRAY(sc, c->n, uint32_t);
	c->child = NEW_ARRAY(sc, c->n, uint32_t);
	c->sibling = NEW_ARRAY(sc, c->n, uint32_t);
	c->mark = NEW_ARRAY(sc, c->n, uint32_t);
	memset(c->child, 0xff, c->n * sizeof *c->child);
	vec_init(&c->first, sc, sizeof(uint32_t));
	vec_init(&c->head, sc, sizeof(uint32_t));
	for (uint32_t v = 0; v < c->n; v++)
		eliminate(c, v);
	vec_push_u32(&c->first, (uint32_t)c->head.n);
	put_tree(b, c, rank, out);
	put(out, SECTION_RANK, rank, c->n);
	put(out, SECTION_UP_FIRST, c->first.at, c->first.n);
	put(out, SECTION_UP_HEAD, c->head.at, c->head.n);
	put(out, SECTION_PARENT, c->parent, c->n);
}

uint32_t
build_order(struct builder *b, struct road_sections *out)
{
	struct order *o = NEW(b->sc, struct order);
	order_init(o, b);
	dissect(o);
	build_chordal(b, o->rank, out);
	uint32_t deepest = 0;
	for (size_t v = 0; v < out->n[SECTION_DEPTH]; v++) {
		uint32_t depth = ((const uint32_t *)out->at[SECTION_DEPTH])[v];
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest;
}
