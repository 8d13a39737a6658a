/* Steps that are given are timed as well as they can be, and what they break is said. */
#include "unit.h"

#include "route/route_cases.h"
#include "route/route_follow.h"
#include "route/route_follow_times.h"

/* --- the times are the best ones --- */

#define HORIZON 22 /* instants a blind search looks at */

struct found {
	int64_t miss, span, begins;
	bool any;
};

static bool
better(const struct found *a, const struct found *b)
{
	if (!b->any || a->miss != b->miss)
		return !b->any || a->miss < b->miss;
	return a->span != b->span ? a->span < b->span : a->begins < b->begins;
}

/* Every way to fill begin[i…]; `drive` is what is left of the way that the pauses ahead interrupt. */
static void
look(struct follow_step *s, uint32_t n, uint32_t i, int64_t drive, struct found so_far, struct found *best)
{
	if (i == n) {
		so_far.any = true;
		so_far.span = s[n - 1].begin - s[0].begin;
		if (better(&so_far, best))
			*best = so_far;
		return;
	}
	int64_t free_at = i == 0 ? 0 : s[i - 1].begin + s[i - 1].work;
	for (int64_t at = free_at + (s[i].pause ? 0 : drive); at <= 4 * HORIZON; at++) {
		int64_t left = drive - (at - free_at) > 0 ? drive - (at - free_at) : 0;
		struct found f = so_far;
		if (at < s[i].after || at > s[i].before)
			continue;
		if (i + 1 < n && at > HORIZON)
			break;
		f.miss += llabs(follow_miss(&s[i], at));
		f.begins += i > 0 && i + 1 < n ? at : 0;
		s[i].begin = at;
		for (uint32_t k = i + 1; k < n && !s[i].pause; k++)
			if (!s[k].pause) {
				left = s[k].way;
				break;
			}
		look(s, n, i + 1, left, f, best);
		if (i + 1 == n)
			break;
	}
}

static struct found
price_of(const struct follow_step *s, uint32_t n)
{
	struct found f = {.any = true, .span = s[n - 1].begin - s[0].begin};
	for (uint32_t i = 0; i < n; i++) {
		f.miss += llabs(follow_miss(&s[i], s[i].begin));
		f.begins += i > 0 && i + 1 < n ? s[i].begin : 0;
	}
	return f;
}

static void
random_steps(struct prng *rng, struct follow_step *s, struct route_window *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		bool inner = i > 0 && i + 1 < n;
		s[i] = (struct follow_step){.pause = inner && prng_below(rng, 3) == 0, .before = ROUTE_TIME_MAX};
		s[i].work = inner ? prng_below(rng, 3) : 0;
		s[i].way = i == 0 || s[i].pause ? 0 : prng_below(rng, 5);
		int64_t at = prng_below(rng, 9);
		s[i].windows = &w[2 * i];
		s[i].n_windows = inner ? prng_below(rng, 3) : prng_below(rng, 2);
		for (uint32_t k = 0; k < s[i].n_windows; k++) {
			w[2 * i + k] = (struct route_window){at, at + prng_below(rng, 3)};
			at = w[2 * i + k].to + 2 + prng_below(rng, 4);
		}
		/* a start is never too late, an end never too early */
		if (i == 0)
			w[0].to = ROUTE_TIME_MAX;
		if (i + 1 == n)
			w[2 * i].from = -ROUTE_TIME_MAX;
		if (prng_below(rng, 9) == 0)
			s[i].after = prng_below(rng, 10);
		if (prng_below(rng, 9) == 0)
			s[i].before = 6 + prng_below(rng, 10);
	}
}

static void
no_times_are_better(void **state)
{
	(void)state;
	struct prng rng;
	uint32_t answered = 0;
	prng_seed(&rng, 1);
	for (int round = 0; round < 400; round++) {
		struct scope sc;
		struct follow_step s[5];
		struct route_window w[10];
		struct found best = {0};
		uint32_t n = 3 + prng_below(&rng, 3);
		scope_init(&sc);
		random_steps(&rng, s, w, n);
		look(s, n, 0, 0, (struct found){0}, &best);
		enum code rc = follow_times(&sc, s, n);
		assert_int_equal(rc == OK, best.any);
		if (rc == OK) {
			struct found f = price_of(s, n);
			if (f.miss != best.miss || f.span != best.span || f.begins != best.begins)
				fail_msg("round %d: %d %d %d, not %d %d %d", round, (int)f.miss, (int)f.span,
					 (int)f.begins, (int)best.miss, (int)best.span, (int)best.begins);
			answered++;
		}
		scope_release(&sc);
	}
	assert_true(answered > 200);
}

/* --- a plan of the search, followed --- */

