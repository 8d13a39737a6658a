/* road/metric: durations of arcs, and what the fast queries derive from them.
 * Private to the room.
 *
 * A bucket is one 64-bit word, slot << 32 | taken. To take a metric is one
 * fetch-and-add on it, which counts the taker and reads the slot in the same
 * instant; to drop it counts down in the metric. A swap exchanges the word and
 * adds what was taken through it to the old metric's count, which then falls to
 * zero exactly when the last taker drops it. No query ever waits, none reads a
 * metric that was freed, none sees two. */
#ifndef ROAD_METRIC_H
#define ROAD_METRIC_H

#include <pthread.h>

#include "road/road_map.h"

#define METRIC_SLOTS 1024u

struct cch_narrow;
struct cch_wide;

struct road_metric {
	const uint32_t *arc_ms;
	bool owns_arc_ms;
	struct cch_narrow *_Atomic narrow; /* owned; made at their first use: cch.h */
	struct cch_wide *_Atomic wide;
	_Atomic int64_t users;
	uint32_t slot;
};

struct road_metrics {
	const struct road *road;
	struct road_metric base;	/* the extract's own; customised at its first use */
	pthread_mutex_t slots_lock;	/* swaps only */
	pthread_mutex_t customise_lock; /* first uses only */
	_Atomic uint64_t bucket[ROAD_BUCKETS];
	struct road_metric *_Atomic slot[METRIC_SLOTS]; /* 0 is no metric */
};

struct road_metrics *road_metrics_new(const struct road *road);
void road_metrics_free(struct road_metrics *m);
/* NULL becomes the extract's own. */
const struct road_metric *road_metric_or_base(const struct road *road, const struct road_metric *metric);

#endif
