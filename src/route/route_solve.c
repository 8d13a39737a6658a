/* From a problem and a budget to a solution.
 *
 * The first plan is built by insertion, whatever the budget. Then the search
 * runs in cycles, each cooling from warm to cold and each banked, so that
 * whenever time runs out the best plan so far is the answer. */
#include "route/route_search.h"

#include <assert.h>
#include <math.h>

#include "base/clock.h"
#include "route/route_explain.h"
#include "route/route_fleet.h"
#include "route/route_team.h"

#define NEIGHBOURS 60
#define CLOCK_EVERY 32	   /* iterations between two looks at the clock */
#define CALM 1.5	   /* times as long as the model took */
#define EPOCH_TRIES 4000   /* of each member of a team */
#define COMPACT_SHARE 0.15 /* vehicles first: a short cycle, … */
#define FLEET_SHARE 0.55   /* … then fewer vehicles until here */
#define BANK_SHARE 0.1
/* Temperatures in mean arcs to near neighbours (measured: docs/route.md). */
#define HOT 5.0
#define COLD 0.06
#define REHEAT 0.8
#define CYCLE_TRIES 1500 /* a task, at least */
#define CYCLES_MAX 40	 /* in plans of up to … */
#define CYCLES_TASKS 200 /* … so many; twice as many tasks: an eighth of the cycles */
#define POOL_BELOW 0.3
#define POLISH_SHARE 0.04 /* of the tries so far go into set partitioning */
#define LAST_POLISH 0.98  /* of the budget: the search may still use what it finds */

struct run {
	const struct route_budget *budget;
	struct search *search;
	struct team *team; /* NULL: one thread */
	int64_t begun_ns, last_report_ns;
	int64_t reported;
	uint64_t polished; /* tries spent so */
	double calm_s;	   /* until then the first plan need not hurry */
	bool over;
};

static int64_t
now_ns(const struct route_budget *b)
{
	return b->cpu_time ? clock_cpu_ns() : clock_mono_ns();
}

static double
elapsed(const struct run *r)
{
	return (double)(now_ns(r->budget) - r->begun_ns) * 1e-9;
}

static bool
cancelled(const struct run *r)
{
	return r->budget->cancel != NULL && atomic_load_explicit(r->budget->cancel, memory_order_relaxed);
}

/* For the first plan. A deadline makes it hurry, but not before it had half as long as
 * the model took: to no purpose was that made without it. */
static enum pace
construct_pace(void *arg)
{
	const struct run *r = arg;
	if (cancelled(r))
		return PACE_STOP;
	double t = r->budget->seconds > 0 ? elapsed(r) : 0;
	return t < r->budget->seconds || t < r->calm_s || r->budget->seconds <= 0 ? PACE_CALM : PACE_HURRY;
}

/* How much of the budget is used: 0 … 1 and beyond. */
static double
used_share(const struct run *r)
{
	double share = 0;
	if (r->budget->iterations > 0)
		share = (double)r->search->iterations / (double)r->budget->iterations;
	if (r->budget->seconds > 0) {
		double by_time = elapsed(r) / r->budget->seconds;
		share = by_time > share ? by_time : share;
	}
	return share;
}

/* --- the answer --- */

static enum code
write_tours(struct scope *sc, const struct model *m, const struct state *s, struct route_solution *out)
{
	struct timetable *t = s->timetable;
	out->tours = NEW_ARRAY(sc, (size_t)m->n_routes + 1, struct route_tour);
	int32_t *seq = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	for (int32_t r = 0; r < m->n_routes; r++) {
		if (s->line[r].size == 0)
			continue;
		int32_t n = 0;
		for (int32_t x = s->node[route_head(m, r)].next; x < m->n; x = s->node[x].next)
			seq[n++] = x;
		struct route_tour *tour = &out->tours[out->n_tours++];
		if (!timetable_tour(sc, t, (uint32_t)r, seq, n, tour))
			return fail(sc, E_INTERNAL, "a route of the plan cannot be driven");
		out->cost += tour->cost;
		out->travel += tour->travel;
		out->distance += tour->distance;
		out->setup += tour->setup;
		out->service += tour->service;
		out->waiting += tour->waiting;
		out->breaks += tour->breaks;
	}
	return OK;
}

static enum code
write_solution(struct scope *sc, const struct run *r, struct route_solution **out)
{
	const struct model *m = r->search->m;
	struct route_solution *s = NEW(sc, struct route_solution);
	TRY(write_tours(sc, m, r->search->best, s));
	TRY(explain_left_out(sc, m, r->search->best, r->search->hurried, s));
	for (uint32_t i = 0; i < s->n_out; i++)
		if (m->p->tasks[s->out[i].task].penalty != ROUTE_MUST)
			s->cost += m->p->tasks[s->out[i].task].penalty;
	s->iterations = r->search->iterations;
	s->seconds = elapsed(r);
	*out = s;
	return OK;
}

