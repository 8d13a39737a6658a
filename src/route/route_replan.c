/* Planning on while the day runs.
 *
 * What is done is taken out of the problem: every vehicle starts where it stands,
 * when it is free, with the room it has left. A shipment that is aboard becomes a
 * plain delivery that only its vehicle has the skill for. The rest is an ordinary
 * problem, solved from the old rows:
 *
 *	1. put the news in, move nothing                    always, in milliseconds
 *	2. search; take the result only if it saves more
 *	   than move_price for each stop it moves           with a budget
 */
#include "route/route.h"

#define OWN_SKILL 0x40000000u /* + vehicle: only this vehicle has it */

struct replan {
	struct scope *sc;
	const struct route_problem *p;
	const struct route_news *news;
	struct route_problem *rest;
	uint32_t *rest_of;	       /* [task] in the rest; ROUTE_NONE: done or dropped */
	uint32_t *task_of;	       /* [rest task] in the problem */
	uint32_t *vehicle_of, *before; /* [task] in the old plan; ROUTE_NONE: none */
	uint32_t *aboard;	       /* [task] a delivery whose pickup is done: its vehicle; ROUTE_NONE */
	bool *gone;		       /* [task] done or dropped */
	struct route_row *rows;
};

/* --- reading the news --- */

static enum code
read_rows(struct replan *r)
{
	struct scope *sc = r->sc;
	for (uint32_t v = 0; v < r->p->n_vehicles; v++) {
		const struct route_row *row = &r->news->rows[v];
		uint32_t done = r->news->standing == NULL ? 0 : r->news->standing[v].n_done;
		if (done > row->n_tasks)
			return fail(sc, E_INVALID, "vehicle %u has done more than it was given", v);
		for (uint32_t i = 0; i < row->n_tasks; i++) {
			uint32_t t = row->tasks[i];
			if (t >= r->p->n_tasks || r->vehicle_of[t] != ROUTE_NONE)
				return fail(sc, E_INVALID, "row %u names a task that is unknown or has two places", v);
			r->vehicle_of[t] = v;
			r->before[t] = i == 0 ? ROUTE_NONE : row->tasks[i - 1];
			r->gone[t] = i < done;
			if (i < done && r->p->tasks[t].kind == ROUTE_PICKUP)
				r->aboard[r->p->tasks[t].mate] = v;
		}
	}
	for (uint32_t i = 0; i < r->news->n_dropped; i++) {
		uint32_t t = r->news->dropped[i];
		if (t >= r->p->n_tasks)
			return fail(sc, E_INVALID, "a dropped task is unknown");
		r->gone[t] = true;
		if (r->p->tasks[t].mate != ROUTE_NONE)
			r->gone[r->p->tasks[t].mate] = true;
	}
	return OK;
}

/* --- the rest of the problem --- */

/* What stays aboard until the end: jobs' pickups already made. */
static const int64_t *
room_left(const struct replan *r, uint32_t v)
{
	const struct route_vehicle *x = &r->p->vehicles[v];
	if (x->capacity == NULL || r->news->standing == NULL)
		return x->capacity;
	int64_t *room = scope_memdup(r->sc, x->capacity, r->p->dims * sizeof *room);
	for (uint32_t i = 0; i < r->news->standing[v].n_done; i++) {
		const struct route_task *t = &r->p->tasks[r->news->rows[v].tasks[i]];
		for (uint32_t d = 0; d < r->p->dims && t->kind == ROUTE_JOB && t->pickup != NULL; d++)
			room[d] = room[d] > t->pickup[d] ? room[d] - t->pickup[d] : 0;
	}
	return room;
}

static bool
carries(const struct replan *r, uint32_t v)
{
	for (uint32_t t = 0; t < r->p->n_tasks; t++)
		if (r->aboard[t] == v && !r->gone[t])
			return true;
	return false;
}

static enum code
add_vehicle(struct replan *r, uint32_t v)
{
	struct route_vehicle x = r->p->vehicles[v];
	if (carries(r, v)) {
		uint32_t *skills = NEW_ARRAY(r->sc, (size_t)x.n_skills + 1, uint32_t);
		if (x.n_skills > 0)
			memcpy(skills, x.skills, x.n_skills * sizeof *skills);
		skills[x.n_skills++] = OWN_SKILL + v;
		x.skills = skills;
	}
	x.capacity = room_left(r, v);
	const struct route_standing *at = r->news->standing == NULL ? NULL : &r->news->standing[v];
	if (at != NULL && (at->n_done > 0 || at->place != ROUTE_NONE)) {
		x.start = at->place == ROUTE_NONE ? x.start : at->place;
		x.shift.from = at->free_at > x.shift.from ? at->free_at : x.shift.from;
		x.rates.fixed = 0; /* it drives already */
		if (x.shift.from > x.shift.to)
			x.shift.from = x.shift.to;
	}
	return route_problem_vehicle(r->sc, r->rest, &x, NULL);
}

