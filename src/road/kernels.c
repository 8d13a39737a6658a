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
static inline int32x4_t
rising_narrow(void)
{
	static const int32_t lane[4] = {0, 1, 2, 3};
	return vld1q_s32(lane);
}
/* All ones in lanes lo … hi. */
static inline uint32x4_t
lanes_narrow(int32_t lo, int32_t hi)
{
	int32x4_t lane = rising_narrow();
	return vandq_u32(vcgeq_s32(lane, vdupq_n_s32(lo)), vcleq_s32(lane, vdupq_n_s32(hi)));
}
static inline uint64x2_t
lanes_wide(int32_t lo, int32_t hi)
{
	static const int64_t lanes[2] = {0, 1};
	int64x2_t lane = vld1q_s64(lanes);
	return vandq_u64(vcgeq_s64(lane, vdupq_n_s64(lo)), vcleq_s64(lane, vdupq_n_s64(hi)));
}
static inline int32x4_t
turned_narrow(int32x4_t v)
{
	int32x4_t halves = vrev64q_s32(v);
	return vextq_s32(halves, halves, 2);
}
#define REVERSE_n(v) turned_narrow(v)
#define REVERSE_w(v) vextq_s64((v), (v), 1)
#define MIN_AT_n(a, b, lo, hi) vbslq_s32(lanes_narrow((lo), (hi)), MIN_n((a), (b)), (a))
#define MIN_AT_w(a, b, lo, hi) vbslq_s64(lanes_wide((lo), (hi)), MIN_w((a), (b)), (a))
#define FALL_n(i) vsubq_s32(vdupq_n_s32(i), rising_narrow())
#define LESS_n(a, b, x, y, lo, hi) vbslq_s32(vandq_u32(vcgtq_s32((a), (b)), lanes_narrow((lo), (hi))), (x), (y))
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
#define REVERSE_n(v) (v)
#define REVERSE_w(v) (v)
#define MIN_AT_n(a, b, lo, hi) MIN_n((a), (b))
#define MIN_AT_w(a, b, lo, hi) MIN_w((a), (b))
#define FALL_n(i) (i)
#define LESS_n(a, b, x, y, lo, hi) ((b) < (a) ? (x) : (y))
#endif
#define KERNELS kernels_portable
#include "road/kernels_body.h"

#define ALIGNMENT 64u

void *
kernels_align(void *p)
{
	return (void *)(((uintptr_t)p + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static size_t
room_for(size_t n, size_t size)
{
	return (n + LANES - 1) / LANES * LANES + ALIGNMENT / size;
}

void *
kernels_array(struct scope *sc, size_t n, size_t size)
{
	return kernels_align(scope_array(sc, room_for(n, size), size));
}

enum code
kernels_try_array(struct scope *sc, size_t n, size_t size, void **out)
{
	void *p;
	TRY(scope_try_array(sc, room_for(n, size), size, &p));
	*out = kernels_align(p);
	return OK;
}

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
