/* The pipeline, and the transaction it carries.
 *
 * A connection can go at any moment: PostgreSQL restarts, a cable is pulled.
 *
 *	before the first statement of a transaction    a new connection, nobody notices
 *	in a transaction                               the statement fails, the lane (or the
 *	                                               reader's caller) runs the write again
 *	while COMMIT is on its way                     the new connection looks whether the
 *	                                               commit's number is there (store_owner)
 *
 * The last needs that the old session has really ended: a writer's session
 * holds a lock of its lane (pg_session.c), and its successor looks only once it
 * has that lock itself.
 */
#include "store/pg_conn.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "store/pg_value.h"

/* A statement that was told to end because its time is over has so long to do so. */
#define CANCEL_AGAIN_MS 200
#define CANCELS_MAX 25
/* How long a writer looks for a server that has gone, and a reader does not try again. */
#define WRITER_PATIENCE_MS 10000
#define READER_PAUSE_MS 500
#define BACKOFF_FIRST_MS 20
#define BACKOFF_MAX_MS 1000

/* --- prepared statements --- */

static void
stmt_free(struct pg_stmt *st)
{
	free(st->sql);
	free(st);
}

static void
forget_statements(struct pg_conn *c)
{
	for (size_t b = 0; b < PG_STMT_BUCKETS; b++)
		while (c->buckets[b] != NULL) {
			struct pg_stmt *st = c->buckets[b];
			c->buckets[b] = st->next;
			stmt_free(st);
		}
	c->kept = 0;
}

/* NULL goes where any kind goes; where the server had to guess, only NULL. */
static bool
fits(const struct pg_stmt *st, const struct ask *ask)
{
	if (st->n != ask->n)
		return false;
	for (size_t i = 0; i < ask->n; i++)
		if (ask->vals[i].kind != VAL_NULL && ask->vals[i].kind != (enum val_kind)st->kinds[i])
			return false;
	return true;
}

static struct pg_stmt *
stmt_find(struct pg_conn *c, const struct ask *ask, uint64_t hash)
{
	struct pg_stmt *st = c->buckets[hash % PG_STMT_BUCKETS];
	while (st != NULL && (st->hash != hash || strcmp(st->sql, ask->sql) != 0 || !fits(st, ask)))
		st = st->next;
	return st;
}

bool
pg_is_new(struct pg_conn *c, const struct ask *ask)
{
	return stmt_find(c, ask, sql_hash(ask->sql)) == NULL;
}

static struct pg_stmt *
stmt_new(struct pg_conn *c, const struct ask *ask, uint64_t hash)
{
	struct pg_stmt *st = calloc(1, sizeof *st);
	char *copy = strdup(ask->sql);
	if (st == NULL || copy == NULL) {
		free(st);
		free(copy);
		return NULL;
	}
	*st = (struct pg_stmt){.hash = hash, .sql = copy, .n = ask->n};
	snprintf(st->name, sizeof st->name, "s%" PRId64, ++c->names);
	for (size_t i = 0; i < ask->n; i++)
		st->kinds[i] = (uint8_t)ask->vals[i].kind;
	return st;
}

static void
stmt_keep(struct pg_conn *c, struct pg_stmt *st)
{
	struct pg_stmt **bucket = &c->buckets[st->hash % PG_STMT_BUCKETS];
	st->next = *bucket;
	*bucket = st;
	c->kept++;
}

/* Takes the statement that was not used for longest out of the cache. */
static struct pg_stmt *
stmt_oldest(struct pg_conn *c)
{
	struct pg_stmt **oldest = NULL;
	for (size_t b = 0; b < PG_STMT_BUCKETS; b++)
		for (struct pg_stmt **at = &c->buckets[b]; *at != NULL; at = &(*at)->next)
			if (oldest == NULL || (*at)->used < (*oldest)->used)
				oldest = at;
	assert(oldest != NULL);
	struct pg_stmt *st = *oldest;
	*oldest = st->next;
	c->kept--;
	return st;
}

/* --- sending --- */

static bool
send_words(struct pg_conn *c, const char *sql)
{
	return PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 1) == 1;
}

static bool
send_prepare(struct pg_conn *c, const struct pg_stmt *st)
{
	Oid types[PG_VALUES_MAX];
	for (size_t i = 0; i < st->n; i++)
		types[i] = pg_type_of((enum val_kind)st->kinds[i]);
	return PQsendPrepare(c->pg, st->name, st->sql, (int)st->n, types) == 1;
}

