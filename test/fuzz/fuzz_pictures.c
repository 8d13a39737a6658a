/* room: api. Pictures in a body, as enrolment and check-in take them: whatever is
 * accepted is 1 to 3 pictures of at most 8 MiB each. */
#include <assert.h>

#include "api/call.h"
#include "day/day.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	json_t *body;
	struct pictures p = {.n = 0};
	if (json_parse(&sc, data, size, &body) == OK && take_pictures(&sc, body, 3, &p) == OK) {
		assert(p.n >= 1 && p.n <= 3);
		for (size_t i = 0; i < p.n; i++) {
			assert(p.n_bytes[i] >= 1 && p.n_bytes[i] <= (size_t)8 << 20);
			volatile uint8_t last = p.bytes[i][p.n_bytes[i] - 1];
			(void)last;
		}
	}
	scope_release(&sc);
	return 0;
}
