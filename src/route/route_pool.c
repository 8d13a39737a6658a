#include "route/route_pool.h"

#include <math.h>

#define SLOTS 16384   /* a power of two */
#define SIZE_MOST 160 /* longer routes are not kept */
#define ROUNDS_MOST 600
#define FULL_ROUND 10
#define NEAR_BOUND 0.15 /* of a mean route: excess beyond that waits for the next full round */
#define ROUNDS_LEAST 40 /* prices of fewer rounds say too little */
#define CANDIDATES 4000 /* routes of the least excess that may be put in */
#define DEPTH_MOST 6
#define NODES_EACH 300	  /* of the walk, from one first route */
#define WORK_PER_TRY 2500 /* steps that take as long as a try */

struct column {
	uint64_t hash; /* 0: empty */
	int64_t cost, plan;
	double excess;
	uint16_t *tasks; /* [stride] */
	int32_t size;
	int32_t in_plan; /* index into pool.chosen, NO_NODE: not in the plan */
};

struct pool {
	const struct model *m;
	int32_t stride;
	uint64_t *key;		/* [task] */
	struct column *columns; /* [SLOTS], then room for the routes of a plan */
	int32_t n_columns;
	/* a polish */
	double *price, *price_best;
	bool priced;	       /* by an earlier polish */
	int32_t *cover;	       /* [task] how often covered; in the walk: by which column */
	struct column **order; /* candidates by excess */
	int32_t n_order;
	int32_t *row_begin, *row_items; /* [task] the candidates that serve it, by excess */
	struct column **chosen;		/* the plan's */
	int32_t n_chosen;
	uint64_t work;
	/* the walk */
	struct column *added[DEPTH_MOST];
	struct column *removed[DEPTH_MOST * SIZE_MOST];
	int32_t n_removed, nodes;
};

enum code
pool_new(struct scope *sc, const struct model *m, struct pool **out)
{
	struct pool *p = NEW(sc, struct pool);
	size_t n = (size_t)m->n;
	size_t all = SLOTS + (size_t)m->n_routes;
	p->m = m;
	p->stride = m->n < SIZE_MOST ? m->n : SIZE_MOST;
	p->key = NEW_ARRAY(sc, n, uint64_t);
	struct prng prng;
	prng_seed(&prng, 1);
	for (size_t x = 0; x < n; x++)
		p->key[x] = prng_u64(&prng);
	p->columns = NEW_ARRAY(sc, all, struct column);
	uint16_t *tasks = NEW_ARRAY(sc, all * (size_t)p->stride, uint16_t);
	for (size_t i = 0; i < all; i++)
		p->columns[i].tasks = tasks + i * (size_t)p->stride;
	p->price = NEW_ARRAY(sc, n, double);
	p->price_best = NEW_ARRAY(sc, n, double);
	p->cover = NEW_ARRAY(sc, n, int32_t);
	p->order = NEW_ARRAY(sc, all, struct column *);
	p->row_begin = NEW_ARRAY(sc, n + 1, int32_t);
	p->row_items = NEW_ARRAY(sc, (size_t)CANDIDATES * (size_t)p->stride + n, int32_t);
	p->chosen = NEW_ARRAY(sc, (size_t)m->n_routes, struct column *);
	*out = p;
	return OK;
}

/* --- remembering --- */

static uint64_t
route_hash(const struct pool *p, const struct state *s, int32_t r)
{
	uint64_t hash = 0;
	for (int32_t x = s->node[route_head(p->m, r)].next; x < p->m->n; x = s->node[x].next)
		hash += p->key[x];
	return hash | 1;
}

static void
column_write(struct pool *p, struct column *c, const struct state *s, int32_t r, uint64_t hash)
{
	c->hash = hash;
	c->cost = s->line[r].cost;
	c->plan = s->cost;
	c->size = 0;
	for (int32_t x = s->node[route_head(p->m, r)].next; x < p->m->n; x = s->node[x].next)
		c->tasks[c->size++] = (uint16_t)x;
}

static void
pool_add(struct pool *p, const struct state *s, int32_t r)
{
	if (s->line[r].size == 0 || s->line[r].size > p->stride)
		return;
	uint64_t hash = route_hash(p, s, r);
	struct column *c = &p->columns[(hash >> 20) % SLOTS];
	if (c->hash == hash ? c->cost > s->line[r].cost : c->hash == 0 || c->plan >= s->cost)
		column_write(p, c, s, r, hash);
}

