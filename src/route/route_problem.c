/* Building a problem: every value is validated and copied here, once, so that
 * the solver and the verifier may trust what they read.
 *
 * The arrays grow by doubling inside the caller's scope. Matrices are borrowed:
 * at a thousand places a copy would cost more than everything else together. */
#include "route/route.h"

#define INVALID(...) fail_as(sc, E_INVALID, "bad-problem", __VA_ARGS__)
#define TOO_MANY(...) fail_as(sc, E_LIMIT, "problem-too-large", __VA_ARGS__)

enum code
route_problem_new(struct scope *sc, uint32_t n_places, uint32_t dims, struct route_problem **out)
{
	if (n_places == 0 || n_places > ROUTE_PLACES_MAX)
		return TOO_MANY("%u places; 1 to %d are possible", n_places, ROUTE_PLACES_MAX);
	if (dims > ROUTE_DIMS_MAX)
		return TOO_MANY("%u dimensions of load; at most %d are possible", dims, ROUTE_DIMS_MAX);
	struct route_problem *p = NEW(sc, struct route_problem);
	p->n_places = n_places;
	p->dims = dims;
	*out = p;
	return OK;
}

/* Room for one more of `size` bytes behind n. */
static void *
grow(struct scope *sc, void *rows, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return rows;
	uint32_t more = *cap == 0 ? 8 : *cap * 2;
	void *wide = scope_array(sc, more, size);
	if (n > 0)
		memcpy(wide, rows, n * size);
	*cap = more;
	return wide;
}

static enum code
check_cells(struct scope *sc, const int32_t *cells, size_t n, size_t width, const char *what, int32_t *largest)
{
	int32_t most = *largest;
	for (size_t i = 0; i < n; i++) {
		if (cells[i] == ROUTE_UNREACHABLE)
			continue;
		if (cells[i] < 0 || cells[i] > ROUTE_CELL_MAX)
			return INVALID("the %s from place %zu to %zu is %" PRId32 "; 0 to %d are possible", what,
				       i / width % width, i % width, cells[i], ROUTE_CELL_MAX);
		most = cells[i] > most ? cells[i] : most;
	}
	*largest = most;
	return OK;
}

/* FIFO: between two samples a duration may not fall faster than time passes. */
static enum code
check_slices(struct scope *sc, const struct route_profile *f, size_t cells)
{
	for (uint32_t k = 0; k + 1 < f->n_slices; k++) {
		int64_t passes = f->slice_at[k + 1] - f->slice_at[k];
		if (passes <= 0)
			return INVALID("time slice %u begins before the one ahead of it", k + 1);
		for (size_t i = 0; i < cells; i++) {
			int64_t a = f->durations[k * cells + i];
			int64_t b = f->durations[(k + 1) * cells + i];
			if ((a == ROUTE_UNREACHABLE) != (b == ROUTE_UNREACHABLE))
				return INVALID("a way exists in time slice %u and not in the next", k);
			if (a - b > passes)
				return INVALID("in time slice %u leaving later would arrive earlier", k);
		}
	}
	for (uint32_t k = 0; k < f->n_slices; k++)
		if (f->slice_at[k] < 0 || f->slice_at[k] > ROUTE_TIME_MAX)
			return INVALID("time slice %u is outside all time", k);
	return OK;
}

/* A way has a duration, a distance and a cost, or none of them. */
static enum code
check_ways(struct scope *sc, const struct route_profile *f, size_t cells)
{
	for (size_t i = 0; i < cells; i++) {
		if (f->durations[i] == ROUTE_UNREACHABLE)
			continue;
		if (f->distances != NULL && f->distances[i] == ROUTE_UNREACHABLE)
			return INVALID("cell %zu has a duration but no distance", i);
		if (f->costs != NULL && f->costs[i] == ROUTE_UNREACHABLE)
			return INVALID("cell %zu has a duration but no cost", i);
	}
	return OK;
}

