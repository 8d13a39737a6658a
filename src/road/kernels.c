/* The kernels that run everywhere: NEON on 64-bit ARM, plain C elsewhere; and
 * the choice among all. */
#include "road/kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#define KERNELS_NAME "neon"
#define N_n 4
#define N_w 2
typedef int32x4_t V_n;
typedef int64x2_t V_w;
#define LOAD_n(p) vld1q_s32(p)
#define STORE_n(p, v) vst1q_s32((p), (v))
#define FILL_V_n(x) vdupq_n_s32(x)
#define ADD_n(a, b) vaddq_s32((a), (b))
#define MIN_n(a, b) vminq_s32((a), (b))
#define LOAD_w(p) vld1q_s64(p)
#define STORE_w(p, v) vst1q_s64((p), (v))
#define FILL_V_w(x) vdupq_n_s64(x)
#define ADD_w(a, b) vaddq_s64((a), (b))
#define MIN_w(a, b) vbslq_s64(vcgtq_s64((a), (b)), (b), (a))
#else
#define KERNELS_NAME "portable"
#define N_n 1
#define N_w 1
typedef int32_t V_n;
typedef int64_t V_w;
#define LOAD_n(p) (*(p))
#define STORE_n(p, v) (*(p) = (v))
#define FILL_V_n(x) (x)
#define ADD_n(a, b) ((a) + (b))
#define MIN_n(a, b) ((a) < (b) ? (a) : (b))
#define LOAD_w(p) (*(p))
#define STORE_w(p, v) (*(p) = (v))
#define FILL_V_w(x) (x)
#define ADD_w(a, b) ((a) + (b))
#define MIN_w(a, b) ((a) < (b) ? (a) : (b))
#endif
#define KERNELS kernels_portable
#include "road/kernels_body.h"

const struct kernels *
kernels_pick(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		return &kernels_avx512;
	if (__builtin_cpu_supports("avx2"))
		return &kernels_avx2;
#endif
	return &kernels_portable;
}
