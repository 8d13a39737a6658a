/* A band's edge crosses the grid's lines where the time passes the band's. The
 * crossings of a cell are joined with the inside on the left, and followed into
 * rings (marching squares): outlines run counterclockwise, holes clockwise. */
#include "road/contour.h"

#include <math.h>

#include "road/vec.h"

#define THIN_CELLS 0.15 /* how far a drawn edge may lie from the traced one */

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

void
contour_band(struct scope *sc, struct scope *work, const struct field *f, struct road_band *band)
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
