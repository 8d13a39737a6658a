/* The nearest street: rings of grid cells around a place, until no nearer
 * segment can come. Distances are on a local plane, good to a millimetre
 * within a snap's reach. */
#include <math.h>

#include "road/road_map.h"

struct candidate {
	uint32_t segment;
	double off_m;
};

static void
cell_of(const struct road *road, struct place p, int64_t *row, int64_t *column)
{
	const struct road_head *h = road->head;
	/* floor, also outside the box */
	int64_t lat = (int64_t)p.lat_e7 - h->bounds.min.lat_e7;
	int64_t lon = (int64_t)p.lon_e7 - h->bounds.min.lon_e7;
	*row = lat >= 0 ? lat / h->cell_e7_lat : -1 - (-1 - lat) / h->cell_e7_lat;
	*column = lon >= 0 ? lon / h->cell_e7_lon : -1 - (-1 - lon) / h->cell_e7_lon;
}

struct nearest {
	double off_m;
	uint32_t piece; /* of the segment's points: between piece and piece + 1 */
	double t;
	struct metres foot;
};

/* Of one segment, around the plane's origin. */
static void
nearest_on_segment(const struct road *road, const struct plane *plane, uint32_t segment, struct nearest *out)
{
	const struct road_segment *s = &road->segment[segment];
	const struct place *p = road->shape + s->shape;
	struct metres a = plane_project(plane, p[0]);
	double least = INFINITY; /* square metres: roots are dear */
	*out = (struct nearest){0};
	for (uint32_t i = 0; i + 1 < s->n_shape; i++) {
		struct metres b = plane_project(plane, p[i + 1]);
		double dx = b.x - a.x;
		double dy = b.y - a.y;
		double len2 = dx * dx + dy * dy;
		double t = len2 > 0 ? -(a.x * dx + a.y * dy) / len2 : 0;
		t = t < 0 ? 0 : t > 1 ? 1 : t;
		struct metres foot = {a.x + t * dx, a.y + t * dy};
		double d2 = foot.x * foot.x + foot.y * foot.y;
		if (d2 < least) {
			least = d2;
			*out = (struct nearest){.piece = i, .t = t, .foot = foot};
		}
		a = b;
	}
	out->off_m = sqrt(least);
}

static void
keep_nearest(struct candidate *best, size_t max, size_t *n, uint32_t segment, double off_m)
{
	for (size_t i = 0; i < *n; i++)
		if (best[i].segment == segment)
			return;
	size_t at = max - 1;
	if (*n < max)
		at = (*n)++;
	else if (best[at].off_m <= off_m)
		return;
	while (at > 0 && best[at - 1].off_m > off_m) {
		best[at] = best[at - 1];
		at--;
	}
	best[at] = (struct candidate){segment, off_m};
}

/* How far a stretch of one axis lies from a place on it. */
static double
apart(int64_t at, int64_t low, int64_t wide)
{
	return at < low ? (double)(low - at) : at > low + wide ? (double)(at - low - wide) : 0;
}

/* Does any of this cell lie within the distance? */
static bool
cell_within(const struct road_head *h, const struct plane *plane, int64_t row, int64_t column, double m)
{
	const struct place *min = &h->bounds.min;
	double y =
	    plane->m_per_e7_lat * apart(plane->origin.lat_e7, min->lat_e7 + row * h->cell_e7_lat, h->cell_e7_lat);
	double x =
	    plane->m_per_e7_lon * apart(plane->origin.lon_e7, min->lon_e7 + column * h->cell_e7_lon, h->cell_e7_lon);
	return x * x + y * y <= m * m;
}

