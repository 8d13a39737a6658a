/* road/cch: customisable contraction hierarchies (Dibbelt, Strasser, Wagner
 * 2014) on the turn graph. Private to the room.
 *
 * The order and the chordal graph are made once, at import. A metric then gives
 * each chordal arc two weights: `up` from its lower to its higher end, `down`
 * back. Customising takes the turns' weights and relaxes every lower triangle,
 * so that each weight is the least over all ways through lower vertices.
 *
 * Weights come in two widths. Narrow: int32 ms. Wide: int64, ms << 32 plus
 * decimetres: sums and minima of these keep the distance along the fastest way
 * (and, among equally fast ones, the shortest), at twice the memory.
 *
 * Ranks, not vertex numbers, throughout. */
#ifndef ROAD_CCH_H
#define ROAD_CCH_H

#include "road/kernels.h"
#include "road/metric.h"

/* A label may begin below zero by a part of one arc, so sums with one infinite
 * part can lie a little below infinity; true costs stay below this. */
#define NARROW_REACHED (NARROW_INFINITE - (1 << 28))
#define WIDE_REACHED ((int64_t)NARROW_REACHED << 32)

struct cch_narrow {
	int32_t *up, *down; /* with room around them, as kernels.h wants it */
	void *memory;
	int32_t *core[2]; /* rows from a vertex up, and back down to it: core.h */
	void *core_memory;
};
struct cch_wide {
	int64_t *up, *down;
	void *memory;
};

/* Fresh weights, made by that many threads; the same to the bit for any number.
 * The caller frees `memory`; cch_narrow_release() does. */
void cch_customise_narrow(const struct road *road, const uint32_t *arc_ms, unsigned threads, struct cch_narrow *out);
void cch_customise_wide(const struct road *road, const uint32_t *arc_ms, unsigned threads, struct cch_wide *out);

/* Heap memory, or the end of the process. */
void *cch_allocate(size_t n, size_t size);
void cch_narrow_release(struct cch_narrow *w);

/* The metric's weights, customised at their first use; any thread. */
const struct cch_narrow *cch_narrow_of(const struct road *road, const struct road_metric *metric);
const struct cch_wide *cch_wide_of(const struct road *road, const struct road_metric *metric);

#endif
