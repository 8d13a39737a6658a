/* room: face */
/* Any bytes as the TIFF block of EXIF. */
#include "face/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	int o = exif_orientation(data, size);
	if (o < 1 || o > 8)
		abort();
	scope_release(&sc);
	return 0;
}
