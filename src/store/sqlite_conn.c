#include "store/sqlite_conn.h"

#include <assert.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/text.h"

/* "WAYB" in the header of each of our files. */
#define APPLICATION_ID 0x57415942

enum code
conn_code(int result, const char **reason)
{
	switch (result & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return E_RETRY;
	case SQLITE_FULL: *reason = "disk-full"; return E_IO;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM: return E_IO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return E_CORRUPT;
	case SQLITE_NOMEM: return E_MEMORY;
	case SQLITE_TOOBIG: return E_LIMIT;
	case SQLITE_INTERRUPT: return E_DEADLINE;
	default: break;
	}
	switch (result) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID: *reason = "duplicate"; return E_CONFLICT;
	case SQLITE_CONSTRAINT_FOREIGNKEY: *reason = "reference"; return E_CONFLICT;
	case SQLITE_CONSTRAINT_CHECK: *reason = "check"; return E_CONFLICT;
	default: return E_INTERNAL;
	}
}

enum code
conn_fail(struct scope *sc, const struct sqlite_conn *c, int result, const char *doing)
{
	const char *reason = NULL;
	enum code code = conn_code(result, &reason);
	const char *why = c != NULL && c->db != NULL ? sqlite3_errmsg(c->db) : sqlite3_errstr(result);
	return fail_as(sc, code, reason, "%s (in: %.120s)", why, doing);
}

/* --- statements --- */

static void
stmt_free(struct stmt *st)
{
	sqlite3_finalize(st->s);
	free(st->sql);
	free(st);
}

static void
drop_idle(struct sqlite_conn *c)
{
	for (size_t b = 0; b < STMT_BUCKETS; b++) {
		for (struct stmt **at = &c->buckets[b]; *at != NULL;) {
			struct stmt *st = *at;
			if (st->open) {
				at = &st->next;
				continue;
			}
			*at = st->next;
			stmt_free(st);
			c->kept--;
		}
	}
}

/* Which value goes into which of SQLite's slots. False: not numbered $1 … $n. */
static bool
map_values(struct stmt *st)
{
	st->slots = sqlite3_bind_parameter_count(st->s);
	if (st->slots > STMT_VALUES_MAX)
		return false;
	for (int i = 0; i < st->slots; i++) {
		const char *name = sqlite3_bind_parameter_name(st->s, i + 1);
		int k = 0;
		if (name == NULL || name[0] != '$')
			return false;
		for (const char *d = name + 1; *d != '\0'; d++) {
			if (*d < '0' || *d > '9' || k > STMT_VALUES_MAX)
				return false;
			k = k * 10 + (*d - '0');
		}
		if (k < 1 || k > STMT_VALUES_MAX)
			return false;
		st->value_of[i] = (uint8_t)(k - 1);
		if (k > st->values)
			st->values = k;
	}
	return true;
}

static bool
blank(const char *tail)
{
	return tail == NULL || tail[strspn(tail, " \t\r\n;")] == '\0';
}

static struct stmt *
stmt_prepare(struct sqlite_conn *c, const char *sql, uint64_t hash, int *result)
{
	sqlite3_stmt *s = NULL;
	const char *tail = NULL;
	*result = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, &tail);
	if (*result != SQLITE_OK)
		return NULL;
	struct stmt *st = calloc(1, sizeof *st);
	char *copy = strdup(sql);
	if (st == NULL || copy == NULL) {
		free(st);
		free(copy);
		sqlite3_finalize(s);
		*result = SQLITE_NOMEM;
		return NULL;
	}
	*st = (struct stmt){.s = s, .hash = hash, .sql = copy};
	if (s == NULL || !blank(tail) || !map_values(st)) {
		stmt_free(st);
		*result = SQLITE_MISUSE;
		return NULL;
	}
	return st;
}