static bool
send_values(struct pg_conn *c, const struct pg_stmt *st, const struct ask *ask)
{
	uint8_t numbers[PG_VALUES_MAX][8];
	const char *values[PG_VALUES_MAX];
	int lengths[PG_VALUES_MAX];
	int formats[PG_VALUES_MAX];
	for (size_t i = 0; i < ask->n; i++) {
		const struct val *v = &ask->vals[i];
		formats[i] = 1;
		lengths[i] = 8;
		values[i] = (const char *)numbers[i];
		switch (v->kind) {
		case VAL_NULL: values[i] = NULL; break;
		case VAL_INT: pg_put_int64(numbers[i], v->i); break;
		case VAL_REAL: pg_put_double(numbers[i], v->d); break;
		case VAL_TEXT:
		case VAL_BLOB:
			values[i] = v->n == 0 ? "" : v->p;
			lengths[i] = (int)v->n;
			break;
		}
	}
	return PQsendQueryPrepared(c->pg, st->name, (int)ask->n, values, lengths, formats, 1) == 1;
}

/* --- receiving --- */

static void
cancel(struct pg_conn *c)
{
	char why[256];
	PGcancel *handle = PQgetCancel(c->pg);
	if (handle != NULL && PQcancel(handle, why, sizeof why) == 0)
		log_line(LOG_WARN, "store: a statement could not be stopped: %s", why);
	PQfreeCancel(handle);
}

/* Waits until the socket has something, or can take more. A statement past the
 * deadline is told to end, and again where it was not listening yet. False: the
 * connection has gone, or does not end. */
static bool
wait_for_socket(struct pg_conn *c, bool more_to_send)
{
	struct pollfd p = {.fd = PQsocket(c->pg), .events = (short)(POLLIN | (more_to_send ? POLLOUT : 0))};
	int64_t left = c->deadline_ms == 0 ? -1 : c->deadline_ms + c->cancels * CANCEL_AGAIN_MS - clock_mono_ms();
	if (p.fd < 0)
		return false;
	int n = c->deadline_ms != 0 && left <= 0 ? 0 : poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
	if (n > 0)
		return PQconsumeInput(c->pg) == 1;
	if (n == 0 && c->deadline_ms != 0 && c->cancels++ >= CANCELS_MAX)
		return false;
	if (n == 0 && c->deadline_ms != 0)
		cancel(c);
	return n == 0 || errno == EINTR;
}

/* The next answer; NULL with c->dead: none will come; NULL else: the end of one command's. */
static PGresult *
next_answer(struct pg_conn *c)
{
	for (;;) {
		int more = PQflush(c->pg);
		if (more < 0)
			break;
		if (PQisBusy(c->pg) == 0)
			return PQgetResult(c->pg);
		if (!wait_for_socket(c, more == 1))
			break;
	}
	/* what the server said last is worth more than that it has gone */
	PGresult *r = PQisBusy(c->pg) == 0 ? PQgetResult(c->pg) : NULL;
	c->dead = true;
	return r;
}

static bool
says_goodbye(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	if (state == NULL)
		return true; /* libpq's own: the connection */
	return strncmp(state, "57P", 3) == 0 || (strncmp(state, "08", 2) == 0 && strcmp(state, "08P01") != 0);
}

/* One command's answer, the caller's to clear; NULL: the connection has gone. */
static PGresult *
take_answer(struct pg_conn *c)
{
	PGresult *r = next_answer(c);
	if (r == NULL) {
		c->dead = true;
		return NULL;
	}
	if (PQresultStatus(r) == PGRES_PIPELINE_SYNC)
		return r; /* alone, without an end of its own */
	if (PQresultStatus(r) == PGRES_FATAL_ERROR && (PQstatus(c->pg) == CONNECTION_BAD || says_goodbye(r))) {
		c->dead = true;
		return r;
	}
	PGresult *end = next_answer(c);
	if (end != NULL) {
		c->dead = true; /* out of step: COPY, or a second result */
		PQclear(end);
	}
	return r;
}

static bool
take_sync(struct pg_conn *c)
{
	PGresult *r = c->dead ? NULL : take_answer(c);
	bool synced = r != NULL && PQresultStatus(r) == PGRES_PIPELINE_SYNC;
	PQclear(r);
	c->dead |= !synced;
	return synced;
}

/* The ROLLBACK that nobody waited for. */
static void
settle(struct pg_conn *c)
{
	if (!c->owed)
		return;
	c->owed = false;
	PQclear(c->dead ? NULL : take_answer(c));
	(void)take_sync(c);
}

