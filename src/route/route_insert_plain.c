/* insert_find() for the common case: one vehicle class, loads that only add up,
 * nothing that ties tasks together. The search spends most of its time here. In a
 * rich problem of that kind the same scan makes the shortlist for the timetable.
 *
 * Whether one position is cheap enough, or in time, is a coin's throw for a
 * branch predictor, and a wrong guess costs as much as the whole judgement. So
 * rules become numbers that are negative where they are broken, and the or of
 * their signs is asked once; and the sieve (route_sieve.h) has its first look at all
 * neighbours before the first of them is judged.
 *
 * A task that is left out needs no question: its times are out of reach and its
 * neighbours are itself (absent() in route_state.c). */
#include "route/route_sieve.h"

/* Beyond so many routes in use their ends are not worth it, … */
#define ENDS_MAX 16
#define ENDS_LONG_MAX 40 /* … so many where they are long */
#define NOTHING (1 << 30)
#define HOME_STEPS 10 /* tasks before it that are out too */

struct scan {
	const struct state *s;
	const int32_t *time_from, *time_to, *cost_from, *cost_to; /* rows of x's place */
	int32_t open, close, service, most, nearest;
	int64_t room;	/* the highest load a route may have */
	bool round;	/* the same way back, and every route has both ends */
	int32_t passed; /* this position is not seen */
	int32_t below;	/* dearer ones neither */
	int32_t best, after;
	struct shortlist *list; /* NULL: only the best is wanted; else best is its last one */
};

/* Neighbours show the same position from both sides: it is kept once. */
static void
keep_listed(struct shortlist *l, const struct node *node, int32_t delta, int32_t after)
{
	for (int32_t i = 0; i < l->n; i++)
		if (l->spots[i].after == after)
			return;
	shortlist_add(l, &(struct spot){delta, node[after].route, after, NO_NODE});
}

/* The position behind `after` is cheaper than c->best. */
static inline void
keep(struct scan *c, int32_t delta, int32_t after)
{
	if (c->list == NULL) {
		c->best = delta;
		c->after = after;
		return;
	}
	keep_listed(c->list, c->s->node, delta, after);
	c->best = (int32_t)shortlist_bar(c->list, c->below);
}

/* Everything but time and cost; true for most that come so far. */
static inline bool
rides(const struct scan *c, int32_t after, const struct node *p)
{
	const struct line *l = &c->s->line[p->route];
	return l->load <= c->room && l->size < c->most && after != c->passed;
}

/* Negative where a rule is broken: one branch, for each alone is a coin's throw. */
static inline int32_t
fits(const struct scan *c, const struct node *p, const struct node *q, int32_t delta)
{
	int32_t at = p->leave + c->time_to[p->place];
	at = at > c->open ? at : c->open;
	return (c->best - 1 - delta) | (c->close - at) | (q->late - at - c->service - c->time_from[q->place]);
}

/* Between node `after` = p and its successor q. */
static inline void
judge(struct scan *c, int32_t after, const struct node *p, const struct node *q)
{
	int32_t delta = c->cost_to[p->place] + c->cost_from[q->place] - p->arc;
	if (fits(c, p, q, delta) < 0 || !rides(c, after, p))
		return;
	keep(c, delta, after);
}

static void
scan_near(struct scan *c, int32_t x)
{
	const struct node *node = c->s->node;
	const struct model *m = c->s->m;
	const int32_t *near = m->near + (size_t)x * (size_t)m->n_near;
	for (int32_t i = 0; i < m->n_near && near[i] >= 0; i++) {
		int32_t y = near_node(near[i]);
		const struct node *n = &node[y];
		if (n->route == NO_NODE)
			continue;
		if (near[i] & NEAR_BEFORE)
			judge(c, y, n, &node[n->next]);
		if (near[i] & NEAR_AFTER)
			judge(c, n->prev, &node[n->prev], n);
	}
}

/* Behind y, which is `arc` away from x. */
static inline void
judge_behind(struct scan *c, int32_t y, int32_t arc)
{
	const struct node *p = &c->s->node[y];
	const struct node *q = &c->s->node[p->next];
	int32_t back = c->time_from[q->place];
	int32_t delta = arc + back - p->arc;
	int32_t at = p->leave + arc;
	at = at > c->open ? at : c->open;
	if (((c->best - 1 - delta) | (q->late - at - c->service - back)) >= 0 && rides(c, y, p))
		keep(c, delta, y);
}

