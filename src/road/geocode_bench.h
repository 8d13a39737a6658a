/* road/geocode_bench: how well is an address found that is spelled as people spell? Every
 * mapped house of the extract is asked for in several ways. */
#ifndef ROAD_GEOCODE_BENCH_H
#define ROAD_GEOCODE_BENCH_H

#include "road/road.h"

enum geo_way {
	GEO_AS_WRITTEN, /* "Rua de Cedofeita 12, 4050-180 Porto" */
	GEO_PLAIN,	/* lower case, no accents, no marks */
	GEO_TYPO,	/* one letter wrong, missing, twice or swapped, in a word of four or more */
	GEO_MIXED,	/* its parts and words in any order */
	GEO_NO_POSTCODE,
	GEO_HIDDEN, /* the house is taken out of the index: is it found between its neighbours? */
	GEO_WAYS
};
extern const char *const geo_way_words[]; /* "as written", … */

struct geo_bench_row {
	size_t asked, placed, ambiguous, not_found;
	size_t listed;			 /* of the ambiguous: the right one is among the candidates */
	size_t wrong;			 /* placed farther than 100 m from the door */
	size_t between;			 /* placed between neighbours */
	double median_m, p90_m, worst_m; /* of those placed: from the door */
	double us;			 /* CPU time of a question */
};

struct geo_bench {
	size_t twins; /* not asked for: the map has the same address elsewhere, more than 100 m away */
	size_t houses, entities, names, tokens, bytes; /* of the index */
	struct geo_bench_row row[GEO_WAYS];
};

/* most: houses asked for, spread evenly. */
MUST_USE enum code road_geocode_bench(struct scope *sc, const struct road *road, size_t most, uint64_t seed,
				      struct geo_bench *out);

#endif
