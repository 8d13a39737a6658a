/* When to begin each step of one vehicle's round (route_follow.h says which times
 * are best). Within the room. */
#ifndef ROUTE_ROUTE_FOLLOW_TIMES_H
#define ROUTE_ROUTE_FOLLOW_TIMES_H

#include "route/route.h"

struct follow_step {
	bool pause;			    /* a break: on the way between the places of its neighbours */
	int64_t work;			    /* how long it lasts from its begin */
	int64_t way;			    /* travel to here from the last step that is no pause */
	int64_t after, before;		    /* hard: begins within */
	const struct route_window *windows; /* wished: begins within one of them, moved by shift */
	uint32_t n_windows;
	int64_t shift;
	int64_t begin; /* out */
};

/* n ≥ 2 steps; neither the first nor the last one is a pause. Fills begin.
 * E_INVALID  no times keep the hard bounds.  E_LIMIT  more work than is bearable. */
MUST_USE enum code follow_times(struct scope *sc, struct follow_step *steps, uint32_t n);

/* How far `at` lies outside the step's windows: below 0 too early, above 0 too late. */
int64_t follow_miss(const struct follow_step *s, int64_t at);

#endif
