/* road/bench: is the engine exact, and how fast is it? Every query is held
 * against the plain turn-aware Dijkstra search, on the extract's own metric and
 * on random ones; times are CPU time of the calling thread, the best of several
 * rounds. */
#ifndef ROAD_BENCH_H
#define ROAD_BENCH_H

#include "road/road.h"

struct road_bench_plan {
	int64_t queries; /* pairs per metric */
	int64_t matrix;	 /* its side */
	int64_t metrics; /* random ones, beside the extract's own */
	int64_t threads; /* for customise_wall_ms */
	int64_t seed;
};

struct road_bench_result {
	int64_t compared, mismatches;
	double matrix_ms, matrix_100_ms;
	double query_us; /* duration only, points given */
	double path_us;	 /* with its vertices */
	double route_us; /* with steps and geometry, as JSON, snapping included */
	double customise_ms;
	double customise_wall_ms; /* by plan.threads at once: time on the clock, the best of several rounds */
	double snap_us;
	double dijkstra_us;
	double bytes_per_metric;
	const char *kernel; /* "avx512", … */
};

MUST_USE enum code road_bench(struct scope *sc, struct road *road, const struct road_bench_plan *plan,
			      struct road_bench_result *out);

/* Nothing but exactness, for many pairs: the extract's own metric, then random
 * ones (1 … 60,000 ms an arc). Each pair: cost, cost of the way, cost of the
 * unpacked way. Each start is also held against the ends of its neighbours,
 * through the matrix: durations, and distances of the fastest way. */
struct road_exact_plan {
	int64_t pairs, metrics, seed;
};
struct road_exact {
	int64_t pairs, cells; /* compared, over all metrics */
	int64_t unreachable;  /* pairs without a way, on which all agree */
	int64_t mismatches;
};
MUST_USE enum code road_exact(struct scope *sc, struct road *road, const struct road_exact_plan *plan,
			      struct road_exact *out);

/* An extract (PBF) laid side by side `side` × `side` times as one city. The
 * nodes of the extract must be sorted by id. work_file is written and stays. */
struct road_growth {
	size_t arcs;
	double build_s, customise_ms, query_us;
	int64_t mismatches;
};
MUST_USE enum code road_growth_bench(struct scope *sc, const char *extract, const char *work_file, int64_t side,
				     struct road_growth *out);

#endif
