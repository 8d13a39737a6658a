/* Trading a vehicle: a route goes to a vehicle of another class as it stands. Task
 * by task that never pays, for as long as both are on the road both are paid. So
 * that two small ones can become a large one, half of the time the route next to it
 * is taken out as well; what does not fit finds room elsewhere. Only where there is
 * more than one class. */
#include "route/route_search.h"

#define TASKS_MAX 120 /* of a route that is worth the work */

static int32_t
spare_of_other_class(const struct search *s, int32_t class)
{
	int32_t n = s->m->n_classes;
	int32_t first = (int32_t)prng_below(s->prng, (uint32_t)n);
	for (int32_t i = 0; i < n; i++) {
		int32_t c = (first + i) % n;
		int32_t r = c == class ? NO_NODE : state_spare(s->now, c);
		if (r != NO_NODE)
			return r;
	}
	return NO_NODE;
}

static void
take_route(struct search *s, int32_t r)
{
	(void)search_remove_from(s, s->now->node[route_head(s->m, r)].next, INT32_MAX);
}

/* The route of x's nearest neighbour that rides elsewhere. */
static int32_t
route_beside(const struct search *s, int32_t x, int32_t r)
{
	const int32_t *row = s->m->near + (size_t)x * (size_t)s->m->n_near;
	for (int32_t i = 0; i < s->m->n_near && row[i] >= 0; i++) {
		int32_t other = s->now->node[near_node(row[i])].route;
		if (other != NO_NODE && other != r)
			return other;
	}
	return NO_NODE;
}

/* The first `n` that were removed go to route r, in their order; who cannot stays removed. */
static void
move_in(struct search *s, int32_t n, int32_t r)
{
	int32_t kept = 0;
	for (int32_t i = 0; i < s->n_removed; i++) {
		int32_t x = s->removed[i];
		struct spot spot = {.route = NO_NODE};
		if (i < n)
			insert_find(s->now, x, 0, r, INSERT_ANY, &spot);
		if (spot.route == NO_NODE)
			s->removed[kept++] = x;
		else
			insert_apply(s->now, x, &spot);
	}
	s->n_removed = kept;
}

bool
move_trade(struct search *s)
{
	struct state *now = s->now;
	if (s->n_own == 0)
		return false;
	int32_t x = s->own[prng_below(s->prng, (uint32_t)s->n_own)];
	int32_t r = now->node[x].route;
	if (r == NO_NODE || now->line[r].size > TASKS_MAX)
		return false;
	int32_t spare = spare_of_other_class(s, now->line[r].class);
	int32_t other = prng_below(s->prng, 2) == 0 ? route_beside(s, x, r) : NO_NODE;
	if (spare == NO_NODE)
		return false;
	take_route(s, r);
	int32_t n = s->n_removed;
	if (other != NO_NODE && now->line[other].size <= TASKS_MAX)
		take_route(s, other);
	move_in(s, n, spare);
	search_recreate(s, 100);
	return true;
}
