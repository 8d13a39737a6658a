/* The verifier. It knows the problem's rules and nothing of how plans are made:
 * no function, structure or matrix of the search is used here (route_rules.c,
 * which it reads the problem with, is not the search's either). It walks along
 * the stops as they are written down and adds up what it sees.
 *
 *	times     a stop is reached no earlier than the one before is left plus
 *	          the way; work begins inside a window; the shift holds
 *	loads     counted from what is aboard at the start of each trip
 *	order     pickups before their deliveries, relations as they say
 *	sums      travel, distance and cost again, from the matrices */
#include "route/route_rules.h"

#define FAULTS_SHOWN 100

struct walk {
	struct scope *sc;
	const struct route_problem *p;
	const struct route_solution *s;
	struct route_verdict *v;
	uint32_t *tour_of; /* [task] + 1; 0: not met */
	uint32_t *rank_of; /* [task] position on its tour */
	bool *listed;	   /* [task] among those left out */
};

static void fault(struct walk *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
fault(struct walk *w, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (w->v->n_faults < FAULTS_SHOWN)
		w->v->faults[w->v->n_faults] = scope_strdup(w->sc, text);
	w->v->n_faults++;
	w->v->feasible = false;
}

/* --- loads --- */

static void
check_load(struct walk *w, const struct route_tour *t, uint32_t stop, const int64_t *load)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	for (uint32_t d = 0; d < w->p->dims; d++) {
		if (v->capacity != NULL && load[d] > v->capacity[d])
			fault(w, "vehicle %" PRIu64 ", stop %u: load %" PRId64 " of %" PRId64 " in dimension %u", v->id,
			      stop, load[d], v->capacity[d], d);
		if (load[d] < 0)
			fault(w, "vehicle %" PRIu64 ", stop %u: leaves more than is aboard", v->id, stop);
	}
}

static void
walk_loads(struct walk *w, const struct route_tour *t)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	int64_t load[ROUTE_DIMS_MAX];
	uint32_t reloads = 0;
	rules_start_load(w->p, t, 0, load);
	check_load(w, t, 0, load);
	for (uint32_t i = 1; i < t->n_stops; i++) {
		const struct route_stop *s = &t->stops[i];
		if (s->step == ROUTE_RELOAD) {
			reloads++;
			rules_start_load(w->p, t, i, load);
		} else if (s->step == ROUTE_TASK) {
			const struct route_task *x = &w->p->tasks[s->index];
			for (uint32_t d = 0; d < w->p->dims; d++)
				load[d] +=
				    (x->pickup == NULL ? 0 : x->pickup[d]) - (x->delivery == NULL ? 0 : x->delivery[d]);
		} else if (s->step == ROUTE_BREAK && v->breaks[s->index].max_load != NULL) {
			for (uint32_t d = 0; d < w->p->dims; d++)
				if (load[d] > v->breaks[s->index].max_load[d])
					fault(w, "vehicle %" PRIu64 ": too much is aboard during break %" PRIu64, v->id,
					      v->breaks[s->index].id);
		}
		check_load(w, t, i, load);
	}
	if (reloads > v->max_reloads)
		fault(w, "vehicle %" PRIu64 " reloads %u times; %u are allowed", v->id, reloads, v->max_reloads);
}

/* A shipment may not stay aboard where a fresh load is taken. */
static void
walk_trips(struct walk *w, const struct route_tour *t)
{
	int64_t aboard = 0;
	for (uint32_t i = 1; i < t->n_stops; i++) {
		const struct route_stop *s = &t->stops[i];
		if (s->step == ROUTE_TASK && w->p->tasks[s->index].kind == ROUTE_PICKUP)
			aboard++;
		if (s->step == ROUTE_TASK && w->p->tasks[s->index].kind == ROUTE_DELIVERY)
			aboard--;
		if (s->step == ROUTE_RELOAD && aboard > 0)
			fault(w, "vehicle %" PRIu64 " reloads with a shipment aboard", w->p->vehicles[t->vehicle].id);
	}
}

/* --- times --- */

static void
walk_task(struct walk *w, const struct route_tour *t, uint32_t i, uint32_t before, struct rules_sums *sum)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	const struct route_stop *s = &t->stops[i];
	const struct route_task *x = &w->p->tasks[s->index];
	int64_t begin = s->arrival + s->waiting;
	if (w->tour_of[s->index] != 0)
		fault(w, "task %" PRIu64 " is served twice", x->id);
	w->tour_of[s->index] = t->vehicle + 1;
	w->rank_of[s->index] = i;
	if (!rules_skilled(v, x))
		fault(w, "vehicle %" PRIu64 " lacks a skill for task %" PRIu64, v->id, x->id);
	if (!rules_inside(x->windows, x->n_windows, 0, begin))
		fault(w, "task %" PRIu64 " begins at %" PRId64 ", outside its time windows", x->id, begin);
	int64_t setup;
	int64_t service;
	rules_work(x, v, before, &setup, &service);
	if (s->setup != setup || s->service != service)
		fault(w, "task %" PRIu64 ": setup or service is not the problem's", x->id);
	sum->soft += rules_soft(x, begin);
	sum->work += s->setup + s->service;
	sum->tasks++;
}

