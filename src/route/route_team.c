#include "route/route_team.h"

#include <pthread.h>

#include "route/route_sort.h"

#define MEMBERS_MAX 64
#define ROUTES_PER_MEMBER 3 /* fewer: do not divide */
#define LOOK_EVERY 32

struct member {
	struct team *team;
	struct search *search;
	pthread_t thread;
	uint8_t number;
};

struct team {
	struct search *whole;
	struct member members[MEMBERS_MAX];
	unsigned n, n_threads;
	pthread_mutex_t gate;
	pthread_barrier_t begin, end;
	bool closing, divided;
	uint32_t tries;
	bool (*go_on)(void *arg);
	int32_t jobs; /* > 0: not tries, but these */
	void (*job)(void *arg, struct search *s, int32_t i);
	void *arg;
	uint8_t *owner; /* [route] */
	int32_t *routes;
	int64_t *keys;
};

static void
member_run(struct member *me)
{
	struct search *s = me->search;
	for (int32_t i = me->number; i < me->team->jobs; i += (int32_t)me->team->n)
		me->team->job(me->team->arg, s, i);
	if (me->team->jobs > 0 || s->n_own == 0)
		return;
	for (uint32_t i = 0; i < me->team->tries; i++) {
		if (i % LOOK_EVERY == 0 && !me->team->go_on(me->team->arg))
			return;
		search_step(s);
	}
}

static void *
member_thread(void *arg)
{
	struct member *me = arg;
	struct team *t = me->team;
	/* the barriers exist once it is known how many threads there are */
	pthread_mutex_lock(&t->gate);
	pthread_mutex_unlock(&t->gate);
	for (;;) {
		pthread_barrier_wait(&t->begin);
		if (t->closing)
			return NULL;
		member_run(me);
		pthread_barrier_wait(&t->end);
	}
}

/* As many as the machine gives; one less is no error, only slower. */
static void
start_threads(struct team *t)
{
	pthread_mutex_init(&t->gate, NULL);
	pthread_mutex_lock(&t->gate);
	unsigned started = 1;
	while (started < t->n &&
	       pthread_create(&t->members[started].thread, NULL, member_thread, &t->members[started]) == 0)
		started++;
	t->n = started;
	t->n_threads = started - 1;
	pthread_barrier_init(&t->begin, NULL, t->n);
	pthread_barrier_init(&t->end, NULL, t->n);
	pthread_mutex_unlock(&t->gate);
}

enum code
team_new(struct scope *sc, struct search *whole, unsigned members, uint64_t seed, struct team **out)
{
	struct team *t = NEW(sc, struct team);
	const struct model *m = whole->m;
	t->whole = whole;
	t->n = members < MEMBERS_MAX ? members : MEMBERS_MAX;
	t->owner = NEW_ARRAY(sc, (size_t)m->n_routes + 1, uint8_t);
	t->routes = NEW_ARRAY(sc, (size_t)m->n_routes + 1, int32_t);
	t->keys = NEW_ARRAY(sc, (size_t)m->n_routes + 1, int64_t);
	for (unsigned i = 0; i < t->n; i++) {
		t->members[i] = (struct member){.team = t, .number = (uint8_t)i};
		TRY(search_new(sc, m, seed * MEMBERS_MAX + i + 1, &t->members[i].search));
	}
	start_threads(t);
	*out = t;
	return OK;
}

void
team_close(struct team *t)
{
	t->closing = true;
	if (t->n_threads > 0)
		pthread_barrier_wait(&t->begin);
	for (unsigned i = 1; i <= t->n_threads; i++)
		pthread_join(t->members[i].thread, NULL);
	pthread_barrier_destroy(&t->begin);
	pthread_barrier_destroy(&t->end);
	pthread_mutex_destroy(&t->gate);
}

/* --- dividing --- */

/* How much nearer route r's middle is to place a than to place b. */
static int64_t
leaning(const struct team *t, int32_t r, int32_t a, int32_t b)
{
	const struct model *m = t->whole->m;
	const struct state *s = t->whole->now;
	const struct class *k = &m->classes[0];
	size_t side = (size_t)m->n_places + 1;
	int64_t sum = 0;
	int64_t n = 0;
	for (int32_t x = s->node[route_head(m, r)].next; x < m->n; x = s->node[x].next, n++) {
		size_t row = (size_t)m->jobs[x].place * side;
		sum += (int64_t)k->cost[row + (size_t)a] - k->cost[row + (size_t)b];
	}
	return n == 0 ? 0 : sum * 16 / n;
}

/* Routes in use by the line between two random tasks, equal shares of tasks; the
 * unused ones in turn. */
