/* VROOM's JSON in: jobs, shipments, vehicles, matrices (API of VROOM 1.14).
 *
 * Places. With a matrix, `…_index` fields name its rows. Without one, every
 * distinct coordinate becomes a place and travel is the great circle, stretched
 * by 1.4, at 10 m/s; a warning says so.
 *
 * Vehicles may come with "steps": the plan to start from, or only to be timed.
 *
 * Fields this reader does not know are named in a warning and otherwise
 * ignored. Beyond VROOM's own it takes: a task's "penalty" and "soft_window",
 * a vehicle's "max_duty", "reload", "costs.per_duty_hour" and a break's
 * "relative", and at the top "relations" and "objective"; docs/route.md has
 * their shapes. */
#include "route/vroom_reader.h"

/* --- tasks --- */

static enum code
read_soft(struct reader *r, const json_t *o, struct route_soft *out)
{
	struct scope *sc = r->sc;
	const json_t *v = json_object_get(o, "soft_window");
	if (v == NULL || json_is_null(v))
		return OK;
	struct route_soft s = {.window = {0, ROUTE_TIME_MAX}};
	if (!json_is_object(v))
		return fail_as(sc, E_INVALID, "bad-problem", "\"soft_window\" must be an object");
	TRY(json_may_int(sc, v, "from", 0, ROUTE_TIME_MAX, &s.window.from));
	TRY(json_may_int(sc, v, "to", 0, ROUTE_TIME_MAX, &s.window.to));
	TRY(json_may_int(sc, v, "early_per_hour", 0, ROUTE_RATE_MAX, &s.early_per_hour));
	TRY(json_may_int(sc, v, "late_per_hour", 0, ROUTE_RATE_MAX, &s.late_per_hour));
	*out = s;
	return OK;
}

/* One of setup_per_type and service_per_type, into rows that begin as the task's own values. */
static enum code
read_per_type(struct reader *r, const json_t *o, bool setup, struct route_task *t, struct route_work *rows)
{
	struct scope *sc = r->sc;
	const char *key = setup ? "setup_per_type" : "service_per_type";
	const json_t *by = json_object_get(o, key);
	const char *name;
	json_t *v;
	if (by == NULL || json_is_null(by))
		return OK;
	if (!json_is_object(by))
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": an object of type and duration is due", key);
	json_object_foreach((json_t *)by, name, v)
	{
		uint32_t type;
		uint32_t i = 0;
		int64_t span = json_integer_value(v);
		if (!json_is_integer(v) || span < 0 || span > ROUTE_SPAN_MAX)
			return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": 0 to %d are possible", key,
				       ROUTE_SPAN_MAX);
		TRY(reader_type(r, name, &type));
		while (i < t->n_types && rows[i].type != type)
			i++;
		if (i == ROUTE_TYPES_MAX)
			return fail_as(sc, E_LIMIT, "problem-too-large", "a task names more than %d vehicle types",
				       ROUTE_TYPES_MAX);
		if (i == t->n_types)
			rows[t->n_types++] = (struct route_work){type, t->setup, t->service};
		*(setup ? &rows[i].setup : &rows[i].service) = span;
	}
	t->work_by_type = rows;
	return OK;
}

static enum code
read_work(struct reader *r, const json_t *o, struct route_task *t)
{
	TRY(json_may_int(r->sc, o, "setup", 0, ROUTE_SPAN_MAX, &t->setup));
	TRY(json_may_int(r->sc, o, "service", 0, ROUTE_SPAN_MAX, &t->service));
	if (json_object_get(o, "setup_per_type") == NULL && json_object_get(o, "service_per_type") == NULL)
		return OK;
	struct route_work *rows = NEW_ARRAY(r->sc, ROUTE_TYPES_MAX, struct route_work);
	TRY(read_per_type(r, o, true, t, rows));
	return read_per_type(r, o, false, t, rows);
}

static enum code
read_step(struct reader *r, const json_t *o, struct route_task *t)
{
	struct scope *sc = r->sc;
	int64_t id;
	TRY(json_need_int(sc, o, "id", 0, INT64_MAX, &id));
	*t = (struct route_task){.id = (uint64_t)id, .penalty = ROUTE_MUST};
	TRY(json_may_text(sc, o, "description", 0, 1000, &t->description));
	TRY(reader_place(r, o, "location", "location_index", &t->place));
	TRY(read_work(r, o, t));
	TRY(reader_windows(r, o, "time_windows", &t->windows, &t->n_windows));
	return read_soft(r, o, &t->soft);
}

static enum code
read_choice(struct reader *r, const json_t *o, struct route_task *t)
{
	int64_t priority = 0;
	TRY(reader_skills(r, o, &t->skills, &t->n_skills));
	TRY(json_may_int(r->sc, o, "priority", 0, ROUTE_PRIORITY_MAX, &priority));
	t->priority = (int)priority;
	return json_may_int(r->sc, o, "penalty", 0, ROUTE_RATE_MAX, &t->penalty);
}

