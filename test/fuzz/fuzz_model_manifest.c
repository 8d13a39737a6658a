/* room: face */
/* Any bytes as a manifest of models. */
#include "face/model_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	struct model_manifest m;
	if (model_manifest_parse(&sc, data, size, &m) == OK)
		for (double s = -1; s <= 1; s += 0.125)
			if (!(calibration_fmr(&m.calibration, s) >= 0 && calibration_fmr(&m.calibration, s) <= 1))
				abort();
	scope_release(&sc);
	return 0;
}
