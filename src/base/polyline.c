#include "base/polyline.h"

#define NUMBER_ROOM 7u /* characters: five bits each of 33 and a sign */

static char *
number_put(char *s, int32_t delta)
{
	uint64_t v = (uint64_t)(int64_t)delta << 1 ^ (uint64_t)((int64_t)delta >> 63);
	for (; v >= 32; v >>= 5)
		*s++ = (char)((32 | (v & 31)) + 63);
	*s++ = (char)(v + 63);
	return s;
}

static int32_t
rounded(int32_t e7, int32_t unit)
{
	return e7 >= 0 ? (int32_t)((e7 + (int64_t)unit / 2) / unit) : -(int32_t)((-(int64_t)e7 + unit / 2) / unit);
}

/* unit is a constant where this is called: no division is left. */
static inline char *
line_put(char *s, int32_t unit, const struct place *p, size_t n)
{
	int32_t lat = 0;
	int32_t lon = 0;
	for (size_t i = 0; i < n; i++) {
		int32_t y = rounded(p[i].lat_e7, unit);
		int32_t x = rounded(p[i].lon_e7, unit);
		s = number_put(s, y - lat);
		s = number_put(s, x - lon);
		lat = y;
		lon = x;
	}
	return s;
}

void
polyline_add(struct text *t, enum polyline_unit unit, const struct place *p, size_t n)
{
	char *s = text_room(t, n * 2 * NUMBER_ROOM);
	text_end(t, unit == POLYLINE6_UNIT ? line_put(s, POLYLINE6_UNIT, p, n) : line_put(s, POLYLINE5_UNIT, p, n));
}

/* One number; NULL where it breaks off. */
static const char *
number_read(const char *s, int64_t *value)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 35; shift += 5) {
		unsigned c = (unsigned char)*s++;
		if (c < 63 || c > 126)
			return NULL;
		v |= (uint64_t)((c - 63) & 31) << shift;
		if (c - 63 < 32) {
			*value = (v & 1) != 0 ? -(int64_t)(v >> 1) - 1 : (int64_t)(v >> 1);
			return s;
		}
	}
	return NULL;
}

enum code
polyline_read(struct scope *sc, const char *s, enum polyline_unit unit, struct place **out, size_t *n)
{
	struct place *list = NEW_ARRAY(sc, strlen(s) / 2 + 1, struct place);
	size_t count = 0;
	int64_t lat = 0;
	int64_t lon = 0;
	while (*s != '\0') {
		int64_t dy;
		int64_t dx;
		s = number_read(s, &dy);
		s = s == NULL ? NULL : number_read(s, &dx);
		if (s == NULL)
			return fail_as(sc, E_INVALID, "bad-polyline", "not an encoded polyline");
		lat += dy * (int64_t)unit;
		lon += dx * (int64_t)unit;
		if (llabs(lat) > 900000000 || llabs(lon) > 1800000000)
			return fail_as(sc, E_INVALID, "bad-place", "the polyline leaves the Earth");
		list[count++] = (struct place){(int32_t)lat, (int32_t)lon};
	}
	*out = list;
	*n = count;
	return OK;
}
