#include "route/route_sort.h"

#define FEW 24 /* items that are sorted by counting */

/* Each goes where the number of those before it says: no branch to guess. */
static void
sort_few(const int64_t *keys, int32_t *items, int32_t n)
{
	int32_t rank[FEW] = {0};
	int32_t was[FEW];
	for (int32_t i = 0; i < n; i++) {
		was[i] = items[i];
		for (int32_t j = 0; j < i; j++) {
			int32_t behind = keys[j] <= keys[i];
			rank[i] += behind;
			rank[j] += 1 - behind;
		}
	}
	for (int32_t i = 0; i < n; i++)
		items[rank[i]] = was[i];
}

/* Shell's. */
static void
sort_many(int64_t *keys, int32_t *items, int32_t n)
{
	for (int32_t gap = n / 2; gap > 0; gap /= 2)
		for (int32_t i = gap; i < n; i++) {
			int64_t key = keys[i];
			int32_t item = items[i];
			int32_t j = i;
			for (; j >= gap && keys[j - gap] > key; j -= gap) {
				keys[j] = keys[j - gap];
				items[j] = items[j - gap];
			}
			keys[j] = key;
			items[j] = item;
		}
}

void
sort_by_key(int64_t *keys, int32_t *items, int32_t n)
{
	if (n <= FEW)
		sort_few(keys, items, n);
	else
		sort_many(keys, items, n);
}
