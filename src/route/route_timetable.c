/* When everything on one route happens: all rules of a vehicle's day, exactly.
 *
 * Given the tasks in order, the timetable decides where the breaks and reloads
 * go, when the vehicle leaves and when each stop begins. For breaks it keeps,
 * behind every stop and for every number of breaks taken so far, the earliest
 * time the vehicle can be free there; arriving earlier never hurts (FIFO), so
 * one label each is enough. A break may be taken before leaving, on the way or
 * waiting at the next stop. A break is due only if the tour is still under way
 * when its last window closes.
 *
 * Departure: as late as the end of the tour allows, so that waiting happens at
 * home. Reloads: the cheapest split of the sequence into trips that fit; where
 * that is too late, the split with the fewest trips. */
#include "route/route_state.h"

#define RELOAD_MARK (-2)
#define BREAKS (ROUTE_BREAKS_MAX + 1)

/* The vehicle is free at a stop with so many breaks behind it. */
struct label {
	int64_t at; /* NEVER: cannot be */
	int64_t travel, soft, slack;
	int8_t from; /* breaks taken before this leg */
};

struct timetable {
	const struct model *m;
	int32_t *room;	   /* callers' */
	int32_t *seq;	   /* with reload marks */
	struct label *row; /* [stop × BREAKS] */
	int64_t *load;	   /* [stop × dims] aboard when leaving stop k; stop 0 is the start */
	int32_t *rank;	   /* [relation] last rank seen … */
	uint32_t *rank_at; /* … in the run of this stamp */
	uint32_t run;
	/* reloads */
	int64_t *split_cost;
	int32_t *split_from;
};

/* One run: the vehicle, the sequence, how eager. */
struct run {
	struct timetable *t;
	const struct class *k;
	const struct route_vehicle *v;
	const struct route_profile *f;
	const int32_t *seq;
	int32_t n;
	int64_t depart;
	bool patient; /* waits for soft windows to open */
	uint32_t slice;
};

struct outcome {
	int64_t end, travel, soft, slack;
	int8_t breaks;
};

enum code
timetable_new(struct scope *sc, const struct model *m, struct timetable **out)
{
	struct timetable *t = NEW(sc, struct timetable);
	size_t reloads = 0;
	for (uint32_t v = 0; v < m->p->n_vehicles; v++)
		if (m->p->vehicles[v].max_reloads > reloads)
			reloads = m->p->vehicles[v].max_reloads;
	size_t stops = 2 * (size_t)m->n + 3;
	void *p;
	t->m = m;
	TRY(scope_try_array(sc, 2 * (size_t)m->n + 2, sizeof *t->room, &p));
	t->room = p;
	TRY(scope_try_array(sc, stops, sizeof *t->seq, &p));
	t->seq = p;
	TRY(scope_try_array(sc, stops * BREAKS, sizeof *t->row, &p));
	t->row = p;
	TRY(scope_try_array(sc, stops * ((size_t)m->dims + 1), sizeof *t->load, &p));
	t->load = p;
	TRY(scope_try_array(sc, m->p->n_relations + 1, sizeof *t->rank, &p));
	t->rank = p;
	TRY(scope_try_array(sc, m->p->n_relations + 1, sizeof *t->rank_at, &p));
	t->rank_at = p;
	TRY(scope_try_array(sc, stops, sizeof *t->split_cost, &p));
	t->split_cost = p;
	TRY(scope_try_array(sc, stops, sizeof *t->split_from, &p));
	t->split_from = p;
	*out = t;
	return OK;
}

int32_t *
timetable_room(struct timetable *t)
{
	return t->room;
}

/* --- places and travel --- */

static uint32_t
place_at(const struct run *r, int32_t stop)
{
	if (stop == 0)
		return r->v->start;
	if (stop == r->n + 1)
		return r->v->end;
	int32_t x = r->seq[stop - 1];
	return x == RELOAD_MARK ? r->v->reload_place : r->t->m->p->tasks[x].place;
}

static int64_t
travel(struct run *r, uint32_t from, uint32_t to, int64_t at)
{
	if (from == ROUTE_NONE || to == ROUTE_NONE)
		return 0;
	if (r->f->n_slices > 1) {
		r->slice = slice_at(r->f, at, r->slice);
		return travel_in_slice(r->t->m->p, r->v, (size_t)from * r->t->m->p->n_places + to, at, r->slice);
	}
	return r->k->time[(size_t)from * ((size_t)r->t->m->n_places + 1) + to];
}

