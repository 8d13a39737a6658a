/* A settled fix as a line of JSON. */
#include "base/clock.h"
#include "road/match_stream.h"
#include "road/osrm.h"

static void
add_edge(struct text *t, const struct road *road, const struct road_leg *leg)
{
	const struct road_way *way = &road->way[road->segment[road->arc[leg->arc].segment].way];
	text_printf(t, "{\"way\":%" PRId64 ",\"street\":", way->osm_id);
	osrm_add_string(t, leg->name);
	text_add(t, ",\"distance\":");
	osrm_add_number(t, leg->distance_m);
	text_add(t, ",\"duration\":");
	osrm_add_number(t, (leg->duration_ms + leg->turn_ms) * 0.001);
	text_add_char(t, '}');
}

char *
road_settled_json(struct scope *sc, const struct road *road, const struct road_settled *item)
{
	char at[TIME_TEXT_MAX];
	struct text t;
	text_init(&t, sc);
	text_printf(&t, "{\"fix\":%" PRIu64 ",\"at\":\"%s\",\"location\":", item->fix, time_format(item->at_ms, at));
	osrm_add_location(&t, item->point.at);
	text_add(&t, ",\"off_m\":");
	osrm_add_number(&t, (double)item->point.off_m);
	text_add(&t, ",\"street\":");
	osrm_add_string(&t, road_point_name(road, &item->point));
	text_printf(&t, ",\"begins\":%s,\"hurried\":%s,\"edges\":[", item->begins ? "true" : "false",
		    item->hurried ? "true" : "false");
	for (size_t i = 0; i < item->path.n_legs; i++) {
		if (i > 0)
			text_add_char(&t, ',');
		add_edge(&t, road, &item->path.legs[i]);
	}
	text_add(&t, "]}");
	return t.s;
}
