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
/* ms; ROAD_INFINITE: no turn leads from v to next. */
uint32_t turn_cost_between(const struct road *road, uint32_t v, uint32_t next);
/* A trip as something to drive: its legs, then the steps made of them (steps.c). */
void path_legs(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct trip *t,
	       const struct road_point *from, const struct road_point *to, struct road_path *out);
void path_steps(struct scope *sc, const struct road *road, const struct road_point *to, struct road_path *path);
void path_from_trip(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct trip *t,
		    const struct road_point *from, const struct road_point *to, struct road_path *out);
/* Paths driven one after another as one; `to` is where the last one ends. */
void paths_as_one(struct scope *sc, const struct road *road, const struct road_path *paths, size_t n,
		  const struct road_point *to, struct road_path *out);

#endif