static void
search_cell(const struct road *road, const struct plane *plane, int64_t row, int64_t column, double max_m,
	    struct candidate *best, size_t max, size_t *n)
{
	const struct road_head *h = road->head;
	if (row < 0 || column < 0 || row >= h->grid_rows || column >= h->grid_columns)
		return;
	double bound = *n == max ? best[max - 1].off_m : max_m;
	if (!cell_within(h, plane, row, column, bound))
		return;
	size_t cell = (size_t)row * h->grid_columns + (size_t)column;
	for (uint32_t i = road->grid_first[cell]; i < road->grid_first[cell + 1]; i++) {
		struct nearest near;
		nearest_on_segment(road, plane, road->grid[i], &near);
		if (near.off_m > bound)
			continue;
		keep_nearest(best, max, n, road->grid[i], near.off_m);
		bound = *n == max ? best[max - 1].off_m : max_m;
	}
}

/* Is the box of all streets further than max_m? Says no where it is close; who
 * asks from far off shall not pay for the rings in between. */
static bool
out_of_reach(const struct road *road, const struct plane *plane, double max_m)
{
	const struct bounds *b = &road->head->bounds;
	struct place p = plane->origin;
	struct place nearest = {
	    p.lat_e7 < b->min.lat_e7   ? b->min.lat_e7
	    : p.lat_e7 > b->max.lat_e7 ? b->max.lat_e7
				       : p.lat_e7,
	    p.lon_e7 < b->min.lon_e7   ? b->min.lon_e7
	    : p.lon_e7 > b->max.lon_e7 ? b->max.lon_e7
				       : p.lon_e7,
	};
	struct metres off = plane_project(plane, nearest);
	return hypot(off.x, off.y) > max_m * 1.01 + 1;
}

static size_t
search(const struct road *road, struct place place, double max_m, struct candidate *best, size_t max)
{
	struct plane plane;
	plane_init(&plane, place);
	if (out_of_reach(road, &plane, max_m))
		return 0;
	int64_t row;
	int64_t column;
	cell_of(road, place, &row, &column);
	double cell_m = road->head->cell_e7_lat * plane.m_per_e7_lat;
	double cell_x = road->head->cell_e7_lon * plane.m_per_e7_lon;
	if (cell_x < cell_m)
		cell_m = cell_x;
	/* near a pole cells are slim: no more rings than there are cells to the far side */
	double most = 2.0 * ((double)road->head->grid_rows + (double)road->head->grid_columns) + max_m;
	int64_t rings = (int64_t)fmin(max_m / cell_m + 2, most);
	size_t n = 0;
	for (int64_t r = 0; r <= rings; r++) {
		for (int64_t dy = -r; dy <= r; dy++) {
			bool edge = dy == -r || dy == r;
			for (int64_t dx = -r; dx <= r; dx += edge || r == 0 ? 1 : 2 * r)
				search_cell(road, &plane, row + dy, column + dx, max_m, best, max, &n);
		}
		/* what lies in the next ring is at least r cells away */
		if (n == max && best[max - 1].off_m <= (double)r * cell_m)
			break;
	}
	return n;
}

static struct place
place_of(const struct plane *plane, struct metres at)
{
	return (struct place){(int32_t)(plane->origin.lat_e7 + lround(at.y / plane->m_per_e7_lat)),
			      (int32_t)(plane->origin.lon_e7 + lround(at.x / plane->m_per_e7_lon))};
}

/* Where along the whole segment piece i at t lies. */
static uint32_t
fraction_of(const struct road *road, const struct road_segment *s, uint32_t piece, double t)
{
	const struct place *p = road->shape + s->shape;
	double before = 0;
	double whole = 0;
	for (uint32_t i = 0; i + 1 < s->n_shape; i++) {
		double d = place_distance_m(p[i], p[i + 1]);
		if (i < piece)
			before += d;
		else if (i == piece)
			before += t * d;
		whole += d;
	}
	double f = whole > 0 ? before / whole * ROAD_WHOLE : 0;
	return f >= ROAD_WHOLE ? ROAD_WHOLE : (uint32_t)lround(f);
}

#define KERB_M 2.0 /* nearer to the middle than this, a point has no side */

