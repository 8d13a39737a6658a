/* store: transactions, statements, groups, events, files. */
#include "store_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/text.h"

static const char *const note_migrations[] = {
    "CREATE TABLE note(id TEXT PRIMARY KEY, n INTEGER NOT NULL CHECK (n >= 0), body BLOB, weight REAL, name TEXT "
    "UNIQUE) STRICT;"
    "CREATE TABLE child(id TEXT PRIMARY KEY, note_id TEXT NOT NULL REFERENCES note(id) DEFERRABLE INITIALLY DEFERRED) "
    "STRICT;",
    "ALTER TABLE note ADD COLUMN extra TEXT;", NULL};
static const struct schema note_schema = {.room = "note", .migrations = note_migrations};
static const char *const track_migrations[] = {
    "CREATE TABLE track(seq INTEGER PRIMARY KEY, note_id TEXT NOT NULL, lat_e7 INTEGER NOT NULL) STRICT;", NULL};
static const struct schema track_schema = {.room = "track", .migrations = track_migrations, .positions = true};
static const struct schema *const schemas[] = {&note_schema, &track_schema, NULL};

struct add {
	const char *id;
	int64_t n;
	const char *name;
	int64_t found;
	enum code expect;
	int runs;
};

static enum code
add_note(struct scope *sc, struct tx *tx, void *arg)
{
	struct add *a = arg;
	a->runs++;
	return sql_run(sc, tx, "INSERT INTO note(id, n, name) VALUES ($1, $2, $3)",
		       VALS(v_text(a->id), v_int(a->n), v_text(a->name)), NULL);
}

static enum code
count_notes(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM note", NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static int64_t
notes(struct store_fixture *f)
{
	int64_t n = -1;
	assert_ok(&f->sc, store_read(&f->sc, f->store, count_notes, &n));
	return n;
}

static enum code
add(struct store_fixture *f, const char *id, int64_t n, const char *name)
{
	struct add a = {.id = id, .n = n, .name = name};
	return store_write(&f->sc, f->store, LANE_MAIN, add_note, &a);
}

static void
what_was_written_is_read_back_after_reopening(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(add(&f, "a", 1, "one"), OK);
	store_fixture_stop(&f);
	char wal[96];
	snprintf(wal, sizeof wal, "%s/waybill.db-wal", f.dir);
	assert_false(file_exists(wal)); /* a clean end leaves two plain files */
	snprintf(wal, sizeof wal, "%s/positions.db-wal", f.dir);
	assert_false(file_exists(wal));
	store_fixture_start(&f);
	assert_int_equal(notes(&f), 1);
	store_fixture_close(&f);
}

static enum code
all_kinds(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	const uint8_t bytes[] = {0, 1, 2, 0, 255};
	/* $2 before $1: values go by number, not by appearance. */
	TRY(sql_run(sc, tx, "INSERT INTO note(n, id, body, weight, name) VALUES ($2, $1, $3, $4, $5)",
		    VALS(v_text("k"), v_int(INT64_MAX), v_blob(bytes, sizeof bytes), v_real(1.5), v_null()), NULL));
	TRY(sql_run(sc, tx, "INSERT INTO note(id, n, body) VALUES ($1, 0, $2)", VALS(v_text("e"), v_blob("", 0)),
		    NULL));
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT n, id, body, weight, name FROM note WHERE id = $1", VALS(v_text("k"))));
	assert_true(row_int(r, 0) == INT64_MAX);
	assert_string_equal(row_text(sc, r, 1), "k");
	size_t n;
	assert_memory_equal(row_blob(sc, r, 2, &n), bytes, sizeof bytes);
	assert_int_equal(n, sizeof bytes);
	assert_true(row_real(r, 3) == 1.5);
	assert_true(row_null(r, 4));
	assert_null(row_text(sc, r, 4));
	assert_int_equal(row_int(r, 4), 0);
	TRY(sql_one(sc, tx, &r, "SELECT body FROM note WHERE id = 'e'", NO_VALS));
	assert_false(row_null(r, 0));
	assert_non_null(row_blob(sc, r, 0, &n));
	assert_int_equal(n, 0);
	return OK;
}

static void
values_of_every_kind_go_in_and_out(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, all_kinds, NULL));
	store_fixture_close(&f);
}

