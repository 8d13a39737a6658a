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

static void
check_kernels(const struct kernels *k)
{
	struct prng prng;
	prng_seed(&prng, 17);
	for (uint32_t n = 0; n <= DEPTHS; n++)
		check_cells_and_least(k, &prng, n);
	for (int i = 0; i < 20; i++)
		check_sweep(k, &prng);
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
