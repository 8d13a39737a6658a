/* face_scores: scores of many pairs, and which score is how rare. */
#ifndef FACE_FACE_SCORES_H
#define FACE_FACE_SCORES_H

#include "base/scope.h"

/* A failed capture is −2: no threshold accepts it. Falling, once sorted. */
struct scores {
	double *v;
	size_t n;
};

/* Room for n. E_MEMORY. */
MUST_USE enum code scores_room(struct scope *sc, size_t n, struct scores *out);
void scores_sort(struct scores *s);

/* Of sorted scores: how many are above. */
size_t scores_above(struct scores s, double threshold);
/* The lowest threshold at which at most fmr × n impostors are above. */
double scores_threshold(struct scores impostors, double fmr);
/* The same where there are enough impostors above to count, else by the line of the
 * comment in face_bench.c. */
double scores_fit(struct scores impostors, double fmr);

#endif
