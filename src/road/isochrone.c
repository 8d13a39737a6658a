/* Areas around what is reached. Three steps:
 *	1. paint	each reached piece of a street gives the grid points next to
 *			it their times: along the street, then straight to the point
 *	2. spread	two passes over the grid carry times and walked metres on to
 *			neighbours (a chamfer distance: never shorter than the truth)
 *	3. trace	a band's edge crosses the grid's lines where the time passes
 *			it; the crossings of a cell are joined with the inside on the
 *			left, and followed into rings (marching squares)
 */
#include "road/isochrone.h"

#include <math.h>

#include "base/text.h"
#include "road/osrm.h"
#include "road/reach_inner.h"
#include "road/vec.h"

#define NODES_MAX 1500000.0 /* of the grid: beyond, cells grow */
#define THIN_CELLS 0.15	    /* how far a drawn edge may lie from the traced one */

struct spot_time {
	float s;      /* after the start; INFINITY: not reached */
	float walk_m; /* of it, on foot */
};

struct field {
	const struct road_reach *reach;
	struct plane plane;
	struct metres corner; /* of node 0, the south-west one */
	double cell_m, walk_m;
	uint32_t columns, rows;
	struct spot_time *node; /* rows from south to north */
};

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

/* --- trace ---------------------------------------------------------------------- */

enum side { SOUTH, EAST, NORTH, WEST, NOWHERE };

/* Which sides of a cell its edge enters and leaves by, for each set of inner
 * corners (1 south-west, 2 south-east, 4 north-east, 8 north-west). */
static const uint8_t crossings[16][2][2] = {
    [0] = {{NOWHERE}, {NOWHERE}},      [1] = {{SOUTH, WEST}, {NOWHERE}},      [2] = {{EAST, SOUTH}, {NOWHERE}},
    [3] = {{EAST, WEST}, {NOWHERE}},   [4] = {{NORTH, EAST}, {NOWHERE}},      [5] = {{SOUTH, WEST}, {NORTH, EAST}},
    [6] = {{NORTH, SOUTH}, {NOWHERE}}, [7] = {{NORTH, WEST}, {NOWHERE}},      [8] = {{WEST, NORTH}, {NOWHERE}},
    [9] = {{SOUTH, NORTH}, {NOWHERE}}, [10] = {{EAST, SOUTH}, {WEST, NORTH}}, [11] = {{EAST, NORTH}, {NOWHERE}},
    [12] = {{WEST, EAST}, {NOWHERE}},  [13] = {{SOUTH, EAST}, {NOWHERE}},     [14] = {{WEST, SOUTH}, {NOWHERE}},
    [15] = {{NOWHERE}, {NOWHERE}},
};

/* A grid line between two nodes: the lower node twice, plus one where the line
 * goes north. */
static uint32_t
line_of(const struct field *f, uint32_t x, uint32_t y, enum side side)
{
	switch (side) {
	case SOUTH: return 2 * (y * f->columns + x);
	case NORTH: return 2 * ((y + 1) * f->columns + x);
	case WEST: return 2 * (y * f->columns + x) + 1;
	default: return 2 * (y * f->columns + x + 1) + 1;
	}
}

static bool
inside(const struct field *f, size_t node, double within_s)
{
	return (double)f->node[node].s <= within_s;
}

static unsigned
corners(const struct field *f, uint32_t x, uint32_t y, double within_s)
{
	size_t at = (size_t)y * f->columns + x;
	return (inside(f, at, within_s) ? 1u : 0) | (inside(f, at + 1, within_s) ? 2u : 0) |
	       (inside(f, at + f->columns + 1, within_s) ? 4u : 0) | (inside(f, at + f->columns, within_s) ? 8u : 0);
}

/* Where the edge crosses a line: between two times by proportion; towards a node
 * nobody gets to as far as time and legs carry. */
