#include "http/http_url.h"

#include "base/text.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that stands at raw[*at], which moves behind it; -1: a broken escape. */
static int
next_byte(const char *raw, size_t n, size_t *at)
{
	char c = raw[(*at)++];
	if (c != '%')
		return (unsigned char)c;
	if (n - *at < 2)
		return -1;
	int hi = hex_digit(raw[*at]);
	int lo = hex_digit(raw[*at + 1]);
	if (hi < 0 || lo < 0)
		return -1;
	*at += 2;
	return hi * 16 + lo;
}

/* In a query '+' is a blank. In a path an encoded slash would move the borders
 * of segments, so it is refused there. */
static enum code
decode(struct scope *sc, const char *raw, size_t n, bool in_query, char **out)
{
	char *s = scope_alloc(sc, n + 1);
	size_t len = 0;
	for (size_t i = 0; i < n;) {
		bool plain = raw[i] != '%';
		int c = next_byte(raw, n, &i);
		if (c < 0)
			return fail_as(sc, E_INVALID, "bad-encoding", "a %% in the address has no two hex digits");
		if (c < ' ' || c == 0x7f || (!plain && !in_query && c == '/'))
			return fail_as(sc, E_INVALID, "bad-encoding", "the address holds an encoded 0x%02x",
				       (unsigned)c);
		s[len++] = (char)(plain && in_query && c == '+' ? ' ' : c);
	}
	if (!utf8_valid(s, len))
		return fail_as(sc, E_INVALID, "bad-encoding", "the address is not UTF-8");
	*out = s;
	return OK;
}

static enum code
query_add(struct scope *sc, struct http_target *t, const char *raw, size_t n)
{
	const char *eq = memchr(raw, '=', n);
	size_t name_n = eq == NULL ? n : (size_t)(eq - raw);
	char *name;
	char *value = NULL;
	TRY(decode(sc, raw, name_n, true, &name));
	if (eq != NULL)
		TRY(decode(sc, eq + 1, n - name_n - 1, true, &value));
	if (t->n_query == HTTP_QUERY_MAX)
		return fail_as(sc, E_LIMIT, "bad-encoding", "the query gives more than %d names", HTTP_QUERY_MAX);
	for (size_t i = 0; i < t->n_query; i++)
		if (text_eq(t->query[i].name, name))
			return fail_as(sc, E_INVALID, "bad-encoding", "the query gives \"%.40s\" twice", name);
	t->query[t->n_query++] = (struct http_pair){name, value == NULL ? "" : value};
	return OK;
}

enum code
http_target_parse(struct scope *sc, const char *raw, struct http_target *out)
{
	struct http_target t = {0};
	const char *mark = strchr(raw, '?');
	size_t path_n = mark == NULL ? strlen(raw) : (size_t)(mark - raw);
	char *path;
	TRY(decode(sc, raw, path_n, false, &path));
	if (path[0] != '/')
		return fail_as(sc, E_INVALID, "bad-encoding", "the address must begin with a slash");
	t.path = path;
	if (mark != NULL)
		t.query = NEW_ARRAY(sc, HTTP_QUERY_MAX, struct http_pair);
	for (const char *s = mark == NULL ? NULL : mark + 1; s != NULL;) {
		const char *amp = strchr(s, '&');
		size_t n = amp == NULL ? strlen(s) : (size_t)(amp - s);
		if (n > 0)
			TRY(query_add(sc, &t, s, n));
		s = amp == NULL ? NULL : amp + 1;
	}
	*out = t;
	return OK;
}
