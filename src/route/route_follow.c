/* Each vehicle's steps become places and lengths; route_follow_times.c chooses the
 * times; what the round then breaks is found by walking along it once. */
#include "route/route_follow.h"

#include "route/route_follow_times.h"
#include "route/route_rules.h"

static const char *const cause_names[ROUTE_CAUSES] = {
    "lead_time",       "delay",	       "load",	   "max_tasks", "skills",      "precedence", "missing_break",
    "max_travel_time", "max_distance", "max_load", "max_duty",	"max_reloads", "relation"};

const char *
route_cause_name(unsigned bit)
{
	return bit < ROUTE_CAUSES ? cause_names[bit] : "unknown";
}

struct follow {
	struct scope *sc;
	const struct route_problem *p;
	struct route_solution *plan;
	struct route_breach **stops; /* [tour] */
	uint32_t *tour_of;	     /* [task] + 1; 0: in no vehicle's steps */
	uint32_t *stop_of;	     /* [task] */
};

/* --- from steps to stops --- */

static enum code
note_task(struct follow *f, uint32_t task, uint32_t stop)
{
	if (task >= f->p->n_tasks)
		return fail_as(f->sc, E_INVALID, "bad-problem", "a step names a task that is not there");
	if (f->tour_of[task] != 0)
		return fail_as(f->sc, E_INVALID, "bad-problem", "task %" PRIu64 " is in two steps",
			       f->p->tasks[task].id);
	f->tour_of[task] = f->plan->n_tours + 1;
	f->stop_of[task] = stop;
	return OK;
}

static enum code
note_pause(struct follow *f, const struct route_vehicle *v, uint32_t index, uint32_t *taken)
{
	if (index >= v->n_breaks)
		return fail_as(f->sc, E_INVALID, "bad-problem", "a step names a break that is not there");
	if (*taken >> index & 1)
		return fail_as(f->sc, E_INVALID, "bad-problem", "break %" PRIu64 " is in two steps",
			       v->breaks[index].id);
	*taken |= (uint32_t)1 << index;
	return OK;
}

/* Stops with places and lengths; the bounds and windows of their times. */
static enum code
lay_stop(struct follow *f, const struct route_vehicle *v, const struct route_given_step *g, uint32_t before,
	 struct route_stop *s, struct follow_step *t)
{
	*s = (struct route_stop){.step = g->step, .index = g->index, .place = ROUTE_NONE};
	*t = (struct follow_step){.after = g->after, .before = g->before};
	if (g->step == ROUTE_START || g->step == ROUTE_END) {
		s->place = g->step == ROUTE_START ? v->start : v->end;
	} else if (g->step == ROUTE_RELOAD) {
		if (v->max_reloads == 0)
			return fail_as(f->sc, E_INVALID, "bad-problem", "the vehicle cannot reload");
		s->place = v->reload_place;
		s->service = v->reload_service;
	} else if (g->step == ROUTE_BREAK) {
		const struct route_break *b = &v->breaks[g->index];
		s->service = b->service;
		t->pause = true;
		t->windows = b->windows;
		t->n_windows = b->n_windows;
	} else {
		const struct route_task *x = &f->p->tasks[g->index];
		s->place = x->place;
		rules_work(x, v, before, &s->setup, &s->service);
		t->windows = x->windows;
		t->n_windows = x->n_windows;
	}
	t->work = s->setup + s->service;
	if (!t->pause)
		t->way = rules_way_time(f->p, v, before, s->place, 0);
	if (t->way < 0)
		return fail_as(f->sc, E_INVALID, "bad-problem", "there is no way to a step from the one before");
	return OK;
}

static enum code
lay_stops(struct follow *f, const struct route_vehicle *v, const struct route_given *g, struct route_tour *tour,
	  struct follow_step *times)
{
	uint32_t before = ROUTE_NONE;
	uint32_t pauses = 0;
	for (uint32_t i = 0; i < g->n_steps; i++) {
		const struct route_given_step *s = &g->steps[i];
		bool end = i + 1 == g->n_steps;
		if ((i == 0) != (s->step == ROUTE_START) || end != (s->step == ROUTE_END))
			return fail_as(f->sc, E_INVALID, "bad-problem", "steps run from one start to one end");
		if (s->step == ROUTE_TASK)
			TRY(note_task(f, s->index, i));
		if (s->step == ROUTE_BREAK)
			TRY(note_pause(f, v, s->index, &pauses));
		TRY(lay_stop(f, v, s, before, &tour->stops[i], &times[i]));
		if (s->step != ROUTE_BREAK)
			before = tour->stops[i].place;
	}
	return OK;
}

