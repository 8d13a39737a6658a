/* road: travel times, routes and street maps from one file of streets.
 *
 * An extract of OpenStreetMap becomes one `.road` file (road_import). The file
 * is opened once (road_open: memory-mapped, checked, shared by all threads) and
 * answers: which street is here (road_snap), how long from each of these to
 * each of those (road_matrix), which way (road_path), what does the map look
 * like (road_tile). Pure computation: no clock, no store, no network.
 *
 * Units: places are e7 degrees; durations are deciseconds (int32, `_ds`);
 * distances are metres. Inside, weights are milliseconds.
 *
 * A street is cut into *segments* at junctions. A segment carries up to two
 * *arcs*, one a direction. Routes are turn-aware: forbidden turns, U-turns and
 * the time a turn takes are part of every answer. Streets of
 * `access=private|destination|delivery` serve the ends of a trip, never its
 * middle.
 *
 * Metrics: how long each arc takes. Every function takes a `metric`; NULL is
 * the extract's own speeds (class, posted limit, surface). Other metrics, a
 * time of day's for example, are built from arc durations and swapped in while
 * queries run: see "metrics" below.
 *
 * A `struct road` may be used by many threads at once.
 */
#ifndef ROAD_ROAD_H
#define ROAD_ROAD_H

#include "base/geo.h"
#include "base/prng.h"
#include "base/scope.h"

struct road;
struct road_metric;

/* --- import ------------------------------------------------------------- */

/* What came in and what was left out, for the person who imports. */
struct road_import_report {
	size_t nodes, ways, relations; /* read */
	size_t ways_used;	       /* this profile may move along them */
	size_t segments, arcs;	       /* kept */
	size_t vertices, turns;	       /* of the turn-expanded graph */
	size_t restrictions_used;
	size_t restrictions_ignored; /* conditional, for others, or their ways are not here */
	size_t arcs_dropped;	     /* no way in, or no way out: outside the largest connected part */
	double km_dropped;
	size_t refs_missing;	  /* way members that the extract does not hold */
	size_t lines_drawn;	  /* map features, areas among them */
	size_t areas;		  /* assembled from relations and coast lines */
	size_t areas_broken;	  /* relations whose rings do not close, or not wholly */
	size_t coast_gaps;	  /* coast lines that end inside the extract: then the sea is not filled */
	size_t addresses;	  /* house numbers the geocoder knows */
	size_t addresses_dropped; /* without a street, or with a number that is none */
	size_t bytes_written;
};

/* Reads `in` (.osm.pbf, .osm, .osm.gz or Overpass .geojson/.json, told apart by
 * their bytes) and writes `out` whole or not at all. profile: "van", "bike" or
 * "walk".
 * E_NOT_FOUND  no such input.  E_INVALID  not such a file (the message names
 * the offset), no such profile, or no streets in it.  E_LIMIT  too large. */
MUST_USE enum code road_import(struct scope *sc, const char *in, const char *out, const char *profile,
			       struct road_import_report *report);

/* --- open --------------------------------------------------------------- */

/* The caller owns *out: road_close().  E_CORRUPT  damaged, or of another
 * version: import again.  E_NOT_FOUND  no such file. */
MUST_USE enum code road_open(struct scope *sc, const char *path, struct road **out);
void road_close(struct road *road);

struct road_info {
	struct bounds bounds;	 /* of the streets that routes use */
	const char *profile;	 /* "van" */
	const char *attribution; /* must be shown wherever the map is */
	const char *source;	 /* the extract's own timestamp or generator, or "" */
	bool drives_on_left;
	size_t segments, arcs, vertices, turns;
};
/* Borrowed; lives as long as the road. */
const struct road_info *road_info(const struct road *road);

/* --- snap --------------------------------------------------------------- */

#define ROAD_WHOLE 65536u      /* a fraction's unit: this much is the whole segment */
#define ROAD_SNAP_MAX_M 1000.0 /* how far a point may be from its street, unless told */
#define ROAD_FORWARD 1u	       /* arcs: along the segment's points */
#define ROAD_BACKWARD 2u       /* and against them */

struct road_point {
	uint32_t segment;
	uint32_t fraction; /* 0 … ROAD_WHOLE along the segment's points */
	uint8_t leave;	   /* ROAD_FORWARD | ROAD_BACKWARD: how a trip may start here */
	uint8_t arrive;	   /* and how it may end: on large roads only on the point's own side */
	bool left;	   /* the asked place lies left of the segment's points' direction */
	float off_m;	   /* from the asked place to `at` */
	struct place at;   /* on the street */
};

/* The nearest street. E_NOT_FOUND, reason "off-road": none within max_m. */
MUST_USE enum code road_snap(struct scope *sc, const struct road *road, struct place place, double max_m,
			     struct road_point *out);
