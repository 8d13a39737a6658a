#include "road/trip.h"

void
trip_find(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	  const struct road_point *to, struct trip *out)
{
	struct dijkstra d;
	dijkstra_init(&d, sc, road, metric);
	dijkstra_trip(&d, sc, from, to, out);
}

uint32_t
trip_cost(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *from,
	  const struct road_point *to)
{
	struct trip t;
	trip_find(sc, road, metric, from, to, &t);
	return t.cost_ms;
}
