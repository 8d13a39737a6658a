/* Statements inside a transaction: bind, step, read, and say what went wrong. */
#include <assert.h>

#include "store/sqlite_conn.h"

int64_t
tx_now_ms(struct tx *tx)
{
	return tx->now_ms;
}

struct random *
tx_random(struct tx *tx)
{
	return store_random(tx->store);
}

struct id
tx_new_id(struct tx *tx, const char *prefix)
{
	return id_new(tx_random(tx), prefix, tx->now_ms);
}

bool
tx_writable(const struct tx *tx)
{
	return tx->writable;
}

void
tx_ring(struct tx *tx, enum bell bell)
{
	tx->after.bells |= 1u << bell;
}

/* Who keeps the bytes of a value alive while the statement is open. */
enum keeping { KEEP_CALLER, KEEP_COPY };

static int
bind_value(sqlite3_stmt *s, int slot, const struct val *v, enum keeping keeping)
{
	sqlite3_destructor_type how = keeping == KEEP_COPY ? SQLITE_TRANSIENT : SQLITE_STATIC;
	switch (v->kind) {
	case VAL_NULL: return sqlite3_bind_null(s, slot);
	case VAL_INT: return sqlite3_bind_int64(s, slot, v->i);
	case VAL_REAL: return sqlite3_bind_double(s, slot, v->d);
	case VAL_TEXT: return sqlite3_bind_text64(s, slot, v->p, v->n, how, SQLITE_UTF8);
	case VAL_BLOB:
		return v->n == 0 ? sqlite3_bind_zeroblob(s, slot, 0) : sqlite3_bind_blob64(s, slot, v->p, v->n, how);
	}
	return SQLITE_MISUSE;
}

static enum code
tx_fail(struct scope *sc, struct tx *tx, int result, const char *sql)
{
	tx->failed = true;
	return conn_fail(sc, tx->conn, result, sql);
}

static enum code
statement(struct scope *sc, struct tx *tx, const char *sql, const struct val *vals, size_t n, enum keeping keeping,
	  struct stmt **out)
{
	if (tx->failed)
		return fail(sc, E_INTERNAL, "a statement of this transaction failed before: %.120s", sql);
	int result;
	struct stmt *st = stmt_take(tx->conn, sql, &result);
	if (st == NULL && result == SQLITE_MISUSE) {
		tx->failed = true;
		return fail(sc, E_INTERNAL, "one statement with values $1, $2 … is wanted: %.200s", sql);
	}
	if (st == NULL)
		return not_ok(tx_fail(sc, tx, result, sql));
	st->rows.tx = tx;
	if ((size_t)st->values != n) {
		stmt_give_back(tx->conn, st);
		tx->failed = true;
		return fail(sc, E_INTERNAL, "%d values are wanted, %zu given: %.200s", st->values, n, sql);
	}
	for (int i = 0; i < st->slots && result == SQLITE_OK; i++)
		result = bind_value(st->s, i + 1, &vals[st->value_of[i]], keeping);
	if (result == SQLITE_OK && !tx->writable && !sqlite3_stmt_readonly(st->s))
		result = SQLITE_READONLY;
	if (result != SQLITE_OK) {
		stmt_give_back(tx->conn, st);
		tx->failed = true;
		return result == SQLITE_READONLY ? fail(sc, E_INTERNAL, "a read may not write: %.200s", sql)
						 : not_ok(conn_fail(sc, tx->conn, result, sql));
	}
	*out = st;
	return OK;
}

enum code
sql_run(struct scope *sc, struct tx *tx, const char *sql, const struct val *vals, size_t n, int64_t *changed)
{
	struct stmt *st;
	TRY(statement(sc, tx, sql, vals, n, KEEP_CALLER, &st));
	int result = sqlite3_step(st->s);
	enum code rc = OK;
	if (result == SQLITE_ROW) {
		tx->failed = true;
		rc = fail(sc, E_INTERNAL, "sql_run() is for statements without rows: %.200s", sql);
	} else if (result != SQLITE_DONE) {
		rc = tx_fail(sc, tx, result, sql);
	} else if (changed != NULL) {
		*changed = sqlite3_changes64(tx->conn->db);
	}
	stmt_give_back(tx->conn, st);
	return rc;
}

/* Moves to the next row; false at the end, which rows_end() explains. */
static bool
advance(struct rows *r)
{
	int result = sqlite3_step(r->st->s);
	if (result == SQLITE_ROW)
		return true;
	r->ended = result;
	if (result != SQLITE_DONE) {
		snprintf(r->message, sizeof r->message, "%s", sqlite3_errmsg(r->tx->conn->db));
		r->tx->failed = true;
	}
	stmt_give_back(r->tx->conn, r->st);
	return false;
}

/* The first step is made here, so that an INSERT … RETURNING has happened when
 * this returns and its errors are this call's. */
