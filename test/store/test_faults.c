/* store: a disk that is full, that fails, that loses power; damage; backups. */
#include "store_fixture.h"

#include "prop.h"
#include "store/fault_vfs.h"

static const char *const note_migrations[] = {
    "CREATE TABLE note(writer INTEGER NOT NULL, n INTEGER NOT NULL, body BLOB, PRIMARY KEY(writer, n)) STRICT;"
    "CREATE TABLE total(writer INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;",
    NULL};
static const struct schema note_schema = {.room = "note", .migrations = note_migrations};
static const char *const track_migrations[] = {"CREATE TABLE track(n INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;",
					       NULL};
static const struct schema track_schema = {.room = "track", .migrations = track_migrations, .positions = true};
static const struct schema *const schemas[] = {&note_schema, &track_schema, NULL};

/* --- writers that remember what they were told --- */

enum { WRITERS = 4, NOTES_MAX = 400 };

struct writer {
	struct store *store;
	int id;
	int todo;
	int n;
	_Atomic int told; /* notes 1 … told were acknowledged */
	int refused;
	enum code other; /* a refusal that is neither */
	const char *reason;
};

/* A note and, beside it, the count of notes: both or none. */
static enum code
add_note(struct scope *sc, struct tx *tx, void *arg)
{
	const struct writer *w = arg;
	static const uint8_t body[700];
	TRY(sql_run(sc, tx, "INSERT INTO note(writer, n, body) VALUES ($1, $2, $3)",
		    VALS(v_int(w->id), v_int(w->n), v_blob(body, sizeof body)), NULL));
	return sql_run(sc, tx,
		       "INSERT INTO total(writer, n) VALUES ($1, 1) ON CONFLICT (writer) DO UPDATE SET n = total.n + 1",
		       VALS(v_int(w->id)), NULL);
}