void
pool_add_touched(struct pool *p, const struct state *s)
{
	for (int32_t i = 0; i < s->n_old_lines; i++)
		pool_add(p, s, s->old_lines[i].id);
}

void
pool_add_all(struct pool *p, const struct state *s)
{
	for (int32_t i = 0; i < state_n_used(s); i++)
		pool_add(p, s, state_used(s, i));
}

/* --- prices --- */

static void
choose_plan(struct pool *p, const struct state *best)
{
	p->n_chosen = 0;
	for (int32_t i = 0; i < state_n_used(best); i++) {
		struct column *c = &p->columns[SLOTS + i];
		int32_t r = state_used(best, i);
		column_write(p, c, best, r, route_hash(p, best, r));
		c->in_plan = p->n_chosen;
		p->chosen[p->n_chosen++] = c;
	}
	p->n_columns = SLOTS + p->n_chosen;
}

/* A task's first price: half of the arcs beside it, and what is left of the route's ends. */
static void
first_prices(struct pool *p, const struct state *best)
{
	for (int32_t i = 0; i < p->n_chosen; i++) {
		const struct column *c = p->chosen[i];
		double arcs = 0;
		for (int32_t k = 0; k < c->size; k++) {
			const struct node *n = &best->node[c->tasks[k]];
			p->price[c->tasks[k]] = 0.5 * (best->node[n->prev].arc + n->arc);
			arcs += p->price[c->tasks[k]];
		}
		double rest = (double)c->cost - arcs;
		p->price[c->tasks[0]] += rest / 2;
		p->price[c->tasks[c->size - 1]] += rest / 2;
	}
}

static double
excess_of(const struct column *c, const double *price)
{
	double e = (double)c->cost;
	for (int32_t k = 0; k < c->size; k++)
		e -= price[c->tasks[k]];
	return e;
}

/* One route's part in the dual bound. */
static double
dual_part(struct pool *p, struct column *c)
{
	c->excess = excess_of(c, p->price);
	p->work += (uint64_t)c->size;
	if (c->excess >= 0)
		return 0;
	for (int32_t k = 0; k < c->size; k++)
		p->cover[c->tasks[k]]++;
	return c->excess;
}

/* The dual bound at the present prices; cover[] counts how often its routes serve each
 * task. Most routes are far from the bound: only every tenth round looks at all of them
 * and notes those that are near. */
static double
dual_bound(struct pool *p, bool all, double near)
{
	double bound = 0;
	for (int32_t x = 0; x < p->m->n; x++) {
		bound += p->price[x];
		p->cover[x] = 0;
	}
	if (!all) {
		for (int32_t i = 0; i < p->n_order; i++)
			bound += dual_part(p, p->order[i]);
		return bound;
	}
	p->n_order = 0;
	for (int32_t i = 0; i < p->n_columns; i++) {
		struct column *c = &p->columns[i];
		if (c->hash == 0)
			continue;
		bound += dual_part(p, c);
		if (c->excess < near)
			p->order[p->n_order++] = c;
	}
	return bound;
}

/* Subgradient ascent: steps of (cost - bound) / norm, shorter where the bound has not
 * risen for two full rounds. */
static void
find_prices(struct pool *p, double cost, int rounds, bool (*go_on)(void *arg), void *arg)
{
	double near = NEAR_BOUND * cost / p->n_chosen;
	double most = -INFINITY;
	double step = 2;
	size_t bytes = (size_t)p->m->n * sizeof *p->price;
	memcpy(p->price_best, p->price, bytes);
	for (int round = 0, since = 0; round < rounds && go_on(arg); round++) {
		bool all = round % FULL_ROUND == 0;
		double bound = dual_bound(p, all, near);
		if (all && bound > most) {
			most = bound;
			since = 0;
			memcpy(p->price_best, p->price, bytes);
		} else if (all && ++since == 2) {
			step *= 0.8;
			since = 0;
		}
		double norm = 0;
		for (int32_t x = 0; x < p->m->n; x++)
			norm += (double)(1 - p->cover[x]) * (1 - p->cover[x]);
		if (norm == 0)
			break;
		for (int32_t x = 0; x < p->m->n; x++)
			p->price[x] += step * (cost - bound) / norm * (1 - p->cover[x]);
	}
	memcpy(p->price, p->price_best, bytes);
}

/* --- candidates --- */

