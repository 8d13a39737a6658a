/* road/week: how long streets take at each hour of the week.
 *
 * A week has a metric for each of ROAD_HOURS hours (learn.h: working days and
 * weekends apart), each made at its first use by whichever thread asks first. It
 * never changes: new speeds are a new week.
 *
 *	TRY(road_week_of_speeds(sc, road, &speeds, &week));
 *	TRY(road_week_metric(sc, week, road_hour_of(local_ms), &metric));
 *	…
 *	road_week_free(week);
 */
#ifndef ROAD_WEEK_H
#define ROAD_WEEK_H

#include "road/learn.h"

struct road_week;

/* Where an hour's durations come from. */
struct road_week_source {
	/* Makes the metric of an hour; called under a lock, seldom more than once an hour. */
	enum code (*metric)(void *arg, struct scope *sc, const struct road *road, unsigned hour,
			    struct road_metric **out);
	void (*release)(void *arg); /* NULL: nothing to release */
	void *arg;
};

/* Takes over source->arg on success. The caller owns *out: road_week_free(). */
MUST_USE enum code road_week_new(struct scope *sc, const struct road *road, const struct road_week_source *source,
				 struct road_week **out);
/* The same from learned speeds, which are copied. */
MUST_USE enum code road_week_of_speeds(struct scope *sc, const struct road *road, const struct road_speeds *speeds,
				       struct road_week **out);
/* When nobody uses it or a metric of it any more. */
void road_week_free(struct road_week *week);

/* The metric of an hour, 0 … ROAD_HOURS - 1; borrowed from the week. Any thread.
 * Fails as the source does; the next call tries again. */
MUST_USE enum code road_week_metric(struct scope *sc, const struct road_week *week, unsigned hour,
				    const struct road_metric **out);
/* How many hours have been made so far. */
size_t road_week_made(const struct road_week *week);

#endif
