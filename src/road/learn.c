#include "road/learn.h"

#include <assert.h>
#include <math.h>

#include "road/trip.h"
#include "road/vec.h"
#include "road/voices.h"

#define CLASS_SHRINK_S 900.0 /* driving that a class × hour needs to count half */
#define CELL_SHRINK_S 600.0  /* and a neighbourhood */
#define ARC_SHRINK_S 40.0    /* and an arc */
#define CELL_E7 50000	     /* a neighbourhood's side */
#define STAND_FACTOR 6.0     /* an interval longer than this many times its driving … */
#define STAND_S 120.0	     /* … and this is cut: they stood */
#define TRIPS_MIN 10u	     /* fewer say nothing of whole trips */
#define IMPOSSIBLE_MPS 55.6  /* 200 km/h: no van; what says so is not heard */

struct interval {
	uint32_t arc;
	uint32_t hour;
	float real_s, base_s;
	uint64_t driver;
};

struct road_learner {
	struct scope *sc;
	const struct road *road;
	struct vec intervals;
	struct vec trips; /* struct trip_seen */
};

struct trip_seen {
	uint64_t driver;
	struct road_point from, to;
	double real_s;
	unsigned hour;
};

unsigned
road_hour_of(int64_t local_ms)
{
	int64_t hours = local_ms / 3600000 - (local_ms % 3600000 < 0);
	int64_t days = hours / 24 - (hours % 24 < 0);
	unsigned hour = (unsigned)(hours - days * 24);
	unsigned weekday = (unsigned)(((days + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday; Monday is 0 */
	return weekday >= 5 ? hour + 24 : hour;
}

struct road_learner *
road_learner_new(struct scope *sc, const struct road *road)
{
	struct road_learner *l = NEW(sc, struct road_learner);
	l->sc = sc;
	l->road = road;
	vec_init(&l->intervals, sc, sizeof(struct interval));
	vec_init(&l->trips, sc, sizeof(struct trip_seen));
	return l;
}

/* --- gathering ------------------------------------------------------------------- */

static double
driven_s(double real_s, double base_s)
{
	double most = STAND_FACTOR * base_s + STAND_S;
	return real_s < most ? real_s : most;
}

static void
share_out(struct road_learner *l, uint64_t driver, unsigned hour, const struct road_path *path, double real_s)
{
	double base_s = 0;
	for (size_t i = 0; i < path->n_legs; i++)
		base_s += (path->legs[i].duration_ms + path->legs[i].turn_ms) * 0.001;
	if (base_s < 0.5 || real_s <= 0 || path->distance_m > IMPOSSIBLE_MPS * real_s)
		return;
	double ratio = driven_s(real_s, base_s) / base_s;
	for (size_t i = 0; i < path->n_legs; i++) {
		float s = (float)((path->legs[i].duration_ms + path->legs[i].turn_ms) * 0.001);
		if (s <= 0)
			continue;
		*(struct interval *)vec_push(&l->intervals) =
		    (struct interval){path->legs[i].arc, hour, (float)(s * ratio), s, driver};
	}
}

enum code
road_learner_add(struct scope *sc, struct road_learner *l, uint64_t driver, const struct road_fix *fixes, size_t n)
{
	struct road_match m;
	enum code rc = road_match(sc, l->road, NULL, fixes, n, &m);
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	for (size_t p = 0; p < m.n_pieces; p++) {
		const struct road_match_piece *piece = &m.pieces[p];
		for (size_t i = 0; i < piece->n_paths; i++) {
			const struct road_fix *a = &fixes[piece->fixes[i]];
			const struct road_fix *b = &fixes[piece->fixes[i + 1]];
			share_out(l, driver, road_hour_of(a->at_ms), &piece->paths[i],
				  (double)(b->at_ms - a->at_ms) * 0.001);
		}
	}
	struct trip_seen t = {.driver = driver,
			      .real_s = (double)(fixes[n - 1].at_ms - fixes[0].at_ms) * 0.001,
			      .hour = road_hour_of(fixes[0].at_ms)};
	if (t.real_s >= 60 && road_snap(sc, l->road, fixes[0].at, 200, &t.from) == OK &&
	    road_snap(sc, l->road, fixes[n - 1].at, 200, &t.to) == OK)
		*(struct trip_seen *)vec_push(&l->trips) = t;
	error_clear(sc);
	return OK;
}

/* --- factors ---------------------------------------------------------------------- */

typedef uint64_t key_fn(const struct road *road, const struct interval *x);

static unsigned
class_of(const struct road *road, uint32_t arc)
{
	return road->way[road->segment[road->arc[arc].segment].way].class;
}

static uint64_t
key_all(const struct road *road, const struct interval *x)
{
	(void)road, (void)x;
	return 0;
}

static uint64_t
key_class(const struct road *road, const struct interval *x)
{
	return class_of(road, x->arc);
}

static uint64_t
key_hour(const struct road *road, const struct interval *x)
{
	(void)road;
	return x->hour;
}

static uint64_t
key_class_hour(const struct road *road, const struct interval *x)
{
	return class_of(road, x->arc) * ROAD_HOURS + x->hour;
}

static uint64_t
key_arc(const struct road *road, const struct interval *x)
{
	(void)road;
	return x->arc;
}

static uint64_t
cell_of(const struct road *road, uint32_t arc)
{
	const struct road_segment *s = &road->segment[road->arc[arc].segment];
	struct place p = road->shape[s->shape + s->n_shape / 2];
	return (uint64_t)(uint32_t)(p.lat_e7 / CELL_E7) << 32 | (uint32_t)(p.lon_e7 / CELL_E7);
}

static uint64_t
key_cell(const struct road *road, const struct interval *x)
{
	return cell_of(road, x->arc);
}

/* What drivers say of each key; against the classes' times where those are given. */
static void
hear(struct scope *sc, const struct road_learner *l, key_fn *key, const struct road_speeds *classes, struct voices *out)
{
	struct voice *list = NEW_ARRAY(sc, l->intervals.n, struct voice);
	for (size_t i = 0; i < l->intervals.n; i++) {
		const struct interval *x = VEC_AT(&l->intervals, struct interval, i);
		double expected = classes == NULL ? 1 : classes->class_hour[class_of(l->road, x->arc)][x->hour];
		list[i] = (struct voice){key(l->road, x), x->driver, (double)x->real_s, (double)x->base_s * expected};
	}
	voices_init(out, sc, list, l->intervals.n);
}

static void
learn_classes(const struct road_learner *l, struct road_speeds *out)
{
	static_assert(ROAD_CLASSES == CLASS_COUNT, "one factor a class");
	struct scope work;
	struct voices all;
	struct voices by_class;
	struct voices by_hour;
	struct voices both;
	scope_init(&work);
	hear(&work, l, key_all, NULL, &all);
	hear(&work, l, key_class, NULL, &by_class);
	hear(&work, l, key_hour, NULL, &by_hour);
	hear(&work, l, key_class_hour, NULL, &both);
	double mean = voices_mean(&all, 0, 1, 0, NULL);
	for (unsigned c = 0; c < ROAD_CLASSES; c++) {
		double of_class = voices_mean(&by_class, c, mean, CLASS_SHRINK_S, NULL);
		for (unsigned h = 0; h < ROAD_HOURS; h++) {
			double expected = of_class * voices_mean(&by_hour, h, mean, CLASS_SHRINK_S, NULL) / mean;
			out->class_hour[c][h] =
			    voices_mean(&both, (uint64_t)c * ROAD_HOURS + h, expected, CLASS_SHRINK_S, NULL);
		}
	}
	scope_release(&work);
}

static void
learn_arcs(const struct road_learner *l, struct road_speeds *out)
{
	const struct road *road = l->road;
	size_t n = road->n[SECTION_ARC];
	struct scope work;
	struct voices by_arc;
	struct voices by_cell;
	scope_init(&work);
	hear(&work, l, key_arc, out, &by_arc);
	hear(&work, l, key_cell, out, &by_cell);
	out->arcs = NEW_ARRAY(l->sc, n, struct road_speed);
	for (uint32_t a = 0; a < n; a++) {
		double near = voices_mean(&by_cell, cell_of(road, a), 1, CELL_SHRINK_S, NULL);
		double factor = voices_mean(&by_arc, a, near, ARC_SHRINK_S, NULL);
		if (fabs(factor - 1) < 0.005)
			continue;
		const struct road_segment *s = &road->segment[road->arc[a].segment];
		out->arcs[out->n_arcs++] = (struct road_speed){
		    .way = road->way[s->way].osm_id,
		    .position = s->position,
		    .backward = road->arc[a].backward,
		    .factor = factor,
		};
	}
	scope_release(&work);
}

/* --- whole trips ------------------------------------------------------------------- */

/* Real over foretold, one number a trip that has both. */
struct overrun {
	uint64_t driver;
	double ratio, weight;
};

static int
compare_ratios(const void *a, const void *b)
{
	double x = ((const struct overrun *)a)->ratio;
	double y = ((const struct overrun *)b)->ratio;
	return (x > y) - (x < y);
}

/* A driver's trips together weigh what the median driver's do, at most. *drivers. */
static void
weigh_drivers(struct scope *sc, struct overrun *list, size_t n, size_t *drivers)
{
	struct voice *one = NEW_ARRAY(sc, n, struct voice);
	struct voices v;
	for (size_t i = 0; i < n; i++)
		one[i] = (struct voice){0, list[i].driver, 1, 1};
	voices_init(&v, sc, one, n);
	for (size_t i = 0; i < v.n; i++)
		v.scratch[i] = v.v[i].weight;
	double most = median_of(v.scratch, v.n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v.n; k++)
			if (v.v[k].driver == list[i].driver)
				list[i].weight = v.v[k].weight < most ? 1 : most / v.v[k].weight;
	*drivers = v.n;
}

static double
weighted_median(struct overrun *list, size_t n)
{
	double half = 0;
	qsort(list, n, sizeof *list, compare_ratios);
	for (size_t i = 0; i < n; i++)
		half += list[i].weight / 2;
	size_t i = 0;
	double sum = list[0].weight;
	while (sum < half)
		sum += list[++i].weight;
	return list[i].ratio;
}

/* The trips of one hour. */
static enum code
foretell_hour(const struct road_learner *l, const struct road_speeds *speeds, unsigned hour, struct overrun *out,
	      size_t *n)
{
	struct road_metric *metric = NULL;
	struct scope work; /* of one trip */
	scope_init(&work);
	for (size_t i = 0; i < l->trips.n; i++) {
		const struct trip_seen *t = VEC_AT(&l->trips, struct trip_seen, i);
		if (t->hour != hour)
			continue;
		if (metric == NULL && road_speeds_metric(l->sc, l->road, speeds, hour, true, &metric) != OK) {
			scope_release(&work);
			return l->sc->err.code;
		}
		uint32_t ms = trip_cost(&work, l->road, metric, &t->from, &t->to);
		if (ms < ROAD_INFINITE && ms > 20000)
			out[(*n)++] = (struct overrun){t->driver, t->real_s / (ms * 0.001), 1};
		scope_clear(&work);
	}
	road_metric_free(metric);
	scope_release(&work);
	return OK;
}

/* The engine's way is the fastest, people's is not quite: what is left over. */
static enum code
learn_trips(const struct road_learner *l, struct road_speeds *out)
{
	struct overrun *list = NEW_ARRAY(l->sc, l->trips.n + 1, struct overrun);
	size_t n = 0;
	size_t drivers;
	for (unsigned h = 0; h < ROAD_HOURS; h++)
		TRY(foretell_hour(l, out, h, list, &n));
	if (n < TRIPS_MIN)
		return OK;
	weigh_drivers(l->sc, list, n, &drivers);
	if (drivers >= VOICES_MIN)
		out->trip = weighted_median(list, n);
	return OK;
}

enum code
road_learner_finish(struct scope *sc, struct road_learner *l, struct road_speeds *out)
{
	if (l->intervals.n == 0)
		return fail(sc, E_INVALID, "no track taught anything");
	struct road_speeds s = {.trip = 1};
	learn_classes(l, &s);
	learn_arcs(l, &s);
	enum code rc = learn_trips(l, &s);
	if (rc != OK) {
		sc->err = l->sc->err;
		return rc;
	}
	*out = s;
	return OK;
}