static int
by_excess(const void *a, const void *b)
{
	const struct column *x = *(struct column *const *)a;
	const struct column *y = *(struct column *const *)b;
	if (x->excess != y->excess)
		return x->excess < y->excess ? -1 : 1;
	return (x > y) - (x < y);
}

/* Those whose excess alone does not cost more than the plan's whole excess. */
static void
find_candidates(struct pool *p, double slack)
{
	int32_t n = 0;
	for (int32_t i = 0; i < SLOTS; i++) {
		struct column *c = &p->columns[i];
		if (c->hash == 0)
			continue;
		c->excess = excess_of(c, p->price);
		c->in_plan = NO_NODE;
		if (c->excess < slack)
			p->order[n++] = c;
	}
	qsort(p->order, (size_t)n, sizeof(struct column *), by_excess);
	p->n_order = n < CANDIDATES ? n : CANDIDATES;
	p->work += (uint64_t)n * 16;
}

static void
find_rows(struct pool *p)
{
	int32_t n = p->m->n;
	memset(p->row_begin, 0, ((size_t)n + 1) * sizeof *p->row_begin);
	for (int32_t i = 0; i < p->n_order; i++)
		for (int32_t k = 0; k < p->order[i]->size; k++)
			p->row_begin[p->order[i]->tasks[k]]++;
	for (int32_t x = 0; x < n; x++)
		p->row_begin[x + 1] += p->row_begin[x];
	for (int32_t i = p->n_order - 1; i >= 0; i--)
		for (int32_t k = 0; k < p->order[i]->size; k++)
			p->row_items[--p->row_begin[p->order[i]->tasks[k]]] = i;
}

/* --- the walk --- */

#define OPEN_TASK (-2) /* cover: by nobody; by a route just put in: -3 - depth; else the index into chosen */

static bool
collides_with_added(const struct pool *p, const struct column *c)
{
	for (int32_t k = 0; k < c->size; k++)
		if (p->cover[c->tasks[k]] < OPEN_TASK)
			return true;
	return false;
}

static void
paint(struct pool *p, const struct column *c, int32_t cover)
{
	for (int32_t k = 0; k < c->size; k++)
		p->cover[c->tasks[k]] = cover;
	p->work += (uint64_t)c->size;
}

/* Puts c in; what it collides with goes. Returns how much excess went. */
static double
put_in(struct pool *p, struct column *c, int32_t depth)
{
	double gone = 0;
	for (int32_t k = 0; k < c->size; k++) {
		int32_t at = p->cover[c->tasks[k]];
		if (at < 0)
			continue;
		p->removed[p->n_removed++] = p->chosen[at];
		gone += p->chosen[at]->excess;
		paint(p, p->chosen[at], OPEN_TASK);
	}
	paint(p, c, -3 - depth);
	p->added[depth] = c;
	return gone;
}

/* The open task with the fewest candidates, or NO_NODE. */
static int32_t
hardest_open(struct pool *p)
{
	int32_t hardest = NO_NODE;
	int32_t fewest = INT32_MAX;
	for (int32_t i = 0; i < p->n_removed; i++) {
		p->work += (uint64_t)p->removed[i]->size;
		for (int32_t k = 0; k < p->removed[i]->size; k++) {
			int32_t x = p->removed[i]->tasks[k];
			int32_t n = p->row_begin[x + 1] - p->row_begin[x];
			if (p->cover[x] == OPEN_TASK && n < fewest) {
				fewest = n;
				hardest = x;
			}
		}
	}
	return hardest;
}

static void repaint(struct pool *p, int32_t depth, int32_t n_removed);

/* `balance`: excess put in less excess taken out. True: a cheaper plan stands in added and removed. */
static bool
walk(struct pool *p, struct column *c, int32_t depth, double balance, double slack)
{
	int32_t n_removed = p->n_removed;
	balance += c->excess - put_in(p, c, depth);
	int32_t x = hardest_open(p);
	if (x == NO_NODE && balance < -0.5) {
		p->nodes = depth + 1;
		return true;
	}
	bool deeper = x != NO_NODE && depth + 1 < DEPTH_MOST;
	for (int32_t i = deeper ? p->row_begin[x] : 0; deeper && i < p->row_begin[x + 1] && p->nodes > 0; i++) {
		struct column *next = p->order[p->row_items[i]];
		if (balance + next->excess >= slack)
			break;
		p->nodes--;
		p->work += 8;
		if (!collides_with_added(p, next) && walk(p, next, depth + 1, balance, slack))
			return true;
	}
	repaint(p, depth, n_removed);
	return false;
}

