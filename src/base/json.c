#include "base/json.h"

#include <math.h>

#include "base/clock.h"
#include "base/text.h"

#define JSON_DEPTH_MAX 64

static void
release(void *value)
{
	json_decref(value);
}

json_t *
json_own(struct scope *sc, json_t *value)
{
	if (value == NULL) {
		fprintf(stderr, "waybill: out of memory (JSON)\n");
		abort();
	}
	scope_on_release(sc, release, value);
	return value;
}

json_t *
json_new_object(struct scope *sc)
{
	return json_own(sc, json_object());
}

json_t *
json_new_array(struct scope *sc)
{
	return json_own(sc, json_array());
}

/* jansson recurses while it parses and while it frees: count the nesting first. */
static bool
too_deep(const char *s, size_t n)
{
	int depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < n; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = false;
		} else if (s[i] == '"') {
			quoted = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if (s[i] == '}' || s[i] == ']') {
			depth--;
		}
	}
	return false;
}

enum code
json_parse(struct scope *sc, const void *bytes, size_t n, json_t **out)
{
	if (too_deep(bytes, n))
		return fail_as(sc, E_INVALID, "bad-json", "JSON nested deeper than %d", JSON_DEPTH_MAX);
	json_error_t e;
	json_t *v = json_loadb(bytes, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
	if (v == NULL)
		return fail_as(sc, E_INVALID, "bad-json", "not JSON: line %d, column %d: %s", e.line, e.column, e.text);
	*out = json_own(sc, v);
	return OK;
}

static char *
dump(struct scope *sc, const json_t *value, size_t flags)
{
	/* 15 digits bring back every decimal that came in, and do not show a double's tail. */
	flags |= JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
	size_t n = json_dumpb(value, NULL, 0, flags);
	char *s = scope_alloc(sc, n + 1);
	json_dumpb(value, s, n, flags);
	return s;
}

char *
json_text(struct scope *sc, const json_t *value)
{
	return dump(sc, value, 0);
}

char *
json_canonical(struct scope *sc, const json_t *value)
{
	return dump(sc, value, JSON_SORT_KEYS);
}

void
json_put(json_t *object, const char *key, json_t *v)
{
	if (v == NULL || json_object_set_new(object, key, v) != 0) {
		fprintf(stderr, "waybill: JSON member \"%s\" could not be set\n", key);
		abort();
	}
}

void
json_put_text(json_t *object, const char *key, const char *s_or_null)
{
	json_put(object, key, s_or_null == NULL ? json_null() : json_string(s_or_null));
}

void
json_put_int(json_t *object, const char *key, int64_t v)
{
	json_put(object, key, json_integer(v));
}

void
json_put_bool(json_t *object, const char *key, bool v)
{
	json_put(object, key, json_boolean(v));
}

void
json_put_real(json_t *object, const char *key, double v)
{
	json_put(object, key, isfinite(v) ? json_real(v) : json_null());
}

void
json_put_time(json_t *object, const char *key, int64_t at_ms)
{
	char text[TIME_TEXT_MAX];
	json_put_text(object, key, at_ms == 0 ? NULL : time_format(at_ms, text));
}

void
json_put_place(json_t *object, const char *key, struct place p)
{
	json_t *o = json_object();
	json_put_real(o, "lat", place_lat(p));
	json_put_real(o, "lon", place_lon(p));
	json_put(object, key, o);
}

void
json_put_money(json_t *object, const char *key, struct money m, struct currency c)
{
	json_t *o = json_object();
	json_put_int(o, "minor", m.minor);
	json_put_text(o, "currency", c.code);
	json_put(object, key, o);
}

static enum code
bad_field(struct scope *sc, const char *key, const char *why)
{
	return fail_as(sc, E_INVALID, "bad-field", "\"%s\": %s", key, why);
}

enum code
json_only(struct scope *sc, const json_t *value, const char *const names[])
{
	if (!json_is_object(value))
		return fail_as(sc, E_INVALID, "bad-field", "a JSON object is wanted here");
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)value, key, member)
	{
		bool known = false;
		for (size_t i = 0; names[i] != NULL && !known; i++)
			known = strcmp(names[i], key) == 0;
		if (!known)
			return fail_as(sc, E_INVALID, "bad-field", "\"%.40s\": there is no such member", key);
	}
	return OK;
}

