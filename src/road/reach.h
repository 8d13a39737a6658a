/* road/reach: from one point to everywhere, exact and turn-aware.
 *
 * The source's label (label.h) gives its distances up the elimination tree. All
 * others follow in one sweep down the order: a vertex's distance is the least
 * over its higher neighbours, which are done by then (PHAST; Delling, Goldberg,
 * Nowatzyk, Werneck 2011). With a budget, what hangs below neighbours that are
 * all too far is passed over without a look at its arcs.
 *
 *	struct road_reach *reach;
 *	TRY(road_reach(sc, road, metric, &from, 9000, &reach));	a quarter of an hour
 *	int32_t ds = road_reach_ds(reach, &to);
 */
#ifndef ROAD_REACH_H
#define ROAD_REACH_H

#include "road/road.h"

struct road_reach;

/* Everything within budget_ds of `from`; ROAD_UNREACHABLE: everything. Lives as
 * long as the scope, the road and the metric.
 * E_MEMORY  beyond what the scope may take. */
MUST_USE enum code road_reach(struct scope *sc, const struct road *road, const struct road_metric *metric,
			      const struct road_point *from, int32_t budget_ds, struct road_reach **out);
/* How long to a point; ROAD_UNREACHABLE: beyond the budget, or no way. The same
 * number as a matrix cell. */
int32_t road_reach_ds(const struct road_reach *reach, const struct road_point *to);

/* Which of many points are within the budget, nearest first. */
struct road_near {
	size_t index;
	int32_t duration_ds;
};
MUST_USE enum code road_reach_points(struct scope *sc, const struct road_reach *reach, const struct road_point *points,
				     size_t n, struct road_near **out, size_t *n_out);

#endif