/* All segments within max_m, nearest first, at most `max` of them. */
MUST_USE enum code road_snap_all(struct scope *sc, const struct road *road, struct place place, double max_m,
				 size_t max, struct road_point **out, size_t *n);
/* The street's name; "" where it has none. Borrowed from the road. */
const char *road_point_name(const struct road *road, const struct road_point *p);
/* A place where somebody could live: on a street of houses, weighted by length. */
struct place road_random_street_point(const struct road *road, struct prng *prng);

/* --- metrics ------------------------------------------------------------ */

/* Builds a metric from one duration per arc (ms, 1 … 2^27; arcs as numbered by
 * this file). Not yet live. E_INVALID  a duration outside that. */
MUST_USE enum code road_metric_build(struct scope *sc, const struct road *road, const uint32_t *arc_ms,
				     struct road_metric **out);
/* How many threads make a metric's weights, at building it or at its first use; 1
 * unless told, 0 counts as 1. The weights are the same for any number. Before the road is shared. */
void road_set_threads(struct road *road, unsigned threads);
/* For a metric that was never swapped in. */
void road_metric_free(struct road_metric *metric);
/* Makes it the metric of a time bucket for every query that takes it from now
 * on; those under way finish on the one they took. Takes over `metric` (NULL:
 * back to the extract's speeds). */
#define ROAD_BUCKETS 256
void road_metric_swap(struct road *road, unsigned bucket, struct road_metric *metric);
/* The bucket's metric (NULL: none was set), valid until dropped. */
struct road_metric *road_metric_take(const struct road *road, unsigned bucket);
void road_metric_drop(const struct road *road, struct road_metric *metric);
/* The extract's own durations, one per arc; borrowed. */
const uint32_t *road_arc_ms(const struct road *road);

/* --- matrix ------------------------------------------------------------- */

#define ROAD_UNREACHABLE INT32_MAX

struct road_matrix {
	size_t n_from, n_to;
	int32_t *duration_ds; /* n_from rows of n_to; ROAD_UNREACHABLE: no way */
	int32_t *distance_m;  /* along the fastest way; NULL unless asked for */
};

/* Places are snapped (ROAD_SNAP_MAX_M); a place off the roads fails the call
 * with its number in the message. E_MEMORY  beyond what the scope may take. */
MUST_USE enum code road_matrix(struct scope *sc, const struct road *road, const struct road_metric *metric,
			       const struct place *from, size_t n_from, const struct place *to, size_t n_to,
			       bool want_distances, struct road_matrix *out);
/* The same for points that were snapped before. */
MUST_USE enum code road_matrix_of_points(struct scope *sc, const struct road *road, const struct road_metric *metric,
					 const struct road_point *from, size_t n_from, const struct road_point *to,
					 size_t n_to, bool want_distances, struct road_matrix *out);

/* --- path --------------------------------------------------------------- */

/* What a driver does where a step begins. */
enum road_manoeuvre {
	ROAD_DEPART,
	ROAD_ARRIVE,
	ROAD_TURN,
	ROAD_CONTINUE, /* a turn that stays on the same street */
	ROAD_NEW_NAME, /* straight on, under another name */
	ROAD_END_OF_ROAD,
	ROAD_FORK,
	ROAD_MERGE,
	ROAD_ON_RAMP,
	ROAD_OFF_RAMP,
	ROAD_ROUNDABOUT,
	ROAD_ROTARY, /* a roundabout with a name of its own */
	ROAD_EXIT_ROUNDABOUT,
	ROAD_EXIT_ROTARY,
	ROAD_FERRY, /* onto one, or off it again */
};
enum road_heading {
	ROAD_AHEAD,
	ROAD_SLIGHT_LEFT,
	ROAD_SLIGHT_RIGHT,
	ROAD_LEFT,
	ROAD_RIGHT,
	ROAD_SHARP_LEFT,
	ROAD_SHARP_RIGHT,
	ROAD_BACK,
	ROAD_NO_HEADING, /* of a departure; of an arrival on the street itself */
};
/* OSRM's words for them; NULL for ROAD_NO_HEADING. */
extern const char *const road_manoeuvre_words[];
extern const char *const road_heading_words[];

/* One arc of a path, or the part of it that is driven. */
struct road_leg {
	uint32_t arc;
	int32_t duration_ms; /* its own, then the turn's at its end */
	int32_t turn_ms;
	double distance_m;
	size_t first_shape; /* its points in the path's shape; ends are shared with neighbours */
	size_t n_shape;
	const char *name; /* "" where it has none */
	const char *ref;
};

