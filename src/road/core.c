#include "road/core.h"

#define ALIGNMENT 64u

size_t
core_bytes(const struct road *road)
{
	return (size_t)road->head->core_cells * 2 * sizeof(int32_t);
}

static void
make_row(const struct road *road, const struct kernels *k, uint32_t v, const int32_t *weight, int32_t *rows)
{
	uint32_t depth = road->depth[v];
	int32_t *row = rows + road->core_row[v];
	for (uint32_t d = 0; d < (depth / LANES + 1) * LANES; d++)
		row[d] = NARROW_INFINITE;
	row[depth] = 0;
	for (uint32_t e = road->up_first[v]; e < road->up_first[v + 1]; e++)
		if (weight[e] < NARROW_INFINITE)
			k->row_narrow(row, rows + road->core_row[road->up_head[e]], weight[e], road->up_depth[e] + 1);
}

void
core_make(const struct road *road, struct cch_narrow *w)
{
	const struct kernels *k = kernels_pick();
	size_t cells = road->head->core_cells;
	w->core_memory = cch_allocate(2 * cells + ALIGNMENT / sizeof(int32_t), sizeof(int32_t));
	w->core[0] = kernels_align(w->core_memory);
	w->core[1] = w->core[0] + cells;
	for (uint32_t v = (uint32_t)road->n[SECTION_VERTEX]; v-- > 0;) {
		if (road->core_row[v] == ROAD_NONE)
			continue;
		make_row(road, k, v, w->up, w->core[0]);
		make_row(road, k, v, w->down, w->core[1]);
	}
}
