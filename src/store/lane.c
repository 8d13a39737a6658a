/* Group commit.
 *
 * The writer takes everything that waits (at most LANE_GROUP_MAX), opens one
 * transaction, gives each write a savepoint, and commits once: the sync, which
 * is what costs, is shared. Callers hear of it after the commit.
 *
 *	BEGIN
 *	    SAVEPOINT w · fn() · RELEASE w            a write that succeeded
 *	    SAVEPOINT w · fn() · ROLLBACK TO w · RELEASE w    one that did not
 *	COMMIT                                         one fdatasync
 *
 * Where the whole group cannot commit (disk full, an I/O error, a deferred
 * foreign key), it is rolled back and each write is run again alone, so that
 * one that cannot be done does not take its neighbours with it. Writes are
 * re-runnable, that is their contract. E_IO means: not acknowledged, and gone
 * from this process' view; after a power cut in that very moment it may turn
 * out to be there, as with any database, which is why POSTs carry an
 * Idempotency-Key.
 */
#include "store/lane.h"

#include <assert.h>
#include <pthread.h>

#include "base/text.h"

struct lane_writer {
	struct store *store;
	const struct backend *be;
	struct conn *conn;
	struct scope sc; /* of the group's own statements */
	pthread_t thread;
	pthread_mutex_t mu; /* guards what follows */
	pthread_cond_t more;
	struct write *head;
	struct write **tail;
	size_t waiting;
	bool closing;
};

/* --- the queue --- */

enum code
lane_push(struct lane_writer *l, struct write *w)
{
	w->next_ = NULL;
	pthread_mutex_lock(&l->mu);
	bool refused = l->closing || l->waiting >= LANE_WAITING_MAX;
	bool closing = l->closing;
	if (!refused) {
		*l->tail = w;
		l->tail = &w->next_;
		l->waiting++;
		pthread_cond_signal(&l->more);
	}
	pthread_mutex_unlock(&l->mu);
	if (!refused)
		return OK;
	return closing ? fail_as(w->sc, E_UNAVAILABLE, "closing", "the store is closing")
		       : fail_as(w->sc, E_UNAVAILABLE, "busy", "%d writes are waiting already", LANE_WAITING_MAX);
}

/* NULL: closing, and nothing waits. */
static struct write *
take_group(struct lane_writer *l)
{
	pthread_mutex_lock(&l->mu);
	while (l->head == NULL && !l->closing)
		pthread_cond_wait(&l->more, &l->mu);
	struct write *group = l->head;
	struct write **end = &l->head;
	for (size_t n = 0; *end != NULL && n < LANE_GROUP_MAX; n++) {
		end = &(*end)->next_;
		l->waiting--;
	}
	l->head = *end;
	*end = NULL;
	if (l->head == NULL)
		l->tail = &l->head;
	pthread_mutex_unlock(&l->mu);
	return group;
}

/* --- running --- */

/* How a transaction ended: durable, not happened, or nobody can tell. */
enum ending { DONE, UNDONE, UNKNOWN };

static bool
is_unknown(const struct scope *sc)
{
	return text_eq(sc->err.reason, "commit-unknown");
}

/* What is to be told is added to `after` only where fn succeeds. */
static enum code
run_fn(struct lane_writer *l, struct write *w, struct after *after)
{
	TRY(scope_check_deadline(w->sc));
	struct tx tx = {
	    .store = l->store, .conn = l->conn, .now_ms = clock_now_ms(store_clock(l->store)), .writable = true};
	enum code rc = w->fn(w->sc, &tx, w->arg);
	l->be->finish_all(l->conn);
	if (rc == OK && tx.failed)
		rc = fail(w->sc, E_INTERNAL, "a write went on after a statement had failed");
	if (rc == OK) {
		after->bells |= tx.after.bells;
		if (tx.after.last_event > after->last_event)
			after->last_event = tx.after.last_event;
	}
	return rc;
}

static enum code
control(struct lane_writer *l, enum control what)
{
	scope_clear(&l->sc);
	return l->be->control(&l->sc, l->conn, what);
}

/* Runs one write in its savepoint; w->rc says how fn ended. False: the whole
 * transaction is lost. */