static enum code
walk_nested(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	static const char sql[] = "SELECT id FROM note ORDER BY id";
	struct rows *outer;
	int seen = 0;
	TRY(sql_query(sc, tx, &outer, sql, NO_VALS));
	while (row_next(outer)) {
		struct rows *inner; /* the same text while the first is still giving */
		TRY(sql_query(sc, tx, &inner, sql, NO_VALS));
		assert_true(row_next(inner));
		if (seen % 2 == 0) {
			while (row_next(inner))
				continue;
			TRY(rows_end(sc, inner));
		}
		seen++;
	}
	TRY(rows_end(sc, outer));
	assert_int_equal(seen, 5);
	TRY(sql_query(sc, tx, &outer, sql, NO_VALS));
	assert_true(row_next(outer)); /* and left open: the end of the transaction tidies up */
	return OK;
}

static void
the_same_query_may_run_inside_itself(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	for (int i = 0; i < 5; i++)
		assert_int_equal(add(&f, scope_printf(&f.sc, "%d", i), i, NULL), OK);
	for (int i = 0; i < 3; i++)
		assert_ok(&f.sc, store_read(&f.sc, f.store, walk_nested, NULL));
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, walk_nested, NULL));
	store_fixture_close(&f);
}

static void
refusals_have_their_codes_and_leave_nothing(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(add(&f, "a", 1, "one"), OK);
	assert_int_equal(add(&f, "a", 1, NULL), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "duplicate");
	assert_int_equal(add(&f, "b", 1, "one"), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "duplicate");
	assert_int_equal(add(&f, "b", -1, NULL), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "check");
	assert_int_equal(notes(&f), 1);
	store_fixture_close(&f);
}

static enum code
orphan(struct scope *sc, struct tx *tx, void *arg)
{
	return sql_run(sc, tx, "INSERT INTO child(id, note_id) VALUES ($1, 'nobody')", VALS(v_text(arg)), NULL);
}

static void
a_deferred_reference_is_refused_at_the_commit(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, orphan, &(char[]){"c"}), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "reference");
	store_fixture_close(&f);
}

static enum code
misuse(struct scope *sc, struct tx *tx, void *arg)
{
	switch (*(int *)arg) {
	case 0: return sql_run(sc, tx, "DELETE FROM note WHERE id = $1", NO_VALS, NULL);
	case 1: return sql_run(sc, tx, "DELETE FROM note WHERE id = ?", VALS(v_int(1)), NULL);
	case 2: return sql_run(sc, tx, "DELETE FROM note; DELETE FROM note", NO_VALS, NULL);
	case 3: return sql_run(sc, tx, "SELECT 1", NO_VALS, NULL);
	case 4: return sql_run(sc, tx, "DELETE FROM nowhere", NO_VALS, NULL);
	case 5: return sql_run(sc, tx, "", NO_VALS, NULL);
	case 6: { /* swallowing a failed statement: PostgreSQL would refuse the rest, so do we */
		enum code rc = sql_run(sc, tx, "INSERT INTO note(id, n) VALUES ('x', -1)", NO_VALS, NULL);
		return rc == E_CONFLICT ? OK : rc;
	}
	default: return sql_run(sc, tx, "UPDATE track SET lat_e7 = 0", NO_VALS, NULL); /* the other lane's */
	}
}

