#include "route/route_clock.h"

/* One route's clock: who drives, and what a second more of travel or work costs. */
struct pace {
	const struct state *s;
	const struct model *m;
	const struct class *k;
	const struct route_vehicle *v;
	const struct route_profile *f;
	double per_travel, per_work; /* in CLOCK_FINE of cost */
	uint32_t slice;		     /* the one used last: time mostly moves on */
	int64_t more;		     /* beyond the arcs' own cost, so far, in CLOCK_FINE */
};

static struct pace
pace_of(const struct state *s, int32_t r)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[s->line[r].class];
	const struct route_vehicle *v = &m->p->vehicles[k->vehicle];
	const struct route_profile *f = &m->p->profiles[v->profile];
	bool by_hour = f->n_slices > 1 && f->costs == NULL;
	return (struct pace){.s = s,
			     .m = m,
			     .k = k,
			     .v = v,
			     .f = f,
			     .per_travel = by_hour ? (double)v->rates.per_hour / 3600 * m->scale * CLOCK_FINE : 0,
			     .per_work = (double)v->rates.per_task_hour / 3600 * m->scale * CLOCK_FINE};
}

static int64_t
travel(struct pace *c, int32_t x, int32_t y, int64_t at)
{
	size_t from = (size_t)c->s->node[x].place;
	size_t to = (size_t)c->s->node[y].place;
	size_t places = (size_t)c->m->n_places;
	int64_t least = c->k->time[from * (places + 1) + to];
	if (c->f->n_slices <= 1 || from == places || to == places)
		return least;
	c->slice = slice_at(c->f, at, c->slice);
	int64_t real = travel_in_slice(c->m->p, c->v, from * places + to, at, c->slice);
	c->more += (int64_t)((double)(real - least) * c->per_travel);
	return real;
}

/* From x, left at `at`, to the end of the work at y; NEVER where that cannot be. */
static int64_t
step(struct pace *c, int32_t x, int32_t y, int64_t at)
{
	int64_t there = at + travel(c, x, y, at);
	if (y >= c->m->n)
		return there <= c->v->shift.to ? there : NEVER;
	const struct job *job = &c->m->jobs[y];
	int64_t begin;
	int64_t work;
	if (job->plain) {
		begin = there > job->open + c->m->base ? there : job->open + c->m->base;
		if (begin > job->close + c->m->base)
			return NEVER;
		work = job->service;
	} else {
		const struct route_task *task = &c->m->p->tasks[y];
		begin = window_after(task->windows, task->n_windows, 0, there);
		if (begin == NEVER)
			return NEVER;
		work = work_time(task, c->v, (uint32_t)c->s->node[x].place);
	}
	c->more += (int64_t)((double)work * c->per_work);
	return begin + work;
}

/* When the vehicle leaves node x, by the caller's clock. */
static int64_t
leaves(const struct pace *c, int32_t x)
{
	return c->s->node[x].prev == NO_NODE ? model_start(c->m, c->v) : c->s->node[x].leave + c->m->base;
}

/* Walks on from x, left at `at`, to where the route is on its old times again. *was: what
 * those stretches cost beyond their arcs as the route stands. */
static bool
walk_on(struct pace *c, int32_t x, int32_t next, int64_t at, int64_t *was)
{
	const struct state *s = c->s;
	for (int32_t q = next; at != NEVER; x = q, q = s->node[q].next) {
		at = step(c, x, q, at);
		*was += s->more[q];
		if (q >= c->m->n || at == leaves(c, q))
			return at != NEVER;
	}
	return false;
}

static int64_t
whole(int64_t more)
{
	return (more + CLOCK_FINE / 2) >> CLOCK_FINE_BITS;
}

bool
clock_insert(const struct state *s, int32_t x, const struct spot *spot, int64_t *delta)
{
	const struct line *l = &s->line[spot->route];
	struct pace c = pace_of(s, spot->route);
	const struct node *a = &s->node[spot->after];
	size_t side = (size_t)s->m->n_places + 1;
	size_t here = (size_t)s->node[x].place;
	int64_t at = step(&c, spot->after, x, leaves(&c, spot->after));
	int64_t was = 0;
	if (l->size >= c.k->max_tasks || !walk_on(&c, x, a->next, at, &was))
		return false;
	int64_t arcs = (int64_t)c.k->cost[(size_t)a->place * side + here] +
		       c.k->cost[here * side + (size_t)s->node[a->next].place];
	if (l->size == 0) {
		arcs += c.k->fixed;
		was = 0; /* it stayed at home */
	} else {
		arcs -= a->arc;
	}
	*delta = arcs + whole(l->more + c.more - was) - whole(l->more);
	return true;
}

static void
set_leave(struct state *s, int32_t y, int64_t at, int64_t more)
{
	struct node *n = state_touch(s, y);
	n->leave = (int32_t)(at - s->m->base);
	n->early = n->leave - (y < s->m->n ? s->m->jobs[y].service : 0);
	*state_touch_more(s, y) = more;
}

bool
clock_link(struct state *s, int32_t x, int32_t after, int64_t *cost)
{
	struct line *l = state_touch_line(s, s->node[after].route);
	struct pace c = pace_of(s, s->node[after].route);
	int64_t at = step(&c, after, x, leaves(&c, after));
	int64_t was = 0;
	bool moved = at != NEVER;
	if (moved)
		set_leave(s, x, at, c.more);
	for (int32_t p = x, q = s->node[after].next; moved; p = q, q = s->node[q].next) {
		int64_t more = c.more;
		at = step(&c, p, q, at);
		if (at == NEVER)
			break;
		was += s->more[q];
		moved = at != leaves(&c, q) && q < s->m->n;
		set_leave(s, q, at, c.more - more);
	}
	int64_t before = l->more;
	l->more += c.more - (l->size == 0 ? 0 : was);
	*cost = whole(l->more) - whole(before);
	return at != NEVER;
}

bool
clock_run(struct state *s, int32_t r, int64_t *cost)
{
	const struct model *m = s->m;
	struct pace c = pace_of(s, r);
	int32_t head = route_head(m, r);
	int64_t at = leaves(&c, head);
	int64_t arcs = 0;
	for (int32_t x = head; s->node[x].next != NO_NODE; x = s->node[x].next) {
		int64_t more = c.more;
		at = step(&c, x, s->node[x].next, at);
		if (at == NEVER)
			return false;
		set_leave(s, s->node[x].next, at, c.more - more);
		arcs += s->node[x].arc;
	}
	state_touch_line(s, r)->more = c.more;
	*cost = arcs + whole(c.more);
	return true;
}
