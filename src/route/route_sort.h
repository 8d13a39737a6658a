/* Short lists in the order of their keys. */
#ifndef ROUTE_ROUTE_SORT_H
#define ROUTE_ROUTE_SORT_H

#include <stdint.h>

/* Puts items[0 … n) into rising order of their keys; the keys stand in no order afterwards. */
void sort_by_key(int64_t *keys, int32_t *items, int32_t n);

#endif
