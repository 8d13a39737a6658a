/* Map matching: a hidden Markov model whose states are arcs near a fix.
 *
 * How well a state fits its fix falls with their distance (Gaussian); how well
 * two states follow each other falls with the difference between the way and
 * the straight line (exponential), and with ways that nobody could drive in
 * the time. Ways are found by bounded turn-aware searches, fastest first, so
 * that the gaps between sparse fixes are filled as people drive.
 *
 * Fixes that hardly move are passed over: noise around a standing vehicle is no
 * trip. A fix with no state, or that no state before leads to, is an outlier;
 * after OUTLIERS_MAX of them in a row the track is cut.
 */
#include <math.h>

#include "road/trip.h"

#define STATES_MAX 24
#define SEGMENTS_MAX 12
#define OUTLIERS_MAX 3
#define GAP_MAX_M 3000.0
#define STILL_SIGMAS 1.0 /* a fix nearer than this to the last kept one is passed over */

struct state {
	struct road_point at; /* leaves and arrives by one arc */
	double score;	      /* log-likelihood of the best way here */
	uint32_t before;      /* state of the column before; ROAD_NONE: a beginning */
};

struct column {
	size_t fix;
	struct state *states;
	uint32_t n;
	bool begins; /* nothing leads here */
};

struct matcher {
	struct scope *sc;
	const struct road *road;
	const struct road_metric *metric;
	const struct road_fix *fixes;
	size_t n_fixes;
	struct dijkstra search;
	struct column *columns;
	size_t n_columns;
};

static double
sigma_of(const struct road_fix *f)
{
	return f->sigma_m > 0 ? f->sigma_m : ROAD_SIGMA_M;
}

/* --- states ------------------------------------------------------------------- */

static void
add_state(struct column *c, const struct road_point *p, unsigned way, double sigma)
{
	struct state *s = &c->states[c->n++];
	double off = (double)p->off_m / sigma;
	*s = (struct state){.at = *p, .score = -0.5 * off * off, .before = ROAD_NONE};
	s->at.leave = s->at.arrive = (uint8_t)way;
}

/* False where no street is near. */
static bool
find_states(struct matcher *m, size_t fix, struct column *c)
{
	double sigma = sigma_of(&m->fixes[fix]);
	double reach = 3.2 * sigma + 12;
	struct road_point *near;
	size_t n;
	*c = (struct column){.fix = fix};
	if (road_snap_all(m->sc, m->road, m->fixes[fix].at, reach, SEGMENTS_MAX, &near, &n) != OK) {
		error_clear(m->sc);
		return false;
	}
	c->states = NEW_ARRAY(m->sc, STATES_MAX, struct state);
	for (size_t i = 0; i < n; i++) {
		const struct road_segment *s = &m->road->segment[near[i].segment];
		for (unsigned back = 0; back < 2; back++)
			if (s->arc[back] != ROAD_NONE)
				add_state(c, &near[i], back != 0 ? ROAD_BACKWARD : ROAD_FORWARD, sigma);
	}
	return true;
}

/* --- steps between columns -------------------------------------------------------- */

/* Behind on the same arc by no more than noise: it stands still. */
static bool
stands_still(const struct matcher *m, const struct state *a, const struct state *b, double slack_m)
{
	if (a->at.segment != b->at.segment || a->at.leave != b->at.leave)
		return false;
	double length = m->road->segment[a->at.segment].length_dm * 0.1;
	double ahead = ((double)b->at.fraction - a->at.fraction) / ROAD_WHOLE * length;
	if (a->at.leave == ROAD_BACKWARD)
		ahead = -ahead;
	return ahead < 0 && -ahead <= slack_m;
}

struct step {
	double straight_m, elapsed_s, slack_m;
	double beta_m;
};

static double
step_score(const struct step *st, uint32_t ms, uint32_t dm)
{
	double score = -fabs(dm * 0.1 - st->straight_m) / st->beta_m;
	double needed = ms * 0.001;
	if (st->elapsed_s > 0 && needed > st->elapsed_s * 1.3 + 4)
		score -= (needed - st->elapsed_s * 1.3 - 4) / (0.15 * st->elapsed_s + 2);
	return score;
}

