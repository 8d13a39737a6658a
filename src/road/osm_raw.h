/* road/osm_raw: an extract as its reader found it, judged for one profile, not
 * yet a graph. Readers (osm_geojson.c, osm_xml.c, osm_pbf.c) call raw_node,
 * raw_way and raw_restriction; road_build.c takes the result. Private to the
 * room.
 *
 * Everything lives as long as the scope. Tags are borrowed for the call. */
#ifndef ROAD_OSM_RAW_H
#define ROAD_OSM_RAW_H

#include "road/osm_names.h"
#include "road/profile.h"
#include "road/vec.h"

struct raw_node {
	int64_t id;
	struct place at;
	uint8_t flags;
};

struct raw_way {
	int64_t id;
	uint32_t first_ref, n_refs; /* into refs: node ids */
	uint32_t name, ref;	    /* into text */
	uint32_t destination;	    /* into text: what its signs say */
	struct way_verdict verdict;
	uint8_t draw; /* 0, or an enum road_class from DRAW_WATER on */
};

struct osm_member {
	char kind; /* 'n', 'w', 'r' */
	int64_t id;
	const char *role;
};

struct raw_restriction {
	int64_t from, to;	      /* ways */
	int64_t via_node;	      /* or, where n_via_ways > 0, */
	uint32_t via_way, n_via_ways; /* into via_ways */
	bool only;
};

/* A multipolygon relation: an area whose rings are made of ways. */
struct raw_area {
	uint32_t first_member, n_members; /* into area_members */
	uint32_t name;
	uint8_t draw; /* as of a way; 0: its outer ways say it */
};
struct raw_area_member {
	int64_t way;
	bool inner;
};

struct raw_spot {
	struct place at;
	uint32_t name, kind;
};

struct osm_raw {
	struct scope *sc;
	const struct profile *profile;
	struct vec nodes, ways, refs, restrictions, via_ways, spots;
	struct raw_names names;
	struct vec loose, loose_refs; /* ways that only an area may need: struct raw_way, and their refs */
	struct vec areas, area_members;
	struct bounds box; /* of the extract, as it says itself */
	bool has_box;
	struct vec text; /* NUL-ended strings, each once; offset 0 is "" */
	uint32_t *seen;	 /* hash of offsets into text */
	size_t seen_cap, seen_n;
	const char *source; /* "" or what the file says of itself */
	size_t relations, restrictions_ignored;
	bool nameless_nodes; /* their ids are this reader's own */
};

void raw_init(struct osm_raw *raw, struct scope *sc, const struct profile *profile);
/* The offset of s in the text section; the same for the same words. */
uint32_t raw_text(struct osm_raw *raw, const char *s);
void raw_node(struct osm_raw *raw, int64_t id, struct place at, const struct osm_tag *tags, size_t n_tags);
void raw_way(struct osm_raw *raw, int64_t id, const int64_t *refs, size_t n_refs, const struct osm_tag *tags,
	     size_t n_tags);
void raw_relation(struct osm_raw *raw, const struct osm_member *members, size_t n_members, const struct osm_tag *tags,
		  size_t n_tags);

/* An area that comes with its rings, as node ids: the first ring is the outer one. */
struct osm_ring {
	const int64_t *refs;
	size_t n;
};
void raw_polygon(struct osm_raw *raw, const struct osm_ring *rings, size_t n_rings, const struct osm_tag *tags,
		 size_t n_tags);
/* The extract's own box; false where it is none. */
bool raw_box(struct osm_raw *raw, struct place a, struct place b);

/* The readers. E_INVALID says where. */
MUST_USE enum code osm_read_geojson(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw);
MUST_USE enum code osm_read_xml(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw);
MUST_USE enum code osm_read_pbf(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw);

/* road_build.c: from the raw extract to the sections of a file. */
MUST_USE enum code road_build(struct scope *sc, struct osm_raw *raw, struct road_sections *out,
			      struct road_import_report *report);

#endif
