/* The rules of a problem in plain words, a stop at a time: what a way takes, when
 * a task may begin, what a round costs. For those who judge plans they have not
 * made: the verifier (route_check.c) and the timing of given steps
 * (route_follow.c). Nothing of the search includes this and this includes nothing
 * of the search: an error in one of them is seen by the other.
 *
 * Places may be ROUTE_NONE, wherever the vehicle is: from or to there the way is nothing. */
#ifndef ROUTE_ROUTE_RULES_H
#define ROUTE_ROUTE_RULES_H

#include "route/route.h"

/* Travel time of a vehicle leaving `from` at an instant; -1: there is no way. */
int64_t rules_way_time(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to,
		       int64_t leave);
int64_t rules_way_metres(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to);
/* What the profile's own cost matrix says; 0 without one. */
int64_t rules_way_cost(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to);

/* `shift` moves every window; no windows: any time is inside. */
bool rules_inside(const struct route_window *windows, uint32_t n, int64_t shift, int64_t at);
bool rules_skilled(const struct route_vehicle *v, const struct route_task *t);
/* What the task takes when this vehicle comes from place `before`. */
void rules_work(const struct route_task *t, const struct route_vehicle *v, uint32_t before, int64_t *setup,
		int64_t *service);
/* What it costs that work begins outside the soft window. */
double rules_soft(const struct route_task *t, int64_t begin);
/* What jobs leave between stop `from` and the next reload: aboard when `from` is left. [ROUTE_DIMS_MAX] */
void rules_start_load(const struct route_problem *p, const struct route_tour *t, uint32_t from, int64_t *load);

/* What a round adds up to, and from it the round's cost and its parts. */
struct rules_sums {
	int64_t travel, metres, arcs, work, duty;
	double soft;
	uint32_t tasks, breaks; /* a number; a bit for each break taken */
};
void rules_price(const struct route_problem *p, const struct rules_sums *sum, struct route_tour *t);

#endif
