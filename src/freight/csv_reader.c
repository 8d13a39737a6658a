#include "freight/csv_reader.h"

#include "base/text.h"

/* Windows-1252 where it differs from Latin-1: 0x80 … 0x9F. 0: not assigned. */
static const uint16_t windows[32] = {
    0x20AC, 0,	    0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,	    0x017D, 0,	    0,	    0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,	    0x017E, 0x0178,
};

static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	out[0] = (char)(0xE0 | c >> 12);
	out[1] = (char)(0x80 | (c >> 6 & 0x3F));
	out[2] = (char)(0x80 | (c & 0x3F));
	return 3;
}

static char *
from_latin(struct scope *sc, const uint8_t *p, size_t n, size_t *out_n)
{
	char *out = scope_alloc(sc, n * 3 + 1);
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned c = p[i];
		if (c >= 0x80 && c < 0xA0)
			c = windows[c - 0x80] != 0 ? windows[c - 0x80] : '?';
		len += put_utf8(out + len, c);
	}
	*out_n = len;
	return out;
}

/* The one that the first line has most of, outside quotes; a comma when none. */
static char
find_separator(const char *s, size_t n)
{
	static const char known[] = {',', ';', '\t'};
	size_t count[COUNT_OF(known)] = {0};
	bool quoted = false;
	for (size_t i = 0; i < n && (quoted || (s[i] != '\n' && s[i] != '\r')); i++) {
		if (s[i] == '"')
			quoted = !quoted;
		for (size_t k = 0; k < COUNT_OF(known) && !quoted; k++)
			count[k] += s[i] == known[k];
	}
	size_t best = 0;
	for (size_t k = 1; k < COUNT_OF(known); k++)
		if (count[k] > count[best])
			best = k;
	return known[best];
}

enum code
csv_open(struct scope *sc, const void *bytes, size_t n, struct csv *out)
{
	const uint8_t *p = bytes;
	struct csv c = {.line = 1};
	if (n >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF)))
		return fail_as(sc, E_INVALID, "bad-csv", "the file is UTF-16: save it as CSV in UTF-8");
	if (n >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
		p += 3;
		n -= 3;
	}
	if (n == 0)
		return fail_as(sc, E_INVALID, "bad-csv", "the file is empty");
	if (memchr(p, 0, n) != NULL)
		return fail_as(sc, E_INVALID, "bad-csv", "the file is no text: save the table as CSV");
	if (utf8_valid((const char *)p, n)) {
		c.encoding = "utf-8";
		c.s = (const char *)p;
		c.n = n;
	} else {
		c.encoding = "latin-1";
		c.s = from_latin(sc, p, n, &c.n);
	}
	c.separator = find_separator(c.s, c.n);
	*out = c;
	return OK;
}

/* Steps over one line end, if there is one here. */
static bool
take_line_end(struct csv *c)
{
	if (c->at == c->n || (c->s[c->at] != '\n' && c->s[c->at] != '\r'))
		return false;
	c->at += c->s[c->at] == '\r' && c->at + 1 < c->n && c->s[c->at + 1] == '\n' ? 2 : 1;
	c->line++;
	return true;
}

static void
skip_line(struct csv *c)
{
	while (c->at < c->n && c->s[c->at] != '\n' && c->s[c->at] != '\r')
		c->at++;
	take_line_end(c);
}

/* A quoted field, its opening quote taken already. What is wrong, or NULL. */
static const char *
take_quoted(struct csv *c, struct text *field)
{
	while (c->at < c->n) {
		char ch = c->s[c->at];
		if (ch == '"' && c->at + 1 < c->n && c->s[c->at + 1] == '"') {
			text_add_char(field, '"');
			c->at += 2;
		} else if (ch == '"') {
			c->at++;
			while (c->at < c->n && c->s[c->at] == ' ')
				c->at++;
			bool ends =
			    c->at == c->n || c->s[c->at] == c->separator || c->s[c->at] == '\n' || c->s[c->at] == '\r';
			return ends ? NULL : "after-quote";
		} else if (take_line_end(c)) {
			text_add_char(field, '\n');
		} else {
			text_add_char(field, ch);
			c->at++;
		}
	}
	return "open-quote";
}

static void
take_plain(struct csv *c, struct text *field)
{
	size_t from = c->at;
	while (c->at < c->n && c->s[c->at] != c->separator && c->s[c->at] != '\n' && c->s[c->at] != '\r')
		c->at++;
	text_add_n(field, c->s + from, c->at - from);
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\n' && *s != '\t') || *s == 127)
			return true;
	return false;
}

/* One field; what is wrong with the row, or NULL. */
static const char *
take_field(struct scope *sc, struct csv *c, struct csv_row *row)
{
	struct text field;
	const char *wrong = NULL;
	if (row->n == CSV_COLUMNS_MAX)
		return "too-many-columns";
	text_init(&field, sc);
	while (c->at < c->n && c->s[c->at] == ' ')
		c->at++;
	if (c->at < c->n && c->s[c->at] == '"') {
		c->at++;
		wrong = take_quoted(c, &field);
	} else {
		take_plain(c, &field);
	}
	if (wrong == NULL && has_control(field.s))
		wrong = "control-character";
	row->fields[row->n++] = text_trim(field.s);
	return wrong;
}

bool
csv_next(struct scope *sc, struct csv *c, struct csv_row *row)
{
	while (take_line_end(c))
		;
	if (c->at == c->n)
		return false;
	*row = (struct csv_row){.line = c->line};
	for (;;) {
		row->broken = take_field(sc, c, row);
		if (row->broken != NULL) {
			skip_line(c);
			return true;
		}
		if (c->at == c->n || c->s[c->at] != c->separator)
			break;
		c->at++;
	}
	take_line_end(c);
	return true;
}
