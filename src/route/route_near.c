/* A task's neighbours: the tasks that could best stand beside it.
 *
 * Every pair is looked at, because time windows and one-way streets know no grid;
 * but most pairs are refused by two numbers. Once a row has as many entries as it
 * needs, an arc that alone costs more than the worst of them is of no use,
 * whatever the windows say, and both arcs lie in the row that is being read: "to
 * here" in the transposed matrix. What is left is collected, and cut down to the
 * best now and then.
 *
 *	entry of a row     score << 32 | task << 2 | sides; ascending, so equal
 *	                   scores stand in the order of the tasks */
#include <stdlib.h>

#include "route/route_model.h"

#define COLLECTED 4 /* times as many as a row holds, before it is cut down */
#define ASK_EVERY 64

/* What a pair needs of a task, close together. */
struct times {
	int32_t place, open, close, service;
};

struct near_rows {
	const struct model *m;
	const struct times *tasks;
	int64_t *found;
	int32_t n, kept, most;
};

static void
swap(int64_t *a, int64_t *b)
{
	int64_t was = *a;
	*a = *b;
	*b = was;
}

/* The k smallest to the front, in no order (Hoare's selection). */
static void
select_smallest(int64_t *a, int32_t n, int32_t k)
{
	int32_t lo = 0;
	int32_t hi = n - 1;
	while (lo < hi) {
		int64_t pivot = a[lo + (hi - lo) / 2];
		int32_t i = lo;
		int32_t j = hi;
		while (i <= j) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i <= j)
				swap(&a[i++], &a[j--]);
		}
		if (k - 1 <= j)
			hi = j;
		else if (k - 1 >= i)
			lo = i;
		else
			return;
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* Cuts the collection down to what a row holds. Returns the score that the next
 * one must stay below: equal ones come later in order. */
static int64_t
cut_down(struct near_rows *w)
{
	if (w->n > w->kept)
		select_smallest(w->found, w->n, w->kept);
	w->n = w->n < w->kept ? w->n : w->kept;
	int64_t worst = 0;
	for (int32_t i = 0; i < w->n; i++)
		worst = w->found[i] > worst ? w->found[i] : worst;
	return worst >> 32;
}

/* Cost of the arc plus a fifth of the waiting it forces: how well b follows a
 * (Vidal et al. 2013, with their waiting weight). -1: it cannot. */
static int64_t
follow_score(const struct times *a, const struct times *b, int32_t time, int32_t cost)
{
	int64_t first = (int64_t)a->open + a->service + time;
	if (time >= FAR_TIME || first > b->close)
		return -1;
	int64_t last = (int64_t)a->close + a->service + time;
	int64_t wait = b->open > last ? b->open - last : 0;
	return cost + wait / 5;
}

static int32_t
lesser(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* Row i into w->found, sorted. Returns the cost of the shortest arc to or from i. */
static int32_t
find_row(struct near_rows *w, int32_t i)
{
	const struct class *k = &w->m->classes[0];
	const struct times *a = &w->tasks[i];
	size_t row = (size_t)a->place * ((size_t)w->m->n_places + 1);
	const int32_t *cost = k->cost + row;
	const int32_t *cost_to = k->cost_to + row;
	int64_t below = INT64_MAX;
	int32_t nearest = lesser(cost_to[k->start], cost[k->end]);
	w->n = 0;
	for (int32_t j = 0; j < w->m->n; j++) {
		const struct times *b = &w->tasks[j];
		int32_t least = lesser(cost[b->place], cost_to[b->place]);
		if (least >= below || j == i)
			continue;
		nearest = lesser(nearest, least);
		int64_t before = follow_score(b, a, k->time_to[row + (size_t)b->place], cost_to[b->place]);
		int64_t after = follow_score(a, b, k->time[row + (size_t)b->place], cost[b->place]);
		int64_t score = before < 0 ? after : after < 0 ? before : before < after ? before : after;
		if (score < 0 || score >= below)
			continue;
		int32_t sides = (before >= 0 ? NEAR_BEFORE : 0) | (after >= 0 ? NEAR_AFTER : 0);
		w->found[w->n++] = score << 32 | j << 2 | sides;
		if (w->n == w->most)
			below = cut_down(w);
	}
	cut_down(w);
	qsort(w->found, (size_t)w->n, sizeof *w->found, by_value);
	return nearest;
}

static bool
given_up(const _Atomic bool *cancel)
{
	return cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed);
}

static void
find_rows(struct near_rows *w, struct model *m, const _Atomic bool *cancel)
{
	double sum = 0;
	int64_t counted = 0;
	bool over = false;
	for (int32_t i = 0; i < m->n; i++) {
		over = over || (i % ASK_EVERY == 0 && given_up(cancel));
		w->n = 0;
		if (!over)
			m->jobs[i].nearest = find_row(w, i);
		int32_t *row = m->near + (size_t)i * (size_t)m->n_near;
		for (int32_t e = 0; e < m->n_near; e++)
			row[e] = e < w->n ? (int32_t)(w->found[e] & INT32_MAX) : -1;
		for (int32_t e = 0; e < w->n && e < 5; e++, counted++)
			sum += (double)(w->found[e] >> 32);
	}
	m->mean_arc = counted > 0 ? sum / (double)counted : 1;
	if (m->mean_arc < 1)
		m->mean_arc = 1;
}

/* The neighbours with their arcs, which stand in the row of the task's own place. */
static enum code
find_arcs(struct scope *sc, const struct model *m, const int32_t *cost, struct near_arc **out)
{
	size_t entries = (size_t)m->n * (size_t)m->n_near;
	void *found;
	TRY(scope_try_array(sc, entries + 1, sizeof **out, &found));
	struct near_arc *arcs = found;
	size_t side = (size_t)m->n_places + 1;
	for (size_t e = 0; e < entries; e++) {
		const int32_t *row = cost + (size_t)m->jobs[e / (size_t)m->n_near].place * side;
		int32_t y = m->near[e] < 0 ? NO_NODE : near_node(m->near[e]);
		arcs[e] = (struct near_arc){y, y < 0 ? 0 : row[m->jobs[y].place]};
	}
	*out = arcs;
	return OK;
}

/* For the scan of the plain case. */
static enum code
find_near_arcs(struct scope *sc, struct model *m)
{
	const struct class *k = &m->classes[0];
	TRY(find_arcs(sc, m, k->cost_to, &m->near_here));
	m->near_there = m->near_here;
	return m->symmetric ? OK : find_arcs(sc, m, k->cost, &m->near_there);
}

enum code
model_find_near(struct scope *sc, struct model *m, int32_t n_near, const _Atomic bool *cancel)
{
	m->n_near = n_near < m->n ? n_near : m->n;
	m->mean_arc = 1;
	if (m->n_near == 0)
		return OK;
	void *rows;
	TRY(scope_try_array(sc, (size_t)m->n * (size_t)m->n_near + 1, sizeof(int32_t), &rows));
	m->near = rows;
	struct times *tasks = NEW_ARRAY(sc, (size_t)m->n, struct times);
	for (int32_t i = 0; i < m->n; i++) {
		const struct job *j = &m->jobs[i];
		tasks[i] = (struct times){j->place, j->open, j->close, j->service};
	}
	struct near_rows w = {.m = m, .tasks = tasks, .kept = m->n_near, .most = COLLECTED * m->n_near};
	w.found = NEW_ARRAY(sc, (size_t)w.most, int64_t);
	find_rows(&w, m, cancel);
	bool fast = m->scanned && m->classes[0].cost == m->classes[0].time;
	return fast ? find_near_arcs(sc, m) : OK;
}
