#include "route/route_model.h"

#include <math.h>

/* --- travel --- */

static int64_t
divided(int64_t duration, double factor)
{
	return factor == 1 ? duration : (int64_t)floor((double)duration / factor + 0.5);
}

int64_t
travel_in_slice(const struct route_problem *p, const struct route_vehicle *v, size_t cell, int64_t at, uint32_t k)
{
	const struct route_profile *f = &p->profiles[v->profile];
	size_t cells = (size_t)p->n_places * p->n_places;
	int64_t a = f->durations[k * cells + cell];
	if (a == ROUTE_UNREACHABLE)
		return FAR_TIME;
	if (k + 1 == f->n_slices || at <= f->slice_at[k])
		return divided(a, v->speed_factor);
	int64_t b = f->durations[(k + 1) * cells + cell];
	int64_t width = f->slice_at[k + 1] - f->slice_at[k];
	if (a == b)
		return divided(a, v->speed_factor);
	/* floor, so that a falling duration never falls faster than time passes */
	int64_t step = (b - a) * (at - f->slice_at[k]);
	int64_t change = step >= 0 ? step / width : -((-step + width - 1) / width);
	return divided(a + change, v->speed_factor);
}

uint32_t
slice_at(const struct route_profile *f, int64_t at, uint32_t near)
{
	while (near + 1 < f->n_slices && f->slice_at[near + 1] <= at)
		near++;
	while (near > 0 && f->slice_at[near] > at)
		near--;
	return near;
}

int64_t
window_after(const struct route_window *w, uint32_t n, int64_t shift, int64_t at)
{
	if (n == 0)
		return at;
	for (uint32_t i = 0; i < n; i++)
		if (at <= w[i].to + shift)
			return at > w[i].from + shift ? at : w[i].from + shift;
	return NEVER;
}

const struct route_work *
work_row(const struct route_task *t, const struct route_vehicle *v)
{
	for (uint32_t i = 0; i < t->n_types; i++)
		if (t->work_by_type[i].type == v->type)
			return &t->work_by_type[i];
	return NULL;
}

int64_t
work_time(const struct route_task *t, const struct route_vehicle *v, uint32_t before)
{
	const struct route_work *w = work_row(t, v);
	int64_t setup = w == NULL ? t->setup : w->setup;
	return (before == t->place ? 0 : setup) + (w == NULL ? t->service : w->service);
}

/* --- matrices --- */

struct matrix_key {
	uint32_t profile;
	double speed_factor;
	int64_t per_hour, per_km;
};

static enum code
new_matrix(struct scope *sc, size_t side, int32_t **out)
{
	void *cells;
	TRY(scope_try_array(sc, side * side, sizeof(int32_t), &cells));
	*out = cells;
	return OK;
}

/* The shortest duration over all slices: a lower bound where travel depends on time. */
static int64_t
least_duration(const struct route_problem *p, const struct route_profile *f, size_t cell)
{
	size_t cells = (size_t)p->n_places * p->n_places;
	int64_t least = f->durations[cell];
	for (uint32_t k = 1; k < f->n_slices; k++)
		if (f->durations[k * cells + cell] < least)
			least = f->durations[k * cells + cell];
	return least;
}

static int32_t
larger_way(int32_t most, int32_t cell)
{
	return cell < FAR_COST && cell > most ? cell : most;
}

/* *longest is its largest cell that is a way and can be a cost. */
static enum code
time_matrix(struct scope *sc, const struct model *m, uint32_t profile, double factor, const int32_t **out,
	    int32_t *longest)
{
	const struct route_problem *p = m->p;
	const struct route_profile *f = &p->profiles[profile];
	size_t side = (size_t)p->n_places + 1;
	int32_t *t;
	TRY(new_matrix(sc, side, &t));
	if (f->n_slices == 1 && factor == 1) {
		for (size_t i = 0; i < p->n_places; i++)
			for (size_t j = 0; j < p->n_places; j++) {
				int32_t d = f->durations[i * p->n_places + j];
				t[i * side + j] = d == ROUTE_UNREACHABLE ? FAR_TIME : d;
			}
		*out = t;
		*longest = f->longest;
		return OK;
	}
	int32_t most = 0;
	for (size_t i = 0; i < p->n_places; i++)
		for (size_t j = 0; j < p->n_places; j++) {
			int64_t d = least_duration(p, f, i * p->n_places + j);
			int64_t slower = d == ROUTE_UNREACHABLE ? FAR_TIME : divided(d, factor);
			t[i * side + j] = slower > FAR_TIME ? FAR_TIME : (int32_t)slower;
			most = larger_way(most, t[i * side + j]);
		}
	*out = t;
	*longest = most;
	return OK;
}

