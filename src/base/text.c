#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <sodium.h>

void
text_init(struct text *t, struct scope *sc)
{
	t->sc = sc;
	t->len = 0;
	t->cap = 64;
	t->s = scope_alloc(sc, t->cap);
}

static void
text_reserve(struct text *t, size_t more)
{
	if (t->cap - t->len > more)
		return;
	size_t cap = t->cap * 2;
	while (cap - t->len <= more)
		cap *= 2;
	char *s = scope_alloc(t->sc, cap);
	memcpy(s, t->s, t->len + 1);
	t->s = s;
	t->cap = cap;
}

void
text_add_n(struct text *t, const char *s, size_t n)
{
	text_reserve(t, n);
	memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void
text_add(struct text *t, const char *s)
{
	text_add_n(t, s, strlen(s));
}

void
text_add_char(struct text *t, char c)
{
	text_add_n(t, &c, 1);
}

char *
text_room(struct text *t, size_t n)
{
	text_reserve(t, n);
	return t->s + t->len;
}

void
text_end(struct text *t, char *end)
{
	t->len = (size_t)(end - t->s);
	*end = '\0';
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(t->s + t->len, t->cap - t->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n >= t->cap - t->len) {
		text_reserve(t, (size_t)n);
		vsnprintf(t->s + t->len, t->cap - t->len, fmt, again);
	}
	va_end(again);
	if (n > 0)
		t->len += (size_t)n;
}

bool
text_eq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
text_starts(const char *s, const char *head)
{
	return strncmp(s, head, strlen(head)) == 0;
}

bool
text_ends(const char *s, const char *tail)
{
	size_t n = strlen(s);
	size_t m = strlen(tail);
	return n >= m && memcmp(s + n - m, tail, m) == 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

char *
text_trim(char *s)
{
	while (is_blank(*s))
		s++;
	size_t n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

size_t
text_split(struct scope *sc, const char *s, char at, char ***fields)
{
	size_t n = 1;
	for (const char *p = s; *p != '\0'; p++)
		n += *p == at;
	char **out = NEW_ARRAY(sc, n, char *);
	for (size_t i = 0; i < n; i++) {
		const char *end = strchr(s, at);
		size_t len = end == NULL ? strlen(s) : (size_t)(end - s);
		out[i] = scope_strndup(sc, s, len);
		s += len + 1;
	}
	*fields = out;
	return n;
}

enum code
parse_i64(struct scope *sc, const char *s, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	bool shape = (s[0] == '-' || (s[0] >= '0' && s[0] <= '9')) && *end == '\0' && end != s;
	if (!shape || errno != 0)
		return fail(sc, E_INVALID, "not a whole number");
	if (v < min || v > max)
		return fail(sc, E_INVALID, "not between %" PRId64 " and %" PRId64, min, max);
	*out = v;
	return OK;
}

enum code
parse_double(struct scope *sc, const char *s, double min, double max, double *out)
{
	char *end;
	bool shape = s[0] == '-' || s[0] == '.' || (s[0] >= '0' && s[0] <= '9');
	double v = shape ? strtod(s, &end) : NAN;
	if (!shape || *end != '\0' || !isfinite(v))
		return fail(sc, E_INVALID, "not a number");
	if (v < min || v > max)
		return fail(sc, E_INVALID, "not between %g and %g", min, max);
	*out = v;
	return OK;
}

/* Bytes of the sequence at p, 0 when it is malformed. */
static size_t
utf8_sequence(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];
	if (c == 0)
		return 0;
	if (c < 0x80)
		return 1;
	size_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
	if (c < 0xC2 || c > 0xF4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	bool overlong = (c == 0xE0 && p[1] < 0xA0) || (c == 0xF0 && p[1] < 0x90);
	bool surrogate = c == 0xED && p[1] > 0x9F;
	bool beyond = c == 0xF4 && p[1] > 0x8F;
	return overlong || surrogate || beyond ? 0 : len;
}

bool
utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	while (n > 0) {
		size_t len = utf8_sequence(p, n);
		if (len == 0)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

size_t
utf8_length(const char *s)
{
	size_t n = 0;
	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xC0) != 0x80;
	return n;
}

uint64_t
text_number(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);
	for (const char *p = s; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(1099511628211);
	return h ^ h >> 31;
}

char *
hex_encode(struct scope *sc, const void *p, size_t n)
{
	char *out = scope_alloc(sc, n * 2 + 1);
	return sodium_bin2hex(out, n * 2 + 1, p, n);
}

enum code
hex_decode(struct scope *sc, const char *s, void *out, size_t n)
{
	size_t got;
	const char *end;
	uint8_t *bytes = scope_alloc(sc, n);
	if (strlen(s) != n * 2 || sodium_hex2bin(bytes, n, s, n * 2, NULL, &got, &end) != 0 || got != n)
		return fail(sc, E_INVALID, "not %zu bytes of hex", n);
	memcpy(out, bytes, n);
	return OK;
}

static char *
encode64(struct scope *sc, const void *p, size_t n, int variant)
{
	size_t room = sodium_base64_encoded_len(n, variant);
	return sodium_bin2base64(scope_alloc(sc, room), room, p, n, variant);
}

char *
base64url_encode(struct scope *sc, const void *p, size_t n)
{
	return encode64(sc, p, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

char *
base64_encode(struct scope *sc, const void *p, size_t n)
{
	return encode64(sc, p, n, sodium_base64_VARIANT_ORIGINAL);
}

enum code
base64_decode(struct scope *sc, const char *s, size_t max, uint8_t **out, size_t *n)
{
	size_t len = strlen(s);
	if (len / 4 * 3 > max + 3)
		return fail(sc, E_LIMIT, "more than %zu bytes of base64", max);
	bool url = strpbrk(s, "-_") != NULL;
	bool padded = len > 0 && s[len - 1] == '=';
	int variant = url ? (padded ? sodium_base64_VARIANT_URLSAFE : sodium_base64_VARIANT_URLSAFE_NO_PADDING)
			  : (padded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	size_t got;
	const char *end;
	uint8_t *bytes = scope_alloc(sc, len / 4 * 3 + 4);
	if (sodium_base642bin(bytes, len / 4 * 3 + 3, s, len, NULL, &got, &end, variant) != 0 || *end != '\0')
		return fail(sc, E_INVALID, "not base64");
	if (got > max)
		return fail(sc, E_LIMIT, "more than %zu bytes of base64", max);
	bytes[got] = '\0';
	*out = bytes;
	*n = got;
	return OK;
}