static enum code
read_job(struct reader *r, const json_t *o)
{
	static const char *const known[] = {
	    "id",	"description", "location",	 "location_index",   "setup",	 "service",
	    "delivery", "pickup",      "amount",	 "skills",	     "priority", "time_windows",
	    "penalty",	"soft_window", "setup_per_type", "service_per_type", NULL};
	struct route_task t;
	if (!json_is_object(o))
		return fail_as(r->sc, E_INVALID, "bad-problem", "a job must be an object");
	reader_warn_unknown(r, o, "a job", known);
	TRY(read_step(r, o, &t));
	TRY(reader_amounts(r, o, "amount", &t.delivery));
	TRY(reader_amounts(r, o, "delivery", &t.delivery));
	TRY(reader_amounts(r, o, "pickup", &t.pickup));
	TRY(read_choice(r, o, &t));
	return route_problem_job(r->sc, r->p, &t, NULL);
}

static enum code
read_shipment(struct reader *r, const json_t *o)
{
	static const char *const known[] = {"pickup", "delivery", "amount", "skills", "priority", "penalty", NULL};
	static const char *const step[] = {
	    "id",      "description",	 "location",	     "location_index", "setup",
	    "service", "setup_per_type", "service_per_type", "time_windows",   "soft_window",
	    NULL};
	struct scope *sc = r->sc;
	const json_t *a;
	const json_t *b;
	struct route_task from;
	struct route_task to;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a shipment must be an object");
	reader_warn_unknown(r, o, "a shipment", known);
	TRY(json_need_object(sc, o, "pickup", &a));
	TRY(json_need_object(sc, o, "delivery", &b));
	reader_warn_unknown(r, a, "a pickup", step);
	reader_warn_unknown(r, b, "a delivery", step);
	TRY(read_step(r, a, &from));
	TRY(read_step(r, b, &to));
	TRY(reader_amounts(r, o, "amount", &from.pickup));
	TRY(read_choice(r, o, &from));
	return route_problem_shipment(sc, r->p, &from, &to, NULL);
}

/* --- by id --- */

static int
by_kind_and_id(const void *a, const void *b)
{
	const struct route_task *x = *(const struct route_task *const *)a;
	const struct route_task *y = *(const struct route_task *const *)b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

bool
reader_task(const struct reader *r, enum route_kind kind, int64_t id, uint32_t *out)
{
	const struct route_task wanted = {.id = (uint64_t)id, .kind = kind};
	const struct route_task *key = &wanted;
	const struct route_task **found =
	    bsearch(&key, r->by_id, r->p->n_tasks, sizeof(const struct route_task *), by_kind_and_id);
	if (found != NULL)
		*out = (uint32_t)(*found - r->p->tasks);
	return found != NULL;
}

static enum code
index_tasks(struct reader *r)
{
	const struct route_problem *p = r->p;
	const struct route_task **t = NEW_ARRAY(r->sc, p->n_tasks, const struct route_task *);
	for (uint32_t i = 0; i < p->n_tasks; i++)
		t[i] = &p->tasks[i];
	qsort(t, p->n_tasks, sizeof(const struct route_task *), by_kind_and_id);
	for (uint32_t i = 1; i < p->n_tasks; i++)
		if (t[i]->kind == t[i - 1]->kind && t[i]->id == t[i - 1]->id)
			return fail_as(r->sc, E_INVALID, "bad-problem", "the id %" PRIu64 " names two tasks", t[i]->id);
	r->by_id = t;
	return OK;
}

static int
by_vehicle_id(const void *a, const void *b)
{
	const struct route_vehicle *x = *(const struct route_vehicle *const *)a;
	const struct route_vehicle *y = *(const struct route_vehicle *const *)b;
	return (x->id > y->id) - (x->id < y->id);
}

static enum code
refuse_same_vehicles(struct scope *sc, const struct route_problem *p)
{
	const struct route_vehicle **v = NEW_ARRAY(sc, p->n_vehicles, const struct route_vehicle *);
	for (uint32_t i = 0; i < p->n_vehicles; i++)
		v[i] = &p->vehicles[i];
	qsort(v, p->n_vehicles, sizeof(const struct route_vehicle *), by_vehicle_id);
	for (uint32_t i = 1; i < p->n_vehicles; i++)
		if (v[i]->id == v[i - 1]->id)
			return fail_as(sc, E_INVALID, "bad-problem", "the id %" PRIu64 " names two vehicles", v[i]->id);
	return OK;
}

/* --- relations and aim --- */

/* The task a relation names: a number (a job's id) or {"pickup": id} / {"delivery": id}. */
static enum code
find_task(struct reader *r, const json_t *v, uint32_t *out)
{
	enum route_kind kind = ROUTE_JOB;
	if (json_is_object(v)) {
		kind = json_object_get(v, "pickup") != NULL ? ROUTE_PICKUP : ROUTE_DELIVERY;
		v = json_object_get(v, kind == ROUTE_PICKUP ? "pickup" : "delivery");
	}
	if (json_is_integer(v) && reader_task(r, kind, json_integer_value(v), out))
		return OK;
	return fail_as(r->sc, E_INVALID, "bad-problem", "a relation names a task that is not there");
}

static enum code
read_relation(struct reader *r, const json_t *o)
{
	static const char *const words[] = {"same_vehicle", "apart", "in_order", NULL};
	struct scope *sc = r->sc;
	size_t kind;
	const json_t *list;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a relation must be an object");
	TRY(json_need_word(sc, o, "type", words, &kind));
	TRY(json_need_array(sc, o, "tasks", 2, ROUTE_TASKS_MAX, &list));
	uint32_t *tasks = NEW_ARRAY(sc, json_array_size(list), uint32_t);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(find_task(r, json_array_get(list, i), &tasks[i]));
	return route_problem_relation(sc, r->p,
				      &(struct route_relation){.kind = (enum route_relation_kind)kind,
							       .tasks = tasks,
							       .n_tasks = (uint32_t)json_array_size(list)});
}

static enum code
read_aim(struct reader *r, const json_t *top)
{
	struct scope *sc = r->sc;
	const json_t *o = json_object_get(top, "objective");
	if (o == NULL || json_is_null(o))
		return OK;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "\"objective\" must be an object");
	TRY(json_may_bool(sc, o, "vehicles_first", &r->p->aim.vehicles_first));
	return json_may_int(sc, o, "balance_per_square_hour", 0, ROUTE_RATE_MAX, &r->p->aim.balance_per_square_hour);
}