/* Cost of a cell before scaling; negative: no way. */
static double
cell_cost(const struct route_problem *p, const struct matrix_key *k, size_t cell)
{
	const struct route_profile *f = &p->profiles[k->profile];
	if (f->durations[cell] == ROUTE_UNREACHABLE)
		return -1;
	if (f->costs != NULL)
		return f->costs[cell] == ROUTE_UNREACHABLE ? -1 : f->costs[cell];
	int64_t d = divided(least_duration(p, f, cell), k->speed_factor);
	double c = (double)d * (double)k->per_hour / 3600;
	if (f->distances != NULL && k->per_km != 0) {
		if (f->distances[cell] == ROUTE_UNREACHABLE)
			return -1;
		c += (double)f->distances[cell] * (double)k->per_km / 1000;
	}
	return c;
}

static enum code
cost_matrix(struct scope *sc, const struct model *m, const struct matrix_key *k, const int32_t **out, int32_t *dearest)
{
	const struct route_problem *p = m->p;
	size_t side = (size_t)p->n_places + 1;
	int32_t most = 0;
	int32_t *t;
	TRY(new_matrix(sc, side, &t));
	for (size_t i = 0; i < p->n_places; i++)
		for (size_t j = 0; j < p->n_places; j++) {
			double c = cell_cost(p, k, i * p->n_places + j);
			t[i * side + j] = c < 0 ? FAR_COST : (int32_t)(c * m->scale + 0.5);
			most = larger_way(most, t[i * side + j]);
		}
	*out = t;
	*dearest = most;
	return OK;
}

/* In tiles, so that neither side of the diagonal leaves the cache. */
#define TILE 32

static bool
tile_symmetric(const int32_t *t, size_t side, size_t row, size_t col)
{
	size_t rows = row + TILE < side ? row + TILE : side;
	size_t cols = col + TILE < side ? col + TILE : side;
	for (size_t i = row; i < rows; i++)
		for (size_t j = col; j < cols; j++)
			if (t[i * side + j] != t[j * side + i])
				return false;
	return true;
}

static bool
symmetric(const int32_t *t, size_t side)
{
	for (size_t row = 0; row < side; row += TILE)
		for (size_t col = 0; col <= row; col += TILE)
			if (!tile_symmetric(t, side, row, col))
				return false;
	return true;
}

static enum code
transposed(struct scope *sc, const int32_t *t, size_t side, const int32_t **out)
{
	int32_t *u;
	if (symmetric(t, side)) {
		*out = t;
		return OK;
	}
	TRY(new_matrix(sc, side, &u));
	for (size_t row = 0; row < side; row += TILE)
		for (size_t i = 0; i < side; i++)
			for (size_t j = row; j < row + TILE && j < side; j++)
				u[j * side + i] = t[i * side + j];
	*out = u;
	return OK;
}

static struct matrix_key
key_of(const struct route_vehicle *v)
{
	return (struct matrix_key){v->profile, v->speed_factor, v->rates.per_hour, v->rates.per_km};
}

/* No arc of this vehicle costs more. */
static double
dearest_arc(const struct route_problem *p, const struct route_vehicle *v)
{
	const struct route_profile *f = &p->profiles[v->profile];
	if (f->costs != NULL)
		return f->dearest;
	double c = f->longest / v->speed_factor * (double)v->rates.per_hour / 3600;
	if (v->rates.per_km != 0)
		c += f->farthest * (double)v->rates.per_km / 1000;
	return c;
}

/* A power of ten that keeps fractions of a cost where rates make them, and the
 * dearest arc inside an int32. */
static double
find_scale(const struct route_problem *p)
{
	bool whole = true;
	double dearest = 1;
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		const struct route_rates *r = &p->vehicles[v].rates;
		struct matrix_key k = key_of(&p->vehicles[v]);
		whole &= r->per_hour % 3600 == 0 && r->per_km % 1000 == 0 && r->per_duty_hour % 3600 == 0 &&
			 r->per_task_hour % 3600 == 0;
		bool seen = false;
		for (uint32_t w = 0; w < v && !seen; w++) {
			struct matrix_key other = key_of(&p->vehicles[w]);
			seen = other.profile == k.profile && other.speed_factor == k.speed_factor &&
			       other.per_hour == k.per_hour && other.per_km == k.per_km;
		}
		double c = seen ? 0 : dearest_arc(p, &p->vehicles[v]);
		dearest = c > dearest ? c : dearest;
	}
	double scale = whole ? 1 : 1000;
	while (dearest * scale > ARC_MAX)
		scale /= 10;
	return scale;
}

