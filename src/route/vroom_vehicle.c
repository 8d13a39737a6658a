/* VROOM's JSON: vehicles, and the steps they come with.
 *
 * "steps" is a plan to start from: its jobs, pickups and deliveries in order.
 * Where only times are wanted (route_follow.h) it is the plan, with its breaks,
 * its reloads and the times a step demands. */
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
	if (b->n_windows == 0) {
		static const struct route_window any = {0, ROUTE_TIME_MAX};
		b->windows = &any;
		b->n_windows = 1;
	}
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
	for (size_t i = 0; i < json_array_size(a); i++) {
		TRY(read_break(r, json_array_get(a, i), &b[i]));
		for (size_t k = 0; k < i; k++)
			if (b[k].id == b[i].id)
				return fail_as(sc, E_INVALID, "bad-problem",
					       "the id %" PRIu64 " names two breaks of the vehicle", b[i].id);
	}
	v->breaks = b;
	v->n_breaks = (uint32_t)json_array_size(a);
	return OK;
}

static enum code
break_of(struct reader *r, const struct route_vehicle *v, int64_t id, uint32_t *out)
{
	uint32_t b = 0;
	while (b < v->n_breaks && v->breaks[b].id != (uint64_t)id)
		b++;
	if (b == v->n_breaks)
		return fail_as(r->sc, E_INVALID, "bad-problem", "the vehicle has no break %" PRId64, id);
	*out = b;
	return OK;
}

static enum code
read_demands(struct reader *r, const json_t *o, struct route_given_step *s)
{
	struct scope *sc = r->sc;
	int64_t at = -1;
	TRY(json_may_int(sc, o, "service_after", 0, ROUTE_TIME_MAX, &s->after));
	TRY(json_may_int(sc, o, "service_before", 0, ROUTE_TIME_MAX, &s->before));
	TRY(json_may_int(sc, o, "service_at", 0, ROUTE_TIME_MAX, &at));
	if (at >= 0)
		s->after = s->before = at;
	if (s->after > s->before)
		return fail_as(sc, E_INVALID, "bad-problem", "service_after is later than service_before");
	r->file->demands |= s->after > 0 || s->before < ROUTE_TIME_MAX;
	return OK;
}

static enum code
read_vehicle_step(struct reader *r, const json_t *o, const struct route_vehicle *v, struct route_given_step *out)
{
	static const char *const known[] = {
	    "type",	      "id",	    "description", "location", "location_index", "service_after",
	    "service_before", "service_at", NULL};
	static const char *const words[] = {"job", "pickup", "delivery", "start", "break", "reload", "end", NULL};
	static const enum route_step steps[] = {ROUTE_TASK,  ROUTE_TASK,   ROUTE_TASK, ROUTE_START,
						ROUTE_BREAK, ROUTE_RELOAD, ROUTE_END};
	static const enum route_kind kinds[] = {ROUTE_JOB, ROUTE_PICKUP, ROUTE_DELIVERY};
	struct scope *sc = r->sc;
	size_t word;
	int64_t id = 0;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a step must be an object");
	reader_warn_unknown(r, o, "a step", known);
	TRY(json_need_word(sc, o, "type", words, &word));
	struct route_given_step s = {.step = steps[word], .before = ROUTE_TIME_MAX};
	if (s.step == ROUTE_TASK || s.step == ROUTE_BREAK)
		TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	if (s.step == ROUTE_TASK && !reader_task(r, kinds[word], id, &s.index))
		return fail_as(sc, E_INVALID, "bad-problem", "there is no %s %" PRId64, words[word], id);
	if (s.step == ROUTE_BREAK)
		TRY(break_of(r, v, id, &s.index));
	TRY(read_demands(r, o, &s));
	*out = s;
	return OK;
}

/* Start and end may be left out; given[] always has them. */
static void
put_steps(struct reader *r, uint32_t vehicle, struct route_given_step *steps, uint32_t n)
{
	uint32_t *tasks = NEW_ARRAY(r->sc, n, uint32_t);
	uint32_t n_tasks = 0;
	if (n == 1 || steps[1].step != ROUTE_START)
		*steps = (struct route_given_step){.step = ROUTE_START, .before = ROUTE_TIME_MAX};
	else {
		steps++;
		n--;
	}
	if (steps[n - 1].step != ROUTE_END || n == 1)
		steps[n++] = (struct route_given_step){.step = ROUTE_END, .before = ROUTE_TIME_MAX};
	for (uint32_t i = 0; i < n; i++)
		if (steps[i].step == ROUTE_TASK)
			tasks[n_tasks++] = steps[i].index;
	if (r->rows == NULL) {
		r->file->rows = r->rows = NEW_ARRAY(r->sc, ROUTE_VEHICLES_MAX, struct route_row);
		r->file->given = r->given = NEW_ARRAY(r->sc, ROUTE_VEHICLES_MAX, struct route_given);
	}
	r->rows[vehicle] = (struct route_row){tasks, n_tasks};
	r->given[vehicle] = (struct route_given){steps, n};
}

/* The rows exist from the first vehicle that has steps. */
static enum code
read_steps(struct reader *r, const json_t *o, const struct route_vehicle *v, uint32_t vehicle)
{
	struct scope *sc = r->sc;
	const json_t *list = json_object_get(o, "steps");
	if (list == NULL || json_is_null(list))
		return OK;
	size_t n = json_array_size(list);
	if (!json_is_array(list) || n > 2 * (size_t)ROUTE_TASKS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"steps\": a list of at most %d is due",
			       2 * ROUTE_TASKS_MAX);
	/* Room for the start and the end that may not be written. */
	struct route_given_step *steps = NEW_ARRAY(sc, n + 2, struct route_given_step);
	for (size_t i = 0; i < n; i++)
		if (read_vehicle_step(r, json_array_get(list, i), v, &steps[i + 1]) != OK)
			return error_prefix(sc, "steps[%zu]", i);
	put_steps(r, vehicle, steps, (uint32_t)n + 1);
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
	return read_steps(r, o, &v, index);
}
