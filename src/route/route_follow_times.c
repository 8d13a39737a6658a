/* Times by dynamic programming over the few instants that can matter.
 *
 * Subtract from each step's time the time it would have if the vehicle left at 0
 * and never waited. What remains, its slack, may only grow from step to step:
 *
 *	slack   ─────────┐ 0 ≤ slack[0] ≤ slack[1] ≤ … ≤ slack[n-1]
 *
 * In a best plan each run of steps with equal slack has a step that stands on an
 * edge of a window or bound (else the whole run could move and nothing would get
 * worse). So the slacks that can occur are the edges, each less its own step's
 * undelayed time: a sorted list. best[i][c], the least price of the first steps
 * with the i-th at slack c, is the least best[i-1][≤ c] plus the i-th's own price.
 *
 * A break is undelayed behind all of the way it interrupts. It may be taken
 * earlier on that way, by at most the way's length: its slack may be below that of
 * the place left behind, though never above that of the place ahead. For those
 * legs the breaks are tried for each slack of the place left behind; their edges,
 * later by the way's length, are edges of that place too.
 *
 * Work and room grow with steps × edges, for a leg with breaks with edges². */
#include "route/route_follow_times.h"

#define CELLS_MAX ((size_t)200000000) /* steps × edges, edges² of legs with breaks */
#define NEVER (INT64_MAX / 4)

/* Compared in this order; sums of it are sums of each. */
struct price {
	int64_t miss, span, begins;
};

static const struct price no_way = {NEVER, 0, 0};

struct timing {
	struct scope *sc;
	struct follow_step *steps;
	uint32_t n;
	int64_t *undelayed; /* [n] */
	int64_t *leg;	    /* [n] of a pause: the way it interrupts */
	int64_t *slack;	    /* [n_slack] ascending */
	uint32_t n_slack;
	struct price *best; /* [n_slack] of the last step done that is no pause */
	uint32_t *from;	    /* [n][n_slack] the slack of the step before that is no pause */
};

/* One leg's breaks for one slack of the place left behind. */
struct pauses {
	uint32_t first, n; /* steps */
	int64_t *slack;	   /* [n_slack] where they may stand */
	uint32_t n_slack;
	struct price *own;  /* [n][n_slack] */
	struct price *best; /* [n][n_slack] up to this one, at this slack or any below */
	uint32_t *at;	    /* [n][n_slack] which one */
};

/* --- prices --- */

static bool
cheaper(struct price a, struct price b)
{
	if (a.miss != b.miss)
		return a.miss < b.miss;
	return a.span != b.span ? a.span < b.span : a.begins < b.begins;
}

static struct price
plus(struct price a, struct price b)
{
	if (a.miss >= NEVER || b.miss >= NEVER)
		return no_way;
	return (struct price){a.miss + b.miss, a.span + b.span, a.begins + b.begins};
}

int64_t
follow_miss(const struct follow_step *s, int64_t at)
{
	int64_t least = s->n_windows == 0 ? 0 : NEVER;
	for (uint32_t i = 0; i < s->n_windows; i++) {
		int64_t from = s->windows[i].from + s->shift;
		int64_t to = s->windows[i].to + s->shift;
		int64_t miss = at < from ? at - from : at > to ? at - to : 0;
		if (llabs(miss) < llabs(least))
			least = miss;
	}
	return least;
}

static struct price
price_of(const struct timing *t, uint32_t step, int64_t slack)
{
	const struct follow_step *s = &t->steps[step];
	int64_t at = slack + t->undelayed[step];
	if (at < s->after || (at > s->before && s->before < ROUTE_TIME_MAX))
		return no_way;
	struct price p = {.miss = llabs(follow_miss(s, at))};
	if (step == 0)
		p.span = -at;
	else if (step + 1 == t->n)
		p.span = at;
	else
		p.begins = at;
	return p;
}

/* --- which slacks --- */

