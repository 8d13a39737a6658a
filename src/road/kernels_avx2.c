/* The kernels for AVX2; room.cmake compiles this file alone with -mavx2. */
#include "road/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define KERNELS_NAME "avx2"
#define KERNELS kernels_avx2
#define N_n 8
#define N_w 4
typedef __m256i V_n;
typedef __m256i V_w;
#define LOAD_n(p) _mm256_loadu_si256((const void *)(p))
#define STORE_n(p, v) _mm256_storeu_si256((void *)(p), (v))
#define FILL_V_n(x) _mm256_set1_epi32(x)
#define ADD_n(a, b) _mm256_add_epi32((a), (b))
#define MIN_n(a, b) _mm256_min_epi32((a), (b))
#define LOAD_w(p) _mm256_loadu_si256((const void *)(p))
#define STORE_w(p, v) _mm256_storeu_si256((void *)(p), (v))
#define FILL_V_w(x) _mm256_set1_epi64x(x)
#define ADD_w(a, b) _mm256_add_epi64((a), (b))
static inline __m256i
least_of(__m256i a, __m256i b)
{
	return _mm256_blendv_epi8(a, b, _mm256_cmpgt_epi64(a, b));
}
#define MIN_w(a, b) least_of((a), (b))
static inline __m256i
rising_narrow(void)
{
	return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
}
/* All ones in lanes lo … hi. */
static inline __m256i
lanes_narrow(int lo, int hi)
{
	__m256i from = _mm256_cmpgt_epi32(rising_narrow(), _mm256_set1_epi32(lo - 1));
	return _mm256_and_si256(from, _mm256_cmpgt_epi32(_mm256_set1_epi32(hi + 1), rising_narrow()));
}
static inline __m256i
lanes_wide(int lo, int hi)
{
	__m256i lane = _mm256_set_epi64x(3, 2, 1, 0);
	__m256i from = _mm256_cmpgt_epi64(lane, _mm256_set1_epi64x(lo - 1));
	return _mm256_and_si256(from, _mm256_cmpgt_epi64(_mm256_set1_epi64x(hi + 1), lane));
}
#define REVERSE_n(v) _mm256_permutevar8x32_epi32((v), _mm256_set_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define REVERSE_w(v) _mm256_permute4x64_epi64((v), 0x1b)
#define MIN_AT_n(a, b, lo, hi) _mm256_blendv_epi8((a), _mm256_min_epi32((a), (b)), lanes_narrow((lo), (hi)))
#define MIN_AT_w(a, b, lo, hi) _mm256_blendv_epi8((a), least_of((a), (b)), lanes_wide((lo), (hi)))
#define FALL_n(i) _mm256_sub_epi32(_mm256_set1_epi32(i), rising_narrow())
#define LESS_n(a, b, x, y, lo, hi) \
	_mm256_blendv_epi8((y), (x), _mm256_and_si256(_mm256_cmpgt_epi32((a), (b)), lanes_narrow((lo), (hi))))
#include "road/kernels_body.h"
#endif