static inline void
judge_ahead(struct scan *c, int32_t y, int32_t arc)
{
	const struct node *q = &c->s->node[y];
	const struct node *p = &c->s->node[q->prev];
	int32_t there = c->time_to[p->place];
	int32_t delta = there + arc - p->arc;
	int32_t at = p->leave + there;
	at = at > c->open ? at : c->open;
	if (((c->best - 1 - delta) | (c->close - at) | (q->late - at - c->service - arc)) >= 0 && rides(c, q->prev, p))
		keep(c, delta, q->prev);
}

/* Where a detour costs less than c->best, either of its arcs is longer than the one it replaces by no
 * more than is left for the other one, which is not shorter than x's shortest; and in a symmetric
 * matrix by half of that at most, because no arc is longer than a way round: but one to the open end
 * of a route is. */
static inline int32_t
longer_at_most(const struct scan *c)
{
	int32_t half = c->round ? (c->best - 1) >> 1 : NOTHING;
	int32_t rest = c->best - 1 - c->nearest;
	return half < rest ? half : rest;
}

static void
judge_some_behind(struct scan *c, const struct sieved *left)
{
	for (int32_t i = 0; i < left->n_behind; i++)
		judge_behind(c, left->behind[i].node, left->behind[i].arc);
}

static void
judge_some_ahead(struct scan *c, const struct sieved *left)
{
	for (int32_t i = 0; i < left->n_ahead; i++)
		judge_ahead(c, left->ahead[i].node, left->ahead[i].arc);
}

/* Where one matrix is both time and cost, most positions are refused at a glance; where it is
 * symmetric, both sides of a neighbour at one. */
static void
scan_near_arcs(struct scan *c, int32_t x)
{
	const struct model *m = c->s->m;
	const struct near_arc *here = m->near_here + (size_t)x * (size_t)m->n_near;
	const struct near_arc *there = m->near_there + (size_t)x * (size_t)m->n_near;
	for (int32_t from = 0; from < m->n_near; from += SIEVE_MOST) {
		int32_t n = m->n_near - from < SIEVE_MOST ? m->n_near - from : SIEVE_MOST;
		struct sieve sieve = {longer_at_most(c), c->close, c->open + c->service};
		struct sieved left;
		sieve_near(c->s->node, here + from, n, &sieve, &left);
		judge_some_behind(c, &left);
		if (there != here) {
			sieve.more = longer_at_most(c);
			sieve_near(c->s->node, there + from, n, &sieve, &left);
		}
		judge_some_ahead(c, &left);
	}
}

/* Before the first and behind the last task of every route: the depot is a
 * neighbour of everybody. */
static void
scan_ends(struct scan *c)
{
	const struct state *s = c->s;
	const struct node *node = s->node;
	for (int32_t i = 0; i < s->used[0]; i++) {
		int32_t head = route_head(s->m, s->order[i]);
		const struct node *h = &node[head];
		const struct node *t = &node[head + 1];
		judge(c, head, h, &node[h->next]);
		judge(c, t->prev, &node[t->prev], t);
	}
}

/* The same with the sieve's rules: the depot is the neighbour. */
static void
scan_ends_arcs(struct scan *c)
{
	const struct state *s = c->s;
	const struct node *node = s->node;
	const struct class *k = &s->m->classes[0];
	int32_t there = c->cost_to[k->start];
	int32_t back = c->cost_from[k->end];
	int32_t done = c->open + c->service;
	for (int32_t i = 0; i < s->used[0]; i++) {
		int32_t head = route_head(s->m, s->order[i]);
		const struct node *h = &node[head];
		const struct node *t = &node[head + 1];
		if (((longer_at_most(c) - (there - h->arc)) | (h->late + h->arc - done)) >= 0)
			judge(c, head, h, &node[h->next]);
		if (((longer_at_most(c) - (back - t->arc_in)) | (c->close - t->early + t->arc_in)) >= 0)
			judge(c, t->prev, &node[t->prev], t);
	}
}

static inline bool
ends_are_worth_it(const struct state *s)
{
	int32_t used = s->used[0];
	return used <= ENDS_MAX || (used <= ENDS_LONG_MAX && state_routes_are_long(s, used));
}

