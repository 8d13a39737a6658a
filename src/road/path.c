/* A trip's vertices become something to drive: points, durations and names;
 * steps.c adds what the driver has to do. */
#include <math.h>

#include "base/text.h"
#include "road/dijkstra.h"
#include "road/road_build.h"
#include "road/trip.h"

/* --- legs --------------------------------------------------------------- */

/* The place at a fraction of a segment's points, and which piece it lies on. */
static struct place
place_along(const struct road *road, const struct road_segment *s, uint32_t fraction, uint32_t *piece)
{
	const struct place *p = road->shape + s->shape;
	if (fraction == 0 || fraction == ROAD_WHOLE) {
		*piece = fraction == 0 ? 0 : s->n_shape - 2;
		return p[fraction == 0 ? 0 : s->n_shape - 1];
	}
	double whole = 0;
	for (uint32_t i = 0; i + 1 < s->n_shape; i++)
		whole += place_distance_m(p[i], p[i + 1]);
	double left = whole * fraction / ROAD_WHOLE;
	uint32_t i = 0;
	double d = place_distance_m(p[0], p[1]);
	while (i + 2 < s->n_shape && left > d) {
		left -= d;
		i++;
		d = place_distance_m(p[i], p[i + 1]);
	}
	double t = d > 0 ? left / d : 0;
	t = t > 1 ? 1 : t;
	*piece = i;
	return (struct place){(int32_t)(p[i].lat_e7 + lround(t * (p[i + 1].lat_e7 - p[i].lat_e7))),
			      (int32_t)(p[i].lon_e7 + lround(t * (p[i + 1].lon_e7 - p[i].lon_e7)))};
}

static void
add_place(struct road_path *path, struct place p)
{
	if (path->n_shape > 0) {
		struct place last = path->shape[path->n_shape - 1];
		if (last.lat_e7 == p.lat_e7 && last.lon_e7 == p.lon_e7)
			return;
	}
	path->shape[path->n_shape++] = p;
}

/* The points of an arc between two fractions of its own direction. */
static void
add_arc_shape(const struct road *road, struct road_path *path, const struct road_arc *a, uint32_t f, uint32_t g)
{
	const struct road_segment *s = &road->segment[a->segment];
	const struct place *p = road->shape + s->shape;
	if (f == 0 && g == ROAD_WHOLE) { /* most arcs of a path */
		for (uint32_t i = 0; i < s->n_shape; i++)
			add_place(path, p[a->backward != 0 ? s->n_shape - 1 - i : i]);
		return;
	}
	uint32_t lo = a->backward != 0 ? ROAD_WHOLE - g : f;
	uint32_t hi = a->backward != 0 ? ROAD_WHOLE - f : g;
	uint32_t piece_lo;
	uint32_t piece_hi;
	struct place at_lo = place_along(road, s, lo, &piece_lo);
	struct place at_hi = place_along(road, s, hi, &piece_hi);
	add_place(path, a->backward != 0 ? at_hi : at_lo);
	for (uint32_t i = 0; i < piece_hi - piece_lo; i++)
		add_place(path, p[a->backward != 0 ? piece_hi - i : piece_lo + 1 + i]);
	add_place(path, a->backward != 0 ? at_lo : at_hi);
}

uint32_t
turn_cost_between(const struct road *road, uint32_t v, uint32_t next)
{
	uint32_t best = ROAD_INFINITE;
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
		if (road->turn[e].to == next && road->turn[e].cost_ms < best)
			best = road->turn[e].cost_ms;
	return best;
}

static void
add_leg(const struct road *road, const struct road_metric *metric, struct road_path *path, const struct trip *t,
	size_t i, uint32_t f, uint32_t g)
{
	uint32_t arc = road->vertex[t->vertices[i]].arc;
	const struct road_arc *a = &road->arc[arc];
	const struct road_segment *s = &road->segment[a->segment];
	const struct road_way *w = &road->way[s->way];
	struct road_leg leg = {
	    .arc = arc,
	    .duration_ms = (int32_t)(road_part(metric->arc_ms[arc], g) - road_part(metric->arc_ms[arc], f)),
	    .distance_m = (road_part(s->length_dm, g) - road_part(s->length_dm, f)) * 0.1,
	    .name = road->text + w->name,
	    .ref = road->text + w->ref,
	    .first_shape = path->n_shape == 0 ? 0 : path->n_shape - 1,
	};
	if (i + 1 < t->n)
		leg.turn_ms = (int32_t)turn_cost_between(road, t->vertices[i], t->vertices[i + 1]);
	add_arc_shape(road, path, a, f, g);
	leg.n_shape = path->n_shape - leg.first_shape;
	path->distance_m += leg.distance_m;
	path->legs[path->n_legs++] = leg;
}

