/* VROOM's JSON: what tasks and vehicles have in common, and warnings. */
#include "route/vroom_reader.h"

/* --- warnings --- */

void
reader_warn(struct reader *r, const char *text)
{
	struct route_file *f = r->file;
	for (uint32_t i = 0; i < f->n_warnings; i++)
		if (strcmp(f->warnings[i], text) == 0)
			return;
	if (f->n_warnings < ROUTE_WARNINGS_MAX)
		f->warnings[f->n_warnings++] = scope_strdup(r->sc, text);
}

void
reader_warn_unknown(struct reader *r, const json_t *o, const char *what, const char *const known[])
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)o, key, v)
	{
		bool found = false;
		for (size_t i = 0; known[i] != NULL && !found; i++)
			found = strcmp(known[i], key) == 0;
		if (!found)
			reader_warn(
			    r, scope_printf(r->sc, "%s: the field \"%.60s\" is not known and was ignored", what, key));
	}
}

/* --- small values --- */

enum code
reader_amounts(struct reader *r, const json_t *o, const char *key, const int64_t **out)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_DIMS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": a list of at most %d numbers is due", key,
			       ROUTE_DIMS_MAX);
	if (json_array_size(a) != r->dims)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" has %zu dimensions where others have %u", key,
			       json_array_size(a), r->dims);
	int64_t *values = NEW_ARRAY(sc, r->dims, int64_t);
	for (uint32_t d = 0; d < r->dims; d++) {
		const json_t *v = json_array_get(a, d);
		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > ROUTE_AMOUNT_MAX)
			return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": 0 to %lld are possible", key,
				       ROUTE_AMOUNT_MAX);
		values[d] = json_integer_value(v);
	}
	*out = values;
	return OK;
}

enum code
reader_skills(struct reader *r, const json_t *o, const uint32_t **out, uint32_t *n)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, "skills");
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_SKILLS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"skills\": a list of at most %d is due",
			       ROUTE_SKILLS_MAX);
	uint32_t *skills = NEW_ARRAY(sc, json_array_size(a), uint32_t);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *v = json_array_get(a, i);
		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX)
			return fail_as(sc, E_INVALID, "bad-problem", "\"skills\": whole numbers are due");
		skills[i] = (uint32_t)json_integer_value(v);
	}
	*out = skills;
	*n = (uint32_t)json_array_size(a);
	return OK;
}

enum code
reader_window(struct scope *sc, const json_t *v, struct route_window *out)
{
	const json_t *from = json_array_get(v, 0);
	const json_t *to = json_array_get(v, 1);
	if (!json_is_array(v) || json_array_size(v) != 2 || !json_is_integer(from) || !json_is_integer(to))
		return fail_as(sc, E_INVALID, "bad-problem", "a time window is [from, to] in whole numbers");
	int64_t a = json_integer_value(from);
	int64_t b = json_integer_value(to);
	if (a < 0 || a > b)
		return fail_as(sc, E_INVALID, "bad-problem", "the time window [%" PRId64 ", %" PRId64 "] is empty", a,
			       b);
	if (a > ROUTE_TIME_MAX)
		return fail_as(sc, E_INVALID, "bad-problem",
			       "the time window [%" PRId64 ", %" PRId64 "] begins beyond %lld: times are seconds", a, b,
			       ROUTE_TIME_MAX);
	*out = (struct route_window){a, b < ROUTE_TIME_MAX ? b : ROUTE_TIME_MAX};
	return OK;
}

static int
by_from(const void *a, const void *b)
{
	const struct route_window *x = a;
	const struct route_window *y = b;
	return (x->from > y->from) - (x->from < y->from);
}

enum code
reader_windows(struct reader *r, const json_t *o, const char *key, const struct route_window **out, uint32_t *n)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) == 0 || json_array_size(a) > ROUTE_WINDOWS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": 1 to %d time windows are possible", key,
			       ROUTE_WINDOWS_MAX);
	struct route_window *w = NEW_ARRAY(sc, json_array_size(a), struct route_window);
	for (size_t i = 0; i < json_array_size(a); i++)
		TRY(reader_window(sc, json_array_get(a, i), &w[i]));
	qsort(w, json_array_size(a), sizeof *w, by_from);
	*out = w;
	*n = (uint32_t)json_array_size(a);
	return OK;
}

enum code
reader_type(struct reader *r, const char *name, uint32_t *out)
{
	for (uint32_t i = 0; i < r->n_types; i++)
		if (strcmp(r->types[i], name) == 0) {
			*out = i + 1;
			return OK;
		}
	if (r->n_types == READER_TYPES_MAX)
		return fail_as(r->sc, E_LIMIT, "problem-too-large", "more than %d vehicle types", READER_TYPES_MAX);
	r->types[r->n_types++] = name;
	*out = r->n_types;
	return OK;
}
