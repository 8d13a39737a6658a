/* road/geocode_map: the sections of a `.road` file that the geocoder reads, and
 * their view. Private to the room.
 *
 *	entity   a street, or a place where people live
 *	name     one of its names: its words, as numbers of tokens; a name is what is searched
 *	house    a number of a street (or of a place that has numbers but no streets)
 *	token    a folded word, sorted by its bytes, with the names it stands in
 *	delete   hash of a token, or of a token with one letter left out → token; sorted.
 *	         Two words one edit apart share such a hash, and many two apart do
 *	postcode sorted by its folded text
 *
 * The houses of an entity lie together, by number and suffix. Nothing here is
 * trusted: geo_index_check() looks at every number once, when the file is opened. */
#ifndef ROAD_GEOCODE_MAP_H
#define ROAD_GEOCODE_MAP_H

#include "base/geo.h"

#define GEO_NONE UINT32_MAX
#define GEO_STREET_ENTITY 0u /* geo_entity.kind; else 1 + enum locality_kind */

struct geo_entity {
	struct place at; /* on it, near its middle */
	uint32_t name;	 /* text */
	uint32_t kind;
	uint32_t is_city;  /* 1: letters are addressed to it: a city, town, village */
	uint32_t locality; /* the entity it lies in; GEO_NONE: unknown */
	uint32_t radius_m; /* streets: to the farthest point from `at`; places: how far they count as here */
	uint32_t first_house, n_houses;
};

struct geo_name {
	uint32_t entity;
	uint32_t first_word, n_words; /* in the name words */
	uint32_t text;
};

struct geo_house {
	struct place at;
	uint32_t entity;
	uint32_t first, last; /* "12-14": 12 and 14; else the same */
	uint32_t suffix;      /* text, folded: "a"; 0: none */
	uint32_t shown;	      /* text, as it is written at the door */
	uint32_t postcode;    /* number; GEO_NONE */
	uint32_t city;	      /* entity; GEO_NONE */
	uint32_t within_m;    /* 0: mapped; else the map gave two ends only and this lies between */
};

struct geo_token {
	uint32_t text;
	uint32_t first, n; /* postings: names, rising */
	float weight;	   /* how much it says: the rarer, the more; a link little */
};

struct geo_delete {
	uint32_t hash, token;
};

struct geo_postcode {
	struct place at; /* the middle of its houses */
	uint32_t text, shown;
	uint32_t radius_m;
};

struct geo_index {
	const char *text;
	size_t n_text;
	const struct geo_entity *entity;
	size_t n_entity;
	const struct geo_name *name;
	size_t n_name;
	const uint32_t *word;
	size_t n_word;
	const struct geo_house *house;
	size_t n_house;
	const struct geo_token *token;
	size_t n_token;
	const uint32_t *posting;
	size_t n_posting;
	const struct geo_delete *del;
	size_t n_delete;
	const struct geo_postcode *postcode;
	size_t n_postcode;
};

/* E_CORRUPT  a number in it leads outside. */
MUST_USE enum code geo_index_check(struct scope *sc, const struct geo_index *g);

/* One hash for builder and reader: FNV-1a of the bytes but that at `without` (SIZE_MAX: all). */
static inline uint32_t
geo_hash(const char *s, size_t n, size_t without)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		if (i != without)
			h = (h ^ (uint8_t)s[i]) * 16777619u;
	return h;
}

#define GEO_FUZZY_BYTES 3u /* shorter words are not looked for with typos */

#endif
