/* The chordal graph of an elimination order, and its tree.
 *
 * Each vertex, lowest first, ties its higher neighbours to each other. The lowest
 * of these is its parent in the elimination tree, all of them are its ancestors,
 * so a depth names each. The vertices of one segment are tied too, so that they
 * lie on one path to the root: a point on a street then has one label.
 *
 * The neighbours of a vertex, by falling depth, mostly follow on each other: the
 * rest of its own cut, a stretch of the next. Such a *run* {depth, n} stands for
 * n arcs in a row, whose heads lie at depth, depth - 1, …, depth - n + 1. Queries
 * walk runs, many arcs at an instruction (kernels.h).
 */
#include "road/kernels.h"
#include "road/road_build.h"

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

static uint32_t *
depths_of(const struct chordal *c, struct scope *sc, uint32_t *deepest)
{
	uint32_t *depth = NEW_ARRAY(sc, c->n, uint32_t);
	*deepest = 0;
	for (uint32_t v = c->n; v-- > 0;) {
		depth[v] = c->parent[v] == ROAD_NONE ? 0 : depth[c->parent[v]] + 1;
		*deepest = depth[v] > *deepest ? depth[v] : *deepest;
	}
	return depth;
}

static void
put_runs(struct builder *b, const struct chordal *c, const uint32_t *up_depth, struct road_sections *out)
{
	size_t m = c->head.n;
	const uint32_t *first = VEC_AT(&c->first, uint32_t, 0);
	uint32_t *run_first = NEW_ARRAY(b->sc, c->n + 1, uint32_t);
	struct road_run *runs = NEW_ARRAY(b->sc, m, struct road_run);
	uint32_t n = 0;
	for (uint32_t v = 0; v < c->n; v++) {
		run_first[v] = n;
		for (uint32_t e = first[v]; e < first[v + 1]; e++) {
			if (e > first[v] && up_depth[e] + 1 == up_depth[e - 1])
				runs[n - 1].n++;
			else
				runs[n++] = (struct road_run){(uint16_t)up_depth[e], 1};
		}
	}
	run_first[c->n] = n;
	put(out, SECTION_RUN_FIRST, run_first, c->n + 1);
	put(out, SECTION_RUN, runs, n);
}

#define CELL_MAX 1024u /* vertices of a subtree below the core, mostly; fewer in a small extract */
#define CELLS_MIN 16u

/* Rows for all whose subtree has at least `least` vertices. */
static size_t
number_rows(const struct chordal *c, const uint32_t *depth, const uint32_t *size, uint32_t least, uint32_t *row)
{
	size_t cells = 0;
	for (uint32_t v = 0; v < c->n; v++) {
		row[v] = size[v] >= least && cells < ROAD_NONE ? (uint32_t)cells : ROAD_NONE;
		if (size[v] >= least)
			cells += (depth[v] / LANES + 1) * LANES;
	}
	return cells;
}

/* The core: the top of the tree, as far down as its rows take half of what the
 * weights do. A row is as long as its vertex is deep, rounded up to vectors. */
static void
put_core(struct builder *b, const struct chordal *c, const uint32_t *depth, struct road_sections *out,
	 struct road_head *head)
{
	uint32_t *size = NEW_ARRAY(b->sc, c->n, uint32_t);
	uint32_t *row = NEW_ARRAY(b->sc, c->n, uint32_t);
	uint32_t *end = NEW_ARRAY(b->sc, c->n, uint32_t);
	for (uint32_t v = 0; v < c->n; v++) {
		size[v]++;
		if (c->parent[v] != ROAD_NONE)
			size[c->parent[v]] += size[v];
	}
	uint32_t least = c->n / CELLS_MIN < CELL_MAX ? c->n / CELLS_MIN + 1 : CELL_MAX;
	size_t cells = number_rows(c, depth, size, least, row);
	while (cells > c->head.n / 2 && least < UINT32_MAX / 2)
		cells = number_rows(c, depth, size, least *= 2, row);
	for (uint32_t v = c->n; v-- > 0;)
		end[v] = c->parent[v] == v + 1 ? end[v + 1] : v;
	head->core_cells = (uint32_t)cells;
	put(out, SECTION_CORE_ROW, row, c->n);
	put(out, SECTION_CHAIN_END, end, c->n);
}

/* What queries want to know of the tree: depths, which chordal arc a turn is,
 * and the chordal arcs that end at a vertex. */
static void
put_tree(struct builder *b, struct chordal *c, const uint32_t *rank, const uint32_t *depth, struct road_sections *out)
{
	size_t m = c->head.n;
	const uint32_t *first = VEC_AT(&c->first, uint32_t, 0);
	const uint32_t *head = VEC_AT(&c->head, uint32_t, 0);
	uint32_t *vertex = NEW_ARRAY(b->sc, c->n, uint32_t);
	uint32_t *up_depth = NEW_ARRAY(b->sc, m, uint32_t);
	uint32_t *tail = NEW_ARRAY(b->sc, m, uint32_t);
	uint32_t *down_first = NEW_ARRAY(b->sc, c->n + 2, uint32_t);
	uint32_t *down = NEW_ARRAY(b->sc, m, uint32_t);
	for (uint32_t v = 0; v < c->n; v++)
		vertex[rank[v]] = v;
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
	put_runs(b, c, up_depth, out);
	put(out, SECTION_TURN_ARC, turn_arcs(b, first, head, rank), b->turns.n);
}

enum code
build_chordal(struct builder *b, const uint32_t *rank, struct road_sections *out, struct road_head *head)
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
	for (uint32_t v = 0; v < c->n; v++) {
		eliminate(c, v);
		if (c->head.n > UINT32_MAX / 4)
			return fail(sc, E_LIMIT, "more streets than a road file holds");
	}
	vec_push_u32(&c->first, (uint32_t)c->head.n);
	uint32_t *depth = depths_of(c, sc, &head->max_depth);
	if (head->max_depth > UINT16_MAX)
		return fail(sc, E_LIMIT, "no small cuts: the tree of its streets is %u deep", head->max_depth);
	put_tree(b, c, rank, depth, out);
	put_core(b, c, depth, out, head);
	put(out, SECTION_RANK, rank, c->n);
	put(out, SECTION_UP_FIRST, c->first.at, c->first.n);
	put(out, SECTION_UP_HEAD, c->head.at, c->head.n);
	put(out, SECTION_PARENT, c->parent, c->n);
	return OK;
}
