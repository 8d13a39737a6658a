#include "base/geo.h"

#include <math.h>

#define EARTH_RADIUS_M 6371008.8
#define RADIANS_PER_E7 (M_PI / 180.0 * 1e-7)

enum code
place_from_degrees(struct scope *sc, double lat, double lon, struct place *out)
{
	if (!isfinite(lat) || !isfinite(lon) || fabs(lat) > 90.0 || fabs(lon) > 180.0)
		return fail_as(sc, E_INVALID, "bad-place", "not a latitude within ±90 and a longitude within ±180");
	out->lat_e7 = (int32_t)lround(lat * 1e7);
	out->lon_e7 = (int32_t)lround(lon * 1e7);
	return OK;
}

double
place_lat(struct place p)
{
	return p.lat_e7 * 1e-7;
}

double
place_lon(struct place p)
{
	return p.lon_e7 * 1e-7;
}

bool
place_valid(struct place p)
{
	return p.lat_e7 >= -900000000 && p.lat_e7 <= 900000000 && p.lon_e7 >= -1800000000 && p.lon_e7 <= 1800000000;
}

double
place_distance_m(struct place a, struct place b)
{
	double lat_a = a.lat_e7 * RADIANS_PER_E7;
	double lat_b = b.lat_e7 * RADIANS_PER_E7;
	double s_lat = sin((lat_b - lat_a) / 2);
	double s_lon = sin(((double)b.lon_e7 - a.lon_e7) * RADIANS_PER_E7 / 2);
	double h = s_lat * s_lat + cos(lat_a) * cos(lat_b) * s_lon * s_lon;
	return 2 * EARTH_RADIUS_M * asin(sqrt(h < 1 ? h : 1));
}

struct sphere_point
place_on_sphere(struct place p)
{
	double lat = p.lat_e7 * RADIANS_PER_E7;
	double lon = p.lon_e7 * RADIANS_PER_E7;
	return (struct sphere_point){cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)};
}

/* asin(s) / s as a series in s², to the last bit up to here. */
#define SERIES_MAX 0.006

static double
arc_over_chord(double h)
{
	return 1 + h * (1. / 6 + h * (3. / 40 + h * (15. / 336 +
						     h * (105. / 3456 + h * (945. / 42240 + h * (10395. / 599040))))));
}

void
sphere_distances_m(struct sphere_point from, const struct sphere_point *to, size_t n, double *out)
{
	for (size_t i = 0; i < n; i++) {
		double x = to[i].x - from.x;
		double y = to[i].y - from.y;
		double z = to[i].z - from.z;
		double h = (x * x + y * y + z * z) / 4; /* the square of the half chord: of the half angle's sine */
		double s = sqrt(h);
		double half = h < SERIES_MAX ? s * arc_over_chord(h) : asin(s < 1 ? s : 1);
		out[i] = 2 * EARTH_RADIUS_M * half;
	}
}

double
place_bearing_deg(struct place a, struct place b)
{
	double lat_a = a.lat_e7 * RADIANS_PER_E7;
	double lat_b = b.lat_e7 * RADIANS_PER_E7;
	double d_lon = ((double)b.lon_e7 - a.lon_e7) * RADIANS_PER_E7;
	double y = sin(d_lon) * cos(lat_b);
	double x = cos(lat_a) * sin(lat_b) - sin(lat_a) * cos(lat_b) * cos(d_lon);
	double deg = atan2(y, x) * 180.0 / M_PI;
	return deg < 0 ? deg + 360.0 : deg;
}

void
plane_init(struct plane *p, struct place origin)
{
	p->origin = origin;
	p->m_per_e7_lat = EARTH_RADIUS_M * RADIANS_PER_E7;
	p->m_per_e7_lon = p->m_per_e7_lat * cos(origin.lat_e7 * RADIANS_PER_E7);
}

struct metres
plane_project(const struct plane *p, struct place at)
{
	return (struct metres){((double)at.lon_e7 - p->origin.lon_e7) * p->m_per_e7_lon,
			       ((double)at.lat_e7 - p->origin.lat_e7) * p->m_per_e7_lat};
}

double
segment_distance_m(struct metres p, struct metres a, struct metres b, double *t)
{
	double dx = b.x - a.x;
	double dy = b.y - a.y;
	double len2 = dx * dx + dy * dy;
	double at = len2 > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / len2 : 0;
	at = at < 0 ? 0 : at > 1 ? 1 : at;
	*t = at;
	double x = p.x - (a.x + at * dx);
	double y = p.y - (a.y + at * dy);
	return sqrt(x * x + y * y);
}

void
bounds_init(struct bounds *b)
{
	b->min = (struct place){INT32_MAX, INT32_MAX};
	b->max = (struct place){INT32_MIN, INT32_MIN};
}

void
bounds_add(struct bounds *b, struct place p)
{
	if (p.lat_e7 < b->min.lat_e7)
		b->min.lat_e7 = p.lat_e7;
	if (p.lon_e7 < b->min.lon_e7)
		b->min.lon_e7 = p.lon_e7;
	if (p.lat_e7 > b->max.lat_e7)
		b->max.lat_e7 = p.lat_e7;
	if (p.lon_e7 > b->max.lon_e7)
		b->max.lon_e7 = p.lon_e7;
}

bool
bounds_contain(const struct bounds *b, struct place p)
{
	return p.lat_e7 >= b->min.lat_e7 && p.lat_e7 <= b->max.lat_e7 && p.lon_e7 >= b->min.lon_e7 &&
	       p.lon_e7 <= b->max.lon_e7;
}
