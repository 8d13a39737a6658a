/* road/label: a point's distances to the vertices of its chain, the path from
 * its lowest vertex to the root of the elimination tree, indexed by depth.
 * Private to the room.
 *
 * Every shortest way goes up and then down in the order, and its highest vertex
 * lies on the chains of both ends. So the cost between two points is the least
 * sum of their labels over the common part of their chains, which is a common
 * prefix by depth: a minimum over two arrays. */
#ifndef ROAD_LABEL_H
#define ROAD_LABEL_H

#include "road/cch.h"
#include "road/dijkstra.h"

struct chain {
	uint32_t n;	/* its length: depth of the lowest vertex + 1 */
	uint32_t *rank; /* by depth, the root first */
};

/* The lowest vertex of a point's segment: all its others lie above on the chain. */
uint32_t label_lowest(const struct road *road, const struct road_point *p);
/* How many vertices the chains of two vertices share: a common prefix by depth. */
uint32_t label_common(const struct road *road, uint32_t a, uint32_t b);
/* Writes the chain of a vertex; ranks must have room for max_depth + 1. */
uint32_t label_chain(const struct road *road, uint32_t lowest, uint32_t *ranks);

/* by_depth[0 … n): the point's own vertices, all else infinite. n: its chain's length. */
void label_start_narrow(const struct road *road, const struct road_metric *metric, const struct road_point *p,
			bool leaves, uint32_t n, int32_t *by_depth);
void label_start_wide(const struct road *road, const struct road_metric *metric, const struct road_point *p,
		      bool leaves, uint32_t n, int64_t *by_depth);
/* Fills by_depth[0 … n) with the label as far as the vertices from depth n - 1
 * down to depth `stop` carry it; the rest up to the root is the caller's.
 * by_depth is from kernels_array. */
void label_fill_narrow(const struct road *road, const struct road_metric *metric, const struct road_point *p,
		       bool leaves, const uint32_t *chain, uint32_t n, uint32_t stop, int32_t *by_depth);
void label_fill_wide(const struct road *road, const struct road_metric *metric, const struct road_point *p, bool leaves,
		     const uint32_t *chain, uint32_t n, uint32_t stop, int64_t *by_depth);

/* Pairs whose cheapest "way" in label terms may be no way: the target lies
 * behind the source on the same arc. They are asked of Dijkstra, nearby. */
bool label_is_special(const struct road *road, const struct road_point *from, const struct road_point *to);

#endif
