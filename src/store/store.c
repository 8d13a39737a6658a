/* Opening, closing, the reader pool, and the two ways into a transaction.
 *
 *	DIR/waybill.db     writer at synchronous=FULL      everything that matters
 *	DIR/positions.db   writer at synchronous=NORMAL    positions
 *	DIR/waybill.lock   held (fcntl) by the process that serves the directory
 *
 * Every connection sees both files' tables by their plain names: readers both
 * read-only, a writer its own file to write and the other one to read. Table
 * names are therefore unique across both.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/event.h"
#include "store/files.h"
#include "store/lane.h"
#include "store/migrate.h"

/* Beyond it a reader waits for another to finish. */
#define READERS_MAX 16
/* A file up to this size is checked at every opening (about 0.2 s); larger ones
 * by store_check(), which the night runs. */
#define QUICK_CHECK_MAX_BYTES ((int64_t)64 << 20)
/* SQLite asks whether a read has passed its deadline after so many of its steps. */
#define DEADLINE_STEPS 20000

struct store {
	struct clock *clock;
	struct random *random;
	char *main_path;
	char *positions_path;
	int lock_fd;
	bool read_only;
	struct lane_writer *lanes[2];
	pthread_mutex_t listeners_mu; /* held while a listener is called; guards the next two */
	struct {
		void (*notify)(void *arg, int64_t last_seq);
		void *arg;
	} on_events;
	struct {
		void (*heard)(void *arg);
		void *arg;
	} on_bell[BELLS];
	pthread_mutex_t mu; /* guards what follows */
	pthread_cond_t idle;
	struct conn *readers;
	int readers_open;
};

struct clock *
store_clock(struct store *st)
{
	return st->clock;
}

struct random *
store_random(struct store *st)
{
	return st->random;
}

const char *
store_path(const struct store *st, enum lane lane)
{
	return lane == LANE_POSITIONS ? st->positions_path : st->main_path;
}

void
store_on_events(struct store *st, void (*notify)(void *arg, int64_t last_seq), void *arg)
{
	pthread_mutex_lock(&st->listeners_mu);
	st->on_events.notify = notify;
	st->on_events.arg = arg;
	pthread_mutex_unlock(&st->listeners_mu);
}

void
store_on_bell(struct store *st, enum bell bell, void (*heard)(void *arg), void *arg)
{
	pthread_mutex_lock(&st->listeners_mu);
	st->on_bell[bell].heard = heard;
	st->on_bell[bell].arg = arg;
	pthread_mutex_unlock(&st->listeners_mu);
}

void
store_tell(struct store *st, const struct after *after)
{
	if (after->last_event == 0 && after->bells == 0)
		return;
	pthread_mutex_lock(&st->listeners_mu);
	if (after->last_event > 0 && st->on_events.notify != NULL)
		st->on_events.notify(st->on_events.arg, after->last_event);
	for (int b = 0; b < BELLS; b++)
		if ((after->bells >> b & 1u) != 0 && st->on_bell[b].heard != NULL)
			st->on_bell[b].heard(st->on_bell[b].arg);
	pthread_mutex_unlock(&st->listeners_mu);
}

/* --- opening --- */

