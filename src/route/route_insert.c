/* Where could a task go? The inner loop of everything.
 *
 * For a task x between p and its successor q, with x's row of the matrices at
 * hand, a position is judged in O(1):
 *
 *	arrive = max(open[x], leave[p] + time(p, x))     must be <= close[x]
 *	arrive + service[x] + time(x, q) <= late[q]
 *	delta  = cost(p, x) + cost(x, q) - arc[p]
 *
 * Only positions beside x's neighbours are looked at, each neighbour on the
 * side where time lets it stand. Where that finds nothing, or only an unused
 * vehicle, every position of every route is tried. A pair takes, per candidate
 * route, each place for the pickup and walks on for the delivery as long as the
 * push is bearable.
 *
 * In a rich problem this judgement only ranks: the cheapest few positions are
 * put to the timetable in order. */
#include "route/route_clock.h"

#define ENDS_MAX 40 /* routes of a class in use: beyond that the ends are not worth it */

struct ask {
	struct state *s;
	int32_t x;
	int64_t demand;
	int32_t open, close, service;
	uint32_t blink, next_blink;
	int32_t only;
	int64_t below; /* dearer guesses are not looked at */
	/* per class; constant for a problem with one matrix */
	int32_t class;
	const int32_t *time_from, *time_to, *cost_from, *cost_to;
	struct spot best;
	/* rich: the cheapest so far, by rising delta */
	struct shortlist list;
};

static void
ask_class(struct ask *a, int32_t class)
{
	const struct model *m = a->s->m;
	const struct class *k = &m->classes[class];
	size_t row = (size_t)m->jobs[a->x].place * ((size_t)m->n_places + 1);
	a->class = class;
	a->time_from = k->time + row;
	a->time_to = k->time_to + row;
	a->cost_from = k->cost + row;
	a->cost_to = k->cost_to + row;
}

static void
ask_reset(struct ask *a)
{
	a->best = (struct spot){a->below, NO_NODE, NO_NODE, NO_NODE};
	a->list.n = 0;
}

/* How many positions until the next blink: geometric, one draw for many positions. */
static uint32_t
blink_gap(struct state *s, uint32_t blink)
{
	if (blink == 0)
		return UINT32_MAX;
	return 1 + prng_below(&s->prng, 2 * blink - 1);
}

static bool
loads_allow(const struct state *s, int32_t x, int32_t after, int32_t next, const struct class *k)
{
	const struct model *m = s->m;
	const struct route_task *t = &m->p->tasks[x];
	size_t dims = (size_t)m->dims;
	for (size_t d = 0; d < dims; d++) {
		if (t->delivery != NULL && s->high_before[(size_t)after * dims + d] + t->delivery[d] > k->cap[d])
			return false;
		if (t->pickup == NULL)
			continue;
		int64_t here = s->aboard[(size_t)after * dims + d];
		int64_t later = s->high_after[(size_t)next * dims + d];
		if ((here > later ? here : later) + t->pickup[d] > k->cap[d])
			return false;
	}
	return true;
}

/* May x ride on this route at all? */
static bool
route_allows(const struct ask *a, int32_t r)
{
	const struct state *s = a->s;
	const struct model *m = s->m;
	const struct line *l = &s->line[r];
	const struct class *k = &m->classes[l->class];
	if (m->load == LOAD_SUM && l->load + a->demand > k->cap[0])
		return false;
	if (l->size >= k->max_tasks || (a->only >= 0 && r != a->only))
		return false;
	if (!model_fits(m, a->x, l->class))
		return false;
	return !m->relations || relations_allow(s, a->x, r);
}

void
shortlist_add(struct shortlist *l, const struct spot *spot)
{
	int32_t i = l->n < SHORTLIST_MAX ? l->n++ : SHORTLIST_MAX - 1;
	for (; i > 0 && l->spots[i - 1].delta > spot->delta; i--)
		l->spots[i] = l->spots[i - 1];
	l->spots[i] = *spot;
}

/* The position has been judged cheaper than the best so far. */
static void
keep(struct ask *a, const struct spot *spot)
{
	if (!a->s->m->rich) {
		a->best = *spot;
		return;
	}
	shortlist_add(&a->list, spot);
	a->best.delta = shortlist_bar(&a->list, a->below);
}

