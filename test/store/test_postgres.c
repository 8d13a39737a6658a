/* store on PostgreSQL: what only a server far away can do to it. Skips where
 * test/store/postgres has not provided one. */
#include "store_fixture.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>

#include "base/file.h"
#include "base/log.h"
#include "base/prng.h"
#include "base/text.h"

static const char *const note_migrations[] = {
    "CREATE TABLE note(writer INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(writer, n)) STRICT;"
    "CREATE TABLE total(writer INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, w TEXT, x REAL, b BLOB) STRICT;",
    NULL};
static const struct schema note_schema = {.room = "note", .migrations = note_migrations};
static const char *const track_migrations[] = {"CREATE TABLE track(n INTEGER PRIMARY KEY) STRICT;", NULL};
static const struct schema track_schema = {.room = "track", .migrations = track_migrations, .positions = true};
static const struct schema *const schemas[] = {&note_schema, &track_schema, NULL};

/* Somebody else's connection to the same server. */
static PGconn *
outsider(void)
{
	PGconn *pg = PQconnectdb(getenv("WAYBILL_TEST_STORE"));
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	return pg;
}

static int64_t
says(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_COMMAND_OK)
		fail_msg("%s: %s", sql, PQresultErrorMessage(r));
	int64_t n = PQntuples(r) > 0 ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	PQclear(r);
	return n;
}

/* --- values --- */

static enum code
odd_values(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	struct rows *r;
	static const double reals[] = {0.1, -1e300, 5e-324, 1.0 / 3};
	for (size_t i = 0; i < COUNT_OF(reals); i++) {
		TRY(sql_one(sc, tx, &r, "INSERT INTO word(w, x) VALUES ('a', $1) RETURNING x", VALS(v_real(reals[i]))));
		assert_true(memcmp(&(double){row_real(r, 0)}, &reals[i], 8) == 0);
	}
	/* whole numbers of every width, sums that pass int64, and fractions */
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT $1 + $2, SUM($1), SUM($1) + SUM($1), SUM($2), 12345678901234, 0.1, -2.5, 1 = 1, COUNT(*) > 9,"
	    " AVG($2), -123450000, 99990000.0001, CAST('x' AS TEXT), 'y', NULL FROM word",
	    VALS(v_int(INT64_MAX - 5), v_int(-4))));
	assert_true(row_int(r, 0) == INT64_MAX - 9);
	assert_true(row_real(r, 1) == 4 * (double)INT64_MAX);
	assert_true(row_real(r, 2) == 8 * (double)INT64_MAX);
	assert_int_equal(row_int(r, 3), -16);
	assert_true(row_int(r, 4) == INT64_C(12345678901234));
	assert_true(row_real(r, 5) == 0.1);
	assert_true(row_real(r, 6) == -2.5);
	assert_int_equal(row_int(r, 7), 1);
	assert_int_equal(row_int(r, 8), 0);
	assert_true(row_real(r, 9) == -4);
	assert_int_equal(row_int(r, 10), -123450000);
	assert_true(row_real(r, 11) == 99990000.0001);
	assert_string_equal(row_text(sc, r, 12), "x");
	assert_string_equal(row_text(sc, r, 13), "y");
	assert_true(row_null(r, 14));
	/* NULL first, then a value, then NULL again: one text, two statements */
	for (int i = 0; i < 4; i++) {
		struct val w = i % 2 == 0 ? v_null() : v_text("déjà");
		TRY(sql_run(sc, tx, "INSERT INTO word(w) VALUES ($1)", VALS(w), NULL));
	}
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(w) FROM word WHERE w <> 'a'", NO_VALS));
	assert_int_equal(row_int(r, 0), 2);
	return OK;
}

static void
numbers_of_every_width_are_read(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, odd_values, NULL));
	store_fixture_close(&f);
}

