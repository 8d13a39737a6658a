#include "road/bench.h"

#include "base/clock.h"
#include "road/core.h"
#include "road/kernels.h"
#include "road/trip.h"

#define ROUNDS 5

struct bench {
	struct scope *sc;
	struct road *road;
	const struct road_bench_plan *plan;
	struct road_bench_result *r;
	struct road_point *from, *to;
	struct place *from_place, *to_place;
	size_t n;
};

static enum code
pick_points(struct bench *b)
{
	struct prng prng;
	prng_seed(&prng, (uint64_t)b->plan->seed);
	size_t n = (size_t)(b->plan->queries > b->plan->matrix ? b->plan->queries : b->plan->matrix);
	if (n < 100)
		n = 100;
	b->n = n;
	b->from = NEW_ARRAY(b->sc, n, struct road_point);
	b->to = NEW_ARRAY(b->sc, n, struct road_point);
	b->from_place = NEW_ARRAY(b->sc, n, struct place);
	b->to_place = NEW_ARRAY(b->sc, n, struct place);
	for (size_t i = 0; i < n; i++) {
		b->from_place[i] = road_random_street_point(b->road, &prng);
		b->to_place[i] = road_random_street_point(b->road, &prng);
		TRY(road_snap(b->sc, b->road, b->from_place[i], 50, &b->from[i]));
		TRY(road_snap(b->sc, b->road, b->to_place[i], 50, &b->to[i]));
	}
	return OK;
}

/* What an unpacked trip costs when its turns and arcs are added up. */
static uint32_t
cost_of_trip(const struct bench *b, const struct road_metric *metric, const struct trip *t,
	     const struct road_point *from, const struct road_point *to)
{
	struct road_path path;
	path_from_trip(b->sc, b->road, metric, t, from, to, &path);
	uint32_t ms = 0;
	for (size_t i = 0; i < path.n_legs; i++)
		ms += (uint32_t)(path.legs[i].duration_ms + path.legs[i].turn_ms);
	return ms;
}

/* One-to-one against Dijkstra, and the unpacked way against its own cost. */
static void
compare_pairs(struct bench *b, const struct road_metric *metric)
{
	const struct road_metric *m = road_metric_or_base(b->road, metric);
	struct dijkstra d;
	dijkstra_init(&d, b->sc, b->road, metric);
	for (size_t i = 0; i < (size_t)b->plan->queries; i++) {
		uint32_t dm;
		uint32_t last;
		dijkstra_want(&d, &b->to[i]);
		dijkstra_run(&d, &b->from[i]);
		dijkstra_unwant(&d, &b->to[i]);
		uint32_t truth = dijkstra_read(&d, &b->from[i], &b->to[i], &dm, &last);
		struct trip t;
		trip_find(b->sc, b->road, metric, &b->from[i], &b->to[i], &t);
		bool same = t.cost_ms == truth && trip_cost(b->sc, b->road, metric, &b->from[i], &b->to[i]) == truth;
		if (same && truth < ROAD_INFINITE)
			same = cost_of_trip(b, m, &t, &b->from[i], &b->to[i]) == truth;
		b->r->mismatches += !same;
		b->r->compared++;
	}
}

/* A square of the matrix against Dijkstra, one search a row. */
static enum code
compare_matrix(struct bench *b, const struct road_metric *metric)
{
	size_t n = (size_t)b->plan->matrix < 200 ? (size_t)b->plan->matrix : 200;
	struct road_matrix m;
	struct road_matrix narrow;
	TRY(road_matrix_of_points(b->sc, b->road, metric, b->from, n, b->to, n, true, &m));
	TRY(road_matrix_of_points(b->sc, b->road, metric, b->from, n, b->to, n, false, &narrow));
	struct dijkstra d;
	dijkstra_init(&d, b->sc, b->road, metric);
	for (size_t k = 0; k < n; k++)
		dijkstra_want(&d, &b->to[k]);
	for (size_t i = 0; i < n; i++) {
		dijkstra_run(&d, &b->from[i]);
		for (size_t k = 0; k < n; k++) {
			uint32_t dm;
			uint32_t last;
			uint32_t ms = dijkstra_read(&d, &b->from[i], &b->to[k], &dm, &last);
			int32_t want = ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((ms + 50) / 100);
			int32_t metres = ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((dm + 5) / 10);
			size_t at = i * n + k;
			b->r->mismatches +=
			    want != m.duration_ds[at] || want != narrow.duration_ds[at] || metres != m.distance_m[at];
			b->r->compared++;
		}
	}
	return OK;
}

static enum code
compare_random_metric(struct bench *b, uint64_t seed)
{
	size_t n = b->road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(b->sc, n, uint32_t);
	struct prng prng;
	prng_seed(&prng, seed);
	for (size_t i = 0; i < n; i++)
		ms[i] = 1 + prng_below(&prng, 60000);
	struct road_metric *metric;
	TRY(road_metric_build(b->sc, b->road, ms, &metric));
	road_metric_swap(b->road, 0, metric);
	metric = road_metric_take(b->road, 0);
	compare_pairs(b, metric);
	enum code rc = compare_matrix(b, metric);
	road_metric_drop(b->road, metric);
	road_metric_swap(b->road, 0, NULL);
	return rc;
}

/* --- times ------------------------------------------------------------------------ */

static void
keep_best(double *best, int64_t since_ns, double per)
{
	double ns = (double)(clock_cpu_ns() - since_ns) / per;
	if (*best == 0 || ns < *best)
		*best = ns;
}