enum code
sql_query(struct scope *sc, struct tx *tx, struct rows **out, const char *sql, const struct val *vals, size_t n)
{
	struct stmt *st;
	TRY(statement(sc, tx, sql, vals, n, KEEP_COPY, &st));
	struct rows *r = &st->rows;
	r->ahead = advance(r);
	if (!r->ahead)
		TRY(rows_end(sc, r));
	*out = r;
	return OK;
}

bool
row_next(struct rows *r)
{
	if (r->ahead) {
		r->ahead = false;
		return true;
	}
	if (r->ended != 0)
		return false;
	return advance(r);
}

enum code
rows_end(struct scope *sc, struct rows *r)
{
	if (r->st == NULL)
		return OK;
	int ended = r->ended;
	if (ended == 0)
		stmt_give_back(r->tx->conn, r->st);
	r->ended = SQLITE_DONE;
	if (ended == 0 || ended == SQLITE_DONE)
		return OK;
	enum code rc = conn_fail(sc, NULL, ended, r->st->sql);
	snprintf(sc->err.message, sizeof sc->err.message, "%s (in: %.120s)", r->message, r->st->sql);
	return rc;
}

static struct val
column_value(struct scope *sc, sqlite3_stmt *s, int col)
{
	struct val v = {.kind = VAL_NULL};
	switch (sqlite3_column_type(s, col)) {
	case SQLITE_INTEGER: return v_int(sqlite3_column_int64(s, col));
	case SQLITE_FLOAT: return v_real(sqlite3_column_double(s, col));
	case SQLITE_TEXT:
		v.kind = VAL_TEXT;
		v.p = sqlite3_column_text(s, col);
		break;
	case SQLITE_BLOB:
		v.kind = VAL_BLOB;
		v.p = sqlite3_column_blob(s, col);
		break;
	default: return v;
	}
	v.n = (size_t)sqlite3_column_bytes(s, col);
	char *copy = scope_alloc(sc, v.n + 1);
	if (v.n > 0)
		memcpy(copy, v.p, v.n);
	v.p = copy;
	return v;
}

/* The row is copied out and the statement is free again at once: the same
 * question can be asked in a loop without preparing it anew. */
enum code
sql_one(struct scope *sc, struct tx *tx, struct rows **out, const char *sql, const struct val *vals, size_t n)
{
	struct stmt *st;
	TRY(statement(sc, tx, sql, vals, n, KEEP_CALLER, &st));
	int result = sqlite3_step(st->s);
	enum code rc = OK;
	if (result == SQLITE_ROW) {
		struct rows *r = NEW(sc, struct rows);
		r->tx = tx;
		r->ended = SQLITE_DONE;
		r->owner = sc;
		r->n_vals = sqlite3_column_count(st->s);
		r->vals = NEW_ARRAY(sc, (size_t)r->n_vals, struct val);
		for (int i = 0; i < r->n_vals; i++)
			r->vals[i] = column_value(sc, st->s, i);
		*out = r;
	} else if (result == SQLITE_DONE) {
		rc = fail(sc, E_NOT_FOUND, "there is no such row");
	} else {
		rc = tx_fail(sc, tx, result, sql);
	}
	stmt_give_back(tx->conn, st);
	return rc;
}

static const struct val *
detached(const struct rows *r, int col)
{
	assert(col >= 0 && col < r->n_vals);
	return &r->vals[col];
}

int64_t
row_int(struct rows *r, int col)
{
	if (r->st != NULL)
		return sqlite3_column_int64(r->st->s, col);
	const struct val *v = detached(r, col);
	return v->kind == VAL_REAL ? (int64_t)v->d : v->i;
}

double
row_real(struct rows *r, int col)
{
	if (r->st != NULL)
		return sqlite3_column_double(r->st->s, col);
	const struct val *v = detached(r, col);
	return v->kind == VAL_INT ? (double)v->i : v->d;
}

bool
row_null(struct rows *r, int col)
{
	if (r->st != NULL)
		return sqlite3_column_type(r->st->s, col) == SQLITE_NULL;
	return detached(r, col)->kind == VAL_NULL;
}

/* The bytes of a column with a NUL behind them; NULL for SQL NULL. */
static void *
row_bytes(struct scope *sc, struct rows *r, int col, size_t *n)
{
	if (r->st == NULL && r->owner != sc) {
		const struct val *v = detached(r, col);
		*n = v->n;
		return v->p == NULL ? NULL : scope_strndup(sc, v->p, v->n);
	}
	struct val v = r->st != NULL ? column_value(sc, r->st->s, col) : *detached(r, col);
	assert(v.kind == VAL_NULL || v.kind == VAL_TEXT || v.kind == VAL_BLOB);
	*n = v.n;
	return (void *)(uintptr_t)v.p;
}

char *
row_text(struct scope *sc, struct rows *r, int col)
{
	size_t n;
	return row_bytes(sc, r, col, &n);
}

uint8_t *
row_blob(struct scope *sc, struct rows *r, int col, size_t *n)
{
	return row_bytes(sc, r, col, n);
}