static inline void
judge(struct ask *a, int32_t after, int32_t next)
{
	const struct state *s = a->s;
	const struct node *p = &s->node[after];
	const struct node *q = &s->node[next];
	int32_t r = p->route;
	if (!s->m->same_matrix && s->line[r].class != a->class)
		ask_class(a, s->line[r].class);
	int64_t delta = (int64_t)a->cost_to[p->place] + a->cost_from[q->place] - p->arc;
	if (delta >= a->best.delta)
		return;
	int32_t at = p->leave + a->time_to[p->place];
	at = at > a->open ? at : a->open;
	if (at > a->close || at + a->service + a->time_from[q->place] > q->late)
		return;
	if (--a->next_blink == 0) {
		a->next_blink = blink_gap(a->s, a->blink);
		return;
	}
	if (!route_allows(a, r))
		return;
	if (s->m->load == LOAD_PROFILE && !loads_allow(s, a->x, after, next, &s->m->classes[s->line[r].class]))
		return;
	keep(a, &(struct spot){delta, r, after, NO_NODE});
}

/* Before the first and behind the last task of every route: the depot is a
 * neighbour of everybody. */
static void
judge_ends(struct ask *a)
{
	const struct state *s = a->s;
	const struct model *m = s->m;
	for (int32_t c = 0; c < m->n_classes; c++) {
		if (s->used[c] > ENDS_MAX)
			continue;
		for (int32_t i = 0; i < s->used[c]; i++) {
			int32_t head = route_head(m, s->order[m->first_of[c] + i]);
			judge(a, head, s->node[head].next);
			judge(a, s->node[head + 1].prev, head + 1);
		}
	}
}

static void
judge_near(struct ask *a)
{
	const struct state *s = a->s;
	const struct model *m = s->m;
	const int32_t *row = m->near + (size_t)a->x * (size_t)m->n_near;
	for (int32_t i = 0; i < m->n_near && row[i] >= 0; i++) {
		int32_t y = near_node(row[i]);
		const struct node *n = &s->node[y];
		if (n->route == NO_NODE)
			continue;
		if (row[i] & NEAR_BEFORE)
			judge(a, y, n->next);
		if (row[i] & NEAR_AFTER)
			judge(a, n->prev, y);
	}
	judge_ends(a);
}

static void
judge_route(struct ask *a, int32_t r)
{
	const struct state *s = a->s;
	if (!route_allows(a, r))
		return;
	for (int32_t x = route_head(s->m, r); s->node[x].next != NO_NODE; x = s->node[x].next)
		judge(a, x, s->node[x].next);
}

static void
judge_all(struct ask *a)
{
	const struct state *s = a->s;
	const struct model *m = s->m;
	for (int32_t c = 0; c < m->n_classes; c++)
		for (int32_t i = 0; i < s->used[c]; i++)
			judge_route(a, s->order[m->first_of[c] + i]);
}

/* --- pairs --- */

/* The delivery of a pair whose pickup stands behind `after`: walk on from there.
 * `at` is when the vehicle leaves the pickup, `arc` what the pickup's detour costs
 * when the delivery does not follow at once. */
static void
judge_delivery(struct ask *a, int32_t d, int32_t after, const struct class *k)
{
	struct state *s = a->s;
	const struct model *m = s->m;
	size_t side = (size_t)m->n_places + 1;
	const struct job *jp = &m->jobs[a->x];
	const struct job *jd = &m->jobs[d];
	const struct node *p = &s->node[after];
	const int32_t *from_p = k->time + (size_t)jp->place * side;
	const int32_t *cost_p = k->cost + (size_t)jp->place * side;
	const int32_t *to_d = k->time_to + (size_t)jd->place * side;
	const int32_t *cost_to_d = k->cost_to + (size_t)jd->place * side;
	const int32_t *from_d = k->time + (size_t)jd->place * side;
	const int32_t *cost_from_d = k->cost + (size_t)jd->place * side;
	int32_t start = p->leave + k->time_to[(size_t)jp->place * side + (size_t)p->place];
	start = start > jp->open ? start : jp->open;
	if (start > jp->close)
		return;
	int64_t to_p = k->cost_to[(size_t)jp->place * side + (size_t)p->place];
	int32_t leave = start + jp->service;
	/* the delivery right behind the pickup */
	int32_t q = p->next;
	int32_t at = leave + from_p[jd->place];
	at = at > jd->open ? at : jd->open;
	int64_t delta = to_p + cost_p[jd->place] + cost_from_d[s->node[q].place] - p->arc;
	if (delta < a->best.delta && at <= jd->close &&
	    at + jd->service + from_d[s->node[q].place] <= s->node[q].late && --a->next_blink != 0) {
		keep(a, &(struct spot){delta, p->route, after, a->x});
	}
	if (a->next_blink == 0)
		a->next_blink = blink_gap(s, a->blink);
	/* … or behind y, one step further each time */
	int64_t base = to_p + cost_p[s->node[q].place] - p->arc;
	int32_t from = leave + from_p[s->node[q].place];
	for (int32_t y = q; s->node[y].next != NO_NODE; y = s->node[y].next) {
		int32_t open = m->jobs[y].open;
		int32_t begin = from > open ? from : open;
		if (begin > s->node[y].late)
			return;
		if (s->node[y].early > begin)
			begin = s->node[y].early; /* rich: the timetable knows of more waiting */
		if (m->load == LOAD_PROFILE) {
			const int64_t *amount = m->p->tasks[a->x].pickup;
			for (int32_t dim = 0; amount != NULL && dim < m->dims; dim++)
				if (s->aboard[(size_t)y * (size_t)m->dims + (size_t)dim] + amount[dim] > k->cap[dim])
					return;
		}
		int32_t gone = begin + m->jobs[y].service;
		int32_t z = s->node[y].next;
		delta = base + cost_to_d[s->node[y].place] + cost_from_d[s->node[z].place] - s->node[y].arc;
		if (delta < a->best.delta) {
			int32_t there = gone + to_d[s->node[y].place];
			there = there > jd->open ? there : jd->open;
			if (there <= jd->close && there + jd->service + from_d[s->node[z].place] <= s->node[z].late) {
				if (--a->next_blink == 0) {
					a->next_blink = blink_gap(s, a->blink);
				} else {
					keep(a, &(struct spot){delta, p->route, after, y});
				}
			}
		}
		if (gone > jd->close)
			return;
		from = gone + k->time[(size_t)s->node[y].place * side + (size_t)s->node[z].place];
	}
}

