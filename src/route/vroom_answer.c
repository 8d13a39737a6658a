/* VROOM's JSON out, and in again for the verifier.
 *
 *	{"code":0,
 *	 "summary":{"cost":…,"routes":…,"unassigned":…,"setup":…,"service":…,"duration":…,"waiting_time":…,"priority":…,
 *	            "distance":…,"delivery":[…],"pickup":[…],"violations":[…],"computing_times":{…}},
 *	 "unassigned":[{"id":…,"type":"job","location_index":…,"reason":"time-window","detail":"…"}],
 *	 "routes":[{"vehicle":…,"cost":…,…,"costs":{"fixed":…,…},"steps":[{"type":"start",…},…]}]}
 *
 * "reason", "detail" and "costs" go beyond VROOM's fields, as does the step type
 * "reload". Durations are travel only, and breaks are service, as VROOM counts them.
 * Violations are what a plan that was only timed breaks ({"cause":"delay","duration":…});
 * a plan that was solved has none. */
#include "route/route_file.h"

static const char *
task_type(enum route_kind kind)
{
	return kind == ROUTE_JOB ? "job" : kind == ROUTE_PICKUP ? "pickup" : "delivery";
}

static void
put_amounts(json_t *o, const char *key, const int64_t *values, uint32_t dims)
{
	if (dims == 0)
		return;
	json_t *a = json_array();
	for (uint32_t d = 0; d < dims; d++)
		json_array_append_new(a, json_integer(values == NULL ? 0 : values[d]));
	json_put(o, key, a);
}

static void
put_place(json_t *o, const struct route_problem *p, uint32_t place)
{
	if (place == ROUTE_NONE)
		return;
	const double *xy = p->coords == NULL ? NULL : p->coords + 2 * (size_t)place;
	if (xy != NULL && !(p->coords_geo && xy[0] == 0 && xy[1] == 0)) {
		json_t *at = json_array();
		json_array_append_new(at, json_real(xy[0]));
		json_array_append_new(at, json_real(xy[1]));
		json_put(o, "location", at);
	}
	json_put_int(o, "location_index", place);
}

static json_t *
violations_json(const struct route_breach *b)
{
	json_t *list = json_array();
	for (unsigned i = 0; b != NULL && i < ROUTE_CAUSES; i++) {
		uint32_t cause = (uint32_t)1 << i;
		if (!(b->causes & cause))
			continue;
		json_t *o = json_object();
		json_put_text(o, "cause", route_cause_name(i));
		if (cause == ROUTE_BREACH_LEAD_TIME)
			json_put_int(o, "duration", b->lead);
		if (cause == ROUTE_BREACH_DELAY)
			json_put_int(o, "duration", b->delay);
		json_array_append_new(list, o);
	}
	return list;
}

static const char *
step_type(const struct route_problem *p, const struct route_stop *s)
{
	switch (s->step) {
	case ROUTE_START: return "start";
	case ROUTE_TASK: return task_type(p->tasks[s->index].kind);
	case ROUTE_BREAK: return "break";
	case ROUTE_RELOAD: return "reload";
	case ROUTE_END: break;
	}
	return "end";
}

/* An open start is where the first place is, an open end where the last one is. */
static uint32_t
place_of_stop(const struct route_tour *t, uint32_t i)
{
	uint32_t place = t->stops[i].place;
	if (t->stops[i].step == ROUTE_START)
		for (uint32_t k = 1; place == ROUTE_NONE && k < t->n_stops; k++)
			place = t->stops[k].place;
	if (t->stops[i].step == ROUTE_END)
		for (uint32_t k = i; place == ROUTE_NONE && k-- > 0;)
			place = t->stops[k].place;
	return place;
}

