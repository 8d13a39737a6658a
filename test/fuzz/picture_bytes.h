/* Decodes any bytes as a picture and reads every pixel that was promised. */
#ifndef FUZZ_PICTURE_BYTES_H
#define FUZZ_PICTURE_BYTES_H

#include "face/picture.h"

static int
picture_bytes(const uint8_t *data, size_t size, int want_side)
{
	struct scope sc;
	scope_init(&sc);
	sc.cap = (size_t)64 << 20;
	struct picture p;
	if (picture_decode(&sc, data, size, want_side, &p) == OK) {
		uint64_t sum = 0;
		for (size_t i = 0; i < (size_t)p.width * (size_t)p.height * 3; i++)
			sum += p.rgb[i];
		if (sum > (uint64_t)255 * 3 * FACE_PIXELS_MAX)
			abort();
	}
	scope_release(&sc);
	return 0;
}

#endif
