/* /openapi.json: the route table and the schema files, put together as an
 * OpenAPI 3.1 document. Nothing is described twice: paths, methods, who may and
 * parameters come from the rows; shapes from schema/<area>.json. */
#include "api/api_inner.h"
#include "base/text.h"

extern const char api_schemas_json[]; /* [{"components":…}, …], made by schemas.cmake */

static json_t *
text_object(const char *key, const char *value)
{
	json_t *o = json_object();
	json_put_text(o, key, value);
	return o;
}

static json_t *
schema_ref(struct scope *sc, const char *name)
{
	return text_object("$ref", scope_printf(sc, "#/components/schemas/%s", name));
}

/* {"<media>": {"schema": …}} */
static json_t *
content(const char *media, json_t *schema)
{
	json_t *holder = json_object();
	json_put(holder, "schema", schema);
	json_t *o = json_object();
	json_put(o, media, holder);
	return o;
}

/* --- parameters --- */

static const struct {
	const char *name, *type, *what;
} query_rows[] = {
    {"after", "integer", "`next` of the page before"},
    {"limit", "integer", "at most so many items, 1 to 200"},
    {"operator", "string", "the operator's word, where the house has several"},
    {"date", "string", "a day at the station, YYYY-MM-DD"},
    {"due_date", "string", "the day these are to be delivered, YYYY-MM-DD"},
    {"station_id", "string", "of this station only"},
    {"programme_id", "string", "of this programme"},
    {"driver_id", "string", "about this driver"},
    {"state", "string", "in this state only"},
    {"partial", "boolean", "take the good lines although others are bad"},
    {"lat", "number", "degrees north"},
    {"lon", "number", "degrees east"},
    {"minutes", "string", "the bands, rising: 5,10,15 (at most 12 of them, of at most 60)"},
    {"why", "string", "why you look: she reads it in her access log"},
};

static json_t *
parameter(const char *name, const char *in, const char *type, const char *what, bool required)
{
	json_t *o = json_object();
	json_put_text(o, "name", name);
	json_put_text(o, "in", in);
	json_put_bool(o, "required", required);
	json_put_text(o, "description", what);
	json_put(o, "schema", text_object("type", type));
	return o;
}

static json_t *
query_parameter(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(query_rows); i++)
		if (text_eq(query_rows[i].name, name))
			return parameter(name, "query", query_rows[i].type, query_rows[i].what, false);
	return parameter(name, "query", "string", name, false);
}

static json_t *
parameters(struct scope *sc, const struct route *r)
{
	json_t *list = json_array();
	for (const char *s = strchr(r->path, '{'); s != NULL; s = strchr(s + 1, '{')) {
		const char *name = scope_strndup(sc, s + 1, strcspn(s + 1, "*}"));
		json_array_append_new(list, parameter(name, "path", "string", name, true));
	}
	char **names = NULL;
	size_t n = r->query == NULL ? 0 : text_split(sc, r->query, ',', &names);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, query_parameter(names[i]));
	if (r->once)
		json_array_append_new(list, text_object("$ref", "#/components/parameters/IdempotencyKey"));
	return list;
}

/* --- operations --- */

/* "/v1/driver/stops/{stop_id}/deliver", POST → "postDriverStopsDeliver", with
 * "By…" for a parameter at the end so that a list and its item differ. */