/* --- classes --- */

static bool
same_list(const void *a, const void *b, size_t bytes)
{
	return (a == NULL) == (b == NULL) && (a == NULL || bytes == 0 || memcmp(a, b, bytes) == 0);
}

static bool
same_breaks(const struct route_vehicle *a, const struct route_vehicle *b, size_t dims)
{
	if (a->n_breaks != b->n_breaks)
		return false;
	for (uint32_t i = 0; i < a->n_breaks; i++) {
		const struct route_break *x = &a->breaks[i];
		const struct route_break *y = &b->breaks[i];
		if (x->n_windows != y->n_windows || x->relative != y->relative || x->service != y->service ||
		    !same_list(x->windows, y->windows, x->n_windows * sizeof *x->windows) ||
		    !same_list(x->max_load, y->max_load, dims * sizeof *x->max_load))
			return false;
	}
	return true;
}

static bool
same_class(const struct route_problem *p, const struct route_vehicle *a, const struct route_vehicle *b)
{
	return a->profile == b->profile && a->type == b->type && a->start == b->start && a->end == b->end &&
	       a->shift.from == b->shift.from && a->shift.to == b->shift.to &&
	       memcmp(&a->rates, &b->rates, sizeof a->rates) == 0 && a->speed_factor == b->speed_factor &&
	       a->max_tasks == b->max_tasks && a->max_distance == b->max_distance && a->max_travel == b->max_travel &&
	       a->max_duty == b->max_duty && a->max_reloads == b->max_reloads &&
	       (a->max_reloads == 0 ||
		(a->reload_place == b->reload_place && a->reload_service == b->reload_service)) &&
	       same_list(a->capacity, b->capacity, p->dims * sizeof *a->capacity) && a->n_skills == b->n_skills &&
	       same_list(a->skills, b->skills, a->n_skills * sizeof *a->skills) && same_breaks(a, b, p->dims);
}

static int32_t
clamp_time(const struct model *m, int64_t t)
{
	int64_t x = t - m->base;
	return x < 0 ? 0 : x > ROUTE_SPAN_MAX ? ROUTE_SPAN_MAX : (int32_t)x;
}

static void
find_classes(struct scope *sc, struct model *m)
{
	const struct route_problem *p = m->p;
	m->classes = NEW_ARRAY(sc, p->n_vehicles, struct class);
	m->class_of = NEW_ARRAY(sc, p->n_vehicles, int32_t);
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		int32_t c = 0;
		while (c < m->n_classes && !same_class(p, &p->vehicles[m->classes[c].vehicle], &p->vehicles[v]))
			c++;
		if (c == m->n_classes)
			m->classes[m->n_classes++].vehicle = v;
		m->classes[c].n++;
		m->class_of[v] = c;
	}
	m->first_of = NEW_ARRAY(sc, (size_t)m->n_classes + 1, int32_t);
	m->routes_of = NEW_ARRAY(sc, p->n_vehicles, int32_t);
	for (int32_t c = 0; c < m->n_classes; c++)
		m->first_of[c + 1] = m->first_of[c] + m->classes[c].n;
	int32_t *at = scope_memdup(sc, m->first_of, (size_t)m->n_classes * sizeof *at);
	for (uint32_t v = 0; v < p->n_vehicles; v++)
		m->routes_of[at[m->class_of[v]]++] = (int32_t)v;
}

