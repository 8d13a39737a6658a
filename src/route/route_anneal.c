#include "route/route_anneal.h"

#include "route/route_bank.h"
#include "route/route_fleet.h"

#define COMPACT_SHARE 0.15 /* vehicles first: a short cycle, … */
#define FLEET_SHARE 0.55   /* … then fewer vehicles until here */
#define FIRST_SHARE 0.1
#define REHEAT 0.8
#define CYCLE_TRIES 1500 /* a task, at least */
#define CYCLES_MAX 40	 /* in plans of up to … */
#define CYCLES_TASKS 200 /* … so many; twice as many tasks: an eighth of the cycles */
#define LAST_POLISH 0.98 /* of the budget: the search may still use what it finds */

/* The first part of the budget, where fewer vehicles come first. */
static bool
may_reduce(void *arg)
{
	const struct run *r = arg;
	run_report(arg);
	return !run_cancelled(r) && run_share(r) < FLEET_SHARE;
}

static void
fewer_vehicles(struct run *r)
{
	run_cool(r, 0, COMPACT_SHARE, RUN_HOT, RUN_COLD);
	search_restart(r->search);
	r->search->temperature = r->search->m->mean_arc;
	fleet_reduce(r->search, UINT64_MAX, may_reduce, r);
}

/* How many cycles so many tries are worth: a small plan gains more from a new try
 * from its best than from a longer one, a large plan wants to be cooled slowly. */
static int
cycles_in(const struct run *r, double tries)
{
	double n = (double)r->search->m->n;
	double cycles = tries / (n * CYCLE_TRIES);
	double large = n > CYCLES_TASKS ? n / CYCLES_TASKS : 1;
	double most = CYCLES_MAX / (large * large * large);
	cycles = cycles > most ? most : cycles;
	return cycles < 1 ? 1 : (int)cycles;
}

static void
cycle(struct run *r, double from, double to, double hot)
{
	search_restart(r->search);
	run_cool(r, from, to < LAST_POLISH ? to : LAST_POLISH, hot, RUN_COLD);
	run_polish(r);
}

/* `tries`: of the whole budget. */
static void
cycles(struct run *r, double from, double tries)
{
	int n = cycles_in(r, tries * (1 - from));
	for (int i = 0; i < n; i++)
		cycle(r, from + (1 - from) * i / n, from + (1 - from) * (i + 1) / n, i == 0 ? r->hot : REHEAT);
}

/* A small problem's bank is soon of one kind; then another one is founded beside its best. */
static enum code
banks(struct scope *sc, struct run *r, double tries)
{
	while (!run_cancelled(r)) {
		double left = tries * (LAST_POLISH - run_share(r));
		if (!bank_is_worth(r->search->m, r->search->best, left))
			break;
		TRY(bank_run(sc, r, left, LAST_POLISH));
	}
	cycle(r, run_share(r), 1, REHEAT);
	return OK;
}

enum code
run_anneal(struct scope *sc, struct run *r)
{
	if (r->search->m->vehicle_price > 0)
		fewer_vehicles(r);
	double begin = run_share(r);
	uint64_t tries_before = r->search->iterations;
	double from = begin + (1 - begin) * FIRST_SHARE;
	run_first_cycle(r, begin, from);
	double tries = run_tries(r, begin, tries_before);
	if (bank_is_worth(r->search->m, r->search->best, tries * (LAST_POLISH - from)))
		TRY(banks(sc, r, tries));
	else
		cycles(r, from, tries);
	search_restart(r->search);
	run_cool(r, LAST_POLISH, 1, RUN_COLD, RUN_COLD);
	return OK;
}
