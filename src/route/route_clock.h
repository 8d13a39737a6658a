/* When things happen on a route whose riches are only windows, setup times,
 * vehicle types and travel by time of day: no breaks, reloads, duty or soft costs.
 * There a change moves the times behind it and nothing else, so a try walks from
 * the change to where the old times are met again. Says the same as
 * route_timetable.c, which knows all rules. Within the room. */
#ifndef ROUTE_ROUTE_CLOCK_H
#define ROUTE_ROUTE_CLOCK_H

#include "route/route_state.h"

/* What is paid beyond the arcs is counted in parts of a cost's unit, so that the sum
 * of a route's legs is the same in whatever order it came about. */
#define CLOCK_FINE_BITS 16
#define CLOCK_FINE (1 << CLOCK_FINE_BITS)

/* What x between spot->after and its successor costs; false where it cannot be in time.
 * x has no mate. The times of the route are those of clock_run(). */
bool clock_insert(const struct state *s, int32_t x, const struct spot *spot, int64_t *delta);

/* The times of the route with x behind `after`, before x is linked there; line.more and the *cost of its change.
 * False: it cannot be driven. */
bool clock_link(struct state *s, int32_t x, int32_t after, int64_t *cost);

/* Exact early and leave of every node of route r, line.more, and *cost without the fixed part.
 * False: it cannot be driven. */
bool clock_run(struct state *s, int32_t r, int64_t *cost);

#endif
