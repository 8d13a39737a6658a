/* When things happen on a route whose riches are only windows, setup times,
 * vehicle types and travel by time of day: no breaks, reloads, duty or soft costs.
 * There a change moves the times behind it and nothing else, so a try walks from
 * the change to where the old times are met again. Says the same as
 * route_timetable.c, which knows all rules. Within the room. */
#ifndef ROUTE_ROUTE_CLOCK_H
#define ROUTE_ROUTE_CLOCK_H

#include "route/route_state.h"

/* What x between spot->after and its successor costs; false where it cannot be in time.
 * x has no mate. The times of the route are those of clock_run(). */
bool clock_insert(const struct state *s, int32_t x, const struct spot *spot, int64_t *delta);

/* Exact early and leave of every node of route r, and *cost without the fixed part.
 * The caller has filed the nodes. False: it cannot be driven. */
bool clock_run(struct state *s, int32_t r, int64_t *cost);

#endif