static int64_t
metres(const struct run *r, uint32_t from, uint32_t to)
{
	if (from == ROUTE_NONE || to == ROUTE_NONE || r->f->distances == NULL)
		return 0;
	return r->f->distances[(size_t)from * r->t->m->p->n_places + to];
}

/* --- windows --- */

/* How much later than `begin` the same window still lets work begin. */
static int64_t
window_left(const struct route_window *w, uint32_t n, int64_t begin)
{
	for (uint32_t i = 0; i < n; i++)
		if (begin <= w[i].to)
			return w[i].to - begin;
	return ROUTE_TIME_MAX;
}

static int64_t
break_shift(const struct run *r, const struct route_break *b)
{
	return b->relative ? r->depart : 0;
}

static int64_t
break_last(const struct run *r, const struct route_break *b)
{
	return b->windows[b->n_windows - 1].to + break_shift(r, b);
}

static bool
break_load_ok(const struct run *r, const struct route_break *b, int32_t stop)
{
	size_t dims = (size_t)r->t->m->dims;
	for (size_t d = 0; b->max_load != NULL && d < dims; d++)
		if (r->t->load[(size_t)stop * dims + d] > b->max_load[d])
			return false;
	return true;
}

/* --- one stop --- */

static double
soft_cost(const struct route_soft *w, int64_t begin)
{
	if (w->early_per_hour > 0 && begin < w->window.from)
		return (double)w->early_per_hour * (double)(w->window.from - begin) / 3600;
	if (w->late_per_hour > 0 && begin > w->window.to)
		return (double)w->late_per_hour * (double)(begin - w->window.to) / 3600;
	return 0;
}

/* When work at stop k begins after arriving at `at`. */
static int64_t
begin_at(const struct run *r, int32_t stop, int64_t at)
{
	if (stop == r->n + 1)
		return at <= r->v->shift.to ? at : NEVER;
	int32_t x = r->seq[stop - 1];
	if (x == RELOAD_MARK)
		return at;
	const struct route_task *task = &r->t->m->p->tasks[x];
	if (r->patient && task->soft.early_per_hour > 0 && at < task->soft.window.from)
		at = task->soft.window.from;
	return window_after(task->windows, task->n_windows, 0, at);
}

static void
work_at(const struct run *r, int32_t stop, int64_t *setup, int64_t *service)
{
	*setup = 0;
	*service = 0;
	if (stop == r->n + 1)
		return;
	int32_t x = r->seq[stop - 1];
	if (x == RELOAD_MARK) {
		*service = r->v->reload_service;
		return;
	}
	const struct route_task *task = &r->t->m->p->tasks[x];
	const struct route_work *work = work_row(task, r->v);
	*service = work == NULL ? task->service : work->service;
	if (place_at(r, stop - 1) != task->place)
		*setup = work == NULL ? task->setup : work->setup;
}

/* Arrive at stop with a label in hand; false where it is too late. */
static bool
arrive(const struct run *r, int32_t stop, int64_t at, const struct label *before, struct label *after)
{
	int64_t begin = begin_at(r, stop, at);
	if (begin == NEVER)
		return false;
	int64_t setup;
	int64_t service;
	work_at(r, stop, &setup, &service);
	*after = *before;
	after->at = begin + setup + service;
	if (stop <= r->n && r->seq[stop - 1] != RELOAD_MARK) {
		const struct route_task *task = &r->t->m->p->tasks[r->seq[stop - 1]];
		after->soft += (int64_t)(soft_cost(&task->soft, begin) * r->t->m->scale + 0.5);
	}
	return true;
}

/* From one label along the leg to `stop`, with no break, one, two … on it. */
static void
drive(struct run *r, int32_t stop, int8_t taken, struct label *next)
{
	const struct label *here = &r->t->row[(size_t)(stop - 1) * BREAKS + (size_t)taken];
	int64_t rest = travel(r, place_at(r, stop - 1), place_at(r, stop), here->at);
	if (rest >= FAR_TIME)
		return;
	int64_t now = here->at;
	struct label before = *here;
	before.travel += rest;
	before.from = taken;
	for (uint32_t b = (uint32_t)taken;; b++) {
		struct label after;
		if (arrive(r, stop, now + rest, &before, &after) && after.at < next[b].at)
			next[b] = after;
		if (b == r->v->n_breaks)
			return;
		const struct route_break *rest_break = &r->v->breaks[b];
		int64_t begin =
		    window_after(rest_break->windows, rest_break->n_windows, break_shift(r, rest_break), now);
		if (begin == NEVER || !break_load_ok(r, rest_break, stop - 1))
			return;
		int64_t driven = begin - now < rest ? begin - now : rest;
		rest -= driven;
		now = begin + rest_break->service;
	}
}

