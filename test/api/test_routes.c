/* The route table: which row takes which path, and that every row is described. */
#include "api/api_inner.h"
#include "base/text.h"
#include "unit.h"

struct fixture {
	struct scope sc;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	scope_init(&f->sc);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	scope_release(&f->sc);
	free(f);
	return 0;
}

static const struct route *
find(struct fixture *f, const char *method, const char *path, const char *param[static CALL_PARAMS])
{
	const struct route *r = NULL;
	const char *allowed;
	return route_match(&f->sc, method, path, true, &r, param, &allowed) == MATCH_FOUND ? r : NULL;
}

static void
paths_are_taken_apart(void **state)
{
	struct fixture *f = *state;
	const char *param[CALL_PARAMS];
	const struct route *r = find(f, "POST", "/v1/driver/stops/stp_1/deliver", param);
	assert_non_null(r);
	assert_string_equal(r->path, "/v1/driver/stops/{stop_id}/deliver");
	assert_string_equal(param[0], "stp_1");
	assert_non_null(find(f, "GET", "/map/tiles/14/8800/5000.mvt", param));
	assert_string_equal(param[0], "14");
	assert_string_equal(param[2], "5000");
	assert_non_null(find(f, "GET", "/chain/tile/0/000.p/5", param));
	assert_string_equal(param[0], "tile/0/000.p/5");
	assert_non_null(find(f, "HEAD", "/healthz", param));
	static const char *const nothing[] = {"/",
					      "/v1",
					      "/v1/",
					      "/v1/stations/",
					      "/v1//x",
					      "/map/tiles/1/2/.mvt",
					      "/map/tiles/1/2",
					      "/chain/",
					      "/healthz/x",
					      "/v1/driver/stops//deliver"};
	for (size_t i = 0; i < COUNT_OF(nothing); i++)
		if (find(f, "GET", nothing[i], param) != NULL || find(f, "POST", nothing[i], param) != NULL)
			fail_msg("%s is taken", nothing[i]);
}

static void
other_methods_are_named(void **state)
{
	struct fixture *f = *state;
	const struct route *r = NULL;
	const char *param[CALL_PARAMS];
	const char *allowed = NULL;
	assert_int_equal(route_match(&f->sc, "PATCH", "/v1/stations", true, &r, param, &allowed), MATCH_OTHER_METHOD);
	assert_string_equal(allowed, "GET, POST");
	assert_int_equal(route_match(&f->sc, "POST", "/sim/advance", false, &r, param, &allowed), MATCH_NONE);
	assert_int_equal(route_match(&f->sc, "POST", "/sim/advance", true, &r, param, &allowed), MATCH_FOUND);
}

/* A path made from the row's own pattern finds the row and no other. */
static void
no_row_hides_another(void **state)
{
	struct fixture *f = *state;
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++) {
			struct text path;
			text_init(&path, &f->sc);
			for (const char *s = r->path; *s != '\0'; s++) {
				if (*s == '{') {
					text_add(&path, "77");
					s = strchr(s, '}');
				} else {
					text_add_char(&path, *s);
				}
			}
			const char *param[CALL_PARAMS];
			if (find(f, r->method, path.s, param) != r)
				fail_msg("%s %s is hidden by another row", r->method, r->path);
		}
}

static void
every_row_is_whole(void **state)
{
	(void)state;
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++) {
			bool good = r->path[0] == '/' && r->who != 0 && r->summary != NULL &&
				    (r->prepare != NULL || r->work != NULL || r->commit != NULL) &&
				    (r->body == BODY_JSON) == (r->request != NULL) &&
				    (r->body == BODY_NONE || text_eq(r->method, "POST") || text_eq(r->method, "PUT")) &&
				    (!r->once || (r->commit != NULL && text_eq(r->method, "POST")));
			if (!good)
				fail_msg("%s %s is not whole", r->method, r->path);
		}
}

/* Every POST of a known caller that makes or moves something hears the key. */
static void
what_moves_can_be_repeated(void **state)
{
	(void)state;
	static const char *const not_these[] = {"/v1/staff/logout",	    "/v1/staff/passphrase",
						"/v1/driver/logout",	    "/v1/staff", /* holds a key, shown once */
						"/v1/driver/devices",			 /* a key binds once */
						"/v1/driver/enrolment",	    "/v1/driver/leave",
						"/v1/driver/positions", /* another file */
						"/v1/queue/{item_id}/open", "/v1/queue/{item_id}/seen"};
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++) {
			if (!text_eq(r->method, "POST") || (r->who & MAY_PUBLIC) != 0 || r->commit == NULL || r->once)
				continue;
			bool known = false;
			for (size_t i = 0; i < COUNT_OF(not_these); i++)
				known |= text_eq(not_these[i], r->path);
			if (!known)
				fail_msg("POST %s does not hear the Idempotency-Key", r->path);
		}
}

/* Only a driver herself sends pictures, of her own face to her own enrolment or
 * check-in, to an appeal, or of a doorstep: nobody can hand in a face and ask whose it is. */
static void
only_she_herself_sends_pictures(void **state)
{
	(void)state;
	size_t n = 0;
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++) {
			if (r->body_max < BODY_PICTURES)
				continue;
			n++;
			if (r->who != MAY_DRIVER || !text_starts(r->path, "/v1/driver/"))
				fail_msg("%s %s takes pictures", r->method, r->path);
		}
	assert_int_equal(n, 4);
}

