/* A picture of the elimination order for people: the streets in grey, and on
 * them the cuts that nested dissection made, the first ones boldest. */
#include <math.h>

#include "base/text.h"
#include "road/road_map.h"

#define WIDTH 900.0
#define CUT_LEVELS 5u

struct frame {
	const struct road *road;
	double scale, north;
	struct plane plane;
};

static void
add_line(struct text *t, const struct frame *f, const struct road_segment *s)
{
	const struct place *p = f->road->shape + s->shape;
	struct metres a = plane_project(&f->plane, p[0]);
	struct metres b = plane_project(&f->plane, p[s->n_shape - 1]);
	text_printf(t, "M%ld %ldL%ld %ld", lround(a.x * f->scale), lround((f->north - a.y) * f->scale),
		    lround(b.x * f->scale), lround((f->north - b.y) * f->scale));
}

/* How many branchings of the elimination tree lie above each vertex: 0 for the
 * first cut. Ranks fall along a branch, so one pass from the root will do. */
static uint8_t *
cut_levels(struct scope *sc, const struct road *road)
{
	size_t n = road->n[SECTION_VERTEX];
	uint32_t *heavy = NEW_ARRAY(sc, n, uint32_t); /* vertices below */
	uint32_t *branches = NEW_ARRAY(sc, n, uint32_t);
	uint8_t *level = NEW_ARRAY(sc, n, uint8_t);
	for (uint32_t v = 0; v < n; v++) {
		heavy[v]++;
		if (road->parent[v] != ROAD_NONE)
			heavy[road->parent[v]] += heavy[v];
	}
	for (uint32_t v = 0; v < n; v++) /* only large branches count: twigs are no cuts */
		if (road->parent[v] != ROAD_NONE && heavy[v] * 40 > n)
			branches[road->parent[v]]++;
	for (uint32_t v = (uint32_t)n; v-- > 0;) {
		uint32_t up = road->parent[v];
		unsigned own = up == ROAD_NONE ? 0 : level[up] + (branches[up] > 1 ? 1u : 0u);
		level[v] = (uint8_t)(heavy[v] * 40 <= n || own > CUT_LEVELS ? CUT_LEVELS : own);
	}
	return level;
}

static bool
is_backdrop(const struct road *road, const struct road_segment *s)
{
	return road->way[s->way].class < CLASS_TERTIARY;
}

char *
road_draw_cuts(struct scope *sc, const struct road *road)
{
	static const char *const colours[CUT_LEVELS] = {"#b3001b", "#e3651d", "#d9a400", "#2f8f4e", "#2b6cb0"};
	struct frame f = {.road = road};
	plane_init(&f.plane, road->info.bounds.min);
	struct metres size = plane_project(&f.plane, road->info.bounds.max);
	f.scale = WIDTH / size.x;
	f.north = size.y;
	const uint8_t *level = cut_levels(sc, road);
	struct text t;
	text_init(&t, sc);
	text_printf(&t,
		    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" fill=\"none\" "
		    "stroke-linecap=\"round\"><path stroke=\"#ccc\" d=\"",
		    WIDTH, size.y * f.scale);
	for (size_t i = 0; i < road->n[SECTION_SEGMENT]; i++)
		if (is_backdrop(road, &road->segment[i]))
			add_line(&t, &f, &road->segment[i]);
	for (unsigned k = CUT_LEVELS; k-- > 0;) {
		text_printf(&t, "\"/><path stroke=\"%s\" stroke-width=\"%u\" d=\"", colours[k], 7 - k);
		for (size_t i = 0; i < road->n[SECTION_SEGMENT]; i++)
			if (level[road->rank[road->segment_vertex[i]]] == k)
				add_line(&t, &f, &road->segment[i]);
	}
	text_printf(&t, "\"/><text x=\"8\" y=\"%.0f\" fill=\"#555\" font-size=\"14\">%s</text></svg>\n",
		    size.y * f.scale - 8, road->info.attribution);
	return t.s;
}
