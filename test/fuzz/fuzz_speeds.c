/* room: road
 * Files of learned speeds. */
#include "road/learn.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	scope_init(&sc);
	struct road_speeds speeds;
	if (road_speeds_parse(&sc, scope_strndup(&sc, (const char *)bytes, n), &speeds) == OK) {
		struct road_speeds again;
		if (road_speeds_parse(&sc, road_speeds_text(&sc, &speeds), &again) != OK ||
		    again.n_arcs != speeds.n_arcs)
			abort();
	}
	scope_release(&sc);
	return 0;
}
