/* room: offer */
#include "offer/offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	json_t *json;
	struct block_new b;
	scope_init(&sc);
	if (json_parse(&sc, data, size, &json) == OK && block_parse(&sc, json, &b) == OK &&
	    (b.units < 1 || b.units > OFFER_UNITS_MAX || b.terms == NULL))
		abort();
	scope_release(&sc);
	return 0;
}
