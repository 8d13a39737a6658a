/* base/text: growing text, parsing of numbers, UTF-8, hex and base64.
 *
 * struct text lives in a scope: text_init(), append, read .s (always
 * NUL-terminated). There is nothing to release. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/scope.h"

struct text {
	struct scope *sc;
	char *s;
	size_t len;
	size_t cap;
};

void text_init(struct text *t, struct scope *sc);
void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_add_char(struct text *t, char c);
/* For writers of many small things: at least n bytes (and a NUL) free behind .s + .len; who has filled some of
 * them names their end. */
char *text_room(struct text *t, size_t n);
void text_end(struct text *t, char *end);
void text_printf(struct text *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool text_eq(const char *a, const char *b); /* NULL-safe */
bool text_starts(const char *s, const char *head);
bool text_ends(const char *s, const char *tail);
/* Trims ASCII blanks at both ends; the result points into s, which is cut. */
char *text_trim(char *s);
/* Splits at `at` into a scope-owned array of scope-owned fields. */
size_t text_split(struct scope *sc, const char *s, char at, char ***fields);

/* Whole-string decimal numbers. E_INVALID  not one, or outside [min, max]. */
MUST_USE enum code parse_i64(struct scope *sc, const char *s, int64_t min, int64_t max, int64_t *out);
MUST_USE enum code parse_double(struct scope *sc, const char *s, double min, double max, double *out);

/* True for well-formed UTF-8 without NUL, overlong forms or surrogates. */
bool utf8_valid(const char *s, size_t n);
/* Code points in a valid string. */
size_t utf8_length(const char *s);

/* FNV-1a, folded: a number for a name, the same everywhere. Not for secrets. */
uint64_t text_number(const char *s);

/* Lower-case hex and unpadded base64url (RFC 4648); scope-owned. */
char *hex_encode(struct scope *sc, const void *p, size_t n);
/* Exactly n bytes from 2n hex digits. */
MUST_USE enum code hex_decode(struct scope *sc, const char *s, void *out, size_t n);
char *base64url_encode(struct scope *sc, const void *p, size_t n);
char *base64_encode(struct scope *sc, const void *p, size_t n);
/* Accepts either alphabet, padded or not. E_INVALID  anything else;
 * E_LIMIT  more than max bytes. */
MUST_USE enum code base64_decode(struct scope *sc, const char *s, size_t max, uint8_t **out, size_t *n);

#endif