static struct stmt *
find_same(struct stmt *list, const char *sql, uint64_t hash)
{
	while (list != NULL && (list->hash != hash || strcmp(list->sql, sql) != 0))
		list = list->next;
	return list;
}

/* The kept statement, or an idle spare of the same text, or a new one. */
static struct stmt *
stmt_find(struct sqlite_conn *c, const char *sql, int *result)
{
	uint64_t hash = sql_hash(sql);
	struct stmt **bucket = &c->buckets[hash % STMT_BUCKETS];
	struct stmt *kept = find_same(*bucket, sql, hash);
	if (kept != NULL && !kept->open)
		return kept;
	struct stmt *spare = kept == NULL ? NULL : find_same(c->spare, sql, hash);
	while (spare != NULL && spare->open)
		spare = find_same(spare->next, sql, hash);
	if (spare != NULL)
		return spare;
	if (kept == NULL && c->kept >= STMT_KEPT_MAX)
		drop_idle(c);
	struct stmt *st = stmt_prepare(c, sql, hash, result);
	if (st == NULL)
		return NULL;
	struct stmt **list = kept == NULL ? bucket : &c->spare;
	c->kept += kept == NULL;
	st->next = *list;
	*list = st;
	return st;
}

struct stmt *
stmt_take(struct sqlite_conn *c, const char *sql, int *result)
{
	struct stmt *st = stmt_find(c, sql, result);
	if (st == NULL)
		return NULL;
	st->open = true;
	st->next_open = c->open;
	c->open = st;
	st->rows = (struct rows){.conn = &c->base, .sql = st->sql};
	*result = SQLITE_OK;
	return st;
}

void
stmt_give_back(struct sqlite_conn *c, struct stmt *st)
{
	if (!st->open)
		return;
	struct stmt **at = &c->open;
	while (*at != st)
		at = &(*at)->next_open;
	*at = st->next_open;
	st->open = false;
	st->next_open = NULL;
	sqlite3_reset(st->s);
	sqlite3_clear_bindings(st->s);
}

/* Spares live until their transaction ends, not until their last row: the
 * caller may still ask how the rows ended. */
void
conn_finish_rows(struct sqlite_conn *c)
{
	while (c->open != NULL)
		stmt_give_back(c, c->open);
	while (c->spare != NULL) {
		struct stmt *st = c->spare;
		c->spare = st->next;
		stmt_free(st);
	}
}

int
conn_exec(struct sqlite_conn *c, const char *sql)
{
	int result;
	struct stmt *st = stmt_take(c, sql, &result);
	if (st == NULL)
		return result;
	do
		result = sqlite3_step(st->s);
	while (result == SQLITE_ROW);
	if (result == SQLITE_DONE)
		result = SQLITE_OK;
	else
		result = sqlite3_extended_errcode(c->db);
	stmt_give_back(c, st);
	return result;
}

enum code
conn_int(struct scope *sc, struct sqlite_conn *c, const char *sql, int64_t *out)
{
	int result;
	struct stmt *st = stmt_take(c, sql, &result);
	if (st == NULL)
		return conn_fail(sc, c, result, sql);
	result = sqlite3_step(st->s);
	enum code rc = OK;
	if (result == SQLITE_ROW)
		*out = sqlite3_column_int64(st->s, 0);
	else
		rc = conn_fail(sc, c, result, sql);
	stmt_give_back(c, st);
	return rc;
}

/* --- opening --- */

static enum code
pragmas(struct scope *sc, struct sqlite_conn *c, const char *const *list)
{
	for (; *list != NULL; list++) {
		int result = conn_exec(c, *list);
		if (result != SQLITE_OK)
			return conn_fail(sc, c, result, *list);
	}
	return OK;
}

