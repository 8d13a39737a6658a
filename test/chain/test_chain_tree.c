/* The tree, its tiles and its proofs, against the book, for every size to 300. */
#include "unit.h"

#include "base/prng.h"
#include "naive_log.h"

#define SIZES 300
/* Every size; every leaf of the smaller trees, every third of the larger (another third each time) and the edges. */
#define TRIED(i, size) ((size) <= 80 || ((i) + (size)) % 3 == 0 || (i) < 2 || (i) + 2 >= (size))
typedef const uint8_t (*const_path)[CHAIN_HASH];

static void
roots_and_ranges_are_the_books(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct naive_log l;
	naive_init(&sc, &l, SIZES, 1);
	struct frontier f = {0};
	for (int64_t size = 1; size <= SIZES; size++) {
		uint8_t want[CHAIN_HASH], got[CHAIN_HASH];
		frontier_add(&f, l.leaves[size - 1]);
		naive_hash(&l, 0, size, want);
		frontier_root(&f, got);
		assert_memory_equal(got, want, CHAIN_HASH);
		struct naive_log cut = {size, l.entries, l.leaves, l.memo};
		const struct chain_source source = {naive_fetch, &cut};
		struct tree t;
		assert_ok(&sc, tree_init(&sc, &t, &source, size));
		assert_ok(&sc, tree_range(&sc, &t, 0, size, got));
		assert_memory_equal(got, want, CHAIN_HASH);
	}
	scope_release(&sc);
}

static void
every_inclusion_proof_is_the_books_and_holds(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct naive_log l;
	naive_init(&sc, &l, SIZES, 2);
	struct prng p;
	prng_seed(&p, 3);
	for (int64_t size = 1; size <= SIZES; size++) {
		struct naive_log cut = {size, l.entries, l.leaves, l.memo};
		const struct chain_source source = {naive_fetch, &cut};
		struct scope one;
		scope_init(&one);
		struct tree t;
		assert_ok(&one, tree_init(&one, &t, &source, size));
		uint8_t root[CHAIN_HASH];
		naive_hash(&l, 0, size, root);
		for (int64_t i = 0; i < size; i++) {
			if (!TRIED(i, size))
				continue;
			uint8_t want[PROOF_MAX][CHAIN_HASH], got[PROOF_MAX][CHAIN_HASH];
			size_t n_want = naive_path(&l, i, 0, size, want), n;
			assert_ok(&one, tree_inclusion(&one, &t, i, size, got, &n));
			assert_int_equal(n, n_want);
			assert_memory_equal(got, want, n * CHAIN_HASH);
			assert_ok(&one, chain_check_inclusion(&one, l.entries[i], i, size, (const_path)got, n, root));
			if ((i + size) % 7 != 0)
				continue;
			/* another entry, number, size, length or bit does not (one case in seven: hashing takes long) */
			int64_t other = (i + 1) % (size + 1);
			if (other != i && other < size)
				assert_int_equal(
				    chain_check_inclusion(&one, l.entries[i], other, size, (const_path)got, n, root),
				    E_INVALID);
			assert_int_equal(
			    chain_check_inclusion(&one, l.entries[(i + 1) % SIZES], i, size, (const_path)got, n, root),
			    E_INVALID);
			assert_int_equal(
			    chain_check_inclusion(&one, l.entries[i], i, size, (const_path)got, n + 1, root),
			    E_INVALID);
			if (n > 0) {
				assert_int_equal(
				    chain_check_inclusion(&one, l.entries[i], i, size, (const_path)got, n - 1, root),
				    E_INVALID);
				got[prng_below(&p, (uint32_t)n)][prng_below(&p, CHAIN_HASH)] ^= 4;
				assert_int_equal(
				    chain_check_inclusion(&one, l.entries[i], i, size, (const_path)got, n, root),
				    E_INVALID);
			}
		}
		scope_release(&one);
	}
	scope_release(&sc);
}

static void
every_consistency_proof_is_the_books_and_holds(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct naive_log l;
	naive_init(&sc, &l, SIZES, 4);
	uint8_t(*roots)[CHAIN_HASH] = scope_array(&sc, SIZES + 1, CHAIN_HASH);
	struct frontier empty = {0};
	frontier_root(&empty, roots[0]);
	for (int64_t i = 1; i <= SIZES; i++)
		naive_hash(&l, 0, i, roots[i]);
	const struct chain_source source = {naive_fetch, &l};
	struct prng p;
	prng_seed(&p, 5);
	for (int64_t size = 0; size <= SIZES; size++) {
		struct scope one;
		scope_init(&one);
		struct tree t;
		assert_ok(&one, tree_init(&one, &t, &source, SIZES)); /* proofs of smaller trees come from the larger */
		for (int64_t old = 0; old <= size; old++) {
			if (!TRIED(old, size))
				continue;
			uint8_t want[PROOF_MAX][CHAIN_HASH], got[PROOF_MAX][CHAIN_HASH];
			size_t n, n_want = old == 0 ? 0 : naive_subproof(&l, old, 0, size, true, want);
			assert_ok(&one, tree_consistency(&one, &t, old, size, got, &n));
			assert_int_equal(n, n_want);
			assert_memory_equal(got, want, n * CHAIN_HASH);
			assert_ok(&one, chain_check_consistency(&one, old, roots[old], size, roots[size],
								(const_path)got, n));
			if ((old + size) % 7 != 0)
				continue;
			assert_int_equal(chain_check_consistency(&one, old, roots[(old + 1) % SIZES], size, roots[size],
								 (const_path)got, n),
					 E_INVALID);
			if (old > 0)
				assert_int_equal(chain_check_consistency(&one, old, roots[old], size,
									 roots[(size + 7) % SIZES], (const_path)got, n),
						 E_INVALID);
			if (old < size)
				assert_int_equal(chain_check_consistency(&one, size, roots[size], old, roots[old],
									 (const_path)got, n),
						 E_INVALID);
			if (n > 0) {
				got[prng_below(&p, (uint32_t)n)][prng_below(&p, CHAIN_HASH)] ^= 64;
				assert_int_equal(chain_check_consistency(&one, old, roots[old], size, roots[size],
									 (const_path)got, n),
						 E_INVALID);
			}
		}
		scope_release(&one);
	}
	scope_release(&sc);
}

