#include "road/cch_tree.h"

#include <pthread.h>

#define THREADS_MAX 64u
#define TASKS_PER_THREAD 16u /* a small subtree is at most this part of a thread's share */

struct plan {
	uint32_t n, n_tasks;
	uint32_t *size;	     /* of the subtree under a vertex, itself included */
	uint32_t *task;	     /* of a vertex */
	uint32_t *above;     /* per task: the one that waits for it; ROAD_NONE */
	uint32_t *waits_for; /* per task: so many others */
	uint32_t *first;     /* task → ranks */
	uint32_t *rank;
};

static uint32_t
new_task(struct plan *p, uint32_t above)
{
	p->above[p->n_tasks] = above;
	if (above != ROAD_NONE)
		p->waits_for[above]++;
	return p->n_tasks++;
}

/* From the roots down: a vertex joins its parent's task where both lie in one
 * small subtree, or on one chain above the small ones. */
static void
plan_tasks(struct plan *p, struct scope *sc, const uint32_t *parent, uint32_t limit)
{
	uint8_t *big_children = NEW_ARRAY(sc, p->n, uint8_t);
	for (uint32_t v = 0; v < p->n; v++) {
		p->size[v]++;
		if (parent[v] == ROAD_NONE)
			continue;
		p->size[parent[v]] += p->size[v];
		if (p->size[v] > limit && big_children[parent[v]] < 2)
			big_children[parent[v]]++;
	}
	for (uint32_t v = p->n; v-- > 0;) {
		uint32_t up = parent[v];
		if (up == ROAD_NONE)
			p->task[v] = new_task(p, ROAD_NONE);
		else if (p->size[up] <= limit || (p->size[v] > limit && big_children[up] == 1))
			p->task[v] = p->task[up];
		else
			p->task[v] = new_task(p, p->task[up]);
	}
}

static void
plan_init(struct plan *p, struct scope *sc, const struct road *road, unsigned threads)
{
	uint32_t n = (uint32_t)road->n[SECTION_VERTEX];
	*p = (struct plan){.n = n};
	p->size = NEW_ARRAY(sc, n, uint32_t);
	p->task = NEW_ARRAY(sc, n, uint32_t);
	p->above = NEW_ARRAY(sc, n, uint32_t);
	p->waits_for = NEW_ARRAY(sc, n, uint32_t);
	plan_tasks(p, sc, road->parent, n / (threads * TASKS_PER_THREAD));
	p->first = NEW_ARRAY(sc, p->n_tasks + 2, uint32_t);
	p->rank = NEW_ARRAY(sc, n, uint32_t);
	for (uint32_t v = 0; v < n; v++)
		p->first[p->task[v] + 2]++;
	for (uint32_t t = 2; t < p->n_tasks + 2; t++)
		p->first[t] += p->first[t - 1];
	for (uint32_t v = 0; v < n; v++)
		p->rank[p->first[p->task[v] + 1]++] = v;
}

/* --- running it ------------------------------------------------------------------- */

struct crew {
	const struct plan *plan;
	tree_work *work;
	void *arg;
	pthread_mutex_t lock;
	pthread_cond_t news;
	uint32_t *ready;
	uint32_t n_ready, n_left;
};

static void
finish(struct crew *c, uint32_t task)
{
	uint32_t above = c->plan->above[task];
	c->n_left--;
	if (above != ROAD_NONE && --c->plan->waits_for[above] == 0) {
		c->ready[c->n_ready++] = above;
		pthread_cond_signal(&c->news);
	}
	if (c->n_left == 0)
		pthread_cond_broadcast(&c->news);
}

static void *
help(void *arg)
{
	struct crew *c = arg;
	const struct plan *p = c->plan;
	pthread_mutex_lock(&c->lock);
	while (c->n_left > 0) {
		if (c->n_ready == 0) {
			pthread_cond_wait(&c->news, &c->lock);
			continue;
		}
		uint32_t task = c->ready[--c->n_ready];
		pthread_mutex_unlock(&c->lock);
		c->work(c->arg, p->rank + p->first[task], p->first[task + 1] - p->first[task]);
		pthread_mutex_lock(&c->lock);
		finish(c, task);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void
run_plan(struct scope *sc, const struct plan *p, unsigned threads, tree_work *work, void *arg)
{
	struct crew c = {.plan = p, .work = work, .arg = arg, .n_left = p->n_tasks};
	c.ready = NEW_ARRAY(sc, p->n_tasks, uint32_t);
	for (uint32_t t = 0; t < p->n_tasks; t++)
		if (p->waits_for[t] == 0)
			c.ready[c.n_ready++] = t;
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.news, NULL);
	pthread_t helper[THREADS_MAX];
	unsigned n = 0;
	while (n + 1 < threads && pthread_create(&helper[n], NULL, help, &c) == 0)
		n++;
	(void)help(&c);
	while (n > 0)
		pthread_join(helper[--n], NULL);
	pthread_cond_destroy(&c.news);
	pthread_mutex_destroy(&c.lock);
}

void
tree_each(const struct road *road, unsigned threads, tree_work *work, void *arg)
{
	struct scope sc;
	scope_init(&sc);
	threads = threads < 1 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
	struct plan p;
	if (threads > 1) {
		plan_init(&p, &sc, road, threads);
		run_plan(&sc, &p, threads, work, arg);
	} else {
		uint32_t n = (uint32_t)road->n[SECTION_VERTEX];
		uint32_t *rank = NEW_ARRAY(&sc, n, uint32_t);
		for (uint32_t v = 0; v < n; v++)
			rank[v] = v;
		work(arg, rank, n);
	}
	scope_release(&sc);
}
