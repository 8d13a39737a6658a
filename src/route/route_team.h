/* Several cores on one plan.
 *
 * In each epoch the routes are divided among the members along a line drawn at
 * random through the map, so that neighbours mostly stay together. A member
 * searches its part as if nothing else existed; then the parts are one plan
 * again and the next line is drawn. Moves are local, so this is the same search
 * with more tries a second, and nobody waits for a lock.
 *
 * A plan of too few routes, or one whose tasks are tied across routes, is not
 * divided: then every member searches the whole at a temperature of its own and
 * the best plan goes on.
 *
 * An epoch is a fixed number of tries, so under an iteration budget the same
 * seed and number of members give the same plan. */
#ifndef ROUTE_ROUTE_TEAM_H
#define ROUTE_ROUTE_TEAM_H

#include "route/route_search.h"

struct team;

MUST_USE enum code team_new(struct scope *sc, struct search *whole, unsigned members, uint64_t seed, struct team **out);
/* One epoch of at most `tries` by each member, ended early where go_on says no
 * (asked by every member, on its thread). Updates whole->now, ->best and ->iterations. */
void team_epoch(struct team *t, uint32_t tries, bool (*go_on)(void *arg), void *arg);
/* job(arg, a member's search, i) for each i from 0 to jobs - 1: member k of n does k, k + n, …
 * on its thread. Updates whole->iterations. */
void team_jobs(struct team *t, int32_t jobs, void (*job)(void *arg, struct search *s, int32_t i), void *arg);
/* Joins the threads. */
void team_close(struct team *t);

#endif
