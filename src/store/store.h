/* store: tables in a data directory, read by snapshots and written in groups.
 *
 * Writes are re-runnable functions: they receive a transaction, may run more
 * than once (a serialisation failure runs them again), and touch nothing but
 * the transaction and memory of their scope. One writer thread takes them from
 * a queue, gives each a savepoint, and commits the group with one sync; nobody
 * is told "done" before the commit is durable. A write that fails is rolled
 * back to its savepoint and does not disturb its neighbours.
 *
 * Positions are many and worth less: they have a second file with a writer of
 * its own that syncs lazily (LANE_POSITIONS). Losing the last seconds of them
 * in a power cut is the documented price.
 *
 *	http/job thread ──store_write_async──▶ queue ──▶ writer thread
 *	        ◀───────────── done(w), after the sync ─────────┘
 *
 * Reads run on the caller's thread, on a connection from a pool, inside one
 * snapshot. SQL is written once in the dialect that SQLite and PostgreSQL both
 * take: $1 parameters, INSERT … ON CONFLICT, RETURNING; no now(), no random().
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/clock.h"
#include "base/random.h"
#include "base/scope.h"

struct store;
struct tx; /* one transaction, read or write, for the length of a function */

/* A room's tables: migrations in order, never edited once shipped. DDL is
 * written for SQLite; the words INTEGER, BLOB, TEXT, REAL and the table suffix
 * STRICT are translated for another store. Several statements may stand in one
 * migration, divided by ';'. */
struct schema {
	const char *room;	       /* "people" */
	const char *const *migrations; /* NULL-ended */
	bool positions;		       /* lives in the second file */
};

struct store_options {
	struct clock *clock;		     /* borrowed; outlives the store */
	struct random *random;		     /* borrowed; outlives the store */
	const struct schema *const *schemas; /* NULL-ended; the store adds its own */
	bool read_only;			     /* verify and export tools */
};

/* Opens a data directory's store, creating and migrating its tables (or,
 * read_only, beside whoever serves them): the files DIR/waybill.db and
 * DIR/positions.db, or the PostgreSQL schemas that store_choose() has named. A
 * process opens a directory once.
 * E_NOT_FOUND  DIR is no directory.  E_CONFLICT  another process serves it.
 * E_CORRUPT  a database fails its quick check (files up to 64 MiB), is another
 *            program's, another directory's, or of a newer version.
 * E_UNAVAILABLE (reason "store-unreachable")  PostgreSQL does not answer. */
MUST_USE enum code store_open(struct scope *sc, const char *dir, const struct store_options *opt, struct store **out);
/* Finishes queued writes, then stops the writers. NULL is fine. */
void store_close(struct store *st);
/* Has a new directory's tables live in PostgreSQL: url is libpq's, without a
 * password; schema (NULL: "waybill") and schema_positions are made when the
 * store is opened. E_CONFLICT  the directory has a store. */
MUST_USE enum code store_choose(struct scope *sc, struct random *random, const char *dir, const char *url,
				const char *schema);
/* E_INVALID  no address of PostgreSQL, or one with a password in it.
 * E_UNAVAILABLE  nobody there lets us in. */
MUST_USE enum code store_reach(struct scope *sc, const char *url);
/* DIR holds a store of either kind. */
bool store_is_in(struct scope *sc, const char *dir);
struct clock *store_clock(struct store *st);
struct random *store_random(struct store *st);

/* --- running a transaction --- */

enum lane { LANE_MAIN, LANE_POSITIONS };

typedef enum code tx_fn(struct scope *sc, struct tx *tx, void *arg);

/* A snapshot read on this thread, of both files. fn must not write. Ends with
 * E_DEADLINE when the scope's deadline passes. */
MUST_USE enum code store_read(struct scope *sc, struct store *st, tx_fn *fn, void *arg);
/* A write; returns when it is durable (or failed). Not from the writer thread.
 * fn may read both files and write its lane's.
 * E_IO  disk full (reason "disk-full") or broken: nothing of it was kept. */
MUST_USE enum code store_write(struct scope *sc, struct store *st, enum lane lane, tx_fn *fn, void *arg);

/* The same without waiting: the caller keeps `w` alive until done() is called,
 * on the writer's thread, after the sync; w->rc and w->sc->err tell how it
 * ended. done() must be short: hand the result to another thread. */
struct write {
	struct scope *sc;
	enum lane lane;
	tx_fn *fn;
	void *arg;
	void (*done)(struct write *w);
	void *user; /* for done() */
	enum code rc;
	struct write *next_; /* the queue's */
};
/* E_UNAVAILABLE  the store is closing, or the queue is full (8192 waiting). */
MUST_USE enum code store_write_async(struct store *st, struct write *w);

/* Inside a transaction. */
int64_t tx_now_ms(struct tx *tx); /* the clock, read once when the transaction began */
struct random *tx_random(struct tx *tx);
struct id tx_new_id(struct tx *tx, const char *prefix);
bool tx_writable(const struct tx *tx);