static void
step_from(struct matcher *m, const struct column *a, uint32_t from, struct column *b, const double *fit,
	  const struct step *st)
{
	const struct state *s = &a->states[from];
	dijkstra_run(&m->search, &s->at);
	for (uint32_t k = 0; k < b->n; k++) {
		struct state *t = &b->states[k];
		uint32_t dm;
		uint32_t last;
		uint32_t ms = dijkstra_read(&m->search, &s->at, &t->at, &dm, &last);
		double score;
		if (stands_still(m, s, t, st->slack_m))
			score = step_score(st, 0, 0);
		else if (ms < ROAD_INFINITE)
			score = step_score(st, ms, dm);
		else
			continue;
		score += s->score + fit[k];
		if (t->before == ROAD_NONE || score > t->score) {
			t->score = score;
			t->before = from;
		}
	}
}

/* True where some state of b can be reached from one of a. */
static bool
step_columns(struct matcher *m, const struct column *a, struct column *b)
{
	const struct road_fix *f = &m->fixes[a->fix];
	const struct road_fix *g = &m->fixes[b->fix];
	double sigma = (sigma_of(f) + sigma_of(g)) / 2;
	struct step st = {.straight_m = place_distance_m(f->at, g->at),
			  .elapsed_s = (double)(g->at_ms - f->at_ms) * 0.001,
			  .slack_m = 3 * sigma};
	if (st.straight_m > GAP_MAX_M)
		return false;
	st.beta_m = 4 + 0.7 * sigma + 0.03 * st.straight_m;
	double fit[STATES_MAX];
	for (uint32_t k = 0; k < b->n; k++) {
		fit[k] = b->states[k].score;
		b->states[k].before = ROAD_NONE;
		dijkstra_want(&m->search, &b->states[k].at);
	}
	double reach = st.straight_m * 1.6 + 10 * sigma + 150;
	m->search.bound_dm = (uint32_t)(reach * 10);
	double best = -INFINITY;
	for (uint32_t i = 0; i < a->n; i++)
		best = fmax(best, a->states[i].score);
	for (uint32_t i = 0; i < a->n; i++)
		if (isfinite(a->states[i].score) && a->states[i].score > best - 20)
			step_from(m, a, i, b, fit, &st);
	bool reached = false;
	for (uint32_t k = 0; k < b->n; k++) {
		dijkstra_unwant(&m->search, &b->states[k].at);
		if (b->states[k].before == ROAD_NONE)
			b->states[k].score = -INFINITY;
		else
			reached = true;
	}
	if (!reached) /* as it was: it may begin a piece */
		for (uint32_t k = 0; k < b->n; k++)
			b->states[k].score = fit[k];
	return reached;
}

/* Fixes one by one; an outlier is forgotten unless too many follow. */
static void
run_columns(struct matcher *m)
{
	size_t missed = 0;
	for (size_t i = 0; i < m->n_fixes; i++) {
		struct column *last = m->n_columns > 0 ? &m->columns[m->n_columns - 1] : NULL;
		if (last != NULL && i + 1 < m->n_fixes &&
		    place_distance_m(m->fixes[last->fix].at, m->fixes[i].at) < STILL_SIGMAS * sigma_of(&m->fixes[i]))
			continue;
		struct column c;
		if (!find_states(m, i, &c))
			continue;
		if (last != NULL && !step_columns(m, last, &c)) {
			double gap = place_distance_m(m->fixes[last->fix].at, m->fixes[i].at);
			if (++missed <= OUTLIERS_MAX && gap < GAP_MAX_M)
				continue;
			c.begins = true;
			i -= missed - 1; /* what was passed over may belong to the new piece */
			if (!find_states(m, i, &c))
				continue;
			c.begins = true;
		}
		missed = 0;
		c.begins |= last == NULL;
		m->columns[m->n_columns++] = c;
	}
}

/* --- reading the best way back ------------------------------------------------------ */

static uint32_t
best_state(const struct column *c)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < c->n; i++)
		if (c->states[i].score > c->states[best].score)
			best = i;
	return best;
}

