/* road/geocode_search: a question's words and the names they may mean. Private to the room. */
#ifndef ROAD_GEOCODE_SEARCH_H
#define ROAD_GEOCODE_SEARCH_H

#include "road/geocode_inner.h"
#include "road/geocode_words.h"

#define GEO_MATCHES_MAX 512
#define GEO_SLOTS 2048u
#define GEO_HITS_MAX 256
#define GEO_PLACE_MIN 0.8

/* A token that words of the question may mean. */
struct geo_match {
	uint32_t token;
	uint32_t words[2]; /* masks: the words that fit best, and others that do; 0: none */
	double fit[2];
};

/* A name that fits, of a street or of a place. */
struct geo_hit {
	uint32_t entity, name;
	uint32_t words; /* mask: said by these */
	double fit;
};

struct geo_search {
	struct scope *sc;
	const struct geo_index *g;
	uint32_t hidden; /* a house that is not there: benches; GEO_NONE */
	struct geo_words q;
	double weight[GEO_WORDS_MAX]; /* how much a word says */
	struct geo_match match[GEO_MATCHES_MAX];
	size_t n_match;
	uint16_t slot[GEO_SLOTS]; /* token → match + 1 */
	struct geo_hit street[GEO_HITS_MAX], place[GEO_HITS_MAX];
	size_t n_street, n_place;
	uint32_t noise;		 /* words that say nothing about a place */
	uint32_t shared;	 /* words that more than one name may use: links, and what stands there twice */
	uint32_t postcode_words; /* mask */
	uint32_t postcode;	 /* of the index; GEO_NONE: not given, or not in it */
	bool near_given;
	struct place near;
	struct geo_found *found;
	size_t n_found;
};

static inline const char *
geo_text_of(const struct geo_search *s, uint32_t offset)
{
	return s->g->text + offset;
}

/* Fills everything but `found`, from `q`. */
void geo_search(struct geo_search *s);
/* Share of a name's weight that the question says with words that are not taken; *words: with which. */
double geo_name_fit(struct geo_search *s, const struct geo_name *name, uint32_t taken, uint32_t *words);
/* How many words begin with a digit. */
size_t geo_digit_words(const struct geo_search *s);

#endif
