#include "route/route_picture.h"

#include <math.h>

#include "base/text.h"

#define WIDTH 1000.0
#define MARGIN 20.0

struct frame {
	double x0, y0, scale, height;
};

/* Degrees of longitude are shorter than those of latitude. */
static double
stretch_at(const struct route_problem *p, double lat)
{
	return p->coords_geo && fabs(lat) < 85 ? 1 / cos(lat * M_PI / 180) : 1;
}

/* The plane's y runs up, the picture's down. */
static struct frame
frame_of(const struct route_problem *p)
{
	double lo[2] = {INFINITY, INFINITY};
	double hi[2] = {-INFINITY, -INFINITY};
	for (uint32_t i = 0; i < p->n_places; i++)
		for (uint32_t k = 0; k < 2; k++) {
			double v = p->coords[2 * i + k];
			if (p->coords_geo && p->coords[2 * i] == 0 && p->coords[2 * i + 1] == 0)
				continue; /* a row of the matrix whose place nobody gave */
			lo[k] = fmin(lo[k], v);
			hi[k] = fmax(hi[k], v);
		}
	double w = fmax(hi[0] - lo[0], 1e-9);
	double h = fmax(hi[1] - lo[1], 1e-9);
	struct frame f = {lo[0], hi[1], (WIDTH - 2 * MARGIN) / w, 0};
	f.height = 2 * MARGIN + h * f.scale * stretch_at(p, hi[1]);
	return f;
}

static double
picture_x(const struct frame *f, double x)
{
	return MARGIN + (x - f->x0) * f->scale;
}

static double
picture_y(const struct frame *f, const struct route_problem *p, double y)
{
	return MARGIN + (f->y0 - y) * f->scale * stretch_at(p, f->y0);
}

static void
add_point(struct text *t, const struct frame *f, const struct route_problem *p, uint32_t place)
{
	text_printf(t, "%.1f,%.1f ", picture_x(f, p->coords[2 * place]), picture_y(f, p, p->coords[2 * place + 1]));
}

static void
add_tour(struct text *t, const struct frame *f, const struct route_problem *p, const struct route_tour *tour)
{
	/* the golden angle keeps neighbouring numbers apart */
	int hue = (int)(tour->vehicle * 137.508) % 360;
	text_printf(t, "<polyline fill=\"none\" stroke=\"hsl(%d,70%%,45%%)\" stroke-width=\"1.5\" points=\"", hue);
	for (uint32_t i = 0; i < tour->n_stops; i++)
		if (tour->stops[i].place != ROUTE_NONE)
			add_point(t, f, p, tour->stops[i].place);
	text_add(t, "\"/>\n");
	for (uint32_t i = 0; i < tour->n_stops; i++) {
		const struct route_stop *s = &tour->stops[i];
		if (s->place == ROUTE_NONE)
			continue;
		double x = picture_x(f, p->coords[2 * s->place]);
		double y = picture_y(f, p, p->coords[2 * s->place + 1]);
		if (s->step == ROUTE_TASK)
			text_printf(t, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"hsl(%d,70%%,45%%)\"/>\n", x, y,
				    hue);
		else
			text_printf(t, "<rect x=\"%.1f\" y=\"%.1f\" width=\"8\" height=\"8\"/>\n", x - 4, y - 4);
	}
}

char *
picture_svg(struct scope *sc, const struct route_problem *p, const struct route_solution *s)
{
	struct text t;
	text_init(&t, sc);
	if (p->coords == NULL) {
		text_add(&t, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n");
		return t.s;
	}
	struct frame f = frame_of(p);
	text_printf(&t, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\">\n", WIDTH, f.height);
	for (uint32_t i = 0; i < s->n_tours; i++)
		add_tour(&t, &f, p, &s->tours[i]);
	for (uint32_t i = 0; i < s->n_out; i++) {
		uint32_t place = p->tasks[s->out[i].task].place;
		double x = picture_x(&f, p->coords[2 * place]);
		double y = picture_y(&f, p, p->coords[2 * place + 1]);
		text_printf(&t, "<path d=\"M%.1f %.1fl8 8m0-8l-8 8\" stroke=\"#c00\" stroke-width=\"2\"/>\n", x - 4,
			    y - 4);
	}
	text_add(&t, "</svg>\n");
	return t.s;
}

static json_t *
position(const struct route_problem *p, uint32_t place)
{
	json_t *a = json_array();
	json_array_append_new(a, json_real(p->coords[2 * place]));
	json_array_append_new(a, json_real(p->coords[2 * place + 1]));
	return a;
}

static json_t *
feature(const char *type, json_t *coordinates, json_t *properties)
{
	json_t *o = json_object();
	json_t *g = json_object();
	json_put_text(g, "type", type);
	json_put(g, "coordinates", coordinates);
	json_put_text(o, "type", "Feature");
	json_put(o, "geometry", g);
	json_put(o, "properties", properties);
	return o;
}

static void
add_features(json_t *list, const struct route_problem *p, const struct route_tour *tour)
{
	json_t *line = json_array();
	json_t *about = json_object();
	int64_t vehicle = (int64_t)p->vehicles[tour->vehicle].id;
	json_put_int(about, "vehicle", vehicle);
	json_put_int(about, "cost", tour->cost);
	for (uint32_t i = 0; i < tour->n_stops; i++) {
		const struct route_stop *s = &tour->stops[i];
		if (s->place == ROUTE_NONE)
			continue;
		json_array_append_new(line, position(p, s->place));
		if (s->step != ROUTE_TASK)
			continue;
		json_t *stop = json_object();
		json_put_int(stop, "vehicle", vehicle);
		json_put_int(stop, "id", (int64_t)p->tasks[s->index].id);
		json_put_int(stop, "arrival", s->arrival);
		json_array_append_new(list, feature("Point", position(p, s->place), stop));
	}
	json_array_append_new(list, feature("LineString", line, about));
}

json_t *
picture_geojson(struct scope *sc, const struct route_problem *p, const struct route_solution *s)
{
	json_t *o = json_new_object(sc);
	json_t *list = json_array();
	json_put_text(o, "type", "FeatureCollection");
	json_put(o, "features", list);
	for (uint32_t i = 0; i < s->n_tours && p->coords != NULL; i++)
		add_features(list, p, &s->tours[i]);
	for (uint32_t i = 0; i < s->n_out && p->coords != NULL; i++) {
		const struct route_task *t = &p->tasks[s->out[i].task];
		json_t *about = json_object();
		json_put_int(about, "id", (int64_t)t->id);
		json_put_text(about, "reason", route_why_name(s->out[i].why));
		json_array_append_new(list, feature("Point", position(p, t->place), about));
	}
	return o;
}