/* On the way to a break: the share of the way that was driven by then. */
static int64_t
metres_of_stop(const struct route_tour *t, uint32_t i)
{
	uint32_t a = i;
	uint32_t b = i;
	if (t->stops[i].step != ROUTE_BREAK)
		return t->stops[i].distance;
	while (t->stops[a].step == ROUTE_BREAK)
		a--;
	while (t->stops[b].step == ROUTE_BREAK)
		b++;
	int64_t way = t->stops[b].travelled - t->stops[a].travelled;
	int64_t metres = t->stops[b].distance - t->stops[a].distance;
	int64_t driven = t->stops[i].travelled - t->stops[a].travelled;
	return t->stops[a].distance + (way == 0 ? 0 : metres * driven / way);
}

static json_t *
step_json(const struct route_file *f, const struct route_tour *t, uint32_t i, const struct route_breach *breach)
{
	const struct route_problem *p = f->problem;
	const struct route_vehicle *v = &p->vehicles[t->vehicle];
	const struct route_stop *s = &t->stops[i];
	json_t *o = json_object();
	json_put_text(o, "type", step_type(p, s));
	const char *description = NULL;
	if (s->step == ROUTE_TASK) {
		json_put_int(o, "id", (int64_t)p->tasks[s->index].id);
		if (p->tasks[s->index].kind == ROUTE_JOB)
			json_put_int(o, "job", (int64_t)p->tasks[s->index].id);
		description = p->tasks[s->index].description;
	} else if (s->step == ROUTE_BREAK) {
		json_put_int(o, "id", (int64_t)v->breaks[s->index].id);
		description = v->breaks[s->index].description;
	}
	if (description != NULL)
		json_put_text(o, "description", description);
	put_place(o, p, place_of_stop(t, i));
	json_put_int(o, "setup", s->setup);
	json_put_int(o, "service", s->service);
	json_put_int(o, "waiting_time", s->waiting);
	put_amounts(o, "load", s->load, p->dims);
	json_put_int(o, "arrival", s->arrival);
	json_put_int(o, "duration", s->travelled);
	if (f->geometry)
		json_put_int(o, "distance", metres_of_stop(t, i));
	json_put(o, "violations", violations_json(breach));
	return o;
}

struct sums {
	int64_t delivery[ROUTE_DIMS_MAX], pickup[ROUTE_DIMS_MAX], priority;
};

static struct sums
tour_sums(const struct route_problem *p, const struct route_tour *t)
{
	struct sums s = {0};
	for (uint32_t i = 0; i < t->n_stops; i++) {
		if (t->stops[i].step != ROUTE_TASK)
			continue;
		const struct route_task *x = &p->tasks[t->stops[i].index];
		if (x->kind != ROUTE_DELIVERY)
			s.priority += x->priority;
		for (uint32_t d = 0; d < p->dims; d++) {
			s.delivery[d] += x->delivery == NULL ? 0 : x->delivery[d];
			s.pickup[d] += x->pickup == NULL ? 0 : x->pickup[d];
		}
	}
	return s;
}

