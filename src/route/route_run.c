#include "route/route_run.h"

#include <math.h>

#include "base/clock.h"

#define CLOCK_EVERY 32	  /* tries between two looks at the clock */
#define EPOCH_TRIES 4000  /* of each member of a team */
#define POLISH_SHARE 0.04 /* of the tries so far go into set partitioning */
#define REPORT_EVERY_NS 50000000
#define ALIVE_EVERY_NS 500000000
#define STEPS 40	/* of temperature, by which a first cycle is looked at */
#define HOT_TASKS 600	/* smaller plans are soon cooled, and better for having been hot */
#define HOT_EXCESS 0.05 /* how much dearer than in the end the plan is where a cycle begins */

static int64_t
now_ns(const struct route_budget *b)
{
	return b->cpu_time ? clock_cpu_ns() : clock_mono_ns();
}

struct run
run_begin(const struct route_budget *budget)
{
	return (struct run){.budget = budget, .begun_ns = now_ns(budget), .reported = INT64_MAX, .hot = RUN_HOT};
}

double
run_elapsed_s(const struct run *r)
{
	return (double)(now_ns(r->budget) - r->begun_ns) * 1e-9;
}

bool
run_cancelled(const struct run *r)
{
	return r->budget->cancel != NULL && atomic_load_explicit(r->budget->cancel, memory_order_relaxed);
}

bool
run_may_go_on(void *arg)
{
	const struct run *r = arg;
	return !run_cancelled(r) && (r->budget->seconds <= 0 || run_elapsed_s(r) < r->budget->seconds);
}

double
run_share(const struct run *r)
{
	double share = 0;
	if (r->budget->iterations > 0)
		share = (double)r->search->iterations / (double)r->budget->iterations;
	if (r->budget->seconds > 0) {
		double by_time = run_elapsed_s(r) / r->budget->seconds;
		share = by_time > share ? by_time : share;
	}
	return share;
}

double
run_tries(const struct run *r, double from, uint64_t tries)
{
	double used = run_share(r) - from;
	return used > 0 ? (double)(r->search->iterations - tries) / used : 0;
}

static struct route_progress
progress_of(const struct search *s)
{
	int64_t left_out = 0;
	uint32_t out = 0;
	for (int32_t x = 0; x < s->m->n; x++)
		if (s->best->node[x].route == NO_NODE) {
			left_out += s->m->jobs[x].left_out;
			out++;
		}
	int32_t tours = state_n_used(s->best);
	double cost = (double)(s->best->cost - left_out - tours * s->m->vehicle_price) / s->m->scale;
	return (struct route_progress){.cost = (int64_t)(cost + 0.5), .tours = (uint32_t)tours, .out = out};
}

void
run_report(struct run *r)
{
	if (r->budget->progress == NULL)
		return;
	bool better = r->search->best->cost < r->reported;
	int64_t now = now_ns(r->budget);
	int64_t pause = r->reported == INT64_MAX ? 0 : better ? REPORT_EVERY_NS : ALIVE_EVERY_NS;
	if (now - r->last_report_ns < pause)
		return;
	if (better) {
		r->told = progress_of(r->search);
		r->reported = r->search->best->cost;
	}
	r->last_report_ns = now;
	r->told.better = better;
	r->told.seconds = run_elapsed_s(r);
	r->told.iterations = r->search->iterations;
	r->budget->progress(r->budget->arg, &r->told);
}

static void
search_some(struct run *r, double share)
{
	struct search *s = r->search;
	if (r->team == NULL) {
		for (int i = 0; i < CLOCK_EVERY; i++)
			search_step(s);
		return;
	}
	uint32_t tries = EPOCH_TRIES;
	if (r->budget->iterations > 0) {
		double left = (1 - share) * (double)r->budget->iterations / (double)r->budget->threads + 1;
		tries = left < tries ? (uint32_t)left : tries;
	}
	team_epoch(r->team, tries, run_may_go_on, r);
}

/* False: the cycle is over. */
static bool
cool_some(struct run *r, double from, double to, double hot, double cold)
{
	double share = run_share(r);
	if (share >= to || run_cancelled(r))
		return false;
	double along = (share - from) / (to - from);
	r->search->temperature = r->search->m->mean_arc * hot * pow(cold / hot, along);
	search_some(r, share);
	run_report(r);
	return true;
}

void
run_cool(struct run *r, double from, double to, double hot, double cold)
{
	while (cool_some(r, from, to, hot, cold))
		;
}

/* --- the first cycle --- */

/* What plans cost while the temperature fell through one step. */
struct step {
	double cost; /* sum */
	int64_t n;
};

static double
step_temperature(int i)
{
	return RUN_HOT * pow(RUN_COLD / RUN_HOT, (i + 0.5) / STEPS);
}

static void
step_add(struct step *steps, const struct search *s)
{
	double t = s->temperature / s->m->mean_arc;
	int i = (int)(log(t / RUN_HOT) / log(RUN_COLD / RUN_HOT) * STEPS);
	if (i < 0 || i >= STEPS)
		return;
	steps[i].cost += (double)s->now->cost;
	steps[i].n++;
}

void
run_first_cycle(struct run *r, double from, double to)
{
	struct step steps[STEPS] = {{0, 0}};
	const struct search *s = r->search;
	bool whole = true; /* what a task that is left out costs would drown the rest */
	while (cool_some(r, from, to, RUN_HOT, RUN_COLD)) {
		step_add(steps, s);
		whole = whole && s->now->n_out == 0;
	}
	if (!whole || s->m->n < HOT_TASKS || state_routes_are_long(s->best, state_n_used(s->best)))
		return;
	double bar = (double)s->best->cost * (1 + HOT_EXCESS);
	for (int i = 1; i < STEPS; i++)
		if (steps[i].n > 0 && steps[i].cost <= bar * (double)steps[i].n) {
			r->hot = step_temperature(i);
			return;
		}
}

void
run_polish(struct run *r)
{
	struct search *s = r->search;
	if (s->pool == NULL)
		return;
	uint64_t most = (uint64_t)(POLISH_SHARE * (double)s->iterations);
	if (most <= r->polished)
		return;
	most -= r->polished;
	uint64_t spent = pool_polish(s->pool, s->best, most, run_may_go_on, r);
	r->polished += spent;
	s->iterations += spent;
	run_report(r);
}
