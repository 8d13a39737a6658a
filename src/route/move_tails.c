/* Exchanging tails (2-opt*, Potvin and Rousseau 1995): two routes swap everything
 * behind a cut. Strings of ten cannot do that to long routes, where every step
 * between would have to be kept. Only on plain problems: there the times of both
 * halves hold on either route, so a cut is judged in O(1) and only the loads are
 * summed up. */
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
	if (s->m->load == LOAD_NONE)
		return true;
	int64_t cap = s->m->classes[0].cap[0];
	int64_t gain = load_behind(s, b) - load_behind(s, a);
	return now->line[now->node[a].route].load + gain <= cap && now->line[now->node[b].route].load - gain <= cap;
}

/* In time on both routes? */
static bool
times_fit(const struct search *s, int32_t a, int32_t b, const struct class *k)
{
	const struct node *node = s->now->node;
	size_t side = (size_t)s->m->n_places + 1;
	const struct node *y = &node[node[b].next];
	const struct node *z = &node[node[a].next];
	return node[a].leave + k->time[(size_t)node[a].place * side + (size_t)y->place] <= y->late &&
	       node[b].leave + k->time[(size_t)node[b].place * side + (size_t)z->place] <= z->late;
}

/* The cheapest cut that lets a neighbour of x follow x. */
static struct cut
best_cut(const struct search *s, int32_t x)
{
	const struct model *m = s->m;
	const struct node *node = s->now->node;
	const struct class *k = &m->classes[0];
	size_t side = (size_t)m->n_places + 1;
	const int32_t *from_x = k->cost + (size_t)node[x].place * side;
	const int32_t *to_next = k->cost_to + (size_t)node[node[x].next].place * side;
	struct cut best = {NO_NODE, NO_NODE, s->bar - s->now->cost};
	const int32_t *row = m->near + (size_t)x * (size_t)m->n_near;
	for (int32_t i = 0; i < m->n_near && row[i] >= 0; i++) {
		int32_t y = near_node(row[i]);
		if (!(row[i] & NEAR_AFTER) || node[y].route == NO_NODE || node[y].route == node[x].route)
			continue;
		int32_t b = node[y].prev;
		int64_t delta = (int64_t)from_x[node[y].place] + to_next[node[b].place] - node[x].arc - node[b].arc;
		if (delta < best.delta && times_fit(s, x, b, k) && loads_fit(s, x, b))
			best = (struct cut){x, b, delta};
	}
	return best;
}

bool
move_tails(struct search *s)
{
	if (!s->m->simple || s->m->classes[0].max_tasks < s->m->n || s->n_own == 0)
		return false;
	int32_t x = s->own[prng_below(s->prng, (uint32_t)s->n_own)];
	if (s->now->node[x].route == NO_NODE)
		return false;
	struct cut cut = best_cut(s, x);
	if (cut.a == NO_NODE)
		return false;
	state_swap_tails(s->now, cut.a, cut.b);
	return true;
}
