/* Customising, for one width of weights. Included by cch.c with
 *	WEIGHT		int32_t or int64_t
 *	NAME(x)		x with the width's suffix
 *	INFINITE	that width's infinity
 *	ARC_WEIGHT(ms, dm)	an arc's weight */

/* Every turn's weight into its chordal arc; the rest is infinite. */
static void
NAME(take_turns)(const struct road *road, const uint32_t *arc_ms, WEIGHT *up, WEIGHT *down)
{
	size_t m = road->n[SECTION_UP_HEAD];
	for (size_t e = 0; e < m; e++)
		up[e] = down[e] = INFINITE;
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
NAME(relax_vertex)(const struct road *road, uint32_t y, WEIGHT *up, WEIGHT *down, WEIGHT *by_depth_up,
		   WEIGHT *by_depth_down)
{
	const uint32_t *depth = road->up_depth;
	uint32_t lo = road->up_first[y];
	uint32_t hi = road->up_first[y + 1];
	if (lo == hi)
		return;
	for (uint32_t e = lo; e < hi; e++) {
		by_depth_up[depth[e]] = up[e];
		by_depth_down[depth[e]] = down[e];
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
			by_depth_up[d] = a < by_depth_up[d] ? a : by_depth_up[d];
			by_depth_down[d] = b < by_depth_down[d] ? b : by_depth_down[d];
		}
	}
	for (uint32_t e = lo; e < hi; e++) {
		up[e] = by_depth_up[depth[e]];
		down[e] = by_depth_down[depth[e]];
	}
}

static void
NAME(customise)(const struct road *road, const uint32_t *arc_ms, WEIGHT **up, WEIGHT **down)
{
	size_t m = road->n[SECTION_UP_HEAD];
	size_t n = road->n[SECTION_VERTEX];
	*up = allocate(m + 1, sizeof(WEIGHT));
	*down = allocate(m + 1, sizeof(WEIGHT));
	WEIGHT *by_depth = allocate(2 * (size_t)road->head->max_depth + 4, sizeof(WEIGHT));
	NAME(take_turns)(road, arc_ms, *up, *down);
	for (uint32_t y = 0; y < n; y++)
		NAME(relax_vertex)(road, y, *up, *down, by_depth, by_depth + road->head->max_depth + 2);
	free(by_depth);
}
