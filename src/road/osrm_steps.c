/* Steps as OSRM writes them: a manoeuvre, and every junction passed until the
 * next one with the bearings of its streets. */
#include "base/text.h"
#include "road/junction.h"
#include "road/osrm.h"

static const char *const kinds[] = {
    [ROAD_DEPART] = "depart",
    [ROAD_ARRIVE] = "arrive",
    [ROAD_TURN] = "turn",
    [ROAD_CONTINUE] = "continue",
    [ROAD_NEW_NAME] = "new name",
    [ROAD_END_OF_ROAD] = "end of road",
    [ROAD_FORK] = "fork",
    [ROAD_MERGE] = "merge",
    [ROAD_ON_RAMP] = "on ramp",
    [ROAD_OFF_RAMP] = "off ramp",
    [ROAD_ROUNDABOUT] = "roundabout",
    [ROAD_ROTARY] = "rotary",
    [ROAD_EXIT_ROUNDABOUT] = "exit roundabout",
    [ROAD_EXIT_ROTARY] = "exit rotary",
    [ROAD_FERRY] = "notification",
};

static const char *const headings[] = {
    [ROAD_AHEAD] = "straight",
    [ROAD_SLIGHT_LEFT] = "slight left",
    [ROAD_SLIGHT_RIGHT] = "slight right",
    [ROAD_LEFT] = "left",
    [ROAD_RIGHT] = "right",
    [ROAD_SHARP_LEFT] = "sharp left",
    [ROAD_SHARP_RIGHT] = "sharp right",
    [ROAD_BACK] = "uturn",
    [ROAD_NO_HEADING] = NULL,
};

static const struct road_way *
way_of_arc(const struct road *road, uint32_t arc)
{
	return &road->way[road->segment[road->arc[arc].segment].way];
}

static void
add_manoeuvre(struct text *t, const struct road_path *path, const struct road_step *s)
{
	text_add(t, "\"maneuver\":{\"bearing_after\":");
	osrm_add_integer(t, s->bearing_after);
	text_add(t, ",\"bearing_before\":");
	osrm_add_integer(t, s->bearing_before);
	text_add(t, ",\"location\":");
	osrm_add_location(t, path->shape[s->first_shape]);
	if (headings[s->heading] != NULL) {
		text_add(t, ",\"modifier\":");
		osrm_add_string(t, headings[s->heading]);
	}
	if (s->exit != 0) {
		text_add(t, ",\"exit\":");
		osrm_add_integer(t, s->exit);
	}
	text_add(t, ",\"type\":");
	osrm_add_string(t, kinds[s->manoeuvre]);
	text_add_char(t, '}');
}

/* --- junctions ------------------------------------------------------------------- */

static void
add_classes(struct text *t, const struct road_way *w)
{
	const char *class = w->class == CLASS_MOTORWAY || w->class == CLASS_MOTORWAY_LINK ? "motorway"
			    : w->class == CLASS_FERRY					  ? "ferry"
			    : (w->flags & WAY_TUNNEL) != 0				  ? "tunnel"
			    : (w->flags & WAY_TRIP_ENDS) != 0				  ? "restricted"
											  : NULL;
	if (class == NULL)
		return;
	text_add(t, ",\"classes\":[");
	osrm_add_string(t, class);
	text_add_char(t, ']');
}

static void
add_junction(struct text *t, const struct road *road, const struct road_path *path, size_t leg,
	     const struct junction *j)
{
	text_add(t, "{\"location\":");
	osrm_add_location(t, path->shape[path->legs[leg].first_shape]);
	text_add(t, ",\"bearings\":[");
	for (uint32_t i = 0; i < j->n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_integer(t, j->road[i].bearing);
	}
	text_add(t, "],\"entry\":[");
	for (uint32_t i = 0; i < j->n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		text_add(t, j->road[i].open ? "true" : "false");
	}
	text_add(t, "],\"in\":");
	osrm_add_integer(t, j->in);
	text_add(t, ",\"out\":");
	osrm_add_integer(t, j->out);
	add_classes(t, way_of_arc(road, path->legs[leg].arc));
	text_add_char(t, '}');
}