static enum code
order_words(struct scope *sc, struct tx *tx, void *arg)
{
	static const char *const words[] = {"a", "B", "ä", "Z", "_"};
	struct text t;
	struct rows *r;
	text_init(&t, sc);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		TRY(sql_run(sc, tx, "INSERT INTO word(w) VALUES ($1)", VALS(v_text(words[i])), NULL));
	TRY(sql_query(sc, tx, &r, "SELECT w FROM word WHERE w < 'b' OR w > 'z' ORDER BY w", NO_VALS));
	while (row_next(r))
		text_add(&t, row_text(sc, r, 0));
	*(const char **)arg = t.s;
	return rows_end(sc, r);
}

static void
text_is_ordered_by_bytes(void **state)
{
	(void)state;
	struct store_fixture f;
	const char *got = NULL;
	store_fixture_open(&f, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, order_words, &got));
	assert_string_equal(got, "BZ_aä");
	store_fixture_close(&f);
}

/* --- more statements than are kept --- */

static enum code
many_texts(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	for (int i = 0; i < 700; i++) {
		int k = (i * 7) % 600;
		TRY(sql_one(sc, tx, &r, scope_printf(sc, "SELECT $1 + %d", k), VALS(v_int(1))));
		if (row_int(r, 0) != k + 1)
			return fail(sc, E_INTERNAL, "%d", k);
	}
	(void)arg;
	return OK;
}

static void
statements_beyond_the_cache_are_prepared_anew(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	for (int i = 0; i < 2; i++)
		assert_ok(&f.sc, store_read(&f.sc, f.store, many_texts, NULL));
	store_fixture_close(&f);
}

/* --- whose schema --- */

static enum code
open_dir(struct store_fixture *f, const char *dir)
{
	struct store_options opt = {.clock = &f->clock, .random = &f->random, .schemas = schemas};
	struct store *st = NULL;
	enum code rc = store_open(&f->sc, dir, &opt, &st);
	store_close(st);
	return rc;
}

static void
a_schema_belongs_to_one_directory(void **state)
{
	(void)state;
	struct store_fixture f;
	struct store_fixture other;
	struct random os;
	const char *url = getenv("WAYBILL_TEST_STORE");
	random_init_os(&os);
	store_fixture_open(&f, schemas);
	store_fixture_open(&other, schemas);
	store_fixture_stop(&f);
	uint8_t *bytes;
	size_t n;
	char *schema = NULL;
	assert_ok(&f.sc, file_read(&f.sc, path_join(&f.sc, f.dir, "store.json"), 4096, &bytes, &n));
	schema = strstr((char *)bytes, "tst_");
	schema = scope_strndup(&f.sc, schema, strcspn(schema, "\""));
	/* the same schema, another directory */
	char *second = scope_printf(&f.sc, "%s/second", f.dir);
	assert_ok(&f.sc, file_make_dirs(&f.sc, second, 0700));
	assert_ok(&f.sc, store_choose(&f.sc, &os, second, url, schema));
	assert_int_equal(store_choose(&f.sc, &os, second, url, schema), E_CONFLICT);
	assert_int_equal(open_dir(&f, second), E_CORRUPT);
	/* a schema with tables of somebody else's */
	PGconn *pg = outsider();
	char *taken = scope_printf(&f.sc, "%s_taken", schema);
	says(pg, scope_printf(&f.sc, "CREATE SCHEMA %s", taken));
	says(pg, scope_printf(&f.sc, "CREATE TABLE %s.invoice(n INT)", taken));
	char *third = scope_printf(&f.sc, "%s/third", f.dir);
	assert_ok(&f.sc, file_make_dirs(&f.sc, third, 0700));
	assert_ok(&f.sc, store_choose(&f.sc, &os, third, url, taken));
	assert_int_equal(open_dir(&f, third), E_CORRUPT);
	/* nobody answers */
	char *fourth = scope_printf(&f.sc, "%s/fourth", f.dir);
	assert_ok(&f.sc, file_make_dirs(&f.sc, fourth, 0700));
	assert_ok(&f.sc, store_choose(&f.sc, &os, fourth, "postgresql://waybill@/postgres?host=/nonexistent", NULL));
	assert_int_equal(open_dir(&f, fourth), E_UNAVAILABLE);
	PQfinish(pg);
	store_fixture_close(&other);
	store_fixture_close(&f);
}