static struct metres
crossing(const struct field *f, uint32_t line, double within_s)
{
	uint32_t low = line / 2;
	uint32_t high = low + (line % 2 == 1 ? f->columns : 1);
	bool low_in = inside(f, low, within_s);
	const struct spot_time *in = &f->node[low_in ? low : high];
	const struct spot_time *out = &f->node[low_in ? high : low];
	double t = isfinite(out->s)
		       ? (within_s - (double)in->s) / (double)(out->s - in->s)
		       : fmin((within_s - (double)in->s) * ROAD_WALK_MPS, f->walk_m - (double)in->walk_m) / f->cell_m;
	t = fmin(fmax(t, 0.01), 0.99);
	double along = low_in ? t : 1 - t;
	double x = f->corner.x + (low % f->columns) * f->cell_m;
	double y = f->corner.y + (double)(low / f->columns) * f->cell_m;
	return line % 2 == 1 ? (struct metres){x, y + along * f->cell_m} : (struct metres){x + along * f->cell_m, y};
}

/* next[line]: the line that the edge goes to from there. */
static uint32_t *
join_crossings(struct scope *sc, const struct field *f, double within_s)
{
	size_t lines = 2 * (size_t)f->columns * f->rows;
	uint32_t *next = NEW_ARRAY(sc, lines, uint32_t);
	memset(next, 0xff, lines * sizeof *next);
	for (uint32_t y = 0; y + 1 < f->rows; y++) {
		for (uint32_t x = 0; x + 1 < f->columns; x++) {
			const uint8_t(*c)[2] = crossings[corners(f, x, y, within_s)];
			for (int i = 0; i < 2 && c[i][0] != NOWHERE; i++)
				next[line_of(f, x, y, c[i][0])] = line_of(f, x, y, c[i][1]);
		}
	}
	return next;
}

/* --- rings ---------------------------------------------------------------------- */

struct traced {
	struct metres *at; /* closed */
	size_t n;
	double area_m2; /* negative: a hole */
	struct metres low, high;
};

static double
signed_area(const struct metres *p, size_t n)
{
	double twice = 0;
	for (size_t i = 0; i + 1 < n; i++)
		twice += p[i].x * p[i + 1].y - p[i + 1].x * p[i].y;
	return twice / 2;
}

/* Keeps the points that a line between kept ones would miss by more than slack
 * (Douglas, Peucker 1973), with a stack of stretches still to look at. Returns
 * how many stay. */
static size_t
thin_ring(struct scope *sc, struct metres *p, size_t n, double slack_m)
{
	bool *keep = NEW_ARRAY(sc, n, bool);
	size_t *stack = NEW_ARRAY(sc, 2 * n + 2, size_t);
	size_t top = 0;
	keep[0] = keep[n / 2] = keep[n - 1] = true; /* the ends are one point: two halves */
	stack[top++] = 0;
	stack[top++] = n / 2;
	stack[top++] = n / 2;
	stack[top++] = n - 1;
	while (top > 0) {
		size_t last = stack[--top];
		size_t first = stack[--top];
		size_t worst = first;
		double most = slack_m;
		for (size_t i = first + 1; i < last; i++) {
			double t;
			double off = segment_distance_m(p[i], p[first], p[last], &t);
			worst = off > most ? i : worst;
			most = fmax(off, most);
		}
		if (worst == first)
			continue;
		keep[worst] = true;
		stack[top++] = first;
		stack[top++] = worst;
		stack[top++] = worst;
		stack[top++] = last;
	}
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			p[k++] = p[i];
	return k;
}

