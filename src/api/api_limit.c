/* Rate limits: token buckets by (kind, caller) in a table of fixed size. The
 * caller is an address before sign-in and a person after. A full probe run
 * evicts the fullest bucket: forgetting the most innocent one costs least. */
#include "api/api_inner.h"

#include <sodium.h>

#include "base/clock.h"

#define SLOTS 8192
#define PROBES 8

static const struct {
	double burst, per_s;
} limit_rows[LIMITS] = {
    [LIMIT_SIGN_UP] = {20, 20 / 3600.0},
    [LIMIT_SIGN_IN] = {20, 0.5},
    [LIMIT_FACE] = {10, 10 / 60.0},
    [LIMIT_LOOK] = {120, 4},
};

struct bucket {
	uint64_t key; /* 0: free */
	double tokens;
	int64_t at_ms;
	enum limit kind;
};

struct limits {
	pthread_mutex_t lock;
	uint8_t secret[crypto_shorthash_KEYBYTES]; /* so that nobody chooses colliding addresses */
	struct bucket slot[SLOTS];
};

enum code
limits_open(struct scope *sc, struct limits **out)
{
	struct limits *l = calloc(1, sizeof *l);
	if (l == NULL)
		return fail(sc, E_MEMORY, "no memory for rate limits");
	pthread_mutex_init(&l->lock, NULL);
	randombytes_buf(l->secret, sizeof l->secret);
	*out = l;
	return OK;
}

void
limits_close(struct limits *l)
{
	if (l == NULL)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void
refill(struct bucket *b, int64_t now_ms)
{
	b->tokens += (double)(now_ms - b->at_ms) / 1000 * limit_rows[b->kind].per_s;
	if (b->tokens > limit_rows[b->kind].burst)
		b->tokens = limit_rows[b->kind].burst;
	b->at_ms = now_ms;
}

static double
fullness(const struct bucket *b)
{
	return b->key == 0 ? 2 : b->tokens / limit_rows[b->kind].burst;
}

static struct bucket *
find(struct limits *l, uint64_t key, enum limit kind, int64_t now_ms)
{
	struct bucket *best = NULL;
	for (size_t i = 0; i < PROBES; i++) {
		struct bucket *b = &l->slot[(key + i) % SLOTS];
		if (b->key == key)
			return b;
		if (b->key != 0)
			refill(b, now_ms);
		if (best == NULL || fullness(b) > fullness(best))
			best = b;
	}
	*best = (struct bucket){key, limit_rows[kind].burst, now_ms, kind};
	return best;
}

enum code
limits_take(struct scope *sc, struct limits *l, enum limit kind, const char *who, int64_t *retry_s)
{
	if (kind == LIMIT_NONE)
		return OK;
	char text[128];
	int n = snprintf(text, sizeof text, "%d %s", (int)kind, who);
	uint64_t key;
	crypto_shorthash((unsigned char *)&key, (const unsigned char *)text, (unsigned long long)n, l->secret);
	key |= 1;
	pthread_mutex_lock(&l->lock);
	struct bucket *b = find(l, key, kind, clock_mono_ms());
	refill(b, clock_mono_ms());
	double left = b->tokens;
	if (left >= 1)
		b->tokens -= 1;
	pthread_mutex_unlock(&l->lock);
	if (left >= 1)
		return OK;
	*retry_s = (int64_t)((1 - left) / limit_rows[kind].per_s) + 1;
	return fail_as(sc, E_DENIED, "too-many-requests", "try again in %" PRId64 " s", *retry_s);
}