/* A bell rings, on the writer's thread, after each commit in which somebody
 * pulled it: how what waits for a table's rows hears of them without asking
 * all the time. One listener a bell; NULL takes it away and returns when it is
 * not being called any more. Listeners are short. */
enum bell {
	BELL_JOBS,
	BELL_EVENTS,	/* rung by event_emit(), and by hooks for rows of its own */
	BELL_POSITIONS, /* rung by positions_add() */
	BELLS
};
void tx_ring(struct tx *tx, enum bell bell);
void store_on_bell(struct store *st, enum bell bell, void (*heard)(void *arg), void *arg);

/* --- statements ---
 *
 * Once a statement has failed, its transaction can only be given up: return the
 * error (E_NOT_FOUND of sql_one() is no failure). To try and go on, say ON
 * CONFLICT and look at the count of changed rows. */

enum val_kind { VAL_NULL, VAL_INT, VAL_REAL, VAL_TEXT, VAL_BLOB };
struct val {
	enum val_kind kind;
	int64_t i;
	double d;
	const void *p;
	size_t n;
};

static inline struct val
v_int(int64_t i)
{
	return (struct val){.kind = VAL_INT, .i = i};
}
static inline struct val
v_bool(bool b)
{
	return (struct val){.kind = VAL_INT, .i = b ? 1 : 0};
}
static inline struct val
v_real(double d)
{
	return (struct val){.kind = VAL_REAL, .d = d};
}
/* NULL gives SQL NULL. Borrowed until the statement has run. */
static inline struct val
v_text(const char *s)
{
	if (s == NULL)
		return (struct val){.kind = VAL_NULL};
	return (struct val){.kind = VAL_TEXT, .p = s, .n = strlen(s)};
}
static inline struct val
v_blob(const void *p, size_t n)
{
	if (p == NULL)
		return (struct val){.kind = VAL_NULL};
	return (struct val){.kind = VAL_BLOB, .p = p, .n = n};
}
static inline struct val
v_null(void)
{
	return (struct val){.kind = VAL_NULL};
}

/* VALS(v_text(id), v_int(3)) → two arguments: the array and its length.
 * NO_VALS for none. */
#define VALS(...) (const struct val[]){__VA_ARGS__}, sizeof((const struct val[]){__VA_ARGS__}) / sizeof(struct val)
#define NO_VALS NULL, 0

/* Runs a statement that returns no rows; *changed (may be NULL) counts rows touched.
 * E_CONFLICT  a UNIQUE or PRIMARY KEY (reason "duplicate"), a FOREIGN KEY
 * (reason "reference") or a CHECK (reason "check") says no. */
MUST_USE enum code sql_run(struct scope *sc, struct tx *tx, const char *sql, const struct val *vals, size_t n,
			   int64_t *changed);

/* Rows in order:
 *	struct rows *r;
 *	TRY(sql_query(sc, tx, &r, "SELECT id, name FROM station WHERE operator_id = $1", VALS(v_text(op))));
 *	while (row_next(r))
 *		… row_text(sc, r, 0) …
 *	TRY(rows_end(sc, r));
 * Leaving early is fine: the transaction's end finishes what is open. */
struct rows;
/* INSERT … RETURNING has happened when this returns. */
MUST_USE enum code sql_query(struct scope *sc, struct tx *tx, struct rows **out, const char *sql,
			     const struct val *vals, size_t n);
bool row_next(struct rows *r);
MUST_USE enum code rows_end(struct scope *sc, struct rows *r);
/* The first row, ready to be read. E_NOT_FOUND (no reason) where there is none;
 * the caller gives it its own words. */
MUST_USE enum code sql_one(struct scope *sc, struct tx *tx, struct rows **out, const char *sql, const struct val *vals,
			   size_t n);

int64_t row_int(struct rows *r, int col); /* NULL reads as 0 */
double row_real(struct rows *r, int col); /* NULL reads as 0 */
bool row_null(struct rows *r, int col);
/* Copies into the scope; NULL reads as NULL. */
char *row_text(struct scope *sc, struct rows *r, int col);
uint8_t *row_blob(struct scope *sc, struct rows *r, int col, size_t *n);

/* --- keeping --- */

/* A consistent copy in two files, DIR's waybill.db and positions.db, taken while
 * writes go on; of a PostgreSQL store too, whose rows go into SQLite's files. */
MUST_USE enum code store_backup(struct scope *sc, struct store *st, const char *to_dir);
/* All rows of `from`, of one moment, into `to`, whose tables are of the same
 * versions and empty; one of the two is kept in SQLite. What `to` holds after a
 * failure is not to be used. */
MUST_USE enum code store_copy(struct scope *sc, struct store *from, struct store *to);
/* The integrity of both files as SQLite's pragmas check it; in PostgreSQL every
 * row is read, and no index or constraint may be invalid. E_CORRUPT says what is wrong. */
MUST_USE enum code store_check(struct scope *sc, struct store *st);

#endif
