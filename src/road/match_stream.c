/* The window of a drive that is not settled yet:
 *
 *	window[0]   window[1]   …   window[n - 1]
 *	 settled:    states, each with the one before it    the newest fix
 *	 one state
 *	 is left
 *
 * Fixes that hardly move are passed over: noise around a standing vehicle is no
 * trip. A fix with no state, or that no state before leads to, is an outlier;
 * with more than OUTLIERS_MAX of them, or over too wide a gap, the piece ends
 * and the first of them begins the next one.
 */
#include <math.h>

#include "road/match_model.h"

#define OUTLIERS_MAX 3u
#define CHECK_FIRST 32u /* without a lag: the window's length that is looked through first */

struct pushed {
	uint64_t number;
	struct road_fix fix;
};

struct road_stream {
	size_t lag;
	struct match_column *window;
	size_t n, cap;
	bool settled;	 /* window[0] is */
	size_t check_at; /* look for agreement when the window is this long */
	uint64_t pushed;
	int64_t last_ms;
	struct pushed missed[OUTLIERS_MAX + 1]; /* outliers in a row */
	uint32_t n_missed;
	struct pushed still; /* passed over last */
	bool is_still;
};

/* What one push works with. */
struct push {
	struct scope *sc;
	struct road_matcher *m;
	struct road_stream *s;
	struct road_settled_list news;
	size_t room; /* of news.items */
};

static void
stream_clear(struct road_stream *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->window[i].states);
	*s = (struct road_stream){.lag = s->lag, .window = s->window, .cap = s->cap};
	s->check_at = s->lag == ROAD_LAG_NONE ? CHECK_FIRST : 2;
}

enum code
road_stream_open(struct scope *sc, size_t lag, struct road_stream **out)
{
	struct road_stream *s = calloc(1, sizeof *s);
	if (s == NULL)
		return fail(sc, E_MEMORY, "no memory for a drive");
	s->lag = lag < 2 ? 2 : lag;
	stream_clear(s);
	*out = s;
	return OK;
}

void
road_stream_close(struct road_stream *s)
{
	if (s == NULL)
		return;
	stream_clear(s);
	free(s->window);
	free(s);
}

/* --- settling ---------------------------------------------------------------------- */

static void
news_reserve(struct push *p, size_t more)
{
	size_t wanted = p->news.n + more;
	if (wanted <= p->room)
		return;
	struct road_settled *items = NEW_ARRAY(p->sc, 2 * wanted, struct road_settled);
	if (p->news.n > 0)
		memcpy(items, p->news.items, p->news.n * sizeof *items);
	p->news.items = items;
	p->room = 2 * wanted;
}

static void
settle_one(struct push *p, size_t column, uint32_t state, bool hurried)
{
	struct match_column *c = &p->s->window[column];
	const struct match_state *now = &c->states[state];
	struct road_settled *item = &p->news.items[p->news.n++];
	*item = (struct road_settled){.fix = c->number,
				      .at_ms = c->fix.at_ms,
				      .point = now->at,
				      .begins = c->begins,
				      .hurried = hurried,
				      .log_likelihood = now->score};
	if (!c->begins) {
		const struct match_column *before = &p->s->window[column - 1];
		match_join(p->m, p->sc, &before->states[now->before], now, &item->path);
	}
}

/* Columns up to `last` are final; the last one stays as the window's first. */
static void
settle_through(struct push *p, size_t last, uint32_t state, bool hurried)
{
	struct road_stream *s = p->s;
	uint32_t *chosen = NEW_ARRAY(p->sc, last + 1, uint32_t);
	chosen[last] = state;
	for (size_t i = last; i > 0; i--)
		chosen[i - 1] = s->window[i].states[chosen[i]].before;
	news_reserve(p, last + 1);
	for (size_t i = s->settled ? 1 : 0; i <= last; i++)
		settle_one(p, i, chosen[i], hurried);
	for (size_t i = 0; i < last; i++)
		free(s->window[i].states);
	s->n -= last;
	memmove(s->window, s->window + last, s->n * sizeof *s->window);
	s->settled = true;
}

/* The last column that all survivors of the newest come through one state of;
 * 0 where there is none to settle yet. */
static size_t
find_agreement(struct push *p, uint32_t *state)
{
	const struct road_stream *s = p->s;
	uint32_t alive = 0; /* a bit a state */
	const struct match_column *newest = &s->window[s->n - 1];
	double best = newest->states[match_best(newest)].score;
	for (uint32_t i = 0; i < newest->n; i++)
		if (match_survives(&newest->states[i], best))
			alive |= 1u << i;
	size_t first = s->settled ? 1 : 0;
	for (size_t c = s->n - 1;; c--) {
		if ((alive & (alive - 1)) == 0) {
			*state = (uint32_t)__builtin_ctz(alive);
			return c;
		}
		if (c == first)
			return SIZE_MAX;
		uint32_t before = 0;
		for (uint32_t i = 0; i < s->window[c].n; i++)
			if ((alive >> i & 1u) != 0)
				before |= 1u << s->window[c].states[i].before;
		alive = before;
	}
}

static void
settle_agreed(struct push *p)
{
	struct road_stream *s = p->s;
	if (s->n < s->check_at)
		return;
	uint32_t state;
	size_t column = find_agreement(p, &state);
	if (column != SIZE_MAX && (column > 0 || !s->settled))
		settle_through(p, column, state, false);
	if (s->lag == ROAD_LAG_NONE) /* seldom enough that looking costs no more than stepping */
		s->check_at = 2 * s->n > CHECK_FIRST ? 2 * s->n : CHECK_FIRST;
}