/* All labels for one departure; false where the tour cannot be. */
static bool
run_once(struct run *r, int64_t depart, struct outcome *out)
{
	struct label *row = r->t->row;
	uint32_t n_breaks = r->v->n_breaks;
	r->depart = depart;
	for (uint32_t b = 0; b <= n_breaks; b++)
		row[b].at = NEVER;
	/* breaks whose time was over before the vehicle left are not due */
	for (uint32_t b = 0; b <= n_breaks; b++) {
		row[b] = (struct label){.at = depart, .from = -1};
		if (b < n_breaks && break_last(r, &r->v->breaks[b]) >= depart)
			break;
	}
	for (int32_t stop = 1; stop <= r->n + 1; stop++) {
		struct label *next = row + (size_t)stop * BREAKS;
		bool any = false;
		for (uint32_t b = 0; b <= n_breaks; b++)
			next[b].at = NEVER;
		for (uint32_t b = 0; b <= n_breaks; b++)
			if (next[(int64_t)b - BREAKS].at != NEVER)
				drive(r, stop, (int8_t)b, next);
		for (uint32_t b = 0; b <= n_breaks; b++)
			any |= next[b].at != NEVER;
		if (!any)
			return false;
	}
	const struct label *last = row + (size_t)(r->n + 1) * BREAKS;
	out->end = NEVER;
	for (uint32_t b = 0; b <= n_breaks; b++) {
		bool due = false;
		for (uint32_t later = b; later < n_breaks && last[b].at != NEVER; later++)
			due |= last[b].at > break_last(r, &r->v->breaks[later]);
		if (!due && last[b].at < out->end)
			*out = (struct outcome){last[b].at, last[b].travel, last[b].soft, 0, (int8_t)b};
	}
	return out->end != NEVER;
}

/* The latest departure that ends no later and costs no more. Without breaks and
 * time-dependent travel it follows from the waiting; else by halving. */
static int64_t
latest_departure(struct run *r, int64_t depart, struct outcome *out)
{
	int64_t upper = out->end - out->travel - depart;
	bool simple = r->v->n_breaks == 0 && r->f->n_slices == 1;
	if (upper <= 0)
		return depart;
	if (simple) {
		int64_t slack = upper;
		int64_t waited = 0;
		int64_t at = depart;
		for (int32_t stop = 1; stop <= r->n; stop++) {
			int64_t arrival = at + travel(r, place_at(r, stop - 1), place_at(r, stop), at);
			int64_t begin = begin_at(r, stop, arrival);
			waited += begin - arrival;
			int32_t x = r->seq[stop - 1];
			if (x != RELOAD_MARK) {
				const struct route_task *task = &r->t->m->p->tasks[x];
				int64_t left = window_left(task->windows, task->n_windows, begin) + waited;
				slack = left < slack ? left : slack;
			}
			at = r->t->row[(size_t)stop * BREAKS].at;
		}
		upper = waited < slack ? waited : slack;
	}
	struct outcome best = *out;
	int64_t low = 0;
	int64_t high = upper;
	int64_t try = upper;
	for (int i = 0; i < 24 && low < high; i++) {
		struct outcome o;
		if (run_once(r, depart + try, &o) && o.end <= best.end && o.soft <= best.soft &&
		    o.travel <= best.travel) {
			low = try;
			*out = o;
		} else {
			high = try - 1;
		}
		try = low + (high - low + 1) / 2;
	}
	return depart + low;
}

/* --- loads, relations, reloads --- */

static int64_t
amount(const int64_t *amounts, size_t d)
{
	return amounts == NULL ? 0 : amounts[d];
}

/* Fills load[] for a sequence with marks; false where a trip is overloaded or a
 * shipment would stay aboard over a reload. */