static enum code
lock_directory(struct scope *sc, const char *dir, int *out)
{
	const char *path = path_join(sc, dir, "waybill.lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	/* Not flock(): a forked helper would go on holding that after we are gone. */
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	if (fcntl(fd, F_SETLK, &whole) != 0) {
		int err = errno;
		close(fd);
		if (err == EACCES || err == EAGAIN)
			return fail_as(sc, E_CONFLICT, "in-use", "another process serves %s", dir);
		return fail(sc, E_IO, "%s: %s", path, strerror(err));
	}
	*out = fd;
	return OK;
}

static enum code
check_small(struct scope *sc, struct conn *c, const char *path)
{
	struct stat file;
	if (stat(path, &file) != 0 || file.st_size > QUICK_CHECK_MAX_BYTES)
		return OK;
	return files_check(sc, c, "PRAGMA main.quick_check(1)", path);
}

static enum code
prepare_file(struct scope *sc, struct conn *c, const struct store_options *opt, const char *path, bool positions)
{
	TRY(check_small(sc, c, path));
	return opt->read_only ? migrate_verify(sc, c, opt, positions) : migrate_file(sc, c, opt, positions);
}

/* Opens a file, checks it and brings it up to date. */
static enum code
open_file(struct scope *sc, const struct store_options *opt, const char *path, bool positions, struct conn **out)
{
	enum conn_use use = opt->read_only ? CONN_READ : positions ? CONN_WRITE_NORMAL : CONN_WRITE_FULL;
	struct conn *c;
	TRY(conn_open(sc, path, use, &c));
	enum code rc = prepare_file(sc, c, opt, path, positions);
	if (rc != OK) {
		conn_close(c);
		return rc;
	}
	*out = c;
	return OK;
}

static enum code
start_lanes(struct scope *sc, struct store *st, struct conn *files[static 2])
{
	const char *beside[2] = {st->positions_path, st->main_path};
	for (int lane = 0; lane < 2; lane++) {
		struct conn *c = files[lane];
		TRY(conn_attach(sc, c, beside[lane]));
		files[lane] = NULL; /* the lane's from here */
		TRY(lane_open(sc, st, c, &st->lanes[lane]));
	}
	return OK;
}

static enum code
open_files(struct scope *sc, struct store *st, const struct store_options *opt)
{
	struct conn *files[2] = {NULL, NULL};
	enum code rc = open_file(sc, opt, st->main_path, false, &files[LANE_MAIN]);
	if (rc == OK)
		rc = open_file(sc, opt, st->positions_path, true, &files[LANE_POSITIONS]);
	if (rc == OK && !st->read_only)
		rc = start_lanes(sc, st, files);
	conn_close(files[LANE_MAIN]);
	conn_close(files[LANE_POSITIONS]);
	return rc;
}

static struct store *
store_new(struct scope *sc, const char *dir, const struct store_options *opt)
{
	struct store *st = calloc(1, sizeof *st);
	if (st == NULL)
		return NULL;
	*st = (struct store){.clock = opt->clock, .random = opt->random, .lock_fd = -1, .read_only = opt->read_only};
	pthread_mutex_init(&st->listeners_mu, NULL);
	pthread_mutex_init(&st->mu, NULL);
	pthread_cond_init(&st->idle, NULL);
	st->main_path = strdup(path_join(sc, dir, "waybill.db"));
	st->positions_path = strdup(path_join(sc, dir, "positions.db"));
	return st;
}

enum code
store_open(struct scope *sc, const char *dir, const struct store_options *opt, struct store **out)
{
	struct stat at;
	if (stat(dir, &at) != 0 || !S_ISDIR(at.st_mode))
		return fail(sc, E_NOT_FOUND, "%s is no data directory", dir);
	/* Counting every allocation takes a lock; nobody reads the counts. A no-op once SQLite has started. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	struct store *st = store_new(sc, dir, opt);
	if (st == NULL || st->main_path == NULL || st->positions_path == NULL) {
		store_close(st);
		return fail(sc, E_MEMORY, "no memory for a store");
	}
	enum code rc = OK;
	if (!opt->read_only)
		rc = lock_directory(sc, dir, &st->lock_fd);
	if (rc == OK)
		rc = open_files(sc, st, opt);
	if (rc != OK) {
		store_close(st);
		return rc;
	}
	*out = st;
	return OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	/* SQLite tidies a file up when its last connection closes, and only one that
	 * may write can: every read-only view is let go of before the writers close. */
	lane_stop(st->lanes[LANE_MAIN]);
	lane_stop(st->lanes[LANE_POSITIONS]);
	while (st->readers != NULL) {
		struct conn *c = st->readers;
		st->readers = c->next;
		conn_close(c);
	}
	lane_close(st->lanes[LANE_MAIN]);
	lane_close(st->lanes[LANE_POSITIONS]);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	pthread_mutex_destroy(&st->listeners_mu);
	pthread_mutex_destroy(&st->mu);
	pthread_cond_destroy(&st->idle);
	free(st->main_path);
	free(st->positions_path);
	free(st);
}

/* --- reading --- */

enum code
store_reader_open(struct scope *sc, struct store *st, struct conn **out)
{
	struct conn *c;
	TRY(conn_open(sc, st->main_path, CONN_READ, &c));
	enum code rc = conn_attach(sc, c, st->positions_path);
	if (rc != OK) {
		conn_close(c);
		return rc;
	}
	*out = c;
	return OK;
}

static enum code
reader_take(struct scope *sc, struct store *st, struct conn **out)
{
	pthread_mutex_lock(&st->mu);
	while (st->readers == NULL && st->readers_open >= READERS_MAX)
		pthread_cond_wait(&st->idle, &st->mu);
	struct conn *c = st->readers;
	if (c != NULL)
		st->readers = c->next;
	else
		st->readers_open++;
	pthread_mutex_unlock(&st->mu);
	if (c != NULL) {
		*out = c;
		return OK;
	}
	enum code rc = store_reader_open(sc, st, out);
	if (rc != OK) {
		pthread_mutex_lock(&st->mu);
		st->readers_open--;
		pthread_cond_signal(&st->idle);
		pthread_mutex_unlock(&st->mu);
	}
	return rc;
}

static void
reader_give_back(struct store *st, struct conn *c)
{
	pthread_mutex_lock(&st->mu);
	c->next = st->readers;
	st->readers = c;
	pthread_cond_signal(&st->idle);
	pthread_mutex_unlock(&st->mu);
}

static int
deadline_passed(void *arg)
{
	const struct scope *sc = arg;
	return clock_mono_ms() >= sc->deadline_ms;
}

static enum code
run_read(struct scope *sc, struct store *st, struct conn *c, tx_fn *fn, void *arg)
{
	int result = conn_exec(c, "BEGIN");
	if (result != SQLITE_OK)
		return conn_fail(sc, c, result, "BEGIN");
	if (sc->deadline_ms != 0)
		sqlite3_progress_handler(c->db, DEADLINE_STEPS, deadline_passed, sc);
	struct tx tx = {.store = st, .conn = c, .now_ms = clock_now_ms(st->clock)};
	enum code rc = fn(sc, &tx, arg);
	sqlite3_progress_handler(c->db, 0, NULL, NULL);
	conn_finish_rows(c);
	if (sqlite3_get_autocommit(c->db) == 0)
		(void)conn_exec(c, "ROLLBACK");
	return rc;
}

enum code
store_read(struct scope *sc, struct store *st, tx_fn *fn, void *arg)
{
	TRY(scope_check_deadline(sc));
	struct conn *c;
	TRY(reader_take(sc, st, &c));
	enum code rc = run_read(sc, st, c, fn, arg);
	reader_give_back(st, c);
	return rc;
}

/* --- writing --- */

enum code
store_write_async(struct store *st, struct write *w)
{
	if (st->read_only)
		return fail(w->sc, E_UNAVAILABLE, "the store is open for reading only");
	return lane_push(st->lanes[w->lane], w);
}

struct waiter {
	pthread_mutex_t mu;
	pthread_cond_t ended;
	bool done;
};

static void
wake(struct write *w)
{
	struct waiter *me = w->user;
	pthread_mutex_lock(&me->mu);
	me->done = true;
	pthread_cond_signal(&me->ended);
	pthread_mutex_unlock(&me->mu);
}

enum code
store_write(struct scope *sc, struct store *st, enum lane lane, tx_fn *fn, void *arg)
{
	assert(!lane_is_this_thread(st->lanes[LANE_MAIN]) && !lane_is_this_thread(st->lanes[LANE_POSITIONS]));
	struct waiter me = {.done = false};
	struct write w = {.sc = sc, .lane = lane, .fn = fn, .arg = arg, .done = wake, .user = &me};
	pthread_mutex_init(&me.mu, NULL);
	pthread_cond_init(&me.ended, NULL);
	enum code rc = store_write_async(st, &w);
	if (rc == OK) {
		pthread_mutex_lock(&me.mu);
		while (!me.done)
			pthread_cond_wait(&me.ended, &me.mu);
		pthread_mutex_unlock(&me.mu);
		rc = w.rc;
	}
	pthread_mutex_destroy(&me.mu);
	pthread_cond_destroy(&me.ended);
	return rc;
}
