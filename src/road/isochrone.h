/* road/isochrone: the area around a point that can be reached in time.
 *
 * What a band means: a vehicle drives from the point by the fastest way
 * (road/reach.h), stops anywhere along a street where a trip may end, and
 * somebody walks on, straight, at ROAD_WALK_MPS, at most ROAD_WALK_M; it all
 * takes no longer than the band's time. Which side of a street a stop lies on
 * does not matter here.
 *
 * The times are exact on the streets. Around them they lie on a grid, and a
 * band's edge is drawn through it with straight pieces: the edge is true to
 * about one cell (ROAD_CELL_M, more where an area is very large), and a place
 * reached ROAD_BAND_SLACK_DS before time is always inside. A shorter band lies
 * inside a longer one. Holes smaller than ROAD_HOLE_M2 are closed. */
#ifndef ROAD_ISOCHRONE_H
#define ROAD_ISOCHRONE_H

#include "road/reach.h"

#define ROAD_BANDS_MAX 12u
#define ROAD_BAND_MAX_DS (2 * 36000)
#define ROAD_WALK_MPS 1.4
#define ROAD_WALK_M 100.0
#define ROAD_CELL_M 25.0
#define ROAD_BAND_SLACK_DS 300
#define ROAD_HOLE_M2 20000.0

/* Closed: the last point is the first one. */
struct road_ring {
	struct place *at;
	size_t n;
};

/* rings[0] is the outline, counterclockwise; the others are holes in it. */
struct road_area {
	struct road_ring *rings;
	size_t n_rings;
};

struct road_band {
	int32_t within_ds;
	double street_km; /* that can be driven to, each street once */
	double area_km2;
	struct road_area *areas;
	size_t n_areas;
};

struct road_isochrone {
	struct road_point from;
	struct road_band *bands; /* shortest first */
	size_t n_bands;
};

/* within_ds: rising, 1 … ROAD_BAND_MAX_DS, at most ROAD_BANDS_MAX of them.
 * E_INVALID  otherwise.  E_MEMORY  beyond what the scope may take. */
MUST_USE enum code road_isochrone(struct scope *sc, const struct road *road, const struct road_metric *metric,
				  const struct road_point *from, const int32_t *within_ds, size_t n,
				  struct road_isochrone *out);
/* A GeoJSON FeatureCollection: a MultiPolygon a band, the longest first so that
 * shorter ones are drawn on top. Properties: minutes, street_km, area_km2. A member
 * `from` of the collection: location and street. */
char *road_isochrone_geojson(struct scope *sc, const struct road *road, const struct road_isochrone *iso);

#endif
