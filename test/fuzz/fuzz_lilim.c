/* room: route */
#include "route_text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_route_text(lilim_read, data, size);
	return 0;
}