/* --- times --- */

/* Breaks whose windows count from the departure are timed for the departure that is best without those windows,
 * and it stays. */
static enum code
choose_times(struct follow *f, const struct route_vehicle *v, const struct route_tour *tour, struct follow_step *times)
{
	bool relative = false;
	for (uint32_t i = 0; i < tour->n_stops; i++)
		if (times[i].pause && v->breaks[tour->stops[i].index].relative) {
			relative = true;
			times[i].n_windows = 0;
		}
	TRY(follow_times(f->sc, times, tour->n_stops));
	if (!relative)
		return OK;
	times[0].after = times[0].before = times[0].begin;
	for (uint32_t i = 0; i < tour->n_stops; i++)
		if (times[i].pause && v->breaks[tour->stops[i].index].relative) {
			times[i].n_windows = v->breaks[tour->stops[i].index].n_windows;
			times[i].shift = times[0].begin;
		}
	return follow_times(f->sc, times, tour->n_stops);
}

/* Driving comes before pausing; what is left of a way is driven behind the breaks. */
static void
write_arrivals(struct route_tour *tour, const struct follow_step *times)
{
	uint32_t i = 0;
	int64_t travelled = 0;
	tour->stops[0].arrival = times[0].begin;
	while (i + 1 < tour->n_stops) {
		uint32_t next = i + 1;
		while (times[next].pause)
			next++;
		int64_t left = times[next].way;
		for (uint32_t k = i + 1; k <= next; k++) {
			struct route_stop *s = &tour->stops[k];
			int64_t free_at = times[k - 1].begin + times[k - 1].work;
			int64_t gap = times[k].begin - free_at;
			int64_t drive = k == next || left < gap ? left : gap;
			left -= drive;
			travelled += drive;
			s->arrival = free_at + drive;
			s->waiting = times[k].begin - s->arrival;
			s->travelled = travelled;
		}
		i = next;
	}
}

/* Metres on the way to a break are the share of the way that was driven by then. */
static void
write_metres(const struct route_problem *p, const struct route_vehicle *v, struct route_tour *tour)
{
	uint32_t last = 0;
	for (uint32_t i = 1; i < tour->n_stops; i++) {
		const struct route_stop *a = &tour->stops[last];
		struct route_stop *b = &tour->stops[i];
		if (b->step == ROUTE_BREAK)
			continue;
		int64_t metres = rules_way_metres(p, v, a->place, b->place);
		int64_t way = b->travelled - a->travelled;
		for (uint32_t k = last + 1; k < i; k++)
			tour->stops[k].distance =
			    a->distance + (way == 0 ? 0 : metres * (tour->stops[k].travelled - a->travelled) / way);
		b->distance = a->distance + metres;
		last = i;
	}
}

static void
write_loads(struct follow *f, struct route_tour *tour)
{
	const struct route_problem *p = f->p;
	int64_t load[ROUTE_DIMS_MAX];
	rules_start_load(p, tour, 0, load);
	for (uint32_t i = 0; i < tour->n_stops; i++) {
		struct route_stop *s = &tour->stops[i];
		if (s->step == ROUTE_RELOAD)
			rules_start_load(p, tour, i, load);
		const struct route_task *x = s->step == ROUTE_TASK ? &p->tasks[s->index] : NULL;
		for (uint32_t d = 0; d < p->dims && x != NULL; d++)
			load[d] += (x->pickup == NULL ? 0 : x->pickup[d]) - (x->delivery == NULL ? 0 : x->delivery[d]);
		if (p->dims > 0)
			s->load = scope_memdup(f->sc, load, p->dims * sizeof *load);
	}
}

/* --- what is broken --- */

static void
breach(struct route_breach *b, enum route_cause cause, bool broken)
{
	if (broken)
		b->causes |= (uint32_t)cause;
}

static void
breach_time(struct route_breach *b, int64_t miss)
{
	breach(b, ROUTE_BREACH_LEAD_TIME, miss < 0);
	breach(b, ROUTE_BREACH_DELAY, miss > 0);
	b->lead = miss < 0 ? -miss : 0;
	b->delay = miss > 0 ? miss : 0;
}

static bool
overloaded(const struct route_problem *p, const int64_t *load, const int64_t *most)
{
	for (uint32_t d = 0; d < p->dims && most != NULL; d++)
		if (load[d] > most[d])
			return true;
	return false;
}

