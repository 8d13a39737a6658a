/* base/prng: fast repeatable numbers for engines and tests. Not for secrets. */
#ifndef BASE_PRNG_H
#define BASE_PRNG_H

#include <stdint.h>

/* xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. */
struct prng {
	uint64_t s[4];
};

static inline uint64_t
prng_rotl_(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

static inline void
prng_seed(struct prng *p, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		seed += 0x9E3779B97F4A7C15u;
		uint64_t z = seed;
		z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
		z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
		p->s[i] = z ^ (z >> 31);
	}
}

static inline uint64_t
prng_u64(struct prng *p)
{
	uint64_t *s = p->s;
	uint64_t result = prng_rotl_(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = prng_rotl_(s[3], 45);
	return result;
}

/* Uniform in [0, n), n > 0 (multiply-shift; bias below 2^-32). */
static inline uint32_t
prng_below(struct prng *p, uint32_t n)
{
	return (uint32_t)(((prng_u64(p) >> 32) * n) >> 32);
}

/* Uniform in [0, 1). */
static inline double
prng_unit(struct prng *p)
{
	return (double)(prng_u64(p) >> 11) * 0x1.0p-53;
}

#endif
