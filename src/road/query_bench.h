/* road/query_bench: one to all, areas and departures: are they exact, how fast
 * are they? Held against plain searches; CPU time of the calling thread. */
#ifndef ROAD_QUERY_BENCH_H
#define ROAD_QUERY_BENCH_H

#include "road/week.h"

struct road_query_plan {
	int64_t queries;
	int64_t seed;
	const struct road_speeds *speeds; /* NULL: no departures */
};

struct road_query_result {
	int64_t compared, mismatches; /* vertices, then trips */
	double reach_ms, reach_15_ms, dijkstra_ms, isochrone_ms;
	double depart_us;	   /* a departure between 7 and 19 h on a working day */
	double depart_crossing_us; /* of those, trips that pass from one hour into the next */
	double crossing_share;
	double plain_us;	 /* the plain search for the same departures */
	double slice_error_mean; /* road_slices against the exact duration, relative */
	double slice_error_95;
	double slice_error_max;
};

MUST_USE enum code road_query_bench(struct scope *sc, const struct road *road, const struct road_query_plan *plan,
				    struct road_query_result *out);

#endif
