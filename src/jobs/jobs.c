/* The runners: threads on the wall clock, the caller's thread on a stepped one.
 *
 *	job_add ──commit──▶ bell ──▶ dispatcher ──lease──▶ queue ──▶ worker 1 … n
 *	                               ▲   due time, at most 10 s       │ work, commit
 *	                               └────── room again ──────────────┘
 *
 * The dispatcher leases in batches (one sync for several jobs) and renews what
 * is being worked on, so that only a dead process loses a lease.
 */
#include "jobs/jobs.h"

#include <assert.h>
#include <pthread.h>

#include "base/log.h"
#include "jobs/job_run.h"

/* Leased ahead for each thread. */
#define LEASED_PER_THREAD 4
#define THREADS_MAX 16
/* However far the next job is: the clock may have been set, a lease may end. */
#define LOOK_AGAIN_MS 10000
#define RENEW_MS (JOB_LEASE_MS / 3)
/* On a stepped clock: jobs of one instant leased together. */
#define BATCH_MAX 128

struct jobs {
	struct store *store;
	const struct job_kind *const *kinds;
	void *ctx;
	int n_threads;
	bool started;
	pthread_t dispatcher;
	pthread_t workers[THREADS_MAX];
	pthread_mutex_t mu;  /* guards what follows */
	pthread_cond_t look; /* for the dispatcher */
	pthread_cond_t work; /* for workers */
	bool closing;
	bool rung;	   /* something may be due */
	bool more_due;	   /* the last lease left some for want of room */
	struct run *queue; /* leased, not begun */
	struct run **queue_end;
	struct run *running;
	size_t in_flight; /* both lists */
};

/* --- leasing --- */

struct lease_call {
	size_t max;
	bool same_time;
	struct leased_job *list;
	size_t n;
	int64_t next_ms;
};

static enum code
lease(struct scope *sc, struct tx *tx, void *arg)
{
	struct lease_call *c = arg;
	return table_lease(sc, tx, c->max, c->same_time, &c->list, &c->n, &c->next_ms);
}

static enum code
free_leases(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return table_free_leases(sc, tx);
}

struct holding {
	int64_t seq, fence;
};
struct holdings {
	struct holding *list;
	size_t n;
	bool put_back;
};

static enum code
keep_holdings(struct scope *sc, struct tx *tx, void *arg)
{
	struct holdings *h = arg;
	for (size_t i = 0; i < h->n; i++)
		TRY(h->put_back ? table_put_back(sc, tx, h->list[i].seq, h->list[i].fence)
				: table_renew(sc, tx, h->list[i].seq, h->list[i].fence));
	return OK;
}

/* --- the dispatcher --- */

static void
hold_list(struct holdings *h, const struct run *r)
{
	for (; r != NULL; r = r->next)
		h->list[h->n++] = (struct holding){r->lease.job.seq, r->lease.fence};
}

static void
renew_all(struct scope *sc, struct jobs *j)
{
	struct holdings h = {.put_back = false};
	pthread_mutex_lock(&j->mu);
	h.list = NEW_ARRAY(sc, j->in_flight, struct holding);
	hold_list(&h, j->queue);
	hold_list(&h, j->running);
	pthread_mutex_unlock(&j->mu);
	if (h.n > 0 && store_write(sc, j->store, LANE_MAIN, keep_holdings, &h) != OK)
		log_error(sc, "renewing leases");
}

static void
enqueue(struct jobs *j, const struct lease_call *c)
{
	pthread_mutex_lock(&j->mu);
	for (size_t i = 0; i < c->n; i++) {
		struct run *r = run_new(j->store, j->ctx, j->kinds, &c->list[i]);
		*j->queue_end = r;
		j->queue_end = &r->next;
		j->in_flight++;
	}
	j->more_due = c->n == c->max;
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->mu);
}

/* Returns how long to sleep at most, ms. */
static int64_t
lease_due(struct scope *sc, struct jobs *j, size_t room)
{
	struct lease_call c = {.max = room};
	if (store_write(sc, j->store, LANE_MAIN, lease, &c) != OK) {
		log_error(sc, "leasing jobs");
		return 1000;
	}
	enqueue(j, &c);
	int64_t until = c.next_ms == 0 ? LOOK_AGAIN_MS : c.next_ms - clock_now_ms(store_clock(j->store));
	return until < 0 ? 0 : until > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : until;
}

static void
wait_until(struct jobs *j, int64_t mono_ms)
{
	struct timespec at = {.tv_sec = (time_t)(mono_ms / 1000), .tv_nsec = (long)(mono_ms % 1000) * 1000000};
	pthread_cond_timedwait(&j->look, &j->mu, &at);
}