/* A new file gets our mark; a file with another's is not touched. */
static enum code
mark_file(struct scope *sc, struct sqlite_conn *c, const char *path, bool may_write)
{
	int64_t id = 0;
	int64_t tables = 0;
	TRY(conn_int(sc, c, "PRAGMA application_id", &id));
	if (id == APPLICATION_ID)
		return OK;
	TRY(conn_int(sc, c, "SELECT COUNT(*) FROM sqlite_schema", &tables));
	if (id != 0 || tables != 0 || !may_write)
		return fail(sc, E_CORRUPT, "%s is a database of another program", path);
	char *sql = scope_printf(sc, "PRAGMA application_id = %d", APPLICATION_ID);
	int result = conn_exec(c, sql);
	return result == SQLITE_OK ? OK : conn_fail(sc, c, result, sql);
}

static enum code
conn_prepare(struct scope *sc, struct sqlite_conn *c, const char *path, enum conn_use use)
{
	static const char *const reading[] = {"PRAGMA foreign_keys = ON",    "PRAGMA temp_store = MEMORY",
					      "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON",
					      "PRAGMA cache_size = -2048",   NULL};
	/* secure_delete: an erased row's bytes are overwritten in the file, not just unlinked. */
	static const char *const writing[] = {
	    "PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 4000", "PRAGMA journal_size_limit = 67108864",
	    "PRAGMA secure_delete = ON", "PRAGMA cache_size = -8192",	     NULL};
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, 5000);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	TRY(pragmas(sc, c, reading));
	TRY(mark_file(sc, c, path, use != CONN_READ));
	if (use == CONN_READ)
		return OK;
	TRY(pragmas(sc, c, writing));
	static const char *const full[] = {"PRAGMA synchronous = FULL", NULL};
	static const char *const normal[] = {"PRAGMA synchronous = NORMAL", NULL};
	return pragmas(sc, c, use == CONN_WRITE_FULL ? full : normal);
}

enum code
conn_open(struct scope *sc, const char *path, enum conn_use use, struct sqlite_conn **out)
{
	struct stat file;
	if (use == CONN_READ && stat(path, &file) != 0)
		return fail(sc, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
	struct sqlite_conn *c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(sc, E_MEMORY, "no memory for a connection");
	c->base.be = &sqlite_backend;
	int flags = use == CONN_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int result = sqlite3_open_v2(path, &c->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	enum code rc = result == SQLITE_OK ? conn_prepare(sc, c, path, use) : conn_fail(sc, c, result, path);
	if (rc != OK) {
		conn_close(c);
		return rc;
	}
	*out = c;
	return OK;
}

void
conn_close(struct sqlite_conn *c)
{
	if (c == NULL)
		return;
	conn_finish_rows(c);
	drop_idle(c);
	sqlite3_close(c->db);
	free(c);
}

/* '?', '#' and '%' mean something in a file: URI. */
static char *
file_uri(struct scope *sc, const char *path)
{
	struct text t;
	text_init(&t, sc);
	text_add(&t, "file:");
	for (const char *p = path; *p != '\0'; p++)
		if (*p == '?' || *p == '#' || *p == '%')
			text_printf(&t, "%%%02X", (unsigned char)*p);
		else
			text_add_char(&t, *p);
	text_add(&t, "?mode=ro");
	return t.s;
}

enum code
conn_attach(struct scope *sc, struct sqlite_conn *c, const char *path)
{
	static const char sql[] = "ATTACH $1 AS beside";
	int result;
	struct stmt *st = stmt_take(c, sql, &result);
	if (st == NULL)
		return conn_fail(sc, c, result, sql);
	sqlite3_bind_text(st->s, 1, file_uri(sc, path), -1, SQLITE_TRANSIENT);
	result = sqlite3_step(st->s);
	enum code rc = result == SQLITE_DONE ? OK : conn_fail(sc, c, result, sql);
	stmt_give_back(c, st);
	return rc;
}

void
conn_detach(struct sqlite_conn *c)
{
	conn_finish_rows(c);
	drop_idle(c);
	(void)conn_exec(c, "DETACH beside");
}
