#include "road/junction.h"

double
junction_angle(double before_deg, double after_deg)
{
	double angle = after_deg - before_deg;
	return angle >= 180 ? angle - 360 : angle < -180 ? angle + 360 : angle;
}

void
junction_read(const struct road *road, uint32_t from, uint32_t to, struct junction *out)
{
	const struct road_arc *a = &road->arc[from];
	uint32_t first = road->node_first[a->head];
	struct junction j = {.spoke = road->spoke + first, .n = road->node_first[a->head + 1] - first};
	j.open = road->arc_open[from];
	j.in = j.out = ROAD_NONE;
	for (uint32_t i = 0; i < j.n; i++) {
		const struct road_spoke *s = &j.spoke[i];
		if (s->segment == a->segment && s->end != a->backward)
			j.in = i;
		if (s->arc == to)
			j.out = i;
	}
	*out = j;
}

double
junction_before(const struct junction *j)
{
	unsigned cdeg = (j->spoke[j->in].bearing_cdeg + SPOKE_CIRCLE / 2u) % SPOKE_CIRCLE;
	return cdeg * 0.01;
}

double
junction_after(const struct junction *j)
{
	return j->spoke[j->out].bearing_cdeg * 0.01;
}
