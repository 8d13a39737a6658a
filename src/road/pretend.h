/* road/pretend: a city that is not as its map says, for simulations and tests.
 *
 * By class and hour (a morning and an evening rush that main streets feel most),
 * by neighbourhood and by street, slower than the map or sometimes faster, as a
 * seed has it: the same seed is the same city. What learns from drives there is
 * told nothing of how it was made up. */
#ifndef ROAD_PRETEND_H
#define ROAD_PRETEND_H

#include "road/road.h"

/* hour: road_hour_of(). The caller frees it: road_metric_free(). */
MUST_USE enum code road_pretend_metric(struct scope *sc, const struct road *road, uint64_t seed, unsigned hour,
				       struct road_metric **out);
/* 0 … 1, the same for the same seed and place; places within `side_e7` of each other share it. */
double road_pretend_share(uint64_t seed, struct place at, int32_t side_e7);

#endif
