/* road/junction: the streets that meet where one arc of a way ends and the next
 * begins, as a driver sees them. Private to the room. */
#ifndef ROAD_JUNCTION_H
#define ROAD_JUNCTION_H

#include "road/road_map.h"

#define JUNCTION_ROADS_MAX 16u

struct junction_road {
	uint32_t arc; /* leaves by it; ROAD_NONE: a one-way street that only comes in */
	uint32_t segment;
	int16_t bearing; /* of leaving, 0 … 359 */
	bool open;	 /* who came in may go there */
};

struct junction {
	struct junction_road road[JUNCTION_ROADS_MAX]; /* clockwise from north */
	uint32_t n;
	uint32_t in, out; /* of these: came by, goes on by */
};

/* `to` leaves where `from` ends. plane: around any place of the same city, here and below. */
void junction_read(const struct road *road, const struct plane *plane, uint32_t from, uint32_t to,
		   struct junction *out);
/* Where an arc heads at its beginning or at its end: metres east and north. */
struct metres junction_heading(const struct road *road, const struct plane *plane, uint32_t arc, bool at_end);
/* Degrees clockwise from north, [0, 360), to a thousandth. */
double heading_deg(struct metres heading);
/* From -180 to 180: how far right of straight on. */
double junction_angle(double before_deg, double after_deg);

#endif
