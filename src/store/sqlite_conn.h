/* store/sqlite_conn: one SQLite connection and its prepared statements. Inside the room only.
 *
 * A connection is used by one thread at a time; who may use it is decided by
 * its owner (the reader pool in store.c, a lane in lane.c). Statements are
 * prepared once per connection and found again by their text. A statement that
 * is still giving rows when its text is asked for again is left alone and a
 * second one is prepared for the occasion.
 *
 * $1 in SQLite is a name, numbered by first appearance; the cache therefore
 * keeps, for each of SQLite's slots, which of the caller's values goes there.
 */
#ifndef STORE_SQLITE_CONN_H
#define STORE_SQLITE_CONN_H

#include <sqlite3.h>

#include "store/store.h"

#define STMT_BUCKETS 256
#define STMT_KEPT_MAX 512 /* beyond it the idle ones are dropped and prepared anew */
#define STMT_VALUES_MAX 64

struct conn;

/* What a query gives back; part of its statement, or (sql_one) of the scope. */
struct rows {
	struct stmt *st; /* NULL: detached, one row, in vals */
	struct tx *tx;
	bool ahead;	     /* the statement stands on a row nobody has asked for yet */
	int ended;	     /* 0, or SQLite's result that ended it */
	char message[200];   /* where it ended badly */
	struct scope *owner; /* detached: whose memory vals point into */
	struct val *vals;
	int n_vals;
};

struct stmt {
	struct stmt *next;	/* in its bucket, or among the spares */
	struct stmt *next_open; /* in conn->open */
	sqlite3_stmt *s;
	uint64_t hash;
	char *sql;
	bool open;
	int slots;  /* SQLite's parameters */
	int values; /* the caller's */
	uint8_t value_of[STMT_VALUES_MAX];
	struct rows rows;
};

struct conn {
	sqlite3 *db;
	struct stmt *buckets[STMT_BUCKETS];
	size_t kept;
	struct stmt *open;
	struct stmt *spare; /* seconds of kept statements that were open; freed with the transaction */
	struct conn *next;  /* in the pool */
};

/* Whom to tell once it is durable. */
struct after {
	int64_t last_event; /* 0: no event */
	unsigned bells;	    /* a bit each */
};

/* The store's own tables: events. */
extern const struct schema store_schema;

struct tx {
	struct store *store;
	struct conn *conn;
	int64_t now_ms;
	bool writable;
	bool failed; /* a statement went wrong: PostgreSQL would refuse all that follows, so we do */
	struct after after;
};

enum conn_use { CONN_WRITE_FULL, CONN_WRITE_NORMAL, CONN_READ };

/* E_NOT_FOUND  reading a file that is not there.  E_CORRUPT  no database, or not one of Waybill's. */
MUST_USE enum code conn_open(struct scope *sc, const char *path, enum conn_use use, struct conn **out);
void conn_close(struct conn *c);
/* Makes the other file's tables readable here, never writable. */
MUST_USE enum code conn_attach(struct scope *sc, struct conn *c, const char *path);
void conn_detach(struct conn *c);
/* A statement of our own without values or rows: BEGIN, COMMIT, … Returns SQLite's result. */
int conn_exec(struct conn *c, const char *sql);
/* One integer, e.g. of a PRAGMA. */
MUST_USE enum code conn_int(struct scope *sc, struct conn *c, const char *sql, int64_t *out);
/* Resets every statement that still gives rows. */
void conn_finish_rows(struct conn *c);
/* Turns the connection's last error into ours. */
enum code conn_fail(struct scope *sc, const struct conn *c, int result, const char *doing);

struct stmt *stmt_take(struct conn *c, const char *sql, int *result);
void stmt_give_back(struct conn *c, struct stmt *st);

#endif
