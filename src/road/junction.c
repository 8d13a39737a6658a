#include "road/junction.h"

#include <math.h>

#include "road/dijkstra.h"

#define LOOK_M 8.0 /* along a street: junctions have stubs */

double
junction_angle(double before_deg, double after_deg)
{
	return fmod(after_deg - before_deg + 540, 360) - 180;
}

/* atan() of 0 … 1 by a polynomial (Abramowitz, Stegun 4.4.49), good to 1e-5: there
 * are some six bearings for each junction of a way. */
double
heading_deg(struct metres m)
{
	double x = fabs(m.x);
	double y = fabs(m.y);
	double most = x > y ? x : y;
	if (most == 0)
		return 0;
	double z = (x > y ? y : x) / most;
	double q = z * z;
	double rad = z * (0.9998660 + q * (-0.3302995 + q * (0.1801410 + q * (-0.0851330 + q * 0.0208351))));
	double deg = rad * (180 / M_PI);
	deg = x > y ? 90 - deg : deg; /* from north, in the first quarter */
	deg = m.y < 0 ? 180 - deg : deg;
	deg = m.x < 0 ? 360 - deg : deg;
	return deg >= 360 ? 0 : deg;
}

/* Seen from one end of a segment: where it leads. */
static struct metres
leaving(const struct road *road, const struct plane *plane, const struct road_segment *s, unsigned end)
{
	const struct place *p = road->shape + s->shape;
	uint32_t last = s->n_shape - 1;
	uint32_t at = end != 0 ? last : 0;
	uint32_t k = at;
	struct metres from = plane_project(plane, p[at]);
	struct metres m;
	do {
		k = end != 0 ? k - 1 : k + 1;
		m = plane_project(plane, p[k]);
		m.x -= from.x;
		m.y -= from.y;
	} while (k != 0 && k != last && m.x * m.x + m.y * m.y < LOOK_M * LOOK_M);
	return m;
}

struct metres
junction_heading(const struct road *road, const struct plane *plane, uint32_t arc, bool at_end)
{
	const struct road_arc *a = &road->arc[arc];
	const struct road_segment *s = &road->segment[a->segment];
	if (!at_end)
		return leaving(road, plane, s, a->backward);
	struct metres back = leaving(road, plane, s, 1 - a->backward);
	return (struct metres){-back.x, -back.y};
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
junction_read(const struct road *road, const struct plane *plane, uint32_t from, uint32_t to, struct junction *out)
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
		const struct junction_road r = {
		    .arc = arc,
		    .segment = segment,
		    .bearing = (int16_t)((long)(heading_deg(leaving(road, plane, s, end)) + 0.5) % 360),
		    .open = arc != ROAD_NONE && may_turn(road, vertex, arc)};
		bool is_in = segment == road->arc[from].segment && end != road->arc[from].backward;
		add_road(j, &r, is_in, arc == to);
	}
}
