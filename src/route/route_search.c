#include "route/route_search.h"

#include <assert.h>
#include <math.h>

#include "route/route_sort.h"

#define OUT_TRIED 20 /* how many of the left-out tasks each change tries to place */

/* The orders in which tasks are put back, drawn with these shares: random, the
 * largest, the farthest, the nearest, the narrowest window, the earliest opening,
 * the latest closing. */
enum order { ORDER_RANDOM, ORDER_LARGE, ORDER_FAR, ORDER_NEAR, ORDER_NARROW, ORDER_EARLY, ORDER_LATE, ORDERS };
static const int order_share[ORDERS] = {4, 4, 2, 1, 2, 2, 2};

struct order_keys {
	int64_t by[ORDERS];
};

static struct order_keys
order_keys_of(const struct model *m, int32_t x)
{
	const struct job *j = &m->jobs[x];
	const struct class *k = &m->classes[0];
	int32_t depot = k->start == m->n_places ? k->end : k->start;
	int64_t far = k->cost[(size_t)depot * ((size_t)m->n_places + 1) + (size_t)j->place];
	const struct route_task *t = &m->p->tasks[x];
	const int64_t *amount = t->delivery != NULL ? t->delivery : t->pickup;
	return (struct order_keys){{
	    [ORDER_LARGE] = amount == NULL || m->dims == 0 ? 0 : -amount[0],
	    [ORDER_FAR] = -far,
	    [ORDER_NEAR] = far,
	    [ORDER_NARROW] = j->close - j->open,
	    [ORDER_EARLY] = j->open,
	    [ORDER_LATE] = -j->close,
	}};
}

enum code
search_new(struct scope *sc, const struct model *m, uint64_t seed, struct search **out)
{
	struct search *s = NEW(sc, struct search);
	s->m = m;
	TRY(state_new(sc, m, seed, &s->now));
	TRY(state_new(sc, m, seed, &s->best));
	s->prng = &s->now->prng;
	s->removed = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	s->keys = NEW_ARRAY(sc, (size_t)m->n + 1, int64_t);
	s->order_keys = NEW_ARRAY(sc, (size_t)m->n + 1, struct order_keys);
	for (int32_t x = 0; x < m->n && m->n_classes > 0; x++)
		s->order_keys[x] = order_keys_of(m, x);
	s->followers = NEW_ARRAY(sc, (size_t)m->n_near + 1, struct near_arc);
	s->visited = NEW_ARRAY(sc, (size_t)m->n_routes + 1, uint32_t);
	s->missed = NEW_ARRAY(sc, (size_t)m->n + 1, uint32_t);
	s->bar = INT64_MAX;
	s->own = NEW_ARRAY(sc, (size_t)m->n + 1, int32_t);
	search_own_all(s);
	*out = s;
	return OK;
}

/* --- taking out and putting back --- */

void
search_remove(struct search *s, int32_t task)
{
	int32_t mate = s->m->jobs[task].mate;
	if (s->now->node[task].route == NO_NODE)
		return;
	state_unlink(s->now, task);
	if (mate != NO_NODE && s->now->node[mate].route != NO_NODE)
		state_unlink(s->now, mate);
	if (s->m->p->tasks[task].kind == ROUTE_DELIVERY)
		task = mate;
	s->removed[s->n_removed++] = task;
}

static int32_t
remove_pairs_from(struct search *s, int32_t x, int32_t n)
{
	const struct node *node = s->now->node;
	for (; n > 0 && x < s->m->n; n--) {
		int32_t task = x;
		x = node[x].next;
		if (s->m->jobs[task].mate != NO_NODE && s->m->jobs[task].mate == x)
			x = node[x].next;
		search_remove(s, task);
	}
	return x;
}

int32_t
search_remove_from(struct search *s, int32_t x, int32_t n)
{
	if (s->m->pairs)
		return remove_pairs_from(s, x, n);
	int32_t first = x;
	int32_t last = NO_NODE;
	for (; n > 0 && x < s->m->n; n--) {
		s->removed[s->n_removed++] = x;
		last = x;
		x = s->now->node[x].next;
	}
	if (last != NO_NODE)
		state_unlink_run(s->now, first, last);
	return x;
}

static void
take_left_out(struct search *s)
{
	struct state *now = s->now;
	for (int32_t i = 0; i < OUT_TRIED && now->n_out > 0; i++) {
		int32_t at = (int32_t)prng_below(s->prng, (uint32_t)now->n_out);
		s->removed[s->n_removed++] = now->out[at];
		now->out[at] = now->out[--now->n_out];
	}
}

static enum order
draw_order(struct search *s)
{
	int sum = 0;
	for (int i = 0; i < ORDERS; i++)
		sum += order_share[i];
	int at = (int)prng_below(s->prng, (uint32_t)sum);
	int order = 0;
	while (at >= order_share[order])
		at -= order_share[order++];
	return (enum order)order;
}