static void
walk_break(struct walk *w, const struct route_tour *t, uint32_t i, struct rules_sums *sum)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	const struct route_stop *s = &t->stops[i];
	const struct route_break *b = &v->breaks[s->index];
	int64_t shift = b->relative ? t->stops[0].arrival : 0;
	if (!rules_inside(b->windows, b->n_windows, shift, s->arrival + s->waiting))
		fault(w, "break %" PRIu64 " of vehicle %" PRIu64 " begins outside its time windows", b->id, v->id);
	if (s->service < b->service)
		fault(w, "break %" PRIu64 " of vehicle %" PRIu64 " is too short", b->id, v->id);
	if (sum->breaks >> s->index & 1)
		fault(w, "break %" PRIu64 " of vehicle %" PRIu64 " is taken twice", b->id, v->id);
	sum->breaks |= (uint32_t)1 << s->index;
}

/* The leg that ends at stop i began when the last stop that is not a break was
 * left; breaks on it make it longer by what they last and wait. */
static void
walk_times(struct walk *w, const struct route_tour *t, struct rules_sums *sum)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	uint32_t place = t->stops[0].place;
	int64_t leave = t->stops[0].arrival;
	int64_t free_at = leave;
	int64_t paused = 0;
	for (uint32_t i = 1; i < t->n_stops; i++) {
		const struct route_stop *s = &t->stops[i];
		if (s->arrival < free_at || s->waiting < 0)
			fault(w, "vehicle %" PRIu64 ", stop %u begins before the one ahead ends", v->id, i);
		free_at = s->arrival + s->waiting + s->setup + s->service;
		if (s->step == ROUTE_BREAK) {
			walk_break(w, t, i, sum);
			paused += s->waiting + s->service;
			continue;
		}
		int64_t way = rules_way_time(w->p, v, place, s->place, leave);
		if (way < 0)
			fault(w, "vehicle %" PRIu64 ", stop %u: there is no way to it", v->id, i);
		else if (s->arrival < leave + paused + way)
			fault(w, "vehicle %" PRIu64 ", stop %u is reached %" PRId64 " too early", v->id, i,
			      leave + paused + way - s->arrival);
		sum->travel += way;
		sum->metres += rules_way_metres(w->p, v, place, s->place);
		sum->arcs += rules_way_cost(w->p, v, place, s->place);
		if (s->step == ROUTE_TASK)
			walk_task(w, t, i, place, sum);
		if (s->step == ROUTE_RELOAD && s->service < v->reload_service)
			fault(w, "vehicle %" PRIu64 ": a reload is too short", v->id);
		place = s->place;
		leave = free_at;
		paused = 0;
	}
	sum->duty = t->stops[t->n_stops - 1].arrival - t->stops[0].arrival;
}

static void
check_limits(struct walk *w, const struct route_tour *t, const struct rules_sums *sum)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	int64_t start = t->stops[0].arrival;
	int64_t end = t->stops[t->n_stops - 1].arrival;
	if (start < v->shift.from || end > v->shift.to)
		fault(w, "vehicle %" PRIu64 " works outside its shift", v->id);
	if (sum->tasks > v->max_tasks)
		fault(w, "vehicle %" PRIu64 " has %u tasks; %u are allowed", v->id, sum->tasks, v->max_tasks);
	if (v->max_distance > 0 && sum->metres > v->max_distance)
		fault(w, "vehicle %" PRIu64 " drives too far", v->id);
	if (v->max_travel > 0 && sum->travel > v->max_travel)
		fault(w, "vehicle %" PRIu64 " drives too long", v->id);
	if (v->max_duty > 0 && sum->duty > v->max_duty)
		fault(w, "vehicle %" PRIu64 " is on duty too long", v->id);
	for (uint32_t b = 0; b < v->n_breaks; b++) {
		const struct route_break *x = &v->breaks[b];
		int64_t last = x->windows[x->n_windows - 1].to + (x->relative ? start : 0);
		if (!(sum->breaks >> b & 1) && start <= last && end > last)
			fault(w, "vehicle %" PRIu64 " leaves out break %" PRIu64, v->id, x->id);
	}
}

static bool
tour_shape(struct walk *w, const struct route_tour *t)
{
	bool ok = t->vehicle < w->p->n_vehicles && t->n_stops >= 2 && t->stops[0].step == ROUTE_START &&
		  t->stops[t->n_stops - 1].step == ROUTE_END;
	for (uint32_t i = 1; ok && i + 1 < t->n_stops; i++) {
		const struct route_stop *s = &t->stops[i];
		ok = s->step != ROUTE_START && s->step != ROUTE_END &&
		     (s->step != ROUTE_TASK || (s->index < w->p->n_tasks && s->place == w->p->tasks[s->index].place)) &&
		     (s->step != ROUTE_BREAK || s->index < w->p->vehicles[t->vehicle].n_breaks);
	}
	if (!ok)
		fault(w, "a route does not run from its start over tasks to its end");
	return ok;
}