static void
report(struct run *r)
{
	const struct state *best = r->search->best;
	if (r->budget->progress == NULL || best->cost >= r->reported)
		return;
	int64_t now = now_ns(r->budget);
	if (now - r->last_report_ns < 50000000 && r->reported != INT64_MAX)
		return;
	r->reported = best->cost;
	r->last_report_ns = now;
	int64_t left_out = 0;
	int32_t out = 0;
	for (int32_t x = 0; x < r->search->m->n; x++)
		if (best->node[x].route == NO_NODE) {
			left_out += r->search->m->jobs[x].left_out;
			out++;
		}
	int32_t tours = state_n_used(best);
	double cost = (double)(best->cost - left_out - tours * r->search->m->vehicle_price) / r->search->m->scale;
	struct route_progress p = {elapsed(r), r->search->iterations, (int64_t)(cost + 0.5), (uint32_t)tours,
				   (uint32_t)out};
	r->budget->progress(r->budget->arg, &p);
}

/* --- cycles --- */

/* Asked by every member of a team, on its own thread: reads only what does not change. */
static bool
may_go_on(void *arg)
{
	const struct run *r = arg;
	return !cancelled(r) && (r->budget->seconds <= 0 || elapsed(r) < r->budget->seconds);
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
	team_epoch(r->team, tries, may_go_on, r);
}

static void
cool(struct run *r, double from_share, double to_share, double hot, double cold)
{
	for (;;) {
		double share = used_share(r);
		if (share >= to_share || cancelled(r))
			return;
		double along = (share - from_share) / (to_share - from_share);
		r->search->temperature = hot * pow(cold / hot, along);
		search_some(r, share);
		report(r);
	}
}

/* The first part of the budget, where fewer vehicles come first. */
static bool
may_reduce(void *arg)
{
	const struct run *r = arg;
	report(arg);
	return !cancelled(r) && used_share(r) < FLEET_SHARE;
}

/* How many cycles the rest of the budget is worth: a small plan gains more from a new
 * try from its best than from a longer one, a large plan wants to be cooled slowly. */
static int
cycles_in(const struct run *r, double share_used)
{
	double tries = (double)r->search->iterations * (1 - share_used) / (share_used > 0 ? share_used : 1);
	double n = (double)r->search->m->n;
	double cycles = tries / (n * CYCLE_TRIES);
	double large = n > CYCLES_TASKS ? n / CYCLES_TASKS : 1;
	double most = CYCLES_MAX / (large * large * large);
	cycles = cycles > most ? most : cycles;
	return cycles < 1 ? 1 : (int)cycles;
}

/* A better best plan from the routes met, where it is worth its time. */
static void
polish(struct run *r)
{
	struct search *s = r->search;
	if (s->pool == NULL)
		return;
	uint64_t most = (uint64_t)(POLISH_SHARE * (double)s->iterations);
	if (most <= r->polished)
		return;
	most -= r->polished;
	uint64_t spent = pool_polish(s->pool, s->best, most, may_go_on, r);
	r->polished += spent;
	s->iterations += spent;
	report(r);
}

/* One short cycle first, so that whoever loses patience has a decent plan; then a
 * hot one, and as many mild ones from the best as the budget is worth. */
static void
anneal(struct run *r)
{
	double begin = 0;
	double scale = r->search->m->mean_arc;
	if (r->search->m->vehicle_price > 0) {
		cool(r, 0, COMPACT_SHARE, scale * HOT, scale * COLD);
		search_restart(r->search);
		r->search->temperature = scale;
		fleet_reduce(r->search, UINT64_MAX, may_reduce, r);
		begin = used_share(r);
	}
	double bank = begin + (1 - begin) * BANK_SHARE;
	cool(r, begin, bank, scale * HOT, scale * COLD);
	int cycles = cycles_in(r, bank - begin);
	for (int i = 0; i < cycles; i++) {
		double from = bank + (1 - bank) * i / cycles;
		double to = bank + (1 - bank) * (i + 1) / cycles;
		search_restart(r->search);
		cool(r, from, i + 1 < cycles ? to : LAST_POLISH, scale * (i == 0 ? HOT : REHEAT), scale * COLD);
		polish(r);
	}
	search_restart(r->search);
	cool(r, LAST_POLISH, 1, scale * COLD, scale * COLD);
}

/* --- a given start --- */

