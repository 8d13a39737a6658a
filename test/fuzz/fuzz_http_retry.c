/* room: http. A server's Retry-After: whatever it says, the wait is within bounds, the same each
 * time, and a date's shrinks with the time that passes. */
#include <assert.h>

#include "http/http_client.h"

#define NOW_MS INT64_C(1795340712000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	const char *field = scope_strndup(&sc, (const char *)data, size);
	int64_t ms = http_retry_after_ms(field, NOW_MS);
	assert(ms >= 0 && ms <= HTTP_RETRY_MAX_MS);
	assert(http_retry_after_ms(field, NOW_MS) == ms);
	assert(http_retry_after_ms(field, NOW_MS + 1000) <= ms);
	scope_release(&sc);
	return 0;
}
