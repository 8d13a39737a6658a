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
}

enum code
road_trip_foretell(struct scope *sc, const struct road *road, const struct road_metric *class_hour,
		   const struct road_metric *learned, const struct road_fix *fixes, size_t n,
		   struct road_trip_times *out)
{
	struct road_point a;
	struct road_point b;
	if (n < 2)
		return fail(sc, E_NOT_FOUND, "a single fix is no trip");
	double real_s = (double)(fixes[n - 1].at_ms - fixes[0].at_ms) * 0.001;
	TRY(road_snap(sc, road, fixes[0].at, 200, &a));
	TRY(road_snap(sc, road, fixes[n - 1].at, 200, &b));
	uint32_t ms[3] = {trip_cost(sc, road, NULL, &a, &b), trip_cost(sc, road, class_hour, &a, &b),
			  trip_cost(sc, road, learned, &a, &b)};
	if (real_s < 60 || ms[0] < 20000 || ms[0] >= ROAD_INFINITE)
		return fail(sc, E_NOT_FOUND, "too short a trip");
	*out = (struct road_trip_times){real_s, ms[0] * 0.001, ms[1] * 0.001, ms[2] * 0.001};
	return OK;
}
