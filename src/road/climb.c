#include "road/climb.h"

#include <assert.h>

static const int32_t *
row_of(const struct climb *c, const struct road *road, uint32_t rank)
{
	return c->rows + road->core_row[rank];
}

/* --- up ---------------------------------------------------------------------------- */

/* The chain inside the cell. What its vertices will want is sent for at once: one
 * after the other they would each wait for memory. */
static void
find_cell(struct climb *c, struct scope *sc, const struct road *road)
{
	uint32_t v = c->lowest;
	c->n = c->cell = road->depth[v] + 1;
	c->chain = NEW_ARRAY(sc, c->n, uint32_t);
	while (v != ROAD_NONE && road->core_row[v] == ROAD_NONE) {
		c->chain[--c->cell] = v;
		__builtin_prefetch(&road->up_first[v]);
		__builtin_prefetch(&road->run_first[v]);
		uint32_t up = road->parent[v];
		v = up == v + 1 ? v + 1 : up; /* mostly the next: to guess it is faster than to wait for it */
	}
	for (uint32_t d = c->n; d-- > c->cell;) {
		__builtin_prefetch(&c->weight[road->up_first[c->chain[d]]]);
		__builtin_prefetch(&road->run[road->run_first[c->chain[d]]]);
	}
}

static void
climb_arcs(struct climb *c, struct scope *sc, const struct road *road, bool keep_way)
{
	const struct kernels *k = kernels_pick();
	if (!keep_way) {
		k->climb_narrow(road, c->chain, c->n, c->cell, c->weight, c->by_depth);
		return;
	}
	c->last = kernels_array(sc, c->n, sizeof *c->last);
	memset(c->last, 0xff, c->n * sizeof *c->last);
	for (uint32_t d = c->n; d-- > c->cell;)
		if (c->by_depth[d] < NARROW_INFINITE)
			k->step(road, c->chain[d], c->by_depth[d], c->weight, c->by_depth, c->last);
}

static void
enter(struct climb *c, const struct road *road, uint32_t rank)
{
	int32_t ms = c->by_depth[road->depth[rank]];
	if (ms < NARROW_INFINITE)
		c->entry[c->n_entries++] = (struct climb_entry){rank, ms};
}

/* The point's own vertices in the core, and the higher neighbours of the cell's top. */
static void
list_entries(struct climb *c, struct scope *sc, const struct road *road, const struct road_point *p)
{
	uint32_t top = c->cell < c->n ? c->chain[c->cell] : ROAD_NONE;
	uint32_t arc = top == ROAD_NONE ? 0 : road->up_first[top];
	uint32_t end = top == ROAD_NONE ? 0 : road->up_first[top + 1];
	uint32_t v = road->segment_vertex[p->segment];
	uint32_t v_end = road->segment_vertex[p->segment + 1];
	c->entry = NEW_ARRAY(sc, v_end - v + end - arc, struct climb_entry);
	for (; v < v_end; v++)
		if (road->core_row[road->rank[v]] != ROAD_NONE)
			enter(c, road, road->rank[v]);
	for (; arc < end; arc++)
		enter(c, road, road->up_head[arc]);
}

void
climb_begin(struct climb *c, struct scope *sc, const struct road *road, const struct road_metric *metric,
	    const struct road_point *p, bool leaves)
{
	const struct cch_narrow *w = cch_narrow_of(road, metric);
	*c = (struct climb){.weight = leaves ? w->up : w->down, .rows = w->core[leaves ? 0 : 1]};
	c->lowest = label_lowest(road, p);
	find_cell(c, sc, road);
}

void
climb_cell(struct climb *c, struct scope *sc, const struct road *road, const struct road_metric *metric,
	   const struct road_point *p, bool leaves, bool keep_way)
{
	c->by_depth = kernels_array(sc, c->n, sizeof *c->by_depth);
	label_start_narrow(road, metric, p, leaves, c->n, c->by_depth);
	climb_arcs(c, sc, road, keep_way);
	list_entries(c, sc, road, p);
}

void
climb_core(const struct climb *c, const struct road *road, uint32_t common)
{
	const struct kernels *k = kernels_pick();
	uint32_t most = common < c->cell ? common : c->cell;
	for (uint32_t i = 0; i < c->n_entries; i++) {
		const struct climb_entry *e = &c->entry[i];
		uint32_t n = road->depth[e->rank] + 1;
		k->row_narrow(c->by_depth, row_of(c, road, e->rank), e->ms, n < most ? n : most);
	}
}

/* --- and down again ---------------------------------------------------------------- */

/* The entry by which the vertex at this depth is reached. */
static uint32_t
find_entry(const struct climb *c, const struct road *road, uint32_t depth)
{
	for (uint32_t i = 0; i < c->n_entries; i++) {
		uint32_t r = c->entry[i].rank;
		if (road->depth[r] >= depth && c->entry[i].ms + row_of(c, road, r)[depth] == c->by_depth[depth])
			return r;
	}
	assert(false && "a value of the label came by no entry");
	return ROAD_NONE;
}

/* The arc of a vertex that its row took to this depth. */
static uint32_t
find_arc(const struct climb *c, const struct road *road, uint32_t rank, uint32_t depth)
{
	int32_t ms = row_of(c, road, rank)[depth];
	for (uint32_t e = road->up_first[rank]; e < road->up_first[rank + 1] && road->up_depth[e] >= depth; e++)
		if (c->weight[e] < NARROW_INFINITE && c->weight[e] + row_of(c, road, road->up_head[e])[depth] == ms)
			return e;
	assert(false && "a row is the least over its vertex's arcs");
	return ROAD_NONE;
}

uint32_t
climb_way(const struct climb *c, const struct road *road, uint32_t depth, uint32_t *arcs, uint32_t *first)
{
	uint32_t n = 0;
	uint32_t rank = depth < c->cell ? find_entry(c, road, depth) : c->chain[depth];
	uint32_t bottom = road->depth[rank];
	for (uint32_t v = rank; road->depth[v] != depth; v = road->up_head[arcs[n - 1]])
		arcs[n++] = find_arc(c, road, v, depth);
	for (uint32_t i = 0; i < n / 2; i++) {
		uint32_t swap = arcs[i];
		arcs[i] = arcs[n - 1 - i];
		arcs[n - 1 - i] = swap;
	}
	for (uint32_t d = bottom; c->last[d] >= 0; d = road->depth[rank]) {
		arcs[n++] = (uint32_t)c->last[d];
		rank = road->up_tail[c->last[d]];
	}
	*first = rank;
	return n;
}
