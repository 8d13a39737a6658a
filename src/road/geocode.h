/* road/geocode: from the text of an address to a place, over the addresses, streets
 * and places of the extract; and the shapes any other geocoder answers in.
 *
 * Words may stand in any order, have typos, lack accents or be abbreviated. A house
 * number is found as it is mapped, between two mapped neighbours of its side of the
 * street, or not at all: then the street alone is offered. Postcode and city are
 * evidence for or against. What the answer is worth is said by its verdict:
 *
 *	placed		the best candidate is an address (mapped, or between neighbours at most
 *			GEO_WITHIN_M off), its confidence is GEO_PLACED_MIN or more, it leads what
 *			else it could be by GEO_LEAD_MIN, and every word is explained, or postcode
 *			or city speak for it
 *	ambiguous	something fits, but not so well: a person must choose
 *	not found	nothing fits
 *
 * A confidence is the product of four shares: how much of the name was said (words
 * weighted by how rare they are, a typo costs a tenth of its word), how much of what
 * was said is explained, how good the number is, what postcode and city say. It is
 * a rank, measured by `waybill road bench-geocode`, no probability. */
#ifndef ROAD_GEOCODE_H
#define ROAD_GEOCODE_H

#include "base/json.h"

struct road;

#define GEO_PLACED_MIN 0.80
#define GEO_LEAD_MIN 0.05
#define GEO_WITHIN_M 100.0
#define GEO_TEXT_MAX 300 /* characters of a question */
#define GEO_CANDIDATES_MAX 10

enum geo_kind { GEO_ADDRESS, GEO_INTERPOLATED, GEO_STREET, GEO_PLACE };
extern const char *const geo_kind_words[]; /* "address", "interpolated", "street", "place", NULL */

enum geo_verdict { GEO_PLACED, GEO_AMBIGUOUS, GEO_NOT_FOUND };
extern const char *const geo_verdict_words[]; /* "placed", "ambiguous", "not_found", NULL */

struct geo_candidate {
	enum geo_kind kind;
	double confidence; /* 0 … 1 */
	struct place at;
	double within_m;  /* the door is this near `at`, as far as one can tell; 0: mapped */
	const char *text; /* "Rua de Cedofeita 12, 4050-180 Porto" */
};

struct geo_answer {
	enum geo_verdict verdict;
	const char *reason; /* not placed: "several", "elsewhere", "words-left", "no-number", "no-such-number",
			     * "place-only", "weak", "nothing"; placed: "" */
	struct geo_candidate *candidates; /* the best first; what is placed is the first */
	size_t n;
	double lead; /* of the first over what else it could be */
};

struct geo_query {
	const char *text;
	bool has_near;
	struct place near; /* of two that are equal the nearer is listed first; it decides nothing */
	bool streets;	   /* a street without its number is good enough */
	size_t max;	   /* candidates wanted; 0: 5 */
};

/* E_INVALID  empty, longer than GEO_TEXT_MAX, or not UTF-8. */
MUST_USE enum code road_geocode(struct scope *sc, const struct road *road, const struct geo_query *query,
				struct geo_answer *out);

/* {"verdict","reason","lead","candidates":[{"kind","confidence","text","place","within_m"}]} */
json_t *geo_answer_json(struct scope *sc, const struct geo_answer *a);

/* An address that another geocoder found, in parts; NULL where it has none. */
struct geo_parts {
	const char *street, *number, *postcode;
	const char *locality[16]; /* town, suburb, county, country: the one letters go to first */
	size_t n_localities;
};
struct geo_compared {
	enum geo_kind kind;
	double confidence;
	bool explained;
	const char *text; /* as geo_candidate.text; scope-owned */
};
/* How well it goes with the question: the same rule without an index, so every word says as much as it is long. */
void geo_compare(struct scope *sc, const char *question, const struct geo_parts *parts, struct geo_compared *out);

/* The verdict of a list, best first, by the rule above: for any geocoder's answer. explained: no
 * word was left over, or postcode or city agree. Sets verdict, reason and lead. */
void geo_judge(struct geo_answer *a, bool streets, bool explained);

#endif
