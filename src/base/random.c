#include "base/random.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>

static void
sodium_start(void)
{
	if (sodium_init() < 0) {
		fprintf(stderr, "waybill: the system gives no randomness\n");
		abort();
	}
}

void
random_init_os(struct random *r)
{
	sodium_start();
	memset(r, 0, sizeof *r);
}

void
random_init_seeded(struct random *r, uint64_t seed)
{
	sodium_start();
	memset(r, 0, sizeof *r);
	r->seeded = true;
	uint64_t le = htole64(seed);
	crypto_generichash(r->seed, sizeof r->seed, (const unsigned char *)&le, sizeof le, NULL, 0);
}

void
random_bytes(struct random *r, void *out, size_t n)
{
	if (!r->seeded) {
		randombytes_buf(out, n);
		return;
	}
	uint64_t count = htole64(atomic_fetch_add(&r->counter, 1));
	uint8_t key[randombytes_SEEDBYTES];
	crypto_generichash(key, sizeof key, (const unsigned char *)&count, sizeof count, r->seed, sizeof r->seed);
	randombytes_buf_deterministic(out, n, key);
}

static const char id_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

struct id
id_new(struct random *r, const char *prefix, int64_t now_ms)
{
	size_t plen = strlen(prefix);
	assert(plen >= 2 && plen <= 4);
	uint8_t u[16];
	random_bytes(r, u, sizeof u);
	for (int i = 0; i < 6; i++)
		u[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	u[6] = (uint8_t)((u[6] & 0x0F) | 0x70);
	u[8] = (uint8_t)((u[8] & 0x3F) | 0x80);
	struct id id = {{0}};
	memcpy(id.s, prefix, plen);
	id.s[plen] = '_';
	/* 128 bits as 26 digits of 5: the first carries 3. */
	for (int d = 0; d < 26; d++) {
		unsigned v = 0;
		for (int b = 0; b < 5; b++) {
			int bit = d * 5 + b - 2;
			unsigned one = bit < 0 ? 0u : (unsigned)(u[bit / 8] >> (7 - bit % 8)) & 1u;
			v = v << 1 | one;
		}
		id.s[plen + 1 + (size_t)d] = id_alphabet[v];
	}
	return id;
}

bool
id_is(const char *text, const char *prefix)
{
	size_t plen = strlen(prefix);
	return strncmp(text, prefix, plen) == 0 && text[plen] == '_' && strlen(text) == plen + 27 &&
	       strspn(text + plen + 1, id_alphabet) == 26;
}