/* What a plan that was followed breaks; NULL for a plan that breaks nothing. */
static json_t *
tour_json(const struct route_file *f, const struct route_tour *t, const struct route_breach *of_tour,
	  const struct route_breach *of_stops, struct sums *all)
{
	const struct route_problem *p = f->problem;
	const struct route_vehicle *v = &p->vehicles[t->vehicle];
	struct sums sums = tour_sums(p, t);
	json_t *o = json_object();
	json_put_int(o, "vehicle", (int64_t)v->id);
	if (v->description != NULL)
		json_put_text(o, "description", v->description);
	json_put_int(o, "cost", t->cost);
	json_t *c = json_object();
	json_put_int(c, "fixed", t->cost_fixed);
	json_put_int(c, "travel", t->cost_travel);
	json_put_int(c, "distance", t->cost_distance);
	json_put_int(c, "task", t->cost_work);
	json_put_int(c, "duty", t->cost_duty);
	json_put_int(c, "soft", t->cost_soft);
	json_put_int(c, "balance", t->cost_balance);
	json_put(o, "costs", c);
	put_amounts(o, "delivery", sums.delivery, p->dims);
	put_amounts(o, "amount", sums.delivery, p->dims);
	put_amounts(o, "pickup", sums.pickup, p->dims);
	json_put_int(o, "setup", t->setup);
	json_put_int(o, "service", t->service + t->breaks);
	json_put_int(o, "duration", t->travel);
	json_put_int(o, "waiting_time", t->waiting);
	json_put_int(o, "priority", sums.priority);
	if (f->geometry)
		json_put_int(o, "distance", t->distance);
	json_t *steps = json_array();
	for (uint32_t i = 0; i < t->n_stops; i++)
		json_array_append_new(steps, step_json(f, t, i, of_stops == NULL ? NULL : &of_stops[i]));
	json_put(o, "steps", steps);
	json_put(o, "violations", violations_json(of_tour));
	for (uint32_t d = 0; d < p->dims; d++) {
		all->delivery[d] += sums.delivery[d];
		all->pickup[d] += sums.pickup[d];
	}
	all->priority += sums.priority;
	return o;
}

static json_t *
out_json(const struct route_problem *p, const struct route_out *out)
{
	const struct route_task *t = &p->tasks[out->task];
	json_t *o = json_object();
	json_put_int(o, "id", (int64_t)t->id);
	json_put_text(o, "type", task_type(t->kind));
	if (t->description != NULL)
		json_put_text(o, "description", t->description);
	put_place(o, p, t->place);
	json_put_text(o, "reason", route_why_name(out->why));
	json_put_text(o, "detail", out->text);
	return o;
}

static json_t *
summary_json(const struct route_file *file, const struct route_solution *s, const struct sums *all,
	     const struct route_breach *breach)
{
	const struct route_problem *p = file->problem;
	json_t *sum = json_object();
	json_put_int(sum, "cost", s->cost);
	if (file->unit != 1)
		json_put_real(sum, "unit", file->unit);
	json_put_int(sum, "routes", s->n_tours);
	json_put_int(sum, "unassigned", s->n_out);
	put_amounts(sum, "delivery", all->delivery, p->dims);
	put_amounts(sum, "amount", all->delivery, p->dims);
	put_amounts(sum, "pickup", all->pickup, p->dims);
	json_put_int(sum, "setup", s->setup);
	json_put_int(sum, "service", s->service + s->breaks);
	json_put_int(sum, "duration", s->travel);
	json_put_int(sum, "waiting_time", s->waiting);
	json_put_int(sum, "priority", all->priority);
	if (file->geometry)
		json_put_int(sum, "distance", s->distance);
	json_put(sum, "violations", violations_json(breach));
	json_t *times = json_object();
	json_put_int(times, "loading", 0);
	json_put_int(times, "solving", (int64_t)(s->seconds * 1000 + 0.5));
	json_put_int(times, "routing", 0);
	json_put(sum, "computing_times", times);
	json_put_int(sum, "iterations", (int64_t)s->iterations);
	return sum;
}

static json_t *
answer_json(struct scope *sc, const struct route_file *file, const struct route_solution *s,
	    const struct route_followed *f)
{
	json_t *top = json_new_object(sc);
	json_t *routes = json_array();
	json_t *out = json_array();
	struct sums all = {0};
	for (uint32_t i = 0; i < s->n_tours; i++)
		json_array_append_new(routes, tour_json(file, &s->tours[i], f == NULL ? NULL : &f->tours[i],
							f == NULL ? NULL : f->stops[i], &all));
	for (uint32_t i = 0; i < s->n_out; i++)
		json_array_append_new(out, out_json(file->problem, &s->out[i]));
	json_put_int(top, "code", 0);
	json_put(top, "summary", summary_json(file, s, &all, f == NULL ? NULL : &f->all));
	json_put(top, "unassigned", out);
	json_put(top, "routes", routes);
	return top;
}

