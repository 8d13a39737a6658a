/* Arrivals for steps that are given, and what they break: VROOM's plan mode (-c).
 *
 * Who drives where in which order is fixed; only the times are chosen. Every rule
 * of the problem is soft here: where it cannot hold, the answer names it. What is
 * hard are the bounds that a step itself demands and that nobody travels faster
 * than the matrix says. Of all times that remain, those are taken
 *
 *	1. whose sum of seconds too early and too late is least,
 *	2. with which the vehicle is then under way for the shortest time,
 *	3. at which every step then begins as early as possible.
 *
 * Breaks may stand anywhere on the way between two places: as much as possible is
 * driven before them.
 *
 * Not of the search, and used by nothing of it; so a plan of the search that is
 * followed is judged anew. */
#ifndef ROUTE_ROUTE_FOLLOW_H
#define ROUTE_ROUTE_FOLLOW_H

#include "route/route.h"

struct route_given_step {
	enum route_step step;
	uint32_t index;	       /* as in struct route_stop */
	int64_t after, before; /* the step begins within; [0, ROUTE_TIME_MAX]: no demand */
};

/* One vehicle's steps: ROUTE_START first, ROUTE_END last, tasks, breaks and reloads
 * in between. Nothing in between, or none at all: it stays at home. */
struct route_given {
	const struct route_given_step *steps;
	uint32_t n_steps;
};

/* Bits of route_breach.causes. */
enum route_cause {
	ROUTE_BREACH_LEAD_TIME = 1 << 0, /* begins before a time window            */
	ROUTE_BREACH_DELAY = 1 << 1,	 /* … after it                             */
	ROUTE_BREACH_LOAD = 1 << 2,	 /* more aboard than the vehicle carries   */
	ROUTE_BREACH_MAX_TASKS = 1 << 3,
	ROUTE_BREACH_SKILLS = 1 << 4,
	ROUTE_BREACH_PRECEDENCE = 1 << 5, /* a pickup without its delivery behind it, or the reverse */
	ROUTE_BREACH_MISSING_BREAK = 1 << 6,
	ROUTE_BREACH_MAX_TRAVEL_TIME = 1 << 7,
	ROUTE_BREACH_MAX_DISTANCE = 1 << 8,
	ROUTE_BREACH_MAX_LOAD = 1 << 9, /* more aboard than a break allows */
	ROUTE_BREACH_MAX_DUTY = 1 << 10,
	ROUTE_BREACH_MAX_RELOADS = 1 << 11,
	ROUTE_BREACH_RELATION = 1 << 12,
};
#define ROUTE_CAUSES 13
/* "lead_time", "delay", … of bit i: VROOM's words, and ours for the last three. */
const char *route_cause_name(unsigned bit);

struct route_breach {
	uint32_t causes;
	int64_t lead, delay; /* time too early and too late */
};

struct route_followed {
	struct route_solution *plan;	   /* tasks of no vehicle's steps are out (ROUTE_WHY_STEPS) */
	struct route_breach *const *stops; /* [tour][stop] */
	struct route_breach *tours;	   /* of all their stops, and what only the whole shows */
	struct route_breach all;
};

/* given: one for each vehicle.
 * E_INVALID  no times meet what the steps demand; a step names what is not there or
 * another one named before; there is no way between two steps; travel depends on
 * the time of departure.  E_LIMIT, E_MEMORY  a vehicle has too many steps with
 * windows to be timed. */
MUST_USE enum code route_follow(struct scope *sc, const struct route_problem *p, const struct route_given *given,
				struct route_followed *out);

#endif
