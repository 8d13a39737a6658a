/* Areas around what is reached. Three steps:
 *	1. paint	each reached piece of a street gives the grid points next to
 *			it their times: along the street, then straight to the point
 *	2. spread	two passes over the grid carry times and walked metres on to
 *			neighbours (a chamfer distance: never shorter than the truth)
 *	3. trace	each band's edge is followed through the grid: contour.h
 */
#include <math.h>

#include "base/text.h"
#include "road/contour.h"
#include "road/osrm.h"

#define NODES_MAX 1500000.0 /* of the grid: beyond, cells grow */

/* --- the grid ------------------------------------------------------------------- */

struct extent {
	const struct road_reach *reach;
	struct bounds bounds;
};

static void
stretch(void *arg, const struct reached *part)
{
	struct extent *e = arg;
	const struct road *road = e->reach->road;
	const struct road_segment *s = &road->segment[road->arc[part->arc].segment];
	for (uint32_t i = 0; i < s->n_shape; i++)
		bounds_add(&e->bounds, road->shape[s->shape + i]);
}

static enum code
field_init(struct scope *sc, struct field *f, const struct road_reach *reach)
{
	struct extent e = {.reach = reach};
	bounds_init(&e.bounds);
	bounds_add(&e.bounds, reach->from.at);
	reach_visit(reach, stretch, &e);
	*f = (struct field){.reach = reach, .cell_m = ROAD_CELL_M};
	plane_init(&f->plane, reach->from.at);
	struct metres low = plane_project(&f->plane, e.bounds.min);
	struct metres high = plane_project(&f->plane, e.bounds.max);
	double wide = high.x - low.x + 2 * ROAD_WALK_M;
	double tall = high.y - low.y + 2 * ROAD_WALK_M;
	f->cell_m = fmax(ROAD_CELL_M, sqrt(wide * tall / NODES_MAX));
	f->walk_m = fmax(ROAD_WALK_M, 1.5 * f->cell_m);
	double margin = f->walk_m + 2 * f->cell_m;
	f->corner = (struct metres){low.x - margin, low.y - margin};
	f->columns = (uint32_t)((high.x - low.x + 2 * margin) / f->cell_m) + 2;
	f->rows = (uint32_t)((high.y - low.y + 2 * margin) / f->cell_m) + 2;
	size_t n = (size_t)f->columns * f->rows;
	TRY(scope_try_array(sc, n, sizeof *f->node, (void **)&f->node));
	for (size_t i = 0; i < n; i++)
		f->node[i] = (struct spot_time){INFINITY, INFINITY};
	return OK;
}

/* --- paint ---------------------------------------------------------------------- */

/* A straight piece of street, with the times at its ends. */
struct piece {
	struct metres a, b;
	double a_s, b_s;
};

static void
offer(struct field *f, size_t at, double s, double walk_m)
{
	if (walk_m > f->walk_m || s >= (double)f->node[at].s)
		return;
	f->node[at] = (struct spot_time){(float)s, (float)walk_m};
}

/* One grid point: from its nearest place on the piece. This is the inner loop of
 * all of it, so it asks first whether there is anything to gain. */
static void
paint_node(struct field *f, const struct piece *p, size_t at, struct metres node, double reach_m)
{
	if ((double)f->node[at].s <= fmin(p->a_s, p->b_s))
		return;
	struct metres d = {p->b.x - p->a.x, p->b.y - p->a.y};
	struct metres to = {node.x - p->a.x, node.y - p->a.y};
	double square = d.x * d.x + d.y * d.y;
	double t = square > 0 ? (to.x * d.x + to.y * d.y) / square : 0;
	t = t < 0 ? 0 : t > 1 ? 1 : t;
	double x = to.x - t * d.x;
	double y = to.y - t * d.y;
	double off_square = x * x + y * y;
	if (off_square > reach_m * reach_m)
		return;
	double m = sqrt(off_square);
	offer(f, at, p->a_s + t * (p->b_s - p->a_s) + m / ROAD_WALK_MPS, m);
}

/* The grid points no further than a cell's diagonal. */
static void
paint_piece(struct field *f, const struct piece *p)
{
	double reach = f->cell_m * M_SQRT2;
	double x0 = (fmin(p->a.x, p->b.x) - reach - f->corner.x) / f->cell_m;
	double x1 = (fmax(p->a.x, p->b.x) + reach - f->corner.x) / f->cell_m;
	double y0 = (fmin(p->a.y, p->b.y) - reach - f->corner.y) / f->cell_m;
	double y1 = (fmax(p->a.y, p->b.y) + reach - f->corner.y) / f->cell_m;
	for (uint32_t y = (uint32_t)ceil(y0); y <= (uint32_t)y1; y++)
		for (uint32_t x = (uint32_t)ceil(x0); x <= (uint32_t)x1; x++)
			paint_node(f, p, (size_t)y * f->columns + x,
				   (struct metres){f->corner.x + x * f->cell_m, f->corner.y + y * f->cell_m}, reach);
}