/* Matrices shared with an earlier class of the same key where there is one. */
static enum code
class_matrices(struct scope *sc, struct model *m, int32_t c)
{
	const struct route_problem *p = m->p;
	struct class *k = &m->classes[c];
	const struct route_vehicle *v = &p->vehicles[k->vehicle];
	size_t side = (size_t)p->n_places + 1;
	for (int32_t b = 0; b < c && (k->time == NULL || k->cost == NULL); b++) {
		const struct class *o = &m->classes[b];
		const struct route_vehicle *w = &p->vehicles[o->vehicle];
		if (w->profile != v->profile || w->speed_factor != v->speed_factor)
			continue;
		k->time = o->time;
		k->time_to = o->time_to;
		k->longest = o->longest;
		if (w->rates.per_hour == v->rates.per_hour && w->rates.per_km == v->rates.per_km) {
			k->cost = o->cost;
			k->cost_to = o->cost_to;
			k->dearest = o->dearest;
		}
	}
	if (k->time == NULL) {
		TRY(time_matrix(sc, m, v->profile, v->speed_factor, &k->time, &k->longest));
		TRY(transposed(sc, k->time, side, &k->time_to));
	}
	bool time_is_cost =
	    v->rates.per_hour == 3600 && v->rates.per_km == 0 && m->scale == 1 && p->profiles[v->profile].costs == NULL;
	if (k->cost == NULL && time_is_cost) {
		k->cost = k->time;
		k->cost_to = k->time_to;
		k->dearest = k->longest;
	}
	if (k->cost == NULL) {
		struct matrix_key key = key_of(v);
		TRY(cost_matrix(sc, m, &key, &k->cost, &k->dearest));
		bool by_time = v->rates.per_km == 0 && p->profiles[v->profile].costs == NULL;
		if (by_time && k->time == k->time_to)
			k->cost_to = k->cost;
		else
			TRY(transposed(sc, k->cost, side, &k->cost_to));
	}
	return OK;
}

static void
class_limits(struct scope *sc, const struct model *m, struct class *k)
{
	const struct route_vehicle *v = &m->p->vehicles[k->vehicle];
	k->start = v->start == ROUTE_NONE ? m->n_places : (int32_t)v->start;
	k->end = v->end == ROUTE_NONE ? m->n_places : (int32_t)v->end;
	k->open = clamp_time(m, v->shift.from);
	k->close = clamp_time(m, v->shift.to);
	k->max_tasks = v->max_tasks > INT32_MAX ? INT32_MAX : (int32_t)v->max_tasks;
	k->fixed = (int64_t)((double)v->rates.fixed * m->scale + 0.5) + m->vehicle_price;
	int64_t *cap = NEW_ARRAY(sc, m->p->dims, int64_t);
	for (uint32_t d = 0; d < m->p->dims; d++)
		cap[d] = v->capacity == NULL ? INT64_MAX / 4 : v->capacity[d] * ((int64_t)v->max_reloads + 1);
	k->cap = cap;
}

/* --- tasks --- */

static bool
skills_cover(const struct route_vehicle *v, const struct route_task *t)
{
	for (uint32_t i = 0; i < t->n_skills; i++) {
		bool has = false;
		for (uint32_t k = 0; k < v->n_skills && !has; k++)
			has = v->skills[k] == t->skills[i];
		if (!has)
			return false;
	}
	return true;
}

static void
find_fits(struct scope *sc, struct model *m)
{
	const struct route_problem *p = m->p;
	uint8_t *fits = NEW_ARRAY(sc, (size_t)m->n * (size_t)m->n_classes, uint8_t);
	bool all = true;
	for (int32_t t = 0; t < m->n; t++)
		for (int32_t c = 0; c < m->n_classes; c++) {
			bool ok = skills_cover(&p->vehicles[m->classes[c].vehicle], &p->tasks[t]);
			fits[(size_t)t * (size_t)m->n_classes + (size_t)c] = ok;
			all &= ok;
		}
	m->fits = all ? NULL : fits;
}

static void
find_load_kind(struct model *m)
{
	const struct route_problem *p = m->p;
	bool deliveries = false;
	bool pickups = false;
	for (int32_t t = 0; t < m->n && p->dims > 0; t++) {
		deliveries |= p->tasks[t].delivery != NULL;
		pickups |= p->tasks[t].pickup != NULL;
	}
	if (!deliveries && !pickups)
		m->load = LOAD_NONE;
	else if (p->dims == 1 && !(deliveries && pickups))
		m->load = LOAD_SUM;
	else
		m->load = LOAD_PROFILE;
}

