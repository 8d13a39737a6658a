/* Turn restrictions, at a node and over a way, against a search that remembers
 * the last two arcs and reads the restrictions as they are written. */
#include "road/town.h"

#include "road/dijkstra.h"

#define SIDE 5
#define RULES_MAX 40

struct rule {
	int64_t ways[3];
	int n; /* 2: at a node; 3: over a way */
	bool only;
};

struct maze {
	struct scope sc;
	struct prng prng;
	struct road *road;
	struct rule rules[RULES_MAX];
	int n_rules;
	uint32_t *cost; /* per pair of arcs: the last but one (or none), the last; until the last begins */
};

static int
node_id(int x, int y)
{
	return 1 + y * SIDE + x;
}

/* The way of a grid edge: between (x, y) and its right (d = 0) or upper neighbour. */
static int64_t
way_id(int x, int y, int d)
{
	return 1000 + (y * SIDE + x) * 2 + d;
}

/* A random step from a crossing; false at the town's edge. */
static bool
step(struct prng *prng, int *x, int *y, int64_t *way)
{
	int d = (int)prng_below(prng, 2);
	int back = (int)prng_below(prng, 2);
	int to_x = *x + (d == 0 ? 1 - 2 * back : 0);
	int to_y = *y + (d == 1 ? 1 - 2 * back : 0);
	if (to_x < 0 || to_y < 0 || to_x >= SIDE || to_y >= SIDE)
		return false;
	*way = way_id(to_x < *x ? to_x : *x, to_y < *y ? to_y : *y, d);
	*x = to_x;
	*y = to_y;
	return true;
}

static void
add_rule(struct maze *m, struct text *t)
{
	struct rule r = {.n = 2 + (int)prng_below(&m->prng, 2), .only = prng_below(&m->prng, 4) == 0};
	int x = (int)prng_below(&m->prng, SIDE);
	int y = (int)prng_below(&m->prng, SIDE);
	int via = 0;
	for (int i = 0; i < r.n; i++) {
		via = i == 1 ? node_id(x, y) : via;
		if (!step(&m->prng, &x, &y, &r.ways[i]))
			return;
		for (int k = 0; k < i; k++)
			if (r.ways[k] == r.ways[i])
				return;
	}
	text_printf(t, "<relation id=\"%d\"><member type=\"way\" ref=\"%" PRId64 "\" role=\"from\"/>", m->n_rules + 1,
		    r.ways[0]);
	if (r.n == 2)
		text_printf(t, "<member type=\"node\" ref=\"%d\" role=\"via\"/>", via);
	else
		text_printf(t, "<member type=\"way\" ref=\"%" PRId64 "\" role=\"via\"/>", r.ways[1]);
	text_printf(t,
		    "<member type=\"way\" ref=\"%" PRId64 "\" role=\"to\"/><tag k=\"type\" v=\"restriction\"/>"
		    "<tag k=\"restriction\" v=\"%s\"/></relation>\n",
		    r.ways[r.n - 1], r.only ? "only_straight_on" : "no_left_turn");
	m->rules[m->n_rules++] = r;
}

static const char *
maze_xml(struct maze *m)
{
	struct text t;
	text_init(&t, &m->sc);
	text_add(&t, "<osm version=\"0.6\">\n");
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++)
			text_printf(&t, "<node id=\"%d\" lat=\"%.7f\" lon=\"%.7f\"/>\n", node_id(x, y),
				    TOWN_LAT + y * TOWN_STEP, TOWN_LON + x * TOWN_STEP);
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++)
			for (int d = 0; d < 2; d++)
				if ((d == 0 ? x : y) + 1 < SIDE)
					text_printf(&t,
						    "<way id=\"%" PRId64 "\"><nd ref=\"%d\"/><nd ref=\"%d\"/>"
						    "<tag k=\"highway\" v=\"%s\"/></way>\n",
						    way_id(x, y, d), node_id(x, y), node_id(x + (d == 0), y + (d == 1)),
						    prng_below(&m->prng, 3) == 0 ? "tertiary" : "residential");
	while (m->n_rules < RULES_MAX)
		add_rule(m, &t);
	text_add(&t, "</osm>\n");
	return t.s;
}

/* --- the search ------------------------------------------------------------------ */

static int64_t
way_of(const struct maze *m, uint32_t arc)
{
	return m->road->way[m->road->segment[m->road->arc[arc].segment].way].osm_id;
}

static bool
follows(const struct maze *m, uint32_t a, uint32_t b)
{
	return m->road->arc[a].head == m->road->arc[b].tail;
}

/* Is there an arc of this way to take after a? Else an "only" cannot be meant. */
static bool
leads_to(const struct maze *m, uint32_t a, int64_t way)
{
	for (uint32_t b = 0; b < m->road->n[SECTION_ARC]; b++)
		if (follows(m, a, b) && way_of(m, b) == way && m->road->arc[a].segment != m->road->arc[b].segment)
			return true;
	return false;
}

static bool
is_allowed(const struct maze *m, uint32_t before, uint32_t a, uint32_t b)
{
	for (int i = 0; i < m->n_rules; i++) {
		const struct rule *r = &m->rules[i];
		bool here = way_of(m, a) == r->ways[r->n - 2];
		if (r->n == 3)
			here = here && before != ROAD_NONE && way_of(m, before) == r->ways[0];
		if (here && leads_to(m, a, r->ways[r->n - 1]) && (way_of(m, b) == r->ways[r->n - 1]) != r->only)
			return false;
	}
	return true;
}

