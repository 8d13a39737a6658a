/* A label, for one width. Included by label.c with WEIGHT, NAME, INFINITE,
 * POINT_WEIGHT(ms, dm) and WEIGHTS_OF as in cch_body.h. */

void
NAME(label_start)(const struct road *road, const struct road_metric *metric, const struct road_point *p, bool leaves,
		  uint32_t n, WEIGHT *by_depth)
{
	for (uint32_t d = 0; d < n; d++)
		by_depth[d] = INFINITE;
	uint32_t dm = road->segment[p->segment].length_dm;
	(void)dm;
	for (uint32_t v = road->segment_vertex[p->segment]; v < road->segment_vertex[p->segment + 1]; v++) {
		if (leaves ? !point_leaves_by(road, p, v) : !point_arrives_by(road, p, v))
			continue;
		uint32_t arc = road->vertex[v].arc;
		uint32_t f = road_arc_fraction(&road->arc[arc], p);
		WEIGHT part = POINT_WEIGHT(road_part(metric->arc_ms[arc], f), road_part(dm, f));
		WEIGHT *at = &by_depth[road->depth[road->rank[v]]];
		part = leaves ? -part : part;
		*at = part < *at ? part : *at;
	}
}

void
NAME(label_fill)(const struct road *road, const struct road_metric *metric, const struct road_point *p, bool leaves,
		 const uint32_t *chain, uint32_t n, uint32_t stop, WEIGHT *by_depth)
{
	const WEIGHT *weight = leaves ? WEIGHTS_OF(road, metric)->up : WEIGHTS_OF(road, metric)->down;
	NAME(label_start)(road, metric, p, leaves, n, by_depth);
	kernels_pick()->NAME(climb)(road, chain, n, stop, weight, by_depth);
}
