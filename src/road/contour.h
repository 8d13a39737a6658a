/* road/contour: from times on a grid to the outline of what lies within one.
 * Private to the room. */
#ifndef ROAD_CONTOUR_H
#define ROAD_CONTOUR_H

#include "road/isochrone.h"
#include "road/reach_inner.h"

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

/* Fills the areas of a band, and their size, in sc; works in `work`. */
void contour_band(struct scope *sc, struct scope *work, const struct field *f, struct road_band *band);

#endif