static void
find_breaches(const struct follow *f, const struct route_vehicle *v, const struct route_tour *tour,
	      const struct follow_step *times, struct route_breach *breaches)
{
	uint32_t tasks = 0;
	uint32_t reloads = 0;
	for (uint32_t i = 0; i < tour->n_stops; i++) {
		const struct route_stop *s = &tour->stops[i];
		struct route_breach *b = &breaches[i];
		breach_time(b, follow_miss(&times[i], times[i].begin));
		breach(b, ROUTE_BREACH_LOAD, overloaded(f->p, s->load, v->capacity));
		breach(b, ROUTE_BREACH_MAX_TRAVEL_TIME, v->max_travel > 0 && s->travelled > v->max_travel);
		breach(b, ROUTE_BREACH_MAX_DISTANCE, v->max_distance > 0 && s->distance > v->max_distance);
		if (s->step == ROUTE_TASK) {
			breach(b, ROUTE_BREACH_SKILLS, !rules_skilled(v, &f->p->tasks[s->index]));
			breach(b, ROUTE_BREACH_MAX_TASKS, ++tasks > v->max_tasks);
		}
		if (s->step == ROUTE_BREAK)
			breach(b, ROUTE_BREACH_MAX_LOAD, overloaded(f->p, s->load, v->breaks[s->index].max_load));
		if (s->step == ROUTE_RELOAD)
			breach(b, ROUTE_BREACH_MAX_RELOADS, ++reloads > v->max_reloads);
	}
	int64_t duty = times[tour->n_stops - 1].begin - times[0].begin;
	breach(&breaches[tour->n_stops - 1], ROUTE_BREACH_MAX_DUTY, v->max_duty > 0 && duty > v->max_duty);
}

static struct route_breach *
breach_of_task(const struct follow *f, uint32_t task)
{
	return &f->stops[f->tour_of[task] - 1][f->stop_of[task]];
}

static void
find_order_breaches(struct follow *f)
{
	for (uint32_t i = 0; i < f->p->n_tasks; i++) {
		const struct route_task *t = &f->p->tasks[i];
		if (t->kind == ROUTE_JOB || f->tour_of[i] == 0)
			continue;
		bool together = f->tour_of[t->mate] == f->tour_of[i];
		bool ahead = together && f->stop_of[t->mate] < f->stop_of[i];
		breach(breach_of_task(f, i), ROUTE_BREACH_PRECEDENCE,
		       !together || ahead != (t->kind == ROUTE_DELIVERY));
	}
}

static void
find_relation_breaches(struct follow *f, const struct route_relation *r)
{
	for (uint32_t i = 0; i < r->n_tasks; i++) {
		uint32_t task = r->tasks[i];
		if (f->tour_of[task] == 0)
			continue;
		for (uint32_t k = 0; k < i; k++) {
			uint32_t other = r->tasks[k];
			bool together = f->tour_of[other] == f->tour_of[task];
			if (f->tour_of[other] == 0)
				continue;
			breach(breach_of_task(f, task), ROUTE_BREACH_RELATION,
			       r->kind == ROUTE_SAME_VEHICLE ? !together
			       : r->kind == ROUTE_APART	     ? together
							     : together && f->stop_of[other] > f->stop_of[task]);
		}
	}
}

/* --- a vehicle --- */

static void
add_up(struct follow *f, const struct route_vehicle *v, struct route_tour *tour)
{
	struct rules_sums sum = {0};
	uint32_t before = tour->stops[0].place;
	for (uint32_t i = 1; i < tour->n_stops; i++) {
		const struct route_stop *s = &tour->stops[i];
		tour->waiting += s->waiting;
		if (s->step == ROUTE_BREAK) {
			tour->breaks += s->service;
			continue;
		}
		sum.arcs += rules_way_cost(f->p, v, before, s->place);
		before = s->place;
		if (s->step != ROUTE_TASK)
			continue;
		tour->setup += s->setup;
		tour->service += s->service;
		sum.soft += rules_soft(&f->p->tasks[s->index], s->arrival + s->waiting);
	}
	const struct route_stop *end = &tour->stops[tour->n_stops - 1];
	tour->travel = sum.travel = end->travelled;
	tour->distance = sum.metres = end->distance;
	sum.work = tour->setup + tour->service;
	sum.duty = end->arrival + end->waiting - tour->stops[0].arrival;
	rules_price(f->p, &sum, tour);
}

