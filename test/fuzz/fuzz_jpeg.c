/* room: face */
/* Any bytes as a JPEG (or a PNG: the first bytes decide), scaled as for a check. */
#include "picture_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return picture_bytes(data, size, 64);
}
