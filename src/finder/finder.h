/* finder: where an address is, whoever knows it: the extract's own addresses first, then,
 * if the operator has named one in the configuration, a Nominatim or Photon server.
 *
 * What a server answers is taken as candidates only: each is compared word by word with
 * what was asked (geo_compare) and judged by the rule of road/geocode.h, so that a server's
 * own idea of a good answer places nothing. A server that is slow, down or talks nonsense
 * costs its answers, not the caller's: the extract's are given, with `trouble`.
 *
 * Any thread may ask; requests to a Nominatim server begin at least a second apart. */
#ifndef FINDER_FINDER_H
#define FINDER_FINDER_H

#include "road/geocode.h"
#include "road/road.h"

struct finder;

enum finder_kind { FINDER_EXTRACT, FINDER_NOMINATIM, FINDER_PHOTON };
extern const char *const finder_words[]; /* "extract", "nominatim", "photon", NULL */

struct finder_options {
	enum finder_kind kind;
	const char *url;     /* of the server; needed unless kind is FINDER_EXTRACT */
	const char *ca_file; /* NULL: the machine's authorities */
	int pace_ms;	     /* 0: 1000 for Nominatim, else none */
	int timeout_ms;	     /* 0: 5000 */
};

/* road: borrowed, may be NULL where there is a server. E_INVALID  the address of the server is none. */
MUST_USE enum code finder_open(struct scope *sc, const struct finder_options *opt, const struct road *road,
			       struct finder **out);
void finder_close(struct finder *f); /* NULL is fine */

struct finding {
	struct geo_answer answer;
	enum finder_kind by;
	const char
	    *trouble; /* NULL, or why the server's answer is missing: "unavailable", "too-slow", "nonsense", "enough" */
};

/* What one caller's questions may cost: for FINDER_ASK_MS from the first on they go to the server, the later ones
 * get the extract's answer and "enough". Begins zeroed. */
#define FINDER_ASK_MS 20000
struct finder_budget {
	int64_t began_ms; /* on clock_mono_ms() */
	int failed;	  /* after three in a row the server is left alone */
};

/* E_INVALID  as road_geocode(). */
MUST_USE enum code finder_find(struct scope *sc, struct finder *f, const struct geo_query *query,
			       struct finder_budget *budget, struct finding *out);

#endif