static bool
run_in_savepoint(struct lane_writer *l, struct write *w, struct after *after)
{
	for (int attempt = 0; attempt <= LANE_RETRIES; attempt++) {
		error_clear(w->sc);
		if (control(l, SAVEPOINT) != OK)
			return false;
		w->rc = run_fn(l, w, after);
		if (!l->be->in_transaction(l->conn))
			return false; /* rolled back for us: disk full, I/O, memory, a connection lost */
		if (w->rc != OK && control(l, ROLLBACK_TO) != OK)
			return false;
		if (control(l, RELEASE) != OK)
			return false;
		if (w->rc != E_RETRY)
			break;
	}
	return true;
}

/* The group in one transaction. */
static enum ending
run_group(struct lane_writer *l, struct write *group, struct after *after)
{
	if (control(l, BEGIN_WRITE) != OK)
		return UNDONE;
	for (struct write *w = group; w != NULL; w = w->next_)
		if (!run_in_savepoint(l, w, after))
			return UNDONE;
	if (control(l, COMMIT) == OK)
		return DONE;
	return is_unknown(&l->sc) ? UNKNOWN : UNDONE;
}

/* One write in a transaction of its own, after its group failed. */
static void
run_alone(struct lane_writer *l, struct write *w)
{
	struct after after = {0};
	error_clear(w->sc);
	w->rc = l->be->control(w->sc, l->conn, BEGIN_WRITE);
	if (w->rc == OK)
		w->rc = run_fn(l, w, &after);
	if (w->rc == OK)
		w->rc = l->be->control(w->sc, l->conn, COMMIT);
	if (w->rc == OK)
		store_tell(l->store, &after);
	else
		l->be->roll_back(l->conn);
}

static void
run_one_by_one(struct lane_writer *l, struct write *group)
{
	for (struct write *w = group; w != NULL; w = w->next_)
		for (int attempt = 0; attempt <= LANE_RETRIES; attempt++) {
			run_alone(l, w);
			if (w->rc != E_RETRY)
				break;
		}
}

/* Nobody can say whether the group is there: nobody is told so, and none of it runs again. */
static void
leave_unknown(struct lane_writer *l, struct write *group)
{
	for (struct write *w = group; w != NULL; w = w->next_)
		if (w->rc == OK)
			w->rc = fail_as(w->sc, l->sc.err.code, l->sc.err.reason, "%s", l->sc.err.message);
}

static void
run_writes(struct lane_writer *l, struct write *group)
{
	struct after after = {0};
	enum ending ending = run_group(l, group, &after);
	if (ending == DONE) {
		store_tell(l->store, &after);
		return;
	}
	l->be->roll_back(l->conn);
	if (ending == UNKNOWN)
		leave_unknown(l, group);
	else
		run_one_by_one(l, group);
}

static void *
writer_main(void *arg)
{
	struct lane_writer *l = arg;
	for (struct write *group = take_group(l); group != NULL; group = take_group(l)) {
		run_writes(l, group);
		while (group != NULL) {
			struct write *w = group;
			group = w->next_; /* done() may end w */
			w->done(w);
		}
	}
	return NULL;
}

/* --- life --- */

enum code
lane_open(struct scope *sc, struct store *st, struct conn *c, struct lane_writer **out)
{
	struct lane_writer *l = calloc(1, sizeof *l);
	if (l == NULL) {
		c->be->disconnect(c);
		return fail(sc, E_MEMORY, "no memory for a writer");
	}
	*l = (struct lane_writer){.store = st, .be = c->be, .conn = c};
	scope_init(&l->sc);
	l->tail = &l->head;
	pthread_mutex_init(&l->mu, NULL);
	pthread_cond_init(&l->more, NULL);
	int err = pthread_create(&l->thread, NULL, writer_main, l);
	if (err != 0) {
		c->be->disconnect(c);
		scope_release(&l->sc);
		pthread_mutex_destroy(&l->mu);
		pthread_cond_destroy(&l->more);
		free(l);
		return fail(sc, E_UNAVAILABLE, "no thread for a writer: %s", strerror(err));
	}
	*out = l;
	return OK;
}

void
lane_stop(struct lane_writer *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->mu);
	l->closing = true;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->mu);
	pthread_join(l->thread, NULL);
	l->be->forget_other(l->conn);
}

void
lane_close(struct lane_writer *l)
{
	if (l == NULL)
		return;
	l->be->disconnect(l->conn);
	scope_release(&l->sc);
	pthread_mutex_destroy(&l->mu);
	pthread_cond_destroy(&l->more);
	free(l);
}

bool
lane_is_this_thread(const struct lane_writer *l)
{
	return l != NULL && pthread_equal(pthread_self(), l->thread) != 0;
}
