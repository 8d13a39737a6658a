/* road/reach_inner: what a reach holds. Private to the room. */
#ifndef ROAD_REACH_INNER_H
#define ROAD_REACH_INNER_H

#include "road/metric.h"
#include "road/reach.h"

struct road_reach {
	const struct road *road;
	const struct road_metric *metric;
	struct road_point from;
	uint32_t budget_ms;
	/* Per vertex, ms until its arc begins; ROAD_INFINITE beyond the budget. The
	 * source's own arcs too: by a way around. As struct dijkstra has it. */
	uint32_t *cost;
	uint32_t n_scanned; /* vertices whose arcs were looked at */
};

/* A part of an arc that is reached: fraction `from` of it `at_ms` after the
 * start, the rest up to `to` at the arc's own pace. */
struct reached {
	uint32_t arc;
	uint32_t from, to;
	uint32_t at_ms;
};
/* Calls visit for each, on arcs where a trip may end. */
void reach_visit(const struct road_reach *reach, void (*visit)(void *arg, const struct reached *part), void *arg);

#endif