json_t *
vroom_write(struct scope *sc, const struct route_file *file, const struct route_solution *s)
{
	return answer_json(sc, file, s, NULL);
}

enum code
vroom_follow(struct scope *sc, const struct route_file *file, json_t **out)
{
	struct route_followed f;
	if (file->given == NULL)
		return fail_as(sc, E_INVALID, "bad-problem", "no vehicle comes with steps to be timed");
	TRY(route_follow(sc, file->problem, file->given, &f));
	*out = answer_json(sc, file, f.plan, &f);
	return OK;
}

/* --- an answer read back --- */

#define STEP_TYPES 7
static const char *const step_words[STEP_TYPES + 1] = {"start", "job",	  "pickup", "delivery",
						       "break", "reload", "end",    NULL};

struct answer {
	struct scope *sc;
	const struct route_problem *p;
};

static enum code
index_of_task(struct answer *a, enum route_kind kind, int64_t id, uint32_t *out)
{
	for (uint32_t i = 0; i < a->p->n_tasks; i++)
		if (a->p->tasks[i].kind == kind && (int64_t)a->p->tasks[i].id == id) {
			*out = i;
			return OK;
		}
	return fail_as(a->sc, E_INVALID, "bad-solution", "there is no %s %" PRId64, task_type(kind), id);
}

static enum code
read_step(struct answer *a, const json_t *o, const struct route_vehicle *v, struct route_stop *s)
{
	struct scope *sc = a->sc;
	size_t type;
	int64_t id = 0;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-solution", "a step must be an object");
	TRY(json_need_word(sc, o, "type", step_words, &type));
	*s = (struct route_stop){.place = ROUTE_NONE};
	TRY(json_need_int(sc, o, "arrival", 0, INT64_MAX / 4, &s->arrival));
	TRY(json_may_int(sc, o, "waiting_time", 0, INT64_MAX / 4, &s->waiting));
	TRY(json_may_int(sc, o, "setup", 0, INT64_MAX / 4, &s->setup));
	TRY(json_may_int(sc, o, "service", 0, INT64_MAX / 4, &s->service));
	TRY(json_may_int(sc, o, "duration", 0, INT64_MAX / 4, &s->travelled));
	TRY(json_may_int(sc, o, "distance", 0, INT64_MAX / 4, &s->distance));
	if (type >= 1 && type <= 4)
		TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	if (type == 0 || type == 6) {
		s->step = type == 0 ? ROUTE_START : ROUTE_END;
		s->place = type == 0 ? v->start : v->end;
	} else if (type == 4) {
		s->step = ROUTE_BREAK;
		while (s->index < v->n_breaks && (int64_t)v->breaks[s->index].id != id)
			s->index++;
		if (s->index == v->n_breaks)
			return fail_as(sc, E_INVALID, "bad-solution", "the vehicle has no break %" PRId64, id);
	} else if (type == 5) {
		s->step = ROUTE_RELOAD;
		s->place = v->reload_place;
	} else {
		s->step = ROUTE_TASK;
		TRY(index_of_task(a, type == 1 ? ROUTE_JOB : type == 2 ? ROUTE_PICKUP : ROUTE_DELIVERY, id, &s->index));
		s->place = a->p->tasks[s->index].place;
	}
	return OK;
}

/* Open ends are not written; here they stand at the first or last stop. */
static void
add_open_ends(struct route_tour *t, const struct route_vehicle *v)
{
	if (v->start == ROUTE_NONE && t->n_stops > 0 && t->stops[0].step != ROUTE_START) {
		memmove(t->stops + 1, t->stops, t->n_stops++ * sizeof *t->stops);
		t->stops[0] =
		    (struct route_stop){.step = ROUTE_START, .place = ROUTE_NONE, .arrival = t->stops[1].arrival};
	}
	if (v->end == ROUTE_NONE && t->n_stops > 0 && t->stops[t->n_stops - 1].step != ROUTE_END) {
		const struct route_stop *last = &t->stops[t->n_stops - 1];
		struct route_stop end = {.step = ROUTE_END,
					 .place = ROUTE_NONE,
					 .travelled = last->travelled,
					 .distance = last->distance,
					 .arrival = last->arrival + last->waiting + last->setup + last->service};
		t->stops[t->n_stops++] = end;
	}
}

