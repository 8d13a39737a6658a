#include "api/api_inner.h"
#include "base/text.h"

/* --- replies --- */

void
reply_status(struct call *c, int status, const json_t *value)
{
	c->reply = (struct reply){.status = status, .json = value, .content_type = "application/json"};
}

void
reply_json(struct call *c, const json_t *value)
{
	reply_status(c, c->route->status == 0 ? 200 : c->route->status, value);
}

void
reply_bytes(struct call *c, const char *content_type, const void *bytes, size_t n)
{
	c->reply = (struct reply){.status = c->route != NULL && c->route->status != 0 ? c->route->status : 200,
				  .bytes = bytes,
				  .n = n,
				  .content_type = content_type};
}

void
reply_field(struct call *c, const char *name, const char *value)
{
	if (c->reply.n_fields < CALL_FIELDS)
		c->reply.fields[c->reply.n_fields++] = (struct http_field){name, value};
}

json_t *
json_ok(struct scope *sc)
{
	json_t *o = json_new_object(sc);
	json_put_bool(o, "ok", true);
	return o;
}

void
reply_items(struct scope *sc, struct call *c, json_t *list)
{
	json_t *o = json_new_object(sc);
	json_put(o, "items", json_incref(list));
	json_put(o, "next", json_null());
	reply_json(c, o);
}

/* --- requests --- */

const char *
call_query(const struct call *c, const char *name)
{
	const char *value = http_query(c->x, name);
	return value == NULL || value[0] == '\0' ? NULL : value;
}

enum code
call_page(struct scope *sc, const struct call *c, int64_t *after_seq, size_t *max)
{
	int64_t after = 0;
	int64_t limit = 50;
	const char *text = call_query(c, "after");
	if (text != NULL && parse_i64(sc, text, 0, INT64_MAX, &after) != OK)
		return fail_as(sc, E_INVALID, "bad-field", "\"after\" must be the `next` of an earlier page");
	text = call_query(c, "limit");
	if (text != NULL && parse_i64(sc, text, 1, 200, &limit) != OK)
		return fail_as(sc, E_INVALID, "bad-field", "\"limit\" must be a number from 1 to 200");
	*after_seq = after;
	*max = (size_t)limit;
	return OK;
}

enum code
call_need_query(struct scope *sc, const struct call *c, const char *name, const char **out)
{
	const char *value = call_query(c, name);
	if (value == NULL)
		return fail_as(sc, E_INVALID, "bad-field", "the query needs \"%s\"", name);
	*out = value;
	return OK;
}

enum code
call_operator(struct scope *sc, struct tx *tx, const struct call *c, struct operator* out)
{
	return operator_find(sc, tx, call_query(c, "operator"), out);
}

/* "data:image/jpeg;base64,…" is what a canvas gives; the head says nothing we trust. */
static const char *
strip_data_url(const char *text)
{
	if (!text_starts(text, "data:image/"))
		return text;
	const char *comma = strstr(text, ";base64,");
	return comma == NULL ? text : comma + strlen(";base64,");
}

enum code
call_pictures(struct scope *sc, const json_t *list, const char *key, size_t max, struct call_picture *out, size_t *n)
{
	size_t count = json_array_size(list);
	if (!json_is_array(list) || count < 1 || count > max)
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\" must be a list of 1 to %zu pictures", key, max);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		uint8_t *bytes = NULL;
		size_t size = 0;
		enum code rc =
		    text == NULL ? E_INVALID : base64_decode(sc, strip_data_url(text), (size_t)8 << 20, &bytes, &size);
		if (rc == E_LIMIT)
			return fail_as(sc, E_LIMIT, "picture-too-large", "\"%s\"[%zu] is more than 8 MiB", key, i);
		if (rc != OK || size == 0)
			return fail_as(sc, E_INVALID, "bad-field", "\"%s\"[%zu] must be a picture in base64", key, i);
		out[i] = (struct call_picture){bytes, size};
	}
	*n = count;
	return OK;
}