enum code
route_problem_profile(struct scope *sc, struct route_problem *p, const struct route_profile *profile, uint32_t *index)
{
	size_t cells = (size_t)p->n_places * p->n_places;
	if (p->n_profiles == ROUTE_PROFILES_MAX)
		return TOO_MANY("more than %d profiles", ROUTE_PROFILES_MAX);
	if (profile->durations == NULL)
		return INVALID("a profile needs durations");
	struct route_profile f = *profile;
	if (f.slice_at == NULL || f.n_slices == 0)
		f.n_slices = 1;
	if (f.n_slices > 96)
		return TOO_MANY("%u time slices; at most 96 are possible", f.n_slices);
	f.longest = f.farthest = f.dearest = 0;
	TRY(check_cells(sc, f.durations, cells, p->n_places, "duration", &f.longest));
	int32_t later = 0;
	TRY(check_cells(sc, f.durations + cells, cells * (f.n_slices - 1), p->n_places, "duration", &later));
	if (f.distances != NULL)
		TRY(check_cells(sc, f.distances, cells, p->n_places, "distance", &f.farthest));
	if (f.costs != NULL)
		TRY(check_cells(sc, f.costs, cells, p->n_places, "cost", &f.dearest));
	if (f.distances != NULL || f.costs != NULL)
		TRY(check_ways(sc, &f, cells));
	if (f.n_slices > 1) {
		TRY(check_slices(sc, &f, cells));
		f.slice_at = scope_memdup(sc, f.slice_at, f.n_slices * sizeof *f.slice_at);
	} else {
		f.slice_at = NULL;
	}
	f.name = scope_strdup(sc, f.name == NULL ? "car" : f.name);
	p->profiles = grow(sc, p->profiles, p->n_profiles, &p->cap_profiles, sizeof *p->profiles);
	if (index != NULL)
		*index = p->n_profiles;
	p->profiles[p->n_profiles++] = f;
	return OK;
}

static enum code
copy_windows(struct scope *sc, const struct route_window **windows, uint32_t n, int64_t min, const char *what)
{
	const struct route_window *w = *windows;
	if (n > ROUTE_WINDOWS_MAX)
		return TOO_MANY("%s has %u time windows; at most %d are possible", what, n, ROUTE_WINDOWS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		if (w[i].from < min || w[i].to > ROUTE_TIME_MAX)
			return INVALID("%s: time window %u is outside all time", what, i);
		if (w[i].from > w[i].to)
			return INVALID("%s: time window %u ends before it begins", what, i);
		if (i > 0 && w[i].from <= w[i - 1].to)
			return INVALID("%s: time windows %u and %u overlap or are out of order", what, i - 1, i);
	}
	*windows = n == 0 ? NULL : scope_memdup(sc, w, n * sizeof *w);
	return OK;
}

static enum code
copy_amounts(struct scope *sc, const struct route_problem *p, const int64_t **amounts, const char *what)
{
	if (*amounts == NULL || p->dims == 0) {
		*amounts = NULL;
		return OK;
	}
	for (uint32_t d = 0; d < p->dims; d++)
		if ((*amounts)[d] < 0 || (*amounts)[d] > ROUTE_AMOUNT_MAX)
			return INVALID("%s: amount %u is %" PRId64 "; 0 to %lld are possible", what, d, (*amounts)[d],
				       ROUTE_AMOUNT_MAX);
	*amounts = scope_memdup(sc, *amounts, p->dims * sizeof **amounts);
	return OK;
}

static enum code
copy_skills(struct scope *sc, const uint32_t **skills, uint32_t n, const char *what)
{
	if (n > ROUTE_SKILLS_MAX)
		return TOO_MANY("%s: %u skills; at most %d are possible", what, n, ROUTE_SKILLS_MAX);
	*skills = n == 0 ? NULL : scope_memdup(sc, *skills, n * sizeof **skills);
	return OK;
}

static enum code
check_span(struct scope *sc, int64_t v, const char *what, const char *field)
{
	if (v < 0 || v > ROUTE_SPAN_MAX)
		return INVALID("%s: %s is %" PRId64 "; 0 to %d are possible", what, field, v, ROUTE_SPAN_MAX);
	return OK;
}

static enum code
check_rate(struct scope *sc, int64_t v, const char *what, const char *field)
{
	if (v < 0 || v > ROUTE_RATE_MAX)
		return INVALID("%s: %s is %" PRId64 "; 0 to %lld are possible", what, field, v, ROUTE_RATE_MAX);
	return OK;
}

static enum code
copy_work(struct scope *sc, const struct route_work **rows, uint32_t n, const char *what)
{
	const struct route_work *w = *rows;
	if (n > ROUTE_TYPES_MAX)
		return TOO_MANY("%s names %u vehicle types; at most %d are possible", what, n, ROUTE_TYPES_MAX);
	for (uint32_t i = 0; i < n; i++) {
		TRY(check_span(sc, w[i].setup, what, "setup for a type"));
		TRY(check_span(sc, w[i].service, what, "service for a type"));
		for (uint32_t k = 0; k <= i; k++)
			if (w[i].type == 0 || (k < i && w[k].type == w[i].type))
				return INVALID("%s: vehicle type %u is 0 or named twice", what, w[i].type);
	}
	*rows = n == 0 ? NULL : scope_memdup(sc, w, n * sizeof *w);
	return OK;
}

