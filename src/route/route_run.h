/* One run of the search within its budget: how much of that is used, cooling from
 * one temperature to another along it, and what is told on the way.
 *
 *	route_solve.c   the problem in, the answer out
 *	route_anneal.c  what the budget is spent on
 *	route_bank.c    … where it is long: many plans, crossed
 */
#ifndef ROUTE_ROUTE_RUN_H
#define ROUTE_ROUTE_RUN_H

#include "route/route_search.h"
#include "route/route_team.h"

/* Temperatures in mean arcs to near neighbours (measured: docs/route.md). The first
 * cycle begins at RUN_HOT; what it costs on the way down says where those after it
 * should begin, because arcs say little of how a city is laid out. */
#define RUN_HOT 5.0
#define RUN_COLD 0.06

struct run {
	const struct route_budget *budget;
	struct search *search;
	struct team *team; /* NULL: one thread */
	int64_t begun_ns, last_report_ns;
	int64_t reported; /* the state's cost that was told last */
	struct route_progress told;
	uint64_t polished; /* tries spent so */
	double calm_s;	   /* until then the first plan need not hurry */
	double hot;	   /* where a cycle begins; RUN_HOT before the first one */
};

struct run run_begin(const struct route_budget *budget);
double run_elapsed_s(const struct run *r);
bool run_cancelled(const struct run *r);
/* Not cancelled, and there are seconds left. For callbacks: reads only what does not
 * change, so any thread may ask; arg is a struct run. */
bool run_may_go_on(void *arg);
/* How much of the budget is used: 0 … 1 and beyond. */
double run_share(const struct run *r);
/* How many tries the whole budget is, by the pace since its share was `from` and the tries were `tries`. */
double run_tries(const struct run *r, double from, uint64_t tries);
/* Searches until `to` of the budget is used, the temperature falling in even ratios
 * from hot, where the share is `from`, to cold; in mean arcs. */
void run_cool(struct run *r, double from, double to, double hot, double cold);
/* The first cycle, which finds r->hot: the highest temperature at which the plan is only
 * a little dearer than in the end. Hotter than that nothing is decided; but for the number
 * of routes where they are long: there, and in small plans, it stays RUN_HOT. */
void run_first_cycle(struct run *r, double from, double to);
/* A better best plan from the routes met, where it is worth its time. */
void run_polish(struct run *r);
/* Tells the caller of a better best plan, not too often; and now and then that it is at work. */
void run_report(struct run *r);

#endif
