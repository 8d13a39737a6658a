/* room: face */
/* Any bytes as a PNG, at full size, as for a redaction. */
#include "picture_bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return picture_bytes(data, size, 0);
}
