/* Exchanging tails (2-opt*, Potvin and Rousseau 1995): two routes swap everything
 * behind a cut. Strings of ten cannot do that to long routes, where every step
 * between would have to be kept. On plain problems the times of both halves hold on
 * either route, so a cut is judged in O(1) and only the loads are summed up. On rich
 * ones, or between vehicles of different ways, that judgement chooses the cut, and
 * the timetable says whether both routes can be driven, and what they cost. */
#include "route/route_search.h"

struct cut {
	int32_t a, b; /* swap what is behind a with what is behind b */
	int64_t delta;
};

static int64_t
load_behind(const struct search *s, int32_t x)
{
	int64_t load = 0;
	for (int32_t y = s->now->node[x].next; y < s->m->n; y = s->now->node[y].next)
		load += s->m->jobs[y].demand;
	return load;
}

static bool
loads_fit(const struct search *s, int32_t a, int32_t b)
{
	const struct state *now = s->now;
	if (s->m->load != LOAD_SUM)
		return true;
	const struct line *la = &now->line[now->node[a].route];
	const struct line *lb = &now->line[now->node[b].route];
	int64_t gain = load_behind(s, b) - load_behind(s, a);
	return la->load + gain <= s->m->classes[la->class].cap[0] && lb->load - gain <= s->m->classes[lb->class].cap[0];
}

/* In time on both routes? A necessary condition only where the problem is rich. */
static bool
times_fit(const struct search *s, int32_t a, int32_t b, const struct class *ka, const struct class *kb)
{
	const struct node *node = s->now->node;
	size_t side = (size_t)s->m->n_places + 1;
	const struct node *y = &node[node[b].next];
	const struct node *z = &node[node[a].next];
	return node[a].leave + ka->time[(size_t)node[a].place * side + (size_t)y->place] <= y->late &&
	       node[b].leave + kb->time[(size_t)node[b].place * side + (size_t)z->place] <= z->late;
}

static const struct class *
class_at(const struct search *s, int32_t x)
{
	return &s->m->classes[s->now->line[s->now->node[x].route].class];
}

/* What is behind x costs so much more with vehicles of class k. */
static int64_t
dearer_with(const struct search *s, int32_t x, const struct class *k)
{
	const struct node *node = s->now->node;
	size_t side = (size_t)s->m->n_places + 1;
	int64_t more = 0;
	for (int32_t y = node[x].next; y < s->m->n; y = node[y].next) {
		int32_t to = node[y].next < s->m->n ? node[node[y].next].place : k->end;
		more += k->cost[(size_t)node[y].place * side + (size_t)to] - node[y].arc;
	}
	return more;
}

/* Where arcs are at hand: only followers in time, and only those whose arc alone does not cost
 * what both old ones did and `below`. */
static int32_t
sift_followers(const struct search *s, int32_t x, int64_t below, struct near_arc *found)
{
	const struct model *m = s->m;
	const struct node *node = s->now->node;
	const struct near_arc *row = m->near_there + (size_t)x * (size_t)m->n_near;
	int32_t leave = node[x].leave;
	int32_t most = below + node[x].arc < INT32_MAX / 2 ? (int32_t)below + node[x].arc - 1 : INT32_MAX / 2;
	int32_t n = 0;
	for (int32_t i = 0; i < m->n_near && row[i].node >= 0; i++) {
		const struct node *y = &node[row[i].node];
		found[n] = row[i];
		n += ((most + y->arc_in - row[i].arc) | (y->late - leave - row[i].arc)) >= 0;
	}
	return n;
}

/* Neighbours of x that may follow it: the task and what the arc costs. */
static int32_t
find_followers(const struct search *s, int32_t x, int64_t below, struct near_arc *found)
{
	const struct model *m = s->m;
	const struct node *node = s->now->node;
	if (m->near_there != NULL)
		return sift_followers(s, x, below, found);
	const int32_t *from_x = class_at(s, x)->cost + (size_t)node[x].place * ((size_t)m->n_places + 1);
	const int32_t *row = m->near + (size_t)x * (size_t)m->n_near;
	int32_t n = 0;
	for (int32_t i = 0; i < m->n_near && row[i] >= 0; i++) {
		int32_t y = near_node(row[i]);
		if ((row[i] & NEAR_AFTER) && node[y].route != NO_NODE)
			found[n++] = (struct near_arc){y, from_x[node[y].place]};
	}
	return n;
}

/* The cheapest cut that lets a neighbour of x follow x. */
static struct cut
best_cut(const struct search *s, int32_t x)
{
	const struct model *m = s->m;
	const struct node *node = s->now->node;
	const struct class *ka = class_at(s, x);
	size_t side = (size_t)m->n_places + 1;
	size_t next = (size_t)node[node[x].next].place * side;
	struct cut best = {NO_NODE, NO_NODE, s->bar - s->now->cost};
	int32_t n = find_followers(s, x, best.delta, s->followers);
	for (int32_t i = 0; i < n; i++) {
		int32_t y = s->followers[i].node;
		if (node[y].route == node[x].route)
			continue;
		int32_t b = node[y].prev;
		const struct class *kb = class_at(s, y);
		int64_t delta = (int64_t)s->followers[i].arc + kb->cost_to[next + (size_t)node[b].place] - node[x].arc -
				node[b].arc;
		if (delta >= best.delta)
			continue;
		bool alike = state_tails_alike(s->now, node[x].route, node[y].route);
		if (!alike)
			delta += dearer_with(s, x, kb) + dearer_with(s, b, ka);
		if (delta < best.delta && (!alike || times_fit(s, x, b, ka, kb)) && loads_fit(s, x, b))
			best = (struct cut){x, b, delta};
	}
	return best;
}

/* May what is behind x ride with vehicles of this class? */
static bool
tail_fits(const struct search *s, int32_t x, int32_t class)
{
	const struct state *now = s->now;
	for (int32_t y = now->node[x].next; s->m->fits != NULL && y < s->m->n; y = now->node[y].next)
		if (!model_fits(s->m, y, class))
			return false;
	return true;
}

static bool
cut_fits(const struct search *s, const struct cut *cut)
{
	const struct line *la = &s->now->line[s->now->node[cut->a].route];
	const struct line *lb = &s->now->line[s->now->node[cut->b].route];
	if (la->class == lb->class)
		return true;
	return tail_fits(s, cut->a, lb->class) && tail_fits(s, cut->b, la->class);
}

static bool
sizes_fit(const struct search *s, int32_t r)
{
	const struct line *l = &s->now->line[r];
	return l->size <= s->m->classes[l->class].max_tasks;
}

bool
move_tails(struct search *s)
{
	if (s->m->pairs || s->m->relations || s->n_own == 0)
		return false;
	int32_t x = s->own[prng_below(s->prng, (uint32_t)s->n_own)];
	if (s->now->node[x].route == NO_NODE)
		return false;
	struct cut cut = best_cut(s, x);
	if (cut.a == NO_NODE || !cut_fits(s, &cut))
		return false;
	state_swap_tails(s->now, cut.a, cut.b);
	return sizes_fit(s, s->now->node[cut.a].route) && sizes_fit(s, s->now->node[cut.b].route);
}
