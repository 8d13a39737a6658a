/* road/learn: speeds from driven tracks.
 *
 * A drive is matched to streets; the time between two fixes is shared out over
 * the arcs between them, as the extract's own durations have it. What is learned
 * are factors on those durations:
 *	class × hour	how much slower a class of street is at that hour
 *	arc		how much slower this arc is than its class; drawn towards
 *			the mean of its neighbourhood, the less it was driven the
 *			more
 *	trip		what remains between sums of arcs and whole trips
 * Standing long in one place is no driving and counts only in part.
 *
 * Private by construction: an arc, a neighbourhood, an hour or the trips that
 * fewer than VOICES_MIN drivers have driven have no factor of their own, and no
 * factor says who drove. How a single driver's word is bounded: road/voices.h.
 *
 * Rows name an arc by OSM way, the number of the segment's first point on it and
 * the direction: they survive a new extract where the way is unchanged. */
#ifndef ROAD_LEARN_H
#define ROAD_LEARN_H

#include "road/road.h"
#include "road/voices.h"

#define ROAD_HOURS 48u /* 0 … 23 on weekdays, 24 … 47 on Saturdays and Sundays */
#define ROAD_CLASSES 22u

/* Of local time, ms since 1970 as if the zone were UTC. */
unsigned road_hour_of(int64_t local_ms);

struct road_speed {
	int64_t way;
	uint32_t position;
	uint32_t backward;
	double factor;
};

struct road_speeds {
	double trip;
	double class_hour[ROAD_CLASSES][ROAD_HOURS];
	struct road_speed *arcs;
	size_t n_arcs;
};

struct road_learner;
/* Lives as long as the scope. */
struct road_learner *road_learner_new(struct scope *sc, const struct road *road);
/* driver: any stable number for who drove. Fixes must have times. A track that
 * fits nowhere teaches nothing. */
MUST_USE enum code road_learner_add(struct scope *sc, struct road_learner *l, uint64_t driver,
				    const struct road_fix *fixes, size_t n);
/* E_INVALID  nothing was learned. */
MUST_USE enum code road_learner_finish(struct scope *sc, struct road_learner *l, struct road_speeds *out);

/* The metric of one hour. with_arcs false: class × hour only, the yardstick. */
MUST_USE enum code road_speeds_metric(struct scope *sc, const struct road *road, const struct road_speeds *speeds,
				      unsigned hour, bool with_arcs, struct road_metric **out);

/* How many of the rows name an arc of this file; the others (ways that were
 * deleted, cut anew or came from another city) change nothing. */
size_t road_speeds_known(struct scope *sc, const struct road *road, const struct road_speeds *speeds);

/* As text, and back. E_INVALID says the line. */
char *road_speeds_text(struct scope *sc, const struct road_speeds *speeds);
MUST_USE enum code road_speeds_parse(struct scope *sc, const char *text, struct road_speeds *out);

/* --- how good it is --- */

/* A track or a part of one. */
struct road_drive {
	struct road_fix *fixes; /* times on the wall */
	size_t n;
};
struct road_trip_times {
	double real_s, free_flow_s, class_hour_s, learned_s;
};
/* Foretells each drive from its first to its last fix along the engine's own
 * fastest way, by its hour's metric. speeds NULL: all three are the map's own.
 * What gives no trip (too short, off the roads) is left out; out has room for n. */
MUST_USE enum code road_foretell(struct scope *sc, const struct road *road, const struct road_speeds *speeds,
				 const struct road_drive *drives, size_t n, struct road_trip_times *out, size_t *n_out);

/* How well trips were foretold. */
struct road_eval {
	size_t trips;
	double median_ratio;	/* foretold / real */
	double mae_s;		/* mean absolute error */
	double mae_free_flow_s; /* free flow, times the factor that is best on these very trips */
	double mae_class_hour_s;
	double mae_bare_s;	    /* free flow as the map has it */
	double median_ratio_bare;   /* and what it foretells, over what was real */
	double gain_free_flow_s[3]; /* by how much the error is smaller: 2.5 %, mean, 97.5 % of 2,000 bootstraps */
	double gain_class_hour_s[3];
	double gain_bare_s[3];
};
void road_eval_trips(struct scope *sc, const struct road_trip_times *trips, size_t n, struct road_eval *out);

#endif