static const char *
operation_id(struct scope *sc, const struct route *r)
{
	struct text t;
	text_init(&t, sc);
	for (const char *s = r->method; *s != '\0'; s++)
		text_add_char(&t, (char)(*s | 0x20));
	char **parts;
	size_t n = text_split(sc, r->path, '/', &parts);
	for (size_t i = 0; i < n; i++) {
		const char *s = parts[i];
		bool param = s[0] == '{';
		if (s[0] == '\0' || text_eq(s, "v1") || (param && i + 1 < n))
			continue;
		if (param)
			text_add(&t, "By");
		bool upper = true;
		for (; *s != '\0'; s++) {
			bool letter = (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9');
			if (letter)
				text_add_char(&t, (char)(upper && *s >= 'a' ? *s & ~0x20 : *s));
			upper = !letter;
		}
	}
	return t.s;
}

static const char *
who_text(struct scope *sc, unsigned who)
{
	struct text t;
	text_init(&t, sc);
	if ((who & MAY_PUBLIC) != 0)
		return "Anybody.";
	text_add(&t, "For:");
	if ((who & MAY_DRIVER) != 0)
		text_add(&t, " drivers");
	for (unsigned role = 0; role_words[role] != NULL; role++)
		if ((who & MAY_ROLE(role)) != 0)
			text_printf(&t, "%s %s", t.len > 4 ? "," : "", role_words[role]);
	text_add_char(&t, '.');
	return t.s;
}

static json_t *
answer_content(struct scope *sc, const struct route *r)
{
	if (r->answer == NULL)
		return content("application/json", schema_ref(sc, "Ok"));
	if (strchr(r->answer, '/') != NULL)
		return content(r->answer, text_object("type", "string"));
	return content("application/json", schema_ref(sc, r->answer));
}

static json_t *
responses(struct scope *sc, const struct route *r)
{
	json_t *good = json_object();
	json_put_text(good, "description", r->status == 201 ? "Made." : "Done.");
	json_put(good, "content", answer_content(sc, r));
	json_t *o = json_object();
	json_put(o, r->status == 201 ? "201" : "200", good);
	json_put(o, "4XX", text_object("$ref", "#/components/responses/Problem"));
	json_put(o, "5XX", text_object("$ref", "#/components/responses/Problem"));
	return o;
}

static json_t *
security(const struct route *r)
{
	json_t *list = json_array();
	if ((r->who & MAY_PUBLIC) != 0)
		return list;
	json_t *bearer = json_object();
	json_put(bearer, "bearer", json_array());
	json_array_append_new(list, bearer);
	return list;
}

static json_t *
operation(struct scope *sc, const struct route_table *t, const struct route *r)
{
	json_t *o = json_object();
	json_t *tags = json_array();
	json_array_append_new(tags, json_string(t->tag));
	json_put(o, "tags", tags);
	json_put_text(o, "operationId", operation_id(sc, r));
	json_put_text(o, "summary", r->summary);
	json_put_text(o, "description", who_text(sc, r->who));
	json_put(o, "security", security(r));
	json_t *list = parameters(sc, r);
	if (json_array_size(list) > 0)
		json_put(o, "parameters", list);
	else
		json_decref(list);
	if (r->body != BODY_NONE) {
		json_t *body = json_object();
		json_put_bool(body, "required", true);
		json_put(body, "content",
			 r->body == BODY_CSV ? content("text/csv", text_object("type", "string"))
					     : content("application/json", schema_ref(sc, r->request)));
		json_put(o, "requestBody", body);
	}
	json_put(o, "responses", responses(sc, r));
	return o;
}

static const char *
path_template(struct scope *sc, const char *path)
{
	struct text t;
	text_init(&t, sc);
	for (; *path != '\0'; path++)
		if (*path != '*')
			text_add_char(&t, *path);
	return t.s;
}

static void
add_operation(struct scope *sc, json_t *paths, const struct route_table *t, const struct route *r)
{
	const char *path = path_template(sc, r->path);
	json_t *item = json_object_get(paths, path);
	if (item == NULL) {
		item = json_object();
		json_put(paths, path, item);
	}
	struct text method;
	text_init(&method, sc);
	for (const char *s = r->method; *s != '\0'; s++)
		text_add_char(&method, (char)(*s | 0x20));
	json_put(item, method.s, operation(sc, t, r));
}

/* --- the document --- */

static enum code
components(struct scope *sc, json_t **out)
{
	json_t *files;
	TRY(json_parse(sc, api_schemas_json, strlen(api_schemas_json), &files));
	json_t *all = json_new_object(sc);
	for (size_t i = 0; i < json_array_size(files); i++) {
		json_t *file = json_array_get(files, i);
		const char *section;
		json_t *members;
		json_object_foreach(file, section, members)
		{
			json_t *into = json_object_get(all, section);
			if (into == NULL) {
				into = json_object();
				json_put(all, section, into);
			}
			if (json_object_update_missing(into, members) != 0)
				return fail(sc, E_INTERNAL, "schema files: %s", section);
		}
	}
	*out = all;
	return OK;
}

static const char about[] =
    "Times are RFC 3339 in UTC, money is in minor units, places are degrees, ids carry their kind (`drv_...`).\n\n"
    "**Calling.** `Authorization: Bearer ...`. Staff sign in with a passphrase. A driver's phone holds an Ed25519 key: "
    "it "
    "asks for a challenge (`POST /v1/driver/challenge`), signs the answer's `message`, and sends the signature where "
    "the "
    "challenge was made for: signing up, a session, a check-in. No cookies.\n\n"
    "**Writing.** An answer comes when the change is on disk. A POST that makes or moves something hears "
    "`Idempotency-Key`: sent again within a day it does its work once and is answered alike.\n\n"
    "**Reading.** Lists are `{items, next}`; `?after=` takes a page's `next`. Event streams are server-sent events and "
    "resume from `Last-Event-ID`.\n\n"
    "**Refusals** are problem documents (RFC 9457). Key on `reason`; `detail` is a sentence for a person. What is not "
    "there and what is not yours read alike: 404.";

enum code
api_describe(struct scope *sc, json_t **out)
{
	json_t *parts;
	TRY(components(sc, &parts));
	json_t *o = json_new_object(sc);
	json_put_text(o, "openapi", "3.1.0");
	json_t *info = json_object();
	json_put_text(info, "title", "Waybill");
	json_put_text(info, "version", WAYBILL_VERSION);
	json_put_text(info, "summary", "The work of a delivery service, open to the driver it is about.");
	json_put_text(info, "description", about);
	json_t *license = text_object("name", "Apache-2.0");
	json_put_text(license, "identifier", "Apache-2.0");
	json_put(info, "license", license);
	json_put(o, "info", info);
	json_t *servers = json_array();
	json_array_append_new(servers, text_object("url", "/"));
	json_put(o, "servers", servers);
	json_t *tags = json_array();
	json_t *paths = json_object();
	for (size_t t = 0; api_tables[t] != NULL; t++) {
		json_t *tag = text_object("name", api_tables[t]->tag);
		json_put_text(tag, "description", api_tables[t]->what);
		json_array_append_new(tags, tag);
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++)
			add_operation(sc, paths, api_tables[t], r);
	}
	json_put(o, "tags", tags);
	json_put(o, "paths", paths);
	json_put(o, "components", json_incref(parts));
	*out = o;
	return OK;
}
