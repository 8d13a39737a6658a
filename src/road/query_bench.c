#include "road/query_bench.h"

#include <math.h>

#include "base/clock.h"
#include "road/depart_inner.h"
#include "road/dijkstra.h"
#include "road/isochrone.h"
#include "road/reach_inner.h"

#define HOUR_MS 3600000
#define MONDAY_MS ((int64_t)1795392000000) /* 2026-11-23 */
#define SOURCES_MAX 100
#define SLICE_POINTS 40u

struct bench {
	struct scope *sc;
	const struct road *road;
	struct prng prng;
	struct road_query_result r;
};

static enum code
random_point(struct bench *b, struct scope *sc, struct road_point *out)
{
	return road_snap(sc, b->road, road_random_street_point(b->road, &b->prng), ROAD_SNAP_MAX_M, out);
}

static double
since_us(int64_t start_ns)
{
	return (double)(clock_cpu_ns() - start_ns) * 1e-3;
}

/* --- one to all ----------------------------------------------------------------- */

static enum code
bench_source(struct bench *b, struct scope *sc, struct dijkstra *d)
{
	static const int32_t within_ds[] = {3000, 6000, 9000};
	struct road_point from;
	struct road_reach *all;
	struct road_reach *near;
	struct road_isochrone iso;
	TRY(random_point(b, sc, &from));
	int64_t start = clock_cpu_ns();
	TRY(road_reach(sc, b->road, NULL, &from, ROAD_UNREACHABLE, &all));
	b->r.reach_ms += since_us(start) * 1e-3;
	start = clock_cpu_ns();
	TRY(road_reach(sc, b->road, NULL, &from, 9000, &near));
	b->r.reach_15_ms += since_us(start) * 1e-3;
	start = clock_cpu_ns();
	TRY(road_isochrone(sc, b->road, NULL, &from, within_ds, 3, &iso));
	b->r.isochrone_ms += since_us(start) * 1e-3;
	start = clock_cpu_ns();
	d->n_wanted = 1; /* nothing is: it runs to the end */
	dijkstra_run(d, &from);
	b->r.dijkstra_ms += since_us(start) * 1e-3;
	for (uint32_t v = 0; v < b->road->n[SECTION_VERTEX]; v++) {
		uint32_t within = d->cost[v] <= near->budget_ms ? d->cost[v] : ROAD_INFINITE;
		b->r.mismatches += all->cost[v] != d->cost[v] || near->cost[v] != within;
		b->r.compared++;
	}
	return OK;
}

static enum code
bench_reach(struct bench *b, int64_t sources)
{
	struct dijkstra d;
	struct scope work;
	enum code rc = OK;
	dijkstra_init(&d, b->sc, b->road, NULL);
	scope_init(&work);
	for (int64_t i = 0; i < sources && rc == OK; i++) {
		rc = bench_source(b, &work, &d);
		if (rc != OK)
			b->sc->err = work.err;
		scope_clear(&work);
	}
	scope_release(&work);
	b->r.reach_ms /= (double)sources;
	b->r.reach_15_ms /= (double)sources;
	b->r.isochrone_ms /= (double)sources;
	b->r.dijkstra_ms /= (double)sources;
	return rc;
}

/* --- departures ------------------------------------------------------------------- */

static int64_t
random_departure(struct bench *b)
{
	return MONDAY_MS + 7 * HOUR_MS + (int64_t)prng_below(&b->prng, 12 * 3600) * 1000;
}

static enum code
bench_departure(struct bench *b, struct scope *sc, const struct road_week *week, size_t *crossing)
{
	struct road_point from;
	struct road_point to;
	int32_t ms;
	int32_t truth;
	int64_t at = random_departure(b);
	TRY(random_point(b, sc, &from));
	TRY(random_point(b, sc, &to));
	int64_t start = clock_cpu_ns();
	TRY(road_duration_at(sc, b->road, week, &from, &to, at, &ms));
	double us = since_us(start);
	start = clock_cpu_ns();
	TRY(depart_plain(sc, b->road, week, &from, &to, at, &truth));
	b->r.plain_us += since_us(start);
	b->r.depart_us += us;
	b->r.mismatches += ms != truth;
	b->r.compared++;
	if (ms != ROAD_UNREACHABLE && at / HOUR_MS != (at + ms) / HOUR_MS) {
		b->r.depart_crossing_us += us;
		(*crossing)++;
	}
	return OK;
}

