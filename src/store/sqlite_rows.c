/* SQLite's side of a statement: values in, steps, columns out. */
#include "store/sqlite_conn.h"

static struct sqlite_conn *
conn_of(const struct rows *r)
{
	return (struct sqlite_conn *)r->conn;
}

static struct stmt *
stmt_of(struct rows *r)
{
	return (struct stmt *)r;
}

static int
bind_value(sqlite3_stmt *s, int slot, const struct val *v, bool keep)
{
	sqlite3_destructor_type how = keep ? SQLITE_TRANSIENT : SQLITE_STATIC;
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

enum code
sqlite_start(struct scope *sc, struct conn *conn, const struct ask *ask, struct rows **out)
{
	struct sqlite_conn *c = (struct sqlite_conn *)conn;
	int result;
	struct stmt *st = stmt_take(c, ask->sql, &result);
	if (st == NULL && result == SQLITE_MISUSE)
		return fail(sc, E_INTERNAL, "one statement with values $1, $2 … is wanted: %.200s", ask->sql);
	if (st == NULL)
		return not_ok(conn_fail(sc, c, result, ask->sql));
	if ((size_t)st->values != ask->n) {
		stmt_give_back(c, st);
		return fail(sc, E_INTERNAL, "%d values are wanted, %zu given: %.200s", st->values, ask->n, ask->sql);
	}
	for (int i = 0; i < st->slots && result == SQLITE_OK; i++)
		result = bind_value(st->s, i + 1, &ask->vals[st->value_of[i]], ask->keep);
	if (result == SQLITE_OK && !ask->writable && !sqlite3_stmt_readonly(st->s))
		result = SQLITE_READONLY;
	if (result != SQLITE_OK) {
		stmt_give_back(c, st);
		return result == SQLITE_READONLY ? fail(sc, E_INTERNAL, "a read may not write: %.200s", ask->sql)
						 : not_ok(conn_fail(sc, c, result, ask->sql));
	}
	*out = &st->rows;
	return OK;
}

bool
sqlite_step(struct rows *r)
{
	int result = sqlite3_step(stmt_of(r)->s);
	if (result == SQLITE_ROW)
		return true;
	if (result != SQLITE_DONE) {
		r->why.code = conn_code(result, &r->why.reason);
		snprintf(r->why.message, sizeof r->why.message, "%s", sqlite3_errmsg(conn_of(r)->db));
	}
	return false;
}

int
sqlite_width(struct rows *r)
{
	return sqlite3_column_count(stmt_of(r)->s);
}

struct val
sqlite_column(struct rows *r, int col)
{
	sqlite3_stmt *s = stmt_of(r)->s;
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
	return v;
}

int64_t
sqlite_changed(struct rows *r)
{
	return sqlite3_changes64(conn_of(r)->db);
}

void
sqlite_finish(struct rows *r)
{
	stmt_give_back(conn_of(r), stmt_of(r));
}
