/* road/week_inner: bounds on a week's metrics. Private to the room. */
#ifndef ROAD_WEEK_INNER_H
#define ROAD_WEEK_INNER_H

#include "road/metric.h"
#include "road/week.h"

/* No arc takes less than this metric says at any of the hours: `hour` and the
 * one after it, or, with hour = ROAD_HOURS, all of the week (which makes every
 * hour once, one at a time). */
MUST_USE enum code week_least(struct scope *sc, const struct road_week *week, unsigned hour,
			      const struct road_metric **out);

#endif