/* --- one round trip --- */

/* What was sent, in order: the queue, then perhaps these, each one command. */
struct sent {
	bool evicts, prepares, runs, commits;
	struct pg_stmt *st;
};

static bool
send_evict(struct pg_conn *c)
{
	char words[48];
	struct pg_stmt *oldest = stmt_oldest(c);
	snprintf(words, sizeof words, "DEALLOCATE %s", oldest->name);
	stmt_free(oldest);
	return send_words(c, words);
}

static bool
send_statement(struct pg_conn *c, const struct ask *ask, struct sent *s)
{
	uint64_t hash = sql_hash(ask->sql);
	s->runs = true;
	s->st = stmt_find(c, ask, hash);
	s->prepares = s->st == NULL;
	s->evicts = s->prepares && c->kept >= PG_STMT_KEPT_MAX;
	if (s->evicts && !send_evict(c))
		return false;
	if (s->prepares && ((s->st = stmt_new(c, ask, hash)) == NULL || !send_prepare(c, s->st)))
		return false;
	s->st->used = ++c->uses;
	return send_values(c, s->st, ask);
}

static bool
send_all(struct pg_conn *c, const struct ask *ask, struct sent *s)
{
	for (int i = 0; i < c->queued; i++)
		if (!send_words(c, c->queue[i]))
			return false;
	if (ask != NULL && !send_statement(c, ask, s))
		return false;
	s->commits = c->committing;
	if (s->commits && !send_words(c, "COMMIT"))
		return false;
	return PQpipelineSync(c->pg) == 1;
}

static bool
went_well(const PGresult *r)
{
	ExecStatusType is = r == NULL ? PGRES_FATAL_ERROR : PQresultStatus(r);
	return is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK;
}

/* Reads every answer. Returns the first that went wrong, else the last; *at is its place. */
static PGresult *
receive_all(struct pg_conn *c, const struct sent *s, int *at)
{
	int n = c->queued + s->evicts + s->prepares + s->runs + s->commits;
	PGresult *kept = NULL;
	bool good = true;
	for (int i = 0; i < n && !c->dead; i++) {
		PGresult *r = take_answer(c);
		if (!good || r == NULL) {
			PQclear(r); /* what follows a failure has not been run */
			continue;
		}
		PQclear(kept);
		kept = r;
		*at = i;
		good = went_well(r);
	}
	(void)take_sync(c);
	return kept;
}

static bool
is_serialisation(const PGresult *r)
{
	const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
	return state != NULL && strncmp(state, "40", 2) == 0;
}

/* What a failure means for the transaction. A statement's own leaves it to be
 * rolled back to its savepoint. */
static void
note_failure(struct pg_conn *c, const struct sent *s, const PGresult *r, int at)
{
	bool own = s->runs && at >= c->queued + s->evicts && at < c->queued + s->evicts + s->prepares + s->runs;
	if (c->tx == PG_TX_QUEUED && c->dead)
		return; /* nothing of it has happened: it may begin again elsewhere, queue and all */
	if (c->tx == PG_TX_QUEUED)
		c->tx = PG_TX_OPEN;
	if (c->tx == PG_TX_OPEN && (c->dead || !own || is_serialisation(r)))
		c->tx = PG_TX_LOST;
	c->queued = 0;
}

/* The queue and perhaps a statement, once, on the connection there is. */
static enum code
exchange_once(struct scope *sc, struct pg_conn *c, const struct ask *ask, PGresult **out)
{
	struct sent s = {0};
	int at = 0;
	PGresult *r = NULL;
	settle(c);
	if (!c->dead && send_all(c, ask, &s))
		r = receive_all(c, &s, &at);
	else
		c->dead = true;
	bool good = !c->dead && went_well(r);
	if (s.prepares && s.st != NULL) {
		if (good || (!c->dead && at > c->queued + s.evicts))
			stmt_keep(c, s.st);
		else
			stmt_free(s.st);
	}
	if (!good) {
		enum code rc = pg_fail(sc, c, r, ask != NULL ? ask->sql : "transaction");
		note_failure(c, &s, r, at);
		PQclear(r);
		return not_ok(rc);
	}
	c->queued = 0;
	if (c->tx == PG_TX_QUEUED)
		c->tx = PG_TX_OPEN;
	*out = r;
	return OK;
}