static size_t
count_points(const struct road *road, const struct trip *t)
{
	size_t n = 2;
	for (size_t i = 0; i < t->n; i++)
		n += road->segment[road->arc[road->vertex[t->vertices[i]].arc].segment].n_shape + 1;
	return n;
}

/* --- the path ------------------------------------------------------------ */

void
path_legs(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct trip *t,
	  const struct road_point *from, const struct road_point *to, struct road_path *out)
{
	struct road_path path = {.duration_ds = (int32_t)((t->cost_ms + 50) / 100)};
	path.shape = NEW_ARRAY(sc, count_points(road, t), struct place);
	path.legs = NEW_ARRAY(sc, t->n, struct road_leg);
	for (size_t i = 0; i < t->n; i++) {
		const struct road_arc *a = &road->arc[road->vertex[t->vertices[i]].arc];
		uint32_t f = i == 0 ? road_arc_fraction(a, from) : 0;
		uint32_t g = i + 1 == t->n ? road_arc_fraction(a, to) : ROAD_WHOLE;
		add_leg(road, metric, &path, t, i, f, g);
	}
	*out = path;
}

void
paths_as_one(struct scope *sc, const struct road *road, const struct road_path *paths, size_t n,
	     const struct road_point *to, struct road_path *out)
{
	struct road_path path = paths[0];
	size_t n_shape = 0;
	size_t n_legs = 0;
	for (size_t i = 0; i < n; i++) {
		n_shape += paths[i].n_shape;
		n_legs += paths[i].n_legs;
	}
	*out = path;
	if (n == 1)
		return;
	path = (struct road_path){.shape = NEW_ARRAY(sc, n_shape, struct place),
				  .legs = NEW_ARRAY(sc, n_legs, struct road_leg)};
	for (size_t i = 0; i < n; i++) {
		const struct road_path *p = &paths[i];
		add_place(&path, p->shape[0]);
		size_t base = path.n_shape - 1; /* of p's points in the whole */
		for (size_t k = 1; k < p->n_shape; k++)
			path.shape[path.n_shape++] = p->shape[k];
		for (size_t k = 0; k < p->n_legs; k++) {
			path.legs[path.n_legs] = p->legs[k];
			path.legs[path.n_legs++].first_shape += base;
		}
		path.duration_ds += p->duration_ds;
		path.distance_m += p->distance_m;
	}
	path_steps(sc, road, to, &path);
	*out = path;
}

void
path_from_trip(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct trip *t,
	       const struct road_point *from, const struct road_point *to, struct road_path *out)
{
	path_legs(sc, road, metric, t, from, to, out);
	path_steps(sc, road, to, out);
}

enum code
road_path_of_points(struct scope *sc, const struct road *road, const struct road_metric *metric,
		    const struct road_point *from, const struct road_point *to, struct road_path *out)
{
	struct trip t;
	trip_find(sc, road, metric, from, to, &t);
	if (t.cost_ms >= ROAD_INFINITE)
		return fail_as(sc, E_NOT_FOUND, "no-route", "there is no way between these two points");
	path_from_trip(sc, road, road_metric_or_base(road, metric), &t, from, to, out);
	return OK;
}

enum code
road_path(struct scope *sc, const struct road *road, const struct road_metric *metric, struct place from,
	  struct place to, struct road_path *out)
{
	struct road_point a;
	struct road_point b;
	TRY(road_snap(sc, road, from, ROAD_SNAP_MAX_M, &a));
	TRY(road_snap(sc, road, to, ROAD_SNAP_MAX_M, &b));
	return road_path_of_points(sc, road, metric, &a, &b, out);
}