static bool
pickup_fits(const struct ask *a, int32_t after, const struct class *k)
{
	const struct state *s = a->s;
	const struct model *m = s->m;
	const int64_t *amount = m->p->tasks[a->x].pickup;
	for (int32_t d = 0; amount != NULL && d < m->dims; d++)
		if (s->aboard[(size_t)after * (size_t)m->dims + (size_t)d] + amount[d] > k->cap[d])
			return false;
	return true;
}

static void
judge_pair_route(struct ask *a, int32_t r)
{
	struct state *s = a->s;
	const struct model *m = s->m;
	const struct line *l = &s->line[r];
	const struct class *k = &m->classes[l->class];
	int32_t d = m->jobs[a->x].mate;
	if (l->size + 2 > k->max_tasks || (a->only >= 0 && r != a->only) || !model_fits(m, a->x, l->class))
		return;
	if (m->relations && (!relations_allow(s, a->x, r) || !relations_allow(s, d, r)))
		return;
	size_t side = (size_t)m->n_places + 1;
	const int32_t *from = k->time + (size_t)m->jobs[a->x].place * side;
	const int32_t *to = k->time_to + (size_t)m->jobs[a->x].place * side;
	for (int32_t p = route_head(m, r); s->node[p].next != NO_NODE; p = s->node[p].next) {
		const struct node *n = &s->node[p];
		if (n->leave > a->close)
			return;
		const struct node *q = &s->node[n->next];
		int32_t at = n->leave + to[n->place];
		at = at > a->open ? at : a->open;
		/* with the delivery behind it q would be later still, without a detour back never earlier */
		if (at > a->close || at + a->service + from[q->place] > q->late + (m->symmetric ? 0 : FAR_TIME))
			continue;
		if (m->load == LOAD_PROFILE && !pickup_fits(a, p, k))
			continue;
		judge_delivery(a, d, p, k);
	}
}

/* Routes that serve a neighbour of either half, each once. */
static void
judge_pair(struct ask *a, bool everywhere)
{
	struct state *s = a->s;
	const struct model *m = s->m;
	if (everywhere) {
		for (int32_t c = 0; c < m->n_classes; c++)
			for (int32_t i = 0; i < s->used[c]; i++)
				judge_pair_route(a, s->order[m->first_of[c] + i]);
		return;
	}
	uint32_t mark = ++s->visit;
	int32_t halves[2] = {a->x, m->jobs[a->x].mate};
	for (int32_t h = 0; h < 2; h++) {
		const int32_t *row = m->near + (size_t)halves[h] * (size_t)m->n_near;
		for (int32_t i = 0; i < m->n_near && row[i] >= 0; i++) {
			int32_t r = s->node[near_node(row[i])].route;
			if (r == NO_NODE || s->visited[r] == mark)
				continue;
			s->visited[r] = mark;
			judge_pair_route(a, r);
		}
	}
}

/* An unused vehicle of each class. The fixed cost comes on top. */
static void
judge_spares(struct ask *a)
{
	struct state *s = a->s;
	const struct model *m = s->m;
	bool pair = m->jobs[a->x].mate != NO_NODE;
	for (int32_t c = 0; c < m->n_classes; c++) {
		int32_t r = a->only >= 0 && s->line[a->only].size == 0 ? a->only : state_spare(s, c);
		if (r == NO_NODE || m->class_of[r] != c)
			continue;
		int64_t open = m->classes[c].fixed + s->node[route_head(m, r)].arc;
		struct ask one = *a;
		one.below = a->below == INSERT_ANY ? INSERT_ANY : a->below - open;
		ask_reset(&one);
		if (pair)
			judge_pair_route(&one, r);
		else
			judge_route(&one, r);
		a->next_blink = one.next_blink;
		for (int32_t i = 0; i < one.list.n; i++) {
			one.list.spots[i].delta += open;
			keep(a, &one.list.spots[i]);
		}
		if (!m->rich && one.best.route != NO_NODE && one.best.delta + open < a->best.delta) {
			a->best = one.best;
			a->best.delta += open;
		}
	}
}