static void
note_writing(struct pg_conn *c, const PGresult *r)
{
	const char *what = PQcmdStatus((PGresult *)(uintptr_t)r);
	if (!text_starts(what, "SELECT") && strtoll(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10) > 0)
		c->wrote = true;
}

static enum code
past_deadline(struct scope *sc, const struct pg_conn *c)
{
	if (c->deadline_ms == 0 || clock_mono_ms() < c->deadline_ms)
		return OK;
	return fail(sc, E_DEADLINE, "the time for this read is over");
}

static enum code revive(struct scope *sc, struct pg_conn *c);

enum code
pg_exchange(struct scope *sc, struct pg_conn *c, const struct ask *ask, PGresult **out)
{
	if (c->tx == PG_TX_LOST)
		return fail_as(sc, E_UNAVAILABLE, "store-unreachable", "the transaction's connection has gone");
	TRY(past_deadline(sc, c));
	if (ask != NULL && ask->n > PG_VALUES_MAX)
		return fail(sc, E_INTERNAL, "more than %d values: %.200s", PG_VALUES_MAX, ask->sql);
	PGresult *r;
	enum code rc = exchange_once(sc, c, ask, &r);
	if (rc != OK && c->dead && c->tx == PG_TX_QUEUED) {
		/* Nothing of this transaction has happened yet. */
		error_clear(sc);
		TRY(revive(sc, c));
		rc = exchange_once(sc, c, ask, &r);
	}
	TRY(rc);
	if (ask != NULL)
		note_writing(c, r);
	*out = r;
	return OK;
}

/* --- a new connection in the old one's place --- */

static void
drop_connection(struct pg_conn *c)
{
	pg_finish_all(&c->base);
	forget_statements(c);
	PQfinish(c->pg);
	c->pg = NULL;
	c->owed = false;
	c->cancels = 0;
	c->dead = true;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
	nanosleep(&t, NULL);
}

/* Worth another try: it may be starting, or still be letting go of our lock. */
static bool
may_pass(enum code rc)
{
	return rc == E_UNAVAILABLE || rc == E_CONFLICT || rc == E_RETRY || rc == E_DEADLINE;
}

static enum code
revive_reader(struct scope *sc, struct pg_conn *c)
{
	if (clock_mono_ms() < atomic_load(&c->db->down_until_ms))
		return fail_as(sc, E_UNAVAILABLE, "store-unreachable", "PostgreSQL did not answer a moment ago");
	enum code rc = pg_session_begin(sc, c);
	if (rc != OK) {
		drop_connection(c);
		atomic_store(&c->db->down_until_ms, clock_mono_ms() + READER_PAUSE_MS);
	}
	return rc;
}

static enum code
revive_writer(struct scope *sc, struct pg_conn *c)
{
	int64_t until = clock_mono_ms() + WRITER_PATIENCE_MS;
	for (int64_t pause = BACKOFF_FIRST_MS;; pause = pause * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : pause * 2) {
		enum code rc = pg_session_begin(sc, c);
		if (rc == OK)
			return OK;
		drop_connection(c);
		if (!may_pass(rc) || clock_mono_ms() + pause > until)
			return rc;
		error_clear(sc);
		sleep_ms(pause);
	}
}

/* The queue stays as it is: it has not been run. */
static enum code
revive(struct scope *sc, struct pg_conn *c)
{
	drop_connection(c);
	if (!c->writes)
		return revive_reader(sc, c);
	log_line(LOG_WARN, "store: the connection to PostgreSQL has gone, looking for a new one");
	TRY(revive_writer(sc, c));
	log_line(LOG_INFO, "store: connected to PostgreSQL again");
	return OK;
}

/* --- the transaction --- */

bool
pg_in_transaction(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	return c->tx == PG_TX_QUEUED || c->tx == PG_TX_OPEN;
}

void
pg_watch(struct conn *conn, struct scope *sc)
{
	((struct pg_conn *)conn)->deadline_ms = sc == NULL ? 0 : sc->deadline_ms;
}

static enum code
begin(struct scope *sc, struct pg_conn *c, const char *words)
{
	assert(c->tx == PG_TX_NONE);
	c->queued = 0;
	c->wrote = false;
	if (c->dead)
		TRY(revive(sc, c));
	c->queue[c->queued++] = words;
	c->tx = PG_TX_QUEUED;
	return OK;
}

static const char savepoint[] = "SAVEPOINT w";

