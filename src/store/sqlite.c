/* SQLite behind the store: two files in the data directory.
 *
 *	DIR/waybill.db     writer at synchronous=FULL      everything that matters
 *	DIR/positions.db   writer at synchronous=NORMAL    positions
 *
 * Every connection sees both files' tables by their plain names: readers both
 * read-only, a writer its own file to write and the other one to read.
 */
#include <sys/stat.h>

#include "base/file.h"
#include "store/sqlite_conn.h"

/* A file up to this size is checked at every opening (about 0.2 s); larger ones
 * by store_check(), which the night runs. */
#define QUICK_CHECK_MAX_BYTES ((int64_t)64 << 20)
/* SQLite asks whether a read has passed its deadline after so many of its steps. */
#define DEADLINE_STEPS 20000

static struct sqlite_conn *
own(struct conn *c)
{
	return (struct sqlite_conn *)c;
}

/* --- files and connections --- */

static void
files_close(struct database *db)
{
	struct sqlite_files *f = (struct sqlite_files *)db;
	free(f->paths[LANE_MAIN]);
	free(f->paths[LANE_POSITIONS]);
	free(f);
}

static enum code
files_open(struct scope *sc, const char *dir, const struct where *where, struct database **out)
{
	(void)where;
	/* Counting every allocation takes a lock; nobody reads the counts. A no-op once SQLite has started. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	struct sqlite_files *f = calloc(1, sizeof *f);
	if (f == NULL)
		return fail(sc, E_MEMORY, "no memory for a store");
	f->base.be = &sqlite_backend;
	f->paths[LANE_MAIN] = strdup(path_join(sc, dir, "waybill.db"));
	f->paths[LANE_POSITIONS] = strdup(path_join(sc, dir, "positions.db"));
	if (f->paths[LANE_MAIN] == NULL || f->paths[LANE_POSITIONS] == NULL) {
		files_close(&f->base);
		return fail(sc, E_MEMORY, "no memory for a store");
	}
	*out = &f->base;
	return OK;
}

static enum code
check_small(struct scope *sc, struct sqlite_conn *c, const char *path)
{
	struct stat file;
	if (stat(path, &file) != 0 || file.st_size > QUICK_CHECK_MAX_BYTES)
		return OK;
	return files_check(sc, c, "PRAGMA main.quick_check(1)", path);
}

static enum code
connect_lane(struct scope *sc, struct database *db, enum lane lane, bool read_only, struct conn **out)
{
	const char *path = ((struct sqlite_files *)db)->paths[lane];
	enum conn_use use = read_only ? CONN_READ : lane == LANE_POSITIONS ? CONN_WRITE_NORMAL : CONN_WRITE_FULL;
	struct sqlite_conn *c;
	TRY(conn_open(sc, path, use, &c));
	enum code rc = check_small(sc, c, path);
	if (rc != OK) {
		conn_close(c);
		return rc;
	}
	*out = &c->base;
	return OK;
}

static enum code
see_other(struct scope *sc, struct database *db, struct conn *c, enum lane lane)
{
	return conn_attach(sc, own(c),
			   ((struct sqlite_files *)db)->paths[lane == LANE_MAIN ? LANE_POSITIONS : LANE_MAIN]);
}

static void
forget_other(struct conn *c)
{
	conn_detach(own(c));
}

enum code
sqlite_connect_reader(struct scope *sc, struct database *db, struct conn **out)
{
	struct sqlite_conn *c;
	TRY(conn_open(sc, ((struct sqlite_files *)db)->paths[LANE_MAIN], CONN_READ, &c));
	enum code rc = see_other(sc, db, &c->base, LANE_MAIN);
	if (rc != OK) {
		conn_close(c);
		return rc;
	}
	*out = &c->base;
	return OK;
}

static void
disconnect(struct conn *c)
{
	conn_close(own(c));
}

/* --- transactions --- */

static enum code
control(struct scope *sc, struct conn *c, enum control what)
{
	static const char *const words[] = {
	    [BEGIN_READ] = "BEGIN",  [BEGIN_WRITE] = "BEGIN IMMEDIATE", [SAVEPOINT] = "SAVEPOINT w",
	    [RELEASE] = "RELEASE w", [ROLLBACK_TO] = "ROLLBACK TO w",	[COMMIT] = "COMMIT",
	};
	int result = conn_exec(own(c), words[what]);
	return result == SQLITE_OK ? OK : not_ok(conn_fail(sc, own(c), result, words[what]));
}

static bool
in_transaction(struct conn *c)
{
	return sqlite3_get_autocommit(own(c)->db) == 0;
}

static void
finish_all(struct conn *c)
{
	conn_finish_rows(own(c));
}

static void
roll_back(struct conn *c)
{
	conn_finish_rows(own(c));
	if (in_transaction(c))
		(void)conn_exec(own(c), "ROLLBACK");
}

static int
deadline_passed(void *arg)
{
	const struct scope *sc = arg;
	return clock_mono_ms() >= sc->deadline_ms;
}

static void
watch(struct conn *c, struct scope *sc)
{
	if (sc != NULL && sc->deadline_ms != 0)
		sqlite3_progress_handler(own(c)->db, DEADLINE_STEPS, deadline_passed, sc);
	else
		sqlite3_progress_handler(own(c)->db, 0, NULL, NULL);
}

static enum code
script(struct scope *sc, struct conn *c, const char *ddl)
{
	if (sqlite3_exec(own(c)->db, ddl, NULL, NULL, NULL) == SQLITE_OK)
		return OK;
	return not_ok(conn_fail(sc, own(c), sqlite3_extended_errcode(own(c)->db), ddl));
}

static const char *const set_counter[] = {
    "UPDATE main.sqlite_sequence SET seq = $2 WHERE name = $1",
    "INSERT INTO main.sqlite_sequence(name, seq) SELECT $1, $2"
    " WHERE NOT EXISTS (SELECT 1 FROM main.sqlite_sequence WHERE name = $1)",
    NULL,
};
#define TABLES_OF(schema) \
	"SELECT m.name, p.name FROM " schema ".sqlite_schema m JOIN pragma_table_info(m.name, '" schema "') p" \
	" WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' AND m.name <> 'store_migration'" \
	" ORDER BY m.rowid, p.cid"

const struct backend sqlite_backend = {
    .open = files_open,
    .close = files_close,
    .connect_lane = connect_lane,
    .see_other = see_other,
    .forget_other = forget_other,
    .connect_reader = sqlite_connect_reader,
    .disconnect = disconnect,
    .check = sqlite_check,
    .backup = sqlite_backup,
    .control = control,
    .roll_back = roll_back,
    .in_transaction = in_transaction,
    .watch = watch,
    .script = script,
    .start = sqlite_start,
    .step = sqlite_step,
    .width = sqlite_width,
    .column = sqlite_column,
    .changed = sqlite_changed,
    .finish = sqlite_finish,
    .finish_all = finish_all,
    .tables = {TABLES_OF("main"), TABLES_OF("beside")},
    .counters = "SELECT name, seq FROM main.sqlite_sequence",
    .set_counter = set_counter,
};