static void
scan_everywhere(struct scan *c)
{
	const struct state *s = c->s;
	const struct node *node = s->node;
	for (int32_t i = 0; i < s->used[0]; i++) {
		int32_t next;
		for (int32_t x = route_head(s->m, s->order[i]); (next = node[x].next) != NO_NODE; x = next)
			judge(c, x, &node[x], &node[next]);
	}
}

/* Where it stood: most tasks go there again, and beside what that costs most other
 * places need no second look. */
static inline void
scan_home(struct scan *c, int32_t x)
{
	const struct state *s = c->s;
	int32_t y = s->node[x].home;
	for (int i = 0; i < HOME_STEPS && s->node[y].route == NO_NODE; i++)
		y = s->node[y].home;
	if (s->node[y].route == NO_NODE || s->node[y].next == NO_NODE)
		return;
	judge(c, y, &s->node[y], &s->node[s->node[y].next]);
}

static void
scan_beside(struct scan *c, int32_t x)
{
	bool arcs = c->s->m->near_here != NULL;
	scan_home(c, x);
	if (arcs)
		scan_near_arcs(c, x);
	else
		scan_near(c, x);
	if (!ends_are_worth_it(c->s))
		return;
	if (arcs)
		scan_ends_arcs(c);
	else
		scan_ends(c);
}

/* A vehicle that serves nobody yet, with its fixed cost. */
static struct spot
spare_spot(const struct scan *c)
{
	const struct state *s = c->s;
	const struct class *k = &s->m->classes[0];
	struct spot nowhere = {INT64_MAX, NO_NODE, NO_NODE, NO_NODE};
	int32_t r = state_spare(s, 0);
	int32_t at = k->open + c->time_to[k->start];
	at = at > c->open ? at : c->open;
	if (r == NO_NODE || c->room < 0 || c->most < 1 || at > c->close ||
	    at + c->service + c->time_from[k->end] > k->close)
		return nowhere;
	int64_t delta = k->fixed + c->cost_to[k->start] + c->cost_from[k->end];
	return (struct spot){delta, r, route_head(s->m, r), NO_NODE};
}

static struct scan
scan_of(const struct state *s, int32_t x, int64_t below, struct shortlist *list)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[0];
	const struct job *j = &m->jobs[x];
	size_t row = (size_t)j->place * ((size_t)m->n_places + 1);
	int32_t most = below < 0 ? 0 : below < NOTHING ? (int32_t)below : NOTHING;
	return (struct scan){
	    .s = s,
	    .time_from = k->time + row,
	    .time_to = k->time_to + row,
	    .cost_from = k->cost + row,
	    .cost_to = k->cost_to + row,
	    .open = j->open,
	    .close = j->close,
	    .service = j->service,
	    .nearest = j->nearest,
	    .round = m->symmetric && k->start < m->n_places && k->end < m->n_places,
	    .most = k->max_tasks,
	    .room = m->load == LOAD_SUM ? k->cap[0] - j->demand : INT64_MAX,
	    .passed = NO_NODE,
	    .below = most,
	    .best = most,
	    .after = NO_NODE,
	    .list = list,
	};
}

void
insert_list_plain(const struct state *s, int32_t x, bool everywhere, int64_t below, struct shortlist *list)
{
	struct scan c = scan_of(s, x, below, list);
	if (everywhere)
		scan_everywhere(&c);
	else
		scan_beside(&c, x);
	struct spot spare = spare_spot(&c);
	if (spare.delta < shortlist_bar(list, below))
		shortlist_add(list, &spare);
}

void
insert_find_plain(struct state *s, int32_t x, uint32_t blink, int64_t below, struct spot *best)
{
	const struct model *m = s->m;
	struct scan c = scan_of(s, x, below, NULL);
	scan_beside(&c, x);
	if (blink > 0 && c.after != NO_NODE && prng_below(&s->prng, blink) == 0) {
		c.passed = c.after;
		c.best = c.below;
		c.after = NO_NODE;
		scan_beside(&c, x);
	}
	struct spot spare = spare_spot(&c);
	/* nothing at any price, not even by opening a route: look everywhere */
	if (c.after == NO_NODE && (spare.route == NO_NODE || blink == 0) && m->n_near < m->n - 1 &&
	    c.below == NOTHING && !s->hurried)
		scan_everywhere(&c);
	*best = c.after != NO_NODE && c.best < spare.delta
		    ? (struct spot){c.best, s->node[c.after].route, c.after, NO_NODE}
		    : spare;
}
