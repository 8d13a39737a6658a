/* The threads that send.
 *
 *	commit with events, a pause's job ──bell──▶ rung ──▶ sender 1 … SENDERS
 *	                                                      │ pick: the due hook that was
 *	                                                      │ tried longest ago and is in
 *	                                                      ▼ nobody's hands
 *	                                                    hook_turn()
 *
 * All that matters is in rows; the bell only says that looking is worth it. Whoever has
 * found a hook lets the others look, too. */
#include <pthread.h>

#include "base/log.h"
#include "hooks/hook_rows.h"

#define SENDERS 4
#define GATHER_MS 40	      /* of commits, before anybody looks */
#define LOOK_AGAIN_S 60	      /* without any bell: the clock may have been set */
#define AFTER_TROUBLE_MS 5000 /* ours, not a receiver's */

struct hooks {
	struct hooks_options opt;
	_Atomic bool closing;
	bool started;
	pthread_t threads[SENDERS];
	pthread_mutex_t mu; /* guards rung */
	pthread_cond_t news;
	bool rung;
	pthread_mutex_t picking;	     /* one looks at a time; guards what follows */
	char held[SENDERS][2 * ID_TEXT_MAX]; /* "operator/hook" in a sender's hands */
};

enum code
hooks_open(struct scope *sc, const struct hooks_options *opt, struct hooks **out)
{
	struct hooks *h = calloc(1, sizeof *h);
	if (h == NULL)
		return fail(sc, E_MEMORY, "no memory for webhooks");
	h->opt = *opt;
	h->rung = true;
	pthread_mutex_init(&h->mu, NULL);
	pthread_mutex_init(&h->picking, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->news, &attr);
	pthread_condattr_destroy(&attr);
	*out = h;
	return OK;
}

enum http_reach
hooks_reach(const struct hooks *h)
{
	return h->opt.reach;
}

/* --- picking --- */

struct picking {
	struct hooks *hooks;
	struct hook_row found;
	bool some;
};

static char *
name_of(struct scope *sc, const struct hook_row *h)
{
	return scope_printf(sc, "%s/%s", h->operator_id, h->id);
}

static bool
is_held(const struct hooks *h, const char *name)
{
	for (size_t i = 0; i < SENDERS; i++)
		if (text_eq(h->held[i], name))
			return true;
	return false;
}

static enum code
find_due(struct scope *sc, struct tx *tx, void *arg)
{
	struct picking *p = arg;
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT " HOOK_COLUMNS " WHERE is_on = 1 ORDER BY tried_ms, id", NO_VALS));
	while (!p->some && row_next(r)) {
		hook_read(sc, r, &p->found);
		if (!is_held(p->hooks, name_of(sc, &p->found)))
			TRY(hook_is_due(sc, tx, &p->found, &p->some));
	}
	return p->some ? OK : rows_end(sc, r);
}

static enum code
pick(struct scope *sc, struct hooks *h, size_t me, struct picking *p)
{
	pthread_mutex_lock(&h->picking);
	enum code rc = store_read(sc, h->opt.store, find_due, p);
	if (rc == OK && p->some)
		snprintf(h->held[me], sizeof h->held[me], "%s", name_of(sc, &p->found));
	pthread_mutex_unlock(&h->picking);
	return rc;
}

static void
let_go(struct hooks *h, size_t me)
{
	pthread_mutex_lock(&h->picking);
	h->held[me][0] = '\0';
	pthread_mutex_unlock(&h->picking);
}

static void
ring(void *arg)
{
	struct hooks *h = arg;
	pthread_mutex_lock(&h->mu);
	h->rung = true;
	pthread_cond_signal(&h->news);
	pthread_mutex_unlock(&h->mu);
}

/* One look, and the turn it found. *some: there was one. */
static enum code
look_once(struct scope *sc, struct hooks *h, size_t me, bool *some)
{
	struct picking p = {.hooks = h};
	TRY(pick(sc, h, me, &p));
	*some = p.some;
	if (!p.some)
		return OK;
	ring(h);
	enum code rc = hook_turn(sc, &h->opt, &h->closing, &p.found);
	let_go(h, me);
	return rc;
}

/* --- threads --- */

struct sender {
	struct hooks *hooks;
	size_t me;
};

static void
sleep_ms(int64_t ms)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

static void
wait_for_bell(struct hooks *h)
{
	int64_t until_ms = clock_mono_ms() + LOOK_AGAIN_S * 1000;
	const struct timespec at = {.tv_sec = (time_t)(until_ms / 1000), .tv_nsec = (long)(until_ms % 1000) * 1000000};
	pthread_mutex_lock(&h->mu);
	while (!h->rung && !atomic_load(&h->closing))
		if (pthread_cond_timedwait(&h->news, &h->mu, &at) != 0)
			break;
	h->rung = false;
	pthread_mutex_unlock(&h->mu);
}

/* A turn that failed through no fault of a receiver's is not begun again at once. */
static void
rest_after_trouble(struct hooks *h, struct scope *sc, enum code rc)
{
	if (rc == OK || rc == E_CANCELLED || atomic_load(&h->closing))
		return;
	log_error(sc, "sending webhooks");
	for (int64_t slept = 0; slept < AFTER_TROUBLE_MS && !atomic_load(&h->closing); slept += 100)
		sleep_ms(100);
}

static void *
sender_main(void *arg)
{
	struct sender me = *(struct sender *)arg;
	struct hooks *h = me.hooks;
	struct scope sc;
	free(arg);
	scope_init(&sc);
	while (!atomic_load(&h->closing)) {
		bool some = false;
		scope_clear(&sc);
		rest_after_trouble(h, &sc, look_once(&sc, h, me.me, &some));
		if (some)
			continue;
		wait_for_bell(h);
		if (!atomic_load(&h->closing))
			sleep_ms(GATHER_MS);
	}
	scope_release(&sc);
	return NULL;
}

void
hooks_start(struct hooks *h)
{
	h->started = true;
	store_on_bell(h->opt.store, BELL_EVENTS, ring, h);
	for (size_t i = 0; i < SENDERS; i++) {
		struct sender *s = malloc(sizeof *s);
		if (s == NULL)
			abort();
		*s = (struct sender){h, i};
		if (pthread_create(&h->threads[i], NULL, sender_main, s) != 0)
			abort(); /* a server that cannot start a thread cannot keep its promises */
	}
}

void
hooks_run(struct hooks *h)
{
	struct scope sc;
	bool some = true;
	enum code rc = OK;
	scope_init(&sc);
	while (some && rc == OK) {
		scope_clear(&sc);
		rc = look_once(&sc, h, 0, &some);
	}
	if (rc != OK)
		log_error(&sc, "sending webhooks");
	scope_release(&sc);
}

void
hooks_close(struct hooks *h)
{
	if (h == NULL)
		return;
	if (h->started) {
		store_on_bell(h->opt.store, BELL_EVENTS, NULL, NULL);
		pthread_mutex_lock(&h->mu);
		atomic_store(&h->closing, true);
		pthread_cond_broadcast(&h->news);
		pthread_mutex_unlock(&h->mu);
		for (size_t i = 0; i < SENDERS; i++)
			pthread_join(h->threads[i], NULL);
	}
	pthread_cond_destroy(&h->news);
	pthread_mutex_destroy(&h->mu);
	pthread_mutex_destroy(&h->picking);
	free(h);
}
