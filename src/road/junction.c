#include "road/junction.h"

#include <math.h>

#include "road/dijkstra.h"

#define LOOK_M 8.0 /* along a street: junctions have stubs */

double
junction_angle(double before_deg, double after_deg)
{
	return fmod(after_deg - before_deg + 540, 360) - 180;
}

/* Seen from one end of a segment: where it leads. */
static double
leaving_bearing(const struct road *road, const struct road_segment *s, unsigned end)
{
	const struct place *p = road->shape + s->shape;
	uint32_t last = s->n_shape - 1;
	uint32_t at = end != 0 ? last : 0;
	uint32_t k = at;
	struct plane plane;
	struct metres m;
	plane_init(&plane, p[at]);
	do {
		k = end != 0 ? k - 1 : k + 1;
		m = plane_project(&plane, p[k]);
	} while (k != 0 && k != last && m.x * m.x + m.y * m.y < LOOK_M * LOOK_M);
	double deg = atan2(m.x, m.y) * (180 / M_PI);
	return deg < 0 ? deg + 360 : deg;
}

double
junction_bearing(const struct road *road, uint32_t arc, bool at_end)
{
	const struct road_arc *a = &road->arc[arc];
	const struct road_segment *s = &road->segment[a->segment];
	if (!at_end)
		return leaving_bearing(road, s, a->backward);
	return fmod(leaving_bearing(road, s, 1 - a->backward) + 180, 360);
}

static bool
may_turn(const struct road *road, uint32_t vertex, uint32_t arc)
{
	for (uint32_t e = road->turn_first[vertex]; e < road->turn_first[vertex + 1]; e++)
		if (road->vertex[road->turn[e].to].arc == arc)
			return true;
	return false;
}

/* Keeps the clockwise order; in and out stay whatever else there is no room for. */
static void
add_road(struct junction *j, const struct junction_road *r, bool is_in, bool is_out)
{
	if (j->n == JUNCTION_ROADS_MAX) {
		if (!is_in && !is_out)
			return;
		do
			j->n--;
		while (j->n == j->in || j->n == j->out);
		for (uint32_t i = j->n; i + 1 < JUNCTION_ROADS_MAX; i++)
			j->road[i] = j->road[i + 1];
		j->in -= j->in != ROAD_NONE && j->in > j->n;
		j->out -= j->out != ROAD_NONE && j->out > j->n;
		j->n = JUNCTION_ROADS_MAX - 1;
	}
	uint32_t at = j->n++;
	for (; at > 0 && j->road[at - 1].bearing > r->bearing; at--)
		j->road[at] = j->road[at - 1];
	j->road[at] = *r;
	j->in += j->in != ROAD_NONE && j->in >= at;
	j->out += j->out != ROAD_NONE && j->out >= at;
	if (is_in)
		j->in = at;
	if (is_out)
		j->out = at;
}

void
junction_read(const struct road *road, uint32_t from, uint32_t to, struct junction *out)
{
	uint32_t node = road->arc[from].head;
	uint32_t vertex = plain_vertex(road, from);
	struct junction *j = out;
	j->n = 0;
	j->in = j->out = ROAD_NONE;
	for (uint32_t i = road->node_first[node]; i < road->node_first[node + 1]; i++) {
		uint32_t segment = road->node_segment[i];
		const struct road_segment *s = &road->segment[segment];
		/* a loop stands here twice in a row: once for each of its ends */
		bool again = i > road->node_first[node] && road->node_segment[i - 1] == segment;
		unsigned end = again || s->node[0] != node;
		uint32_t arc = s->arc[end];
		const struct junction_road r = {.arc = arc,
						.segment = segment,
						.bearing = (int16_t)((long)lround(leaving_bearing(road, s, end)) % 360),
						.open = arc != ROAD_NONE && may_turn(road, vertex, arc)};
		bool is_in = segment == road->arc[from].segment && end != road->arc[from].backward;
		add_road(j, &r, is_in, arc == to);
	}
}
