/* road/match_bench: how well map matching does on tracks whose truth is known:
 * random drives under disturbed speeds, sampled and blurred. */
#ifndef ROAD_MATCH_BENCH_H
#define ROAD_MATCH_BENCH_H

#include "base/text.h"
#include "road/road.h"

struct road_match_cell {
	double sigma_m;
	int interval_s;
	double error;	     /* (missed + wrongly added metres) / driven metres */
	double us_per_point; /* CPU time */
	double stream_us;    /* the same points pushed one by one, per point */
	double delay;	     /* how many fixes later a fix is settled then, in the mean */
	double hurried;	     /* share of fixes that the lag decided */
	size_t points;
};

/* cells: 9 of them, σ 5, 10, 20 m by 5, 15, 30 s. tracks_out (NULL: none): what was asked, for other matchers, a
 * line each: {"cell":0…8,"driven_m":…,"ends":[[OSM node, …], …],"fixes":[[lon,lat,ms,sigma], …],
 * "annotation":{"nodes":…,"distance":…}}; `ends` are the nodes of the first and last segment, of which the drive
 * has a part only. */
MUST_USE enum code road_match_bench(struct scope *sc, const struct road *road, size_t tracks, uint64_t seed,
				    struct road_match_cell cells[static 9], struct text *tracks_out);

#endif