/* Sleeps until there is a reason to look; false: closing. */
static bool
wait_for_reason(struct jobs *j, int64_t look_at_ms, int64_t renew_at_ms, size_t *room)
{
	const size_t capacity = (size_t)j->n_threads * LEASED_PER_THREAD;
	pthread_mutex_lock(&j->mu);
	for (;;) {
		*room = capacity - j->in_flight;
		int64_t now = clock_mono_ms();
		/* With no room, neither a bell nor a due time is a reason. */
		bool look = *room > 0 && (j->rung || now >= look_at_ms);
		if (j->closing || look || now >= renew_at_ms)
			break;
		wait_until(j, *room > 0 && look_at_ms < renew_at_ms ? look_at_ms : renew_at_ms);
	}
	if (*room > 0)
		j->rung = false;
	bool go_on = !j->closing;
	pthread_mutex_unlock(&j->mu);
	return go_on;
}

static void *
dispatcher_main(void *arg)
{
	struct jobs *j = arg;
	struct scope sc;
	scope_init(&sc);
	int64_t look_at_ms = 0;
	int64_t renew_at_ms = clock_mono_ms() + RENEW_MS;
	size_t room;
	while (wait_for_reason(j, look_at_ms, renew_at_ms, &room)) {
		if (clock_mono_ms() >= renew_at_ms) {
			renew_all(&sc, j);
			renew_at_ms = clock_mono_ms() + RENEW_MS;
		}
		if (room > 0)
			look_at_ms = clock_mono_ms() + lease_due(&sc, j, room);
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void
heard_bell(void *arg)
{
	struct jobs *j = arg;
	pthread_mutex_lock(&j->mu);
	j->rung = true;
	pthread_cond_signal(&j->look);
	pthread_mutex_unlock(&j->mu);
}

/* --- workers --- */

static struct run *
take_run(struct jobs *j)
{
	pthread_mutex_lock(&j->mu);
	while (j->queue == NULL && !j->closing)
		pthread_cond_wait(&j->work, &j->mu);
	struct run *r = j->closing ? NULL : j->queue;
	if (r != NULL) {
		j->queue = r->next;
		if (j->queue == NULL)
			j->queue_end = &j->queue;
		r->next = j->running;
		j->running = r;
	}
	pthread_mutex_unlock(&j->mu);
	return r;
}

static void
run_ended(struct jobs *j, struct run *r)
{
	pthread_mutex_lock(&j->mu);
	struct run **at = &j->running;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	j->in_flight--;
	/* Half empty is early enough: leases are taken in batches. */
	if (j->more_due && j->in_flight <= (size_t)j->n_threads * LEASED_PER_THREAD / 2) {
		j->rung = true;
		pthread_cond_signal(&j->look);
	}
	pthread_mutex_unlock(&j->mu);
	run_free(r);
}

static void *
worker_main(void *arg)
{
	struct jobs *j = arg;
	for (struct run *r = take_run(j); r != NULL; r = take_run(j)) {
		enum code rc = run_work(r);
		if (rc == OK)
			rc = store_write(&r->sc, r->store, LANE_MAIN, run_commit, r);
		if (rc != OK)
			run_failed(r, rc);
		run_ended(j, r);
	}
	return NULL;
}

/* --- life --- */

enum code
jobs_open(struct scope *sc, struct store *st, const struct job_kind *const *kinds, void *ctx, int threads,
	  struct jobs **out)
{
	assert(threads >= 1);
	TRY(store_write(sc, st, LANE_MAIN, free_leases, NULL));
	struct jobs *j = calloc(1, sizeof *j);
	if (j == NULL)
		return fail(sc, E_MEMORY, "no memory for a runner");
	*j = (struct jobs){.store = st, .kinds = kinds, .ctx = ctx, .rung = true};
	j->n_threads = threads > THREADS_MAX ? THREADS_MAX : threads;
	j->queue_end = &j->queue;
	pthread_mutex_init(&j->mu, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->look, &attr);
	pthread_cond_init(&j->work, NULL);
	pthread_condattr_destroy(&attr);
	*out = j;
	return OK;
}

void
jobs_start(struct jobs *j)
{
	assert(!store_clock(j->store)->stepped && !j->started);
	j->started = true;
	store_on_bell(j->store, BELL_JOBS, heard_bell, j);
	bool ok = pthread_create(&j->dispatcher, NULL, dispatcher_main, j) == 0;
	for (int i = 0; ok && i < j->n_threads; i++)
		ok = pthread_create(&j->workers[i], NULL, worker_main, j) == 0;
	if (!ok)
		abort(); /* a server that cannot start a thread cannot keep its promises */
}

static void
stop_threads(struct jobs *j)
{
	store_on_bell(j->store, BELL_JOBS, NULL, NULL);
	pthread_mutex_lock(&j->mu);
	j->closing = true;
	pthread_cond_signal(&j->look);
	pthread_cond_broadcast(&j->work);
	pthread_mutex_unlock(&j->mu);
	pthread_join(j->dispatcher, NULL);
	for (int i = 0; i < j->n_threads; i++)
		pthread_join(j->workers[i], NULL);
}

/* What was leased and not begun has not used up a try. */
static void
put_back_queue(struct jobs *j)
{
	struct scope sc;
	scope_init(&sc);
	struct holdings h = {.list = NEW_ARRAY(&sc, j->in_flight, struct holding), .put_back = true};
	hold_list(&h, j->queue);
	if (h.n > 0 && store_write(&sc, j->store, LANE_MAIN, keep_holdings, &h) != OK)
		log_error(&sc, "putting jobs back");
	while (j->queue != NULL) {
		struct run *r = j->queue;
		j->queue = r->next;
		run_free(r);
	}
	scope_release(&sc);
}

void
jobs_close(struct jobs *j)
{
	if (j == NULL)
		return;
	if (j->started) {
		stop_threads(j);
		put_back_queue(j);
	}
	pthread_mutex_destroy(&j->mu);
	pthread_cond_destroy(&j->look);
	pthread_cond_destroy(&j->work);
	free(j);
}

/* --- the stepped clock --- */

/* Commits on their way; the writer takes them in the order they were given. */
struct batch {
	pthread_mutex_t mu;
	pthread_cond_t all;
	size_t left;
	struct run *runs[BATCH_MAX];
	struct write writes[BATCH_MAX];
};

static void
one_ended(struct write *w)
{
	struct batch *b = w->user;
	pthread_mutex_lock(&b->mu);
	b->left--;
	pthread_cond_signal(&b->all);
	pthread_mutex_unlock(&b->mu);
}

static void
wait_all(struct batch *b)
{
	pthread_mutex_lock(&b->mu);
	while (b->left > 0)
		pthread_cond_wait(&b->all, &b->mu);
	pthread_mutex_unlock(&b->mu);
}

/* Commits of jobs without work are grouped; a job with work sees all that the
 * jobs before it have done. */
static void
start_one(struct jobs *j, struct batch *b, struct run *r, struct write *w)
{
	if (r->kind != NULL && r->kind->work != NULL)
		wait_all(b);
	*w = (struct write){.sc = &r->sc, .lane = LANE_MAIN, .fn = run_commit, .arg = r, .done = one_ended, .user = b};
	w->rc = run_work(r);
	if (w->rc != OK)
		return;
	pthread_mutex_lock(&b->mu);
	b->left++;
	pthread_mutex_unlock(&b->mu);
	enum code rc = store_write_async(j->store, w);
	if (rc != OK) {
		w->rc = rc;
		one_ended(w);
	}
}

static void
run_batch(struct jobs *j, const struct lease_call *c)
{
	struct batch b = {.left = 0};
	pthread_mutex_init(&b.mu, NULL);
	pthread_cond_init(&b.all, NULL);
	for (size_t i = 0; i < c->n; i++) {
		b.runs[i] = run_new(j->store, j->ctx, j->kinds, &c->list[i]);
		start_one(j, &b, b.runs[i], &b.writes[i]);
	}
	wait_all(&b);
	for (size_t i = 0; i < c->n; i++) {
		if (b.writes[i].rc != OK)
			run_failed(b.runs[i], b.writes[i].rc);
		run_free(b.runs[i]);
	}
	pthread_mutex_destroy(&b.mu);
	pthread_cond_destroy(&b.all);
}

/* One look at what is due; *next_ms is 0 when nothing waits any more. */
static enum code
run_due(struct scope *sc, struct jobs *j, size_t *n, int64_t *next_ms)
{
	struct lease_call c = {.max = BATCH_MAX, .same_time = true};
	TRY(store_write(sc, j->store, LANE_MAIN, lease, &c));
	run_batch(j, &c);
	*n = c.n;
	*next_ms = c.next_ms;
	return OK;
}

enum code
jobs_run_until(struct scope *sc, struct jobs *j, int64_t to_ms)
{
	struct clock *clock = store_clock(j->store);
	assert(clock->stepped);
	struct scope own; /* a day of jobs is too much for the caller's */
	scope_init(&own);
	enum code rc;
	for (;;) {
		size_t n = 0;
		int64_t next_ms = 0;
		scope_clear(&own);
		rc = run_due(&own, j, &n, &next_ms);
		if (rc != OK || (n == 0 && (next_ms == 0 || next_ms > to_ms)))
			break;
		if (n == 0)
			clock_step_to(clock, next_ms);
	}
	if (rc == OK)
		clock_step_to(clock, to_ms);
	else
		sc->err = own.err;
	scope_release(&own);
	return rc;
}
