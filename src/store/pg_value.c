/* Numbers are in network order. A numeric is
 *
 *	int16  digits, in base 10000
 *	int16  weight: the first digit counts 10000^weight
 *	uint16 sign: 0 positive, 0x4000 negative, others (NaN, infinities) no number
 *	uint16 decimals to show
 *	int16  digit …
 *
 * which is what SUM() of whole numbers comes as.
 */
#include "store/pg_value.h"

#define NUMERIC_HEAD 8
#define NUMERIC_NEGATIVE 0x4000
#define NUMERIC_BASE 10000

unsigned
pg_type_of(enum val_kind kind)
{
	switch (kind) {
	case VAL_INT: return PG_INT8;
	case VAL_REAL: return PG_FLOAT8;
	case VAL_TEXT: return PG_TEXT;
	case VAL_BLOB: return PG_BYTEA;
	default: return 0;
	}
}

bool
pg_type_is_read(unsigned type)
{
	switch (type) {
	case PG_BOOL:
	case PG_BYTEA:
	case PG_NAME:
	case PG_INT8:
	case PG_INT2:
	case PG_INT4:
	case PG_TEXT:
	case PG_FLOAT4:
	case PG_FLOAT8:
	case PG_UNKNOWN:
	case PG_VARCHAR:
	case PG_NUMERIC: return true;
	default: return false;
	}
}

void
pg_put_int64(uint8_t to[static 8], int64_t v)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)((uint64_t)v >> (56 - 8 * i));
}

void
pg_put_double(uint8_t to[static 8], double v)
{
	int64_t bits;
	memcpy(&bits, &v, sizeof bits);
	pg_put_int64(to, bits);
}

static uint64_t
get_big(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static struct val
real_of(const uint8_t *p, size_t n)
{
	uint64_t bits = get_big(p, n);
	double d;
	float f;
	if (n == 8) {
		memcpy(&d, &bits, sizeof d);
		return v_real(d);
	}
	uint32_t half = (uint32_t)bits;
	memcpy(&f, &half, sizeof f);
	return v_real((double)f);
}

/* The whole number; false: it has a fraction, or passes int64. */
static bool
numeric_whole(const uint8_t *digits, int n, int weight, bool negative, int64_t *out)
{
	int64_t v = 0;
	for (int i = 0; i < n || i <= weight; i++) {
		int64_t digit = i < n ? (int64_t)get_big(digits + 2 * i, 2) : 0;
		if (i > weight && digit != 0)
			return false;
		if (i > weight)
			continue;
		if (__builtin_mul_overflow(v, NUMERIC_BASE, &v) ||
		    __builtin_add_overflow(v, negative ? -digit : digit, &v))
			return false;
	}
	*out = v;
	return true;
}

/* Ten digits of four are more than a double holds. */
static double
numeric_real(const uint8_t *digits, int n, int weight, bool negative)
{
	char text[64];
	int kept = n < 10 ? n : 10;
	int at = snprintf(text, sizeof text, "%s0", negative ? "-" : "");
	for (int i = 0; i < kept; i++)
		at += snprintf(text + at, sizeof text - (size_t)at, "%04u",
			       (unsigned)get_big(digits + 2 * i, 2) % NUMERIC_BASE);
	snprintf(text + at, sizeof text - (size_t)at, "e%d", 4 * (weight - kept + 1));
	return strtod(text, NULL);
}

static bool
numeric_read(const uint8_t *p, size_t n, struct val *out)
{
	if (n < NUMERIC_HEAD)
		return false;
	int count = (int16_t)get_big(p, 2);
	int weight = (int16_t)get_big(p + 2, 2);
	unsigned sign = (unsigned)get_big(p + 4, 2);
	const uint8_t *digits = p + NUMERIC_HEAD;
	if (count < 0 || n != NUMERIC_HEAD + 2 * (size_t)count || (sign != 0 && sign != NUMERIC_NEGATIVE))
		return false;
	int64_t whole;
	if (weight <= 5 && numeric_whole(digits, count, weight, sign != 0, &whole)) {
		*out = v_int(whole);
		return true;
	}
	*out = v_real(numeric_real(digits, count, weight, sign != 0));
	return true;
}

bool
pg_value_read(unsigned type, const void *bytes, size_t n, struct val *out)
{
	const uint8_t *p = bytes;
	switch (type) {
	case PG_BOOL:
		if (n != 1)
			return false;
		*out = v_int(p[0] != 0);
		return true;
	case PG_INT2:
	case PG_INT4:
	case PG_INT8:
		if (n != (type == PG_INT2 ? 2U : type == PG_INT4 ? 4U : 8U))
			return false;
		/* shifted up and back: the sign */
		*out = v_int((int64_t)(get_big(p, n) << (64 - 8 * n)) >> (64 - 8 * n));
		return true;
	case PG_FLOAT4:
	case PG_FLOAT8:
		if (n != (type == PG_FLOAT4 ? 4U : 8U))
			return false;
		*out = real_of(p, n);
		return true;
	case PG_NUMERIC: return numeric_read(p, n, out);
	case PG_BYTEA: *out = (struct val){.kind = VAL_BLOB, .p = p, .n = n}; return true;
	case PG_NAME:
	case PG_TEXT:
	case PG_UNKNOWN:
	case PG_VARCHAR: *out = (struct val){.kind = VAL_TEXT, .p = p, .n = n}; return true;
	default: return false;
	}
}
