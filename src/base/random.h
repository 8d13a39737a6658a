/* base/random: bytes that must not be guessed: keys, tokens, salts, ids.
 *
 * They come from the operating system, except on a data directory made for
 * simulation: there one seed makes the same day twice. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdatomic.h>

#include "base/scope.h"

struct random {
	bool seeded;
	uint8_t seed[32];
	_Atomic uint64_t counter;
};

/* Must be called once before anything of libsodium's; safe to repeat. */
void random_init_os(struct random *r);
void random_init_seeded(struct random *r, uint64_t seed);
/* Thread-safe. */
void random_bytes(struct random *r, void *out, size_t n);

#define ID_TEXT_MAX 32
/* A row's name: a lower-case prefix of 2–4 letters, '_' and a UUIDv7 in 26
 * Crockford base-32 digits, so ids of one kind sort by their birth. */
struct id {
	char s[ID_TEXT_MAX];
};
struct id id_new(struct random *r, const char *prefix, int64_t now_ms);
/* Right prefix, right length, right alphabet. */
bool id_is(const char *text, const char *prefix);

#endif