static enum code
copy_task(struct scope *sc, const struct route_problem *p, const struct route_task *in, struct route_task *out)
{
	struct route_task t = *in;
	const char *what = scope_printf(sc, "task %" PRIu64, t.id);
	if (t.place >= p->n_places)
		return INVALID("%s: place %u; the matrices have %u", what, t.place, p->n_places);
	TRY(check_span(sc, t.setup, what, "setup"));
	TRY(check_span(sc, t.service, what, "service"));
	TRY(copy_work(sc, &t.work_by_type, t.n_types, what));
	TRY(copy_windows(sc, &t.windows, t.n_windows, 0, what));
	TRY(copy_amounts(sc, p, &t.delivery, what));
	TRY(copy_amounts(sc, p, &t.pickup, what));
	TRY(copy_skills(sc, &t.skills, t.n_skills, what));
	if (t.priority < 0 || t.priority > ROUTE_PRIORITY_MAX)
		return INVALID("%s: priority %d; 0 to %d are possible", what, t.priority, ROUTE_PRIORITY_MAX);
	if (t.penalty != ROUTE_MUST)
		TRY(check_rate(sc, t.penalty, what, "penalty"));
	TRY(check_rate(sc, t.soft.early_per_hour, what, "early_per_hour"));
	TRY(check_rate(sc, t.soft.late_per_hour, what, "late_per_hour"));
	if (t.soft.window.from > t.soft.window.to || t.soft.window.from < 0 || t.soft.window.to > ROUTE_TIME_MAX)
		return INVALID("%s: the soft window ends before it begins", what);
	t.mate = ROUTE_NONE;
	t.description = t.description == NULL ? NULL : scope_strdup(sc, t.description);
	*out = t;
	return OK;
}

static enum code
add_tasks(struct scope *sc, struct route_problem *p, const struct route_task *t, uint32_t n)
{
	if (p->n_tasks + n > ROUTE_TASKS_MAX)
		return TOO_MANY("more than %d tasks: plan areas or days one by one", ROUTE_TASKS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		p->tasks = grow(sc, p->tasks, p->n_tasks, &p->cap_tasks, sizeof *p->tasks);
		p->tasks[p->n_tasks++] = t[i];
	}
	return OK;
}

enum code
route_problem_job(struct scope *sc, struct route_problem *p, const struct route_task *job, uint32_t *index)
{
	struct route_task t;
	TRY(copy_task(sc, p, job, &t));
	t.kind = ROUTE_JOB;
	TRY(add_tasks(sc, p, &t, 1));
	if (index != NULL)
		*index = p->n_tasks - 1;
	return OK;
}

enum code
route_problem_shipment(struct scope *sc, struct route_problem *p, const struct route_task *from,
		       const struct route_task *to, uint32_t *index)
{
	struct route_task pair[2];
	TRY(copy_task(sc, p, from, &pair[0]));
	TRY(copy_task(sc, p, to, &pair[1]));
	pair[0].kind = ROUTE_PICKUP;
	pair[0].mate = p->n_tasks + 1;
	pair[0].delivery = NULL;
	pair[1].kind = ROUTE_DELIVERY;
	pair[1].mate = p->n_tasks;
	pair[1].delivery = pair[0].pickup;
	pair[1].pickup = NULL;
	pair[1].skills = pair[0].skills;
	pair[1].n_skills = pair[0].n_skills;
	pair[1].priority = pair[0].priority;
	pair[1].penalty = 0; /* the pickup's stands for both */
	TRY(add_tasks(sc, p, pair, 2));
	if (index != NULL)
		*index = p->n_tasks - 2;
	return OK;
}

