#include "route/route_rules.h"

#include <math.h>

/* --- ways --- */

int64_t
rules_way_time(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to, int64_t leave)
{
	const struct route_profile *f = &p->profiles[v->profile];
	size_t n = p->n_places;
	if (from == ROUTE_NONE || to == ROUTE_NONE)
		return 0;
	const int32_t *cell = f->durations + from * n + to;
	if (*cell == ROUTE_UNREACHABLE)
		return -1;
	int64_t d = *cell;
	for (uint32_t k = 0; f->n_slices > 1 && k + 1 <= f->n_slices; k++) {
		if (leave < f->slice_at[k])
			break;
		int64_t here = cell[k * n * n];
		d = here;
		if (k + 1 < f->n_slices && leave < f->slice_at[k + 1]) {
			double span = (double)(f->slice_at[k + 1] - f->slice_at[k]);
			double rise = (double)(cell[(k + 1) * n * n] - here);
			d = here + (int64_t)floor(rise * (double)(leave - f->slice_at[k]) / span);
		}
	}
	return v->speed_factor == 1 ? d : (int64_t)floor((double)d / v->speed_factor + 0.5);
}

int64_t
rules_way_metres(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to)
{
	const struct route_profile *f = &p->profiles[v->profile];
	if (from == ROUTE_NONE || to == ROUTE_NONE || f->distances == NULL)
		return 0;
	return f->distances[(size_t)from * p->n_places + to];
}

int64_t
rules_way_cost(const struct route_problem *p, const struct route_vehicle *v, uint32_t from, uint32_t to)
{
	const struct route_profile *f = &p->profiles[v->profile];
	if (from == ROUTE_NONE || to == ROUTE_NONE || f->costs == NULL)
		return 0;
	return f->costs[(size_t)from * p->n_places + to];
}

/* --- windows and skills --- */

bool
rules_inside(const struct route_window *windows, uint32_t n, int64_t shift, int64_t at)
{
	if (n == 0)
		return true;
	for (uint32_t i = 0; i < n; i++)
		if (at >= windows[i].from + shift && at <= windows[i].to + shift)
			return true;
	return false;
}

bool
rules_skilled(const struct route_vehicle *v, const struct route_task *t)
{
	for (uint32_t i = 0; i < t->n_skills; i++) {
		uint32_t k = 0;
		while (k < v->n_skills && v->skills[k] != t->skills[i])
			k++;
		if (k == v->n_skills)
			return false;
	}
	return true;
}

void
rules_work(const struct route_task *t, const struct route_vehicle *v, uint32_t before, int64_t *setup, int64_t *service)
{
	uint32_t i = 0;
	while (i < t->n_types && t->work_by_type[i].type != v->type)
		i++;
	bool own = i == t->n_types;
	*service = own ? t->service : t->work_by_type[i].service;
	*setup = before == t->place ? 0 : own ? t->setup : t->work_by_type[i].setup;
}

void
rules_start_load(const struct route_problem *p, const struct route_tour *t, uint32_t from, int64_t *load)
{
	memset(load, 0, ROUTE_DIMS_MAX * sizeof *load);
	for (uint32_t i = from + 1; i < t->n_stops && t->stops[i].step != ROUTE_RELOAD; i++) {
		if (t->stops[i].step != ROUTE_TASK)
			continue;
		const struct route_task *x = &p->tasks[t->stops[i].index];
		for (uint32_t d = 0; d < p->dims && x->kind == ROUTE_JOB && x->delivery != NULL; d++)
			load[d] += x->delivery[d];
	}
}

double
rules_soft(const struct route_task *t, int64_t begin)
{
	const struct route_soft *s = &t->soft;
	double cost = 0;
	if (begin < s->window.from)
		cost += (double)(s->window.from - begin) * (double)s->early_per_hour / 3600;
	if (begin > s->window.to)
		cost += (double)(begin - s->window.to) * (double)s->late_per_hour / 3600;
	return cost;
}

/* --- cost --- */

static int64_t
rounded(double x)
{
	return (int64_t)floor(x + 0.5);
}

void
rules_price(const struct route_problem *p, const struct rules_sums *sum, struct route_tour *t)
{
	const struct route_rates *r = &p->vehicles[t->vehicle].rates;
	const struct route_profile *f = &p->profiles[p->vehicles[t->vehicle].profile];
	double hours = (double)sum->duty / 3600;
	t->cost_fixed = r->fixed;
	t->cost_work = rounded((double)r->per_task_hour * (double)sum->work / 3600);
	t->cost_duty = rounded((double)r->per_duty_hour * (double)sum->duty / 3600);
	t->cost_soft = rounded(sum->soft);
	t->cost_balance = rounded((double)p->aim.balance_per_square_hour * hours * hours);
	t->cost_travel = f->costs != NULL ? sum->arcs : rounded((double)r->per_hour * (double)sum->travel / 3600);
	t->cost_distance = f->costs != NULL ? 0 : rounded((double)r->per_km * (double)sum->metres / 1000);
	t->cost = t->cost_fixed + t->cost_work + t->cost_duty + t->cost_soft + t->cost_balance + t->cost_travel +
		  t->cost_distance;
}
