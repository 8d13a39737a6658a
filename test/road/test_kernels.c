/* Every kernel this processor can run gives what the plain definition gives. */
#include "unit.h"

#include "base/prng.h"
#include "road/kernels.h"

#define DEPTHS 37

static void
fill(struct prng *prng, int64_t *wide, int32_t *narrow, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		narrow[i] = prng_below(prng, 5) == 0 ? 0x3fffffff : (int32_t)prng_below(prng, 1000000) - 1000;
		wide[i] = ((int64_t)narrow[i] * ((int64_t)1 << 32)) + prng_below(prng, 1000);
	}
}

static void
check_cells_and_least(const struct kernels *k, struct prng *prng, uint32_t n)
{
	static int64_t from_w[DEPTHS * LANES], to_w[DEPTHS * LANES], cells_w[LANES * LANES];
	static int32_t from_n[DEPTHS * LANES], to_n[DEPTHS * LANES], cells_n[LANES * LANES];
	fill(prng, from_w, from_n, DEPTHS * LANES);
	fill(prng, to_w, to_n, DEPTHS * LANES);
	k->cells_narrow(from_n, to_n, n, cells_n);
	k->cells_wide(from_w, to_w, n, cells_w);
	for (int i = 0; i < LANES; i++) {
		for (int j = 0; j < LANES; j++) {
			int32_t best_n = 0x3fffffff;
			int64_t best_w = (int64_t)0x3fffffff << 32;
			for (uint32_t d = 0; d < n; d++) {
				int32_t x = from_n[d * LANES + (uint32_t)i] + to_n[d * LANES + (uint32_t)j];
				int64_t y = from_w[d * LANES + (uint32_t)i] + to_w[d * LANES + (uint32_t)j];
				best_n = x < best_n ? x : best_n;
				best_w = y < best_w ? y : best_w;
			}
			assert_int_equal(cells_n[i * LANES + j], best_n);
			assert_true(cells_w[i * LANES + j] == best_w);
		}
	}
	int32_t least_n = 12345;
	int64_t least_w = (int64_t)12345 << 32;
	int32_t got_n = k->least_narrow(from_n, to_n, n, least_n);
	int64_t got_w = k->least_wide(from_w, to_w, n, least_w);
	for (uint32_t d = 0; d < n; d++) {
		least_n = from_n[d] + to_n[d] < least_n ? from_n[d] + to_n[d] : least_n;
		least_w = from_w[d] + to_w[d] < least_w ? from_w[d] + to_w[d] : least_w;
	}
	assert_int_equal(got_n, least_n);
	assert_true(got_w == least_w);
}

static void
check_row(const struct kernels *k, struct prng *prng)
{
	static int64_t wide[LANES * 3];
	struct scope sc;
	scope_init(&sc);
	int32_t *into = kernels_array(&sc, (size_t)3 * LANES, sizeof *into);
	int32_t *row = kernels_array(&sc, (size_t)3 * LANES, sizeof *row);
	int32_t want[3 * LANES];
	int32_t before[3 * LANES];
	fill(prng, wide, into, (size_t)3 * LANES);
	fill(prng, wide, row, (size_t)3 * LANES);
	int32_t add = (int32_t)prng_below(prng, 1000000) - 1000;
	uint32_t n = prng_below(prng, 2 * LANES);
	for (int i = 0; i < 3 * LANES; i++)
		want[i] = into[i] < row[i] + add ? into[i] : row[i] + add;
	memcpy(before, into, sizeof before);
	k->row_narrow(into, row, add, n);
	uint32_t end = (n + LANES - 1) / LANES * LANES;
	assert_memory_equal(into, want, n * sizeof *want);
	assert_memory_equal(into + end, before + end, (3 * LANES - end) * sizeof *want);
	scope_release(&sc);
}

static void
check_sweep(const struct kernels *k, struct prng *prng)
{
	static int64_t rows_w[2][DEPTHS * LANES], weight_w[DEPTHS * 3];
	static int32_t rows_n[2][DEPTHS * LANES], weight_n[DEPTHS * 3];
	uint32_t chain[DEPTHS], first[DEPTHS + 1], head[DEPTHS * 3];
	fill(prng, rows_w[0], rows_n[0], DEPTHS * LANES);
	fill(prng, weight_w, weight_n, DEPTHS * 3);
	first[0] = 0;
	for (uint32_t d = 0; d < DEPTHS; d++) {
		chain[d] = d;
		first[d + 1] = first[d];
		for (int i = 0; i < 3 && d > 0; i++)
			head[first[d + 1]++] = prng_below(prng, d);
	}
	memcpy(rows_w[1], rows_w[0], sizeof rows_w[0]);
	memcpy(rows_n[1], rows_n[0], sizeof rows_n[0]);
	k->sweep_narrow(rows_n[0], chain, DEPTHS, first, head, weight_n);
	k->sweep_wide(rows_w[0], chain, DEPTHS, first, head, weight_w);
	for (uint32_t d = DEPTHS; d-- > 0;) {
		for (uint32_t e = first[d]; e < first[d + 1]; e++) {
			for (uint32_t i = 0; i < LANES; i++) {
				int32_t x = rows_n[1][d * LANES + i] + weight_n[e];
				int64_t y = rows_w[1][d * LANES + i] + weight_w[e];
				int32_t *to_n = &rows_n[1][head[e] * LANES + i];
				int64_t *to_w = &rows_w[1][head[e] * LANES + i];
				*to_n = x < *to_n ? x : *to_n;
				*to_w = y < *to_w ? y : *to_w;
			}
		}
	}
	assert_memory_equal(rows_w[0], rows_w[1], sizeof rows_w[0]);
	assert_memory_equal(rows_n[0], rows_n[1], sizeof rows_n[0]);
}