/* Leaving a task out that must be served costs more than any detour to it. */
static void
find_prices(struct model *m)
{
	const struct route_problem *p = m->p;
	int64_t most = 0;
	for (int32_t c = 0; c < m->n_classes; c++)
		most = m->classes[c].fixed > most ? m->classes[c].fixed : most;
	int64_t dearest = 0;
	for (int32_t c = 0; c < m->n_classes; c++)
		dearest = m->classes[c].dearest > dearest ? m->classes[c].dearest : dearest;
	int64_t must = most + 8 * dearest + 1;
	int64_t cap = INT64_MAX / 8 / (m->n + 1) / (1000 * ROUTE_PRIORITY_MAX + 1);
	must = must > cap ? cap : must;
	for (int32_t t = 0; t < m->n; t++) {
		const struct route_task *task = &p->tasks[t];
		struct job *j = &m->jobs[t];
		if (task->kind == ROUTE_DELIVERY)
			j->left_out = 0;
		else if (task->penalty == ROUTE_MUST)
			j->left_out =
			    must * (1 + 1000 * (int64_t)task->priority) * (task->kind == ROUTE_PICKUP ? 2 : 1);
		else
			j->left_out = (int64_t)((double)task->penalty * m->scale);
	}
}

/* The least any vehicle needs: the O(1) judgement must not refuse what the timetable would allow. */
static int32_t
least_service(const struct route_task *t)
{
	int64_t least = t->service;
	for (uint32_t i = 0; i < t->n_types; i++)
		least = t->work_by_type[i].service < least ? t->work_by_type[i].service : least;
	return (int32_t)least;
}

static void
fill_jobs(struct scope *sc, struct model *m)
{
	const struct route_problem *p = m->p;
	m->jobs = NEW_ARRAY(sc, (size_t)m->n, struct job);
	for (int32_t t = 0; t < m->n; t++) {
		const struct route_task *task = &p->tasks[t];
		struct job *j = &m->jobs[t];
		j->place = (int32_t)task->place;
		j->open = task->n_windows == 0 ? 0 : clamp_time(m, task->windows[0].from);
		j->close = task->n_windows == 0 ? ROUTE_SPAN_MAX : clamp_time(m, task->windows[task->n_windows - 1].to);
		if (task->n_windows > 0 && task->windows[task->n_windows - 1].to < m->base)
			j->close = -1;
		j->service = least_service(task);
		j->setup = (int32_t)task->setup;
		j->plain = task->n_windows <= 1 && task->setup == 0 && task->n_types == 0;
		j->mate = task->mate == ROUTE_NONE ? NO_NODE : (int32_t)task->mate;
		m->pairs |= task->mate != ROUTE_NONE;
		if (m->load == LOAD_SUM)
			j->demand = task->delivery != NULL ? task->delivery[0]
				    : task->pickup != NULL ? task->pickup[0]
							   : 0;
	}
}

static void
find_groups(struct scope *sc, struct model *m)
{
	const struct route_problem *p = m->p;
	m->relations = p->n_relations > 0;
	if (!m->relations)
		return;
	int32_t *count = NEW_ARRAY(sc, (size_t)m->n, int32_t);
	for (uint32_t g = 0; g < p->n_relations; g++)
		for (uint32_t i = 0; i < p->relations[g].n_tasks; i++)
			count[p->relations[g].tasks[i]]++;
	m->groups = NEW_ARRAY(sc, (size_t)m->n, int32_t *);
	for (int32_t t = 0; t < m->n; t++) {
		m->groups[t] = NEW_ARRAY(sc, (size_t)count[t] + 1, int32_t);
		m->groups[t][count[t]] = -1;
	}
	for (uint32_t g = 0; g < p->n_relations; g++)
		for (uint32_t i = 0; i < p->relations[g].n_tasks; i++) {
			uint32_t t = p->relations[g].tasks[i];
			m->groups[t][--count[t]] = (int32_t)g;
		}
}

static bool
vehicle_is_rich(const struct route_vehicle *v)
{
	return v->n_breaks > 0 || v->rates.per_duty_hour != 0 || v->max_distance != 0 || v->max_travel != 0 ||
	       v->max_duty != 0 || v->max_reloads != 0;
}

static bool
task_is_rich(const struct route_task *t)
{
	return t->n_windows > 1 || t->setup != 0 || t->n_types != 0 || t->soft.early_per_hour != 0 ||
	       t->soft.late_per_hour != 0;
}