static enum code
add_aboard(struct replan *r, uint32_t t)
{
	struct route_task x = r->p->tasks[t];
	const struct route_task *pickup = &r->p->tasks[x.mate];
	uint32_t *skills = NEW_ARRAY(r->sc, 1, uint32_t);
	skills[0] = OWN_SKILL + r->aboard[t];
	x.skills = skills;
	x.n_skills = 1;
	x.penalty = pickup->penalty;
	x.priority = ROUTE_PRIORITY_MAX; /* what is aboard is brought */
	x.delivery = pickup->pickup;
	return route_problem_job(r->sc, r->rest, &x, &r->rest_of[t]);
}

static enum code
add_task(struct replan *r, uint32_t t)
{
	const struct route_task *x = &r->p->tasks[t];
	if (r->gone[t])
		return OK;
	if (x->kind == ROUTE_JOB) {
		TRY(route_problem_job(r->sc, r->rest, x, &r->rest_of[t]));
	} else if (r->aboard[t] != ROUTE_NONE) {
		TRY(add_aboard(r, t));
	} else if (x->kind == ROUTE_PICKUP) {
		TRY(route_problem_shipment(r->sc, r->rest, x, &r->p->tasks[x->mate], &r->rest_of[t]));
		r->rest_of[x->mate] = r->rest_of[t] + 1;
		r->task_of[r->rest_of[x->mate]] = x->mate;
	} else {
		return OK; /* comes with its pickup */
	}
	r->task_of[r->rest_of[t]] = t;
	return OK;
}

/* Relations among what is left. A group of which part is done keeps its vehicle
 * because its remaining tasks keep their rows unless that saves enough. */
static enum code
add_relations(struct replan *r)
{
	for (uint32_t g = 0; g < r->p->n_relations; g++) {
		struct route_relation rel = r->p->relations[g];
		uint32_t *left = NEW_ARRAY(r->sc, rel.n_tasks, uint32_t);
		uint32_t n = 0;
		for (uint32_t i = 0; i < rel.n_tasks; i++)
			if (r->rest_of[rel.tasks[i]] != ROUTE_NONE)
				left[n++] = r->rest_of[rel.tasks[i]];
		rel.tasks = left;
		rel.n_tasks = n;
		if (n >= 2)
			TRY(route_problem_relation(r->sc, r->rest, &rel));
	}
	return OK;
}

static enum code
build_rest(struct replan *r)
{
	TRY(route_problem_new(r->sc, r->p->n_places, r->p->dims, &r->rest));
	r->rest->coords = r->p->coords;
	r->rest->coords_geo = r->p->coords_geo;
	r->rest->aim = r->p->aim;
	r->rest->profiles = r->p->profiles; /* validated already; borrowed */
	r->rest->n_profiles = r->p->n_profiles;
	r->rest->cap_profiles = r->p->n_profiles;
	for (uint32_t v = 0; v < r->p->n_vehicles; v++)
		TRY(add_vehicle(r, v));
	for (uint32_t t = 0; t < r->p->n_tasks; t++)
		TRY(add_task(r, t));
	TRY(add_relations(r));
	r->rows = NEW_ARRAY(r->sc, (size_t)r->p->n_vehicles + 1, struct route_row);
	for (uint32_t v = 0; v < r->p->n_vehicles; v++) {
		const struct route_row *old = &r->news->rows[v];
		uint32_t *tasks = NEW_ARRAY(r->sc, old->n_tasks, uint32_t);
		for (uint32_t i = 0; i < old->n_tasks; i++)
			if (r->rest_of[old->tasks[i]] != ROUTE_NONE)
				tasks[r->rows[v].n_tasks++] = r->rest_of[old->tasks[i]];
		r->rows[v].tasks = tasks;
	}
	return OK;
}

/* --- comparing --- */

/* The last task before t in the old plan that is neither done nor dropped. */
static uint32_t
old_before(const struct replan *r, uint32_t t)
{
	uint32_t b = r->before[t];
	while (b != ROUTE_NONE && r->gone[b])
		b = r->before[b];
	return b;
}

static void
note(struct replan *r, struct route_replanned *out, enum route_change change, uint32_t t, uint32_t from, uint32_t to)
{
	uint64_t id = r->p->tasks[t].id;
	uint64_t a = from == ROUTE_NONE ? 0 : r->p->vehicles[from].id;
	uint64_t b = to == ROUTE_NONE ? 0 : r->p->vehicles[to].id;
	const char *text = "";
	switch (change) {
	case ROUTE_ADDED: text = scope_printf(r->sc, "task %" PRIu64 " is new on vehicle %" PRIu64, id, b); break;
	case ROUTE_DROPPED: text = scope_printf(r->sc, "task %" PRIu64 " is no longer planned", id); break;
	case ROUTE_MOVED_VEHICLE:
		text = scope_printf(r->sc, "task %" PRIu64 " moves from vehicle %" PRIu64 " to vehicle %" PRIu64, id, a,
				    b);
		break;
	case ROUTE_MOVED_ORDER:
		text =
		    scope_printf(r->sc, "task %" PRIu64 " has another place in the order of vehicle %" PRIu64, id, b);
		break;
	case ROUTE_NOW_OUT:
		text = scope_printf(r->sc, "task %" PRIu64 " finds no place any more on vehicle %" PRIu64, id, a);
		break;
	}
	out->differences[out->n_differences++] = (struct route_difference){change, t, from, to, text};
}