/* --- the document --- */

static const json_t *
at(const json_t *o, const char *a, const char *b)
{
	return json_object_get(json_object_get(o, a), b);
}

static void
every_row_is_described_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	json_t *doc;
	assert_ok(&f->sc, api_describe(&f->sc, &doc));
	size_t rows = 0;
	for (size_t t = 0; api_tables[t] != NULL; t++)
		for (const struct route *r = api_tables[t]->rows; r->method != NULL; r++)
			rows++;
	size_t operations = 0;
	const char *path;
	json_t *item;
	json_object_foreach(json_object_get(doc, "paths"), path, item)
	{
		const char *method;
		json_t *operation;
		json_object_foreach(item, method, operation)
		{
			operations++;
			assert_non_null(json_object_get(operation, "summary"));
			assert_non_null(json_object_get(operation, "responses"));
		}
	}
	assert_int_equal(operations, rows);
}

/* Marks every name that is referred to below v. */
static void
walk(const json_t *v, json_t *seen)
{
	const char *key;
	json_t *child;
	size_t i;
	const char *ref = json_string_value(json_object_get(v, "$ref"));
	if (ref != NULL && text_starts(ref, "#/components/"))
		json_object_set_new(seen, ref + strlen("#/components/"), json_true());
	if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, child) walk(child, seen);
	else
		json_array_foreach(v, i, child) walk(child, seen);
}

static void
every_shape_is_there_and_used(void **state)
{
	struct fixture *f = *state;
	json_t *doc;
	assert_ok(&f->sc, api_describe(&f->sc, &doc));
	json_t *seen = json_new_object(&f->sc);
	walk(doc, seen);
	const char *ref;
	const json_t *ignored;
	json_object_foreach(seen, ref, ignored)
	{
		char **parts;
		assert_int_equal(text_split(&f->sc, ref, '/', &parts), 2);
		if (at(json_object_get(doc, "components"), parts[0], parts[1]) == NULL)
			fail_msg("%s is referred to and not there", ref);
	}
	static const char *const sections[] = {"schemas", "parameters", "responses"};
	for (size_t s = 0; s < COUNT_OF(sections); s++) {
		const char *name;
		json_object_foreach((json_t *)(uintptr_t)at(doc, "components", sections[s]), name, ignored)
		{
			if (json_object_get(seen, scope_printf(&f->sc, "%s/%s", sections[s], name)) == NULL)
				fail_msg("%s/%s is described and used nowhere", sections[s], name);
		}
	}
}

/* --- problems and limits --- */

static void
every_code_has_a_status(void **state)
{
	(void)state;
	static const int want[] = {
	    [E_USAGE] = 400,	[E_INVALID] = 400,   [E_LIMIT] = 413,		[E_NOT_FOUND] = 404,
	    [E_CONFLICT] = 409, [E_DENIED] = 403,    [E_UNAUTHENTICATED] = 401, [E_RETRY] = 503,
	    [E_DEADLINE] = 503, [E_CANCELLED] = 503, [E_UNAVAILABLE] = 503,	[E_IO] = 500,
	    [E_CORRUPT] = 500,	[E_MEMORY] = 500,    [E_INTERNAL] = 500};
	for (int code = E_USAGE; code <= E_INTERNAL; code++)
		assert_int_equal(problem_status((enum code)code, NULL), want[code]);
	assert_int_equal(problem_status(E_DENIED, "too-many-requests"), 429);
	assert_int_equal(problem_status(E_INVALID, "poor-capture"), 422);
	assert_int_equal(problem_status(E_INVALID, "bad-field"), 400);
}

static void
a_limit_slows_one_and_not_another(void **state)
{
	struct fixture *f = *state;
	struct limits *l;
	int64_t retry_s = 0;
	assert_ok(&f->sc, limits_open(&f->sc, &l));
	int taken = 0;
	while (limits_take(&f->sc, l, LIMIT_SIGN_UP, "198.51.100.7", &retry_s) == OK)
		assert_true(++taken < 100);
	assert_int_equal(taken, 20);
	assert_true(retry_s > 0 && retry_s <= 181);
	assert_string_equal(f->sc.err.reason, "too-many-requests");
	assert_ok(&f->sc, limits_take(&f->sc, l, LIMIT_SIGN_UP, "198.51.100.8", &retry_s));
	assert_ok(&f->sc, limits_take(&f->sc, l, LIMIT_SIGN_IN, "198.51.100.7", &retry_s));
	/* Many strangers do not push the guilty one out of the table. */
	for (int i = 0; i < 5000; i++)
		assert_ok(&f->sc, limits_take(&f->sc, l, LIMIT_LOOK,
					      scope_printf(&f->sc, "10.0.%d.%d", i / 256, i % 256), &retry_s));
	assert_int_equal(limits_take(&f->sc, l, LIMIT_SIGN_UP, "198.51.100.7", &retry_s), E_DENIED);
	limits_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(paths_are_taken_apart),
	    TEST(other_methods_are_named),
	    TEST(no_row_hides_another),
	    TEST(every_row_is_whole),
	    TEST(what_moves_can_be_repeated),
	    TEST(only_she_herself_sends_pictures),
	    TEST(every_row_is_described_and_nothing_else),
	    TEST(every_shape_is_there_and_used),
	    TEST(every_code_has_a_status),
	    TEST(a_limit_slows_one_and_not_another),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