/* A stretch from one manoeuvre to the next. */
struct road_step {
	enum road_manoeuvre manoeuvre;
	enum road_heading heading; /* ROAD_ARRIVE: which side of the street the place is on */
	const char *name, *ref;	   /* of a roundabout: of the street it is left by; "": none */
	const char *rotary_name;   /* ROAD_ROTARY; else "" */
	const char *destinations;  /* on the signs: "A1, A3: Lisboa, Coimbra"; or "" */
	int32_t duration_ds;
	double distance_m;
	size_t first_shape, n_shape;
	size_t first_leg, n_legs;
	uint8_t exit; /* of a roundabout: 1, 2, …: leave by this one; 0: the way ends inside */
	int16_t bearing_before, bearing_after;
};

struct road_path {
	int32_t duration_ds;
	double distance_m;
	struct place *shape;
	size_t n_shape;
	struct road_leg *legs;
	size_t n_legs;
	struct road_step *steps; /* the last one is ROAD_ARRIVE and has no legs */
	size_t n_steps;
};

/* E_NOT_FOUND, reason "no-route": no way between them; "off-road": a place is
 * too far from any street. */
MUST_USE enum code road_path(struct scope *sc, const struct road *road, const struct road_metric *metric,
			     struct place from, struct place to, struct road_path *out);
MUST_USE enum code road_path_of_points(struct scope *sc, const struct road *road, const struct road_metric *metric,
				       const struct road_point *from, const struct road_point *to,
				       struct road_path *out);

/* --- map matching -------------------------------------------------------- */

struct road_fix {
	struct place at;
	int64_t at_ms;	/* rising; 0 in all of them: unknown */
	double sigma_m; /* how far off it may be, one standard deviation; 0: ROAD_SIGMA_M */
};
#define ROAD_SIGMA_M 8.0
#define ROAD_FIXES_MAX 100000u

struct road_match_point {
	bool matched; /* false: an outlier, too far from any street, or standing still */
	uint32_t piece;
	uint32_t number; /* among the piece's points */
	struct road_point point;
};

/* A part of a track without a gap: from its first to its last fix. */
struct road_match_piece {
	struct road_path *paths; /* between neighbouring matched points */
	size_t n_paths;
	size_t *fixes;	   /* the n_paths + 1 fixes they join */
	double confidence; /* 0 … 1: by how much it beats noise alone */
};

struct road_match {
	struct road_match_point *points; /* one per fix */
	size_t n_points;
	struct road_match_piece *pieces;
	size_t n_pieces;
};

/* The streets a track was driven on: a hidden Markov model over arcs (Newson,
 * Krumm 2009) whose ways between fixes obey turns and one-ways. Fixes that fit
 * nowhere are passed over; a track that jumps is cut into pieces.
 * E_INVALID  times that run back, no fix.  E_LIMIT  more than ROAD_FIXES_MAX.
 * E_NOT_FOUND, reason "off-road": no fix is near a street. */
MUST_USE enum code road_match(struct scope *sc, const struct road *road, const struct road_metric *metric,
			      const struct road_fix *fixes, size_t n, struct road_match *out);

/* --- map ---------------------------------------------------------------- */

#define ROAD_TILE_ZOOM_MAX 16

/* A gzip'ed Mapbox vector tile (version 2, extent 4096) in the web's XYZ
 * numbering. Layers: `streets` (class, name, ref, oneway, bridge, tunnel),
 * `areas` (kind: water, green, building, square; name), `lines` (kind: waterway,
 * rail, coast; name), `places` (kind: city … hamlet; name).
 * *n = 0: nothing here (answer 204). E_INVALID  no such tile. */
MUST_USE enum code road_tile(struct scope *sc, const struct road *road, unsigned z, unsigned x, unsigned y,
			     uint8_t **bytes, size_t *n);

/* An SVG of the streets with the cuts of the elimination order on them. */
char *road_draw_cuts(struct scope *sc, const struct road *road);

/* --- OSRM's HTTP interface, version 1 ------------------------------------ */

/* What one request may ask for; more is answered with "TooBig". */
struct road_osrm_limits {
	size_t route, match; /* coordinates */
	size_t table;	     /* sources times destinations: at most its square */
	size_t nearest;	     /* number= */
};
#define ROAD_OSRM_LIMITS ((struct road_osrm_limits){.route = 500, .match = 1000, .table = 1000, .nearest = 100})

/* Answers "/route/v1/driving/13.38,52.51;13.39,52.52?steps=true" and its kin:
 * route, table, nearest, match. target: the request's path and query, as it came.
 * limits: NULL: as far as memory goes. *json is the body, *status 200 or 400; a fault of the request is an answer
 * ({"code":"InvalidQuery",…}), not an error. */
MUST_USE enum code road_osrm_answer(struct scope *sc, const struct road *road, const struct road_metric *metric,
				    const struct road_osrm_limits *limits, const char *target, unsigned *status,
				    char **json);

#endif
