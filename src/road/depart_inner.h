/* road/depart_inner: the yardstick of departures. Private to the room. */
#ifndef ROAD_DEPART_INNER_H
#define ROAD_DEPART_INNER_H

#include "road/depart.h"
#include "road/week_inner.h"

/* What road_duration_at says, by a plain search forward in time: no bounds, no
 * hierarchy. */
MUST_USE enum code depart_plain(struct scope *sc, const struct road *road, const struct road_week *week,
				const struct road_point *from, const struct road_point *to, int64_t local_ms,
				int32_t *ms);

#endif