static void
find_richness(struct model *m)
{
	const struct route_problem *p = m->p;
	m->duty = p->aim.balance_per_square_hour != 0;
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		m->rich |= vehicle_is_rich(&p->vehicles[v]);
		m->duty |= p->vehicles[v].rates.per_duty_hour != 0 || p->vehicles[v].max_duty != 0;
		m->slices |= p->profiles[p->vehicles[v].profile].n_slices > 1;
	}
	for (uint32_t t = 0; t < p->n_tasks; t++)
		m->rich |= task_is_rich(&p->tasks[t]);
	for (uint32_t g = 0; g < p->n_relations; g++)
		m->rich |= p->relations[g].kind == ROUTE_IN_ORDER;
	m->rich |= m->duty || m->slices;
	m->clocked = m->rich && !m->duty && !m->pairs && !m->relations && m->load != LOAD_PROFILE;
	for (uint32_t v = 0; v < p->n_vehicles; v++)
		m->clocked &= !vehicle_is_rich(&p->vehicles[v]);
	for (uint32_t t = 0; t < p->n_tasks; t++)
		m->clocked &= p->tasks[t].soft.early_per_hour == 0 && p->tasks[t].soft.late_per_hour == 0;
}

/* --- the whole --- */

/* When something must be done at the earliest; ROUTE_TIME_MAX for a task of any time. */
static int64_t
opens_at(const struct route_task *t)
{
	if (t->n_windows > 0)
		return t->windows[0].from;
	return t->soft.late_per_hour > 0 ? t->soft.window.from : ROUTE_TIME_MAX;
}

/* Vehicles may start long before the first task opens: what lies before the longest
 * way to it is of no use, unless a task of any time could be done there by a vehicle
 * that must be home early. */
static enum code
find_base(struct scope *sc, struct model *m)
{
	const struct route_problem *p = m->p;
	int64_t first = ROUTE_TIME_MAX;
	int64_t last = 0;
	bool any_time = false;
	for (uint32_t t = 0; t < p->n_tasks; t++) {
		const struct route_task *k = &p->tasks[t];
		int64_t open = opens_at(k);
		int64_t close = k->n_windows == 0 ? 0 : k->windows[k->n_windows - 1].from;
		any_time |= open == ROUTE_TIME_MAX;
		first = open < first ? open : first;
		last = close > last ? close : last;
	}
	int64_t start = ROUTE_TIME_MAX;
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		int64_t from = p->vehicles[v].shift.from;
		bool early = any_time && p->vehicles[v].shift.to < ROUTE_TIME_MAX;
		if (!early && first < ROUTE_TIME_MAX && first - ROUTE_CELL_MAX > from)
			from = first - ROUTE_CELL_MAX;
		start = from < start ? from : start;
	}
	if (last - start > ROUTE_SPAN_MAX)
		return fail_as(sc, E_LIMIT, "problem-too-large",
			       "from the first start to the last time window lie %" PRId64
			       " time units; %d are possible",
			       last - start, ROUTE_SPAN_MAX);
	m->base = start;
	return OK;
}

enum code
model_new(struct scope *sc, const struct route_problem *p, int32_t n_near, const _Atomic bool *cancel,
	  struct model **out)
{
	struct model *m = NEW(sc, struct model);
	m->p = p;
	m->n = (int32_t)p->n_tasks;
	m->n_routes = (int32_t)p->n_vehicles;
	m->n_places = (int32_t)p->n_places;
	m->n_nodes = m->n + 2 * m->n_routes;
	m->dims = (int32_t)p->dims;
	TRY(find_base(sc, m));
	m->scale = find_scale(p);
	find_classes(sc, m);
	for (int32_t c = 0; c < m->n_classes; c++)
		TRY(class_matrices(sc, m, c));
	m->vehicle_price = p->aim.vehicles_first ? (int64_t)1 << 34 : 0;
	for (int32_t c = 0; c < m->n_classes; c++)
		class_limits(sc, m, &m->classes[c]);
	m->one_class = m->n_classes == 1;
	m->same_matrix = true;
	m->symmetric = true;
	for (int32_t c = 0; c < m->n_classes; c++) {
		const struct class *k = &m->classes[c];
		m->same_matrix &= k->time == m->classes[0].time && k->cost == m->classes[0].cost;
		m->symmetric &= k->time == k->time_to && k->cost == k->cost_to;
	}
	find_load_kind(m);
	fill_jobs(sc, m);
	find_richness(m);
	find_groups(sc, m);
	if (m->n_classes > 0 && m->n > 0) {
		find_fits(sc, m);
		find_prices(m);
	}
	m->scanned = !m->pairs && !m->relations && m->one_class && m->fits == NULL && m->load != LOAD_PROFILE;
	m->simple = m->scanned && !m->rich;
	if (m->n_classes > 0)
		TRY(model_find_near(sc, m, n_near, cancel));
	*out = m;
	return OK;
}