static void
sort_removed(struct search *s, enum order order)
{
	for (int32_t i = 0; i < s->n_removed; i++)
		s->keys[i] =
		    order == ORDER_RANDOM ? (int64_t)(prng_u64(s->prng) >> 1) : s->order_keys[s->removed[i]].by[order];
	sort_by_key(s->keys, s->removed, s->n_removed);
}

/* A task that may be left out for a price goes in only where that is dearer.
 * `room`: what it may cost at most. False: neither can be had for that. */
static bool
put_back(struct search *s, int32_t x, uint32_t blink, int64_t room)
{
	struct spot spot;
	int64_t left_out = s->m->jobs[x].left_out;
	insert_find(s->now, x, blink, -1, room, &spot);
	if (spot.route != NO_NODE && spot.delta < left_out && spot.delta < room) {
		insert_apply(s->now, x, &spot);
		return true;
	}
	state_out_add(s->now, x);
	return left_out < room;
}

static void
refresh_touched(struct search *s)
{
	struct state *now = s->now;
	int32_t n = now->n_old_lines;
	for (int32_t i = 0; i < n; i++)
		state_refresh(now, now->old_lines[i].id);
}

/* Without duty costs putting a task back costs something, never saves: once the plan
 * without those still out is as dear as it may be at most, the change is lost. (Where a
 * detour can be shorter than the way, or a way be quicker later, a few changes are lost
 * wrongly.) */
static void
put_all_back(struct search *s, uint32_t blink)
{
	struct state *now = s->now;
	bool bounded = !s->m->duty && s->bar < INT64_MAX;
	int64_t still_out = 0;
	for (int32_t i = 0; i < s->n_removed; i++)
		still_out += s->m->jobs[s->removed[i]].left_out;
	for (int32_t i = 0; i < s->n_removed; i++) {
		int64_t room = bounded ? s->bar - (now->cost - still_out) : INT64_MAX;
		still_out -= s->m->jobs[s->removed[i]].left_out;
		if (!put_back(s, s->removed[i], blink, room) && bounded) {
			now->broken = true;
			return;
		}
	}
}

void
search_recreate(struct search *s, uint32_t blink)
{
	if (s->m->rich)
		refresh_touched(s);
	if (s->now->broken)
		return;
	take_left_out(s);
	sort_removed(s, draw_order(s));
	put_all_back(s, blink);
}

/* --- the search --- */

static void
keep_best(struct search *s)
{
	if (s->now->cost < s->best->cost)
		state_copy(s->best, s->now);
}

void
search_construct(struct search *s, enum pace (*pace)(void *arg), void *arg)
{
	struct state *now = s->now;
	state_mark(now);
	s->n_removed = now->n_out;
	memcpy(s->removed, now->out, (size_t)now->n_out * sizeof *now->out);
	now->n_out = 0;
	sort_removed(s, s->m->load == LOAD_NONE ? ORDER_FAR : ORDER_EARLY);
	enum pace at = PACE_CALM;
	for (int32_t i = 0; i < s->n_removed; i++) {
		if (i % 16 == 0)
			at = pace(arg);
		now->hurried = at != PACE_CALM;
		s->hurried |= now->hurried;
		if (at == PACE_STOP) {
			state_out_add(now, s->removed[i]);
			continue;
		}
		put_back(s, s->removed[i], 0, INT64_MAX);
		state_mark(now);
	}
	now->hurried = false;
	state_mark(now);
	state_copy(s->best, now);
}

static int
share_of(const struct search *s, const struct move *m)
{
	return m->mixed && s->m->one_class ? 0 : m->share;
}

static const struct move *
draw_move(struct search *s)
{
	int sum = 0;
	for (const struct move *m = route_moves; m->name != NULL; m++)
		sum += share_of(s, m);
	int at = (int)prng_below(s->prng, (uint32_t)sum);
	const struct move *m = route_moves;
	for (; at >= share_of(s, m); m++)
		at -= share_of(s, m);
	return m;
}

void
search_step(struct search *s)
{
	struct state *now = s->now;
	s->iterations++;
	s->n_removed = 0;
	state_mark(now);
	s->bar = now->cost + (int64_t)ceil(-s->temperature * log(1 - prng_unit(s->prng)));
	bool done = draw_move(s)->apply(s) && !now->broken && now->cost < s->bar;
	s->bar = INT64_MAX;
	if (!done) {
		state_undo(now);
		return;
	}
	if (s->pool != NULL && now->cost != now->old_cost && s->temperature < s->pool_below)
		pool_add_touched(s->pool, now);
	keep_best(s);
}

void
search_own_all(struct search *s)
{
	s->n_own = 0;
	for (int32_t x = 0; x < s->m->n; x++)
		s->own[s->n_own++] = x;
}

void
search_restart(struct search *s)
{
	state_copy(s->now, s->best);
}