static enum code
read_tour(struct answer *a, const json_t *o, struct route_tour *t)
{
	struct scope *sc = a->sc;
	int64_t id;
	const json_t *steps;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-solution", "a route must be an object");
	TRY(json_need_int(sc, o, "vehicle", 0, INT64_MAX, &id));
	TRY(json_need_array(sc, o, "steps", 1, 3 * (size_t)ROUTE_TASKS_MAX, &steps));
	while (t->vehicle < a->p->n_vehicles && (int64_t)a->p->vehicles[t->vehicle].id != id)
		t->vehicle++;
	if (t->vehicle == a->p->n_vehicles)
		return fail_as(sc, E_INVALID, "bad-solution", "there is no vehicle %" PRId64, id);
	t->stops = NEW_ARRAY(sc, json_array_size(steps) + 2, struct route_stop);
	t->n_stops = (uint32_t)json_array_size(steps);
	const struct route_vehicle *v = &a->p->vehicles[t->vehicle];
	for (size_t i = 0; i < json_array_size(steps); i++)
		if (read_step(a, json_array_get(steps, i), v, &t->stops[i]) != OK)
			return error_prefix(sc, "step %zu of vehicle %" PRId64, i, id);
	add_open_ends(t, v);
	TRY(json_may_int(sc, o, "cost", INT64_MIN / 4, INT64_MAX / 4, &t->cost));
	return OK;
}

static enum code
read_out(struct answer *a, const json_t *o, struct route_out *out)
{
	static const char *const types[] = {"job", "pickup", "delivery", NULL};
	int64_t id;
	size_t type = 0;
	if (!json_is_object(o))
		return fail_as(a->sc, E_INVALID, "bad-solution", "an unassigned task must be an object");
	TRY(json_need_int(a->sc, o, "id", 0, INT64_MAX, &id));
	TRY(json_may_word(a->sc, o, "type", types, &type));
	return index_of_task(a, (enum route_kind)type, id, &out->task);
}

enum code
vroom_read_solution(struct scope *sc, const struct route_file *file, const void *bytes, size_t n,
		    struct route_solution **out)
{
	struct answer a = {sc, file->problem};
	json_t *top;
	const json_t *routes;
	TRY(json_parse(sc, bytes, n, &top));
	if (!json_is_object(top))
		return fail_as(sc, E_INVALID, "bad-solution", "a solution is a JSON object");
	TRY(json_need_array(sc, top, "routes", 0, ROUTE_VEHICLES_MAX * 2, &routes));
	struct route_solution *s = NEW(sc, struct route_solution);
	s->tours = NEW_ARRAY(sc, json_array_size(routes), struct route_tour);
	s->n_tours = (uint32_t)json_array_size(routes);
	for (uint32_t i = 0; i < s->n_tours; i++)
		TRY(read_tour(&a, json_array_get(routes, i), &s->tours[i]));
	const json_t *left = json_object_get(top, "unassigned");
	s->out = NEW_ARRAY(sc, json_array_size(left), struct route_out);
	for (size_t i = 0; i < json_array_size(left); i++)
		TRY(read_out(&a, json_array_get(left, i), &s->out[s->n_out++]));
	s->cost = -1;
	const json_t *summary = json_object_get(top, "summary");
	if (json_is_object(summary))
		TRY(json_may_int(sc, summary, "cost", INT64_MIN / 4, INT64_MAX / 4, &s->cost));
	*out = s;
	return OK;
}
