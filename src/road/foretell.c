/* How well trips were foretold: errors, and how sure one can be of a difference
 * between them. */
#include "road/learn.h"

#include <math.h>

#include "road/trip.h"

static double
error_of(const struct road_trip_times *t, int which, double factor)
{
	double s = which == 0 ? t->learned_s : which == 1 ? t->free_flow_s : t->class_hour_s;
	return fabs(s * factor - t->real_s);
}

static double
mean_error(const struct road_trip_times *trips, size_t n, int which, double factor)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += error_of(&trips[i], which, factor);
	return n == 0 ? 0 : sum / (double)n;
}

/* The single factor with the least mean error: the error is convex in it. */
static double
best_factor(const struct road_trip_times *trips, size_t n)
{
	double lo = 0.2;
	double hi = 10;
	for (int i = 0; i < 100; i++) {
		double a = lo + (hi - lo) / 3;
		double b = hi - (hi - lo) / 3;
		if (mean_error(trips, n, 1, a) < mean_error(trips, n, 1, b))
			hi = b;
		else
			lo = a;
	}
	return (lo + hi) / 2;
}

#define BOOTSTRAPS 2000

static void
bootstrap(struct scope *sc, const struct road_trip_times *trips, size_t n, int which, double factor, double gain[3])
{
	double *gains = NEW_ARRAY(sc, BOOTSTRAPS, double);
	struct prng prng;
	prng_seed(&prng, 1);
	for (int b = 0; b < BOOTSTRAPS; b++) {
		double sum = 0;
		for (size_t i = 0; i < n; i++) {
			const struct road_trip_times *t = &trips[prng_below(&prng, (uint32_t)n)];
			sum += error_of(t, which, factor) - error_of(t, 0, 1);
		}
		gains[b] = sum / (double)n;
	}
	(void)median_of(gains, BOOTSTRAPS); /* sorted */
	gain[0] = gains[BOOTSTRAPS * 25 / 1000];
	gain[1] = mean_error(trips, n, which, factor) - mean_error(trips, n, 0, 1);
	gain[2] = gains[BOOTSTRAPS * 975 / 1000];
}

void
road_eval_trips(struct scope *sc, const struct road_trip_times *trips, size_t n, struct road_eval *out)
{
	*out = (struct road_eval){.trips = n};
	if (n == 0)
		return;
	double *ratio = NEW_ARRAY(sc, n, double);
	double *bare = NEW_ARRAY(sc, n, double);
	for (size_t i = 0; i < n; i++) {
		ratio[i] = trips[i].learned_s / trips[i].real_s;
		bare[i] = trips[i].free_flow_s / trips[i].real_s;
	}
	double factor = best_factor(trips, n);
	out->median_ratio = median_of(ratio, n);
	out->median_ratio_bare = median_of(bare, n);
	out->mae_bare_s = mean_error(trips, n, 1, 1);
	out->mae_s = mean_error(trips, n, 0, 1);
	out->mae_free_flow_s = mean_error(trips, n, 1, factor);
	out->mae_class_hour_s = mean_error(trips, n, 2, 1);
	bootstrap(sc, trips, n, 1, factor, out->gain_free_flow_s);
	bootstrap(sc, trips, n, 2, 1, out->gain_class_hour_s);
	bootstrap(sc, trips, n, 1, 1, out->gain_bare_s);
}

/* E_NOT_FOUND  the track gives no trip: too short, off the roads. */
static enum code
foretell_one(struct scope *sc, const struct road *road, const struct road_metric *class_hour,
	     const struct road_metric *learned, const struct road_drive *d, struct road_trip_times *out)
{
	struct road_point a;
	struct road_point b;
	if (d->n < 2)
		return fail(sc, E_NOT_FOUND, "a single fix is no trip");
	const struct road_fix *last = &d->fixes[d->n - 1];
	double real_s = (double)(last->at_ms - d->fixes[0].at_ms) * 0.001;
	TRY(road_snap(sc, road, d->fixes[0].at, 200, &a));
	TRY(road_snap(sc, road, last->at, 200, &b));
	uint32_t ms[3] = {trip_cost(sc, road, NULL, &a, &b), trip_cost(sc, road, class_hour, &a, &b),
			  trip_cost(sc, road, learned, &a, &b)};
	if (real_s < 60 || ms[0] < 20000 || ms[0] >= ROAD_INFINITE)
		return fail(sc, E_NOT_FOUND, "too short a trip");
	*out = (struct road_trip_times){real_s, ms[0] * 0.001, ms[1] * 0.001, ms[2] * 0.001};
	return OK;
}

struct hour_metrics {
	struct road_metric *class_hour, *learned;
};

static enum code
make_metrics(struct scope *sc, const struct road *road, const struct road_speeds *speeds, unsigned hour,
	     struct hour_metrics *out)
{
	if (speeds == NULL || out->learned != NULL)
		return OK;
	TRY(road_speeds_metric(sc, road, speeds, hour, false, &out->class_hour));
	return road_speeds_metric(sc, road, speeds, hour, true, &out->learned);
}

/* The drives of one hour, so that two metrics at a time are enough. */
static enum code
foretell_hour(struct scope *sc, const struct road *road, const struct road_speeds *speeds, unsigned hour,
	      const struct road_drive *drives, size_t n, struct road_trip_times *out, size_t *n_out)
{
	struct hour_metrics m = {0};
	struct scope work; /* of one drive */
	enum code rc = OK;
	scope_init(&work);
	for (size_t i = 0; i < n && rc == OK; i++) {
		if (drives[i].n < 2 || road_hour_of(drives[i].fixes[0].at_ms) != hour)
			continue;
		rc = make_metrics(sc, road, speeds, hour, &m);
		if (rc == OK)
			*n_out += foretell_one(&work, road, m.class_hour, m.learned, &drives[i], &out[*n_out]) == OK;
		scope_clear(&work);
	}
	scope_release(&work);
	road_metric_free(m.class_hour);
	road_metric_free(m.learned);
	return rc;
}

enum code
road_foretell(struct scope *sc, const struct road *road, const struct road_speeds *speeds,
	      const struct road_drive *drives, size_t n, struct road_trip_times *out, size_t *n_out)
{
	*n_out = 0;
	for (unsigned h = 0; h < ROAD_HOURS; h++)
		TRY(foretell_hour(sc, road, speeds, h, drives, n, out, n_out));
	return OK;
}