static bool
loads_fit(const struct run *r)
{
	const struct model *m = r->t->m;
	size_t dims = (size_t)m->dims;
	for (size_t d = 0; d < dims; d++) {
		int64_t cap = r->v->capacity == NULL ? INT64_MAX / 2 : r->v->capacity[d];
		for (int32_t i = 0; i <= r->n;) {
			int64_t load = 0;
			int32_t j = i;
			for (; j < r->n && r->seq[j] != RELOAD_MARK; j++)
				if (m->p->tasks[r->seq[j]].kind == ROUTE_JOB)
					load += amount(m->p->tasks[r->seq[j]].delivery, d);
			for (int32_t s = i; s <= j; s++) {
				if (s > i) {
					const struct route_task *x = &m->p->tasks[r->seq[s - 1]];
					load += amount(x->pickup, d) - amount(x->delivery, d);
				}
				r->t->load[(size_t)s * dims + d] = load;
				if (load > cap || load < 0)
					return false;
			}
			i = j + 1;
		}
		r->t->load[(size_t)(r->n + 1) * dims + d] = r->t->load[(size_t)r->n * dims + d];
	}
	return true;
}

/* Where several tasks of an ordered relation ride together, in its order. */
static bool
order_kept(struct timetable *t, const int32_t *seq, int32_t n)
{
	const struct model *m = t->m;
	if (!m->relations)
		return true;
	t->run++;
	for (int32_t i = 0; i < n; i++)
		for (const int32_t *g = m->groups[seq[i]]; *g >= 0; g++) {
			const struct route_relation *rel = &m->p->relations[*g];
			if (rel->kind != ROUTE_IN_ORDER)
				continue;
			int32_t rank = 0;
			while (rel->tasks[rank] != (uint32_t)seq[i])
				rank++;
			if (t->rank_at[*g] == t->run && t->rank[*g] > rank)
				return false;
			t->rank_at[*g] = t->run;
			t->rank[*g] = rank;
		}
	return true;
}

struct trip {
	int64_t load[ROUTE_DIMS_MAX], high[ROUTE_DIMS_MAX];
	int32_t open_pairs;
};

/* One more task on a trip; false where it no longer fits. */
static bool
trip_add(const struct run *r, struct trip *trip, int32_t x)
{
	const struct route_task *task = &r->t->m->p->tasks[x];
	if (task->kind == ROUTE_PICKUP)
		trip->open_pairs++;
	if (task->kind == ROUTE_DELIVERY && trip->open_pairs-- == 0)
		return false;
	for (size_t d = 0; d < (size_t)r->t->m->dims; d++) {
		int64_t left = task->kind == ROUTE_JOB ? amount(task->delivery, d) : 0;
		int64_t handed = task->kind == ROUTE_DELIVERY ? amount(task->delivery, d) : 0;
		trip->high[d] += left;
		trip->load[d] += amount(task->pickup, d) - handed;
		if (trip->load[d] > trip->high[d])
			trip->high[d] = trip->load[d];
		if (r->v->capacity != NULL && trip->high[d] > r->v->capacity[d])
			return false;
	}
	return true;
}

/* Cost (or, for the fewest trips, 1) of going by the reload place between a and b. */
static int64_t
reload_detour(const struct run *r, int32_t a, int32_t b, bool fewest)
{
	const struct model *m = r->t->m;
	size_t side = (size_t)m->n_places + 1;
	size_t from = (size_t)m->jobs[a].place;
	size_t to = (size_t)m->jobs[b].place;
	size_t by = r->v->reload_place;
	const int32_t *c = r->k->cost;
	return fewest ? ARC_MAX : (int64_t)c[from * side + by] + c[by * side + to] - c[from * side + to];
}

/* Splits plain (n tasks) into trips; the marked sequence goes to t->seq. Returns
 * its length, or -1 where no split fits. */
