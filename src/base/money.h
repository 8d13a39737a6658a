/* base/money: amounts in minor units of one currency; never a double. */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include "base/scope.h"

struct money {
	int64_t minor;
};

/* ISO 4217 alphabetic code with its NUL. */
struct currency {
	char code[4];
};

/* E_INVALID  not a current ISO 4217 code this build knows. */
MUST_USE enum code currency_parse(struct scope *sc, const char *text, struct currency *out);
/* Digits behind the point: 2 for EUR and SEK, 0 for JPY, 3 for KWD. */
int currency_digits(struct currency c);

/* E_INVALID  the sum or product overflows. */
MUST_USE enum code money_add(struct scope *sc, struct money a, struct money b, struct money *out);
/* amount × num / den, rounded half away from zero; den > 0. */
MUST_USE enum code money_scale(struct scope *sc, struct money a, int64_t num, int64_t den, struct money *out);
/* "-12.34 EUR"; scope-owned. */
char *money_format(struct scope *sc, struct money m, struct currency c);

#endif
