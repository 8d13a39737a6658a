/* finder/answer: what Nominatim (format=jsonv2, addressdetails=1) and Photon (GeoJSON) send, as candidates. */
#ifndef FINDER_FINDER_ANSWER_H
#define FINDER_FINDER_ANSWER_H

#include "finder/finder.h"

/* The target of a request for this question, percent-encoded. */
char *finder_target(struct scope *sc, enum finder_kind kind, const struct geo_query *query);

/* At most GEO_CANDIDATES_MAX of them, compared with the question, the best first, and judged.
 * E_INVALID  not such an answer. */
MUST_USE enum code finder_answer_read(struct scope *sc, enum finder_kind kind, const void *bytes, size_t n,
				      const struct geo_query *query, struct geo_answer *out);

#endif
