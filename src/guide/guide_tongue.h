/* guide/tongue: what the two servers are asked, and what their answers say; within
 * the room. Pure: text in, numbers out. */
#ifndef GUIDE_GUIDE_TONGUE_H
#define GUIDE_GUIDE_TONGUE_H

#include "base/json.h"
#include "road/service.h"

#define GUIDE_SECONDS_MAX 2592000.0 /* a month: no drive takes longer */
#define GUIDE_METRES_MAX 40000000.0 /* once around the Earth */
#define GUIDE_NAME_MAX 200	    /* bytes of a street's */

/* A part of the table between all places. */
struct guide_span {
	size_t row, n_rows, column, n_columns;
};
struct guide_trip {
	const char *profile;
	const struct place *places; /* all of them for a table; those on the way for a drive */
	size_t n_places, first;	    /* of a drive; and the number of its first one, for messages */
	struct guide_span span;	    /* of a table */
	int64_t local_ms;	    /* when it begins, on the wall where the streets are; 0: not said */
};
struct guide_question {
	const char *target; /* percent-encoded path and query */
	const char *body;   /* JSON to post, or NULL: a GET */
};

enum guide_verdict {
	GUIDE_ANSWERS,
	GUIDE_TOO_BIG,	/* smaller parts may be answered */
	GUIDE_OFF_ROAD, /* a place is too far from any street */
	GUIDE_NO_WAY,	/* between two of the places */
	GUIDE_REFUSES,	/* and will again */
};

struct guide_tongue {
	const char *kind;
	const char *profile; /* unless told */
	size_t drive_max;    /* places of a drive that any such server takes */
	struct guide_question (*times_ask)(struct scope *sc, const struct guide_trip *t);
	/* n_rows × n_columns cells. E_INVALID  no such answer.  E_NOT_FOUND, reason "off-road". */
	enum code (*times_read)(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *t,
				struct road_matrix *out);
	struct guide_question (*drive_ask)(struct scope *sc, const struct guide_trip *t);
	/* n_places - 1 paths. Likewise. */
	enum code (*drive_read)(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *t,
				struct road_path *out);
	/* An answer that is not of status 200. *said: its own words, cleaned; "" where it has none. */
	enum guide_verdict (*refusal)(struct scope *sc, int status, const void *bytes, size_t n, const char **said);
};
extern const struct guide_tongue guide_osrm, guide_valhalla;

/* --- what both share (guide_tongue.c) --- */

/* Tables of durations (s) and distances (units of unit_m metres), null where there is no way. */
MUST_USE enum code guide_table_read(struct scope *sc, const json_t *durations, const json_t *distances, double unit_m,
				    const struct guide_span *span, struct road_matrix *out);
MUST_USE enum code guide_seconds(struct scope *sc, const json_t *o, const char *key, int32_t *ds);
MUST_USE enum code guide_metres(struct scope *sc, const json_t *o, const char *key, double unit_m, double *m);
/* A member that is a name of a sane length; else "". Lives as long as o. */
const char *guide_name(const json_t *o, const char *key);
/* A whole number from 0 to max; else 0. */
int guide_small(const json_t *o, const char *key, int max);
/* A line that grows; a point that is the last one again is not added. */
struct guide_shape {
	struct place *p;
	size_t n, room;
};
void guide_shape_add(struct scope *sc, struct guide_shape *shape, struct place p);
/* E_NOT_FOUND, reason "off-road": `at` lies further than ROAD_SNAP_MAX_M from the asked place of this number. */
MUST_USE enum code guide_near(struct scope *sc, struct place at, struct place asked, size_t number);
/* A server's own words: printable, at most 160 bytes. */
const char *guide_said(struct scope *sc, const char *words);

#endif
