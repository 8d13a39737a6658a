/* road/area_rings: what is drawn as areas with holes. Private to the room.
 *
 *	area_rings.c	multipolygon relations: rings from their ways, holes in them
 *	sea.c		the water side of coast lines, within the extract's box
 *
 * Both add lines with rings: road_map.h. Before add_lines: an area takes over the
 * drawing of its own outer ways. */
#ifndef ROAD_AREA_RINGS_H
#define ROAD_AREA_RINGS_H

#include "road/road_build.h"

/* Places in a row, the last one the first again. */
struct ring {
	struct place *at;
	uint32_t n;
};

/* An area of one outer ring and those of the holes that lie in it. */
void area_add(struct builder *b, struct vec *lines, uint32_t kind, uint32_t name, const struct ring *outer,
	      const struct ring *holes, size_t n_holes);
/* Is it inside, by crossings of a ray? On the ring itself: either. */
bool ring_holds(const struct ring *r, struct place p);
/* Twice the area, in e7 units squared; above zero where it runs against the clock, north up. */
double ring_turn(const struct ring *r);
struct bounds ring_bounds(const struct ring *r);

void areas_from_relations(struct builder *b, struct vec *lines);
void areas_from_coasts(struct builder *b, struct vec *lines);

#endif