static void
point_on(const struct road *road, struct place place, uint32_t segment, struct road_point *out)
{
	struct plane plane;
	plane_init(&plane, place);
	struct nearest near;
	nearest_on_segment(road, &plane, segment, &near);
	const struct road_segment *s = &road->segment[segment];
	const struct place *p = road->shape + s->shape + near.piece;
	struct metres a = plane_project(&plane, p[0]);
	struct metres b = plane_project(&plane, p[1]);
	double cross = (b.x - a.x) * (0 - a.y) - (b.y - a.y) * (0 - a.x);
	uint8_t open =
	    (uint8_t)((s->arc[0] != ROAD_NONE ? ROAD_FORWARD : 0) | (s->arc[1] != ROAD_NONE ? ROAD_BACKWARD : 0));
	struct road_point r = {
	    .segment = segment,
	    .fraction = fraction_of(road, s, near.piece, near.t),
	    .leave = open,
	    .arrive = open,
	    .left = cross > 0,
	    .off_m = (float)near.off_m,
	    .at = place_of(&plane, near.foot),
	};
	bool by_kerb = (road->head->kerb_classes >> road->way[s->way].class & 1u) != 0;
	if (by_kerb && open == (ROAD_FORWARD | ROAD_BACKWARD) && near.off_m > KERB_M)
		r.arrive = r.leave = r.left == road->info.drives_on_left ? ROAD_FORWARD : ROAD_BACKWARD;
	*out = r;
}

enum code
road_snap(struct scope *sc, const struct road *road, struct place place, double max_m, struct road_point *out)
{
	struct candidate best;
	if (search(road, place, max_m, &best, 1) == 0)
		return fail_as(sc, E_NOT_FOUND, "off-road", "no street within %.0f m of %.5f,%.5f", max_m,
			       place_lat(place), place_lon(place));
	point_on(road, place, best.segment, out);
	return OK;
}

enum code
road_snap_all(struct scope *sc, const struct road *road, struct place place, double max_m, size_t max,
	      struct road_point **out, size_t *n)
{
	struct candidate *best = NEW_ARRAY(sc, max + 1, struct candidate);
	size_t found = max == 0 ? 0 : search(road, place, max_m, best, max);
	if (found == 0)
		return fail_as(sc, E_NOT_FOUND, "off-road", "no street within %.0f m of %.5f,%.5f", max_m,
			       place_lat(place), place_lon(place));
	struct road_point *points = NEW_ARRAY(sc, found, struct road_point);
	for (size_t i = 0; i < found; i++)
		point_on(road, place, best[i].segment, &points[i]);
	*out = points;
	*n = found;
	return OK;
}

const char *
road_point_name(const struct road *road, const struct road_point *p)
{
	return road->text + road->way[road->segment[p->segment].way].name;
}

/* --- a street to live in --------------------------------------------------- */

static struct place
along_segment(const struct road *road, const struct road_segment *s, double t)
{
	const struct place *p = road->shape + s->shape;
	double left = t * s->length_dm * 0.1;
	for (uint32_t i = 0; i + 1 < s->n_shape; i++) {
		double d = place_distance_m(p[i], p[i + 1]);
		if (left <= d || i + 2 == s->n_shape) {
			double f = d > 0 && left < d ? left / d : left >= d ? 1 : 0;
			return (struct place){(int32_t)(p[i].lat_e7 + lround(f * (p[i + 1].lat_e7 - p[i].lat_e7))),
					      (int32_t)(p[i].lon_e7 + lround(f * (p[i + 1].lon_e7 - p[i].lon_e7)))};
		}
		left -= d;
	}
	return p[0];
}

struct place
road_random_street_point(const struct road *road, struct prng *prng)
{
	uint32_t n = (uint32_t)road->n[SECTION_SEGMENT];
	uint32_t pick = 0;
	/* rejection: houses, and longer segments more often; any street at last */
	for (int tries = 0; tries < 4000; tries++) {
		pick = prng_below(prng, n);
		const struct road_segment *s = &road->segment[pick];
		bool houses = (road->way[s->way].flags & WAY_HOUSES) != 0;
		if (houses && prng_unit(prng) * 3000 < s->length_dm)
			break;
	}
	return along_segment(road, &road->segment[pick], prng_unit(prng));
}
