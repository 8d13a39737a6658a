/* duty/duty_track: a finished duty's positions, cut at its doors; within the room.
 *
 *	departed ─ drive ─ [ stood · walk · service · walk ] ─ drive ─ [ … ] ─ drive ─ closed
 *
 * Positions are the phone's, and the phone walks to the door with its driver. So
 * the van's part of a leg is what remains when everything slower than
 * TRACK_DRIVES_MPS is taken off its two ends; where that ends the van stood, and
 * what lies between the van's standing still and moving on, less the time at the
 * door, was walked. Pure. */
#ifndef DUTY_DUTY_TRACK_H
#define DUTY_DUTY_TRACK_H

#include "duty/duty.h"

#define TRACK_DRIVES_MPS 2.5 /* over TRACK_SPAN_MS: faster than people walk */
#define TRACK_SPAN_MS 15000

/* An attempt at a door. */
struct knock {
	int64_t arrived_ms; /* 0: nobody said so */
	int64_t done_ms;
	struct place door;
	double told_s;
};
struct duty_track {
	uint64_t driver;
	int64_t departed_ms, closed_ms;
	int64_t offset_ms; /* of the station's wall */
	const struct position *positions;
	size_t n_positions; /* rising in time */
	const struct knock *knocks;
	size_t n_knocks; /* by done_ms */
};

/* n_knocks + 1 drives (n = 0: the van was not seen to move; times on the wall),
 * and the visits between them that were seen whole. */
void duty_track_cut(struct scope *sc, const struct duty_track *t, struct road_drive *drives,
		    struct traffic_visit *visits, size_t *n_visits);

#endif
