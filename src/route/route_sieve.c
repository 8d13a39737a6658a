#include "route/route_sieve.h"

#include <assert.h>
#include <stddef.h>

/* A node's four numbers: arc, leave, arc_in, late. */
typedef int32_t quad __attribute__((vector_size(16)));
static_assert(offsetof(struct node, leave) == offsetof(struct node, arc) + 4 &&
		  offsetof(struct node, arc_in) == offsetof(struct node, arc) + 8 &&
		  offsetof(struct node, late) == offsetof(struct node, arc) + 12,
	      "they are read at once");

static inline quad
limits(const struct sieve *x)
{
	return (quad){x->more, x->close, x->more, -x->done};
}

static void
sieve_each(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x, struct sieved *out)
{
	const quad most = limits(x);
	const quad minus = {0, -1, 0, 0};
	for (int32_t i = 0; i < n && near[i].node >= 0; i++) {
		quad q;
		memcpy(&q, &node[near[i].node].arc, sizeof q);
		q = (q ^ minus) - minus + (most - near[i].arc);
		out->behind[out->n_behind] = near[i];
		out->n_behind += (q[0] | q[1]) >= 0;
		out->ahead[out->n_ahead] = near[i];
		out->n_ahead += (q[2] | q[3]) >= 0;
	}
}

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx512f,avx512vl,avx512dq,bmi2,popcnt")))

WIDE static inline int32_t
keep(struct near_arc *to, __m256i entries, uint32_t passed)
{
	uint32_t lanes = _pext_u32(passed, 0x1111);
	_mm256_storeu_si256((void *)to, _mm256_maskz_compress_epi64((__mmask8)lanes, entries));
	return _mm_popcnt_u32(lanes);
}

WIDE static void
sieve_four(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x, struct sieved *out)
{
	const __m512i most = _mm512_broadcast_i32x4((__m128i)limits(x));
	const __m512i spread = _mm512_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3, 5, 5, 5, 5, 7, 7, 7, 7);
	int32_t i = 0;
	for (; i + 4 <= n && near[i + 3].node >= 0; i += 4) {
		__m256i entries = _mm256_loadu_si256((const void *)&near[i]);
		__m512i arcs = _mm512_permutexvar_epi32(spread, _mm512_castsi256_si512(entries));
		__m512i q = _mm512_castsi128_si512(_mm_loadu_si128((const void *)&node[near[i].node].arc));
		q = _mm512_inserti32x4(q, _mm_loadu_si128((const void *)&node[near[i + 1].node].arc), 1);
		q = _mm512_inserti32x4(q, _mm_loadu_si128((const void *)&node[near[i + 2].node].arc), 2);
		q = _mm512_inserti32x4(q, _mm_loadu_si128((const void *)&node[near[i + 3].node].arc), 3);
		__m512i left = _mm512_sub_epi32(most, arcs);
		left = _mm512_mask_sub_epi32(_mm512_add_epi32(left, q), 0x2222, left, q);
		uint32_t broken = _mm512_movepi32_mask(left);
		broken |= broken >> 1;
		out->n_behind += keep(out->behind + out->n_behind, entries, ~broken);
		out->n_ahead += keep(out->ahead + out->n_ahead, entries, ~broken >> 2);
	}
	sieve_each(node, near + i, n - i, x, out);
}

static bool
is_wide(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
#else
#define sieve_four sieve_each
static bool
is_wide(void)
{
	return false;
}
#endif

void
sieve_near_portable(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x,
		    struct sieved *out)
{
	out->n_behind = 0;
	out->n_ahead = 0;
	sieve_each(node, near, n, x, out);
}

void
sieve_near(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x, struct sieved *out)
{
	if (!is_wide()) {
		sieve_near_portable(node, near, n, x, out);
		return;
	}
	out->n_behind = 0;
	out->n_ahead = 0;
	sieve_four(node, near, n, x, out);
}