static void
mistakes_of_ours_are_named(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	for (int i = 0; i < 8; i++)
		assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, misuse, &i), E_INTERNAL);
	int zero = 0;
	assert_int_equal(store_read(&f.sc, f.store, misuse, &zero), E_INTERNAL);
	struct add a = {.id = "a", .n = 1};
	assert_int_equal(store_read(&f.sc, f.store, add_note, &a), E_INTERNAL);
	assert_int_equal(notes(&f), 0);
	store_fixture_close(&f);
}

static enum code
add_position(struct scope *sc, struct tx *tx, void *arg)
{
	/* Reads the main file, writes its own. */
	return sql_run(sc, tx, "INSERT INTO track(note_id, lat_e7) SELECT id, 577000000 FROM note WHERE id = $1",
		       VALS(v_text(arg)), NULL);
}

static enum code
count_positions(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM track JOIN note ON note.id = track.note_id", NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static void
each_lane_reads_both_files(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(add(&f, "a", 1, NULL), OK);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_POSITIONS, add_position, &(char[]){"a"}));
	int64_t n = 0;
	assert_ok(&f.sc, store_read(&f.sc, f.store, count_positions, &n));
	assert_int_equal(n, 1);
	n = 0;
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, count_positions, &n));
	assert_int_equal(n, 1);
	store_fixture_close(&f);
}

/* --- groups --- */

struct crowd {
	pthread_mutex_t mu;
	pthread_cond_t all;
	int left;
};

static void
one_less(struct write *w)
{
	struct crowd *c = w->user;
	pthread_mutex_lock(&c->mu);
	c->left--;
	pthread_cond_signal(&c->all);
	pthread_mutex_unlock(&c->mu);
}

static enum code
sleep_a_little(struct scope *sc, struct tx *tx, void *arg)
{
	(void)sc;
	(void)tx;
	(void)arg;
	usleep(50000); /* the others queue up behind: one group */
	return OK;
}

static enum code
retry_twice(struct scope *sc, struct tx *tx, void *arg)
{
	struct add *a = arg;
	TRY(add_note(sc, tx, arg));
	return a->runs < 3 ? fail(sc, E_RETRY, "once more") : OK;
}

static void
neighbours_in_a_group_do_not_disturb_each_other(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	enum { N = 60 };
	struct crowd crowd = {.left = N + 1};
	pthread_mutex_init(&crowd.mu, NULL);
	pthread_cond_init(&crowd.all, NULL);
	struct scope sc[N + 1];
	struct write w[N + 1];
	struct add a[N];
	scope_init(&sc[N]);
	w[N] = (struct write){.sc = &sc[N], .fn = sleep_a_little, .done = one_less, .user = &crowd};
	assert_ok(&sc[N], store_write_async(f.store, &w[N]));
	for (int i = 0; i < N; i++) {
		scope_init(&sc[i]);
		a[i] = (struct add){.id = scope_printf(&f.sc, "n%d", i), .n = i % 3 == 0 ? -1 : i};
		a[i].expect = i % 3 == 0 || i % 10 == 7 ? E_CONFLICT : OK;
		tx_fn *fn = i % 5 == 0 ? retry_twice : add_note;
		w[i] = (struct write){.sc = &sc[i], .fn = fn, .arg = &a[i], .done = one_less, .user = &crowd};
		if (i % 10 == 7) { /* fails only when the group commits */
			w[i].fn = orphan;
			w[i].arg = (void *)(uintptr_t)a[i].id;
		}
		assert_ok(&sc[i], store_write_async(f.store, &w[i]));
	}
	pthread_mutex_lock(&crowd.mu);
	while (crowd.left > 0)
		pthread_cond_wait(&crowd.all, &crowd.mu);
	pthread_mutex_unlock(&crowd.mu);
	int64_t good = 0;
	for (int i = 0; i < N; i++) {
		assert_int_equal(w[i].rc, a[i].expect);
		good += a[i].expect == OK;
		scope_release(&sc[i]);
	}
	scope_release(&sc[N]);
	assert_int_equal(notes(&f), good);
	pthread_mutex_destroy(&crowd.mu);
	pthread_cond_destroy(&crowd.all);
	store_fixture_close(&f);
}

