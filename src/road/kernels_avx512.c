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
#include "road/kernels_body.h"
#endif