static uint32_t
turn_cost(const struct maze *m, uint32_t a, uint32_t b)
{
	uint32_t most = 0;
	for (uint32_t v = 0; v < m->road->n[SECTION_VERTEX]; v++)
		for (uint32_t e = m->road->turn_first[v]; e < m->road->turn_first[v + 1]; e++)
			if (m->road->vertex[v].arc == a && m->road->vertex[m->road->turn[e].to].arc == b &&
			    m->road->turn[e].cost_ms > most)
				most = m->road->turn[e].cost_ms;
	return most;
}

static void
relax(struct maze *m, uint32_t before, uint32_t a, uint32_t at_end, bool *changed)
{
	size_t n = m->road->n[SECTION_ARC];
	size_t choices = 0;
	for (uint32_t b = 0; b < n; b++)
		choices += follows(m, a, b) && m->road->arc[a].segment != m->road->arc[b].segment &&
			   is_allowed(m, before, a, b);
	for (uint32_t b = 0; b < n; b++) {
		bool back = m->road->arc[a].segment == m->road->arc[b].segment;
		if (!follows(m, a, b) || !is_allowed(m, before, a, b) || back != (choices == 0))
			continue;
		uint32_t cost = at_end + (choices == 1 ? 0 : turn_cost(m, a, b));
		uint32_t *c = &m->cost[(a + 1) * n + b];
		if (cost < *c) {
			*c = cost;
			*changed = true;
		}
	}
}

static void
search(struct maze *m, const struct road_point *from)
{
	size_t n = m->road->n[SECTION_ARC];
	for (size_t i = 0; i < (n + 1) * n; i++)
		m->cost[i] = UINT32_MAX;
	bool changed = true;
	for (uint32_t d = 0; d < 2; d++) {
		uint32_t a = m->road->segment[from->segment].arc[d];
		if (a == ROAD_NONE || (from->leave & 1u << d) == 0)
			continue;
		uint32_t ms = m->road->arc_ms[a];
		relax(m, ROAD_NONE, a, ms - road_part(ms, road_arc_fraction(&m->road->arc[a], from)), &changed);
	}
	while (changed) {
		changed = false;
		for (uint32_t before = 0; before < n; before++)
			for (uint32_t a = 0; a < n; a++)
				if (m->cost[(before + 1) * n + a] != UINT32_MAX)
					relax(m, before, a, m->cost[(before + 1) * n + a] + m->road->arc_ms[a],
					      &changed);
	}
}

static uint32_t
read_cost(const struct maze *m, const struct road_point *from, const struct road_point *to)
{
	size_t n = m->road->n[SECTION_ARC];
	uint32_t dm;
	uint32_t arc;
	uint32_t best = direct_cost(m->road, road_metric_or_base(m->road, NULL), from, to, &dm, &arc);
	for (uint32_t d = 0; d < 2; d++) {
		uint32_t b = m->road->segment[to->segment].arc[d];
		if (b == ROAD_NONE || (to->arrive & 1u << d) == 0)
			continue;
		uint32_t part = road_part(m->road->arc_ms[b], road_arc_fraction(&m->road->arc[b], to));
		for (uint32_t before = 0; before <= n; before++)
			if (m->cost[before * n + b] != UINT32_MAX && m->cost[before * n + b] + part < best)
				best = m->cost[before * n + b] + part;
	}
	return best;
}

static void
check_maze(uint64_t seed)
{
	struct maze m = {0};
	scope_init(&m.sc);
	prng_seed(&m.prng, seed);
	const char *xml = maze_xml(&m);
	struct road_import_report report;
	assert_ok(&m.sc, town_open_bytes(&m.sc, xml, strlen(xml), "van", &m.road, &report));
	assert_true(report.restrictions_used > 10);
	size_t n = m.road->n[SECTION_ARC];
	m.cost = NEW_ARRAY(&m.sc, (n + 1) * n, uint32_t);
	enum { N = 10 };
	struct road_point p[N];
	for (int i = 0; i < N; i++) {
		struct place at = {(int32_t)((TOWN_LAT + prng_unit(&m.prng) * (SIDE - 1) * TOWN_STEP) * 1e7),
				   (int32_t)((TOWN_LON + prng_unit(&m.prng) * (SIDE - 1) * TOWN_STEP) * 1e7)};
		assert_ok(&m.sc, road_snap(&m.sc, m.road, at, 2000, &p[i]));
	}
	struct road_matrix matrix;
	assert_ok(&m.sc, road_matrix_of_points(&m.sc, m.road, NULL, p, 4, p, N, false, &matrix));
	for (int i = 0; i < 4; i++) {
		search(&m, &p[i]);
		for (int k = 0; k < N; k++) {
			uint32_t truth = read_cost(&m, &p[i], &p[k]);
			int32_t want = truth >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((truth + 50) / 100);
			if (matrix.duration_ds[i * N + k] != want)
				fail_msg("seed %" PRIu64 ": %d to %d takes %d ds, not %d", seed, i, k,
					 matrix.duration_ds[i * N + k], want);
		}
	}
	road_close(m.road);
	scope_release(&m.sc);
}

static void
restrictions_hold_on_every_way(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		check_maze(seed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(restrictions_hold_on_every_way)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
