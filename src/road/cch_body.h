/* Customising, for one width of weights. Included by cch.c with
 *	WEIGHT		int32_t or int64_t
 *	NAME(x)		x with the width's suffix
 *	INFINITE	that width's infinity
 *	ARC_WEIGHT(ms, dm)	an arc's weight */

/* Every turn's weight into its chordal arc; the rest is infinite. */
static void
NAME(take_turns)(const struct road *road, const uint32_t *arc_ms, WEIGHT *up, WEIGHT *down)
{
	size_t n = road->n[SECTION_VERTEX];
	for (size_t v = 0; v < n; v++) {
		uint32_t arc = road->vertex[v].arc;
		uint32_t dm = road->segment[road->arc[arc].segment].length_dm;
		(void)dm;
		for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++) {
			if (road->turn_arc[e] == ROAD_NONE)
				continue;
			WEIGHT w = ARC_WEIGHT(arc_ms[arc] + road->turn[e].cost_ms, dm);
			WEIGHT *at = ((road->turn_arc[e] & 1) != 0 ? down : up) + (road->turn_arc[e] >> 1);
			if (w < *at)
				*at = w;
		}
	}
}

/* Lower triangles of one vertex y: for each x below it and each z above that x
 * also reaches, y → x → z and z → x → y. The weights of y's arcs lie in two
 * arrays by the depth of their heads while this goes on. */
static void
NAME(relax_vertex)(const struct road *road, uint32_t y, WEIGHT *up, WEIGHT *down, WEIGHT *by_up, WEIGHT *by_down)
{
	const uint32_t *depth = road->up_depth;
	uint32_t lo = road->up_first[y];
	uint32_t hi = road->up_first[y + 1];
	if (lo == hi)
		return;
	for (uint32_t e = lo; e < hi; e++) {
		by_up[depth[e]] = up[e];
		by_down[depth[e]] = down[e];
	}
	for (uint32_t i = road->down_first[y]; i < road->down_first[y + 1]; i++) {
		uint32_t xy = road->down[i];
		uint32_t end = road->up_first[road->up_tail[xy] + 1];
		WEIGHT to_x = down[xy];
		WEIGHT from_x = up[xy];
		if (to_x >= INFINITE && from_x >= INFINITE)
			continue;
		for (uint32_t e = xy + 1; e < end; e++) {
			WEIGHT a = to_x + up[e];
			WEIGHT b = from_x + down[e];
			uint32_t d = depth[e];
			by_up[d] = a < by_up[d] ? a : by_up[d];
			by_down[d] = b < by_down[d] ? b : by_down[d];
		}
	}
	for (uint32_t e = lo; e < hi; e++) {
		up[e] = by_up[depth[e]];
		down[e] = by_down[depth[e]];
	}
}

struct NAME(customising) {
	const struct road *road;
	WEIGHT *up, *down;
};

static void
NAME(relax_some)(void *arg, const uint32_t *ranks, uint32_t n)
{
	const struct NAME(customising) *c = arg;
	struct scope sc;
	scope_init(&sc);
	size_t deepest = c->road->head->max_depth + 1;
	WEIGHT *by_up = NEW_ARRAY(&sc, deepest, WEIGHT);
	WEIGHT *by_down = NEW_ARRAY(&sc, deepest, WEIGHT);
	for (uint32_t i = 0; i < n; i++)
		NAME(relax_vertex)(c->road, ranks[i], c->up, c->down, by_up, by_down);
	scope_release(&sc);
}

static void
NAME(customise)(const struct road *road, const uint32_t *arc_ms, unsigned threads, struct NAME(cch) * out)
{
	size_t m = road->n[SECTION_UP_HEAD];
	size_t room = 2 * m + (size_t)3 * LANES;
	WEIGHT *all = cch_allocate(room, sizeof(WEIGHT));
	for (size_t i = 0; i < room; i++)
		all[i] = INFINITE;
	*out = (struct NAME(cch)){.up = all + LANES, .down = all + m + (size_t)2 * LANES, .memory = all};
	NAME(take_turns)(road, arc_ms, out->up, out->down);
	struct NAME(customising) c = {road, out->up, out->down};
	tree_each(road, threads, NAME(relax_some), &c);
}
