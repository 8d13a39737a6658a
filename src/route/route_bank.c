#include "route/route_bank.h"

#include <math.h>

#include "route/route_cross.h"

/* Tries a task, in plans of up to LEAST_TASKS. Twice as many tasks want twice as many where
 * routes are long, four times as many where they are short. */
#define SHORT_LEAST 2000 /* that a bank is worth from, where routes are short … */
#define LONG_LEAST 500	 /* … and where they are long */
#define PLAN_LEAST 150	 /* for each plan of a bank */
#define LEAST_TASKS 200
#define PLANS_ROOT 7 /* one plan for so many in the root of the tries a task */
#define PLANS_LEAST 6
#define PLANS_MOST 60
#define FOUNDING 0.35	 /* of the time */
#define CHILD_TRIES 15	 /* for each task of a route that its first parent has not, … */
#define CHILD_MORE 90000 /* … as many times more as a task has more tries than so many, … */
#define CHILD_MOST 8	 /* … up to so many times */
#define CHILD_HOT 0.5
#define IDLE_MOST 10 /* generations without a better child, then it is over */
#define LOOK_EVERY 32

struct bank {
	struct run *run;
	int32_t n;
	double child_tries;	      /* a task */
	struct state **plan, **child; /* [n] */
	struct cross **cross;	      /* [n] */
	bool *born;		      /* [n] */
	int32_t *order;		      /* [n] who is crossed with whom: each with the next */
};

static bool
has_long_routes(const struct state *plan)
{
	return state_routes_are_long(plan, state_n_used(plan));
}

/* Tries for so many a task of a small plan. */
static double
tries_for(const struct state *plan, double a_task)
{
	double n = (double)plan->m->n;
	double large = n > LEAST_TASKS ? n / LEAST_TASKS : 1;
	return a_task * n * large * (has_long_routes(plan) ? 1 : large);
}

/* Long routes freeze in valleys that a longer cooling does not leave, so that even a short
 * budget is better spent on several plans; many short ones want to be cooled slowly. */
bool
bank_is_worth(const struct model *m, const struct state *plan, double tries)
{
	return !m->relations && tries > tries_for(plan, has_long_routes(plan) ? LONG_LEAST : SHORT_LEAST);
}

static double
clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static size_t
plans_for(const struct search *s, double tries)
{
	double by_root = sqrt(tries / (double)s->m->n) / PLANS_ROOT;
	double by_depth = tries / tries_for(s->best, PLAN_LEAST);
	return (size_t)clamp(fmin(by_root, by_depth), PLANS_LEAST, PLANS_MOST);
}

static double
child_tries_for(double tries_a_task)
{
	return CHILD_TRIES * clamp(tries_a_task / CHILD_MORE, 1, CHILD_MOST);
}

static enum code
bank_new(struct scope *sc, struct run *r, size_t n, struct bank **out)
{
	const struct model *m = r->search->m;
	struct bank *b = NEW(sc, struct bank);
	b->run = r;
	b->n = (int32_t)n;
	b->plan = NEW_ARRAY(sc, n, struct state *);
	b->child = NEW_ARRAY(sc, n, struct state *);
	b->cross = NEW_ARRAY(sc, n, struct cross *);
	b->born = NEW_ARRAY(sc, n, bool);
	b->order = NEW_ARRAY(sc, n, int32_t);
	for (size_t i = 0; i < n; i++) {
		TRY(state_new(sc, m, i, &b->plan[i]));
		TRY(state_new(sc, m, i, &b->child[i]));
		TRY(cross_new(sc, m, &b->cross[i]));
		b->order[i] = (int32_t)i;
	}
	*out = b;
	return OK;
}

/* The first is what there is; the others begin hot. False: the time was over before. */
static bool
found(struct bank *b, double from, double to)
{
	struct search *s = b->run->search;
	struct state *best = s->best;
	state_copy(b->plan[0], best);
	int32_t done = 1;
	for (int32_t i = 1; i < b->n; i++) {
		double begin = from + (to - from) * (i - 1) / (b->n - 1);
		double end = from + (to - from) * i / (b->n - 1);
		s->best = b->plan[i];
		s->best->cost = INT64_MAX; /* the first one kept is better */
		run_cool(b->run, begin, end, RUN_HOT, RUN_COLD);
		done += s->best->cost < INT64_MAX;
		if (s->best->cost < best->cost)
			state_copy(best, s->best);
	}
	s->best = best;
	return done == b->n;
}

