#include "store/where.h"

#include <libpq-fe.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

#define WHERE_FILE "store.json"
#define WHERE_MAX 8192
#define ID_BYTES 16
/* With "_positions" behind it, it must fit PostgreSQL's 63. */
#define SCHEMA_MAX 48

static enum code
check_schema(struct scope *sc, const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || *p == '_' || (p > name && *p >= '0' && *p <= '9')))
			return fail(sc, E_INVALID, "schema %s: small letters, digits and _ are wanted", name);
	if (*name == '\0' || text_starts(name, "pg_"))
		return fail(sc, E_INVALID, "schema \"%s\" is not one of ours to take", name);
	return OK;
}

/* What libpq reads, and no secret in it. */
static enum code
check_url(struct scope *sc, const char *url)
{
	char *why = NULL;
	if (!text_starts(url, "postgres://") && !text_starts(url, "postgresql://"))
		return fail(sc, E_INVALID, "a store's address begins with postgres://");
	PQconninfoOption *options = PQconninfoParse(url, &why);
	if (options == NULL) {
		enum code rc = fail(sc, E_INVALID, "the store's address: %.*s", (int)strcspn(why, "\n"), why);
		PQfreemem(why);
		return rc;
	}
	bool secret = false;
	for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
		secret |= o->val != NULL && (text_eq(o->keyword, "password") || text_eq(o->keyword, "sslpassword"));
	PQconninfoFree(options);
	return secret ? fail_as(sc, E_INVALID, "password",
				"a password does not belong into the store's address: put it into the file that "
				"PGPASSFILE names (~/.pgpass)")
		      : OK;
}

enum code
where_read(struct scope *sc, const char *dir, bool *there, struct where *out)
{
	uint8_t *bytes;
	size_t n;
	json_t *o;
	int64_t format;
	struct where w;
	const char *path = path_join(sc, dir, WHERE_FILE);
	if (!file_exists(path)) {
		*there = false;
		return OK;
	}
	TRY(file_read(sc, path, WHERE_MAX, &bytes, &n));
	TRY(json_parse(sc, bytes, n, &o));
	TRY(json_need_int(sc, o, "format", 1, 1, &format));
	TRY(json_need_text(sc, o, "postgres", 1, 2000, &w.url));
	TRY(json_need_text(sc, o, "schema", 1, SCHEMA_MAX, &w.schema));
	TRY(json_need_text(sc, o, "id", 2 * ID_BYTES, 2 * ID_BYTES, &w.id));
	TRY(check_url(sc, w.url));
	TRY(check_schema(sc, w.schema));
	*there = true;
	*out = w;
	return OK;
}

enum code
store_choose(struct scope *sc, struct random *random, const char *dir, const char *url, const char *schema)
{
	uint8_t id[ID_BYTES];
	const char *path = path_join(sc, dir, WHERE_FILE);
	if (schema == NULL)
		schema = "waybill";
	TRY(check_url(sc, url));
	TRY(check_schema(sc, schema));
	if (strlen(schema) > SCHEMA_MAX)
		return fail(sc, E_INVALID, "schema %.60s is longer than %d letters", schema, SCHEMA_MAX);
	if (store_is_in(sc, dir))
		return fail_as(sc, E_CONFLICT, "exists", "%s has a store already", dir);
	random_bytes(random, id, sizeof id);
	json_t *o = json_new_object(sc);
	json_put_int(o, "format", 1);
	json_put_text(o, "postgres", url);
	json_put_text(o, "schema", schema);
	json_put_text(o, "id", hex_encode(sc, id, sizeof id));
	char *text = json_text(sc, o);
	return file_write(sc, path, text, strlen(text), 0600);
}

enum code
store_reach(struct scope *sc, const char *url)
{
	TRY(check_url(sc, url));
	PGconn *pg = PQconnectdb(url);
	enum code rc = OK;
	if (PQstatus(pg) != CONNECTION_OK)
		rc = fail_as(sc, E_UNAVAILABLE, "store-unreachable", "PostgreSQL: %.*s",
			     (int)strcspn(PQerrorMessage(pg), "\n"), PQerrorMessage(pg));
	PQfinish(pg);
	return rc;
}

bool
store_is_in(struct scope *sc, const char *dir)
{
	return file_exists(path_join(sc, dir, WHERE_FILE)) || file_exists(path_join(sc, dir, "waybill.db"));
}