/* Where a leg begins or ends there is one street, seen from a point on it. */
static void
add_end(struct text *t, const struct road *road, const struct road_path *path, const struct road_step *s)
{
	bool first = s->manoeuvre == ROAD_DEPART;
	size_t leg = first ? 0 : path->n_legs - 1;
	text_add(t, "{\"location\":");
	osrm_add_location(t, path->shape[s->first_shape]);
	text_add(t, ",\"bearings\":[");
	osrm_add_integer(t, first ? s->bearing_after : (s->bearing_before + 180) % 360);
	text_add(t, first ? "],\"entry\":[true],\"out\":0" : "],\"entry\":[true],\"in\":0");
	add_classes(t, way_of_arc(road, path->legs[leg].arc));
	text_add_char(t, '}');
}

static void
add_intersections(struct text *t, const struct road *road, const struct road_path *path, const struct road_step *s)
{
	struct junction j;
	struct plane plane;
	plane_init(&plane, path->shape[s->first_shape]);
	bool at_end = s->manoeuvre == ROAD_DEPART || s->manoeuvre == ROAD_ARRIVE;
	text_add(t, "\"intersections\":[");
	if (at_end)
		add_end(t, road, path, s);
	for (size_t i = at_end ? 1 : 0; i < s->n_legs; i++) {
		size_t leg = s->first_leg + i;
		if (path->legs[leg - 1].arc == path->legs[leg].arc)
			continue;
		junction_read(road, &plane, path->legs[leg - 1].arc, path->legs[leg].arc, &j);
		if (j.n <= 2 && i > 0)
			continue; /* no choice: a way ends and goes on as the next */
		if (i > 0)
			text_add_char(t, ',');
		add_junction(t, road, path, leg, &j);
	}
	text_add_char(t, ']');
}

/* --- steps ------------------------------------------------------------------------ */

static const char *
mode_of(const struct road *road, const struct road_path *path, const struct road_step *s)
{
	size_t leg = s->n_legs > 0 ? s->first_leg : path->n_legs - 1;
	if (way_of_arc(road, path->legs[leg].arc)->class == CLASS_FERRY)
		return "ferry";
	return text_eq(road->info.profile, "bike")   ? "cycling"
	       : text_eq(road->info.profile, "walk") ? "walking"
						     : "driving";
}

static void
add_word(struct text *t, const char *key, const char *value)
{
	if (*value == '\0')
		return;
	text_add(t, key);
	osrm_add_string(t, value);
}

void
osrm_add_step(struct text *t, const struct road *road, enum osrm_geometry geometry, const struct road_path *path,
	      const struct road_step *s)
{
	text_add_char(t, '{');
	add_intersections(t, road, path, s);
	text_add(t, road->info.drives_on_left ? ",\"driving_side\":\"left\"" : ",\"driving_side\":\"right\"");
	text_add(t, ",\"geometry\":");
	osrm_add_geometry(t, geometry, path->shape + s->first_shape, s->n_shape);
	text_add(t, ",\"mode\":");
	osrm_add_string(t, mode_of(road, path, s));
	text_add_char(t, ',');
	add_manoeuvre(t, path, s);
	text_add(t, ",\"name\":");
	osrm_add_string(t, s->name);
	add_word(t, ",\"ref\":", s->ref);
	add_word(t, ",\"rotary_name\":", s->rotary_name);
	add_word(t, ",\"destinations\":", s->destinations);
	text_add(t, ",\"weight\":");
	osrm_add_number(t, s->duration_ds * 0.1);
	text_add(t, ",\"duration\":");
	osrm_add_number(t, s->duration_ds * 0.1);
	text_add(t, ",\"distance\":");
	osrm_add_number(t, s->distance_m);
	text_add_char(t, '}');
}