static struct route_given *
steps_of(struct scope *sc, const struct route_problem *p, const struct route_solution *s)
{
	struct route_given *given = NEW_ARRAY(sc, p->n_vehicles, struct route_given);
	for (uint32_t t = 0; t < s->n_tours; t++) {
		const struct route_tour *tour = &s->tours[t];
		struct route_given_step *steps = NEW_ARRAY(sc, tour->n_stops, struct route_given_step);
		for (uint32_t i = 0; i < tour->n_stops; i++)
			steps[i] =
			    (struct route_given_step){tour->stops[i].step, tour->stops[i].index, 0, ROUTE_TIME_MAX};
		given[tour->vehicle] = (struct route_given){steps, tour->n_stops};
	}
	return given;
}

static void
a_feasible_plan_breaks_nothing(void **state)
{
	(void)state;
	static const struct shape shapes[] = {
	    {.jobs = 40, .vehicles = 8, .dims = 1, .windows = true},
	    {.jobs = 40, .vehicles = 10, .dims = 2, .windows = true, .open = true},
	    {.jobs = 20, .shipments = 12, .vehicles = 8, .dims = 1, .windows = true, .skills = true},
	    {.jobs = 30, .vehicles = 8, .dims = 1, .many_windows = true, .types = true},
	    {.jobs = 30, .shipments = 6, .vehicles = 8, .dims = 2, .windows = true, .relations = true},
	    {.jobs = 20, .shipments = 6, .vehicles = 4, .dims = 1, .reloads = true, .duty = true, .soft = true},
	};
	for (size_t i = 0; i < COUNT_OF(shapes); i++) {
		struct scope sc;
		scope_init(&sc);
		struct route_problem *p = build(&sc, &shapes[i], 4);
		struct route_solution *s;
		struct route_followed f;
		assert_ok(&sc, route_solve(&sc, p, &(struct route_budget){.seed = 1, .iterations = 500}, &s));
		assert_ok(&sc, route_follow(&sc, p, steps_of(&sc, p, s), &f));
		assert_int_equal(f.all.causes, 0);
		assert_int_equal(f.plan->n_tours, s->n_tours);
		assert_int_equal(f.plan->n_out, s->n_out);
		assert_int_equal(f.plan->travel, s->travel);
		assert_int_equal(f.plan->distance, s->distance);
		must_verify(&sc, p, f.plan, "followed");
		for (uint32_t t = 0; t < s->n_tours; t++) {
			const struct route_tour *a = &s->tours[t];
			const struct route_tour *b = &f.plan->tours[t];
			assert_true(b->stops[b->n_stops - 1].arrival - b->stops[0].arrival <=
				    a->stops[a->n_stops - 1].arrival - a->stops[0].arrival);
		}
		scope_release(&sc);
	}
}

/* --- as JSON --- */

#define MATRIX \
	"\"matrices\":{\"car\":{\"durations\":[[0,100,200,300],[100,0,100,200],[200,100,0,100],[300,200,100,0]]," \
	"\"distances\":[[0,10,20,30],[10,0,10,20],[20,10,0,10],[30,20,10,0]]}}"

static json_t *
followed(struct scope *sc, const char *text)
{
	struct route_file file;
	json_t *answer;
	assert_ok(sc, vroom_read(sc, text, strlen(text), &file));
	assert_ok(sc, vroom_follow(sc, &file, &answer));
	return answer;
}

static const json_t *
step_of(const json_t *answer, size_t i)
{
	return json_array_get(json_object_get(json_array_get(json_object_get(answer, "routes"), 0), "steps"), i);
}

/* "cause cause:duration …" */
static const char *
causes_of(struct scope *sc, const json_t *o)
{
	const char *text = "";
	const json_t *list = json_object_get(o, "violations");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		const json_t *duration = json_object_get(v, "duration");
		text = scope_printf(sc, "%s%s%s", text, *text == '\0' ? "" : " ",
				    json_string_value(json_object_get(v, "cause")));
		if (duration != NULL)
			text = scope_printf(sc, "%s:%d", text, (int)json_integer_value(duration));
	}
	return text;
}

