/* The routes the search has met, and better plans made of them.
 *
 * A plan is a set of routes that serves every task once. Annealing throws away
 * good routes because their neighbours were bad; the pool keeps them and from
 * time to time looks for a cheaper set (Rochat and Taillard 1995).
 *
 *	slot   a route: hash of its tasks, cost, tasks in order, the cost of the
 *	       plan it was seen in. The hash chooses the slot; two routes of one
 *	       slot: the one from the cheaper plan stays
 *	price  of a task: what it adds to a plan, by the Lagrangian dual of the
 *	       set partitioning problem. A route's excess is its cost less the
 *	       prices of its tasks: the routes of the best plans have little
 *
 * Then a walk in depth: put a route of small excess into the best plan, take out
 * those it collides with, cover what they left with further routes, up to a few.
 *
 * For plain problems with one class of vehicles. All work is counted, not timed,
 * so the same seed gives the same plan. */
#ifndef ROUTE_ROUTE_POOL_H
#define ROUTE_ROUTE_POOL_H

#include "route/route_state.h"

struct pool;

MUST_USE enum code pool_new(struct scope *sc, const struct model *m, struct pool **out);
/* Remembers the routes that the last change of `s` touched. */
void pool_add_touched(struct pool *p, const struct state *s);
void pool_add_all(struct pool *p, const struct state *s);
/* A cheaper plan than *best from the pool's routes, if it finds one: then *best is
 * that plan. Does no more than tries_most tries of the search would take, and says how
 * many that were; go_on ends it early. */
uint64_t pool_polish(struct pool *p, struct state *best, uint64_t tries_most, bool (*go_on)(void *arg), void *arg);

#endif
