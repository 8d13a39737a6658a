/* road/osrm: answers in the shapes of OSRM's interface, written straight as
 * text: a full route is thousands of small numbers. Private to the room. */
#ifndef ROAD_OSRM_H
#define ROAD_OSRM_H

#include "base/text.h"
#include "road/osrm_request.h"
#include "road/road_map.h"

/* Writes at s, where there is room, and returns the end. */
char *put_unsigned(char *s, uint64_t v);
char *put_number(char *s, double v); /* at most one decimal */
char *put_location(char *s, struct place p);
#define PUT_INTEGER 22u	 /* so much room do they take at most */
#define PUT_LOCATION 24u /* [-180.000000,-90.000000] */
static inline char *
put_n(char *s, const char *bytes, size_t n)
{
	memcpy(s, bytes, n);
	return s + n;
}
#define PUT(s, literal) put_n((s), "" literal, sizeof(literal) - 1)

void osrm_add_integer(struct text *t, int64_t v);
void osrm_add_number(struct text *t, double v);		/* at most one decimal */
void osrm_add_string(struct text *t, const char *utf8); /* quoted and escaped */
void osrm_add_location(struct text *t, struct place p);
void osrm_add_geometry(struct text *t, enum osrm_geometry kind, const struct place *p, size_t n);
void osrm_add_waypoint(struct text *t, const struct road *road, const struct road_point *p);
/* road: NULL for a way that another server told: then without junctions, side and mode. */
void osrm_add_step(struct text *t, const struct road *road, enum osrm_geometry geometry, const struct road_path *path,
		   const struct road_step *s);
/* ,"annotation":{…} of a leg; notes: OSRM_NOTE_…. An extract that names no nodes has no "nodes". */
void osrm_add_notes(struct text *t, const struct road *road, const struct road_path *path, unsigned notes);
/* {"geometry":…,"legs":[…],…} of paths driven one after another. */
void osrm_add_route(struct text *t, const struct road *road, const struct osrm_request *r,
		    const struct road_path *paths, size_t n_paths);
/* The answer of /match. E_NOT_FOUND, E_INVALID: in OSRM's words. */
MUST_USE enum code osrm_match_json(struct scope *sc, const struct road *road, const struct road_metric *metric,
				   const struct osrm_request *r, const struct road_fix *fixes, size_t n, char **json);

#endif
