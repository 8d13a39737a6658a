/* road/core: whole labels of the vertices at the top of the elimination tree.
 * Private to the room.
 *
 *	            root
 *	           / core \	each vertex has a *row*: its distances to all on
 *	          /________\	its path to the root, by depth
 *	         /\  /\  /\  /\
 *	        cells: subtrees without rows, of some thousand vertices
 *
 * What leaves a cell does so through the higher neighbours of the cell's topmost
 * vertex. So a point climbs through its cell, arc by arc, and reads on from the
 * rows of those few: its distance to an ancestor is the least sum of its distance
 * to one of them and that one's row. No arc between two vertices of the core is
 * looked at, and only as much of each row as both ends of a trip have in common.
 *
 * Rows are made with a metric's narrow weights, the root's first: a row is the
 * least over the vertex's arcs of the arc's weight and its head's row. */
#ifndef ROAD_CORE_H
#define ROAD_CORE_H

#include "road/cch.h"

/* Fills w->core from w->up and w->down. */
void core_make(const struct road *road, struct cch_narrow *w);

/* Bytes of the rows of one metric. */
size_t core_bytes(const struct road *road);

#endif
