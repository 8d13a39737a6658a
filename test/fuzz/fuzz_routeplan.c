/* room: route
 * An answer that somebody else wrote, read for the verifier. */
#include "route/route_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char problem[] =
    "{\"vehicles\":[{\"id\":1,\"start_index\":0,\"end_index\":0,\"capacity\":[4],\"time_window\":[0,9999],"
    "\"breaks\":[{\"id\":1,\"time_windows\":[[100,200]],\"service\":50}]},{\"id\":2,\"start_index\":0}],"
    "\"jobs\":[{\"id\":1,\"location_index\":1,\"delivery\":[2]},{\"id\":2,\"location_index\":2,\"delivery\":[1]}],"
    "\"shipments\":[{\"amount\":[1],\"pickup\":{\"id\":3,\"location_index\":1},"
    "\"delivery\":{\"id\":3,\"location_index\":2}}],"
    "\"matrices\":{\"car\":{\"durations\":[[0,50,60],[50,0,20],[60,20,0]]}}}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct route_file file;
	struct route_solution *s;
	struct route_verdict v;
	scope_init(&sc);
	if (vroom_read(&sc, problem, sizeof problem - 1, &file) != OK)
		abort();
	if (vroom_read_solution(&sc, &file, data, size, &s) == OK && route_check(&sc, file.problem, s, &v) != OK)
		abort();
	scope_release(&sc);
	return 0;
}
