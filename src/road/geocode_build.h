/* road/geocode_build: what the three steps of building the geocoder's sections hand to each other.
 * Private to the room.
 *
 *	geocode_build.c		ways and houses of one name → streets
 *	geocode_houses.c	houses, cities, postcodes
 *	geocode_tokens.c	names → words → tokens */
#ifndef ROAD_GEOCODE_BUILD_H
#define ROAD_GEOCODE_BUILD_H

#include "road/geocode_map.h"
#include "road/road_build.h"

/* A named way or a house. */
struct item {
	uint32_t key, name;
	uint32_t house; /* among the raw houses; ROAD_NONE: a way */
	uint32_t way;
	uint32_t parent; /* union-find; an entity's number once numbered */
};

struct names_build {
	struct builder *b;
	struct osm_raw *raw;
	struct scope *sc;
	struct plane plane;
	uint32_t *key_of, *folded_of; /* by text offset */
	size_t n_key_of;
	struct vec items, points, entities, names, words, houses, tokens, postings, deletes, postcodes;
	uint32_t *item_of_way;	 /* raw way → item */
	uint32_t *item_of_house; /* raw house → item */
	uint32_t *entity_of;	 /* item → entity */
	struct vec localities;	 /* uint32: entities that are places, by latitude */
};

#define IN(nb, member, type, i) VEC_AT(&(nb)->member, type, i)

struct member {
	int64_t id;
	uint32_t kind, value;
};

/* A text to sort by, with what it stands for. */
struct by_text {
	const char *text;
	uint32_t offset, value;
};

const char *names_text(const struct names_build *nb, uint32_t offset);
/* A text made of a name, once for each: `known` remembers by the name's offset. */
uint32_t names_made_of(struct names_build *nb, uint32_t *known, uint32_t name,
		       char *make(struct scope *sc, const char *name));
/* By which names are one street's: geo_name_key(), as text. */
uint32_t names_key(struct names_build *nb, uint32_t name);
/* False: the node is not in the extract. */
bool names_ref_place(const struct names_build *nb, uint32_t ref, struct place *out);
/* The middle of a way's box; false where none of its nodes is here. */
bool names_way_middle(const struct names_build *nb, uint32_t first_ref, uint32_t n_refs, struct place *out);
uint32_t names_add_entity(struct names_build *nb, uint32_t name, uint32_t kind, struct place at, uint32_t radius_m);
/* Members sorted by (kind, id); NULL: it is none of them. */
int names_compare_members(const void *a, const void *b);
const struct member *names_find_member(const struct member *m, size_t n, char kind, int64_t id);
int names_compare_texts(const void *a, const void *b);

void names_make_houses(struct names_build *nb);
void names_make_tokens(struct names_build *nb);

#endif