static void *
writer_main(void *arg)
{
	struct writer *w = arg;
	struct scope sc;
	scope_init(&sc);
	for (int i = 0; i < w->todo; i++) {
		w->n = atomic_load(&w->told) + 1;
		enum code rc = store_write(&sc, w->store, LANE_MAIN, add_note, w);
		if (rc == OK)
			atomic_store(&w->told, w->n);
		else if (rc == E_IO)
			w->refused++;
		else
			w->other = rc;
		if (rc == E_IO)
			w->reason = sc.err.reason;
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void
run_writers(struct store_fixture *f, struct writer *w, int todo)
{
	pthread_t t[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		w[i].store = f->store;
		w[i].id = i;
		w[i].todo = todo;
		assert_int_equal(pthread_create(&t[i], NULL, writer_main, &w[i]), 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(w[i].other, OK);
	}
}

struct tally {
	int64_t notes[WRITERS], last[WRITERS], total[WRITERS], tracks;
};

static enum code
read_tally(struct scope *sc, struct tx *tx, void *arg)
{
	struct tally *t = arg;
	struct rows *r;
	for (int i = 0; i < WRITERS; i++) {
		TRY(sql_one(sc, tx, &r, "SELECT COUNT(*), COALESCE(MAX(n), 0) FROM note WHERE writer = $1",
			    VALS(v_int(i))));
		t->notes[i] = row_int(r, 0);
		t->last[i] = row_int(r, 1);
		TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MAX(n), 0) FROM total WHERE writer = $1", VALS(v_int(i))));
		t->total[i] = row_int(r, 0);
	}
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM track", NO_VALS));
	t->tracks = row_int(r, 0);
	return OK;
}

/* Everything told is there and nothing is half there; `more` may have been
 * written without anybody having been told. */
static bool
tells_true(const struct tally *t, const struct writer *w, int64_t more)
{
	for (int i = 0; i < WRITERS; i++) {
		int64_t told = w == NULL ? 0 : atomic_load(&w[i].told);
		if (t->notes[i] != t->last[i] || t->notes[i] != t->total[i] || t->notes[i] < told ||
		    (more >= 0 && t->notes[i] > told + more)) {
			print_message("writer %d: told %" PRId64 ", notes %" PRId64 ", last %" PRId64 ", total %" PRId64
				      "\n",
				      i, told, t->notes[i], t->last[i], t->total[i]);
			return false;
		}
	}
	return true;
}

static bool
all_there(struct store_fixture *f, const struct writer *w)
{
	struct tally t;
	assert_ok(&f->sc, store_read(&f->sc, f->store, read_tally, &t));
	assert_ok(&f->sc, store_check(&f->sc, f->store));
	return tells_true(&t, w, 0);
}

static int
refusals(const struct writer *w)
{
	int n = 0;
	for (int i = 0; i < WRITERS; i++)
		n += w[i].refused;
	return n;
}

/* Work, break the disk in the middle, mend it, work on, come back after a restart. */
static void
survives(enum fault fault, int64_t after, const char *reason)
{
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct writer w[WRITERS] = {0};
	run_writers(&f, w, 20);
	assert_int_equal(refusals(w), 0);
	fault_set(fault, after);
	run_writers(&f, w, 20);
	assert_true(atomic_load(&faults.happened) > 0);
	assert_true(refusals(w) > 0);
	for (int i = 0; i < WRITERS; i++)
		if (w[i].refused > 0)
			assert_true(text_eq(w[i].reason, reason));
	assert_true(all_there(&f, w));
	fault_set(FAULT_NONE, 0);
	int before = refusals(w);
	run_writers(&f, w, 20);
	assert_int_equal(refusals(w), before);
	assert_true(all_there(&f, w));
	store_fixture_stop(&f);
	store_fixture_start(&f);
	assert_true(all_there(&f, w));
	store_fixture_close(&f);
}

static void
a_full_disk_refuses_and_loses_nothing(void **state)
{
	(void)state;
	survives(FAULT_FULL, 400000, "disk-full");
	survives(FAULT_FULL, 0, "disk-full");
}

static void
a_failing_disk_refuses_and_loses_nothing(void **state)
{
	(void)state;
	for (int64_t after = 0; after < 12; after += 3)
		survives(FAULT_WRITE_FAILS, after, NULL);
}

static void
a_failing_sync_refuses_and_loses_nothing(void **state)
{
	(void)state;
	survives(FAULT_SYNC_FAILS, 0, NULL);
	survives(FAULT_SYNC_FAILS, 5, NULL);
}

/* --- one write too large for what is left of the disk --- */

static enum code
add_giant(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) /* more than the page cache holds: it fails in the middle */
		TRY(sql_run(sc, tx, "INSERT INTO note(writer, n, body) VALUES (99, $1, $2)",
			    VALS(v_int(i), v_blob(scope_alloc(sc, 65536), 65536)), NULL));
	return OK;
}

static enum code
wait_a_little(struct scope *sc, struct tx *tx, void *arg)
{
	(void)sc;
	(void)tx;
	(void)arg;
	usleep(30000);
	return OK;
}

static void
nothing_to_do(struct write *w)
{
	atomic_store((_Atomic bool *)w->user, true);
}

static void
a_giant_does_not_take_its_neighbours_with_it(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct scope sc[4];
	struct writer who[4] = {{.id = 0, .n = 1}, {.id = 1, .n = 1}, {.id = 2, .n = 1}, {.id = 3, .n = 1}};
	struct write w[4];
	_Atomic bool done[4] = {false};
	tx_fn *const fns[4] = {wait_a_little, add_note, add_giant, add_note};
	fault_set(FAULT_FULL, 3 << 20);
	for (int i = 0; i < 4; i++) {
		scope_init(&sc[i]);
		w[i] = (struct write){
		    .sc = &sc[i], .fn = fns[i], .arg = &who[i], .done = nothing_to_do, .user = (void *)&done[i]};
		assert_ok(&sc[i], store_write_async(f.store, &w[i]));
	}
	for (int i = 0; i < 4; i++) {
		while (!atomic_load(&done[i]))
			usleep(1000);
		assert_int_equal(w[i].rc, i == 2 ? E_IO : OK);
		scope_release(&sc[i]);
	}
	struct tally t;
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_tally, &t));
	assert_int_equal(t.notes[1], 1);
	assert_int_equal(t.notes[3], 1);
	fault_set(FAULT_NONE, 0);
	store_fixture_close(&f);
}

/* --- power cuts --- */

static enum code
add_track(struct scope *sc, struct tx *tx, void *arg)
{
	const struct writer *w = arg;
	TRY(sql_run(sc, tx, "INSERT INTO track(n, at) VALUES ($1, 0)", VALS(v_int(w->n)), NULL));
	return OK;
}

