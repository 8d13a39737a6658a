#include "road/label.h"

#define WEIGHT int32_t
#define NAME(x) x##_narrow
#define INFINITE NARROW_INFINITE
#define POINT_WEIGHT(ms, dm) ((int32_t)(ms))
#define WEIGHTS_OF cch_narrow_of
#include "road/label_body.h"
#undef WEIGHT
#undef NAME
#undef INFINITE
#undef POINT_WEIGHT
#undef WEIGHTS_OF

#define WEIGHT int64_t
#define NAME(x) x##_wide
#define INFINITE WIDE_INFINITE
#define POINT_WEIGHT(ms, dm) (((int64_t)(ms) << 32) + (dm))
#define WEIGHTS_OF cch_wide_of
#include "road/label_body.h"

uint32_t
label_lowest(const struct road *road, const struct road_point *p)
{
	uint32_t lowest = ROAD_NONE;
	for (uint32_t v = road->segment_vertex[p->segment]; v < road->segment_vertex[p->segment + 1]; v++)
		lowest = road->rank[v] < lowest ? road->rank[v] : lowest;
	return lowest;
}

uint32_t
label_chain(const struct road *road, uint32_t lowest, uint32_t *ranks)
{
	uint32_t n = road->depth[lowest] + 1;
	uint32_t d = n;
	for (uint32_t v = lowest; d > 0; v = road->parent[road->chain_end[v]])
		for (uint32_t w = v; w <= road->chain_end[v]; w++)
			ranks[--d] = w;
	return n;
}

uint32_t
label_common(const struct road *road, uint32_t a, uint32_t b)
{
	while (a != b) {
		uint32_t *low = a < b ? &a : &b;
		uint32_t high = a < b ? b : a;
		uint32_t end = road->chain_end[*low];
		*low = high <= end ? high : road->parent[end];
		if (*low == ROAD_NONE)
			return 0; /* two trees */
	}
	return road->depth[a] + 1;
}

bool
label_is_special(const struct road *road, const struct road_point *from, const struct road_point *to)
{
	if (from->segment != to->segment)
		return false;
	for (unsigned back = 0; back < 2; back++) {
		unsigned way = back != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
		uint32_t arc = road->segment[from->segment].arc[back];
		if (arc == ROAD_NONE || (from->leave & to->arrive & way) == 0)
			continue;
		if (road_arc_fraction(&road->arc[arc], to) < road_arc_fraction(&road->arc[arc], from))
			return true;
	}
	return false;
}
