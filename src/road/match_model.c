/* Map matching: a hidden Markov model whose states are arcs near a fix.
 *
 * How well a state fits its fix falls with their distance (Gaussian); how well
 * two states follow each other falls with the difference between the way and
 * the straight line (exponential), and with ways that nobody could drive in
 * the time. Ways are found by bounded turn-aware searches, fastest first, so
 * that the gaps between sparse fixes are filled as people drive.
 */
#include "road/match_model.h"

#include <assert.h>
#include <math.h>

#define SEGMENTS_MAX 12
#define SIGMA_MIN_M 0.5	  /* the map itself is no better */
#define SIGMA_MAX_M 100.0 /* who knows less than that knows no street */

double
match_sigma(const struct road_fix *f)
{
	return f->sigma_m > 0 ? fmin(fmax(f->sigma_m, SIGMA_MIN_M), SIGMA_MAX_M) : ROAD_SIGMA_M;
}

struct road_matcher *
road_matcher_new(struct scope *sc, const struct road *road)
{
	struct road_matcher *m = NEW(sc, struct road_matcher);
	m->road = road;
	dijkstra_init(&m->search, sc, road, NULL);
	return m;
}

/* --- states ------------------------------------------------------------------- */

static struct match_state
state_at(const struct road_point *p, unsigned way, double sigma)
{
	double off = (double)p->off_m / sigma;
	struct match_state s = {.at = *p, .score = -0.5 * off * off, .before = ROAD_NONE};
	s.at.leave = s.at.arrive = (uint8_t)way;
	return s;
}

uint32_t
match_states(struct road_matcher *m, struct scope *sc, const struct road_fix *fix,
	     struct match_state out[static STATES_MAX])
{
	double sigma = match_sigma(fix);
	double reach = 3.2 * sigma + 12;
	struct road_point *near;
	size_t n;
	if (road_snap_all(sc, m->road, fix->at, reach, SEGMENTS_MAX, &near, &n) != OK) {
		error_clear(sc);
		return 0;
	}
	static_assert(2 * SEGMENTS_MAX <= STATES_MAX, "both directions of each");
	uint32_t k = 0;
	for (size_t i = 0; i < n; i++) {
		const struct road_segment *s = &m->road->segment[near[i].segment];
		for (unsigned back = 0; back < 2; back++)
			if (s->arc[back] != ROAD_NONE)
				out[k++] = state_at(&near[i], back != 0 ? ROAD_BACKWARD : ROAD_FORWARD, sigma);
	}
	return k;
}

bool
match_survives(const struct match_state *s, double best)
{
	return isfinite(s->score) && s->score > best - SCORE_REACH;
}

uint32_t
match_best(const struct match_column *c)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < c->n; i++)
		if (c->states[i].score > c->states[best].score)
			best = i;
	return best;
}

/* --- steps between columns -------------------------------------------------------- */

/* Behind on the same arc by no more than noise: it stands still. */
static bool
stands_still(const struct road_matcher *m, const struct match_state *a, const struct match_state *b, double slack_m)
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
step_from(struct road_matcher *m, const struct match_column *a, uint32_t from, struct match_column *b,
	  const double *fit, const struct step *st)
{
	const struct match_state *s = &a->states[from];
	dijkstra_run(&m->search, &s->at);
	for (uint32_t k = 0; k < b->n; k++) {
		struct match_state *t = &b->states[k];
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

bool
match_step(struct road_matcher *m, const struct match_column *a, struct match_column *b)
{
	const struct road_fix *f = &a->fix;
	const struct road_fix *g = &b->fix;
	double sigma = (match_sigma(f) + match_sigma(g)) / 2;
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
	double best = a->states[match_best(a)].score;
	for (uint32_t i = 0; i < a->n; i++)
		if (match_survives(&a->states[i], best))
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

void
match_join(struct road_matcher *m, struct scope *sc, const struct match_state *a, const struct match_state *b,
	   struct road_path *out)
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
		t = (struct trip){.cost_ms = 0, .vertices = NEW_ARRAY(sc, 1, uint32_t), .n = 1};
		t.vertices[0] = v;
		to = from;
	} else {
		dijkstra_trip(&m->search, sc, &from, &to, &t);
	}
	path_from_trip(sc, m->road, m->search.metric, &t, &from, &to, out);
}
