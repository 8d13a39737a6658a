/* VROOM's JSON: vehicles, and the rows of tasks they begin with.
 *
 * "steps" is a plan to start from: its jobs, pickups and deliveries in order.
 * Start, end and breaks are placed anew; times a step demands (service_at,
 * service_after, service_before) belong to a mode of VROOM that only computes
 * arrivals, and are named in a warning. */
#include "route/vroom_reader.h"

/* --- vehicles --- */

static enum code
read_break(struct reader *r, const json_t *o, struct route_break *b)
{
	static const char *const known[] = {"id",	"description", "time_windows", "service", "max_load",
					    "relative", NULL};
	struct scope *sc = r->sc;
	int64_t id;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a break must be an object");
	reader_warn_unknown(r, o, "a break", known);
	TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	*b = (struct route_break){.id = (uint64_t)id};
	TRY(json_may_text(sc, o, "description", 0, 1000, &b->description));
	TRY(json_may_int(sc, o, "service", 0, ROUTE_SPAN_MAX, &b->service));
	TRY(json_may_bool(sc, o, "relative", &b->relative));
	TRY(reader_windows(r, o, "time_windows", &b->windows, &b->n_windows));
	return reader_amounts(r, o, "max_load", &b->max_load);
}

static enum code
read_costs(struct reader *r, const json_t *o, struct route_rates *rates)
{
	static const char *const known[] = {"fixed", "per_hour", "per_task_hour", "per_km", "per_duty_hour", NULL};
	struct scope *sc = r->sc;
	const json_t *c = json_object_get(o, "costs");
	rates->per_hour = 3600;
	if (c == NULL || json_is_null(c))
		return OK;
	if (!json_is_object(c))
		return fail_as(sc, E_INVALID, "bad-problem", "\"costs\" must be an object");
	reader_warn_unknown(r, c, "costs", known);
	TRY(json_may_int(sc, c, "fixed", 0, ROUTE_RATE_MAX, &rates->fixed));
	TRY(json_may_int(sc, c, "per_hour", 0, ROUTE_RATE_MAX, &rates->per_hour));
	TRY(json_may_int(sc, c, "per_task_hour", 0, ROUTE_RATE_MAX, &rates->per_task_hour));
	TRY(json_may_int(sc, c, "per_duty_hour", 0, ROUTE_RATE_MAX, &rates->per_duty_hour));
	return json_may_int(sc, c, "per_km", 0, ROUTE_RATE_MAX, &rates->per_km);
}

static enum code
read_end(struct reader *r, const json_t *o, const char *coords, const char *index, uint32_t *out)
{
	if (json_object_get(o, coords) == NULL && json_object_get(o, index) == NULL) {
		*out = ROUTE_NONE;
		return OK;
	}
	return reader_place(r, o, coords, index, out);
}

static enum code
read_vehicle_limits(struct reader *r, const json_t *o, struct route_vehicle *v)
{
	struct scope *sc = r->sc;
	int64_t max_tasks = ROUTE_NONE;
	TRY(json_may_int(sc, o, "max_tasks", 0, INT32_MAX, &max_tasks));
	v->max_tasks = (uint32_t)max_tasks;
	TRY(json_may_int(sc, o, "max_travel_time", 0, ROUTE_TIME_MAX, &v->max_travel));
	TRY(json_may_int(sc, o, "max_distance", 0, INT32_MAX, &v->max_distance));
	TRY(json_may_int(sc, o, "max_duty", 0, ROUTE_TIME_MAX, &v->max_duty));
	if (json_is_number(json_object_get(o, "speed_factor")))
		TRY(json_need_real(sc, o, "speed_factor", 0.01, 100, &v->speed_factor));
	const json_t *reload = json_object_get(o, "reload");
	if (!json_is_object(reload))
		return OK;
	int64_t most = 1;
	TRY(json_may_int(sc, reload, "max", 0, 100, &most));
	TRY(json_may_int(sc, reload, "service", 0, ROUTE_SPAN_MAX, &v->reload_service));
	TRY(reader_place(r, reload, "location", "location_index", &v->reload_place));
	v->max_reloads = (uint32_t)most;
	return OK;
}

