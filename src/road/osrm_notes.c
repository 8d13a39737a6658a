/* Annotations: what is known between each two neighbouring points of a leg. */
#include <math.h>

#include "base/text.h"
#include "road/osrm.h"

static void
add_stretches(struct text *t, const struct road_path *path, unsigned note)
{
	bool first = true;
	text_add_char(t, '[');
	for (size_t i = 0; i < path->n_legs; i++) {
		const struct road_leg *l = &path->legs[i];
		const struct place *p = path->shape + l->first_shape;
		double speed = l->duration_ms > 0 ? l->distance_m * 1000 / l->duration_ms : 0;
		for (size_t k = 0; k + 1 < l->n_shape; k++) {
			double d = place_distance_m(p[k], p[k + 1]);
			if (!first)
				text_add_char(t, ',');
			first = false;
			if (note == OSRM_NOTE_DATASOURCES)
				text_add_char(t, '0');
			else
				osrm_add_number(t, note == OSRM_NOTE_DISTANCE ? d
						   : note == OSRM_NOTE_SPEED  ? speed
						   : speed > 0		      ? d / speed
									      : 0);
		}
	}
	text_add_char(t, ']');
}

/* --- nodes ------------------------------------------------------------------------ */

/* The i-th point of an arc in its own direction, as an index of the road's shape. */
static size_t
arc_point(const struct road *road, const struct road_leg *l, size_t i)
{
	const struct road_arc *a = &road->arc[l->arc];
	const struct road_segment *s = &road->segment[a->segment];
	return s->shape + (a->backward != 0 ? s->n_shape - 1 - i : i);
}

/* Between which two points of its arc a place lies: the first of them. */
static size_t
piece_of(const struct road *road, const struct road_leg *l, struct place at)
{
	size_t n = road->segment[road->arc[l->arc].segment].n_shape;
	size_t best = 0;
	double least = INFINITY;
	struct plane plane;
	plane_init(&plane, at);
	for (size_t i = 0; i + 1 < n; i++) {
		double t;
		double d =
		    segment_distance_m((struct metres){0, 0}, plane_project(&plane, road->shape[arc_point(road, l, i)]),
				       plane_project(&plane, road->shape[arc_point(road, l, i + 1)]), &t);
		if (d < least) {
			least = d;
			best = i;
		}
	}
	return best;
}

static bool
same_place(struct place a, struct place b)
{
	return a.lat_e7 == b.lat_e7 && a.lon_e7 == b.lon_e7;
}

/* The nodes of a leg's points: an arc's own, and for a point between two of them
 * the one behind it where the leg begins and the one ahead where it ends. Of
 * several nodes in one place only one is a point of the path. */
static void
leg_nodes(const struct road *road, const struct road_path *path, const struct road_leg *l, int64_t *node)
{
	size_t last = road->segment[road->arc[l->arc].segment].n_shape - 1;
	const struct place *p = path->shape + l->first_shape;
	size_t at = piece_of(road, l, p[0]);
	if (at + 1 < last && same_place(road->shape[arc_point(road, l, at + 1)], p[0]))
		at++;
	node[l->first_shape] = road->shape_node[arc_point(road, l, at)];
	for (size_t k = 1; k < l->n_shape; k++) {
		at += at < last;
		while (at < last && k + 1 < l->n_shape && !same_place(road->shape[arc_point(road, l, at)], p[k]))
			at++;
		node[l->first_shape + k] = road->shape_node[arc_point(road, l, at)];
	}
}

static void
add_nodes(struct text *t, const struct road *road, const struct road_path *path)
{
	int64_t *node = NEW_ARRAY(t->sc, path->n_shape, int64_t);
	for (size_t i = 0; i < path->n_legs; i++)
		if (path->legs[i].n_shape > 1)
			leg_nodes(road, path, &path->legs[i], node);
	text_add(t, "\"nodes\":[");
	for (size_t i = 0; i < path->n_shape; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_integer(t, node[i]);
	}
	text_add_char(t, ']');
}

void
osrm_add_notes(struct text *t, const struct road *road, const struct road_path *path, unsigned notes)
{
	static const struct {
		unsigned note;
		const char *key;
	} keys[] = {{OSRM_NOTE_DURATION, "\"duration\":"},
		    {OSRM_NOTE_DISTANCE, "\"distance\":"},
		    {OSRM_NOTE_SPEED, "\"speed\":"},
		    {OSRM_NOTE_WEIGHT, "\"weight\":"},
		    {OSRM_NOTE_DATASOURCES, "\"datasources\":"}};
	text_add(t, ",\"annotation\":{\"metadata\":{\"datasource_names\":[\"extract\"]}");
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if ((notes & keys[i].note) == 0)
			continue;
		text_add_char(t, ',');
		text_add(t, keys[i].key);
		add_stretches(t, path, keys[i].note);
	}
	if ((notes & OSRM_NOTE_NODES) != 0 && road->n[SECTION_SHAPE_NODE] > 0) {
		text_add_char(t, ',');
		add_nodes(t, road, path);
	}
	text_add_char(t, '}');
}