/* --- the whole --- */

/* Every amount has as many dimensions as the first one met. */
static void
find_dims(struct reader *r, const json_t *top)
{
	static const char *const keys[] = {"capacity", "delivery", "pickup", "amount"};
	static const char *const lists[] = {"vehicles", "jobs", "shipments"};
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *a = json_object_get(top, lists[l]);
		for (size_t i = 0; i < json_array_size(a); i++)
			for (size_t k = 0; k < COUNT_OF(keys); k++) {
				const json_t *v = json_object_get(json_array_get(a, i), keys[k]);
				if (json_is_array(v)) {
					size_t n = json_array_size(v);
					r->dims = n > ROUTE_DIMS_MAX ? ROUTE_DIMS_MAX : (uint32_t)n;
					return;
				}
			}
	}
}

static enum code
each(struct reader *r, const json_t *top, const char *key, enum code (*read)(struct reader *r, const json_t *o))
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(top, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a))
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" must be a list", key);
	for (size_t i = 0; i < json_array_size(a); i++)
		if (read(r, json_array_get(a, i)) != OK)
			return error_prefix(sc, "%s[%zu]", key, i);
	return OK;
}

enum code
vroom_from_json(struct scope *sc, const json_t *top, struct route_file *out)
{
	static const char *const known[] = {"jobs",	 "shipments", "vehicles", "matrices", "matrix",
					    "relations", "objective", "options",  NULL};
	struct route_file file = {.format = ROUTE_VROOM, .unit = 1};
	struct reader r = {.sc = sc, .file = &file, .types = NEW_ARRAY(sc, READER_TYPES_MAX, const char *)};
	if (!json_is_object(top))
		return fail_as(sc, E_INVALID, "bad-problem", "a problem is a JSON object");
	file.warnings = NEW_ARRAY(sc, ROUTE_WARNINGS_MAX, const char *);
	reader_warn_unknown(&r, top, "the problem", known);
	find_dims(&r, top);
	TRY(reader_find_matrices(&r, top));
	if (r.n_rows == 0)
		TRY(reader_collect_places(&r, top));
	TRY(route_problem_new(sc, r.n_rows > 0 ? r.n_rows : r.n_places, r.dims, &r.p));
	TRY(r.n_rows > 0 ? reader_add_profiles(&r) : reader_add_circles(&r, top));
	TRY(each(&r, top, "jobs", read_job));
	TRY(each(&r, top, "shipments", read_shipment));
	TRY(index_tasks(&r));
	TRY(each(&r, top, "vehicles", reader_vehicle));
	TRY(each(&r, top, "relations", read_relation));
	TRY(read_aim(&r, top));
	TRY(refuse_same_vehicles(sc, r.p));
	reader_set_coords(&r);
	file.problem = r.p;
	*out = file;
	return OK;
}

enum code
vroom_read(struct scope *sc, const void *bytes, size_t n, struct route_file *out)
{
	json_t *top;
	TRY(json_parse(sc, bytes, n, &top));
	return vroom_from_json(sc, top, out);
}