static void
an_address_with_a_secret_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
	    "postgres://waybill:secret@db/waybill",
	    "postgres://waybill@db/waybill?password=secret",
	    "mysql://db/waybill",
	    "postgres://db/waybill?colour=red",
	    "host=db dbname=waybill",
	};
	static const char *const bad_schemas[] = {"",	 "Waybill", "pg_catalog",
						  "a b", "1st",	    "w\"; DROP SCHEMA public; --"};
	struct scope sc;
	struct random os;
	char dir[] = "/tmp/waybill-test-XXXXXX";
	scope_init(&sc);
	random_init_os(&os);
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(store_choose(&sc, &os, dir, bad[i], NULL), E_INVALID);
	for (size_t i = 0; i < COUNT_OF(bad_schemas); i++)
		assert_int_equal(store_choose(&sc, &os, dir, "postgres:///waybill", bad_schemas[i]), E_INVALID);
	assert_false(store_is_in(&sc, dir));
	assert_ok(&sc, store_choose(&sc, &os, dir, "postgres:///waybill", NULL));
	assert_true(store_is_in(&sc, dir));
	nftw(dir, store_fixture_remove_, 16, FTW_DEPTH | FTW_PHYS);
	scope_release(&sc);
}

/* --- connections that go --- */

enum { WRITERS = 6 };

struct writer {
	struct store *store;
	int id;
	int64_t n;
	_Atomic int64_t told; /* 1 … told were acknowledged */
	_Atomic bool *stop;
	int64_t refused, doubled, reads, reads_refused;
	enum code other;
};

/* A note and, beside it, the count of notes: both or none. */
static enum code
add_note(struct scope *sc, struct tx *tx, void *arg)
{
	const struct writer *w = arg;
	TRY(sql_run(sc, tx, "INSERT INTO note(writer, n) VALUES ($1, $2)", VALS(v_int(w->id), v_int(w->n)), NULL));
	return sql_run(sc, tx,
		       "INSERT INTO total(writer, n) VALUES ($1, 1) ON CONFLICT (writer) DO UPDATE SET n = total.n + 1",
		       VALS(v_int(w->id)), NULL);
}

static enum code
last_note(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	struct writer *w = arg;
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MAX(n), 0) FROM note WHERE writer = $1", VALS(v_int(w->id))));
	w->n = row_int(r, 0);
	return OK;
}

/* One after the other; what was refused may be there only if it was said to be
 * unknown, which is looked up before going on. */
