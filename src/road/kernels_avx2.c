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
#include "road/kernels_body.h"
#endif
