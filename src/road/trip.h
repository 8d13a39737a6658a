/* road/trip: from two points to the vertices between them. Private to the room. */
#ifndef ROAD_TRIP_H
#define ROAD_TRIP_H

#include "road/dijkstra.h"
#include "road/vec.h"

/* out->cost_ms is ROAD_INFINITE where there is no way. */
void trip_find(struct scope *sc, const struct road *road, const struct road_metric *metric,
	       const struct road_point *from, const struct road_point *to, struct trip *out);
/* Only what it costs, ms. */
uint32_t trip_cost(struct scope *sc, const struct road *road, const struct road_metric *metric,
		   const struct road_point *from, const struct road_point *to);
void path_from_trip(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct trip *t,
		    const struct road_point *from, const struct road_point *to, struct road_path *out);

#endif
