/* road/geocode_words: text of an address as words that can be compared. Private
 * to the room.
 *
 * Folding: Unicode case folding, compatibility forms taken apart, marks dropped
 * (libutf8proc), and the letters that have no parts (ø, ł, đ, ħ, æ …) by a table:
 * "Straße" and "STRASSE", "São" and "sao", "Ħal" and "hal" are the same. A word is
 * a run of letters and digits; an apostrophe joins ("O'Donnell"), all else parts. */
#ifndef ROAD_GEOCODE_WORDS_H
#define ROAD_GEOCODE_WORDS_H

#include "base/scope.h"

#define GEO_WORDS_MAX 32
#define GEO_WORD_BYTES 48

struct geo_word {
	char s[GEO_WORD_BYTES]; /* folded */
	uint8_t n;		/* its bytes */
	bool digits;		/* begins with a digit */
	bool dot;		/* a full stop follows: an abbreviation */
	bool hyphen;		/* a hyphen ties it to the word before */
};

struct geo_words {
	struct geo_word w[GEO_WORDS_MAX];
	size_t n;
	bool cut; /* there were more, or longer ones, than fit */
};

/* text: valid UTF-8. */
void geo_words(const char *text, struct geo_words *out);
/* The words with one blank between. Scope-owned. */
char *geo_folded(struct scope *sc, const char *name);
/* The same with an abbreviated street type written out and linking words left out, so that "R. Igreja" and
 * "Rua da Igreja", side by side, are one street. */
char *geo_name_key(struct scope *sc, const char *name);

/* "de", "of", "van": ties words and says nothing. */
bool geo_is_link(const char *word);
/* Stands beside an address and names no place: doors, floors, countries. */
bool geo_is_noise(const char *word);

/* What else a word may stand for: "av" → "avenida", "avenue", …, and back; "bergstr" → "bergstrasse".
 * At most GEO_ALSO_MAX; the words have GEO_WORD_BYTES bytes at most. */
#define GEO_ALSO_MAX 8
size_t geo_word_also(const struct geo_word *w, char also[GEO_ALSO_MAX][GEO_WORD_BYTES]);

/* A house number taken apart: "12A" → 12 "a"; "12-14" → 12 to 14. False: no number in it. */
struct geo_number {
	uint32_t first, last;
	char suffix[8]; /* folded letters */
};
bool geo_number_parse(const char *text, struct geo_number *out);

/* Edits (insert, delete, replace, swap neighbours) between two words; more than `max`: max + 1. */
unsigned geo_edits(const char *a, size_t n_a, const char *b, size_t n_b, unsigned max);

#endif
