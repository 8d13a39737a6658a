/* room: freight
 *
 * Any bytes as the API's list of shipments. */
#include "base/text.h"
#include "freight/freight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct shipment_new *s)
{
	bool holds = s->reference != NULL && s->recipient != NULL && s->address != NULL && place_valid(s->place) &&
		     s->earliest_ms < s->latest_ms && s->n_parcels >= 1 && s->n_parcels <= PARCELS_PER_SHIPMENT;
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	json_t *v;
	struct shipment_new *list;
	size_t n;
	scope_init(&sc);
	if (json_parse(&sc, data, size, &v) == OK && shipments_parse(&sc, v, &list, &n) == OK)
		for (size_t i = 0; i < n; i++)
			check(&list[i]);
	scope_release(&sc);
	return 0;
}
