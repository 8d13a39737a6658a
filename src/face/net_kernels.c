#include "face/net_kernels.h"

#include "base/scope.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* Compiled for the processors that have it, called only after asking: the rest
 * of the program stays runnable everywhere. */
#define FAST __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define FAST_INLINE FAST __attribute__((always_inline)) static inline

bool
net_kernels_run_here(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512bf16");
}

FAST_INLINE __m512
activate(__m512 x, const float *slope)
{
	__m512 zero = _mm512_setzero_ps();
	return _mm512_fmadd_ps(_mm512_loadu_ps(slope), _mm512_min_ps(x, zero), _mm512_max_ps(x, zero));
}

FAST_INLINE __m512
widen(const uint16_t *v)
{
	__m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)v));
	return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

/* One pixel's one vector of outputs leaves the registers. */
FAST_INLINE void
finish(const struct net_conv *c, size_t pixel, size_t channel, __m512 x)
{
	if (c->residual != NULL)
		x = _mm512_add_ps(x, widen(c->residual + c->pixels.residual[pixel] + channel));
	x = activate(x, c->slope + channel);
	size_t to = (size_t)c->pixels.out[pixel] + channel;
	if (c->out_floats != NULL)
		_mm512_storeu_ps(c->out_floats + to, x);
	else
		_mm256_storeu_si256((__m256i *)(void *)(c->out + to), (__m256i)_mm512_cvtneps_pbh(x));
}

/* `pixels` × `vectors` sums stay in registers while all taps pass. Both are constants where this is inlined. */
FAST_INLINE void
tile(const struct net_conv *c, size_t first_pixel, size_t first_vector, const size_t pixels, const size_t vectors)
{
	__m512 sum[12][4];
	const uint16_t *w = c->weights + first_vector * c->taps.n * c->pairs * 2 * NET_LANES;
	const int32_t *at = c->pixels.in + first_pixel;
#pragma GCC unroll 12
	for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++)
			sum[p][v] = _mm512_loadu_ps(c->bias + (first_vector + v) * NET_LANES);
	for (size_t t = 0; t < c->taps.n; t++) {
		const uint16_t *tap = c->in + c->taps.at[t];
		for (size_t k = 0; k < c->pairs; k++, w += vectors * 2 * NET_LANES) {
			__m512bh b[4];
#pragma GCC unroll 4
			for (size_t v = 0; v < vectors; v++)
				b[v] = (__m512bh)_mm512_loadu_si512(w + v * 2 * NET_LANES);
#pragma GCC unroll 12
			for (size_t p = 0; p < pixels; p++) {
				int32_t pair;
				memcpy(&pair, tap + at[p] + 2 * k, sizeof pair);
				__m512bh a = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 4
				for (size_t v = 0; v < vectors; v++)
					sum[p][v] = _mm512_dpbf16_ps(sum[p][v], a, b[v]);
			}
		}
	}
#pragma GCC unroll 12
	for (size_t p = 0; p < pixels; p++)
#pragma GCC unroll 4
		for (size_t v = 0; v < vectors; v++)
			finish(c, first_pixel + p, (first_vector + v) * NET_LANES, sum[p][v]);
}

FAST void
net_conv_run(const struct net_conv *c)
{
	const size_t vectors = net_tile_vectors(c->vectors);
	for (size_t v = 0; v < c->vectors; v += vectors) {
		if (vectors == 4)
			for (size_t p = 0; p < c->pixels.n; p += 6)
				tile(c, p, v, 6, 4);
		else if (vectors == 3)
			for (size_t p = 0; p < c->pixels.n; p += 8)
				tile(c, p, v, 8, 3);
		else if (vectors == 2)
			for (size_t p = 0; p < c->pixels.n; p += 12)
				tile(c, p, v, 12, 2);
		else
			for (size_t p = 0; p < c->pixels.n; p += 12)
				tile(c, p, v, 12, 1);
	}
}

