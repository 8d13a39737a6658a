/* road/kernels: the inner loops of labels and of the matrix, for
 * what the processor can. Private to the room.
 *
 * All kernels are minima of sums. An array "by depth" holds a value per depth of
 * the elimination tree along one path to the root. The arcs of a vertex go to
 * few runs of depths (road_chordal.c), so many are relaxed at an instruction.
 * For that
 *	- arrays by depth have room for a multiple of LANES elements and begin at a
 *	  multiple of 64 bytes: kernels_array();
 *	- weights may be read LANES - 1 elements before their first and behind their
 *	  last one; what is read there has no effect.
 *
 * In the matrix LANES labels lie side by side: row d holds their values at
 * depth d. */
#ifndef ROAD_KERNELS_H
#define ROAD_KERNELS_H

#include "road/road_map.h"

#define LANES 16

struct kernels {
	const char *name;
	/* From depth n - 1 of a chain down to depth `stop`: every arc of chain[d]
	 * carries by_depth[d], plus its weight, to its head's depth. */
	void (*climb_narrow)(const struct road *road, const uint32_t *chain, uint32_t n, uint32_t stop,
			     const int32_t *weight, int32_t *by_depth);
	void (*climb_wide)(const struct road *road, const uint32_t *chain, uint32_t n, uint32_t stop,
			   const int64_t *weight, int64_t *by_depth);
	/* into[d] = min(into[d], add + row[d]) for d < n, by whole multiples of LANES */
	void (*row_narrow)(int32_t *into, const int32_t *row, int32_t add, uint32_t n);
	/* One vertex of a climb; last[] keeps the arc that brought each value. */
	void (*step)(const struct road *road, uint32_t v, int32_t mine, const int32_t *weight, int32_t *by_depth,
		     int32_t *last);
	/* From the deepest of n shared vertices to the root: every arc of
	 * chain[d] carries row d's values, plus its weight, to its head's row. */
	void (*sweep_narrow)(int32_t *rows, const uint32_t *chain, uint32_t n, const uint32_t *first,
			     const uint32_t *head_depth, const int32_t *weight);
	void (*sweep_wide)(int64_t *rows, const uint32_t *chain, uint32_t n, const uint32_t *first,
			   const uint32_t *head_depth, const int64_t *weight);
	/* cells[i * LANES + k] = min over d < n of from[d][i] + to[d][k] */
	void (*cells_narrow)(const int32_t *from, const int32_t *to, uint32_t n, int32_t *cells);
	void (*cells_wide)(const int64_t *from, const int64_t *to, uint32_t n, int64_t *cells);
	/* min over d < n of a[d] + b[d]; `start` for n = 0 */
	int32_t (*least_narrow)(const int32_t *a, const int32_t *b, uint32_t n, int32_t start);
	int64_t (*least_wide)(const int64_t *a, const int64_t *b, uint32_t n, int64_t start);
};

#define NARROW_INFINITE ((int32_t)ROAD_INFINITE)
#define WIDE_INFINITE ((int64_t)ROAD_INFINITE << 32)

/* A zeroed array of n values by depth; like scope_array and scope_try_array. */
void *kernels_array(struct scope *sc, size_t n, size_t size);
MUST_USE enum code kernels_try_array(struct scope *sc, size_t n, size_t size, void **out);

/* Up to the next place where an array by depth may begin; 63 bytes further at most. */
void *kernels_align(void *p);

/* The best that runs here. */
const struct kernels *kernels_pick(void);

extern const struct kernels kernels_portable;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#endif

#endif
