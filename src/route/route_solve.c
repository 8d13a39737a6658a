/* From a problem and a budget to a solution: the model, the first plan, which is
 * built by insertion whatever the budget, the search, and the answer written out. */
#include "route/route_anneal.h"
#include "route/route_explain.h"

#define NEIGHBOURS 60
#define CALM 1.5 /* times as long as the model took */
#define POOL_BELOW 0.3

/* For the first plan. A deadline makes it hurry, but not before it had half as long as
 * the model took: to no purpose was that made without it. */
static enum pace
construct_pace(void *arg)
{
	const struct run *r = arg;
	if (run_cancelled(r))
		return PACE_STOP;
	double t = r->budget->seconds > 0 ? run_elapsed_s(r) : 0;
	return t < r->budget->seconds || t < r->calm_s || r->budget->seconds <= 0 ? PACE_CALM : PACE_HURRY;
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
	s->seconds = run_elapsed_s(r);
	*out = s;
	return OK;
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
	struct run r = run_begin(&mine);
	struct model *m;
	/* A plan that is only to be completed needs no neighbours: few tasks are placed. */
	bool only_complete = rows != NULL && budget->seconds <= 0 && budget->iterations == 0;
	TRY(model_new(inner, p, only_complete ? 0 : NEIGHBOURS, budget->cancel, &m));
	TRY(search_new(inner, m, budget->seed, &r.search));
	if (m->simple && !only_complete) {
		TRY(pool_new(inner, m, &r.search->pool));
		r.search->pool_below = POOL_BELOW * m->mean_arc;
	}
	enum code rc = OK;
	if (m->n > 0 && m->n_routes > 0) {
		if (rows != NULL)
			TRY(start_from(inner, r.search, rows));
		r.calm_s = CALM * run_elapsed_s(&r);
		search_construct(r.search, construct_pace, &r);
		run_report(&r);
		if (budget->threads > 1)
			TRY(team_new(inner, r.search, budget->threads, budget->seed, &r.team));
		if (budget->seconds > 0 || budget->iterations > 0)
			rc = run_anneal(inner, &r);
		if (r.team != NULL)
			team_close(r.team);
	}
	TRY(rc);
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
