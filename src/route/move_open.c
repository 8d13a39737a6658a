/* Opening a route: a task of a long route gets a vehicle of its own, and what is
 * around it may follow. Insertion alone never pays two ways to the depot for one
 * task, so without this move a plan can only lose routes; long-horizon plans are
 * often cheaper with more. */
#include "route/route_search.h"

#define FOLLOWERS 24 /* most of what may follow */

static int32_t
spare_for(const struct search *s, int32_t x)
{
	int32_t first = (int32_t)prng_below(s->prng, (uint32_t)s->m->n_classes);
	for (int32_t i = 0; i < s->m->n_classes; i++) {
		int32_t c = (first + i) % s->m->n_classes;
		int32_t r = state_spare(s->now, c);
		if (r != NO_NODE && model_fits(s->m, x, c))
			return r;
	}
	return NO_NODE;
}

/* The rest of x's route behind it, up to a random length, and a few neighbours. */
static void
take_followers(struct search *s, int32_t x)
{
	const struct model *m = s->m;
	struct state *now = s->now;
	int32_t most = 1 + (int32_t)prng_below(s->prng, FOLLOWERS);
	(void)search_remove_from(s, now->node[x].next, most);
	most = (int32_t)prng_below(s->prng, FOLLOWERS / 2);
	const int32_t *row = m->near + (size_t)x * (size_t)m->n_near;
	for (int32_t i = 0; i < m->n_near && row[i] >= 0 && most > 0; i++) {
		int32_t y = near_node(row[i]);
		if (y == x || now->node[y].route == NO_NODE)
			continue;
		search_remove(s, y);
		most--;
	}
	search_remove(s, x);
}

bool
move_open(struct search *s)
{
	struct state *now = s->now;
	if (s->n_own == 0)
		return false;
	int32_t x = s->own[prng_below(s->prng, (uint32_t)s->n_own)];
	if (now->node[x].route == NO_NODE || now->line[now->node[x].route].size < 4)
		return false;
	int32_t r = spare_for(s, x);
	if (r == NO_NODE)
		return false;
	take_followers(s, x);
	int32_t first = s->m->p->tasks[x].kind == ROUTE_DELIVERY ? s->m->jobs[x].mate : x;
	struct spot spot;
	insert_find(now, first, 0, r, INSERT_ANY, &spot);
	if (now->broken || spot.route == NO_NODE)
		return false;
	insert_apply(now, first, &spot);
	for (int32_t i = 0; i < s->n_removed; i++)
		if (s->removed[i] == first)
			s->removed[i--] = s->removed[--s->n_removed];
	search_recreate(s, 100);
	return true;
}
