/* road/geocode_inner: what the geocoder, its bench and its fuzz target share. Private to the room. */
#ifndef ROAD_GEOCODE_INNER_H
#define ROAD_GEOCODE_INNER_H

#include "road/geocode.h"
#include "road/geocode_map.h"

/* Something the question could mean. */
struct geo_found {
	enum geo_kind kind;
	struct place at;
	double within_m;
	uint32_t entity;
	uint32_t house;		 /* GEO_NONE: not one that is mapped */
	uint32_t postcode, city; /* what it says of itself; GEO_NONE */
	double number_fit;
	double rival_fit;      /* the same, as something else the question could mean */
	double name_fit, base; /* the name alone; and all but the number */
	double confidence, rival;
	double near_m;
	bool few_numbers; /* of its street are known */
	bool number_asked, explained, contradicts;
	char shown[24]; /* a number that is not mapped */
};

/* As if the house `hidden` were not in the index (GEO_NONE: all are). */
MUST_USE enum code road_geocode_without(struct scope *sc, const struct geo_index *g, const struct geo_query *query,
					uint32_t hidden, struct geo_answer *out);

#endif
