/* room: face */
/* Any five points and boxes on a small picture: warps, quality, hints. */
#include "face/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	static uint8_t pixels[24 * 16 * 3];
	struct picture p = {24, 16, 24, 16, 1, pixels};
	struct engine_face face = {0};
	float values[14] = {0};
	memcpy(values, data, size < sizeof values ? size : sizeof values);
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = size > 0 ? data[i % size] : 0;
	/* As a detector gives them: finite, within some widths of the picture. */
	for (size_t i = 0; i < COUNT_OF(values); i++)
		values[i] = values[i] > -500 && values[i] < 500 ? values[i] : 0;
	face.left = values[0];
	face.top = values[1];
	face.right = values[2];
	face.bottom = values[3];
	memcpy(face.five, values + 4, sizeof face.five);
	struct face_quality q;
	static float chip[3 * ENGINE_CHIP * ENGINE_CHIP];
	struct similarity fitted;
	if (similarity_fit(engine_chip_five, face.five, 5, &fitted)) {
		static const struct channel_norm as_is = {{0, 0, 0}, 1, false};
		warp_chip(&p, fitted, ENGINE_CHIP, &as_is, chip);
	}
	quality_measure(&p, &face, chip, &q);
	if (quality_hint(&q) >= FACE_HINT_COUNT)
		abort();
	scope_release(&sc);
	return 0;
}
