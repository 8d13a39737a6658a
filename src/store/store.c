/* Opening, closing, the reader pool, and the two ways into a transaction.
 *
 *	DIR/waybill.lock   held (fcntl) by the process that serves the directory
 *
 * Where the tables are is the backend's matter (backend.h). Everybody sees both
 * lanes' tables by their plain names, which are therefore unique across both.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/backend.h"
#include "store/event.h"
#include "store/lane.h"
#include "store/migrate.h"
#include "store/where.h"

/* Beyond it a reader waits for another to finish. */
#define READERS_MAX 16

struct store {
	struct clock *clock;
	struct random *random;
	const struct backend *be;
	struct database *db;
	int lock_fd;
	bool read_only;
	const struct schema *const *schemas;
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

/* A connection to a lane's tables, which are up to date. */
static enum code
open_lane(struct scope *sc, struct store *st, const struct store_options *opt, enum lane lane, struct conn **out)
{
	bool positions = lane == LANE_POSITIONS;
	struct conn *c;
	TRY(st->be->connect_lane(sc, st->db, lane, opt->read_only, &c));
	enum code rc = opt->read_only ? migrate_verify(sc, c, opt, positions) : migrate_lane(sc, c, opt, positions);
	if (rc != OK) {
		st->be->disconnect(c);
		return rc;
	}
	*out = c;
	return OK;
}

static enum code
start_lanes(struct scope *sc, struct store *st, struct conn *lanes[static 2])
{
	for (int lane = 0; lane < 2; lane++) {
		struct conn *c = lanes[lane];
		TRY(st->be->see_other(sc, st->db, c, (enum lane)lane));
		lanes[lane] = NULL; /* the lane's from here */
		TRY(lane_open(sc, st, c, &st->lanes[lane]));
	}
	return OK;
}

static enum code
open_lanes(struct scope *sc, struct store *st, const struct store_options *opt)
{
	struct conn *lanes[2] = {NULL, NULL};
	enum code rc = open_lane(sc, st, opt, LANE_MAIN, &lanes[LANE_MAIN]);
	if (rc == OK)
		rc = open_lane(sc, st, opt, LANE_POSITIONS, &lanes[LANE_POSITIONS]);
	if (rc == OK && !st->read_only)
		rc = start_lanes(sc, st, lanes);
	for (int lane = 0; lane < 2; lane++)
		if (lanes[lane] != NULL)
			st->be->disconnect(lanes[lane]);
	return rc;
}

static enum code
open_database(struct scope *sc, struct store *st, const char *dir, const struct store_options *opt)
{
	if (!opt->read_only)
		TRY(lock_directory(sc, dir, &st->lock_fd));
	bool elsewhere;
	struct where where;
	TRY(where_read(sc, dir, &elsewhere, &where));
	st->be = elsewhere ? &postgres_backend : &sqlite_backend;
	TRY(st->be->open(sc, dir, &where, &st->db));
	return open_lanes(sc, st, opt);
}

enum code
store_open(struct scope *sc, const char *dir, const struct store_options *opt, struct store **out)
{
	struct stat at;
	if (stat(dir, &at) != 0 || !S_ISDIR(at.st_mode))
		return fail(sc, E_NOT_FOUND, "%s is no data directory", dir);
	struct store *st = calloc(1, sizeof *st);
	if (st == NULL)
		return fail(sc, E_MEMORY, "no memory for a store");
	*st = (struct store){.clock = opt->clock,
			     .random = opt->random,
			     .lock_fd = -1,
			     .read_only = opt->read_only,
			     .schemas = opt->schemas};
	pthread_mutex_init(&st->listeners_mu, NULL);
	pthread_mutex_init(&st->mu, NULL);
	pthread_cond_init(&st->idle, NULL);
	enum code rc = open_database(sc, st, dir, opt);
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
		st->be->disconnect(c);
	}
	lane_close(st->lanes[LANE_MAIN]);
	lane_close(st->lanes[LANE_POSITIONS]);
	if (st->db != NULL)
		st->be->close(st->db);
	if (st->lock_fd >= 0)
		close(st->lock_fd);
	pthread_mutex_destroy(&st->listeners_mu);
	pthread_mutex_destroy(&st->mu);
	pthread_cond_destroy(&st->idle);
	free(st);
}

enum code
store_check(struct scope *sc, struct store *st)
{
	return st->be->check(sc, st->db);
}

const struct backend *
store_backend(const struct store *st)
{
	return st->be;
}

/* Into files that are there under their names only when they are whole. */
static enum code
copy_into_files(struct scope *sc, struct store *st, const char *to_dir)
{
	static const char *const names[] = {"positions.db", "waybill.db"};
	struct store_options opt = {.clock = st->clock, .random = st->random, .schemas = st->schemas};
	struct store *files;
	char *beside = path_join(sc, to_dir, "copying");
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (file_exists(path_join(sc, to_dir, names[i])))
			return fail(sc, E_CONFLICT, "%s holds a database already", to_dir);
	TRY(file_make_dirs(sc, beside, 0700));
	enum code rc = store_open(sc, beside, &opt, &files);
	if (rc == OK) {
		rc = store_copy(sc, st, files);
		store_close(files);
	}
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *from = path_join(sc, beside, names[i]);
		if (rc == OK && rename(from, path_join(sc, to_dir, names[i])) != 0)
			rc = fail(sc, E_IO, "%s: %s", from, strerror(errno));
		(void)unlink(from);
	}
	(void)unlink(path_join(sc, beside, "waybill.lock"));
	(void)rmdir(beside);
	return rc;
}

enum code
store_backup(struct scope *sc, struct store *st, const char *to_dir)
{
	return st->be->backup != NULL ? st->be->backup(sc, st->db, to_dir) : copy_into_files(sc, st, to_dir);
}

/* --- reading --- */

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
	enum code rc = st->be->connect_reader(sc, st->db, out);
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

static enum code
run_read(struct scope *sc, struct store *st, struct conn *c, tx_fn *fn, void *arg)
{
	TRY(st->be->control(sc, c, BEGIN_READ));
	st->be->watch(c, sc);
	struct tx tx = {.store = st, .conn = c, .now_ms = clock_now_ms(st->clock)};
	enum code rc = fn(sc, &tx, arg);
	st->be->watch(c, NULL);
	st->be->roll_back(c);
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