/* A 32-bit lane holds two channels: the even one is its low half, the odd one its high half. */
FAST_INLINE void
depthwise_block(const struct net_depthwise *d, size_t block)
{
	const size_t channel = block * 2 * NET_LANES;
	const __mmask16 lanes = d->channels - channel < 2 * NET_LANES ? 0x00ff : 0xffff;
	const __m512i odd_half = _mm512_set1_epi32((int)0xffff0000u);
	const float *weights = d->weights + channel * d->taps.n;
	const float *bias = d->bias + channel;
	const float *slope = d->slope + channel;
	__m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21,
					 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
	for (size_t p = 0; p < d->pixels.n; p += NET_DEPTHWISE_PIXELS) {
		__m512 even[NET_DEPTHWISE_PIXELS];
		__m512 odd[NET_DEPTHWISE_PIXELS];
#pragma GCC unroll 4
		for (size_t i = 0; i < NET_DEPTHWISE_PIXELS; i++) {
			even[i] = _mm512_loadu_ps(bias);
			odd[i] = _mm512_loadu_ps(bias + NET_LANES);
		}
		for (size_t t = 0; t < d->taps.n; t++) {
			const uint16_t *tap = d->in + d->taps.at[t] + channel;
			__m512 w_even = _mm512_loadu_ps(weights + t * 2 * NET_LANES);
			__m512 w_odd = _mm512_loadu_ps(weights + t * 2 * NET_LANES + NET_LANES);
#pragma GCC unroll 4
			for (size_t i = 0; i < NET_DEPTHWISE_PIXELS; i++) {
				__m512i v = _mm512_maskz_loadu_epi32(lanes, tap + d->pixels.in[p + i]);
				__m512 low = _mm512_castsi512_ps(_mm512_slli_epi32(v, 16));
				__m512 high = _mm512_castsi512_ps(_mm512_and_si512(v, odd_half));
				even[i] = _mm512_fmadd_ps(low, w_even, even[i]);
				odd[i] = _mm512_fmadd_ps(high, w_odd, odd[i]);
			}
		}
#pragma GCC unroll 4
		for (size_t i = 0; i < NET_DEPTHWISE_PIXELS; i++) {
			__m512i both =
			    (__m512i)_mm512_cvtne2ps_pbh(activate(odd[i], slope + NET_LANES), activate(even[i], slope));
			_mm512_mask_storeu_epi32(d->out + d->pixels.out[p + i] + channel, lanes,
						 _mm512_permutexvar_epi16(order, both));
		}
	}
}

FAST void
net_depthwise_run(const struct net_depthwise *d)
{
	for (size_t block = 0; block * 2 * NET_LANES < d->channels; block++)
		depthwise_block(d, block);
}

FAST void
net_interleave(const float *const planes[4], size_t n_planes, size_t n, uint16_t *out)
{
	const __m512i first = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
	const __m512i second = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
	for (size_t x = 0; x < n; x += NET_LANES) {
		const size_t left = n - x < NET_LANES ? n - x : NET_LANES;
		const __mmask16 lanes = (__mmask16)((1u << left) - 1);
		__m512i c[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
				_mm512_setzero_si512()};
		for (size_t i = 0; i < n_planes; i++) {
			__m512 v = _mm512_maskz_loadu_ps(lanes, planes[i] + x);
			c[i] = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(v));
		}
		__m512i low = _mm512_or_si512(c[0], _mm512_slli_epi32(c[1], 16));
		__m512i high = _mm512_or_si512(c[2], _mm512_slli_epi32(c[3], 16));
		/* 8 bytes a pixel: the first vector holds eight pixels, the second the rest. */
		__mmask8 a = (__mmask8)(left >= 8 ? 0xff : (1u << left) - 1);
		__mmask8 b = (__mmask8)(left > 8 ? (1u << (left - 8)) - 1 : 0);
		_mm512_mask_storeu_epi64(out + 4 * x, a, _mm512_permutex2var_epi32(low, first, high));
		_mm512_mask_storeu_epi64(out + 4 * (x + 8), b, _mm512_permutex2var_epi32(low, second, high));
	}
}

#else

bool
net_kernels_run_here(void)
{
	return false;
}

void
net_conv_run(const struct net_conv *c)
{
	(void)c;
	abort(); /* net_open() refuses where net_kernels_run_here() does */
}

void
net_depthwise_run(const struct net_depthwise *d)
{
	(void)d;
	abort();
}

void
net_interleave(const float *const planes[4], size_t n_planes, size_t n, uint16_t *out)
{
	(void)planes;
	(void)n_planes;
	(void)n;
	(void)out;
	abort();
}

#endif
