/* The kernels for AVX-512; room.cmake compiles this file alone with -mavx512f. */
#include "road/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define KERNELS_NAME "avx512"
#define KERNELS kernels_avx512
#define N_n 16
#define N_w 8
typedef __m512i V_n;
typedef __m512i V_w;
#define LOAD_n(p) _mm512_loadu_si512((const void *)(p))
#define STORE_n(p, v) _mm512_storeu_si512((void *)(p), (v))
#define FILL_V_n(x) _mm512_set1_epi32(x)
#define ADD_n(a, b) _mm512_add_epi32((a), (b))
#define MIN_n(a, b) _mm512_min_epi32((a), (b))
#define LOAD_w(p) _mm512_loadu_si512((const void *)(p))
#define STORE_w(p, v) _mm512_storeu_si512((void *)(p), (v))
#define FILL_V_w(x) _mm512_set1_epi64(x)
#define ADD_w(a, b) _mm512_add_epi64((a), (b))
#define MIN_w(a, b) _mm512_min_epi64((a), (b))
/* Lanes lo … hi; lo may lie below the first and hi above the last. */
static inline unsigned
lanes_between(int lo, int hi, int n)
{
	unsigned from = lo > 0 ? (unsigned)lo : 0;
	unsigned to = hi < n - 1 ? (unsigned)(n - 1 - hi) : 0;
	return (0xffffu << from) & (0xffffu >> (16 - n) >> to);
}
static inline __m512i
falling(int from)
{
	const __m512i lane = _mm512_set_epi32(-15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0);
	return _mm512_add_epi32(_mm512_set1_epi32(from), lane);
}
static inline __m512i
turned_narrow(__m512i v)
{
	return _mm512_permutexvar_epi32(_mm512_set_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), v);
}
static inline __m512i
turned_wide(__m512i v)
{
	return _mm512_permutexvar_epi64(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), v);
}
static inline __m512i
where_less(__m512i a, __m512i b, __m512i x, __m512i y, int lo, int hi)
{
	__mmask16 k = _mm512_mask_cmplt_epi32_mask((__mmask16)lanes_between(lo, hi, 16), b, a);
	return _mm512_mask_mov_epi32(y, k, x);
}
#define REVERSE_n(v) turned_narrow(v)
#define REVERSE_w(v) turned_wide(v)
#define MIN_AT_n(a, b, lo, hi) _mm512_mask_min_epi32((a), (__mmask16)lanes_between((lo), (hi), 16), (a), (b))
#define MIN_AT_w(a, b, lo, hi) _mm512_mask_min_epi64((a), (__mmask8)lanes_between((lo), (hi), 8), (a), (b))
#define FALL_n(i) falling(i)
#define LESS_n(a, b, x, y, lo, hi) where_less((a), (b), (x), (y), (lo), (hi))
#include "road/kernels_body.h"
#endif