/* A chain whose vertex at depth d has arcs to some lower depths, with the runs
 * that road_chordal.c would find. */
struct ladder {
	uint32_t chain[DEPTHS], first[DEPTHS + 1], run_first[DEPTHS + 1];
	uint32_t depth[DEPTHS * DEPTHS];
	struct road_run run[DEPTHS * DEPTHS];
	struct road road;
};

static void
ladder_make(struct ladder *l, struct prng *prng)
{
	*l = (struct ladder){0};
	uint32_t m = 0;
	uint32_t runs = 0;
	for (uint32_t d = 0; d < DEPTHS; d++) {
		uint32_t kept = prng_below(prng, 10);
		l->chain[d] = d;
		for (uint32_t h = d; h-- > 0;) {
			if (prng_below(prng, 10) > kept)
				continue;
			bool goes_on = m > l->first[d] && l->depth[m - 1] == h + 1;
			if (goes_on)
				l->run[runs - 1].n++;
			else
				l->run[runs++] = (struct road_run){(uint16_t)h, 1};
			l->depth[m++] = h;
		}
		l->first[d + 1] = m;
		l->run_first[d + 1] = runs;
	}
	l->road = (struct road){.up_first = l->first, .run_first = l->run_first, .run = l->run};
}

#define WEIGHTS (DEPTHS * DEPTHS)

static void
check_climb(const struct kernels *k, struct prng *prng)
{
	static struct ladder l;
	static int64_t weight_w[WEIGHTS + 2 * LANES];
	static int32_t weight_n[WEIGHTS + 2 * LANES];
	struct scope sc;
	scope_init(&sc);
	ladder_make(&l, prng);
	fill(prng, weight_w, weight_n, WEIGHTS + 2 * LANES);
	int64_t *got_w = kernels_array(&sc, DEPTHS, sizeof *got_w);
	int32_t *got_n = kernels_array(&sc, DEPTHS, sizeof *got_n);
	int32_t *step_n = kernels_array(&sc, DEPTHS, sizeof *step_n);
	int32_t *last = kernels_array(&sc, DEPTHS, sizeof *last);
	fill(prng, got_w, got_n, DEPTHS);
	int64_t want_w[DEPTHS];
	int32_t want_n[DEPTHS];
	int32_t want_last[DEPTHS];
	memset(last, 0xff, DEPTHS * sizeof *last);
	memset(want_last, 0xff, sizeof want_last);
	memcpy(want_w, got_w, sizeof want_w);
	memcpy(want_n, got_n, sizeof want_n);
	memcpy(step_n, got_n, sizeof want_n);
	uint32_t stop = prng_below(prng, DEPTHS);
	for (uint32_t d = DEPTHS; d-- > stop;) {
		for (uint32_t e = l.first[d]; e < l.first[d + 1]; e++) {
			int64_t w = want_w[d] + weight_w[LANES + e];
			int32_t n = want_n[d] + weight_n[LANES + e];
			uint32_t h = l.depth[e];
			want_w[h] = want_w[d] < WIDE_INFINITE && w < want_w[h] ? w : want_w[h];
			if (want_n[d] < NARROW_INFINITE && n < want_n[h]) {
				want_n[h] = n;
				want_last[h] = (int32_t)e;
			}
		}
	}
	k->climb_wide(&l.road, l.chain, DEPTHS, stop, weight_w + LANES, got_w);
	k->climb_narrow(&l.road, l.chain, DEPTHS, stop, weight_n + LANES, got_n);
	for (uint32_t d = DEPTHS; d-- > stop;)
		if (step_n[d] < NARROW_INFINITE)
			k->step(&l.road, d, step_n[d], weight_n + LANES, step_n, last);
	assert_memory_equal(got_w, want_w, sizeof want_w);
	assert_memory_equal(got_n, want_n, sizeof want_n);
	assert_memory_equal(step_n, want_n, sizeof want_n);
	assert_memory_equal(last, want_last, sizeof want_last);
	scope_release(&sc);
}

static void
check_kernels(const struct kernels *k)
{
	struct prng prng;
	prng_seed(&prng, 17);
	for (uint32_t n = 0; n <= DEPTHS; n++)
		check_cells_and_least(k, &prng, n);
	for (int i = 0; i < 20; i++)
		check_sweep(k, &prng);
	for (int i = 0; i < 200; i++)
		check_climb(k, &prng);
	for (int i = 0; i < 100; i++)
		check_row(k, &prng);
}

static void
kernels_keep_to_their_definition(void **state)
{
	(void)state;
	check_kernels(&kernels_portable);
	check_kernels(kernels_pick());
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		check_kernels(&kernels_avx2);
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_keep_to_their_definition)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