static void
find_undelayed(struct timing *t)
{
	int64_t at = 0;
	uint32_t i = 0;
	while (i < t->n) {
		uint32_t next = i + 1;
		t->undelayed[i] = at;
		at += t->steps[i].work;
		while (next < t->n && t->steps[next].pause)
			next++;
		int64_t way = next < t->n ? t->steps[next].way : 0;
		at += way;
		for (uint32_t k = i + 1; k < next; k++) {
			t->undelayed[k] = at;
			t->leg[k] = way;
			at += t->steps[k].work;
		}
		i = next;
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static uint32_t
sort_once(int64_t *v, uint32_t n)
{
	uint32_t kept = 1; /* n > 0 */
	qsort(v, n, sizeof *v, by_value);
	for (uint32_t i = 1; i < n; i++)
		if (v[kept - 1] != v[i])
			v[kept++] = v[i];
	return kept;
}

static void
add_edge(struct timing *t, uint32_t step, int64_t at)
{
	int64_t slack = at - t->undelayed[step];
	if (at >= ROUTE_TIME_MAX)
		return;
	if (slack >= 0)
		t->slack[t->n_slack++] = slack;
	if (t->steps[step].pause && slack + t->leg[step] >= 0)
		t->slack[t->n_slack++] = slack + t->leg[step];
}

static enum code
find_slacks(struct timing *t)
{
	size_t n = 1;
	void *room;
	for (uint32_t i = 0; i < t->n; i++)
		n += 4 * ((size_t)t->steps[i].n_windows + 1);
	if (n > CELLS_MAX)
		return fail(t->sc, E_LIMIT, "too many time windows to choose times for");
	TRY(scope_try_array(t->sc, n, sizeof *t->slack, &room));
	t->slack = room;
	t->slack[t->n_slack++] = 0; /* nobody leaves before 0 */
	for (uint32_t i = 0; i < t->n; i++) {
		const struct follow_step *s = &t->steps[i];
		add_edge(t, i, s->after);
		add_edge(t, i, s->before);
		for (uint32_t w = 0; w < s->n_windows; w++) {
			add_edge(t, i, s->windows[w].from + s->shift);
			add_edge(t, i, s->windows[w].to + s->shift);
		}
	}
	t->n_slack = sort_once(t->slack, t->n_slack);
	return OK;
}

/* --- legs with breaks --- */

static enum code
open_pauses(const struct timing *t, struct scope *sc, uint32_t first, uint32_t n, struct pauses *out)
{
	struct pauses p = {.first = first, .n = n};
	void *room;
	TRY(scope_try_array(sc, 2 * (size_t)t->n_slack, sizeof *p.slack, &room));
	p.slack = room;
	for (uint32_t i = 0; i < t->n_slack; i++) {
		p.slack[2 * i] = t->slack[i];
		p.slack[2 * i + 1] = t->slack[i] - t->leg[first];
	}
	p.n_slack = sort_once(p.slack, 2 * t->n_slack);
	size_t cells = (size_t)n * p.n_slack;
	TRY(scope_try_array(sc, cells, sizeof *p.own, &room));
	p.own = room;
	TRY(scope_try_array(sc, cells, sizeof *p.best, &room));
	p.best = room;
	TRY(scope_try_array(sc, cells, sizeof *p.at, &room));
	p.at = room;
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t c = 0; c < p.n_slack; c++)
			p.own[(size_t)k * p.n_slack + c] = price_of(t, first + k, p.slack[c]);
	*out = p;
	return OK;
}

/* The cheapest breaks when the place behind was left with this slack. */
static void
fill_pauses(const struct timing *t, struct pauses *p, int64_t left)
{
	for (uint32_t k = 0; k < p->n; k++) {
		const struct price *own = p->own + (size_t)k * p->n_slack;
		struct price *best = p->best + (size_t)k * p->n_slack;
		uint32_t *at = p->at + (size_t)k * p->n_slack;
		struct price least = no_way;
		uint32_t which = 0;
		for (uint32_t c = 0; c < p->n_slack; c++) {
			struct price x = own[c];
			if (k > 0)
				x = plus(x, best[(int64_t)c - (int64_t)p->n_slack]);
			else if (p->slack[c] < left - t->leg[p->first])
				x = no_way;
			if (cheaper(x, least)) {
				least = x;
				which = c;
			}
			best[c] = least;
			at[c] = which;
		}
	}
}

/* best[] of the step behind the breaks, its own price not yet in it. */
static void
cross_pauses(struct timing *t, struct pauses *p, struct price *next, uint32_t *from)
{
	for (uint32_t c = 0; c < t->n_slack; c++)
		next[c] = no_way;
	for (uint32_t a = 0; a < t->n_slack; a++) {
		if (t->best[a].miss >= NEVER)
			continue;
		fill_pauses(t, p, t->slack[a]);
		const struct price *last = p->best + (size_t)(p->n - 1) * p->n_slack;
		uint32_t q = 0;
		for (uint32_t c = a; c < t->n_slack; c++) {
			while (q + 1 < p->n_slack && p->slack[q + 1] <= t->slack[c])
				q++;
			struct price x = plus(t->best[a], last[q]);
			if (cheaper(x, next[c])) {
				next[c] = x;
				from[c] = a;
			}
		}
	}
}

static void
place_pauses(struct timing *t, struct pauses *p, int64_t left, int64_t ahead)
{
	uint32_t c = p->n_slack - 1;
	fill_pauses(t, p, left);
	while (c > 0 && p->slack[c] > ahead)
		c--;
	for (uint32_t k = p->n; k-- > 0;) {
		c = p->at[(size_t)k * p->n_slack + c];
		t->steps[p->first + k].begin = p->slack[c] + t->undelayed[p->first + k];
	}
}

/* --- the whole --- */

static void
cross_way(struct timing *t, struct price *next, uint32_t *from)
{
	struct price least = no_way;
	uint32_t which = 0;
	for (uint32_t c = 0; c < t->n_slack; c++) {
		if (cheaper(t->best[c], least)) {
			least = t->best[c];
			which = c;
		}
		next[c] = least;
		from[c] = which;
	}
}

/* From the step `at` over the pauses behind it to `to`. */
static enum code
advance(struct timing *t, uint32_t at, uint32_t to, struct price *next)
{
	uint32_t *from = t->from + (size_t)to * t->n_slack;
	if (to == at + 1) {
		cross_way(t, next, from);
	} else {
		struct scope sc;
		struct pauses p;
		scope_init(&sc);
		enum code rc = open_pauses(t, &sc, at + 1, to - at - 1, &p);
		if (rc == OK)
			cross_pauses(t, &p, next, from);
		scope_release(&sc);
		if (rc != OK)
			return fail(t->sc, E_LIMIT, "too many time windows to choose times for");
	}
	for (uint32_t c = 0; c < t->n_slack; c++)
		next[c] = plus(next[c], price_of(t, to, t->slack[c]));
	return OK;
}

static enum code
write_times(struct timing *t)
{
	uint32_t c = 0;
	for (uint32_t i = 1; i < t->n_slack; i++)
		if (cheaper(t->best[i], t->best[c]))
			c = i;
	if (t->best[c].miss >= NEVER)
		return fail_as(t->sc, E_INVALID, "bad-problem", "no times meet what the steps demand");
	uint32_t at = t->n - 1;
	t->steps[at].begin = t->slack[c] + t->undelayed[at];
	while (at > 0) {
		uint32_t before = at - 1;
		uint32_t left = t->from[(size_t)at * t->n_slack + c];
		while (t->steps[before].pause)
			before--;
		if (before + 1 < at) {
			struct pauses p;
			TRY(open_pauses(t, t->sc, before + 1, at - before - 1, &p));
			place_pauses(t, &p, t->slack[left], t->slack[c]);
		}
		c = left;
		at = before;
		t->steps[at].begin = t->slack[c] + t->undelayed[at];
	}
	return OK;
}

static enum code
open_timing(struct scope *sc, struct follow_step *steps, uint32_t n, struct timing *t)
{
	void *room;
	size_t pauses = 0;
	*t = (struct timing){.sc = sc, .steps = steps, .n = n};
	t->undelayed = NEW_ARRAY(sc, n, int64_t);
	t->leg = NEW_ARRAY(sc, n, int64_t);
	find_undelayed(t);
	TRY(find_slacks(t));
	for (uint32_t i = 0; i < n; i++)
		pauses += steps[i].pause;
	if ((n + 2 * pauses * t->n_slack) > CELLS_MAX / t->n_slack)
		return fail(sc, E_LIMIT, "%u steps with %u edges of time windows are too many to choose times for", n,
			    t->n_slack);
	TRY(scope_try_array(sc, (size_t)n * t->n_slack, sizeof *t->from, &room));
	t->from = room;
	TRY(scope_try_array(sc, t->n_slack, sizeof *t->best, &room));
	t->best = room;
	return OK;
}

enum code
follow_times(struct scope *sc, struct follow_step *steps, uint32_t n)
{
	struct timing t;
	uint32_t at = 0;
	void *room;
	TRY(open_timing(sc, steps, n, &t));
	TRY(scope_try_array(sc, t.n_slack, sizeof *t.best, &room));
	struct price *next = room;
	for (uint32_t c = 0; c < t.n_slack; c++)
		t.best[c] = t.slack[c] < 0 ? no_way : price_of(&t, 0, t.slack[c]);
	while (at + 1 < n) {
		uint32_t to = at + 1;
		while (steps[to].pause)
			to++;
		TRY(advance(&t, at, to, next));
		struct price *done = t.best;
		t.best = next;
		next = done;
		at = to;
	}
	return write_times(&t);
}