static void
join_states(struct matcher *m, const struct state *a, const struct state *b, struct road_path *out)
{
	struct trip t = {.cost_ms = ROAD_INFINITE};
	struct road_point from = a->at;
	struct road_point to = b->at;
	uint32_t v = plain_vertex(m->road, m->road->segment[from.segment].arc[from.leave == ROAD_BACKWARD]);
	m->search.bound_dm = UINT32_MAX;
	if (a->at.segment == b->at.segment && a->at.leave == b->at.leave &&
	    road_arc_fraction(&m->road->arc[m->road->vertex[v].arc], &to) <
		road_arc_fraction(&m->road->arc[m->road->vertex[v].arc], &from) &&
	    stands_still(m, a, b, 4 * ROAD_SIGMA_M + 60)) {
		t = (struct trip){.cost_ms = 0, .vertices = NEW_ARRAY(m->sc, 1, uint32_t), .n = 1};
		t.vertices[0] = v;
		to = from;
	} else {
		dijkstra_trip(&m->search, m->sc, &from, &to, &t);
	}
	path_from_trip(m->sc, m->road, m->metric, &t, &from, &to, out);
}

static double
confidence_of(const struct matcher *m, size_t first, size_t last)
{
	double fixes = (double)(last - first + 1);
	const struct column *c = &m->columns[last];
	double score = c->states[best_state(c)].score / fixes;
	return score < -20 ? 0 : exp(score / 2);
}

static void
read_piece(struct matcher *m, size_t first, size_t last, struct road_match *out)
{
	struct road_match_piece *piece = &out->pieces[out->n_pieces];
	size_t n = last - first + 1;
	uint32_t *chosen = NEW_ARRAY(m->sc, n, uint32_t);
	chosen[n - 1] = best_state(&m->columns[last]);
	for (size_t i = n - 1; i > 0; i--)
		chosen[i - 1] = m->columns[first + i].states[chosen[i]].before;
	piece->fixes = NEW_ARRAY(m->sc, n, size_t);
	piece->paths = NEW_ARRAY(m->sc, n, struct road_path);
	piece->confidence = confidence_of(m, first, last);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &m->columns[first + i];
		struct road_match_point *p = &out->points[c->fix];
		piece->fixes[i] = c->fix;
		*p = (struct road_match_point){true, (uint32_t)out->n_pieces, (uint32_t)i, c->states[chosen[i]].at};
		if (i > 0)
			join_states(m, &m->columns[first + i - 1].states[chosen[i - 1]], &c->states[chosen[i]],
				    &piece->paths[piece->n_paths++]);
	}
	out->n_pieces++;
}

static enum code
check_fixes(struct scope *sc, const struct road_fix *fixes, size_t n)
{
	if (n == 0)
		return fail(sc, E_INVALID, "a track has at least one fix");
	if (n > ROAD_FIXES_MAX)
		return fail(sc, E_LIMIT, "a track has at most %u fixes, not %zu", ROAD_FIXES_MAX, n);
	for (size_t i = 0; i < n; i++) {
		if (!place_valid(fixes[i].at))
			return fail(sc, E_INVALID, "fix %zu is no place", i);
		if (i > 0 && fixes[i].at_ms < fixes[i - 1].at_ms)
			return fail(sc, E_INVALID, "fix %zu is older than the one before", i);
	}
	return OK;
}

enum code
road_match(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_fix *fixes,
	   size_t n, struct road_match *out)
{
	TRY(check_fixes(sc, fixes, n));
	struct matcher m = {.sc = sc, .road = road, .fixes = fixes, .n_fixes = n};
	m.metric = road_metric_or_base(road, metric);
	dijkstra_init(&m.search, sc, road, m.metric);
	m.columns = NEW_ARRAY(sc, n, struct column);
	run_columns(&m);
	if (m.n_columns == 0)
		return fail_as(sc, E_NOT_FOUND, "off-road", "no fix of the track is near a street");
	struct road_match r = {.n_points = n};
	r.points = NEW_ARRAY(sc, n, struct road_match_point);
	r.pieces = NEW_ARRAY(sc, m.n_columns, struct road_match_piece);
	for (size_t i = 0; i < m.n_columns;) {
		size_t last = i;
		while (last + 1 < m.n_columns && !m.columns[last + 1].begins)
			last++;
		read_piece(&m, i, last, &r);
		i = last + 1;
	}
	*out = r;
	return OK;
}
