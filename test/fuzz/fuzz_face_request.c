/* room: face */
/* Any bytes as a request to a face child. */
#include "face/face_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	uint8_t *answer;
	size_t n;
	struct face_enrolled e;
	face_wire_handle(&sc, NULL, data, size, &answer, &n);
	if (n < 5 || face_wire_enrol_answer(&sc, answer, n, &e) == OK)
		abort();
	scope_release(&sc);
	return 0;
}
