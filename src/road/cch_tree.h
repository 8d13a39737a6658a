/* road/cch_tree: work over the elimination tree, children before their parents,
 * by several threads. Private to the room.
 *
 * A vertex's work may read what its descendants' work wrote, and writes what is
 * its own; vertices in different subtrees do not meet. So small subtrees are
 * tasks, and so is each chain of vertices above them up to where two chains join.
 * A task begins when those below it are done. */
#ifndef ROAD_CCH_TREE_H
#define ROAD_CCH_TREE_H

#include "road/road_map.h"

/* The ranks of a task, rising. */
typedef void tree_work(void *arg, const uint32_t *ranks, uint32_t n);

/* Every vertex once. threads: how many work at it, the caller among them; fewer
 * where the system gives no more. Each task runs in one thread. */
void tree_each(const struct road *road, unsigned threads, tree_work *work, void *arg);

#endif
