/* road/tracks: files of driven tracks. Two forms, told apart by their bytes:
 *	CSV	TRIP_ID,TAXI_ID,TIMESTAMP,POLYLINE: seconds since 1970, and
 *		"[[lon,lat],…]", a position every 15 s (the ECML/PKDD 2015 form)
 *	GPX	each <trkseg> is a track; <time> where it is there */
#ifndef ROAD_TRACKS_H
#define ROAD_TRACKS_H

#include "road/road.h"

struct road_track {
	const char *name, *driver; /* "" where the file does not say */
	struct road_fix *fixes;
	size_t n;
};

/* E_INVALID  says the line. Tracks without a position are left out. */
MUST_USE enum code road_tracks_read(struct scope *sc, const uint8_t *bytes, size_t n, struct road_track **out,
				    size_t *n_out);

/* A line of a drive that goes on: AT,LAT,LON[,SIGMA_M]. AT is RFC 3339 or seconds
 * since 1970; degrees; SIGMA_M is how far off it may be. E_INVALID  otherwise. */
MUST_USE enum code road_fix_parse(struct scope *sc, const char *line, struct road_fix *out);

#endif