/* --- the timetable's word --- */

static int32_t
with_spot(const struct state *s, int32_t x, const struct spot *spot, int32_t *seq)
{
	int32_t n = 0;
	int32_t mate = s->m->jobs[x].mate;
	for (int32_t y = route_head(s->m, spot->route); s->node[y].next != NO_NODE; y = s->node[y].next) {
		if (y < s->m->n)
			seq[n++] = y;
		if (y == spot->after) {
			seq[n++] = x;
			if (mate != NO_NODE && spot->mate_after == x)
				seq[n++] = mate;
		}
		if (mate != NO_NODE && y == spot->mate_after)
			seq[n++] = mate;
	}
	return n;
}

static bool
confirm(struct state *s, int32_t x, struct spot *spot)
{
	const struct line *l = &s->line[spot->route];
	if (s->m->clocked)
		return clock_insert(s, x, spot, &spot->delta);
	int32_t *seq = timetable_room(s->timetable);
	int32_t n = with_spot(s, x, spot, seq);
	int64_t cost;
	if (!timetable_try(s->timetable, l->class, seq, n, &cost, NULL))
		return false;
	spot->delta = cost + s->m->classes[l->class].fixed - l->cost;
	return true;
}

static void
confirm_best(struct ask *a)
{
	struct spot best = {INT64_MAX, NO_NODE, NO_NODE, NO_NODE};
	for (int32_t i = 0; i < a->list.n; i++) {
		struct spot *spot = &a->list.spots[i];
		if (!a->s->m->duty && spot->delta >= best.delta)
			break; /* the rest can only be dearer */
		if (confirm(a->s, a->x, spot) && spot->delta < best.delta)
			best = *spot;
	}
	a->best = best;
}

/* Blinks past each of the list with one chance in `blink`. */
static void
pass_over(struct ask *a)
{
	int32_t kept = 0;
	for (int32_t i = 0; i < a->list.n; i++)
		if (a->blink == 0 || prng_below(&a->s->prng, a->blink) != 0)
			a->list.spots[kept++] = a->list.spots[i];
	a->list.n = kept;
	a->best.delta = shortlist_bar(&a->list, a->below);
}

static void
ask_round(struct ask *a, bool everywhere)
{
	bool pair = a->s->m->jobs[a->x].mate != NO_NODE;
	bool scanned = a->s->m->scanned && a->s->m->rich && a->only < 0;
	ask_reset(a);
	if (pair) {
		judge_pair(a, everywhere);
	} else if (scanned) {
		insert_list_plain(a->s, a->x, everywhere, a->below, &a->list);
		pass_over(a);
	} else if (everywhere) {
		judge_all(a);
	} else {
		judge_near(a);
	}
	if (!scanned)
		judge_spares(a);
	if (a->s->m->rich)
		confirm_best(a);
}

void
insert_find(struct state *s, int32_t x, uint32_t blink, int32_t only, int64_t below, struct spot *best)
{
	const struct model *m = s->m;
	const struct job *j = &m->jobs[x];
	if (m->simple && m->n_near > 0 && only < 0) {
		insert_find_plain(s, x, blink, below, best);
		return;
	}
	struct ask a = {.s = s,
			.x = x,
			.demand = j->demand,
			.open = j->open,
			.close = j->close,
			.service = j->service,
			.blink = blink,
			.only = only,
			/* with duty a guess may be dearer than the truth */
			.below = m->duty ? INSERT_ANY : below};
	ask_class(&a, 0);
	a.next_blink = blink_gap(s, blink);
	ask_round(&a, only >= 0);
	/* nothing, or only by opening a route: look everywhere */
	bool dear = a.below != INSERT_ANY && a.best.route == NO_NODE;
	bool alone = a.best.route == NO_NODE || s->line[a.best.route].size == 0;
	if (only < 0 && !dear && alone && m->n_near < m->n - 1 && !s->hurried)
		ask_round(&a, true);
	*best = a.best;
}

void
insert_apply(struct state *s, int32_t x, const struct spot *spot)
{
	int32_t mate = s->m->jobs[x].mate;
	if (mate == NO_NODE)
		state_link(s, x, spot->after);
	else
		state_link_pair(s, x, spot->after, mate, spot->mate_after);
}
