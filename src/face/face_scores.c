#include "face/face_scores.h"

#include <math.h>

enum code
scores_room(struct scope *sc, size_t n, struct scores *out)
{
	void *room;
	TRY(scope_try_array(sc, n > 0 ? n : 1, sizeof(double), &room));
	*out = (struct scores){room, 0};
	return OK;
}

static int
falling(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x < y) - (x > y);
}

void
scores_sort(struct scores *s)
{
	qsort(s->v, s->n, sizeof *s->v, falling);
}

size_t
scores_above(struct scores s, double threshold)
{
	size_t low = 0;
	size_t high = s.n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (s.v[mid] > threshold)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

double
scores_threshold(struct scores impostors, double fmr)
{
	size_t k = (size_t)floor(fmr * (double)impostors.n + 1e-9);
	return k < impostors.n ? impostors.v[k] : -2;
}

#define ANCHOR_FMR 0.01
#define EMPIRICAL_MIN 10

/* z with P(normal > z) = p. */
static double
probit(double p)
{
	double low = -10;
	double high = 10;
	for (int i = 0; i < 80; i++) {
		double mid = (low + high) / 2;
		if (0.5 * erfc(mid / 1.4142135623730951) > p)
			low = mid;
		else
			high = mid;
	}
	return (low + high) / 2;
}

double
scores_fit(struct scores impostors, double fmr)
{
	double last = EMPIRICAL_MIN / (double)impostors.n;
	if (fmr >= last || last >= ANCHOR_FMR / 3)
		return scores_threshold(impostors, fmr);
	double at_anchor = scores_threshold(impostors, ANCHOR_FMR);
	double at_last = scores_threshold(impostors, last);
	double slope = (at_last - at_anchor) / (probit(last) - probit(ANCHOR_FMR));
	double fitted = at_last + slope * (probit(fmr) - probit(last));
	bool seen = fmr * (double)impostors.n >= 1;
	return seen ? fmax(fitted, scores_threshold(impostors, fmr)) : fitted;
}