/* NULL for absent and null alike. */
static const json_t *
member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	return json_is_null(v) ? NULL : v;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\n' && *s != '\t') || *s == 127)
			return true;
	return false;
}

enum code
json_need_text(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max, const char **out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return bad_field(sc, key, "is missing");
	if (!json_is_string(v))
		return bad_field(sc, key, "must be text");
	const char *s = json_string_value(v);
	if (strlen(s) != json_string_length(v) || has_control(s))
		return bad_field(sc, key, "has control characters");
	size_t n = utf8_length(s);
	if (n < min || n > max)
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must have %zu to %zu characters, has %zu", key, min,
			       max, n);
	*out = s;
	return OK;
}

enum code
json_may_text(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max, const char **out)
{
	return member(o, key) == NULL ? OK : json_need_text(sc, o, key, min, max, out);
}

enum code
json_need_int(struct scope *sc, const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return bad_field(sc, key, "is missing");
	if (!json_is_integer(v))
		return bad_field(sc, key, "must be a whole number");
	int64_t i = json_integer_value(v);
	if (i < min || i > max)
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must be between %" PRId64 " and %" PRId64, key, min,
			       max);
	*out = i;
	return OK;
}

enum code
json_may_int(struct scope *sc, const json_t *o, const char *key, int64_t min, int64_t max, int64_t *out)
{
	return member(o, key) == NULL ? OK : json_need_int(sc, o, key, min, max, out);
}

enum code
json_need_real(struct scope *sc, const json_t *o, const char *key, double min, double max, double *out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return bad_field(sc, key, "is missing");
	if (!json_is_number(v))
		return bad_field(sc, key, "must be a number");
	double d = json_number_value(v);
	if (!(d >= min && d <= max))
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must be between %g and %g", key, min, max);
	*out = d;
	return OK;
}

enum code
json_may_bool(struct scope *sc, const json_t *o, const char *key, bool *out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return OK;
	if (!json_is_boolean(v))
		return bad_field(sc, key, "must be true or false");
	*out = json_is_true(v);
	return OK;
}

enum code
json_need_time(struct scope *sc, const json_t *o, const char *key, int64_t *at_ms)
{
	const char *s;
	TRY(json_need_text(sc, o, key, 1, 40, &s));
	if (time_parse(sc, s, at_ms) != OK)
		return error_prefix(sc, "\"%s\"", key);
	return OK;
}

enum code
json_may_time(struct scope *sc, const json_t *o, const char *key, int64_t *at_ms)
{
	return member(o, key) == NULL ? OK : json_need_time(sc, o, key, at_ms);
}

enum code
json_need_place(struct scope *sc, const json_t *o, const char *key, struct place *out)
{
	const json_t *v;
	double lat;
	double lon;
	TRY(json_need_object(sc, o, key, &v));
	if (json_need_real(sc, v, "lat", -90, 90, &lat) != OK || json_need_real(sc, v, "lon", -180, 180, &lon) != OK)
		return error_prefix(sc, "\"%s\"", key);
	return place_from_degrees(sc, lat, lon, out);
}

enum code
json_need_array(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max, const json_t **out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return bad_field(sc, key, "is missing");
	if (!json_is_array(v))
		return bad_field(sc, key, "must be a list");
	size_t n = json_array_size(v);
	if (n < min || n > max)
		return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must have %zu to %zu entries, has %zu", key, min,
			       max, n);
	*out = v;
	return OK;
}

enum code
json_need_object(struct scope *sc, const json_t *o, const char *key, const json_t **out)
{
	const json_t *v = member(o, key);
	if (v == NULL)
		return bad_field(sc, key, "is missing");
	if (!json_is_object(v))
		return bad_field(sc, key, "must be an object");
	*out = v;
	return OK;
}

enum code
json_need_word(struct scope *sc, const json_t *o, const char *key, const char *const words[], size_t *out)
{
	const char *s;
	TRY(json_need_text(sc, o, key, 0, 80, &s));
	struct text known;
	text_init(&known, sc);
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], s) == 0) {
			*out = i;
			return OK;
		}
		text_printf(&known, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	return fail_as(sc, E_INVALID, "bad-field", "\"%s\": must be one of %s", key, known.s);
}

enum code
json_may_word(struct scope *sc, const json_t *o, const char *key, const char *const words[], size_t *out)
{
	return member(o, key) == NULL ? OK : json_need_word(sc, o, key, words, out);
}