static enum code
copy_breaks(struct scope *sc, const struct route_problem *p, struct route_vehicle *v, const char *what)
{
	if (v->n_breaks > ROUTE_BREAKS_MAX)
		return TOO_MANY("%s: %u breaks; at most %d are possible", what, v->n_breaks, ROUTE_BREAKS_MAX);
	struct route_break *rows = NEW_ARRAY(sc, v->n_breaks, struct route_break);
	for (uint32_t i = 0; i < v->n_breaks; i++) {
		struct route_break b = v->breaks[i];
		const char *which = scope_printf(sc, "%s, break %" PRIu64, what, b.id);
		if (b.n_windows == 0)
			return INVALID("%s needs a time window", which);
		TRY(copy_windows(sc, &b.windows, b.n_windows, 0, which));
		TRY(check_span(sc, b.service, which, "service"));
		TRY(copy_amounts(sc, p, &b.max_load, which));
		b.description = b.description == NULL ? NULL : scope_strdup(sc, b.description);
		rows[i] = b;
	}
	v->breaks = rows;
	return OK;
}

static enum code
check_places(struct scope *sc, const struct route_problem *p, const struct route_vehicle *v, const char *what)
{
	if (v->profile >= p->n_profiles)
		return INVALID("%s: profile %u; there are %u", what, v->profile, p->n_profiles);
	if ((v->start != ROUTE_NONE && v->start >= p->n_places) || (v->end != ROUTE_NONE && v->end >= p->n_places))
		return INVALID("%s: its start or end is not in the matrices", what);
	if (v->start == ROUTE_NONE && v->end == ROUTE_NONE)
		return INVALID("%s: needs a start or an end", what);
	if (v->max_reloads > 0 && v->reload_place >= p->n_places)
		return INVALID("%s: the reload place is not in the matrices", what);
	return OK;
}

enum code
route_problem_vehicle(struct scope *sc, struct route_problem *p, const struct route_vehicle *vehicle, uint32_t *index)
{
	struct route_vehicle v = *vehicle;
	const char *what = scope_printf(sc, "vehicle %" PRIu64, v.id);
	if (p->n_vehicles == ROUTE_VEHICLES_MAX)
		return TOO_MANY("more than %d vehicles", ROUTE_VEHICLES_MAX);
	TRY(check_places(sc, p, &v, what));
	if (v.shift.from < 0 || v.shift.to > ROUTE_TIME_MAX || v.shift.from > v.shift.to)
		return INVALID("%s: the shift ends before it begins", what);
	TRY(copy_amounts(sc, p, &v.capacity, what));
	TRY(copy_skills(sc, &v.skills, v.n_skills, what));
	const int64_t rates[] = {v.rates.fixed, v.rates.per_hour, v.rates.per_task_hour, v.rates.per_duty_hour,
				 v.rates.per_km};
	for (size_t i = 0; i < COUNT_OF(rates); i++)
		TRY(check_rate(sc, rates[i], what, "a rate"));
	if (v.speed_factor == 0)
		v.speed_factor = 1;
	if (!(v.speed_factor >= 0.01 && v.speed_factor <= 100))
		return INVALID("%s: speed factor %g; 0.01 to 100 are possible", what, v.speed_factor);
	if (v.max_distance < 0 || v.max_travel < 0 || v.max_duty < 0)
		return INVALID("%s: a limit is negative", what);
	TRY(check_span(sc, v.reload_service, what, "reload_service"));
	TRY(copy_breaks(sc, p, &v, what));
	v.description = v.description == NULL ? NULL : scope_strdup(sc, v.description);
	p->vehicles = grow(sc, p->vehicles, p->n_vehicles, &p->cap_vehicles, sizeof *p->vehicles);
	if (index != NULL)
		*index = p->n_vehicles;
	p->vehicles[p->n_vehicles++] = v;
	return OK;
}

enum code
route_problem_relation(struct scope *sc, struct route_problem *p, const struct route_relation *relation)
{
	if (p->n_relations == ROUTE_RELATIONS_MAX)
		return TOO_MANY("more than %d relations", ROUTE_RELATIONS_MAX);
	if (relation->n_tasks < 2)
		return INVALID("a relation needs two tasks or more");
	bool *seen = NEW_ARRAY(sc, p->n_tasks, bool);
	for (uint32_t i = 0; i < relation->n_tasks; i++) {
		uint32_t t = relation->tasks[i];
		if (t >= p->n_tasks || seen[t])
			return INVALID("a relation names task %u, which is unknown or named twice", t);
		seen[t] = true;
	}
	p->relations = grow(sc, p->relations, p->n_relations, &p->cap_relations, sizeof *p->relations);
	struct route_relation r = *relation;
	r.tasks = scope_memdup(sc, r.tasks, r.n_tasks * sizeof *r.tasks);
	p->relations[p->n_relations++] = r;
	return OK;
}