static struct metres
between(struct metres a, struct metres b, double t)
{
	return (struct metres){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

static double
length_m(struct metres a, struct metres b)
{
	return sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y));
}

/* The driven stretch of an arc, as straight pieces. Shares of the whole are by
 * length, as everywhere. */
static void
paint_part(void *arg, const struct reached *part)
{
	struct field *f = arg;
	const struct road *road = f->reach->road;
	const struct road_arc *a = &road->arc[part->arc];
	const struct road_segment *s = &road->segment[a->segment];
	const struct place *shape = road->shape + s->shape;
	double whole_m = 0;
	for (uint32_t i = 0; i + 1 < s->n_shape; i++)
		whole_m += length_m(plane_project(&f->plane, shape[i]), plane_project(&f->plane, shape[i + 1]));
	double whole_s = f->reach->metric->arc_ms[part->arc] * 0.001;
	double from = (double)part->from / ROAD_WHOLE;
	double to = (double)part->to / ROAD_WHOLE;
	double done = 0; /* share of the arc before this piece */
	for (uint32_t i = 0; i + 1 < s->n_shape && done <= to; i++) {
		uint32_t k = a->backward != 0 ? s->n_shape - 1 - i : i;
		struct metres x = plane_project(&f->plane, shape[k]);
		struct metres y = plane_project(&f->plane, shape[a->backward != 0 ? k - 1 : k + 1]);
		double share = whole_m > 0 ? length_m(x, y) / whole_m : 1;
		double lo = fmax(from, done);
		double hi = fmin(to, done + share);
		if (hi >= lo && share > 0) {
			double at_s = part->at_ms * 0.001;
			struct piece piece = {.a = between(x, y, (lo - done) / share),
					      .b = between(x, y, (hi - done) / share),
					      .a_s = at_s + (lo - from) * whole_s,
					      .b_s = at_s + (hi - from) * whole_s};
			paint_piece(f, &piece);
		}
		done += share;
	}
}

/* --- spread --------------------------------------------------------------------- */

static void
spread_from(struct field *f, size_t at, size_t neighbour, double m)
{
	const struct spot_time *n = &f->node[neighbour];
	if (n->s < f->node[at].s)
		offer(f, at, (double)n->s + m / ROAD_WALK_MPS, (double)n->walk_m + m);
}

/* Forth takes from the south and the west, back from the north and the east. The
 * outermost nodes lie further out than anybody walks. */
static void
spread(struct field *f)
{
	size_t w = f->columns;
	double straight = f->cell_m;
	double slanted = f->cell_m * M_SQRT2;
	for (size_t y = 1; y + 1 < f->rows; y++) {
		for (size_t x = 1; x + 1 < w; x++) {
			size_t at = y * w + x;
			spread_from(f, at, at - 1, straight);
			spread_from(f, at, at - w, straight);
			spread_from(f, at, at - w - 1, slanted);
			spread_from(f, at, at - w + 1, slanted);
		}
	}
	for (size_t y = f->rows - 2; y > 0; y--) {
		for (size_t x = w - 2; x > 0; x--) {
			size_t at = y * w + x;
			spread_from(f, at, at + 1, straight);
			spread_from(f, at, at + w, straight);
			spread_from(f, at, at + w + 1, slanted);
			spread_from(f, at, at + w - 1, slanted);
		}
	}
}

/* --- streets -------------------------------------------------------------------- */

/* How much of each street is driven to within a band: the two directions may
 * each reach a part of it from their own end. */
struct street_sum {
	const struct road_reach *reach;
	double within_ms;
	double metres;
	uint32_t segment; /* the one at hand */
	double forward, backward;
};

static void
street_close(struct street_sum *s)
{
	if (s->segment != ROAD_NONE)
		s->metres += s->reach->road->segment[s->segment].length_dm * 0.1 * fmin(1, s->forward + s->backward);
	s->forward = s->backward = 0;
}

