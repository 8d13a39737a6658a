/* Steps as OSRM writes them: a manoeuvre, and every junction passed until the
 * next one with the bearings of its streets. */
#include "base/text.h"
#include "road/junction.h"
#include "road/osrm.h"

const char *const road_manoeuvre_words[] = {
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

const char *const road_heading_words[] = {
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
	const char *heading = road_heading_words[s->heading];
	const char *kind = road_manoeuvre_words[s->manoeuvre];
	char *p = text_room(t, PUT_LOCATION + 200);
	p = PUT(p, "\"maneuver\":{\"bearing_after\":");
	p = put_unsigned(p, (uint64_t)s->bearing_after);
	p = PUT(p, ",\"bearing_before\":");
	p = put_unsigned(p, (uint64_t)s->bearing_before);
	p = PUT(p, ",\"location\":");
	p = put_location(p, path->shape[s->first_shape]);
	if (heading != NULL) {
		p = PUT(p, ",\"modifier\":\"");
		p = put_n(p, heading, strlen(heading));
		*p++ = '"';
	}
	if (s->exit != 0) {
		p = PUT(p, ",\"exit\":");
		p = put_unsigned(p, s->exit);
	}
	p = PUT(p, ",\"type\":\"");
	p = put_n(p, kind, strlen(kind));
	p = PUT(p, "\"}");
	text_end(t, p);
}

/* --- junctions ------------------------------------------------------------------- */

#define JUNCTION_ROOM (PUT_LOCATION + 120u)
#define SPOKE_ROOM 10u /* 359, and false, */

static char *
put_classes(char *p, const struct road_way *w)
{
	if (w->class == CLASS_MOTORWAY || w->class == CLASS_MOTORWAY_LINK)
		return PUT(p, ",\"classes\":[\"motorway\"]");
	if (w->class == CLASS_FERRY)
		return PUT(p, ",\"classes\":[\"ferry\"]");
	if ((w->flags & WAY_TUNNEL) != 0)
		return PUT(p, ",\"classes\":[\"tunnel\"]");
	if ((w->flags & WAY_TRIP_ENDS) != 0)
		return PUT(p, ",\"classes\":[\"restricted\"]");
	return p;
}

static void
add_junction(struct text *t, const struct road *road, const struct road_path *path, size_t leg,
	     const struct junction *j)
{
	char *p = text_room(t, JUNCTION_ROOM + (size_t)j->n * SPOKE_ROOM);
	p = PUT(p, "{\"location\":");
	p = put_location(p, path->shape[path->legs[leg].first_shape]);
	p = PUT(p, ",\"bearings\":[");
	for (uint32_t i = 0; i < j->n; i++) {
		p = put_unsigned(p, (j->spoke[i].bearing_cdeg + 50u) % SPOKE_CIRCLE / 100);
		*p++ = ',';
	}
	p = PUT(p - 1, "],\"entry\":[");
	for (uint32_t i = 0; i < j->n; i++)
		p = junction_is_open(j, i) ? PUT(p, "true,") : PUT(p, "false,");
	p = PUT(p - 1, "],\"in\":");
	p = put_unsigned(p, j->in);
	p = PUT(p, ",\"out\":");
	p = put_unsigned(p, j->out);
	p = put_classes(p, way_of_arc(road, path->legs[leg].arc));
	*p++ = '}';
	text_end(t, p);
}

/* Where a leg begins or ends there is one street, seen from a point on it. */
static void
add_end(struct text *t, const struct road *road, const struct road_path *path, const struct road_step *s)
{
	bool first = s->manoeuvre == ROAD_DEPART;
	size_t leg = first ? 0 : path->n_legs - 1;
	char *p = text_room(t, JUNCTION_ROOM + SPOKE_ROOM);
	p = PUT(p, "{\"location\":");
	p = put_location(p, path->shape[s->first_shape]);
	p = PUT(p, ",\"bearings\":[");
	p = put_unsigned(p, (uint64_t)(first ? s->bearing_after : (s->bearing_before + 180) % 360));
	p = first ? PUT(p, "],\"entry\":[true],\"out\":0") : PUT(p, "],\"entry\":[true],\"in\":0");
	p = put_classes(p, way_of_arc(road, path->legs[leg].arc));
	*p++ = '}';
	text_end(t, p);
}

static void
add_intersections(struct text *t, const struct road *road, const struct road_path *path, const struct road_step *s)
{
	struct junction j;
	bool at_end = s->manoeuvre == ROAD_DEPART || s->manoeuvre == ROAD_ARRIVE;
	text_add(t, "\"intersections\":[");
	if (at_end)
		add_end(t, road, path, s);
	for (size_t i = at_end ? 1 : 0; i < s->n_legs; i++) {
		size_t leg = s->first_leg + i;
		if (path->legs[leg - 1].arc == path->legs[leg].arc)
			continue;
		junction_read(road, path->legs[leg - 1].arc, path->legs[leg].arc, &j);
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
	if (road != NULL) {
		add_intersections(t, road, path, s);
		text_add(t, road->info.drives_on_left ? ",\"driving_side\":\"left\"," : ",\"driving_side\":\"right\",");
		text_add(t, "\"mode\":");
		osrm_add_string(t, mode_of(road, path, s));
		text_add_char(t, ',');
	}
	text_add(t, "\"geometry\":");
	osrm_add_geometry(t, geometry, path->shape + s->first_shape, s->n_shape);
	text_add_char(t, ',');
	add_manoeuvre(t, path, s);
	text_add(t, ",\"name\":");
	osrm_add_string(t, s->name);
	add_word(t, ",\"ref\":", s->ref);
	add_word(t, ",\"rotary_name\":", s->rotary_name);
	add_word(t, ",\"destinations\":", s->destinations);
	char *p = text_room(t, 3 * PUT_INTEGER + 60u);
	p = PUT(p, ",\"weight\":");
	p = put_number(p, s->duration_ds * 0.1);
	p = PUT(p, ",\"duration\":");
	p = put_number(p, s->duration_ds * 0.1);
	p = PUT(p, ",\"distance\":");
	p = put_number(p, s->distance_m);
	*p++ = '}';
	text_end(t, p);
}
