/* road/osrm_request: a request line of OSRM's HTTP interface, decoded once.
 * Private to the room. */
#ifndef ROAD_OSRM_REQUEST_H
#define ROAD_OSRM_REQUEST_H

#include "road/road.h"

#define OSRM_POINTS_MAX 25000u /* a phone book of stops; the matrix has its own bound */
#define OSRM_NEAREST_MAX 1000

enum osrm_service { OSRM_ROUTE, OSRM_TABLE, OSRM_NEAREST, OSRM_MATCH };
enum osrm_geometry { OSRM_POLYLINE, OSRM_POLYLINE6, OSRM_GEOJSON };
enum osrm_overview { OSRM_SIMPLIFIED, OSRM_FULL, OSRM_NO_OVERVIEW };
enum osrm_straight { OSRM_AS_PROFILE, OSRM_STRAIGHT, OSRM_MAY_TURN_BACK };

#define OSRM_NOTE_DURATION 1u
#define OSRM_NOTE_DISTANCE 2u
#define OSRM_NOTE_SPEED 4u
#define OSRM_NOTE_NODES 8u
#define OSRM_NOTE_DATASOURCES 16u
#define OSRM_NOTE_WEIGHT 32u

struct osrm_point {
	struct place at;
	double radius_m;	    /* < 0: unlimited */
	int bearing, bearing_range; /* -1: any */
	bool kerb;
};

struct osrm_request {
	enum osrm_service service;
	struct osrm_point *points;
	size_t n_points;
	size_t *sources, *destinations; /* table: indices into points */
	size_t n_sources, n_destinations;
	bool steps;
	unsigned notes; /* OSRM_NOTE_… */
	enum osrm_geometry geometry;
	enum osrm_overview overview;
	size_t *waypoints; /* route, match: where legs begin and end */
	size_t n_waypoints;
	unsigned alternatives;	     /* route: how many more */
	enum osrm_straight straight; /* route: may it turn back where it stops on the way? */
	unsigned number;	     /* nearest */
	int64_t *timestamps;	     /* match; NULL: none */
	bool tidy;		     /* match: pass over points that say nothing new */
	bool whole;		     /* match: do not cut the track */
	double scale;		     /* table: durations times this */
	double fallback_m_s;	     /* table: as the crow flies where there is no way; 0: no */
	bool fallback_snapped;
	bool skip_waypoints;
};

/* E_INVALID  with OSRM's word for it ("InvalidQuery", "InvalidUrl", …) as the reason. */
MUST_USE enum code osrm_request_parse(struct scope *sc, const char *target, struct osrm_request *out);

#endif
