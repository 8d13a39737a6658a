/* The kernels over vectors of a width. The including file defines, for each of
 * x = n (int32_t) and w (int64_t): the type V_x, its lanes N_x, LOAD_x, STORE_x,
 * FILL_V_x, ADD_x, MIN_x; REVERSE_x, which turns the order of lanes; MIN_AT_x(a, b,
 * lo, hi), the minimum in lanes lo … hi and a in the others; for n alone
 * LESS_n(a, b, x, y, lo, hi), lane by lane x where b < a within lo … hi, else y, and
 * FALL_n(i), the lanes i, i - 1, …; and KERNELS and KERNELS_NAME. */
#include "road/kernels.h"

/* One run of arcs: the n weights from `weight` on lead to depths depth, depth - 1,
 * …. Taken by whole vectors of by_depth, always the same ones, so that what one
 * run stores the next can load at once. */
#define SPREAD(name, T, V, N, LOAD, STORE, ADD, REVERSE, MIN_AT) \
	static inline void name(T *by_depth, T mine, const T *weight, uint32_t depth, uint32_t n) \
	{ \
		V add = FILL_##V(mine); \
		int32_t lo = (int32_t)(depth + 1 - n); \
		int32_t hi = (int32_t)depth; \
		for (int32_t base = hi / N * N;; base -= N) { \
			V now = LOAD(by_depth + base); \
			V sum = ADD(add, REVERSE(LOAD(weight + (hi - base - (N - 1))))); \
			STORE(by_depth + base, MIN_AT(now, sum, lo - base, hi - base)); \
			if (base <= lo) \
				break; \
		} \
	}

#define CLIMB(name, T, SPREAD_RUN, INFINITE) \
	static void name(const struct road *road, const uint32_t *chain, uint32_t n, uint32_t stop, const T *weight, \
			 T *by_depth) \
	{ \
		for (uint32_t d = n; d-- > stop;) { \
			T mine = by_depth[d]; \
			if (mine >= INFINITE) \
				continue; \
			const T *w = weight + road->up_first[chain[d]]; \
			const struct road_run *r = road->run + road->run_first[chain[d]]; \
			const struct road_run *end = road->run + road->run_first[chain[d] + 1]; \
			for (; r < end; w += r->n, r++) \
				SPREAD_RUN(by_depth, mine, w, r->depth, r->n); \
		} \
	}

static void
step(const struct road *road, uint32_t v, int32_t mine, const int32_t *weight, int32_t *by_depth, int32_t *last)
{
	V_n add = FILL_V_n(mine);
	int32_t e = (int32_t)road->up_first[v];
	for (uint32_t r = road->run_first[v]; r < road->run_first[v + 1]; r++) {
		int32_t hi = road->run[r].depth;
		int32_t lo = hi + 1 - road->run[r].n;
		for (int32_t base = hi / N_n * N_n;; base -= N_n) {
			V_n now = LOAD_n(by_depth + base);
			V_n sum = ADD_n(add, REVERSE_n(LOAD_n(weight + e + (hi - base - (N_n - 1)))));
			V_n arc = FALL_n(e + (hi - base));
			STORE_n(last + base, LESS_n(now, sum, arc, LOAD_n(last + base), lo - base, hi - base));
			STORE_n(by_depth + base, MIN_AT_n(now, sum, lo - base, hi - base));
			if (base <= lo)
				break;
		}
		e += road->run[r].n;
	}
}

static void
row_narrow(int32_t *into, const int32_t *row, int32_t add, uint32_t n)
{
	V_n more = FILL_V_n(add);
	for (uint32_t d = 0; d < n; d += N_n)
		STORE_n(into + d, MIN_n(LOAD_n(into + d), ADD_n(more, LOAD_n(row + d))));
}

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

SPREAD(spread_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, REVERSE_n, MIN_AT_n)
SPREAD(spread_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, REVERSE_w, MIN_AT_w)
CLIMB(climb_narrow, int32_t, spread_narrow, NARROW_INFINITE)
CLIMB(climb_wide, int64_t, spread_wide, WIDE_INFINITE)
SWEEP(sweep_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n)
SWEEP(sweep_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w)
CELLS(cells_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n, NARROW_INFINITE)
CELLS(cells_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w, WIDE_INFINITE)
LEAST(least_narrow, int32_t, V_n, N_n, LOAD_n, STORE_n, ADD_n, MIN_n)
LEAST(least_wide, int64_t, V_w, N_w, LOAD_w, STORE_w, ADD_w, MIN_w)

const struct kernels KERNELS = {
    .name = KERNELS_NAME,
    .climb_narrow = climb_narrow,
    .climb_wide = climb_wide,
    .row_narrow = row_narrow,
    .step = step,
    .sweep_narrow = sweep_narrow,
    .sweep_wide = sweep_wide,
    .cells_narrow = cells_narrow,
    .cells_wide = cells_wide,
    .least_narrow = least_narrow,
    .least_wide = least_wide,
};
