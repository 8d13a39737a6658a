/* road/junction: the streets that meet where one arc of a way ends and the next
 * begins, as a driver sees them. Private to the room. */
#ifndef ROAD_JUNCTION_H
#define ROAD_JUNCTION_H

#include "road/road_map.h"

struct junction {
	const struct road_spoke *spoke; /* clockwise from north; borrowed from the road */
	uint32_t n;
	uint32_t in, out; /* of these: came by, goes on by */
	uint32_t open;	  /* bit i: who came in may go on by spoke i, of the first SPOKES_SEEN */
};

/* `to` leaves where `from` ends. */
void junction_read(const struct road *road, uint32_t from, uint32_t to, struct junction *out);
/* Degrees clockwise from north: before and behind the junction. */
double junction_before(const struct junction *j);
double junction_after(const struct junction *j);
/* From -180 to 180: how far right of straight on. */
double junction_angle(double before_deg, double after_deg);

static inline bool
junction_is_open(const struct junction *j, uint32_t i)
{
	return i < SPOKES_SEEN && (j->open >> i & 1u) != 0;
}

#endif
