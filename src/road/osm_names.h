/* road/osm_names: what an extract calls its places: addresses, other names of
 * streets, places people live in. osm_raw.c hands over every tagged node and way;
 * geocode_build.c takes the result. Private to the room.
 *
 * Text is kept as offsets into the extract's text; refs are node ids in raw->refs. */
#ifndef ROAD_OSM_NAMES_H
#define ROAD_OSM_NAMES_H

#include "road/profile.h"
#include "road/vec.h"

struct osm_raw;
struct osm_member;

/* An address: a node, or a way's outline. */
struct raw_house {
	int64_t id;
	char kind; /* 'n', 'w' */
	struct place at;
	uint32_t first_ref, n_refs; /* ways */
	uint32_t number, street, place, postcode, city;
};

/* addr:interpolation: numbers along a line between two numbered nodes. */
struct raw_interpolation {
	uint32_t first_ref, n_refs;
	uint32_t step;
};

/* Another name of a street. */
struct raw_alias {
	uint32_t way; /* among raw->ways */
	uint32_t name;
};

enum locality_kind {
	LOCALITY_CITY,
	LOCALITY_TOWN,
	LOCALITY_MUNICIPALITY,
	LOCALITY_VILLAGE,
	LOCALITY_BOROUGH,
	LOCALITY_SUBURB,
	LOCALITY_QUARTER,
	LOCALITY_ISLAND,
	LOCALITY_HAMLET,
	LOCALITY_NEIGHBOURHOOD,
	LOCALITY_SETTLEMENT, /* locality, isolated dwelling, farm, square, plot */
	LOCALITY_KINDS
};

struct raw_locality {
	struct place at;
	uint32_t first_ref, n_refs; /* ways */
	uint32_t name, kind;
};

/* A member of a relation that says which street its houses are of. */
struct raw_belongs {
	int64_t id;
	char kind;
	uint32_t street;
};

struct raw_names {
	struct vec houses, interpolations, aliases, localities, belongs;
};

void raw_names_init(struct raw_names *names, struct scope *sc);
void raw_names_node(struct osm_raw *raw, int64_t id, struct place at, const struct osm_tag *tags, size_t n_tags);
/* way: its number among raw->ways, ROAD_NONE where it was not kept. */
void raw_names_way(struct osm_raw *raw, int64_t id, const int64_t *refs, size_t n_refs, const struct osm_tag *tags,
		   size_t n_tags, uint32_t way);
void raw_names_relation(struct osm_raw *raw, const struct osm_member *members, size_t n_members,
			const struct osm_tag *tags, size_t n_tags);

#endif
