/* road/dijkstra: the plain turn-aware search. It is the yardstick: every other
 * query must give its numbers. Private to the room.
 *
 * What a trip costs, for every engine here: let part(w, f) be the share of an
 * arc's duration w before a fraction f of it. From a point at f on arc a to a
 * point at g on arc b
 *	- on the same arc with g not before f: part(w, g) - part(w, f);
 *	- else w(a) - part(w(a), f), then turns and whole arcs, then part(w(b), g).
 * The least over the arcs the two points may leave and arrive by; of equally
 * fast ways the shortest counts. */
#ifndef ROAD_DIJKSTRA_H
#define ROAD_DIJKSTRA_H

#include "road/metric.h"

struct trip {
	uint32_t cost_ms;   /* ROAD_INFINITE: no way */
	uint32_t *vertices; /* first and last are the points' own arcs */
	size_t n;
};

struct dijkstra {
	const struct road *road;
	const struct road_metric *metric;
	uint32_t *cost;	  /* until the vertex's arc begins */
	uint32_t *parent; /* vertex before; ROAD_NONE: none */
	uint32_t *distance_dm;
	uint32_t *heap, *place_in_heap;
	uint32_t *touched;
	uint8_t *wanted;
	uint32_t n_heap, n_touched, n_wanted;
	uint32_t bound;	   /* a run looks no further than this, ms */
	uint32_t bound_dm; /* nor further than this along any way */
};

void dijkstra_init(struct dijkstra *d, struct scope *sc, const struct road *road, const struct road_metric *metric);
/* Marks what must be settled before a run may stop. */
void dijkstra_want(struct dijkstra *d, const struct road_point *to);
void dijkstra_unwant(struct dijkstra *d, const struct road_point *to);
void dijkstra_run(struct dijkstra *d, const struct road_point *from);
/* After a run: cost in ms or ROAD_INFINITE; *distance_dm along it; *last the
 * vertex arrived on, ROAD_NONE where the trip stays on its first arc. */
uint32_t dijkstra_read(const struct dijkstra *d, const struct road_point *from, const struct road_point *to,
		       uint32_t *distance_dm, uint32_t *last);
/* One pair, looking no further than the way along its own arc. */
uint32_t dijkstra_pair(struct dijkstra *d, const struct road_point *from, const struct road_point *to,
		       uint32_t *distance_dm);
void dijkstra_trip(struct dijkstra *d, struct scope *sc, const struct road_point *from, const struct road_point *to,
		   struct trip *out);

/* The trip that stays on one arc; ROAD_INFINITE where there is none. *arc: which. */
uint32_t direct_cost(const struct road *road, const struct road_metric *metric, const struct road_point *from,
		     const struct road_point *to, uint32_t *distance_dm, uint32_t *arc);
/* The vertex of an arc where a trip may begin and that is its plain one. */
uint32_t plain_vertex(const struct road *road, uint32_t arc);

/* v runs over the vertices of a point's segment that it may leave by / arrive by. */
static inline bool
point_leaves_by(const struct road *road, const struct road_point *p, uint32_t v)
{
	const struct road_vertex *x = &road->vertex[v];
	unsigned way = road->arc[x->arc].backward != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
	return (x->flags & VERTEX_START) != 0 && (p->leave & way) != 0;
}
static inline bool
point_arrives_by(const struct road *road, const struct road_point *p, uint32_t v)
{
	const struct road_vertex *x = &road->vertex[v];
	unsigned way = road->arc[x->arc].backward != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
	return (x->flags & VERTEX_END) != 0 && (p->arrive & way) != 0;
}

#endif