static int32_t
split(const struct run *r, const int32_t *plain, int32_t n, bool fewest)
{
	struct timetable *t = r->t;
	for (int32_t j = 1; j <= n; j++)
		t->split_cost[j] = NEVER;
	t->split_cost[0] = 0;
	for (int32_t i = 0; i < n; i++) {
		if (t->split_cost[i] == NEVER)
			continue;
		int64_t base = t->split_cost[i] + (i == 0 ? 0 : reload_detour(r, plain[i - 1], plain[i], fewest));
		struct trip trip = {0};
		for (int32_t j = i; j < n && trip_add(r, &trip, plain[j]); j++)
			if (trip.open_pairs == 0 && base < t->split_cost[j + 1]) {
				t->split_cost[j + 1] = base;
				t->split_from[j + 1] = i;
			}
	}
	if (n > 0 && t->split_cost[n] == NEVER)
		return -1;
	int32_t marks = 0;
	for (int32_t j = n; j > 0 && t->split_from[j] > 0; j = t->split_from[j])
		marks++;
	if ((uint32_t)marks > r->v->max_reloads)
		return -1;
	int32_t at = n + marks;
	for (int32_t j = n; j > 0;) {
		int32_t i = t->split_from[j];
		for (int32_t x = j - 1; x >= i; x--)
			t->seq[--at] = plain[x];
		if (i > 0)
			t->seq[--at] = RELOAD_MARK;
		j = i;
	}
	return n + marks;
}

/* --- the whole --- */

static bool
limits_kept(const struct run *r, int64_t depart, const struct outcome *o)
{
	const struct route_vehicle *v = r->v;
	if (v->max_travel > 0 && o->travel > v->max_travel)
		return false;
	if (v->max_duty > 0 && o->end - depart > v->max_duty)
		return false;
	if (v->max_distance > 0) {
		int64_t sum = 0;
		for (int32_t stop = 1; stop <= r->n + 1; stop++)
			sum += metres(r, place_at(r, stop - 1), place_at(r, stop));
		if (sum > v->max_distance)
			return false;
	}
	return true;
}

/* Runs patiently and eagerly where soft windows make a difference; the cheaper stays. */
static bool
run_best(struct run *r, struct outcome *out)
{
	int64_t depart = model_start(r->t->m, r->v);
	struct outcome eager;
	r->patient = false;
	if (!run_once(r, depart, &eager))
		return false;
	*out = eager;
	if (eager.soft == 0)
		return true;
	struct outcome patient;
	r->patient = true;
	if (run_once(r, depart, &patient) && patient.soft < eager.soft) {
		*out = patient;
		return true;
	}
	r->patient = false;
	return run_once(r, depart, out);
}

static bool
run_sequence(struct run *r, const int32_t *plain, int32_t n, struct outcome *out)
{
	r->seq = plain;
	r->n = n;
	bool fits = loads_fit(r);
	if (fits && run_best(r, out))
		return true;
	if (fits || r->v->max_reloads == 0)
		return false;
	for (int fewest = 0; fewest < 2; fewest++) {
		int32_t marked = split(r, plain, n, fewest == 1);
		if (marked < 0)
			continue;
		r->seq = r->t->seq;
		r->n = marked;
		if (loads_fit(r) && run_best(r, out))
			return true;
	}
	return false;
}

static struct run
run_of(struct timetable *t, uint32_t vehicle, int32_t class)
{
	const struct route_problem *p = t->m->p;
	const struct route_vehicle *v = &p->vehicles[vehicle];
	return (struct run){.t = t, .k = &t->m->classes[class], .v = v, .f = &p->profiles[v->profile]};
}

static double
balance_cost(const struct model *m, int64_t duty)
{
	double hours = (double)duty / 3600;
	return (double)m->p->aim.balance_per_square_hour * hours * hours;
}

/* Arc costs hold the least travel; what time of day adds comes on top. */
static int64_t
scaled_cost(struct run *r, int64_t depart, const struct outcome *o)
{
	const struct model *m = r->t->m;
	size_t side = (size_t)m->n_places + 1;
	int64_t arcs = 0;
	int64_t least = 0;
	int64_t work = 0;
	for (int32_t stop = 1; stop <= r->n + 1; stop++) {
		uint32_t a = place_at(r, stop - 1);
		uint32_t b = place_at(r, stop);
		if (a != ROUTE_NONE && b != ROUTE_NONE) {
			arcs += r->k->cost[(size_t)a * side + b];
			least += r->k->time[(size_t)a * side + b];
		}
		int64_t setup;
		int64_t service;
		work_at(r, stop, &setup, &service);
		work += setup + service;
	}
	double more = (double)work * (double)r->v->rates.per_task_hour / 3600;
	if (m->duty)
		more += (double)(o->end - depart) * (double)r->v->rates.per_duty_hour / 3600 +
			balance_cost(m, o->end - depart);
	if (r->f->n_slices > 1 && r->f->costs == NULL)
		more += (double)(o->travel - least) * (double)r->v->rates.per_hour / 3600;
	return arcs + o->soft + (int64_t)(more * m->scale + 0.5);
}