static enum code
read_breaks(struct reader *r, const json_t *o, struct route_vehicle *v)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, "breaks");
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_BREAKS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"breaks\": a list of at most %d is due",
			       ROUTE_BREAKS_MAX);
	struct route_break *b = NEW_ARRAY(sc, json_array_size(a), struct route_break);
	for (size_t i = 0; i < json_array_size(a); i++)
		TRY(read_break(r, json_array_get(a, i), &b[i]));
	v->breaks = b;
	v->n_breaks = (uint32_t)json_array_size(a);
	return OK;
}

/* The task a step names; ROUTE_NONE for steps that are no task. */
static enum code
read_vehicle_step(struct reader *r, const json_t *o, uint32_t *out)
{
	static const char *const known[] = {"type", "id", "description", "location", "location_index", NULL};
	static const char *const words[] = {"job", "pickup", "delivery", "start", "break", "end", NULL};
	static const enum route_kind kinds[] = {ROUTE_JOB, ROUTE_PICKUP, ROUTE_DELIVERY};
	struct scope *sc = r->sc;
	size_t word;
	int64_t id;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a step must be an object");
	reader_warn_unknown(r, o, "a step", known);
	TRY(json_need_word(sc, o, "type", words, &word));
	*out = ROUTE_NONE;
	if (word >= COUNT_OF(kinds))
		return OK;
	TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	if (!reader_task(r, kinds[word], id, out))
		return fail_as(sc, E_INVALID, "bad-problem", "there is no %s %" PRId64, words[word], id);
	return OK;
}

/* The rows exist from the first vehicle that has steps. */
static enum code
read_row(struct reader *r, const json_t *o, uint32_t vehicle)
{
	struct scope *sc = r->sc;
	const json_t *steps = json_object_get(o, "steps");
	if (steps == NULL || json_is_null(steps))
		return OK;
	if (!json_is_array(steps) || json_array_size(steps) > 2 * (size_t)ROUTE_TASKS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"steps\": a list of at most %d is due",
			       2 * ROUTE_TASKS_MAX);
	uint32_t *tasks = NEW_ARRAY(sc, json_array_size(steps), uint32_t);
	uint32_t n = 0;
	for (size_t i = 0; i < json_array_size(steps); i++) {
		uint32_t task;
		if (read_vehicle_step(r, json_array_get(steps, i), &task) != OK)
			return error_prefix(sc, "steps[%zu]", i);
		if (task != ROUTE_NONE)
			tasks[n++] = task;
	}
	if (r->rows == NULL)
		r->file->rows = r->rows = NEW_ARRAY(sc, ROUTE_VEHICLES_MAX, struct route_row);
	r->rows[vehicle] = (struct route_row){tasks, n};
	return OK;
}

static enum code
read_vehicle_type(struct reader *r, const json_t *o, uint32_t *out)
{
	const char *name = NULL;
	TRY(json_may_text(r->sc, o, "type", 1, 100, &name));
	return name == NULL ? OK : reader_type(r, name, out);
}

enum code
reader_vehicle(struct reader *r, const json_t *o)
{
	static const char *const known[] = {"id",	    "profile",	   "description",
					    "start",	    "start_index", "end",
					    "end_index",    "capacity",	   "costs",
					    "skills",	    "time_window", "breaks",
					    "speed_factor", "max_tasks",   "max_travel_time",
					    "max_distance", "max_duty",	   "reload",
					    "type",	    "steps",	   NULL};
	struct scope *sc = r->sc;
	int64_t id;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a vehicle must be an object");
	reader_warn_unknown(r, o, "a vehicle", known);
	TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	struct route_vehicle v = {.id = (uint64_t)id, .shift = {0, ROUTE_TIME_MAX}};
	TRY(json_may_text(sc, o, "description", 0, 1000, &v.description));
	TRY(reader_profile(r, o, &v.profile));
	TRY(read_end(r, o, "start", "start_index", &v.start));
	TRY(read_end(r, o, "end", "end_index", &v.end));
	TRY(reader_amounts(r, o, "capacity", &v.capacity));
	TRY(reader_skills(r, o, &v.skills, &v.n_skills));
	TRY(read_costs(r, o, &v.rates));
	const json_t *w = json_object_get(o, "time_window");
	if (w != NULL && !json_is_null(w))
		TRY(reader_window(sc, w, &v.shift));
	TRY(read_vehicle_limits(r, o, &v));
	TRY(read_breaks(r, o, &v));
	TRY(read_vehicle_type(r, o, &v.type));
	uint32_t index;
	TRY(route_problem_vehicle(sc, r->p, &v, &index));
	return read_row(r, o, index);
}