static enum code
time_matrix(struct bench *b, size_t n, double *best_ms)
{
	double best = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct scope work;
		scope_init(&work);
		work.cap = b->sc->cap;
		struct road_matrix m;
		int64_t start = clock_cpu_ns();
		enum code rc = road_matrix_of_points(&work, b->road, NULL, b->from, n, b->to, n, false, &m);
		keep_best(&best, start, 1e6);
		if (rc != OK)
			b->sc->err = work.err;
		scope_release(&work);
		TRY(rc);
	}
	*best_ms = best;
	return OK;
}

static void
time_queries(struct bench *b, size_t n)
{
	struct scope work;
	scope_init(&work);
	struct trip t;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = clock_cpu_ns();
		for (size_t i = 0; i < n; i++) {
			trip_find(&work, b->road, NULL, &b->from[i], &b->to[i], &t);
			scope_clear(&work);
		}
		keep_best(&b->r->path_us, start, 1e3 * (double)n);
		start = clock_cpu_ns();
		for (size_t i = 0; i < n; i++) {
			(void)trip_cost(&work, b->road, NULL, &b->from[i], &b->to[i]);
			scope_clear(&work);
		}
		keep_best(&b->r->query_us, start, 1e3 * (double)n);
	}
	scope_release(&work);
}

static enum code
time_routes(struct bench *b, size_t n)
{
	struct scope work;
	scope_init(&work);
	enum code rc = OK;
	for (int round = 0; round < ROUNDS && rc == OK; round++) {
		int64_t start = clock_cpu_ns();
		for (size_t i = 0; i < n && rc == OK; i++) {
			char *target =
			    scope_printf(&work, "/route/v1/driving/%.6f,%.6f;%.6f,%.6f?steps=true&overview=full",
					 place_lon(b->from_place[i]), place_lat(b->from_place[i]),
					 place_lon(b->to_place[i]), place_lat(b->to_place[i]));
			unsigned status;
			char *json;
			rc = road_osrm_answer(&work, b->road, NULL, NULL, target, &status, &json);
			scope_clear(&work);
		}
		keep_best(&b->r->route_us, start, 1e3 * (double)n);
	}
	scope_release(&work);
	return rc;
}

static enum code
time_snap(struct bench *b, size_t n)
{
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = clock_cpu_ns();
		for (size_t i = 0; i < n; i++) {
			struct road_point p;
			TRY(road_snap(b->sc, b->road, b->from_place[i], 50, &p));
		}
		keep_best(&b->r->snap_us, start, 1e3 * (double)n);
	}
	return OK;
}

static void
time_customising(struct bench *b)
{
	const struct road *road = b->road;
	for (int round = 0; round < ROUNDS; round++) {
		struct cch_narrow w;
		int64_t start = clock_cpu_ns();
		cch_customise_narrow(road, road->arc_ms, 1, &w);
		keep_best(&b->r->customise_ms, start, 1e6);
		cch_narrow_release(&w);
	}
	for (int round = 0; round < 3 * ROUNDS; round++) { /* who shares the processors disturbs this one */
		struct cch_narrow w;
		int64_t start = clock_mono_ns();
		cch_customise_narrow(road, road->arc_ms, (unsigned)b->plan->threads, &w);
		double ms = (double)(clock_mono_ns() - start) * 1e-6;
		if (round == 0 || ms < b->r->customise_wall_ms)
			b->r->customise_wall_ms = ms;
		cch_narrow_release(&w);
	}
	b->r->bytes_per_metric = (double)(road->n[SECTION_UP_HEAD] * 2 * sizeof(int32_t) + core_bytes(road) +
					  road->n[SECTION_ARC] * sizeof(uint32_t));
}

static void
time_dijkstra(struct bench *b, size_t n)
{
	struct dijkstra d;
	dijkstra_init(&d, b->sc, b->road, NULL);
	int64_t start = clock_cpu_ns();
	for (size_t i = 0; i < n; i++) {
		dijkstra_want(&d, &b->to[i]);
		dijkstra_run(&d, &b->from[i]);
		dijkstra_unwant(&d, &b->to[i]);
	}
	keep_best(&b->r->dijkstra_us, start, 1e3 * (double)n);
}

enum code
road_bench(struct scope *sc, struct road *road, const struct road_bench_plan *plan, struct road_bench_result *out)
{
	struct road_bench_result r = {.kernel = kernels_pick()->name};
	struct bench b = {.sc = sc, .road = road, .plan = plan, .r = &r};
	TRY(pick_points(&b));
	compare_pairs(&b, NULL);
	TRY(compare_matrix(&b, NULL));
	for (int64_t i = 0; i < plan->metrics; i++)
		TRY(compare_random_metric(&b, (uint64_t)(plan->seed + i + 1)));
	size_t n = b.n < 1000 ? b.n : 1000;
	TRY(time_snap(&b, n));
	time_customising(&b);
	time_queries(&b, n < (size_t)plan->queries ? n : (size_t)plan->queries);
	TRY(time_routes(&b, n < (size_t)plan->queries ? n : (size_t)plan->queries));
	time_dijkstra(&b, n < 100 ? n : 100);
	TRY(time_matrix(&b, 100, &r.matrix_100_ms));
	TRY(time_matrix(&b, (size_t)plan->matrix, &r.matrix_ms));
	*out = r;
	return OK;
}
