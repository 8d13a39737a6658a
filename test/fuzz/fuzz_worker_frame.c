/* room: workers */
/* Any bytes as the head of a frame, and what a head says comes back. */
#include "workers/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t head[FRAME_HEAD] = {0};
	size_t n;
	memcpy(head, data, size < sizeof head ? size : sizeof head);
	if (frame_size(head, 1 << 20, &n)) {
		uint8_t again[FRAME_HEAD];
		frame_head(again, n);
		if (n > 1 << 20 || memcmp(again, head, sizeof head) != 0)
			abort();
	}
	return 0;
}
