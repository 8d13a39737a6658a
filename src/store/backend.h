/* store/backend: what a database does for the store. Inside the room only.
 *
 * Above this line everything is written once: opening and migrating (store.c,
 * migrate.c), the pool of readers, group commit (lane.c), statements and rows
 * (sql.c), events. Below it are two implementations of the table of functions
 * at the end of this file: sqlite.c and postgres.c.
 *
 *	struct database   one store's files or schemas, opened once
 *	struct conn       one connection, used by one thread at a time; who may use
 *	                  it is decided by its owner (the pool or a lane)
 *	struct rows       what one statement gives, until it is finished or its
 *	                  transaction ends
 *
 * An implementation embeds each as the first member of its own.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"

struct backend;
struct where;

struct database {
	const struct backend *be;
};

struct conn {
	const struct backend *be;
	struct conn *next; /* in the pool */
};

/* How a statement ended that had already given rows. */
struct failure {
	enum code code; /* OK: well */
	const char *reason;
	char message[200];
};

struct rows {
	struct conn *conn; /* NULL: one row, copied into vals */
	struct tx *tx;
	const char *sql;     /* for messages; lives as long as the rows */
	bool ahead;	     /* the statement stands on a row nobody has asked for yet */
	bool ended;	     /* finished: nothing more comes */
	struct failure why;  /* where it ended badly */
	struct scope *owner; /* copied: whose memory vals point into */
	struct val *vals;
	int n_vals;
};

/* Whom to tell once it is durable. */
struct after {
	int64_t last_event; /* 0: no event */
	unsigned bells;	    /* a bit each */
};

struct tx {
	struct store *store;
	struct conn *conn;
	int64_t now_ms;
	bool writable;
	bool failed; /* a statement went wrong: PostgreSQL would refuse all that follows, so we do */
	struct after after;
};

/* The store's own tables: events. */
extern const struct schema store_schema;

/* One statement to run. */
struct ask {
	const char *sql;
	const struct val *vals;
	size_t n;
	bool writable;
	bool keep; /* the values may be gone before the rows are */
};

/* What the writers and readers say about their transactions. */
enum control { BEGIN_READ, BEGIN_WRITE, SAVEPOINT, RELEASE, ROLLBACK_TO, COMMIT };

struct backend {
	MUST_USE enum code (*open)(struct scope *sc, const char *dir, const struct where *where, struct database **out);
	void (*close)(struct database *db);
	/* A connection whose plain names are one lane's tables, made where they are
	 * not there yet (read_only: E_NOT_FOUND); E_CORRUPT as store_open() says. */
	MUST_USE enum code (*connect_lane)(struct scope *sc, struct database *db, enum lane lane, bool read_only,
					   struct conn **out);
	/* Makes the other lane's tables readable on it, never writable; and the end of that. */
	MUST_USE enum code (*see_other)(struct scope *sc, struct database *db, struct conn *c, enum lane lane);
	void (*forget_other)(struct conn *c);
	/* A connection that reads both. */
	MUST_USE enum code (*connect_reader)(struct scope *sc, struct database *db, struct conn **out);
	void (*disconnect)(struct conn *c);
	MUST_USE enum code (*check)(struct scope *sc, struct database *db);
	/* NULL: its rows are copied into two SQLite files (copy.c). */
	MUST_USE enum code (*backup)(struct scope *sc, struct database *db, const char *to_dir);

	/* --- transactions --- */
	/* COMMIT returns when it is durable. It fails with the reason
	 * "commit-unknown" where it cannot be told whether it happened; after any
	 * other failure it has not. */
	MUST_USE enum code (*control)(struct scope *sc, struct conn *c, enum control what);
	/* Ends whatever is open, rows too. Never fails: a connection past use says so at its next BEGIN. */
	void (*roll_back)(struct conn *c);
	/* False: what was begun is lost, savepoints and all. */
	bool (*in_transaction)(struct conn *c);
	/* Statements end with E_DEADLINE when this scope's deadline passes; NULL: never. */
	void (*watch)(struct conn *c, struct scope *sc);
	/* Several statements without values or rows, written for SQLite. */
	MUST_USE enum code (*script)(struct scope *sc, struct conn *c, const char *ddl);

	/* --- statements --- */
	MUST_USE enum code (*start)(struct scope *sc, struct conn *c, const struct ask *ask, struct rows **out);
	/* The next row; false: there is none, and r->why says why. */
	bool (*step)(struct rows *r);
	int (*width)(struct rows *r);
	/* Borrowed until the next step. */
	struct val (*column)(struct rows *r, int col);
	/* Rows touched by a statement that has ended. */
	int64_t (*changed)(struct rows *r);
	/* Lets go of a statement; its struct rows stays readable until the transaction ends. */
	void (*finish)(struct rows *r);
	/* Lets go of all that the transaction has left open. */
	void (*finish_all)(struct conn *c);
	/* An answer is here whole before its first row is read: long ones are better fetched by a cursor. */
	bool whole_answers;

	/* --- for copying, statements --- */
	const char *tables[2]; /* by lane: (table, column), tables in the order they were made; NULL: not told */
	const char *counters;  /* (table, last number given) where numbers must not come twice */
	const char *const *set_counter; /* with $1 table, $2 number; NULL-ended */
};

/* store.c's: what a store is kept in. */
const struct backend *store_backend(const struct store *st);
/* sql.c's: a column's value, its bytes copied into the scope. */
struct val row_copy(struct scope *sc, struct rows *r, int col);

/* Finds a prepared statement by its text (sql.c). */
uint64_t sql_hash(const char *sql);

extern const struct backend sqlite_backend;
extern const struct backend postgres_backend;

#endif
