/* room: face */
/* Any bytes as an ONNX file: what is read is written and read again the same, and
 * planned for net.h or refused. */
#include "face/model_convert.h"
#include "face/net_plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	struct onnx_graph g;
	if (onnx_read(&sc, data, size, &g) == OK) {
		uint8_t *once;
		uint8_t *twice;
		size_t n;
		size_t m;
		struct onnx_graph again;
		struct net_plan plan;
		model_zero_denormals(&g);
		(void)!net_plan(&sc, &g, &plan);
		if (model_rewrite_prelu(&sc, &g) == OK) {
			onnx_write(&sc, &g, &once, &n);
			if (onnx_read(&sc, once, n, &again) == OK) {
				onnx_write(&sc, &again, &twice, &m);
				if (n != m || memcmp(once, twice, n) != 0)
					abort();
			}
		}
	}
	scope_release(&sc);
	return 0;
}