static void
divide(struct team *t)
{
	const struct model *m = t->whole->m;
	struct state *s = t->whole->now;
	int32_t a = m->jobs[prng_below(&s->prng, (uint32_t)m->n)].place;
	int32_t b = m->jobs[prng_below(&s->prng, (uint32_t)m->n)].place;
	int32_t used = state_n_used(s);
	for (int32_t i = 0; i < used; i++) {
		t->routes[i] = state_used(s, i);
		t->keys[i] = leaning(t, t->routes[i], a, b);
	}
	sort_by_key(t->keys, t->routes, used);
	int64_t placed = 0;
	int64_t all = 0;
	for (int32_t i = 0; i < used; i++)
		all += s->line[t->routes[i]].size;
	for (int32_t r = 0, spare = 0; r < m->n_routes; r++)
		if (s->line[r].size == 0)
			t->owner[r] = (uint8_t)((uint32_t)spare++ % t->n);
	for (int32_t i = 0; i < used; i++) {
		int64_t share = placed * t->n / (all > 0 ? all : 1);
		t->owner[t->routes[i]] = (uint8_t)(share < t->n ? share : t->n - 1);
		placed += s->line[t->routes[i]].size;
	}
}

static void
find_own(struct search *s)
{
	const struct model *m = s->m;
	s->n_own = 0;
	for (int32_t x = 0; x < m->n; x++)
		if (s->now->node[x].route != NO_NODE)
			s->own[s->n_own++] = x;
	for (int32_t i = 0; i < s->now->n_out; i++) {
		s->own[s->n_own++] = s->now->out[i];
		if (m->jobs[s->now->out[i]].mate != NO_NODE)
			s->own[s->n_own++] = m->jobs[s->now->out[i]].mate;
	}
}

static void
hand_out(struct team *t)
{
	struct state *s = t->whole->now;
	int32_t used = state_n_used(s);
	t->divided = !t->whole->m->relations && used >= ROUTES_PER_MEMBER * (int32_t)t->n;
	if (t->divided)
		divide(t);
	for (unsigned i = 0; i < t->n; i++) {
		struct search *part = t->members[i].search;
		if (t->divided)
			state_take(part->now, s, t->owner, (uint8_t)i, (int32_t)t->n);
		else
			state_copy(part->now, s);
		state_copy(part->best, part->now);
		find_own(part);
		part->iterations = 0;
		part->temperature = t->divided ? t->whole->temperature : t->whole->temperature / (1 + i);
	}
}

/* --- putting together --- */

static void
join_parts(struct team *t, struct state *to, bool best)
{
	state_empty(to);
	/* every route is somebody's: what stood here before is overwritten */
	for (unsigned i = 0; i < t->n; i++)
		state_put(to, best ? t->members[i].search->best : t->members[i].search->now, t->owner, (uint8_t)i);
	state_mark(to);
}

static void
gather(struct team *t)
{
	struct search *whole = t->whole;
	int64_t best = 0;
	unsigned lowest = 0;
	for (unsigned i = 0; i < t->n; i++) {
		struct search *part = t->members[i].search;
		whole->iterations += part->iterations;
		best += part->best->cost;
		if (part->best->cost < t->members[lowest].search->best->cost)
			lowest = i;
	}
	if (!t->divided) {
		state_copy(whole->now, t->members[lowest].search->now);
		if (t->members[lowest].search->best->cost < whole->best->cost)
			state_copy(whole->best, t->members[lowest].search->best);
		return;
	}
	if (best < whole->best->cost)
		join_parts(t, whole->best, true);
	join_parts(t, whole->now, false);
}

void
team_jobs(struct team *t, int32_t jobs, void (*job)(void *arg, struct search *s, int32_t i), void *arg)
{
	t->jobs = jobs;
	t->job = job;
	t->arg = arg;
	for (unsigned i = 0; i < t->n; i++) {
		t->members[i].search->iterations = 0;
		search_own_all(t->members[i].search);
	}
	pthread_barrier_wait(&t->begin);
	member_run(&t->members[0]);
	pthread_barrier_wait(&t->end);
	for (unsigned i = 0; i < t->n; i++)
		t->whole->iterations += t->members[i].search->iterations;
	t->jobs = 0;
}

void
team_epoch(struct team *t, uint32_t tries, bool (*go_on)(void *arg), void *arg)
{
	t->tries = tries;
	t->go_on = go_on;
	t->arg = arg;
	hand_out(t);
	pthread_barrier_wait(&t->begin);
	member_run(&t->members[0]);
	pthread_barrier_wait(&t->end);
	gather(t);
	if (t->whole->pool != NULL && t->whole->temperature < t->whole->pool_below)
		pool_add_all(t->whole->pool, t->whole->now);
}