static void
walk_tour(struct walk *w, const struct route_tour *t)
{
	const struct route_vehicle *v = &w->p->vehicles[t->vehicle];
	struct rules_sums sum = {0};
	if (t->stops[0].place != v->start || t->stops[t->n_stops - 1].place != v->end)
		fault(w, "vehicle %" PRIu64 " does not start or end where it should", v->id);
	walk_times(w, t, &sum);
	walk_loads(w, t);
	walk_trips(w, t);
	check_limits(w, t, &sum);
	struct route_tour priced = {.vehicle = t->vehicle};
	rules_price(w->p, &sum, &priced);
	int64_t cost = priced.cost;
	if (t->cost != 0 && llabs(t->cost - cost) > (sum.soft > 0 ? 2 + (int64_t)sum.tasks : 2))
		fault(w, "vehicle %" PRIu64 ": the cost is %" PRId64 ", not %" PRId64, v->id, cost, t->cost);
	w->v->cost += cost;
	w->v->travel += sum.travel;
	w->v->distance += sum.metres;
}

/* --- tasks and relations --- */

static void
check_tasks(struct walk *w)
{
	for (uint32_t i = 0; i < w->p->n_tasks; i++) {
		const struct route_task *x = &w->p->tasks[i];
		bool served = w->tour_of[i] != 0;
		if (!served && !w->listed[i])
			fault(w, "task %" PRIu64 " is neither served nor listed as left out", x->id);
		if (served && w->listed[i])
			fault(w, "task %" PRIu64 " is served and listed as left out", x->id);
		if (!served && x->penalty != ROUTE_MUST)
			w->v->cost += x->penalty;
		w->v->out += !served;
		if (x->kind != ROUTE_PICKUP)
			continue;
		if (w->tour_of[i] != w->tour_of[x->mate])
			fault(w, "shipment %" PRIu64 " is picked up and delivered by different vehicles or by half",
			      x->id);
		else if (served && w->rank_of[i] > w->rank_of[x->mate])
			fault(w, "shipment %" PRIu64 " is delivered before it is picked up", x->id);
	}
}

static void
check_relation(struct walk *w, const struct route_relation *r, uint32_t index)
{
	for (uint32_t i = 0; i < r->n_tasks; i++)
		for (uint32_t j = i + 1; j < r->n_tasks; j++) {
			uint32_t a = w->tour_of[r->tasks[i]];
			uint32_t b = w->tour_of[r->tasks[j]];
			if (a == 0 || b == 0)
				continue;
			bool wrong =
			    (r->kind == ROUTE_SAME_VEHICLE && a != b) || (r->kind == ROUTE_APART && a == b) ||
			    (r->kind == ROUTE_IN_ORDER && a == b && w->rank_of[r->tasks[i]] > w->rank_of[r->tasks[j]]);
			if (wrong) {
				fault(w, "relation %u does not hold", index);
				return;
			}
		}
}

static void
check_tours(struct walk *w)
{
	bool *seen = NEW_ARRAY(w->sc, w->p->n_vehicles, bool);
	for (uint32_t i = 0; i < w->s->n_tours; i++) {
		const struct route_tour *t = &w->s->tours[i];
		if (!tour_shape(w, t))
			continue;
		if (seen[t->vehicle])
			fault(w, "vehicle %" PRIu64 " drives two routes", w->p->vehicles[t->vehicle].id);
		seen[t->vehicle] = true;
		walk_tour(w, t);
	}
}

enum code
route_check(struct scope *sc, const struct route_problem *p, const struct route_solution *s, struct route_verdict *out)
{
	struct route_verdict v = {.feasible = true, .tours = s->n_tours};
	struct walk w = {.sc = sc, .p = p, .s = s, .v = &v};
	v.faults = NEW_ARRAY(sc, FAULTS_SHOWN, const char *);
	w.tour_of = NEW_ARRAY(sc, p->n_tasks, uint32_t);
	w.rank_of = NEW_ARRAY(sc, p->n_tasks, uint32_t);
	w.listed = NEW_ARRAY(sc, p->n_tasks, bool);
	for (uint32_t i = 0; i < s->n_out; i++) {
		if (s->out[i].task >= p->n_tasks)
			return fail(sc, E_INVALID, "a task left out is not in the problem");
		w.listed[s->out[i].task] = true;
	}
	check_tours(&w);
	check_tasks(&w);
	for (uint32_t r = 0; r < p->n_relations; r++)
		check_relation(&w, &p->relations[r], r);
	if (s->cost >= 0 && llabs(s->cost - v.cost) > 2 + 2 * (int64_t)s->n_tours)
		fault(&w, "the whole cost is %" PRId64 ", not %" PRId64, v.cost, s->cost);
	*out = v;
	return OK;
}
