/* OSRM's match service over road_match(): which fixes are worth a look, where
 * legs begin, and the answer's shape. */
#include "base/text.h"
#include "road/osrm.h"
#include "road/trip.h"

#define TIDY_M 15.0  /* a fix nearer than this to the one before, */
#define TIDY_MS 5000 /* and sooner, says nothing new */

/* The fixes that are matched, and which of the asked ones they are. */
struct chosen {
	struct road_fix *fixes;
	size_t *asked;
	size_t n;
};

static struct chosen
choose(struct scope *sc, const struct osrm_request *r, const struct road_fix *fixes, size_t n)
{
	struct chosen c = {.fixes = NEW_ARRAY(sc, n, struct road_fix), .asked = NEW_ARRAY(sc, n, size_t)};
	for (size_t i = 0; i < n; i++) {
		const struct road_fix *last = c.n > 0 ? &c.fixes[c.n - 1] : NULL;
		if (r->tidy && last != NULL && i + 1 < n && place_distance_m(last->at, fixes[i].at) < TIDY_M &&
		    fixes[i].at_ms - last->at_ms < TIDY_MS)
			continue;
		c.asked[c.n] = i;
		c.fixes[c.n++] = fixes[i];
	}
	return c;
}

static bool
is_waypoint(const struct osrm_request *r, size_t asked)
{
	for (size_t i = 0; i < r->n_waypoints; i++)
		if (r->waypoints[i] == asked)
			return true;
	return r->n_waypoints == 0; /* not asked: all are */
}

/* A track that must not be cut is its longest piece. */
static void
keep_longest(struct road_match *m)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < m->n_pieces; i++)
		if (m->pieces[i].n_paths > m->pieces[best].n_paths)
			best = i;
	for (size_t i = 0; i < m->n_points; i++) {
		m->points[i].matched &= m->points[i].piece == best;
		m->points[i].piece = 0;
	}
	m->pieces[0] = m->pieces[best];
	m->n_pieces = 1;
}

struct answer {
	struct text *t;
	const struct road *road;
	const struct osrm_request *r;
	const struct chosen *chosen;
	const struct road_match *m;
	uint32_t *leg_ends; /* per matched fix: its number among its piece's waypoints; ROAD_NONE: passed */
};

/* A leg runs from waypoint to waypoint; a piece's ends always are some. */
static void
add_piece(struct answer *a, const struct road_match_piece *piece)
{
	struct scope *sc = a->t->sc;
	struct road_path *legs = NEW_ARRAY(sc, piece->n_paths + 1, struct road_path);
	size_t n = 0;
	size_t from = 0;
	uint32_t number = 0;
	a->leg_ends[piece->fixes[0]] = number++;
	for (size_t i = 1; i <= piece->n_paths; i++) {
		size_t fix = piece->fixes[i];
		a->leg_ends[fix] = ROAD_NONE;
		if (i < piece->n_paths && !is_waypoint(a->r, a->chosen->asked[fix]))
			continue;
		a->leg_ends[fix] = number++;
		paths_as_one(sc, a->road, &piece->paths[from], i - from, &a->m->points[fix].point, &legs[n++]);
		from = i;
	}
	text_printf(a->t, "{\"confidence\":%.6f,", piece->confidence);
	struct text route;
	text_init(&route, sc);
	osrm_add_route(&route, a->road, a->r, legs, n);
	text_add(a->t, route.s + 1); /* the brace is there */
}

static void
add_tracepoint(struct answer *a, size_t fix)
{
	const struct road_match_point *p = &a->m->points[fix];
	if (!p->matched) {
		text_add(a->t, "null");
		return;
	}
	osrm_add_waypoint(a->t, a->road, &p->point);
	a->t->s[--a->t->len] = '\0'; /* its brace: more members follow */
	text_printf(a->t, ",\"matchings_index\":%u,\"waypoint_index\":", p->piece);
	if (a->leg_ends[fix] == ROAD_NONE)
		text_add(a->t, "null");
	else
		osrm_add_integer(a->t, a->leg_ends[fix]);
	text_add(a->t, ",\"alternatives_count\":0}");
}

static void
add_match(struct answer *a, size_t n_asked)
{
	text_add(a->t, "{\"code\":\"Ok\",\"matchings\":[");
	for (size_t i = 0; i < a->m->n_pieces; i++) {
		if (i > 0)
			text_add_char(a->t, ',');
		add_piece(a, &a->m->pieces[i]);
	}
	text_add(a->t, "],\"tracepoints\":[");
	size_t k = 0;
	for (size_t i = 0; i < n_asked; i++) {
		if (i > 0)
			text_add_char(a->t, ',');
		if (k < a->chosen->n && a->chosen->asked[k] == i)
			add_tracepoint(a, k++);
		else
			text_add(a->t, "null");
	}
	text_add(a->t, "]}");
}

enum code
osrm_match_json(struct scope *sc, const struct road *road, const struct road_metric *metric,
		const struct osrm_request *r, const struct road_fix *fixes, size_t n, char **json)
{
	struct road_match m;
	const struct chosen chosen = choose(sc, r, fixes, n);
	enum code rc = road_match(sc, road, metric, chosen.fixes, chosen.n, &m);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "NoMatch", "Could not match the trace.");
	if (rc == E_INVALID)
		return fail_as(sc, E_INVALID, "InvalidValue", "%s", scope_strdup(sc, sc->err.message));
	TRY(rc);
	if (r->whole)
		keep_longest(&m);
	struct text t;
	text_init(&t, sc);
	struct answer a = {.t = &t, .road = road, .r = r, .chosen = &chosen, .m = &m};
	a.leg_ends = NEW_ARRAY(sc, chosen.n, uint32_t);
	add_match(&a, n);
	*json = t.s;
	return OK;
}