static void
compare_tour(struct replan *r, const struct route_tour *tour, struct route_replanned *out)
{
	uint32_t before = ROUTE_NONE; /* the last task on this tour that is not new */
	for (uint32_t i = 0; i < tour->n_stops; i++) {
		if (tour->stops[i].step != ROUTE_TASK)
			continue;
		uint32_t t = tour->stops[i].index;
		if (r->vehicle_of[t] == ROUTE_NONE) {
			note(r, out, ROUTE_ADDED, t, ROUTE_NONE, tour->vehicle);
			continue;
		}
		if (r->vehicle_of[t] != tour->vehicle) {
			note(r, out, ROUTE_MOVED_VEHICLE, t, r->vehicle_of[t], tour->vehicle);
			out->n_moved++;
		} else if (old_before(r, t) != before) {
			note(r, out, ROUTE_MOVED_ORDER, t, tour->vehicle, tour->vehicle);
			out->n_moved++;
		}
		before = t;
	}
}

/* Names tasks as the caller does and says what has changed. */
static struct route_replanned *
describe(struct replan *r, struct route_solution *s)
{
	struct route_replanned *out = NEW(r->sc, struct route_replanned);
	out->plan = s;
	out->differences = NEW_ARRAY(r->sc, (size_t)r->p->n_tasks + r->news->n_dropped, struct route_difference);
	for (uint32_t i = 0; i < r->news->n_dropped; i++)
		note(r, out, ROUTE_DROPPED, r->news->dropped[i], r->vehicle_of[r->news->dropped[i]], ROUTE_NONE);
	for (uint32_t k = 0; k < s->n_tours; k++) {
		struct route_tour *tour = &s->tours[k];
		for (uint32_t i = 0; i < tour->n_stops; i++)
			if (tour->stops[i].step == ROUTE_TASK)
				tour->stops[i].index = r->task_of[tour->stops[i].index];
		compare_tour(r, tour, out);
	}
	for (uint32_t i = 0; i < s->n_out; i++) {
		s->out[i].task = r->task_of[s->out[i].task];
		if (r->vehicle_of[s->out[i].task] != ROUTE_NONE)
			note(r, out, ROUTE_NOW_OUT, s->out[i].task, r->vehicle_of[s->out[i].task], ROUTE_NONE);
	}
	return out;
}

/* Fewer left out, then cost with the price of every move. */
static bool
better(const struct replan *r, const struct route_replanned *a, const struct route_replanned *b)
{
	if (a->plan->n_out != b->plan->n_out)
		return a->plan->n_out < b->plan->n_out;
	return a->plan->cost + r->news->move_price * a->n_moved < b->plan->cost + r->news->move_price * b->n_moved;
}

static uint32_t *
fill_none(struct scope *sc, uint32_t n)
{
	uint32_t *a = NEW_ARRAY(sc, n, uint32_t);
	for (uint32_t i = 0; i < n; i++)
		a[i] = ROUTE_NONE;
	return a;
}

enum code
route_replan(struct scope *sc, const struct route_problem *p, const struct route_news *news,
	     const struct route_budget *budget, struct route_replanned **out)
{
	struct replan r = {.sc = sc, .p = p, .news = news};
	struct route_solution *s;
	r.rest_of = fill_none(sc, p->n_tasks);
	r.task_of = fill_none(sc, p->n_tasks);
	r.vehicle_of = fill_none(sc, p->n_tasks);
	r.before = fill_none(sc, p->n_tasks);
	r.aboard = fill_none(sc, p->n_tasks);
	r.gone = NEW_ARRAY(sc, p->n_tasks, bool);
	TRY(read_rows(&r));
	TRY(build_rest(&r));
	struct route_budget least = {.seed = budget->seed};
	TRY(route_solve_from(sc, r.rest, r.rows, &least, &s));
	struct route_replanned *stable = describe(&r, s);
	*out = stable;
	if (budget->seconds <= 0 && budget->iterations == 0)
		return OK;
	TRY(route_solve_from(sc, r.rest, r.rows, budget, &s));
	struct route_replanned *searched = describe(&r, s);
	if (better(&r, searched, stable)) {
		searched->improved = true;
		*out = searched;
	}
	return OK;
}