/* Grows the vehicle's sequence task by task as long as the timetable agrees. */
static int32_t
grow_row(struct search *s, int32_t r, const struct route_row *row, int32_t *seq)
{
	const struct model *m = s->m;
	struct state *now = s->now;
	int32_t n = 0;
	int64_t cost;
	for (uint32_t i = 0; i < row->n_tasks; i++) {
		int32_t x = (int32_t)row->tasks[i];
		int32_t first = m->p->tasks[x].kind == ROUTE_DELIVERY ? m->jobs[x].mate : x;
		bool met = x == first;
		for (int32_t k = 0; k < n && !met; k++)
			met = seq[k] == first;
		if (!met || now->node[x].route != NO_NODE || !model_fits(m, first, now->line[r].class) ||
		    (m->relations && !relations_allow(now, x, r)))
			continue;
		seq[n] = x;
		if (timetable_try(now->timetable, now->line[r].class, seq, n + 1, &cost, NULL)) {
			now->node[x].route = r; /* taken: no row may have it again */
			n++;
		}
	}
	return n;
}

/* Pickups whose delivery found no place leave again. */
static int32_t
drop_halves(struct search *s, int32_t *seq, int32_t n)
{
	int32_t kept = 0;
	for (int32_t i = 0; i < n; i++) {
		int32_t mate = s->m->jobs[seq[i]].mate;
		if (mate != NO_NODE && s->now->node[mate].route == NO_NODE)
			s->now->node[seq[i]].route = NO_NODE;
		else
			seq[kept++] = seq[i];
	}
	return kept;
}

static void
link_row(struct search *s, int32_t r, int32_t *seq, int32_t n)
{
	struct state *now = s->now;
	int64_t cost;
	for (int32_t i = 0; i < n; i++)
		now->node[seq[i]].route = NO_NODE;
	if (n == 0 || !timetable_try(now->timetable, now->line[r].class, seq, n, &cost, NULL))
		return;
	for (int32_t i = 0, after = route_head(s->m, r); i < n; after = seq[i++])
		state_link(now, seq[i], after);
	state_mark(now);
}

/* The rows as far as they stand; the rest counts as left out. */
static enum code
start_from(struct scope *sc, struct search *s, const struct route_row *rows)
{
	const struct model *m = s->m;
	int32_t *seq = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	for (int32_t r = 0; r < m->n_routes; r++) {
		for (uint32_t i = 0; i < rows[r].n_tasks; i++)
			if (rows[r].tasks[i] >= m->p->n_tasks)
				return fail(sc, E_INVALID, "row %d names a task that is not there", (int)r);
		int32_t n = grow_row(s, r, &rows[r], seq);
		link_row(s, r, seq, drop_halves(s, seq, n));
	}
	s->now->n_out = 0;
	for (int32_t x = 0; x < m->n; x++)
		if (s->now->node[x].route == NO_NODE && m->p->tasks[x].kind != ROUTE_DELIVERY)
			state_out_add(s->now, x);
	state_mark(s->now);
	return OK;
}

static enum code
solve_within(struct scope *inner, struct scope *sc, const struct route_problem *p, const struct route_row *rows,
	     const struct route_budget *budget, struct route_solution **out)
{
	struct route_budget mine = *budget;
	mine.cpu_time = budget->cpu_time && budget->threads <= 1;
	mine.threads = budget->threads > 1 ? budget->threads : 1;
	struct run r = {.budget = &mine, .begun_ns = now_ns(&mine), .reported = INT64_MAX};
	struct model *m;
	/* A plan that is only to be completed needs no neighbours: few tasks are placed. */
	bool only_complete = rows != NULL && budget->seconds <= 0 && budget->iterations == 0;
	TRY(model_new(inner, p, only_complete ? 0 : NEIGHBOURS, budget->cancel, &m));
	TRY(search_new(inner, m, budget->seed, &r.search));
	if (m->simple && !only_complete) {
		TRY(pool_new(inner, m, &r.search->pool));
		r.search->pool_below = POOL_BELOW * m->mean_arc;
	}
	if (m->n > 0 && m->n_routes > 0) {
		if (rows != NULL)
			TRY(start_from(inner, r.search, rows));
		r.calm_s = CALM * elapsed(&r);
		search_construct(r.search, construct_pace, &r);
		report(&r);
		if (budget->threads > 1)
			TRY(team_new(inner, r.search, budget->threads, budget->seed, &r.team));
		if (budget->seconds > 0 || budget->iterations > 0)
			anneal(&r);
		if (r.team != NULL)
			team_close(r.team);
	}
	return write_solution(sc, &r, out);
}

enum code
route_solve_from(struct scope *sc, const struct route_problem *p, const struct route_row *rows,
		 const struct route_budget *budget, struct route_solution **out)
{
	struct scope inner;
	scope_init(&inner);
	inner.cap = (size_t)4 << 30;
	enum code rc = solve_within(&inner, sc, p, rows, budget, out);
	if (rc != OK && sc->err.code == OK)
		sc->err = inner.err;
	scope_release(&inner);
	return rc;
}

enum code
route_solve(struct scope *sc, const struct route_problem *p, const struct route_budget *budget,
	    struct route_solution **out)
{
	return route_solve_from(sc, p, NULL, budget, out);
}
