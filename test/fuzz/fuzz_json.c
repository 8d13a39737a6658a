/* room: base. JSON as it comes in a body: what is accepted can be written and read
 * again as the same value, and its canonical text is the same each time. */
#include <assert.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	json_t *value;
	if (json_parse(&sc, data, size, &value) == OK) {
		char *text = json_canonical(&sc, value);
		json_t *again;
		assert(json_parse(&sc, text, strlen(text), &again) == OK);
		assert(strcmp(json_canonical(&sc, again), text) == 0);
	}
	scope_release(&sc);
	return 0;
}