static void *
writer_main(void *arg)
{
	struct writer *w = arg;
	struct scope sc;
	scope_init(&sc);
	while (!atomic_load(w->stop)) {
		w->n = atomic_load(&w->told) + 1;
		enum code rc = store_write(&sc, w->store, LANE_MAIN, add_note, w);
		bool unknown = text_eq(sc.err.reason, "commit-unknown");
		if (rc == OK) {
			atomic_store(&w->told, w->n);
		} else if (rc == E_UNAVAILABLE) {
			w->refused++;
		} else {
			w->doubled += rc == E_CONFLICT;
			w->other = rc;
			log_error(&sc, "write");
		}
		scope_clear(&sc);
		while (unknown && store_read(&sc, w->store, last_note, w) != OK && !atomic_load(w->stop))
			usleep(20000);
		if (unknown && w->n > atomic_load(&w->told))
			atomic_store(&w->told, w->n);
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void *
reader_main(void *arg)
{
	struct writer *w = arg;
	struct scope sc;
	scope_init(&sc);
	while (!atomic_load(w->stop)) {
		enum code rc = store_read(&sc, w->store, last_note, w);
		w->reads++;
		w->reads_refused += rc == E_UNAVAILABLE;
		if (rc != OK && rc != E_UNAVAILABLE)
			w->other = rc;
		scope_clear(&sc);
		usleep(500);
	}
	scope_release(&sc);
	return NULL;
}

static enum code
count_half(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*) FROM (SELECT writer, COUNT(*) AS n, MAX(n) AS last FROM note GROUP BY writer) AS c"
		    " JOIN total t ON t.writer = c.writer WHERE t.n <> c.n OR c.last <> c.n",
		    NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static void
all_there(struct store_fixture *f, struct writer *w)
{
	int64_t half = -1;
	assert_ok(&f->sc, store_read(&f->sc, f->store, count_half, &half));
	assert_int_equal(half, 0);
	for (int i = 0; i < WRITERS; i++) {
		int64_t told = atomic_load(&w[i].told);
		assert_ok(&f->sc, store_read(&f->sc, f->store, last_note, &w[i]));
		if (w[i].n != told)
			fail_msg("writer %d: told %" PRId64 ", there %" PRId64, i, told, w[i].n);
	}
}

/* Until every writer has been told of something new. */
static void
wait_for_work(const struct writer *w)
{
	int64_t until = clock_mono_ms() + 30000;
	for (int i = 0; i < WRITERS; i++)
		for (int64_t before = atomic_load(&w[i].told); atomic_load(&w[i].told) == before;) {
			assert_true(clock_mono_ms() < until);
			usleep(1000);
		}
}

typedef void disturb_fn(PGconn *pg);

static int64_t
under_load(struct store_fixture *f, disturb_fn *disturb, int times)
{
	_Atomic bool stop = false;
	struct prng r;
	struct writer w[WRITERS + 1] = {0};
	pthread_t t[WRITERS + 1];
	for (int i = 0; i <= WRITERS; i++) {
		w[i] = (struct writer){.store = f->store, .id = i, .stop = &stop};
		assert_ok(&f->sc, store_read(&f->sc, f->store, last_note, &w[i]));
		atomic_store(&w[i].told, w[i].n);
		assert_int_equal(pthread_create(&t[i], NULL, i < WRITERS ? writer_main : reader_main, &w[i]), 0);
	}
	prng_seed(&r, 5);
	for (int i = 0; i < times; i++) {
		wait_for_work(w);
		usleep((useconds_t)prng_below(&r, 30000));
		PGconn *pg = PQconnectdb(getenv("WAYBILL_TEST_STORE"));
		if (PQstatus(pg) == CONNECTION_OK)
			disturb(pg);
		PQfinish(pg);
	}
	wait_for_work(w);
	atomic_store(&stop, true);
	int64_t written = 0;
	for (int i = 0; i <= WRITERS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(w[i].other, OK);
		assert_int_equal(w[i].doubled, 0);
		written += atomic_load(&w[i].told);
	}
	all_there(f, w);
	print_message("%" PRId64 " notes; %" PRId64 " of %" PRId64 " reads refused\n", written,
		      w[WRITERS].reads_refused, w[WRITERS].reads);
	return written;
}

static void
end_sessions(PGconn *pg)
{
	says(pg, "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'waybill'");
}

/* The server takes one of its processes dying for a crash: it ends them all and recovers. */
static void
kill_a_process(PGconn *pg)
{
	int64_t pid = says(pg, "SELECT pid FROM pg_stat_activity WHERE application_name = 'waybill' ORDER BY random() "
			       "LIMIT 1");
	if (pid > 0)
		kill((pid_t)pid, SIGKILL);
}

static void
sessions_that_end_lose_nothing(void **state)
{
	(void)state;
	struct store_fixture f;
	log_set_level(LOG_ERROR);
	store_fixture_open(&f, schemas);
	assert_true(under_load(&f, end_sessions, 25) > 0);
	store_fixture_close(&f);
	log_set_level(LOG_INFO);
}

static void
a_crashing_server_loses_nothing(void **state)
{
	(void)state;
	struct store_fixture f;
	const char *more = getenv("WAYBILL_KILLS");
	log_set_level(LOG_ERROR);
	store_fixture_open(&f, schemas);
	assert_true(under_load(&f, kill_a_process, more == NULL ? 6 : (int)strtol(more, NULL, 10)) > 0);
	store_fixture_close(&f);
	log_set_level(LOG_INFO);
}

static enum code
break_inside(struct scope *sc, struct tx *tx, void *arg)
{
	int *runs = arg;
	++*runs;
	TRY(sql_run(sc, tx, "INSERT INTO note(writer, n) VALUES (77, 1)", NO_VALS, NULL));
	if (*runs == 1) {
		PGconn *pg = PQconnectdb(getenv("WAYBILL_TEST_STORE"));
		end_sessions(pg);
		PQfinish(pg);
	}
	return sql_run(sc, tx, "INSERT INTO note(writer, n) VALUES (77, 2)", NO_VALS, NULL);
}

static void
a_write_that_is_broken_off_runs_again(void **state)
{
	(void)state;
	struct store_fixture f;
	struct writer w = {.id = 77};
	int runs = 0;
	log_set_level(LOG_ERROR);
	store_fixture_open(&f, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, break_inside, &runs));
	assert_int_equal(runs, 2);
	assert_ok(&f.sc, store_read(&f.sc, f.store, last_note, &w));
	assert_int_equal(w.n, 2);
	store_fixture_close(&f);
	log_set_level(LOG_INFO);
}

/* --- copies --- */

enum { TRACKS = 2500 }; /* more than is fetched at once */

static enum code
fill(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	static const uint8_t bytes[] = {0, 255, 7};
	TRY(sql_run(sc, tx, "INSERT INTO note(writer, n) VALUES (1, -5), (2, 9007199254740993)", NO_VALS, NULL));
	TRY(sql_run(sc, tx, "INSERT INTO word(w, x, b) VALUES ($1, $2, $3), (NULL, NULL, NULL)",
		    VALS(v_text("åäö"), v_real(1.0 / 3), v_blob(bytes, sizeof bytes)), NULL));
	for (int i = 0; i < 3; i++)
		TRY(event_emit(sc, tx, "opr_1", "drv_1", FOR_BOTH, "duty.opened", "dty_1", NULL));
	/* numbers 2 and 3 were given, and must not be given again */
	return sql_run(sc, tx, "DELETE FROM event WHERE seq > 1", NO_VALS, NULL);
}

static enum code
fill_tracks(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	for (int i = 0; i < TRACKS; i++)
		TRY(sql_run(sc, tx, "INSERT INTO track(n) VALUES ($1)", VALS(v_int(i * 7)), NULL));
	return OK;
}

static enum code
all_as_text(struct scope *sc, struct tx *tx, void *arg)
{
	struct text t;
	struct rows *r;
	size_t n;
	text_init(&t, sc);
	TRY(sql_query(sc, tx, &r, "SELECT writer, n FROM note ORDER BY writer", NO_VALS));
	while (row_next(r))
		text_printf(&t, "%" PRId64 ":%" PRId64 " ", row_int(r, 0), row_int(r, 1));
	TRY(sql_query(sc, tx, &r, "SELECT w, x, b FROM word ORDER BY id", NO_VALS));
	while (row_next(r)) {
		const uint8_t *b = row_blob(sc, r, 2, &n);
		text_printf(&t, "%s:%.17g:%s ", row_null(r, 0) ? "NULL" : row_text(sc, r, 0), row_real(r, 1),
			    b == NULL ? "NULL" : hex_encode(sc, b, n));
	}
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*), SUM(n) FROM track", NO_VALS));
	text_printf(&t, "%" PRId64 ":%" PRId64 " ", row_int(r, 0), row_int(r, 1));
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*), MAX(seq) FROM event WHERE driver_id = 'drv_1'", NO_VALS));
	text_printf(&t, "%" PRId64 ":%" PRId64, row_int(r, 0), row_int(r, 1));
	*(const char **)arg = t.s;
	return OK;
}

