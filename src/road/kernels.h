/* road/kernels: the three inner loops of the matrix, for what the processor
 * can. Private to the room.
 *
 * LANES labels lie side by side: row d holds their values at depth d of the
 * elimination tree. All kernels are minima of sums. */
#ifndef ROAD_KERNELS_H
#define ROAD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define LANES 16

struct kernels {
	const char *name;
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

/* The best that runs here. */
const struct kernels *kernels_pick(void);

extern const struct kernels kernels_portable;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#endif

#endif
