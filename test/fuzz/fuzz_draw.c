/* room: offer */
#include "offer/offer_draw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct random r;
	json_t *proof, *you;
	struct draw_verdict v;
	static const uint8_t nonce[OFFER_NONCE];
	scope_init(&sc);
	random_init_os(&r);
	if (json_parse(&sc, data, size, &proof) == OK && draw_replay(&sc, proof, &v) == OK) {
		if (v.ok != json_is_true(json_object_get(v.report, "ok")) || v.n_entries < 2)
			abort();
		(void)!draw_find(&sc, proof, nonce, &you);
	}
	scope_release(&sc);
	return 0;
}