static enum code
follow_vehicle(struct follow *f, uint32_t vehicle, const struct route_given *g)
{
	const struct route_vehicle *v = &f->p->vehicles[vehicle];
	struct route_tour *tour = &f->plan->tours[f->plan->n_tours];
	const struct route_window shift[2] = {{v->shift.from, ROUTE_TIME_MAX}, {-ROUTE_TIME_MAX, v->shift.to}};
	struct follow_step *times = NEW_ARRAY(f->sc, g->n_steps, struct follow_step);
	tour->vehicle = vehicle;
	tour->stops = NEW_ARRAY(f->sc, g->n_steps, struct route_stop);
	tour->n_stops = g->n_steps;
	TRY(lay_stops(f, v, g, tour, times));
	times[0].windows = &shift[0];
	times[g->n_steps - 1].windows = &shift[1];
	times[0].n_windows = times[g->n_steps - 1].n_windows = 1;
	TRY(choose_times(f, v, tour, times));
	write_arrivals(tour, times);
	write_metres(f->p, v, tour);
	write_loads(f, tour);
	f->stops[f->plan->n_tours] = NEW_ARRAY(f->sc, g->n_steps, struct route_breach);
	find_breaches(f, v, tour, times, f->stops[f->plan->n_tours]);
	add_up(f, v, tour);
	f->plan->n_tours++;
	return OK;
}

static bool
leaves_out_a_break(const struct route_problem *p, const struct route_tour *tour)
{
	uint32_t taken = 0;
	for (uint32_t i = 0; i < tour->n_stops; i++)
		taken += tour->stops[i].step == ROUTE_BREAK;
	return taken < p->vehicles[tour->vehicle].n_breaks;
}

/* --- the whole --- */

static void
gather(struct follow *f, struct route_followed *out)
{
	for (uint32_t i = 0; i < f->plan->n_tours; i++) {
		const struct route_tour *tour = &f->plan->tours[i];
		struct route_breach *b = &out->tours[i];
		breach(b, ROUTE_BREACH_MISSING_BREAK, leaves_out_a_break(f->p, tour));
		for (uint32_t k = 0; k < tour->n_stops; k++) {
			b->causes |= f->stops[i][k].causes;
			b->lead += f->stops[i][k].lead;
			b->delay += f->stops[i][k].delay;
		}
		out->all.causes |= b->causes;
		out->all.lead += b->lead;
		out->all.delay += b->delay;
	}
}

static void
total(struct follow *f)
{
	struct route_solution *s = f->plan;
	for (uint32_t i = 0; i < s->n_tours; i++) {
		const struct route_tour *t = &s->tours[i];
		s->cost += t->cost;
		s->travel += t->travel;
		s->distance += t->distance;
		s->setup += t->setup;
		s->service += t->service;
		s->waiting += t->waiting;
		s->breaks += t->breaks;
	}
	for (uint32_t i = 0; i < f->p->n_tasks; i++) {
		if (f->tour_of[i] != 0)
			continue;
		s->out[s->n_out++] = (struct route_out){i, ROUTE_WHY_STEPS, ROUTE_NONE, "no vehicle's steps name it"};
		if (f->p->tasks[i].penalty != ROUTE_MUST)
			s->cost += f->p->tasks[i].penalty;
	}
}

static enum code
refuse_slices(struct scope *sc, const struct route_problem *p)
{
	for (uint32_t i = 0; i < p->n_profiles; i++)
		if (p->profiles[i].n_slices > 1)
			return fail_as(sc, E_INVALID, "bad-problem",
				       "steps cannot be timed where travel depends on the time of departure");
	return OK;
}

enum code
route_follow(struct scope *sc, const struct route_problem *p, const struct route_given *given,
	     struct route_followed *out)
{
	struct follow f = {.sc = sc, .p = p};
	TRY(refuse_slices(sc, p));
	f.plan = NEW(sc, struct route_solution);
	f.plan->tours = NEW_ARRAY(sc, p->n_vehicles, struct route_tour);
	f.plan->out = NEW_ARRAY(sc, p->n_tasks, struct route_out);
	f.stops = NEW_ARRAY(sc, p->n_vehicles, struct route_breach *);
	f.tour_of = NEW_ARRAY(sc, p->n_tasks, uint32_t);
	f.stop_of = NEW_ARRAY(sc, p->n_tasks, uint32_t);
	for (uint32_t v = 0; v < p->n_vehicles; v++)
		if (given[v].n_steps > 2 && follow_vehicle(&f, v, &given[v]) != OK)
			return error_prefix(sc, "vehicle %" PRIu64, p->vehicles[v].id);
	find_order_breaches(&f);
	for (uint32_t r = 0; r < p->n_relations; r++)
		find_relation_breaches(&f, &p->relations[r]);
	struct route_followed done = {.plan = f.plan, .stops = f.stops};
	done.tours = NEW_ARRAY(sc, f.plan->n_tours, struct route_breach);
	gather(&f, &done);
	total(&f);
	*out = done;
	return OK;
}