bool
timetable_try(struct timetable *t, int32_t class, const int32_t *seq, int32_t n, int64_t *cost, int32_t *early)
{
	struct run r = run_of(t, t->m->classes[class].vehicle, class);
	struct outcome o;
	if ((uint32_t)n > r.v->max_tasks || !order_kept(t, seq, n) || !run_sequence(&r, seq, n, &o))
		return false;
	if (early != NULL)
		for (int32_t stop = 1, i = 0; stop <= r.n; stop++) {
			if (r.seq[stop - 1] == RELOAD_MARK)
				continue;
			int64_t at = NEVER;
			for (uint32_t b = 0; b <= r.v->n_breaks; b++)
				if (t->row[(size_t)stop * BREAKS + b].at < at)
					at = t->row[(size_t)stop * BREAKS + b].at;
			early[i++] = (int32_t)(at - t->m->jobs[r.seq[stop - 1]].service - t->m->base);
		}
	int64_t depart = model_start(t->m, r.v);
	if (t->m->duty)
		depart = latest_departure(&r, depart, &o);
	if (!limits_kept(&r, depart, &o))
		return false;
	*cost = scaled_cost(&r, depart, &o);
	return true;
}

/* --- the finished tour --- */

static int64_t
per(int64_t rate, int64_t amount_of, int64_t unit)
{
	return (int64_t)((double)rate * (double)amount_of / (double)unit + 0.5);
}

struct writer {
	struct run *r;
	struct route_tour *tour;
	int64_t travelled, distance;
};

static struct route_stop *
stop_add(struct writer *w, enum route_step step, uint32_t index, uint32_t place, int64_t arrival, int32_t load_of)
{
	size_t dims = (size_t)w->r->t->m->dims;
	struct route_stop *s = &w->tour->stops[w->tour->n_stops++];
	*s = (struct route_stop){.step = step,
				 .index = index,
				 .place = place,
				 .arrival = arrival,
				 .travelled = w->travelled,
				 .distance = w->distance};
	s->load = &w->r->t->load[(size_t)load_of * dims];
	return s;
}

/* The leg to `stop` with the breaks from `taken` up to `until` on it. */
static int64_t
write_leg(struct writer *w, int32_t stop, int64_t leave, int8_t taken, int8_t until)
{
	struct run *r = w->r;
	uint32_t from = place_at(r, stop - 1);
	uint32_t to = place_at(r, stop);
	int64_t rest = travel(r, from, to, leave);
	int64_t now = leave;
	for (int8_t b = taken; b < until; b++) {
		const struct route_break *x = &r->v->breaks[b];
		int64_t begin = window_after(x->windows, x->n_windows, break_shift(r, x), now);
		int64_t driven = begin - now < rest ? begin - now : rest;
		rest -= driven;
		w->travelled += driven;
		struct route_stop *s = stop_add(w, ROUTE_BREAK, (uint32_t)b, ROUTE_NONE, now + driven, stop - 1);
		s->waiting = begin - s->arrival;
		s->service = x->service;
		now = begin + x->service;
		w->tour->waiting += s->waiting;
		w->tour->breaks += s->service;
	}
	w->travelled += rest;
	w->distance += metres(r, from, to);
	return now + rest;
}

static void
write_stop(struct writer *w, int32_t stop, int64_t arrival)
{
	struct run *r = w->r;
	if (stop == r->n + 1) {
		stop_add(w, ROUTE_END, 0, place_at(r, stop), arrival, stop);
		return;
	}
	int32_t x = r->seq[stop - 1];
	bool reload = x == RELOAD_MARK;
	struct route_stop *s =
	    stop_add(w, reload ? ROUTE_RELOAD : ROUTE_TASK, reload ? 0 : (uint32_t)x, place_at(r, stop), arrival, stop);
	s->waiting = begin_at(r, stop, arrival) - arrival;
	work_at(r, stop, &s->setup, &s->service);
	w->tour->waiting += s->waiting;
	w->tour->setup += s->setup;
	w->tour->service += s->service;
	if (!reload) {
		const struct route_task *task = &r->t->m->p->tasks[x];
		w->tour->cost_soft += (int64_t)(soft_cost(&task->soft, s->arrival + s->waiting) + 0.5);
	}
}

