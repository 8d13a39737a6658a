/* VROOM's JSON, field by field: what the readers take, refuse and hand on. */
#include "unit.h"

#include "route/route_file.h"

#define MATRIX \
	"\"matrices\":{\"car\":{\"durations\":[[0,100,200,300],[100,0,100,200],[200,100,0,100],[300,200,100,0]]}}"

static struct route_solution *
solve_text(struct scope *sc, const char *text, uint64_t iterations, struct route_file *file)
{
	struct route_solution *s;
	struct route_verdict v;
	assert_ok(sc, vroom_read(sc, text, strlen(text), file));
	assert_ok(
	    sc, route_solve_from(sc, file->problem, file->rows, &(struct route_budget){.iterations = iterations}, &s));
	assert_ok(sc, route_check(sc, file->problem, s, &v));
	assert_true(v.feasible);
	return s;
}

static void
refused(const char *text, const char *why)
{
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	assert_int_equal(vroom_read(&sc, text, strlen(text), &file), E_INVALID);
	if (strstr(sc.err.message, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", sc.err.message, why);
	scope_release(&sc);
}

static void
a_cargo_bike_takes_its_own_time_at_the_door(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	struct route_solution *s = solve_text(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"type\":\"bike\",\"start_index\":0,\"end_index\":0}],"
	    "\"jobs\":[{\"id\":1,\"location_index\":1,\"setup\":30,\"service\":60,\"service_per_type\":{\"bike\":20,"
	    "\"van\":90}},"
	    "{\"id\":2,\"location_index\":2,\"setup\":30,\"service\":60,\"setup_per_type\":{\"bike\":5}},"
	    "{\"id\":3,\"location_index\":3,\"setup\":30,\"service\":60,\"setup_per_type\":{\"van\":5}}]," MATRIX "}",
	    10, &file);
	assert_int_equal(file.n_warnings, 0);
	assert_int_equal(s->n_out, 0);
	assert_int_equal(s->service, 20 + 60 + 60);
	assert_int_equal(s->setup, 30 + 5 + 30);
	scope_release(&sc);
}

/* Who works faster at the door gets the task whose window the other would miss. */
static void
the_type_decides_who_can(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	struct route_solution *s = solve_text(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"type\":\"van\",\"start_index\":0,\"end_index\":0,\"time_window\":[0,500]},"
	    "{\"id\":2,\"type\":\"bike\",\"start_index\":0,\"end_index\":0,\"time_window\":[0,500],\"costs\":{"
	    "\"fixed\":100000}}],"
	    "\"jobs\":[{\"id\":1,\"location_index\":2,\"service\":200,\"service_per_type\":{\"bike\":50}}]," MATRIX "}",
	    10, &file);
	assert_int_equal(s->n_out, 0);
	assert_int_equal(file.problem->vehicles[s->tours[0].vehicle].id, 2);
	scope_release(&sc);
}

static void
steps_are_the_plan_to_start_from(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	struct route_solution *s = solve_text(
	    &sc,
	    "{\"vehicles\":[{\"id\":7,\"start_index\":0,\"end_index\":0},{\"id\":8,\"start_index\":0,\"end_index\":0,"
	    "\"steps\":[{\"type\":\"start\"},{\"type\":\"job\",\"id\":3},{\"type\":\"job\",\"id\":1},{\"type\":\"end\"}"
	    "]}],"
	    "\"jobs\":[{\"id\":1,\"location_index\":1},{\"id\":3,\"location_index\":3}]," MATRIX "}",
	    0, &file);
	assert_non_null(file.rows);
	assert_int_equal(file.rows[0].n_tasks, 0);
	assert_int_equal(file.rows[1].n_tasks, 2);
	assert_int_equal(s->n_tours, 1);
	assert_int_equal(file.problem->vehicles[s->tours[0].vehicle].id, 8);
	assert_int_equal(file.problem->tasks[s->tours[0].stops[1].index].id, 3);
	scope_release(&sc);
}

/* Real timestamps, a vehicle of any time and a task of any time: what lies before the first window is of no use. */
static void
absolute_times_need_no_shift(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	struct route_solution *s = solve_text(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"start_index\":0},{\"id\":2,\"start_index\":0,\"time_window\":[0,1000]}],"
	    "\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[1000,1100]]},{\"id\":2,\"location_index\":2}]"
	    "," MATRIX "}",
	    50, &file);
	assert_int_equal(s->n_out, 0);
	s = solve_text(
	    &sc,
	    "{\"vehicles\":[{\"id\":1,\"start_index\":0}],\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":"
	    "[[1763800000,1763803600],[1763900000,1763903600]]},{\"id\":2,\"location_index\":2}]," MATRIX "}",
	    50, &file);
	assert_int_equal(s->n_out, 0);
	assert_int_equal(s->tours[0].n_stops, 4);
	assert_true(s->tours[0].stops[0].arrival > 1763000000);
	scope_release(&sc);
}

static void
without_vehicles_everything_is_left_out(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	struct route_solution *s =
	    solve_text(&sc, "{\"vehicles\":[],\"jobs\":[{\"id\":1,\"location_index\":1}]," MATRIX "}", 0, &file);
	assert_int_equal(s->n_out, 1);
	assert_int_equal(s->out[0].why, ROUTE_WHY_FULL);
	assert_string_equal(s->out[0].text, "there is no vehicle");
	scope_release(&sc);
}

static void
what_contradicts_itself_is_refused(void **state)
{
	(void)state;
	refused("{\"vehicles\":[{\"id\":7,\"start_index\":0,\"steps\":[{\"type\":\"job\",\"id\":4}]}],"
		"\"jobs\":[{\"id\":1,\"location_index\":1}]," MATRIX "}",
		"vehicles[0]: steps[0]: there is no job 4");
	refused("{\"vehicles\":[{\"id\":7,\"start_index\":0}],"
		"\"jobs\":[{\"id\":1,\"location_index\":1,\"service_per_type\":{\"bike\":-1}}]," MATRIX "}",
		"service_per_type");
	refused("{\"vehicles\":[{\"id\":7,\"start_index\":0}],"
		"\"jobs\":[{\"id\":1,\"location_index\":1},{\"id\":1,\"location_index\":2}]," MATRIX "}",
		"names two tasks");
	refused("{\"vehicles\":[{\"id\":7,\"start_index\":0}],"
		"\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[9,3]]}]," MATRIX "}",
		"is empty");
	refused("{\"vehicles\":[{\"id\":7,\"start_index\":0}],"
		"\"jobs\":[{\"id\":1,\"location_index\":1,\"time_windows\":[[1763800000000,1763803600000]]}]," MATRIX
		"}",
		"times are seconds");
}

static void
unknown_fields_are_named_once(void **state)
{
	(void)state;
	struct scope sc;
	struct route_file file;
	scope_init(&sc);
	solve_text(&sc,
		   "{\"vehicles\":[{\"id\":7,\"start_index\":0,\"colour\":1,\"steps\":[{\"type\":\"job\",\"id\":1,"
		   "\"service_at\":5}]},"
		   "{\"id\":8,\"start_index\":0,\"colour\":2}],\"jobs\":[{\"id\":1,\"location_index\":1}]," MATRIX "}",
		   0, &file);
	assert_int_equal(file.n_warnings, 1);
	assert_non_null(strstr(file.warnings[0], "colour"));
	assert_true(file.demands);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cargo_bike_takes_its_own_time_at_the_door),
	    cmocka_unit_test(the_type_decides_who_can),
	    cmocka_unit_test(steps_are_the_plan_to_start_from),
	    cmocka_unit_test(absolute_times_need_no_shift),
	    cmocka_unit_test(without_vehicles_everything_is_left_out),
	    cmocka_unit_test(what_contradicts_itself_is_refused),
	    cmocka_unit_test(unknown_fields_are_named_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
