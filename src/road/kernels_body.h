/* The kernels over vectors of a width. The including file defines, for each of
 * x = n (int32_t) and w (int64_t): the type V_x, its lanes N_x, LOAD_x, STORE_x,
 * FILL_x, ADD_x, MIN_x; and KERNELS and KERNELS_NAME. */
#include "road/kernels.h"

#define SWEEP(name, T, V, N, LOAD, STORE, ADD, MIN) \
	static void name(T *rows, const uint32_t *chain, uint32_t n, const uint32_t *first, \
			 const uint32_t *head_depth, const T *weight) \
	{ \
		for (uint32_t d = n; d-- > 0;) { \
			V mine[LANES / N]; \
			for (int i = 0; i < LANES / N; i++) \
				mine[i] = LOAD(rows + (size_t)d * LANES + i * N); \
			for (uint32_t e = first[chain[d]]; e < first[chain[d] + 1]; e++) { \
				T *row = rows + (size_t)head_depth[e] * LANES; \
				V w = FILL_##V(weight[e]); \
				for (int i = 0; i < LANES / N; i++) \
					STORE(row + i * N, MIN(LOAD(row + i * N), ADD(mine[i], w))); \
			} \
		} \
	}

/* Four sources at a time: their minima stay in registers. */
#define CELLS(name, T, V, N, LOAD, STORE, ADD, MIN, START) \
	static void name(const T *from, const T *to, uint32_t n, T *cells) \
	{ \
		for (int s = 0; s < LANES; s += 4) { \
			for (int k = 0; k < LANES; k += N) { \
				V a = FILL_##V(START); \
				V b = a; \
				V c = a; \
				V d = a; \
				for (uint32_t r = 0; r < n; r++) { \
					const T *f = from + (size_t)r * LANES + s; \
					V t = LOAD(to + (size_t)r * LANES + k); \
					a = MIN(a, ADD(t, FILL_##V(f[0]))); \
					b = MIN(b, ADD(t, FILL_##V(f[1]))); \
					c = MIN(c, ADD(t, FILL_##V(f[2]))); \
					d = MIN(d, ADD(t, FILL_##V(f[3]))); \
				} \
				STORE(cells + (s + 0) * LANES + k, a); \
				STORE(cells + (s + 1) * LANES + k, b); \
				STORE(cells + (s + 2) * LANES + k, c); \
				STORE(cells + (s + 3) * LANES + k, d); \
			} \
		} \
	}

#define LEAST(name, T, V, N, LOAD, STORE, ADD, MIN) \
	static T name(const T *a, const T *b, uint32_t n, T start) \
	{ \
		V best = FILL_##V(start); \
		uint32_t d = 0; \
		for (; d + N <= n; d += N) \
			best = MIN(best, ADD(LOAD(a + d), LOAD(b + d))); \
		T lane[N]; \
		STORE(lane, best); \
		T least = start; \
		for (int i = 0; i < N; i++) \
			least = lane[i] < least ? lane[i] : least; \
		for (; d < n; d++) \
			least = a[d] + b[d] < least ? a[d] + b[d] : least; \
		return least; \
	}

SWEEP(sweep_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n)
SWEEP(sweep_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w)
CELLS(cells_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n, 0x3fffffff)
CELLS(cells_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w, (int64_t)0x3fffffff << 32)
LEAST(least_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n)
LEAST(least_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w)

const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .sweep_narrow = sweep_narrow,
    .sweep_wide = sweep_wide,
    .cells_narrow = cells_narrow,
    .cells_wide = cells_wide,
    .least_narrow = least_narrow,
    .least_wide = least_wide,
};