static enum code
next_number(struct scope *sc, struct tx *tx, void *arg)
{
	TRY(event_emit(sc, tx, "opr_1", NULL, FOR_STAFF, "block.opened", "blk_1", NULL));
	return events_last(sc, tx, arg);
}

static void
rows_move_to_files_and_back(void **state)
{
	(void)state;
	struct store_fixture f;
	struct store_fixture again;
	const char *before;
	const char *in_files;
	const char *after;
	int64_t number = 0;
	store_fixture_open(&f, schemas);
	store_fixture_open(&again, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, fill, NULL));
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_POSITIONS, fill_tracks, NULL));
	assert_ok(&f.sc, store_read(&f.sc, f.store, all_as_text, &before));
	char *dir = scope_printf(&f.sc, "%s/backup", f.dir);
	assert_ok(&f.sc, store_backup(&f.sc, f.store, dir));
	assert_int_equal(store_backup(&f.sc, f.store, dir), E_CONFLICT);
	assert_false(file_exists(path_join(&f.sc, dir, "copying")));
	struct store_options opt = {.clock = &f.clock, .random = &f.random, .schemas = schemas};
	struct store *files;
	assert_ok(&f.sc, store_open(&f.sc, dir, &opt, &files));
	assert_ok(&f.sc, store_check(&f.sc, files));
	assert_ok(&f.sc, store_read(&f.sc, files, all_as_text, &in_files));
	assert_string_equal(in_files, before);
	assert_ok(&f.sc, store_copy(&f.sc, files, again.store));
	assert_ok(&f.sc, store_check(&f.sc, again.store));
	assert_ok(&f.sc, store_read(&f.sc, again.store, all_as_text, &after));
	assert_string_equal(after, before);
	assert_ok(&f.sc, store_write(&f.sc, again.store, LANE_MAIN, next_number, &number));
	assert_int_equal(number, 4);
	assert_ok(&f.sc, store_write(&f.sc, files, LANE_MAIN, next_number, &number));
	assert_int_equal(number, 4);
	assert_int_equal(store_copy(&f.sc, files, again.store), E_CONFLICT); /* not empty any more */
	store_close(files);
	store_fixture_close(&again);
	store_fixture_close(&f);
}