/* Undoes put_in(). */
static void
repaint(struct pool *p, int32_t depth, int32_t n_removed)
{
	paint(p, p->added[depth], OPEN_TASK);
	while (p->n_removed > n_removed) {
		struct column *c = p->removed[--p->n_removed];
		paint(p, c, c->in_plan);
	}
}

/* The plan with `n` routes put in for those removed. */
static void
change_plan(struct pool *p, int32_t n)
{
	for (int32_t i = 0; i < p->n_removed; i++) {
		int32_t at = p->removed[i]->in_plan;
		p->removed[i]->in_plan = NO_NODE;
		p->chosen[at] = p->chosen[--p->n_chosen];
		p->chosen[at]->in_plan = at;
	}
	for (int32_t i = 0; i < n; i++) {
		p->added[i]->in_plan = p->n_chosen;
		p->chosen[p->n_chosen++] = p->added[i];
	}
	for (int32_t i = 0; i < p->n_chosen; i++)
		paint(p, p->chosen[i], i);
}

static bool
improve_plan(struct pool *p, uint64_t work_most, bool (*go_on)(void *arg), void *arg)
{
	double slack = 0;
	for (int32_t i = 0; i < p->n_chosen; i++) {
		p->chosen[i]->excess = excess_of(p->chosen[i], p->price);
		p->chosen[i]->in_plan = i;
		paint(p, p->chosen[i], i);
		slack += p->chosen[i]->excess > 0 ? p->chosen[i]->excess : 0;
	}
	slack /= p->n_chosen;
	bool better = false;
	for (int32_t i = 0; i < p->n_order && p->work < work_most && go_on(arg); i++) {
		if (p->order[i]->in_plan != NO_NODE)
			continue;
		p->n_removed = 0;
		p->nodes = NODES_EACH;
		if (walk(p, p->order[i], 0, 0, slack)) {
			change_plan(p, p->nodes);
			better = true;
		}
	}
	return better;
}

/* --- the whole --- */

static void
write_plan(const struct pool *p, struct state *best)
{
	const struct model *m = p->m;
	int32_t allowed = best->allowed[0];
	state_clear(best);
	best->allowed[0] = allowed;
	best->n_out = 0;
	for (int32_t i = 0; i < p->n_chosen; i++) {
		const struct column *c = p->chosen[i];
		int32_t after = route_head(m, state_spare(best, 0));
		for (int32_t k = 0; k < c->size; after = c->tasks[k++])
			state_link(best, c->tasks[k], after);
	}
	state_mark(best);
}

/* How many rounds half of the work pays for; 0: too few to be of use. */
static int
rounds_for(const struct pool *p, uint64_t work_most)
{
	uint64_t round = 1;
	for (int32_t i = 0; i < p->n_columns; i++)
		round += p->columns[i].hash == 0 ? 1 : (uint64_t)p->columns[i].size;
	uint64_t rounds = work_most / 2 / round * (FULL_ROUND / 3);
	return rounds < ROUNDS_LEAST ? 0 : rounds > ROUNDS_MOST ? ROUNDS_MOST : (int)rounds;
}

uint64_t
pool_polish(struct pool *p, struct state *best, uint64_t tries_most, bool (*go_on)(void *arg), void *arg)
{
	uint64_t work_most = tries_most * WORK_PER_TRY;
	p->work = 0;
	if (best->n_out > 0 || best->used[0] == 0)
		return 0;
	for (int32_t i = 0; i < best->used[0]; i++)
		if (best->line[state_used(best, i)].size > p->stride)
			return 0;
	choose_plan(p, best);
	int rounds = rounds_for(p, work_most);
	if (rounds == 0)
		return 0;
	if (!p->priced)
		first_prices(p, best);
	p->priced = true;
	find_prices(p, (double)best->cost, rounds, go_on, arg);
	double slack = 0;
	for (int32_t i = 0; i < p->n_chosen; i++)
		slack += fmax(0, excess_of(p->chosen[i], p->price));
	find_candidates(p, slack);
	find_rows(p);
	if (improve_plan(p, work_most, go_on, arg) && p->n_chosen <= best->allowed[0])
		write_plan(p, best);
	return p->work / WORK_PER_TRY;
}