static enum code
always_retry(struct scope *sc, struct tx *tx, void *arg)
{
	(void)tx;
	++*(int *)arg;
	return fail(sc, E_RETRY, "never");
}

static void
a_write_is_not_retried_for_ever(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	int runs = 0;
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, always_retry, &runs), E_RETRY);
	assert_true(runs > 1 && runs < 20);
	store_fixture_close(&f);
}

static enum code
spin(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	struct rows *r;
	return sql_one(sc, tx, &r,
		       "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1000000000) "
		       "SELECT COUNT(*) FROM c",
		       NO_VALS);
}

static void
a_read_ends_at_its_deadline(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	f.sc.deadline_ms = clock_mono_ms() + 50;
	assert_int_equal(store_read(&f.sc, f.store, spin, NULL), E_DEADLINE);
	f.sc.deadline_ms = 0;
	assert_int_equal(notes(&f), 0); /* the connection is as good as before */
	store_fixture_close(&f);
}

/* --- readers and writers at once --- */

struct mixed {
	struct store *store;
	int id;
	int wrong;
};

static enum code
move_weight(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	TRY(sql_run(sc, tx, "UPDATE note SET n = n + 1 WHERE id = 'l'", NO_VALS, NULL));
	return sql_run(sc, tx, "UPDATE note SET n = n - 1 WHERE id = 'r'", NO_VALS, NULL);
}

static enum code
sum_is_kept(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT n FROM note WHERE id = 'l'", NO_VALS));
	int64_t l = row_int(r, 0);
	TRY(sql_one(sc, tx, &r, "SELECT n FROM note WHERE id = 'r'", NO_VALS));
	*(bool *)arg = l + row_int(r, 0) == 1000;
	return OK;
}

static void *
mixed_main(void *arg)
{
	struct mixed *m = arg;
	struct scope sc;
	scope_init(&sc);
	for (int i = 0; i < 100; i++) {
		bool kept = true;
		enum code rc = m->id % 2 == 0 ? store_write(&sc, m->store, LANE_MAIN, move_weight, NULL)
					      : store_read(&sc, m->store, sum_is_kept, &kept);
		m->wrong += rc != OK || !kept;
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void
readers_see_whole_transactions(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(add(&f, "l", 0, NULL), OK);
	assert_int_equal(add(&f, "r", 1000, NULL), OK);
	enum { N = 20 }; /* more than there are reader connections */
	pthread_t t[N];
	struct mixed m[N];
	for (int i = 0; i < N; i++) {
		m[i] = (struct mixed){.store = f.store, .id = i};
		assert_int_equal(pthread_create(&t[i], NULL, mixed_main, &m[i]), 0);
	}
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(m[i].wrong, 0);
	}
	store_fixture_close(&f);
}

/* --- events --- */

static enum code
emit(struct scope *sc, struct tx *tx, void *arg)
{
	bool bad = arg != NULL;
	json_t *data = json_new_object(sc);
	json_put_int(data, "n", 1);
	TRY(event_emit(sc, tx, "opr_1", NULL, FOR_STAFF, "block.opened", "blk_1", data));
	TRY(event_emit(sc, tx, "opr_1", "drv_1", FOR_BOTH, "duty.opened", "dty_1", NULL));
	TRY(event_emit(sc, tx, "opr_1", "drv_2", FOR_DRIVER, "offer.made", "blk_2", NULL));
	TRY(event_emit(sc, tx, "opr_2", "drv_1", FOR_BOTH, "duty.opened", "dty_9", NULL));
	return bad ? fail(sc, E_INVALID, "no") : OK;
}

struct look {
	const char *driver;
	struct event *e;
	size_t n;
	int64_t last;
};

static enum code
look_at_events(struct scope *sc, struct tx *tx, void *arg)
{
	struct look *l = arg;
	TRY(events_last(sc, tx, &l->last));
	return events_after(sc, tx, "opr_1", l->driver, 0, 10, &l->e, &l->n);
}

static void
heard(void *arg, int64_t last_seq)
{
	atomic_store((_Atomic int64_t *)arg, last_seq);
}

static void
events_reach_their_audience_only(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	_Atomic int64_t last = 0;
	store_on_events(f.store, heard, &last);
	assert_int_equal(store_write(&f.sc, f.store, LANE_MAIN, emit, &(char[]){"bad"}), E_INVALID);
	assert_int_equal(atomic_load(&last), 0);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, emit, NULL));
	struct look l = {.driver = NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, look_at_events, &l));
	assert_int_equal(l.n, 2);
	assert_int_equal(l.last, atomic_load(&last));
	assert_string_equal(l.e[0].kind, "block.opened");
	assert_string_equal(l.e[0].data, "{\"n\":1}");
	assert_null(l.e[0].driver_id);
	assert_true(l.e[0].at_ms == FIXTURE_START_MS);
	assert_string_equal(l.e[1].driver_id, "drv_1");
	l.driver = "drv_1";
	assert_ok(&f.sc, store_read(&f.sc, f.store, look_at_events, &l));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.e[0].subject, "dty_1");
	l.driver = "drv_2";
	assert_ok(&f.sc, store_read(&f.sc, f.store, look_at_events, &l));
	assert_int_equal(l.n, 1);
	assert_string_equal(l.e[0].kind, "offer.made");
	store_fixture_close(&f);
}