static void
street_add(void *arg, const struct reached *part)
{
	struct street_sum *s = arg;
	const struct road_arc *a = &s->reach->road->arc[part->arc];
	double left_ms = s->within_ms - part->at_ms;
	if (part->from != 0 || left_ms <= 0) /* the source's own street: its neighbours lead back to it */
		return;
	if (a->segment != s->segment)
		street_close(s);
	s->segment = a->segment;
	double share = fmin(1, left_ms / s->reach->metric->arc_ms[part->arc]);
	*(a->backward != 0 ? &s->backward : &s->forward) = share;
}

static double
street_km(const struct road_reach *reach, int32_t within_ds)
{
	struct street_sum s = {.reach = reach, .within_ms = within_ds * 100.0, .segment = ROAD_NONE};
	reach_visit(reach, street_add, &s);
	street_close(&s);
	return s.metres * 0.001;
}

/* --- all of it ------------------------------------------------------------------- */

static enum code
check_bands(struct scope *sc, const int32_t *within_ds, size_t n)
{
	if (n == 0 || n > ROAD_BANDS_MAX)
		return fail(sc, E_INVALID, "1 to %u bands, not %zu", ROAD_BANDS_MAX, n);
	for (size_t i = 0; i < n; i++) {
		if (within_ds[i] < 1 || within_ds[i] > ROAD_BAND_MAX_DS)
			return fail(sc, E_INVALID, "a band is more than nothing and at most %d minutes",
				    ROAD_BAND_MAX_DS / 600);
		if (i > 0 && within_ds[i] <= within_ds[i - 1])
			return fail(sc, E_INVALID, "bands must rise");
	}
	return OK;
}

static enum code
draw_bands(struct scope *sc, struct scope *work, const struct road_reach *reach, struct road_isochrone *iso)
{
	struct field f;
	TRY(field_init(work, &f, reach));
	reach_visit(reach, paint_part, &f);
	spread(&f);
	for (size_t i = 0; i < iso->n_bands; i++) {
		contour_band(sc, work, &f, &iso->bands[i]);
		iso->bands[i].street_km = street_km(reach, iso->bands[i].within_ds);
		TRY(scope_check_deadline(work));
	}
	return OK;
}

enum code
road_isochrone(struct scope *sc, const struct road *road, const struct road_metric *metric,
	       const struct road_point *from, const int32_t *within_ds, size_t n, struct road_isochrone *out)
{
	TRY(check_bands(sc, within_ds, n));
	struct road_isochrone iso = {.from = *from, .n_bands = n};
	iso.bands = NEW_ARRAY(sc, n, struct road_band);
	for (size_t i = 0; i < n; i++)
		iso.bands[i].within_ds = within_ds[i];
	struct scope work;
	scope_init(&work);
	work.cap = sc->cap;
	work.deadline_ms = sc->deadline_ms;
	struct road_reach *reach;
	enum code rc = road_reach(&work, road, metric, from, within_ds[n - 1], &reach);
	if (rc == OK)
		rc = draw_bands(sc, &work, reach, &iso);
	if (rc != OK)
		sc->err = work.err;
	else
		*out = iso;
	scope_release(&work);
	return rc;
}

static void
add_ring(struct text *t, const struct road_ring *r)
{
	text_add_char(t, '[');
	for (size_t i = 0; i < r->n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_location(t, r->at[i]);
	}
	text_add_char(t, ']');
}

static void
add_band(struct text *t, const struct road_band *b)
{
	text_printf(t,
		    "{\"type\":\"Feature\",\"properties\":{\"minutes\":%.6g,\"street_km\":%.1f,\"area_km2\":%.2f},"
		    "\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[",
		    b->within_ds / 600.0, b->street_km, b->area_km2);
	for (size_t i = 0; i < b->n_areas; i++) {
		text_add(t, i > 0 ? ",[" : "[");
		for (size_t k = 0; k < b->areas[i].n_rings; k++) {
			if (k > 0)
				text_add_char(t, ',');
			add_ring(t, &b->areas[i].rings[k]);
		}
		text_add_char(t, ']');
	}
	text_add(t, "]}}");
}

char *
road_isochrone_geojson(struct scope *sc, const struct road *road, const struct road_isochrone *iso)
{
	struct text t;
	text_init(&t, sc);
	text_add(&t, "{\"type\":\"FeatureCollection\",\"from\":{\"location\":");
	osrm_add_location(&t, iso->from.at);
	text_add(&t, ",\"street\":");
	osrm_add_string(&t, road_point_name(road, &iso->from));
	text_add(&t, "},\"features\":[");
	for (size_t i = iso->n_bands; i-- > 0;) {
		add_band(&t, &iso->bands[i]);
		if (i > 0)
			text_add_char(&t, ',');
	}
	text_add(&t, "]}");
	return t.s;
}