static void
write_costs(struct writer *w)
{
	struct route_tour *tour = w->tour;
	const struct route_rates *rates = &w->r->v->rates;
	const struct route_profile *f = w->r->f;
	tour->travel = w->travelled;
	tour->distance = w->distance;
	int64_t duty = tour->stops[tour->n_stops - 1].arrival - tour->stops[0].arrival;
	tour->cost_fixed = rates->fixed;
	if (f->costs != NULL) {
		for (int32_t stop = 1; stop <= w->r->n + 1; stop++) {
			uint32_t a = place_at(w->r, stop - 1);
			uint32_t b = place_at(w->r, stop);
			if (a != ROUTE_NONE && b != ROUTE_NONE)
				tour->cost_travel += f->costs[(size_t)a * w->r->t->m->p->n_places + b];
		}
	} else {
		tour->cost_travel = per(rates->per_hour, tour->travel, 3600);
		tour->cost_distance = per(rates->per_km, tour->distance, 1000);
	}
	tour->cost_work = per(rates->per_task_hour, tour->setup + tour->service, 3600);
	tour->cost_duty = per(rates->per_duty_hour, duty, 3600);
	tour->cost_balance = (int64_t)(balance_cost(w->r->t->m, duty) + 0.5);
	tour->cost = tour->cost_fixed + tour->cost_travel + tour->cost_distance + tour->cost_work + tour->cost_duty +
		     tour->cost_soft + tour->cost_balance;
}

/* Which label each stop was reached by, read backwards from the end. */
static int8_t *
label_path(struct scope *sc, const struct run *r, int8_t last)
{
	int8_t *path = NEW_ARRAY(sc, (size_t)r->n + 2, int8_t);
	int8_t b = last;
	for (int32_t stop = r->n + 1; stop >= 0; stop--) {
		path[stop] = b;
		b = r->t->row[(size_t)stop * BREAKS + (size_t)b].from;
	}
	return path;
}

bool
timetable_tour(struct scope *sc, struct timetable *t, uint32_t vehicle, const int32_t *seq, int32_t n,
	       struct route_tour *out)
{
	struct run r = run_of(t, vehicle, t->m->class_of[vehicle]);
	struct outcome o;
	if (!order_kept(t, seq, n) || !run_sequence(&r, seq, n, &o))
		return false;
	int64_t depart = latest_departure(&r, model_start(t->m, r.v), &o);
	if (!limits_kept(&r, depart, &o) || !run_once(&r, depart, &o))
		return false;
	struct route_tour tour = {.vehicle = vehicle};
	size_t stops = (size_t)r.n + 2 + r.v->n_breaks;
	tour.stops = NEW_ARRAY(sc, stops, struct route_stop);
	struct writer w = {&r, &tour, 0, 0};
	int8_t *path = label_path(sc, &r, o.breaks);
	stop_add(&w, ROUTE_START, 0, r.v->start, depart, 0);
	for (int32_t stop = 1; stop <= r.n + 1; stop++) {
		int64_t leave = t->row[(size_t)(stop - 1) * BREAKS + (size_t)path[stop - 1]].at;
		write_stop(&w, stop, write_leg(&w, stop, leave, path[stop - 1], path[stop]));
	}
	size_t dims = (size_t)t->m->dims;
	const int64_t *loads = scope_memdup(sc, t->load, ((size_t)r.n + 2) * dims * sizeof *loads);
	for (uint32_t i = 0; i < tour.n_stops; i++)
		tour.stops[i].load = loads + (tour.stops[i].load - t->load);
	write_costs(&w);
	*out = tour;
	return true;
}

/* --- relations between routes --- */

static bool
relation_allows(const struct state *s, const struct route_relation *rel, int32_t x, int32_t r)
{
	for (uint32_t i = 0; i < rel->n_tasks; i++) {
		int32_t y = (int32_t)rel->tasks[i];
		int32_t where = s->node[y].route;
		if (y == x || where == NO_NODE)
			continue;
		if ((rel->kind == ROUTE_SAME_VEHICLE && where != r) || (rel->kind == ROUTE_APART && where == r))
			return false;
	}
	return true;
}

bool
relations_allow(const struct state *s, int32_t x, int32_t r)
{
	const struct model *m = s->m;
	for (const int32_t *g = m->groups[x]; *g >= 0; g++)
		if (!relation_allows(s, &m->p->relations[*g], x, r))
			return false;
	return true;
}