static struct traced
follow(struct scope *sc, const struct field *f, uint32_t *next, uint32_t first, double within_s)
{
	struct vec *points = NEW(sc, struct vec);
	vec_init(points, sc, sizeof(struct metres));
	uint32_t line = first;
	do {
		*(struct metres *)vec_push(points) = crossing(f, line, within_s);
		uint32_t to = next[line];
		next[line] = ROAD_NONE;
		line = to;
	} while (line != first);
	struct metres start = *VEC_AT(points, struct metres, 0);
	*(struct metres *)vec_push(points) = start;
	struct traced r = {.at = VEC_AT(points, struct metres, 0)};
	r.n = thin_ring(sc, r.at, points->n, f->cell_m * THIN_CELLS);
	r.area_m2 = signed_area(r.at, r.n);
	r.low = r.high = r.at[0];
	for (size_t i = 0; i < r.n; i++) {
		r.low = (struct metres){fmin(r.low.x, r.at[i].x), fmin(r.low.y, r.at[i].y)};
		r.high = (struct metres){fmax(r.high.x, r.at[i].x), fmax(r.high.y, r.at[i].y)};
	}
	return r;
}

static bool
holds(const struct traced *r, struct metres p)
{
	if (p.x < r->low.x || p.x > r->high.x || p.y < r->low.y || p.y > r->high.y)
		return false;
	bool in = false;
	for (size_t i = 0; i + 1 < r->n; i++) {
		struct metres a = r->at[i];
		struct metres b = r->at[i + 1];
		if ((a.y > p.y) != (b.y > p.y))
			in ^= p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x);
	}
	return in;
}

/* The smallest outline around a hole. */
static size_t
outline_of(const struct traced *rings, size_t n, const struct traced *hole)
{
	size_t best = n;
	for (size_t i = 0; i < n; i++)
		if (rings[i].area_m2 > -hole->area_m2 && (best == n || rings[i].area_m2 < rings[best].area_m2) &&
		    holds(&rings[i], hole->at[0]))
			best = i;
	return best;
}

static struct road_ring
ring_of(struct scope *sc, const struct field *f, const struct traced *t)
{
	struct road_ring r = {.at = NEW_ARRAY(sc, t->n, struct place), .n = t->n};
	for (size_t i = 0; i < t->n; i++)
		r.at[i] =
		    (struct place){(int32_t)(f->plane.origin.lat_e7 + lround(t->at[i].y / f->plane.m_per_e7_lat)),
				   (int32_t)(f->plane.origin.lon_e7 + lround(t->at[i].x / f->plane.m_per_e7_lon))};
	return r;
}

static void
gather_areas(struct scope *sc, const struct field *f, const struct traced *rings, size_t n, struct road_band *band)
{
	size_t *outline = NEW_ARRAY(sc, n, size_t);
	size_t *members = NEW_ARRAY(sc, n, size_t);
	for (size_t i = 0; i < n; i++) {
		outline[i] = rings[i].area_m2 > 0		? i
			     : -rings[i].area_m2 < ROAD_HOLE_M2 ? n
								: outline_of(rings, n, &rings[i]);
		if (outline[i] < n) {
			members[outline[i]]++;
			band->area_km2 += rings[i].area_m2 * 1e-6;
		}
		band->n_areas += outline[i] == i;
	}
	band->areas = NEW_ARRAY(sc, band->n_areas, struct road_area);
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (outline[i] != i)
			continue;
		struct road_area *a = &band->areas[k++];
		a->rings = NEW_ARRAY(sc, members[i], struct road_ring);
		a->rings[a->n_rings++] = ring_of(sc, f, &rings[i]);
		for (size_t h = 0; h < n; h++)
			if (h != i && outline[h] == i)
				a->rings[a->n_rings++] = ring_of(sc, f, &rings[h]);
	}
}

static void
trace_band(struct scope *sc, struct scope *work, const struct field *f, struct road_band *band)
{
	double within_s = band->within_ds * 0.1;
	uint32_t *next = join_crossings(work, f, within_s);
	struct vec *rings = NEW(work, struct vec);
	vec_init(rings, work, sizeof(struct traced));
	for (uint32_t line = 0; line < 2 * f->columns * f->rows; line++)
		if (next[line] != ROAD_NONE)
			*(struct traced *)vec_push(rings) = follow(work, f, next, line, within_s);
	gather_areas(sc, f, VEC_AT(rings, struct traced, 0), rings->n, band);
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
		trace_band(sc, work, &f, &iso->bands[i]);
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