/* A savepoint in which nothing has been run needs no words. */
static enum code
queue_control(struct scope *sc, struct pg_conn *c, enum control what)
{
	if (!pg_in_transaction(&c->base))
		return fail_as(sc, E_UNAVAILABLE, "store-unreachable", "the transaction has gone");
	bool fresh = c->queued > 0 && c->queue[c->queued - 1] == savepoint;
	if (what == RELEASE && fresh) {
		c->queued--;
		return OK;
	}
	if (what == ROLLBACK_TO && fresh)
		return OK;
	assert(c->queued < PG_QUEUE_MAX);
	c->queue[c->queued++] = what == SAVEPOINT ? savepoint : what == RELEASE ? "RELEASE w" : "ROLLBACK TO w";
	return OK;
}

/* Whether the commit whose answer never came has happened. */
static enum code
find_out(struct scope *sc, struct pg_conn *c, int64_t mine)
{
	error_clear(sc);
	c->tx = PG_TX_NONE;
	if (revive(sc, c) != OK) {
		const char *why = scope_strdup(sc, sc->err.message);
		error_clear(sc);
		return fail_as(sc, E_UNAVAILABLE, "commit-unknown",
			       "PostgreSQL has gone while it committed, and does not come back: %.200s", why);
	}
	if (c->commits == mine)
		return OK;
	return fail_as(sc, E_UNAVAILABLE, "store-unreachable", "the connection went before the commit");
}

/* What was written gets the next number of its lane, in the same round trip. */
static enum code
send_commit(struct scope *sc, struct pg_conn *c, int64_t mine, PGresult **out)
{
	const struct val number = v_int(mine);
	const struct ask ask = {.sql = "UPDATE store_owner SET commits = $1", .vals = &number, .n = 1};
	c->committing = true;
	enum code rc = pg_exchange(sc, c, c->wrote ? &ask : NULL, out);
	c->committing = false;
	return rc;
}

static enum code
commit(struct scope *sc, struct pg_conn *c)
{
	pg_finish_all(&c->base);
	if (c->tx == PG_TX_QUEUED) { /* nobody has asked for anything */
		c->queued = 0;
		c->tx = PG_TX_NONE;
		return OK;
	}
	PGresult *r;
	int64_t mine = c->commits + 1;
	bool wrote = c->wrote;
	enum code rc = send_commit(sc, c, mine, &r);
	if (rc != OK && c->dead && wrote)
		return find_out(sc, c, mine);
	TRY(rc);
	bool done = text_eq(PQcmdStatus(r), "COMMIT");
	PQclear(r);
	c->tx = PG_TX_NONE;
	if (!done)
		return fail(sc, E_INTERNAL, "PostgreSQL rolled a transaction back instead of committing it");
	if (wrote)
		c->commits = mine;
	return OK;
}

enum code
pg_control(struct scope *sc, struct conn *conn, enum control what)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	switch (what) {
	case BEGIN_READ: return begin(sc, c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
	case BEGIN_WRITE: return begin(sc, c, "BEGIN ISOLATION LEVEL REPEATABLE READ");
	case COMMIT: return commit(sc, c);
	default: return queue_control(sc, c, what);
	}
}

/* Sent, not waited for: the answer is read before the next transaction. */
void
pg_roll_back(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	pg_finish_all(conn);
	bool open = c->tx == PG_TX_OPEN || c->tx == PG_TX_LOST;
	c->tx = PG_TX_NONE;
	c->queued = 0;
	if (c->cancels > 0) /* one of them may arrive late */
		c->dead = true;
	if (!open || c->dead)
		return;
	c->owed = send_words(c, "ROLLBACK") && PQpipelineSync(c->pg) == 1;
	c->dead = !c->owed || PQflush(c->pg) < 0;
}

/* --- life --- */

enum code
pg_conn_open(struct scope *sc, struct pg_database *db, enum lane lane, bool writes, struct pg_conn **out)
{
	struct pg_conn *c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(sc, E_MEMORY, "no memory for a connection");
	c->base.be = db->base.be;
	c->db = db;
	c->lane = lane;
	c->writes = writes;
	enum code rc = pg_session_begin(sc, c);
	if (rc != OK) {
		pg_conn_close(c);
		return rc;
	}
	*out = c;
	return OK;
}

void
pg_conn_close(struct pg_conn *c)
{
	drop_connection(c);
	while (c->spare != NULL) {
		struct pg_rows *r = c->spare;
		c->spare = r->next;
		free(r->vals);
		free(r);
	}
	free(c->not_ours);
	free(c);
}
