/* store/pg_conn: one PostgreSQL connection, its prepared statements and its transaction. Inside the room only.
 *
 * Everything is sent through libpq's pipeline. What has no answer worth waiting
 * for (BEGIN, SAVEPOINT, RELEASE, ROLLBACK TO) is kept and sent together with
 * the statement that follows it; a statement seen for the first time is
 * prepared in the same round trip that runs it:
 *
 *	we say      BEGIN · SAVEPOINT w · PREPARE s7 · s7(values) · sync
 *	it says     done · done · done · rows · synced                      one round trip
 *
 * A transaction:
 *
 *	NONE ── control(BEGIN) ──▶ QUEUED ── first statement ──▶ OPEN ── COMMIT, roll_back ──▶ NONE
 *	                             │                            │
 *	                             └─ connection gone: a new    └─ gone, or a serialisation failure:
 *	                                one, nothing is lost         LOST: everything begun is undone
 */
#ifndef STORE_PG_CONN_H
#define STORE_PG_CONN_H

#include <libpq-fe.h>
#include <pthread.h>

#include "store/backend.h"

#define PG_STMT_BUCKETS 256
#define PG_STMT_KEPT_MAX 512 /* beyond it the one that was not used for longest goes */
#define PG_VALUES_MAX 64
#define PG_QUEUE_MAX 8

/* Where a store's tables are, as DIR/store.json says. */
struct pg_where {
	char *url;	 /* without a password */
	char *schema;	 /* of the main lane's tables */
	char *positions; /* of the other's */
	char *id;	 /* names the data directory the tables belong to */
};

struct pg_database {
	struct database base;
	struct pg_where where;
	_Atomic int64_t down_until_ms; /* readers do not try before it, on clock_mono_ms() */
};

enum pg_tx { PG_TX_NONE, PG_TX_QUEUED, PG_TX_OPEN, PG_TX_LOST };

/* A prepared statement: a text and the kinds of its values. */
struct pg_stmt {
	struct pg_stmt *next; /* in its bucket */
	uint64_t hash;
	char *sql;
	char name[24];
	size_t n;
	uint8_t kinds[PG_VALUES_MAX]; /* enum val_kind; VAL_NULL: the server found a type */
	int64_t used;		      /* when, in statements of this connection */
};

struct pg_rows {
	struct rows base;
	struct pg_rows *next; /* in pg_conn.open or .spare */
	PGresult *result;     /* NULL: finished */
	bool shown;	      /* a caller holds it */
	int at;
	int64_t changed;
	struct val *vals; /* the row we stand on */
	int room;
};

struct pg_conn {
	struct conn base;
	struct pg_database *db;
	enum lane lane; /* whose plain names come first */
	bool writes;
	char *not_ours; /* |table|table|: the other lane's, of a writer */
	PGconn *pg;
	bool dead; /* past use; the next BEGIN makes a new one */
	enum pg_tx tx;
	bool wrote;	 /* this transaction */
	int64_t commits; /* of this lane, ever, as store_owner says */
	const char *queue[PG_QUEUE_MAX];
	int queued;
	bool committing; /* COMMIT goes with the next round trip */
	bool owed;	 /* a ROLLBACK was sent, its answer not yet read */
	int64_t deadline_ms;
	int cancels; /* sent since the connection was made */
	struct pg_stmt *buckets[PG_STMT_BUCKETS];
	size_t kept;
	int64_t uses, names;
	struct pg_rows *open, *spare;
};

/* E_UNAVAILABLE  nobody answers, or it does not let us in; PostgreSQL's words say why.
 * E_NOT_FOUND  (readers) there is no such schema.
 * E_CONFLICT (reason "in-use")  another process writes there.
 * E_CORRUPT  the tables belong to another directory. */
MUST_USE enum code pg_conn_open(struct scope *sc, struct pg_database *db, enum lane lane, bool writes,
				struct pg_conn **out);
void pg_conn_close(struct pg_conn *c);

MUST_USE enum code pg_control(struct scope *sc, struct conn *conn, enum control what);
void pg_roll_back(struct conn *conn);
bool pg_in_transaction(struct conn *conn);
void pg_watch(struct conn *conn, struct scope *sc);
MUST_USE enum code pg_script(struct scope *sc, struct conn *conn, const char *ddl);

/* It would have to be prepared. */
bool pg_is_new(struct pg_conn *c, const struct ask *ask);
/* Runs a prepared statement, with all that is queued before it; *out is the
 * caller's to clear. */
MUST_USE enum code pg_exchange(struct scope *sc, struct pg_conn *c, const struct ask *ask, PGresult **out);

/* --- pg_session.c: what a new connection says and asks first --- */
MUST_USE enum code pg_session_begin(struct scope *sc, struct pg_conn *c);
/* Simple statements outside the pipeline, for the beginning. */
MUST_USE enum code pg_say(struct scope *sc, struct pg_conn *c, const char *sql, PGresult **out);
/* The result's error (or the connection's, where there is none) as ours. */
enum code pg_fail(struct scope *sc, struct pg_conn *c, const PGresult *r, const char *doing);
/* A name in double quotes. */
char *pg_quoted(struct scope *sc, const char *name);

/* --- pg_rows.c --- */
MUST_USE enum code pg_start(struct scope *sc, struct conn *conn, const struct ask *ask, struct rows **out);
bool pg_step(struct rows *r);
int pg_width(struct rows *r);
struct val pg_column(struct rows *r, int col);
int64_t pg_changed(struct rows *r);
void pg_finish(struct rows *r);
void pg_finish_all(struct conn *conn);

#endif