static enum code
bench_departures(struct bench *b, const struct road_week *week, int64_t queries)
{
	struct scope work;
	enum code rc = OK;
	size_t crossing = 0;
	scope_init(&work);
	for (int64_t i = 0; i < queries && rc == OK; i++) {
		rc = bench_departure(b, &work, week, &crossing);
		if (rc != OK)
			b->sc->err = work.err;
		scope_clear(&work);
	}
	scope_release(&work);
	b->r.depart_us /= (double)queries;
	b->r.plain_us /= (double)queries;
	b->r.depart_crossing_us /= crossing > 0 ? (double)crossing : 1;
	b->r.crossing_share = (double)crossing / (double)queries;
	return rc;
}

/* Every hour that is asked for, so that the times are of queries alone. */
static enum code
warm(struct bench *b, const struct road_week *week)
{
	for (unsigned h = 6; h < 22; h++) {
		const struct road_metric *m;
		TRY(road_week_metric(b->sc, week, h, &m));
		TRY(week_least(b->sc, week, h, &m));
	}
	const struct road_metric *all;
	return week_least(b->sc, week, ROAD_HOURS, &all);
}

/* --- slices ------------------------------------------------------------------------ */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
on_the_line(const struct road_slices *s, size_t cell, int64_t at_ms)
{
	size_t cells = s->n_points * s->n_points;
	size_t k = 0;
	while (k + 2 < s->n && s->at_ms[k + 1] <= at_ms)
		k++;
	double t = (double)(at_ms - s->at_ms[k]) / (double)(s->at_ms[k + 1] - s->at_ms[k]);
	t = fmin(fmax(t, 0), 1);
	return (1 - t) * s->duration_ds[k * cells + cell] + t * s->duration_ds[(k + 1) * cells + cell];
}

static enum code
bench_slices(struct bench *b, const struct road_week *week)
{
	struct road_point points[SLICE_POINTS];
	struct road_slices s;
	struct road_hour *hours;
	size_t n_hours;
	size_t cells = (size_t)SLICE_POINTS * SLICE_POINTS;
	double *error = NEW_ARRAY(b->sc, cells, double);
	size_t n = 0;
	double sum = 0;
	for (size_t i = 0; i < SLICE_POINTS; i++)
		TRY(random_point(b, b->sc, &points[i]));
	TRY(road_week_hours(b->sc, week, MONDAY_MS + 6 * HOUR_MS, MONDAY_MS + 21 * HOUR_MS, &hours, &n_hours));
	TRY(road_slices(b->sc, b->road, hours, n_hours, points, SLICE_POINTS, &s));
	for (size_t i = 0; i < cells; i++) {
		int32_t ms;
		int64_t at = random_departure(b);
		TRY(road_duration_at(b->sc, b->road, week, &points[i / SLICE_POINTS], &points[i % SLICE_POINTS], at,
				     &ms));
		if (ms < 60000 || ms == ROAD_UNREACHABLE)
			continue;
		error[n] = fabs(on_the_line(&s, i, at) * 100 / ms - 1);
		sum += error[n++];
	}
	qsort(error, n, sizeof *error, compare_doubles);
	if (n > 0) {
		b->r.slice_error_mean = sum / (double)n;
		b->r.slice_error_95 = error[n * 95 / 100];
		b->r.slice_error_max = error[n - 1];
	}
	return OK;
}

static enum code
bench_week(struct bench *b, const struct road_week *week, int64_t queries)
{
	TRY(warm(b, week));
	TRY(bench_departures(b, week, queries));
	return bench_slices(b, week);
}

enum code
road_query_bench(struct scope *sc, const struct road *road, const struct road_query_plan *plan,
		 struct road_query_result *out)
{
	struct bench b = {.sc = sc, .road = road};
	prng_seed(&b.prng, (uint64_t)plan->seed);
	TRY(bench_reach(&b, plan->queries < SOURCES_MAX ? plan->queries : SOURCES_MAX));
	if (plan->speeds != NULL) {
		struct road_week *week;
		TRY(road_week_of_speeds(sc, road, plan->speeds, &week));
		enum code rc = bench_week(&b, week, plan->queries);
		road_week_free(week);
		TRY(rc);
	}
	*out = b.r;
	return OK;
}