/* States that did not come through the settled one lead nowhere any more. */
static void
forget_others(struct road_stream *s, uint32_t settled)
{
	for (size_t c = 1; c < s->n; c++) {
		struct match_column *now = &s->window[c];
		for (uint32_t i = 0; i < now->n; i++) {
			uint32_t before = now->states[i].before;
			bool dead = before == ROAD_NONE ||
				    (c == 1 ? before != settled : !isfinite(s->window[c - 1].states[before].score));
			if (dead)
				now->states[i].score = -INFINITY;
		}
	}
}

/* Nobody agrees, and the window is as long as it may be: the best way of now. */
static void
settle_hurried(struct push *p)
{
	struct road_stream *s = p->s;
	if (s->n <= s->lag)
		return;
	uint32_t state = match_best(&s->window[s->n - 1]);
	size_t last = s->n - s->lag;
	for (size_t c = s->n - 1; c > last; c--)
		state = s->window[c].states[state].before;
	settle_through(p, last, state, true);
	forget_others(s, state);
}

/* --- fixes ------------------------------------------------------------------------- */

static enum code
window_add(struct push *p, const struct match_column *c)
{
	struct road_stream *s = p->s;
	if (s->window == NULL || s->n == s->cap) {
		size_t cap = s->cap == 0 ? 8 : 2 * s->cap;
		struct match_column *more = realloc(s->window, cap * sizeof *more);
		if (more == NULL)
			return fail(p->sc, E_MEMORY, "no memory for a drive of %zu fixes", s->n);
		s->window = more;
		s->cap = cap;
	}
	struct match_state *kept = malloc(c->n * sizeof *kept);
	if (kept == NULL)
		return fail(p->sc, E_MEMORY, "no memory for a drive of %zu fixes", s->n);
	memcpy(kept, c->states, c->n * sizeof *kept);
	s->window[s->n] = *c;
	s->window[s->n++].states = kept;
	settle_agreed(p);
	settle_hurried(p);
	return OK;
}

/* Nothing more can come of this piece. */
static void
end_piece(struct push *p)
{
	struct road_stream *s = p->s;
	if (s->n == 0)
		return;
	uint32_t state = match_best(&s->window[s->n - 1]);
	if (s->n > 1 || !s->settled)
		settle_through(p, s->n - 1, state, false);
	free(s->window[0].states);
	s->n = 0;
	s->settled = false;
}

static enum code take(struct push *p, const struct pushed *f, bool last);

/* The outliers were no outliers: the track goes on where they are. */
static enum code
cut(struct push *p)
{
	struct road_stream *s = p->s;
	struct pushed again[OUTLIERS_MAX + 1];
	uint32_t n = s->n_missed;
	memcpy(again, s->missed, n * sizeof *again);
	s->n_missed = 0;
	end_piece(p);
	for (uint32_t i = 0; i < n; i++) /* the first begins the piece: each cut uses one up */
		TRY(take(p, &again[i], false));
	return OK;
}

static bool
hardly_moved(const struct match_column *last, const struct road_fix *f)
{
	return place_distance_m(last->fix.at, f->at) < STILL_SIGMAS * match_sigma(f);
}

static enum code
take(struct push *p, const struct pushed *f, bool last_of_all)
{
	struct road_stream *s = p->s;
	const struct match_column *last = s->n > 0 ? &s->window[s->n - 1] : NULL;
	s->is_still = last != NULL && !last_of_all && hardly_moved(last, &f->fix);
	if (s->is_still) {
		s->still = *f;
		return OK;
	}
	struct match_state states[STATES_MAX];
	struct match_column c = {.number = f->number, .fix = f->fix, .states = states, .begins = last == NULL};
	c.n = match_states(p->m, p->sc, &f->fix, states);
	if (c.n == 0)
		return OK;
	if (last != NULL && !match_step(p->m, last, &c)) {
		s->missed[s->n_missed++] = *f;
		double gap_m = place_distance_m(last->fix.at, f->fix.at);
		return s->n_missed <= OUTLIERS_MAX && gap_m < GAP_MAX_M ? OK : cut(p);
	}
	s->n_missed = 0;
	return window_add(p, &c);
}

static struct push
push_begin(struct scope *sc, struct road_matcher *m, const struct road_metric *metric, struct road_stream *s)
{
	m->search.metric = road_metric_or_base(m->road, metric);
	return (struct push){.sc = sc, .m = m, .s = s};
}

enum code
road_stream_push(struct scope *sc, struct road_matcher *m, const struct road_metric *metric, struct road_stream *s,
		 const struct road_fix *fix, struct road_settled_list *out)
{
	if (!place_valid(fix->at))
		return fail(sc, E_INVALID, "fix %" PRIu64 " is no place", s->pushed);
	if (s->pushed > 0 && fix->at_ms < s->last_ms)
		return fail(sc, E_INVALID, "fix %" PRIu64 " is older than the one before", s->pushed);
	struct push p = push_begin(sc, m, metric, s);
	const struct pushed f = {s->pushed++, *fix};
	s->last_ms = fix->at_ms;
	TRY(take(&p, &f, false));
	*out = p.news;
	return OK;
}

enum code
road_stream_finish(struct scope *sc, struct road_matcher *m, const struct road_metric *metric, struct road_stream *s,
		   struct road_settled_list *out)
{
	struct push p = push_begin(sc, m, metric, s);
	if (s->is_still) {
		const struct pushed f = s->still;
		TRY(take(&p, &f, true));
	}
	end_piece(&p);
	stream_clear(s);
	*out = p.news;
	return OK;
}

bool
road_stream_now(const struct road_stream *s, struct road_point *out)
{
	if (s->n == 0)
		return false;
	const struct match_column *c = &s->window[s->n - 1];
	*out = c->states[match_best(c)].at;
	return true;
}
