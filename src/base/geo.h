/* base/geo: places on the Earth, e7 integers (1e-7 degree, about 11 mm). */
#ifndef BASE_GEO_H
#define BASE_GEO_H

#include "base/scope.h"

struct place {
	int32_t lat_e7; /* -900000000 … 900000000 */
	int32_t lon_e7; /* -1800000000 … 1800000000 */
};

struct bounds {
	struct place min, max;
};

/* E_INVALID  outside the ranges above, or not finite. */
MUST_USE enum code place_from_degrees(struct scope *sc, double lat, double lon, struct place *out);
double place_lat(struct place p);
double place_lon(struct place p);
bool place_valid(struct place p);
/* Great-circle distance, metres (haversine, mean radius 6371008.8 m). */
double place_distance_m(struct place a, struct place b);
/* The same from one place to many, a tenth of the time: each as a point on the unit sphere.
 * Differs from it by less than a micrometre up to 1,000 km. */
struct sphere_point {
	double x, y, z;
};
struct sphere_point place_on_sphere(struct place p);
void sphere_distances_m(struct sphere_point from, const struct sphere_point *to, size_t n, double *out);
/* Initial bearing a → b, degrees clockwise from north, [0, 360). */
double place_bearing_deg(struct place a, struct place b);

/* Local plane around an origin: metres east and north. Good for a city. */
struct plane {
	struct place origin;
	double m_per_e7_lon;
	double m_per_e7_lat;
};
struct metres {
	double x, y;
};
void plane_init(struct plane *p, struct place origin);
struct metres plane_project(const struct plane *p, struct place at);
/* Nearest point to p on the segment a–b; *t in [0, 1] along it. Returns metres. */
double segment_distance_m(struct metres p, struct metres a, struct metres b, double *t);

void bounds_init(struct bounds *b); /* empty */
void bounds_add(struct bounds *b, struct place p);
bool bounds_contain(const struct bounds *b, struct place p);

#endif