static void
tiles_have_the_specifications_shape(void **state)
{
	(void)state;
	/* the example of the specification: 70,000 leaves */
	assert_int_equal(tile_width(70000, 0, 272), 256);
	assert_int_equal(tile_width(70000, 0, 273), 112);
	assert_int_equal(tile_width(70000, 0, 274), 0);
	assert_int_equal(tile_width(70000, 1, 0), 256);
	assert_int_equal(tile_width(70000, 1, 1), 17);
	assert_int_equal(tile_width(70000, 2, 0), 1);
	assert_int_equal(tile_width(70000, 3, 0), 0);
	assert_int_equal(tile_width(256, 1, 0), 1);
	struct scope sc;
	scope_init(&sc);
	assert_string_equal(tile_path(&sc, (struct tile_name){0, 1234067, 256}), "tile/0/x001/x234/067");
	assert_string_equal(tile_path(&sc, (struct tile_name){TILE_ENTRIES, 0, 5}), "tile/entries/000.p/5");
	struct prng p;
	prng_seed(&p, 6);
	for (int i = 0; i < 20000; i++) {
		struct tile_name t = {(int)prng_below(&p, TREE_LEVELS + 1) - 1,
				      (int64_t)(prng_u64(&p) >> (24 + prng_below(&p, 40))),
				      1 + (int)prng_below(&p, 256)};
		struct tile_name back;
		assert_true(tile_parse(tile_path(&sc, t), &back));
		assert_int_equal(back.level, t.level);
		assert_int_equal(back.n, t.n);
		assert_int_equal(back.width, t.width);
		scope_clear(&sc);
	}
	const char *const bad[] = {"tile/0/0",
				   "tile/0/0000",
				   "tile/00/000",
				   "tile/0/x000/001",
				   "tile/8/000",
				   "tile/0/000.p/0",
				   "tile/0/000.p/256",
				   "tile/0/000.p/01",
				   "tile/0/000/",
				   "tile/-1/000",
				   "tile/0/x01/000",
				   "tile/entries/",
				   "tile/0/001x/000",
				   "tile/0/999/x999",
				   "tile/0/000.p/5x",
				   "/tile/0/000",
				   "tile/0/x999/x999/x999/x999/x999/999"};
	struct tile_name t;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (tile_parse(bad[i], &t))
			fail_msg("%s was taken", bad[i]);
	scope_release(&sc);
}

static void
higher_trees_read_the_same(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct naive_log l;
	const int64_t size = 66000; /* three levels of tiles */
	naive_init(&sc, &l, size, 7);
	const struct chain_source source = {naive_fetch, &l};
	struct tree t;
	assert_ok(&sc, tree_init(&sc, &t, &source, size));
	uint8_t root[CHAIN_HASH], want[PROOF_MAX][CHAIN_HASH], got[PROOF_MAX][CHAIN_HASH];
	naive_hash(&l, 0, size, root);
	struct prng p;
	prng_seed(&p, 8);
	for (int i = 0; i < 6; i++) {
		int64_t at = (int64_t)prng_below(&p, (uint32_t)size);
		size_t n, n_want = naive_path(&l, at, 0, size, want);
		assert_ok(&sc, tree_inclusion(&sc, &t, at, size, got, &n));
		assert_int_equal(n, n_want);
		assert_memory_equal(got, want, n * CHAIN_HASH);
		assert_ok(&sc, chain_check_inclusion(&sc, l.entries[at], at, size, (const_path)got, n, root));
		uint8_t old[CHAIN_HASH];
		naive_hash(&l, 0, at + 1, old);
		assert_ok(&sc, tree_consistency(&sc, &t, at + 1, size, got, &n));
		assert_ok(&sc, chain_check_consistency(&sc, at + 1, old, size, root, (const_path)got, n));
	}
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_and_ranges_are_the_books),
	    cmocka_unit_test(every_inclusion_proof_is_the_books_and_holds),
	    cmocka_unit_test(every_consistency_proof_is_the_books_and_holds),
	    cmocka_unit_test(tiles_have_the_specifications_shape),
	    cmocka_unit_test(higher_trees_read_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
