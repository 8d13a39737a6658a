/* A few threads for what may take long: pass phrases, faces, plans, exports. A
 * bounded queue in front of them; full means "busy", at once. */
#include "api/api_inner.h"

#define POOL_WAITING_MAX 256
#define POOL_THREADS_MAX 8

struct pool {
	pthread_t thread[POOL_THREADS_MAX];
	int threads;
	void (*run)(struct call *c);
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct call *first, *last;
	size_t waiting;
	bool closing;
};

static struct call *
pool_take(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->first == NULL && !p->closing)
		pthread_cond_wait(&p->more, &p->lock);
	struct call *c = p->first;
	if (c != NULL) {
		p->first = c->next_;
		if (p->first == NULL)
			p->last = NULL;
		p->waiting--;
	}
	pthread_mutex_unlock(&p->lock);
	return c;
}

static void *
pool_main(void *arg)
{
	struct pool *p = arg;
	for (struct call *c = pool_take(p); c != NULL; c = pool_take(p))
		p->run(c);
	return NULL;
}

enum code
pool_open(struct scope *sc, int threads, void (*run)(struct call *c), struct pool **out)
{
	struct pool *p = calloc(1, sizeof *p);
	if (p == NULL)
		return fail(sc, E_MEMORY, "no memory for a pool");
	p->run = run;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	for (int i = 0; i < threads && i < POOL_THREADS_MAX; i++) {
		if (pthread_create(&p->thread[i], NULL, pool_main, p) != 0) {
			pool_close(p);
			return fail(sc, E_IO, "no thread for the pool");
		}
		p->threads++;
	}
	*out = p;
	return OK;
}

void
pool_close(struct pool *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

enum code
pool_add(struct scope *sc, struct pool *p, struct call *c)
{
	pthread_mutex_lock(&p->lock);
	bool taken = !p->closing && p->waiting < POOL_WAITING_MAX;
	if (taken) {
		c->next_ = NULL;
		if (p->last == NULL)
			p->first = c;
		else
			p->last->next_ = c;
		p->last = c;
		p->waiting++;
		pthread_cond_signal(&p->more);
	}
	pthread_mutex_unlock(&p->lock);
	return taken ? OK : fail_as(sc, E_UNAVAILABLE, "busy", "%d calls are waiting already", POOL_WAITING_MAX);
}

size_t
pool_waiting(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->waiting;
	pthread_mutex_unlock(&p->lock);
	return n;
}
