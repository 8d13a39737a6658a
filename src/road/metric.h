/* road/metric: durations of arcs, and what the fast queries derive from them.
 * Private to the room.
 *
 * A bucket's metric is exchanged while queries run: handover.h. */
#ifndef ROAD_METRIC_H
#define ROAD_METRIC_H

#include "road/handover.h"
#include "road/road_map.h"

struct cch_narrow;
struct cch_wide;

struct road_metric {
	struct handed hand;
	const uint32_t *arc_ms;
	bool owns_arc_ms;
	struct cch_narrow *_Atomic narrow; /* owned; made at their first use: cch.h */
	struct cch_wide *_Atomic wide;
};

struct road_metrics {
	const struct road *road;
	unsigned threads;		/* that customise */
	struct road_metric base;	/* the extract's own; customised at its first use */
	pthread_mutex_t customise_lock; /* first uses only */
	_Atomic uint64_t bucket[ROAD_BUCKETS];
	struct handover handover;
};

struct road_metrics *road_metrics_new(const struct road *road);
void road_metrics_free(struct road_metrics *m);
/* NULL becomes the extract's own. */
const struct road_metric *road_metric_or_base(const struct road *road, const struct road_metric *metric);

#endif
