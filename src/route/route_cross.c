#include "route/route_cross.h"

#include <math.h>

#define DRAFTS 8	 /* of a child, before one of them is searched */
#define ROUTES_MOST 10	 /* that leave, … */
#define ROUTES_SHARE 0.4 /* … of all in use */

struct cross {
	int32_t *leaving; /* tasks of the routes that leave */
	int32_t n_leaving;
	int64_t leaving_cost;
	int32_t *coming; /* routes of b */
	int32_t n_coming;
	int32_t *common; /* [route of b] tasks it has in common with those that leave */
	int32_t *seq;	 /* one route's tasks */
	int32_t *own;	 /* of the best draft */
	int32_t n_own;
};

enum code
cross_new(struct scope *sc, const struct model *m, struct cross **out)
{
	struct cross *c = NEW(sc, struct cross);
	c->leaving = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	c->coming = NEW_ARRAY(sc, (size_t)m->n_routes + 1, int32_t);
	c->common = NEW_ARRAY(sc, (size_t)m->n_routes + 1, int32_t);
	c->seq = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	c->own = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	*out = c;
	return OK;
}

/* How many routes leave. */
static int32_t
draw_routes(struct search *s, const struct state *a)
{
	int32_t most = (int32_t)(ROUTES_SHARE * state_n_used(a));
	most = most > ROUTES_MOST ? ROUTES_MOST : most;
	return 1 + (most < 2 ? 0 : (int32_t)prng_below(s->prng, (uint32_t)most));
}

static void
route_leaves(struct cross *c, const struct model *m, const struct state *a, int32_t r)
{
	c->leaving_cost += a->line[r].cost;
	for (int32_t x = a->node[route_head(m, r)].next; x < m->n; x = a->node[x].next)
		c->leaving[c->n_leaving++] = x;
}

/* The routes of `a` around a random task. */
static void
choose_leaving(struct cross *c, struct search *s, const struct state *a)
{
	const struct model *m = s->m;
	int32_t seed = (int32_t)prng_below(s->prng, (uint32_t)m->n);
	int32_t routes = draw_routes(s, a);
	const int32_t *row = m->near + (size_t)seed * (size_t)m->n_near;
	uint32_t mark = ++s->visit;
	c->n_leaving = 0;
	c->leaving_cost = 0;
	for (int32_t i = -1; i < m->n_near && routes > 0 && (i < 0 || row[i] >= 0); i++) {
		int32_t r = a->node[i < 0 ? seed : near_node(row[i])].route;
		if (r == NO_NODE || s->visited[r] == mark)
			continue;
		s->visited[r] = mark;
		route_leaves(c, m, a, r);
		routes--;
	}
}

/* The routes of b more than half of whose tasks leave. False: they are the same routes. */
static bool
choose_coming(struct cross *c, const struct model *m, const struct state *b)
{
	int64_t cost = 0;
	int32_t tasks = 0;
	memset(c->common, 0, (size_t)m->n_routes * sizeof *c->common);
	c->n_coming = 0;
	for (int32_t i = 0; i < c->n_leaving; i++) {
		int32_t r = b->node[c->leaving[i]].route;
		if (r == NO_NODE || ++c->common[r] != b->line[r].size / 2 + 1)
			continue;
		c->coming[c->n_coming++] = r;
		cost += b->line[r].cost;
		tasks += b->line[r].size;
	}
	return c->n_coming > 0 && (cost != c->leaving_cost || tasks != c->n_leaving);
}

/* What of b's route may come: all of it, taken out of the child's other routes, or
 * only what those do not serve. */
static int32_t
tasks_coming(struct cross *c, struct state *now, const struct state *b, int32_t from, bool all)
{
	int32_t n = 0;
	for (int32_t x = b->node[route_head(b->m, from)].next; x < b->m->n; x = b->node[x].next) {
		if (now->node[x].route != NO_NODE && !all)
			continue;
		if (now->node[x].route != NO_NODE)
			state_unlink(now, x);
		c->seq[n++] = x;
	}
	return n;
}

/* Without some of its tasks a route of a rich problem is not always one that can be driven. */
static void
route_comes(struct cross *c, struct search *s, const struct state *b, int32_t from, bool all)
{
	struct state *now = s->now;
	int32_t class = b->line[from].class;
	int32_t r = state_spare(now, class);
	int64_t cost;
	if (r == NO_NODE)
		return;
	int32_t n = tasks_coming(c, now, b, from, all);
	if (n == 0 || (s->m->rich && !timetable_try(now->timetable, class, c->seq, n, &cost, NULL)))
		return;
	for (int32_t i = 0, after = route_head(s->m, r); i < n; after = c->seq[i++])
		state_link(now, c->seq[i], after);
}

/* Tasks that stand nowhere now, for search_recreate(): a pickup stands for both. */
static void
find_homeless(struct search *s)
{
	const struct state *now = s->now;
	for (int32_t x = 0; x < s->m->n; x++)
		if (now->node[x].route == NO_NODE && s->m->p->tasks[x].kind != ROUTE_DELIVERY)
			s->removed[s->n_removed++] = x;
}

/* What it touched is what there is to be searched. */
static void
own_touched(struct search *s)
{
	const struct state *now = s->now;
	s->n_own = 0;
	for (int32_t i = 0; i < now->n_old_lines; i++) {
		int32_t head = route_head(s->m, now->old_lines[i].id);
		for (int32_t x = now->node[head].next; x < s->m->n; x = now->node[x].next)
			s->own[s->n_own++] = x;
	}
}

/* Makes s->now, which is a's copy, a child. False: it is none. */
static bool
draft(struct cross *c, struct search *s, const struct state *a, const struct state *b)
{
	choose_leaving(c, s, a);
	if (!choose_coming(c, s->m, b))
		return false;
	s->n_removed = 0;
	for (int32_t i = 0; i < c->n_leaving; i++)
		state_unlink(s->now, c->leaving[i]);
	bool all = prng_below(s->prng, 2) == 0;
	for (int32_t i = 0; i < c->n_coming; i++)
		route_comes(c, s, b, c->coming[i], all);
	s->now->n_out = 0;
	find_homeless(s);
	search_recreate(s, 0);
	own_touched(s);
	return !s->now->broken && s->n_own > 0;
}

static void
own_copy(int32_t *to, int32_t *n_to, const int32_t *from, int32_t n)
{
	memcpy(to, from, (size_t)n * sizeof *to);
	*n_to = n;
}

bool
cross_plans(struct cross *c, struct search *s, const struct state *a, const struct state *b, struct state *child)
{
	double least = INFINITY; /* a task */
	state_copy(s->now, a);
	for (int i = 0; i < DRAFTS; i++) {
		bool born = draft(c, s, a, b);
		double excess = born ? (double)(s->now->cost - a->cost) / s->n_own : INFINITY;
		if (excess < least) {
			least = excess;
			state_copy(child, s->now);
			own_copy(c->own, &c->n_own, s->own, s->n_own);
		}
		state_undo(s->now);
		state_mark(s->now);
	}
	if (least == INFINITY)
		return false;
	state_copy(s->now, child);
	own_copy(s->own, &s->n_own, c->own, c->n_own);
	return true;
}
