/* road/match_stream: map matching while somebody drives.
 *
 * Fixes are pushed one by one. A push gives back what is settled by it: as soon
 * as all ways that may still win go through one state, everything up to there
 * is final, and is exactly what road_match would say of the whole track. Where
 * they do not agree for `lag` kept fixes, the best way of the moment decides
 * (`hurried`), so that memory and delay are bounded.
 *
 *	struct road_matcher *m = road_matcher_new(sc, road);	room to search, for a thread
 *	struct road_stream *s;					one a drive
 *	TRY(road_stream_open(sc, ROAD_LAG, &s));
 *	TRY(road_stream_push(sc, m, NULL, s, &fix, &news));	… and so on
 *	TRY(road_stream_finish(sc, m, NULL, s, &news));
 *	road_stream_close(s);
 *
 * A stream is small (a few kilobytes) and belongs to one thread at a time; a
 * matcher is large (some 30 bytes a turn vertex) and serves many streams, one
 * after another. */
#ifndef ROAD_MATCH_STREAM_H
#define ROAD_MATCH_STREAM_H

#include "road/road.h"

struct road_matcher;
struct road_stream;

#define ROAD_LAG 40u /* kept fixes that may be undecided */
#define ROAD_LAG_NONE SIZE_MAX

/* Lives as long as the scope. */
struct road_matcher *road_matcher_new(struct scope *sc, const struct road *road);

/* The caller owns *out: road_stream_close(). lag: 2 or more; ROAD_LAG_NONE waits
 * for agreement, however long. */
MUST_USE enum code road_stream_open(struct scope *sc, size_t lag, struct road_stream **out);
void road_stream_close(struct road_stream *s);

/* A fix that has its place for good. */
struct road_settled {
	uint64_t fix; /* counted from 0 as they were pushed; those between were passed over */
	int64_t at_ms;
	struct road_point point;
	bool begins;	       /* nothing leads here: a piece begins */
	bool hurried;	       /* decided by the lag, not by agreement */
	struct road_path path; /* from the settled fix before; no legs where it begins */
	double log_likelihood; /* of the piece up to here */
};
struct road_settled_list {
	struct road_settled *items; /* in the scope of the push */
	size_t n;
};

/* E_INVALID  the fix is no place, or older than the one before: it is not taken. */
MUST_USE enum code road_stream_push(struct scope *sc, struct road_matcher *m, const struct road_metric *metric,
				    struct road_stream *s, const struct road_fix *fix, struct road_settled_list *out);
/* The drive is over: settles the rest. The stream then begins anew. */
MUST_USE enum code road_stream_finish(struct scope *sc, struct road_matcher *m, const struct road_metric *metric,
				      struct road_stream *s, struct road_settled_list *out);
/* One line: {"fix":…,"at":…,"location":[lon,lat],"off_m":…,"street":…,"begins":…,
 * "hurried":…,"edges":[{"way":…,"street":…,"distance":…,"duration":…}]}. The edges
 * are those driven since the line before; way is OpenStreetMap's number. */
char *road_settled_json(struct scope *sc, const struct road *road, const struct road_settled *item);
/* Where it most likely is now, of what is not settled yet. False: nowhere known. */
bool road_stream_now(const struct road_stream *s, struct road_point *out);

#endif
