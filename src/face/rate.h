/* rate: errors of tries, with exact binomial bounds (Clopper–Pearson, 95 %). */
#ifndef FACE_RATE_H
#define FACE_RATE_H

#include "base/json.h"

struct rate {
	size_t k, n;
};

double rate_low(struct rate r);
double rate_high(struct rate r);
/* {"rate","bounds95":[low,high],"errors","of"}; null for no tries. */
json_t *rate_json(struct rate r);
/* Four significant digits. */
double rate_tidy(double v);

#endif
