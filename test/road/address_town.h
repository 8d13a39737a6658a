/* A town of addresses for tests: two villages five kilometres apart that both have a
 * "Rua da Igreja", numbers with letters, a range, an interpolation, other names. */
#ifndef TEST_ROAD_ADDRESS_TOWN_H
#define TEST_ROAD_ADDRESS_TOWN_H

#include "base/text.h"

struct town_draft {
	struct text nodes, ways, relations;
	int node, way;
};

/* Metres north and east of the corner. */
static inline int
draft_node(struct town_draft *d, double north_m, double east_m, const char *tags)
{
	d->node++;
	text_printf(&d->nodes, "<node id=\"%d\" lat=\"%.7f\" lon=\"%.7f\">%s</node>\n", d->node,
		    41.0 + north_m / 111195.0, -8.0 + east_m / (111195.0 * 0.75471), tags);
	return d->node;
}

static inline const char *
draft_tag(struct scope *sc, const char *key, const char *value)
{
	return value == NULL ? "" : scope_printf(sc, "<tag k=\"%s\" v=\"%s\"/>", key, value);
}

static inline int
draft_house(struct scope *sc, struct town_draft *d, double north_m, double east_m, const char *street,
	    const char *number, const char *postcode, const char *city)
{
	return draft_node(d, north_m, east_m,
			  scope_printf(sc, "%s%s%s%s", draft_tag(sc, "addr:street", street),
				       draft_tag(sc, "addr:housenumber", number),
				       draft_tag(sc, "addr:postcode", postcode), draft_tag(sc, "addr:city", city)));
}

static inline void
draft_way(struct town_draft *d, int from, int to, const char *tags)
{
	text_printf(&d->ways, "<way id=\"%d\"><nd ref=\"%d\"/><nd ref=\"%d\"/>%s</way>\n", ++d->way, from, to, tags);
}

/* A street eastwards of a length, 0 m north of its own line. */
static inline void
draft_street(struct scope *sc, struct town_draft *d, double north_m, double east_m, double length_m, const char *tags)
{
	int from = draft_node(d, north_m, east_m, "");
	int to = draft_node(d, north_m, east_m + length_m, "");
	draft_way(d, from, to, scope_printf(sc, "<tag k=\"highway\" v=\"residential\"/>%s", tags));
}

static inline void
draft_alta(struct scope *sc, struct town_draft *d)
{
	draft_node(d, 0, 0, "<tag k=\"place\" v=\"village\"/><tag k=\"name\" v=\"Alta\"/>");
	draft_street(sc, d, 0, 0, 400, draft_tag(sc, "name", "Rua da Igreja"));
	for (int i = 0; i < 6; i++) {
		const char *even = scope_printf(sc, "%d", 2 + 4 * i);
		const char *odd = scope_printf(sc, "%d", 1 + 4 * i);
		draft_house(sc, d, 10, 20 + 40 * i, "Rua da Igreja", even, "4000-100", "Alta");
		draft_house(sc, d, -10, 20 + 40 * i, "Rua da Igreja", odd, "4000-100", "Alta");
	}
	draft_street(sc, d, 200, 0, 300,
		     scope_printf(sc, "%s%s", draft_tag(sc, "name", "Avenida do Doutor António Guimarães"),
				  draft_tag(sc, "alt_name", "Avenida Velha;Estrada Antiga")));
	draft_house(sc, d, 210, 10, "Avenida do Doutor António Guimarães", "12", "4000-200", "Alta");
	draft_house(sc, d, 210, 30, "Avenida do Doutor António Guimarães", "12A", "4000-200", "Alta");
	draft_house(sc, d, 210, 60, "Avenida do Doutor António Guimarães", "14-18", "4000-200", "Alta");
	draft_house(sc, d, 210, 90, "Avenida do Doutor António Guimarães", "31;33", "4000-200", "Alta");
	draft_street(sc, d, 400, 0, 300, draft_tag(sc, "name", "Rua 5 de Outubro"));
	draft_house(sc, d, 410, 50, "Rua 5 de Outubro", "5", NULL, "Alta");
	draft_house(sc, d, 410, 90, "Rua 5 de Outubro", "7", NULL, "Alta");
}

static inline void
draft_baixa(struct scope *sc, struct town_draft *d)
{
	draft_node(d, 5000, 0, "<tag k=\"place\" v=\"village\"/><tag k=\"name\" v=\"Baixa\"/>");
	draft_street(sc, d, 5000, 0, 400, draft_tag(sc, "name", "Rua da Igreja"));
	for (int i = 0; i < 6; i++)
		draft_house(sc, d, 5010, 20 + 40 * i, "Rua da Igreja", scope_printf(sc, "%d", 2 + 4 * i), "4900-001",
			    "Baixa");
	draft_street(sc, d, 5200, 0, 500, draft_tag(sc, "name", "Bergstraße"));
	int a = draft_house(sc, d, 5210, 100, "Bergstraße", "100", NULL, "Baixa");
	int z = draft_house(sc, d, 5210, 300, "Bergstraße", "120", NULL, "Baixa");
	draft_way(d, a, z, "<tag k=\"addr:interpolation\" v=\"even\"/>");
	draft_street(sc, d, 5400, 0, 200, draft_tag(sc, "name", "Øvre Ħal Æsgate"));
	int house = draft_house(sc, d, 5410, 50, NULL, "3", NULL, "Baixa");
	draft_house(sc, d, 5410, 80, NULL, "9", NULL, NULL); /* of no street: dropped */
	draft_house(sc, d, 5410, 90, "Øvre Ħal Æsgate", "s/n", NULL, NULL);
	text_printf(&d->relations,
		    "<relation id=\"1\"><member type=\"node\" ref=\"%d\" role=\"house\"/>"
		    "<tag k=\"type\" v=\"associatedStreet\"/><tag k=\"name\" v=\"Øvre Ħal Æsgate\"/></relation>\n",
		    house);
}

static inline const char *
address_town(struct scope *sc)
{
	struct town_draft d = {0};
	text_init(&d.nodes, sc);
	text_init(&d.ways, sc);
	text_init(&d.relations, sc);
	draft_alta(sc, &d);
	draft_baixa(sc, &d);
	return scope_printf(sc, "<?xml version=\"1.0\"?><osm version=\"0.6\">\n%s%s%s</osm>\n", d.nodes.s, d.ways.s,
			    d.relations.s);
}

#endif
