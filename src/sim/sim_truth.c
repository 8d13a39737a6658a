#include "sim/sim_truth.h"

#include "road/pretend.h"

#define WALK_MPS 1.3
#define PARK_MAX_E7 5000 /* about 50 m */
#define AREA_E7 60000
#define SNAP_M 1000.0

struct sim_truth {
	const struct road *road;
	uint64_t seed;
	struct road_metric *hour[ROAD_HOURS];
};

struct sim_truth *
sim_truth_open(struct scope *sc, const struct road *road, uint64_t seed)
{
	struct sim_truth *t = NEW(sc, struct sim_truth);
	t->road = road;
	t->seed = seed;
	return t;
}

void
sim_truth_close(struct sim_truth *t)
{
	for (size_t h = 0; t != NULL && h < ROAD_HOURS; h++)
		road_metric_free(t->hour[h]);
}

/* --- driving --- */

/* A leg's time, spread over its points by distance. */
static int64_t
time_leg(const struct road_path *p, const struct road_leg *leg, int64_t began_ms, int percent, int64_t *at_ms)
{
	double whole_m = 0;
	double m = 0;
	int64_t took_ms = ((int64_t)leg->duration_ms + leg->turn_ms) * percent / 100;
	for (size_t i = 1; i < leg->n_shape; i++)
		whole_m += place_distance_m(p->shape[leg->first_shape + i - 1], p->shape[leg->first_shape + i]);
	for (size_t i = 1; i < leg->n_shape; i++) {
		m += place_distance_m(p->shape[leg->first_shape + i - 1], p->shape[leg->first_shape + i]);
		double share = whole_m > 0 ? m / whole_m : 1;
		at_ms[leg->first_shape + i] = began_ms + (int64_t)((double)took_ms * share);
	}
	return began_ms + took_ms;
}

enum code
sim_truth_drive(struct scope *sc, struct sim_truth *t, struct scope *keep, struct place from, struct place to,
		int64_t local_ms, int percent, struct sim_drive *out)
{
	unsigned hour = road_hour_of(local_ms);
	struct road_path p;
	if (t->hour[hour] == NULL)
		TRY(road_pretend_metric(sc, t->road, t->seed, hour, &t->hour[hour]));
	TRY(road_path(sc, t->road, t->hour[hour], from, to, &p));
	struct sim_drive d = {.n = p.n_shape, .at_ms = NEW_ARRAY(keep, p.n_shape + 1, int64_t)};
	d.line = scope_memdup(keep, p.shape, p.n_shape * sizeof *p.shape);
	for (size_t i = 0; i < p.n_legs; i++)
		d.took_ms = time_leg(&p, &p.legs[i], d.took_ms, percent, d.at_ms);
	*out = d;
	return OK;
}

struct place
sim_drive_at(const struct sim_drive *d, int64_t ms)
{
	for (size_t i = 1; i < d->n; i++) {
		if (d->at_ms[i] < ms)
			continue;
		int64_t span_ms = d->at_ms[i] - d->at_ms[i - 1];
		double share = span_ms > 0 ? (double)(ms - d->at_ms[i - 1]) / (double)span_ms : 1;
		const struct place *a = &d->line[i - 1];
		const struct place *b = &d->line[i];
		return (struct place){a->lat_e7 + (int32_t)((b->lat_e7 - a->lat_e7) * share),
				      a->lon_e7 + (int32_t)((b->lon_e7 - a->lon_e7) * share)};
	}
	return d->line[d->n - 1];
}

/* --- at the door --- */

struct place
sim_truth_park(const struct sim_truth *t, struct place door)
{
	struct scope sc;
	struct road_point p;
	struct place near = door;
	scope_init(&sc);
	near.lat_e7 += (int32_t)((road_pretend_share(t->seed ^ 3, door, 1) - 0.5) * 2 * PARK_MAX_E7);
	near.lon_e7 += (int32_t)((road_pretend_share(t->seed ^ 4, door, 1) - 0.5) * 2 * PARK_MAX_E7);
	if (road_snap(&sc, t->road, near, SNAP_M, &p) == OK)
		near = p.at;
	scope_release(&sc);
	return near;
}

int64_t
sim_truth_stop_ms(const struct sim_truth *t, struct place door, int64_t told_s, struct prng *luck)
{
	double area = 0.8 + 0.7 * road_pretend_share(t->seed ^ 5, door, AREA_E7);
	double here = 0.9 + 0.2 * road_pretend_share(t->seed ^ 6, door, 1);
	double today = 0.85 + 0.3 * prng_unit(luck);
	return (int64_t)((double)told_s * 1000 * area * here * today);
}

int64_t
sim_walk_ms(struct place a, struct place b)
{
	return (int64_t)(place_distance_m(a, b) / WALK_MPS * 1000);
}
