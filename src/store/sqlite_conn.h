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

#include "store/backend.h"

#define STMT_BUCKETS 256
#define STMT_KEPT_MAX 512 /* beyond it the idle ones are dropped and prepared anew */
#define STMT_VALUES_MAX 64

struct stmt {
	struct rows rows;	/* first: rows are cast to their statement */
	struct stmt *next;	/* in its bucket, or among the spares */
	struct stmt *next_open; /* in conn->open */
	sqlite3_stmt *s;
	uint64_t hash;
	char *sql;
	bool open;
	int slots;  /* SQLite's parameters */
	int values; /* the caller's */
	uint8_t value_of[STMT_VALUES_MAX];
};

struct sqlite_conn {
	struct conn base;
	sqlite3 *db;
	struct stmt *buckets[STMT_BUCKETS];
	size_t kept;
	struct stmt *open;
	struct stmt *spare; /* seconds of kept statements that were open; freed with the transaction */
};

/* A store's two files. */
struct sqlite_files {
	struct database base;
	char *paths[2]; /* by lane */
};

enum conn_use { CONN_WRITE_FULL, CONN_WRITE_NORMAL, CONN_READ };

/* E_NOT_FOUND  reading a file that is not there.  E_CORRUPT  no database, or not one of Waybill's. */
MUST_USE enum code conn_open(struct scope *sc, const char *path, enum conn_use use, struct sqlite_conn **out);
void conn_close(struct sqlite_conn *c);
/* Makes the other file's tables readable here, never writable. */
MUST_USE enum code conn_attach(struct scope *sc, struct sqlite_conn *c, const char *path);
void conn_detach(struct sqlite_conn *c);
/* A statement of our own without values or rows: BEGIN, COMMIT, … Returns SQLite's result. */
int conn_exec(struct sqlite_conn *c, const char *sql);
/* One integer, e.g. of a PRAGMA. */
MUST_USE enum code conn_int(struct scope *sc, struct sqlite_conn *c, const char *sql, int64_t *out);
/* Resets every statement that still gives rows. */
void conn_finish_rows(struct sqlite_conn *c);
/* SQLite's result as ours; *reason is set where there is one. */
enum code conn_code(int result, const char **reason);
/* Turns the connection's last error into ours. */
enum code conn_fail(struct scope *sc, const struct sqlite_conn *c, int result, const char *doing);

struct stmt *stmt_take(struct sqlite_conn *c, const char *sql, int *result);
void stmt_give_back(struct sqlite_conn *c, struct stmt *st);

/* --- the backend's statements --- */
MUST_USE enum code sqlite_start(struct scope *sc, struct conn *conn, const struct ask *ask, struct rows **out);
bool sqlite_step(struct rows *r);
int sqlite_width(struct rows *r);
struct val sqlite_column(struct rows *r, int col);
int64_t sqlite_changed(struct rows *r);
void sqlite_finish(struct rows *r);

/* --- whole files --- */
/* Runs a checking PRAGMA; E_CORRUPT with its first finding. */
MUST_USE enum code files_check(struct scope *sc, struct sqlite_conn *c, const char *pragma, const char *what);
MUST_USE enum code sqlite_connect_reader(struct scope *sc, struct database *db, struct conn **out);
MUST_USE enum code sqlite_check(struct scope *sc, struct database *db);
MUST_USE enum code sqlite_backup(struct scope *sc, struct database *db, const char *to_dir);

#endif
