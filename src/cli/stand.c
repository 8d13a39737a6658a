#include "cli/stand.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>

#include "cli/cli.h"

struct line {
	const struct stand *stand;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct http_exchange **queue; /* a ring of queue_max */
	size_t head, n;
	bool closing;
};

static void
handle(void *ctx, struct http_exchange *x)
{
	struct line *l = ctx;
	const struct stand *s = l->stand;
	pthread_mutex_lock(&l->lock);
	bool room = l->n < s->queue_max && !l->closing;
	if (room)
		l->queue[(l->head + l->n++) % s->queue_max] = x;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	if (!room)
		s->busy(s->ctx, x);
}

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	const struct line *l = ctx;
	return l->stand->body_max(l->stand->ctx, method, path);
}

static void *
work(void *ctx)
{
	struct line *l = ctx;
	const struct stand *s = l->stand;
	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (l->n == 0 && !l->closing)
			pthread_cond_wait(&l->more, &l->lock);
		if (l->n == 0)
			break;
		struct http_exchange *x = l->queue[l->head];
		l->head = (l->head + 1) % s->queue_max;
		l->n--;
		pthread_mutex_unlock(&l->lock);
		s->serve(s->ctx, x);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void
ending_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
}

void
stand_hold_signals(void)
{
	sigset_t set;
	ending_signals(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void
wait_for_signal(struct scope *sc, const struct http_server *server)
{
	sigset_t set;
	int got;
	json_t *ready = json_new_object(sc);
	json_put_int(ready, "port", http_port(server));
	(void)cli_print(sc, ready); /* whoever closed our output may still know the port */
	ending_signals(&set);
	(void)sigwait(&set, &got);
}

enum code
stand_run(struct scope *sc, const struct stand *stand)
{
	pthread_t threads[STAND_THREADS_MAX];
	struct http_server *server;
	struct line l = {.stand = stand, .queue = NEW_ARRAY(sc, stand->queue_max, struct http_exchange *)};
	const struct http_options http = {.listen = stand->listen,
					  .tls_cert = stand->tls_cert,
					  .tls_key = stand->tls_key,
					  .threads = 1,
					  .max_connections = 256,
					  .idle_s = 60,
					  .body_max = body_max,
					  .head_bytes = stand->head_bytes,
					  .handle = handle,
					  .ctx = &l};
	assert(stand->threads > 0 && stand->threads <= (int64_t)STAND_THREADS_MAX);
	stand_hold_signals();
	pthread_mutex_init(&l.lock, NULL);
	pthread_cond_init(&l.more, NULL);
	TRY(http_open(sc, &http, &server));
	for (int64_t i = 0; i < stand->threads; i++)
		if (pthread_create(&threads[i], NULL, work, &l) != 0)
			abort();
	wait_for_signal(sc, server);
	if (stand->closing != NULL)
		stand->closing(stand->ctx);
	http_close(server);
	pthread_mutex_lock(&l.lock);
	l.closing = true;
	pthread_cond_broadcast(&l.more);
	pthread_mutex_unlock(&l.lock);
	for (int64_t i = 0; i < stand->threads; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&l.more);
	pthread_mutex_destroy(&l.lock);
	return OK;
}
