/* Properties: claims that hold for every input, tried on many.
 *
 * A property draws an input of about `size` parts from the generator and says
 * whether its claim holds. Sizes grow from case to case. A case that fails is
 * tried again at half its size for as long as it still fails, and the smallest
 * is named; WAYBILL_SEED=<seed> WAYBILL_SIZE=<size> runs just that one.
 *
 *	static bool reversing_twice_changes_nothing(struct prng *r, size_t size) { … }
 *	prop_check("reverse", 200, 100, reversing_twice_changes_nothing);
 */
#ifndef TEST_PROP_H
#define TEST_PROP_H

#include "unit.h"

#include "base/prng.h"

typedef bool property(struct prng *r, size_t size);

static inline bool
prop_holds_(property *holds, uint64_t seed, size_t size)
{
	struct prng r;
	prng_seed(&r, seed);
	return holds(&r, size);
}

static inline void
prop_check(const char *name, int cases, size_t max_size, property *holds)
{
	const char *seed_text = getenv("WAYBILL_SEED");
	const char *size_text = getenv("WAYBILL_SIZE");
	if (seed_text != NULL && size_text != NULL) {
		uint64_t seed = strtoull(seed_text, NULL, 10);
		assert_true(prop_holds_(holds, seed, (size_t)strtoull(size_text, NULL, 10)));
		return;
	}
	for (int i = 0; i < cases; i++) {
		uint64_t seed = 1000 + (uint64_t)i;
		size_t size = 1 + max_size * (size_t)i / (size_t)cases;
		if (prop_holds_(holds, seed, size))
			continue;
		while (size > 1 && !prop_holds_(holds, seed, size / 2))
			size /= 2;
		fail_msg("%s does not hold: WAYBILL_SEED=%llu WAYBILL_SIZE=%zu", name, (unsigned long long)seed, size);
	}
}

#endif
