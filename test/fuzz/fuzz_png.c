/* room: face */
/* Any bytes as a PNG, at full size, as for a redaction. */
#include "face/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	sc.cap = (size_t)64 << 20;
	struct picture p;
	if (picture_decode(&sc, data, size, 0, &p) == OK) {
		/* Every pixel that was promised must be there. */
		uint64_t sum = 0;
		for (size_t i = 0; i < (size_t)p.width * (size_t)p.height * 3; i++)
			sum += p.rgb[i];
		if (sum > (uint64_t)255 * 3 * FACE_PIXELS_MAX)
			abort();
	}
	scope_release(&sc);
	return 0;
}