/* --- opening --- */

static enum code
open_as(struct store_fixture *f, const struct schema *const *list, bool read_only)
{
	struct store_options opt = {.clock = &f->clock, .random = &f->random, .schemas = list, .read_only = read_only};
	struct store *st = NULL;
	enum code rc = store_open(&f->sc, f->dir, &opt, &st);
	store_close(st);
	return rc;
}

static void
only_the_right_versions_open(void **state)
{
	(void)state;
	static const char *const edited[] = {"CREATE TABLE note(id TEXT PRIMARY KEY) STRICT;",
					     "ALTER TABLE note ADD COLUMN extra TEXT;", NULL};
	static const struct schema edited_schema = {.room = "note", .migrations = edited};
	static const struct schema *const with_edited[] = {&edited_schema, &track_schema, NULL};
	static const char *const shorter[] = {NULL};
	static const struct schema older_schema = {.room = "track", .migrations = shorter, .positions = true};
	static const struct schema *const older[] = {&note_schema, &older_schema, NULL};
	static const struct schema *const fewer[] = {&note_schema, NULL};
	static const char *const broken_migrations[] = {"CREATE TABLE fine(id TEXT) STRICT; CREATE TABLE;", NULL};
	static const struct schema broken_schema = {.room = "broken", .migrations = broken_migrations};
	static const struct schema *const broken[] = {&note_schema, &track_schema, &broken_schema, NULL};
	static const char *const more_migrations[] = {"CREATE TABLE fine(id TEXT) STRICT;", NULL};
	static const struct schema more_schema = {.room = "broken", .migrations = more_migrations};
	static const struct schema *const more[] = {&note_schema, &track_schema, &more_schema, NULL};
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	store_fixture_stop(&f);
	assert_int_equal(open_as(&f, with_edited, false), E_CORRUPT);
	assert_int_equal(open_as(&f, older, false), E_CORRUPT);
	assert_int_equal(open_as(&f, fewer, false), E_CORRUPT);
	assert_int_equal(open_as(&f, fewer, true), OK);
	assert_int_equal(open_as(&f, more, true), E_CONFLICT);
	assert_int_equal(open_as(&f, broken, false), E_INTERNAL);
	assert_int_equal(open_as(&f, more, false), OK); /* the broken step left nothing behind */
	store_fixture_close(&f);
}

