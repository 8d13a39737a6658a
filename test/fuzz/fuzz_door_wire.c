/* room: face */
/* Any bytes as a request to a child of `face serve`, and as its answer. */
#include "face/door_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	uint8_t *answer;
	size_t n;
	scope_init(&sc);
	struct door_answer *a = NEW(&sc, struct door_answer);
	door_handle(&sc, NULL, data, size, &answer, &n);
	if (n < 5 || door_answer_read(&sc, DOOR_DETECT, answer, n, a) == OK)
		abort();
	for (int op = DOOR_DETECT; op <= DOOR_LIVE; op++)
		if (door_answer_read(&sc, (enum door_op)op, data, size, a) == OK &&
		    (a->target.n > FACE_FOUND_MAX || a->live >= LIVE_COUNT))
			abort();
	scope_release(&sc);
	return 0;
}
