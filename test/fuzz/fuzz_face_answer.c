/* room: face */
/* Any bytes as the answer of a face child. */
#include "face/face_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	struct face_enrolled e;
	struct face_verdict v;
	struct face_live_check live;
	const uint8_t *jpeg;
	size_t n;
	if (face_wire_check_answer(&sc, data, size, &v) == OK && v.decision == FACE_MATCH && v.band < FACE_FMR_1E4)
		abort();
	if (face_wire_live_answer(&sc, data, size, &live) == OK &&
	    (live.live >= LIVE_COUNT || (live.verdict.decision == FACE_MATCH && live.live != LIVE_ALIVE)))
		abort();
	if (face_wire_enrol_answer(&sc, data, size, &e) == OK && e.at >= FACE_PICTURES_MAX)
		abort();
	if (face_wire_redact_answer(&sc, data, size, &jpeg, &n) == OK && jpeg + n != data + size)
		abort();
	scope_release(&sc);
	return 0;
}