/* --- durability, as far as it can be asked for --- */

static enum code
how_durable(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT current_setting('synchronous_commit')", NO_VALS));
	*(const char **)arg = row_text(sc, r, 0);
	return OK;
}

static void
each_lane_has_its_durability(void **state)
{
	(void)state;
	struct store_fixture f;
	const char *how;
	store_fixture_open(&f, schemas);
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, how_durable, &how));
	assert_string_equal(how, "on");
	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_POSITIONS, how_durable, &how));
	assert_string_equal(how, "off");
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest without[] = {cmocka_unit_test(an_address_with_a_secret_is_refused)};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_with_a_secret_is_refused),
	    cmocka_unit_test(numbers_of_every_width_are_read),
	    cmocka_unit_test(text_is_ordered_by_bytes),
	    cmocka_unit_test(statements_beyond_the_cache_are_prepared_anew),
	    cmocka_unit_test(a_schema_belongs_to_one_directory),
	    cmocka_unit_test(each_lane_has_its_durability),
	    cmocka_unit_test(rows_move_to_files_and_back),
	    cmocka_unit_test(a_write_that_is_broken_off_runs_again),
	    cmocka_unit_test(sessions_that_end_lose_nothing),
	    cmocka_unit_test(a_crashing_server_loses_nothing),
	};
	if (!store_fixture_on_postgres())
		return cmocka_run_group_tests(without, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