static void
shuffle(int32_t *order, int32_t n, struct prng *prng)
{
	for (int32_t i = n - 1; i > 0; i--) {
		int32_t k = (int32_t)prng_below(prng, (uint32_t)i + 1);
		int32_t at_i = order[i];
		order[i] = order[k];
		order[k] = at_i;
	}
}

static void
bring_up(struct bank *b, struct search *s)
{
	double scale = s->m->mean_arc;
	int32_t tries = (int32_t)(b->child_tries * s->n_own);
	for (int32_t i = 0; i < tries; i++) {
		if (i % LOOK_EVERY == 0 && !run_may_go_on(b->run))
			return;
		s->temperature = scale * CHILD_HOT * pow(RUN_COLD / CHILD_HOT, (double)i / tries);
		search_step(s);
	}
}

/* The i-th child of this generation: by any member of a team, reading only plans. */
static void
make_child(void *arg, struct search *s, int32_t i)
{
	struct bank *b = arg;
	const struct state *first = b->plan[b->order[i]];
	const struct state *second = b->plan[b->order[(i + 1) % b->n]];
	b->born[i] = run_may_go_on(b->run) && cross_plans(b->cross[i], s, first, second, b->child[i]);
	if (!b->born[i])
		return;
	struct state *best = s->best;
	s->best = b->child[i];
	bring_up(b, s);
	s->best = best;
}

static int32_t
cheapest(const struct bank *b)
{
	int32_t least = 0;
	for (int32_t i = 1; i < b->n; i++)
		if (b->plan[i]->cost < b->plan[least]->cost)
			least = i;
	return least;
}

/* Children that are cheaper take their first parents' places. How many did. */
static int32_t
replace(struct bank *b)
{
	int32_t better = 0;
	for (int32_t i = 0; i < b->n; i++) {
		struct state **place = &b->plan[b->order[i]];
		if (!b->born[i] || b->child[i]->cost >= (*place)->cost)
			continue;
		struct state *was = *place;
		*place = b->child[i];
		b->child[i] = was;
		better++;
		if (b->run->team != NULL && b->run->search->pool != NULL)
			pool_add_all(b->run->search->pool, *place);
	}
	return better;
}

/* The pool's routes may make the cheapest cheaper still. */
static void
tell_best(struct bank *b)
{
	struct search *s = b->run->search;
	int32_t least = cheapest(b);
	if (b->plan[least]->cost < s->best->cost)
		state_copy(s->best, b->plan[least]);
	run_polish(b->run);
	if (s->best->cost < b->plan[least]->cost)
		state_copy(b->plan[least], s->best);
	run_report(b->run);
}

static void
generation(struct bank *b)
{
	struct run *r = b->run;
	shuffle(b->order, b->n, r->search->prng);
	if (r->team != NULL) {
		team_jobs(r->team, b->n, make_child, b);
		return;
	}
	for (int32_t i = 0; i < b->n; i++)
		make_child(b, r->search, i);
	search_own_all(r->search);
}

static enum code
bank_within(struct scope *sc, struct run *r, double tries, double to)
{
	struct bank *b;
	double from = run_share(r);
	TRY(bank_new(sc, r, plans_for(r->search, tries), &b));
	b->child_tries = child_tries_for(tries / (double)r->search->m->n);
	if (!found(b, from, from + (to - from) * FOUNDING))
		return OK;
	for (int32_t idle = 0; idle < IDLE_MOST && run_share(r) < to && !run_cancelled(r); idle++) {
		generation(b);
		if (replace(b) > 0)
			idle = 0;
		tell_best(b);
	}
	return OK;
}

/* A long budget has several banks, one after the other: none leaves its plans behind. */
enum code
bank_run(struct scope *sc, struct run *r, double tries, double to)
{
	struct scope own;
	scope_init(&own);
	own.cap = sc->cap;
	enum code rc = bank_within(&own, r, tries, to);
	if (rc != OK)
		sc->err = own.err;
	scope_release(&own);
	return rc;
}