static void
a_place_that_is_no_store_is_refused(void **state)
{
	(void)state;
	struct store_fixture f;
	if (store_fixture_on_postgres())
		skip(); /* test_postgres has its own */
	store_fixture_open(&f, schemas);
	store_fixture_stop(&f);
	char path[96];
	snprintf(path, sizeof path, "%s/waybill.db", f.dir);
	uint8_t *bytes;
	size_t n;
	assert_ok(&f.sc, file_read(&f.sc, path, 1 << 24, &bytes, &n));
	assert_ok(&f.sc,
		  file_write(&f.sc, path, "this is a text, not a database, and longer than a header is", 59, 0600));
	assert_int_equal(open_as(&f, schemas, false), E_CORRUPT);
	memset(bytes + n / 2, 0x5a, n / 4);
	assert_ok(&f.sc, file_write(&f.sc, path, bytes, n, 0600));
	assert_int_equal(open_as(&f, schemas, false), E_CORRUPT);
	char dir[64];
	memcpy(dir, f.dir, sizeof dir);
	snprintf(f.dir, sizeof f.dir, "/nonexistent");
	assert_int_equal(open_as(&f, schemas, false), E_NOT_FOUND);
	memcpy(f.dir, dir, sizeof dir);
	store_fixture_close(&f);
}

static void
readers_open_beside_a_running_server(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_int_equal(add(&f, "a", 1, NULL), OK);
	struct store_options opt = {.clock = &f.clock, .random = &f.random, .schemas = schemas, .read_only = true};
	struct store *st;
	assert_ok(&f.sc, store_open(&f.sc, f.dir, &opt, &st));
	int64_t n = 0;
	assert_ok(&f.sc, store_read(&f.sc, st, count_notes, &n));
	assert_int_equal(n, 1);
	struct add a = {.id = "b", .n = 1};
	assert_int_equal(store_write(&f.sc, st, LANE_MAIN, add_note, &a), E_UNAVAILABLE);
	store_close(st);
	store_fixture_close(&f);
}

/* The other process: says when it has opened, then holds on. */
static void
hold_open(struct store_fixture *f, int say)
{
	store_fixture_start(f);
	if (write(say, "x", 1) == 1)
		pause();
	_exit(1);
}

static void
one_process_serves_a_directory(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	store_fixture_stop(&f);
	int p[2];
	assert_int_equal(pipe(p), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		hold_open(&f, p[1]);
	char x;
	assert_int_equal(read(p[0], &x, 1), 1);
	assert_int_equal(open_as(&f, schemas, false), E_CONFLICT);
	assert_string_equal(f.sc.err.reason, "in-use");
	assert_int_equal(open_as(&f, schemas, true), OK); /* to look, one may */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(open_as(&f, schemas, false), OK);
	close(p[0]);
	close(p[1]);
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_written_is_read_back_after_reopening),
	    cmocka_unit_test(values_of_every_kind_go_in_and_out),
	    cmocka_unit_test(the_same_query_may_run_inside_itself),
	    cmocka_unit_test(refusals_have_their_codes_and_leave_nothing),
	    cmocka_unit_test(a_deferred_reference_is_refused_at_the_commit),
	    cmocka_unit_test(mistakes_of_ours_are_named),
	    cmocka_unit_test(each_lane_reads_both_files),
	    cmocka_unit_test(neighbours_in_a_group_do_not_disturb_each_other),
	    cmocka_unit_test(a_write_is_not_retried_for_ever),
	    cmocka_unit_test(a_read_ends_at_its_deadline),
	    cmocka_unit_test(readers_see_whole_transactions),
	    cmocka_unit_test(events_reach_their_audience_only),
	    cmocka_unit_test(only_the_right_versions_open),
	    cmocka_unit_test(a_place_that_is_no_store_is_refused),
	    cmocka_unit_test(readers_open_beside_a_running_server),
	    cmocka_unit_test(one_process_serves_a_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