static int64_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
what_breaks_is_named_where_it_breaks(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const json_t *a = followed(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"capacity\":[1],\"time_window\":[0,1000],"
	    "\"max_tasks\":1,\"max_travel_time\":100,\"max_distance\":25,\"breaks\":[{\"id\":9,\"time_windows\":"
	    "[[300,310]],\"service\":50,\"max_load\":[0]},{\"id\":10,\"service\":50}],"
	    "\"steps\":[{\"type\":\"start\"},{\"type\":\"job\",\"id\":1},{\"type\":\"break\",\"id\":9},"
	    "{\"type\":\"job\",\"id\":2,\"service_after\":700},{\"type\":\"delivery\",\"id\":5},{\"type\":\"end\"}]}],"
	    "\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[50,60]],\"service\":30,\"delivery\":[1]},"
	    "{\"id\":2,\"location_index\":2,\"delivery\":[1],\"skills\":[3],\"time_windows\":[[100,500],[600,650]]},"
	    "{\"id\":3,\"location_index\":3}],\"shipments\":[{\"amount\":[1],\"pickup\":{\"id\":5,\"location_index\":1}"
	    ","
	    "\"delivery\":{\"id\":5,\"location_index\":3}}]," MATRIX "}");
	static const char *const causes[] = {
	    "load",
	    "delay:40",
	    "max_travel_time max_load",
	    "delay:50 max_tasks skills max_travel_time",
	    "max_tasks precedence max_travel_time max_distance",
	    "delay:100 max_travel_time max_distance",
	};
	static const int64_t arrival[] = {0, 100, 230, 350, 800, 1100};
	static const int64_t waiting[] = {0, 0, 70, 350, 0, 0};
	static const int64_t travelled[] = {0, 100, 200, 200, 300, 600};
	for (size_t i = 0; i < COUNT_OF(causes); i++) {
		assert_string_equal(causes_of(&sc, step_of(a, i)), causes[i]);
		assert_int_equal(number(step_of(a, i), "arrival"), arrival[i]);
		assert_int_equal(number(step_of(a, i), "waiting_time"), waiting[i]);
		assert_int_equal(number(step_of(a, i), "duration"), travelled[i]);
	}
	const json_t *sum = json_object_get(a, "summary");
	assert_string_equal(causes_of(&sc, sum), "delay:190 load max_tasks skills precedence missing_break "
						 "max_travel_time max_distance max_load");
	assert_int_equal(number(sum, "service"), 80);
	assert_int_equal(number(sum, "unassigned"), 2);
	scope_release(&sc);
}

static void
refused(const char *steps, const char *why)
{
	struct scope sc;
	struct route_file file;
	json_t *answer;
	scope_init(&sc);
	const char *text = scope_printf(
	    &sc,
	    "{\"vehicles\":[{\"id\":7,\"start_index\":0%s}],\"jobs\":[{\"id\":1,\"location_index\":1}]," MATRIX "}",
	    steps);
	enum code rc = vroom_read(&sc, text, strlen(text), &file);
	if (rc == OK)
		rc = vroom_follow(&sc, &file, &answer);
	assert_int_equal(rc, E_INVALID);
	if (strstr(sc.err.message, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", sc.err.message, why);
	scope_release(&sc);
}

static void
steps_that_cannot_be_followed_are_refused(void **state)
{
	(void)state;
	refused("", "no vehicle comes with steps");
	refused(
	    ",\"steps\":[{\"type\":\"start\",\"service_at\":50},{\"type\":\"job\",\"id\":1,\"service_before\":100}]",
	    "vehicle 7: no times meet");
	refused(",\"steps\":[{\"type\":\"job\",\"id\":1},{\"type\":\"job\",\"id\":1}]", "is in two steps");
	refused(",\"steps\":[{\"type\":\"job\",\"id\":1},{\"type\":\"start\"},{\"type\":\"end\"}]", "from one start");
	refused(",\"steps\":[{\"type\":\"break\",\"id\":1}]", "has no break 1");
	refused(",\"steps\":[{\"type\":\"reload\"},{\"type\":\"job\",\"id\":1}]", "cannot reload");
	refused(",\"steps\":[{\"type\":\"job\",\"id\":1,\"service_after\":9,\"service_before\":3}]", "later than");
}

/* A relative break is timed from the departure. */
static void
a_relative_break_counts_from_the_departure(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const json_t *a = followed(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"breaks\":[{\"id\":1,\"relative\":true,"
	    "\"time_windows\":[[50,60]],\"service\":10}],\"steps\":[{\"type\":\"break\",\"id\":1},{\"type\":\"job\","
	    "\"id\":1}]}],\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[1000,1000]]}]," MATRIX "}");
	assert_string_equal(causes_of(&sc, json_object_get(a, "summary")), "");
	assert_int_equal(number(step_of(a, 0), "arrival"), 890);
	assert_int_equal(number(step_of(a, 1), "arrival"), 940);
	assert_int_equal(number(step_of(a, 1), "distance"), 5);
	assert_int_equal(number(step_of(a, 2), "arrival"), 1000);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_times_are_better),
	    cmocka_unit_test(a_feasible_plan_breaks_nothing),
	    cmocka_unit_test(what_breaks_is_named_where_it_breaks),
	    cmocka_unit_test(steps_that_cannot_be_followed_are_refused),
	    cmocka_unit_test(a_relative_break_counts_from_the_departure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
