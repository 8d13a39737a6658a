/* room: face */
/* Any bytes as a TensorFlow Lite file. */
#include "face/model_convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	sc.cap = (size_t)64 << 20;
	struct onnx_graph g;
	if (model_from_tflite(&sc, data, size, &g) == OK && g.n_inputs != 1)
		abort();
	scope_release(&sc);
	return 0;
}
