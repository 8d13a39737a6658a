/* What a statement gave: the whole answer is here before its first row is read,
 * so any number of them can be open on one connection. */
#include <ctype.h>
#include <strings.h>

#include "store/pg_conn.h"
#include "store/pg_value.h"

static struct pg_rows *
own(struct rows *r)
{
	return (struct pg_rows *)r;
}

static bool
has_room(struct pg_rows *r, int columns)
{
	if (columns <= r->room)
		return true;
	struct val *more = realloc(r->vals, (size_t)columns * sizeof *more);
	if (more == NULL)
		return false;
	r->vals = more;
	r->room = columns;
	return true;
}

static struct pg_rows *
rows_take(struct pg_conn *c, bool shown)
{
	struct pg_rows *r = c->spare;
	if (r == NULL)
		r = calloc(1, sizeof *r);
	else
		c->spare = r->next;
	if (r == NULL)
		return NULL;
	r->base = (struct rows){.conn = &c->base, .sql = ""};
	r->shown = shown;
	r->at = -1;
	r->next = c->open;
	c->open = r;
	return r;
}

static enum code
check_types(struct scope *sc, const PGresult *result, const char *sql)
{
	for (int i = 0; i < PQnfields(result); i++)
		if (!pg_type_is_read(PQftype(result, i)))
			return fail(sc, E_INTERNAL, "column %d has a type we do not read (%u): %.200s", i + 1,
				    PQftype(result, i), sql);
	return OK;
}

/* --- whose table a statement writes --- */

/* The next word from *s, moved behind it: letters, or one sign. Quotes and brackets are passed over whole. */
static size_t
next_word(const char **s, const char **word)
{
	int depth = 0;
	const char *p = *s;
	for (; *p != '\0'; p++) {
		if (*p == '\'' || *p == '"') {
			const char *end = strchr(p + 1, *p);
			p = end == NULL ? p + strlen(p) - 1 : end;
		} else if (*p == '(' || *p == ')') {
			depth += *p == '(' ? 1 : -1;
		} else if (depth == 0 && (isalpha((unsigned char)*p) || *p == '_')) {
			break;
		}
	}
	*word = p;
	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	*s = p;
	return (size_t)(p - *word);
}

static bool
is_word(const char *word, size_t n, const char *wanted)
{
	return n == strlen(wanted) && strncasecmp(word, wanted, n) == 0;
}

/* The lane would write it in a transaction of the wrong durability. */
static enum code
check_lane(struct scope *sc, const struct pg_conn *c, const char *sql)
{
	const char *word;
	const char *at = sql;
	size_t n = next_word(&at, &word);
	bool with = is_word(word, n, "WITH");
	while (with && n > 0 && !is_word(word, n, "INSERT") && !is_word(word, n, "UPDATE") &&
	       !is_word(word, n, "DELETE"))
		n = next_word(&at, &word);
	bool update = is_word(word, n, "UPDATE");
	if (!update && !is_word(word, n, "INSERT") && !is_word(word, n, "DELETE"))
		return OK;
	if (!update)
		(void)next_word(&at, &word); /* INTO, FROM */
	n = next_word(&at, &word);
	if (strstr(c->not_ours, scope_printf(sc, "|%.*s|", (int)n, word)) == NULL)
		return OK;
	return fail(sc, E_INTERNAL, "the other lane writes this table: %.200s", sql);
}

enum code
pg_start(struct scope *sc, struct conn *conn, const struct ask *ask, struct rows **out)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	PGresult *result;
	if (c->not_ours != NULL && pg_is_new(c, ask))
		TRY(check_lane(sc, c, ask->sql));
	TRY(pg_exchange(sc, c, ask, &result));
	enum code rc = check_types(sc, result, ask->sql);
	struct pg_rows *r = rc == OK ? rows_take(c, ask->keep) : NULL;
	if (rc == OK && (r == NULL || !has_room(r, PQnfields(result))))
		rc = fail(sc, E_MEMORY, "no memory for an answer");
	if (rc != OK) {
		PQclear(result);
		return rc;
	}
	r->result = result;
	r->changed = strtoll(PQcmdTuples(result), NULL, 10);
	*out = &r->base;
	return OK;
}

bool
pg_step(struct rows *rows)
{
	struct pg_rows *r = own(rows);
	if (r->result == NULL || ++r->at >= PQntuples(r->result))
		return false;
	for (int i = 0; i < PQnfields(r->result); i++) {
		r->vals[i] = v_null();
		if (PQgetisnull(r->result, r->at, i) != 0 ||
		    pg_value_read(PQftype(r->result, i), PQgetvalue(r->result, r->at, i),
				  (size_t)PQgetlength(r->result, r->at, i), &r->vals[i]))
			continue;
		rows->why.code = E_CORRUPT;
		snprintf(rows->why.message, sizeof rows->why.message, "column %d is no value of type %u", i + 1,
			 PQftype(r->result, i));
		return false;
	}
	return true;
}

int
pg_width(struct rows *rows)
{
	return PQnfields(own(rows)->result);
}

struct val
pg_column(struct rows *rows, int col)
{
	struct pg_rows *r = own(rows);
	return r->result != NULL && r->at >= 0 && col < PQnfields(r->result) ? r->vals[col] : v_null();
}

int64_t
pg_changed(struct rows *rows)
{
	return own(rows)->changed;
}

/* What no caller holds is used again at once: a write of ten thousand
 * statements needs one of these. */
void
pg_finish(struct rows *rows)
{
	struct pg_rows *r = own(rows);
	struct pg_conn *c = (struct pg_conn *)rows->conn;
	if (r->result == NULL)
		return;
	PQclear(r->result);
	r->result = NULL;
	if (r->shown)
		return;
	struct pg_rows **at = &c->open;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->next = c->spare;
	c->spare = r;
}

void
pg_finish_all(struct conn *conn)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	while (c->open != NULL) {
		struct pg_rows *r = c->open;
		c->open = r->next;
		PQclear(r->result);
		r->result = NULL;
		r->next = c->spare;
		c->spare = r;
	}
}
