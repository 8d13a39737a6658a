/* base/polyline: a line of places as short text, Google's encoded polyline.
 *
 * Each coordinate is rounded to `unit` e7 (10: "polyline6", 100: "polyline"),
 * written as the difference to the one before, zigzag, five bits a character
 * from '?' on. The text may hold a backslash: escape it where that matters. */
#ifndef BASE_POLYLINE_H
#define BASE_POLYLINE_H

#include "base/geo.h"
#include "base/text.h"

enum polyline_unit { POLYLINE6_UNIT = 10, POLYLINE5_UNIT = 100 };

void polyline_add(struct text *t, enum polyline_unit unit, const struct place *p, size_t n);
/* E_INVALID  it breaks off, has other characters, or leaves the Earth. */
MUST_USE enum code polyline_read(struct scope *sc, const char *s, enum polyline_unit unit, struct place **out,
				 size_t *n);

#endif
