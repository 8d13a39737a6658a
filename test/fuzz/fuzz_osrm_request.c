/* room: road
 * Request lines of OSRM's interface. */
#include "road/osrm_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	scope_init(&sc);
	struct osrm_request r;
	char *target = scope_strndup(&sc, (const char *)bytes, n);
	if (osrm_request_parse(&sc, target, &r) == OK)
		for (size_t i = 0; i < r.n_sources; i++)
			if (r.sources[i] >= r.n_points)
				abort();
	scope_release(&sc);
	return 0;
}
