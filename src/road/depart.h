/* road/depart: trips that begin at a time of day.
 *
 * The model. On an arc, in an hour of the week (week.h), one drives at the pace
 * of that hour: an arc takes w ms if it is driven wholly within the hour. Who is
 * still on it when the hour ends has left = w - (time spent) of it to go, and
 * needs left × w' / w (rounded up) at the next hour's pace w', and so on; parts
 * of arcs at a trip's ends likewise. Turns take the same at any hour. Whoever
 * enters an arc earlier leaves it no later (FIFO), so waiting never helps and
 * the earliest arrival is well defined: that is what is found, to the ms.
 *
 * The method. A trip that ends within the hour it begins in is the hour's
 * fastest way, and nothing else can be faster. Else: A* forward in time, whose
 * lower bounds are exact distances to the destination for a metric that no hour
 * in question beats, read from the elimination tree when a vertex is first seen
 * (CCH potentials; Strasser, Zeitz 2021). The bound to beat is the hour's
 * fastest way, driven through the hours.
 *
 * local_ms is the time on the wall where the streets are: ms since 1970-01-01
 * as if that wall showed UTC (date_parse() + hours). A day on which summer time
 * begins or ends is not seen: its hours follow one another as on any day. */
#ifndef ROAD_DEPART_H
#define ROAD_DEPART_H

#include "road/week.h"

/* The fastest way for this departure; durations of legs and steps are those of
 * the hours they are driven in. E_NOT_FOUND, reason "no-route": no way.
 * E_LIMIT  it takes longer than ROAD_TRIP_HOURS_MAX. */
#define ROAD_TRIP_HOURS_MAX 200u
MUST_USE enum code road_path_at(struct scope *sc, const struct road *road, const struct road_week *week,
				const struct road_point *from, const struct road_point *to, int64_t local_ms,
				struct road_path *out);
/* Only how long it takes, ms; ROAD_UNREACHABLE: no way. */
MUST_USE enum code road_duration_at(struct scope *sc, const struct road *road, const struct road_week *week,
				    const struct road_point *from, const struct road_point *to, int64_t local_ms,
				    int32_t *ms);
/* A matrix whose every trip begins at local_ms, cell by cell what road_duration_at
 * says. Cells that end within the hour come from one matrix; each other one is a
 * search of its own. */
MUST_USE enum code road_matrix_at(struct scope *sc, const struct road *road, const struct road_week *week,
				  const struct road_point *from, size_t n_from, const struct road_point *to,
				  size_t n_to, int64_t local_ms, struct road_matrix *out);

/* The same as OSRM's route and table JSON (durations only). */
MUST_USE enum code road_route_at_json(struct scope *sc, const struct road *road, const struct road_week *week,
				      const struct road_point *from, const struct road_point *to, int64_t local_ms,
				      char **json);
MUST_USE enum code road_table_at_json(struct scope *sc, const struct road *road, const struct road_week *week,
				      const struct road_point *points, size_t n, int64_t local_ms, char **json);

/* --- a day of matrices --------------------------------------------------------- */

/* For a solver of routes whose travel depends on the departure: a matrix for each
 * of some hours, each a sample at the middle of its hour; between two of them a
 * departure takes what lies on the straight line, before the first and after the
 * last what they say. It is an approximation of the model above; its error is in
 * docs/road.md. Made FIFO: see road_slices_fifo. */
struct road_hour {
	int64_t at_ms;			  /* local: the middle of the hour */
	const struct road_metric *metric; /* NULL: the extract's own */
};
struct road_slices {
	size_t n, n_points;
	int64_t *at_ms;	      /* [n] local, rising */
	int32_t *duration_ds; /* [n][n_points][n_points]; ROAD_UNREACHABLE as in a matrix */
	int32_t *distance_m;  /* [n_points][n_points], along the first slice's ways */
};

/* The hours that [from_ms, to_ms] touches, at most ROAD_SLICES_MAX of them.
 * E_INVALID  the span is empty.  E_LIMIT  too long. */
#define ROAD_SLICES_MAX 48u
MUST_USE enum code road_week_hours(struct scope *sc, const struct road_week *week, int64_t from_ms, int64_t to_ms,
				   struct road_hour **out, size_t *n_out);
/* E_INVALID  no hour, or they do not rise.  E_LIMIT  too many.  E_MEMORY. */
MUST_USE enum code road_slices(struct scope *sc, const struct road *road, const struct road_hour *hours, size_t n_hours,
			       const struct road_point *points, size_t n, struct road_slices *out);
/* Raises durations where a later departure would arrive earlier: from one slice
 * to the next none falls by more than the time between them. durations:
 * [n_slices][cells], in the same unit as at[]; negative cells and INT32_MAX are
 * no way. Call it again after changing durations. */
void road_slices_fifo(int32_t *durations, size_t cells, const int64_t *at, size_t n_slices);

#endif
