/* road/climb: one end of a trip, from its vertices up to all that the other end
 * may share with it: through its cell arc by arc, then by the core's rows
 * (core.h). Private to the room. */
#ifndef ROAD_CLIMB_H
#define ROAD_CLIMB_H

#include "road/core.h"
#include "road/label.h"

/* A vertex of the core that is reached without any other one of it. */
struct climb_entry {
	uint32_t rank;
	int32_t ms;
};

struct climb {
	const int32_t *weight, *rows;
	uint32_t lowest; /* rank */
	uint32_t n;	 /* its depth + 1 */
	uint32_t cell;	 /* from this depth on the chain lies in the point's cell */
	uint32_t *chain; /* ranks, from that depth on */
	/* The label: in the cell, and below the depth that climb_core was told. */
	int32_t *by_depth;
	int32_t *last; /* the arc out of a vertex of the cell that brought the value; -1: none; NULL: not asked for */
	struct climb_entry *entry;
	uint32_t n_entries;
};

/* The chain of a point's cell. */
void climb_begin(struct climb *c, struct scope *sc, const struct road *road, const struct road_metric *metric,
		 const struct road_point *p, bool leaves);
/* Then through it. keep_way: for climb_way. */
void climb_cell(struct climb *c, struct scope *sc, const struct road *road, const struct road_metric *metric,
		const struct road_point *p, bool leaves, bool keep_way);
/* common: of this climb's chain and the other's (label_common). */
void climb_core(const struct climb *c, const struct road *road, uint32_t common);
/* The arcs between the point and the chain's vertex at a depth, the topmost first;
 * there is room for n of them. *first: the rank of the point's own vertex. */
uint32_t climb_way(const struct climb *c, const struct road *road, uint32_t depth, uint32_t *arcs, uint32_t *first);

#endif