static void *
tracks_main(void *arg)
{
	struct writer *w = arg;
	struct scope sc;
	scope_init(&sc);
	for (w->n = 1; w->n <= w->todo; w->n++) {
		if (store_write(&sc, w->store, LANE_POSITIONS, add_track, w) != OK)
			w->other = E_IO;
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

/* After the cut: both files open, check, hold what was told at that moment, and
 * no transaction in part. */
static bool
is_whole_after_the_cut(struct store_fixture *f, const char *dir, const struct writer *told)
{
	struct store_options opt = {.clock = &f->clock, .random = &f->random, .schemas = schemas};
	struct store *st;
	struct tally t;
	assert_ok(&f->sc, store_open(&f->sc, dir, &opt, &st));
	assert_ok(&f->sc, store_check(&f->sc, st));
	assert_ok(&f->sc, store_read(&f->sc, st, read_tally, &t));
	store_close(st);
	return tells_true(&t, told, -1);
}

static bool
power_may_fail_at_any_time(struct prng *r, size_t size)
{
	struct store_fixture f;
	atomic_store(&faults.shadowing, true);
	store_fixture_open(&f, schemas);
	struct writer w[WRITERS + 1] = {0};
	pthread_t t[WRITERS + 1];
	for (int i = 0; i <= WRITERS; i++) {
		w[i] = (struct writer){.store = f.store, .id = i, .todo = (int)size * 4};
		assert_int_equal(pthread_create(&t[i], NULL, i < WRITERS ? writer_main : tracks_main, &w[i]), 0);
	}
	bool whole = true;
	for (int cut = 0; cut < 4 && whole; cut++) {
		usleep(prng_below(r, 20000));
		struct writer told[WRITERS] = {0};
		for (int i = 0; i < WRITERS; i++)
			atomic_store(&told[i].told, atomic_load(&w[i].told));
		struct store_fixture after;
		memset(&after, 0, sizeof after);
		snprintf(after.dir, sizeof after.dir, "%.40s-cut", f.dir);
		assert_ok(&f.sc, file_make_dirs(&f.sc, after.dir, 0700));
		fault_power_cut(r, f.dir, after.dir);
		whole = is_whole_after_the_cut(&f, after.dir, told);
		nftw(after.dir, store_fixture_remove_, 16, FTW_DEPTH | FTW_PHYS);
	}
	for (int i = 0; i <= WRITERS; i++)
		pthread_join(t[i], NULL);
	store_fixture_close(&f);
	atomic_store(&faults.shadowing, false);
	return whole;
}

static void
a_power_cut_loses_nothing_that_was_told(void **state)
{
	(void)state;
	prop_check("power cut", 12, 100, power_may_fail_at_any_time);
}

/* --- copies and damage --- */

static void
a_backup_is_consistent_while_writes_go_on(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct writer w[WRITERS] = {0};
	pthread_t t[WRITERS];
	for (int i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){.store = f.store, .id = i, .todo = NOTES_MAX};
		assert_int_equal(pthread_create(&t[i], NULL, writer_main, &w[i]), 0);
	}
	for (int k = 0; k < 3; k++) {
		usleep(10000);
		struct writer told[WRITERS] = {0};
		for (int i = 0; i < WRITERS; i++)
			atomic_store(&told[i].told, atomic_load(&w[i].told));
		char *to = scope_printf(&f.sc, "%s/backup%d", f.dir, k);
		assert_ok(&f.sc, store_backup(&f.sc, f.store, to));
		assert_int_equal(store_backup(&f.sc, f.store, to), E_CONFLICT);
		assert_true(is_whole_after_the_cut(&f, to, told));
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(t[i], NULL);
	fault_set(FAULT_WRITE_FAILS, 0);
	assert_int_equal(store_backup(&f.sc, f.store, scope_printf(&f.sc, "%s/none", f.dir)), E_IO);
	fault_set(FAULT_NONE, 0);
	assert_false(file_exists(scope_printf(&f.sc, "%s/none/waybill.db", f.dir)));
	assert_false(file_exists(scope_printf(&f.sc, "%s/none/positions.db", f.dir)));
	store_fixture_close(&f);
}

static void
damage_is_found(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, schemas);
	struct writer w[WRITERS] = {0};
	run_writers(&f, w, 40);
	store_fixture_stop(&f);
	store_fixture_start(&f); /* all in the one file now */
	assert_ok(&f.sc, store_check(&f.sc, f.store));
	const char *path = path_join(&f.sc, f.dir, "waybill.db");
	uint8_t *bytes;
	size_t n;
	assert_ok(&f.sc, file_read(&f.sc, path, 1 << 24, &bytes, &n));
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	memset(bytes, 0x5a, 2000);
	assert_int_equal(pwrite(fd, bytes, 2000, (off_t)(n / 2)), 2000);
	close(fd);
	assert_int_equal(store_check(&f.sc, f.store), E_CORRUPT);
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_full_disk_refuses_and_loses_nothing),
	    cmocka_unit_test(a_failing_disk_refuses_and_loses_nothing),
	    cmocka_unit_test(a_failing_sync_refuses_and_loses_nothing),
	    cmocka_unit_test(a_giant_does_not_take_its_neighbours_with_it),
	    cmocka_unit_test(a_power_cut_loses_nothing_that_was_told),
	    cmocka_unit_test(a_backup_is_consistent_while_writes_go_on),
	    cmocka_unit_test(damage_is_found),
	};
	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
