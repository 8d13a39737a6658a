/* room: http. Request targets: whatever is accepted is a path that begins with a
 * slash, and text without control characters. */
#include <assert.h>

#include "base/text.h"
#include "http/http_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *s)
{
	assert(utf8_valid(s, strlen(s)));
	for (; *s != '\0'; s++)
		assert((unsigned char)*s >= ' ' && *s != 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	scope_init(&sc);
	char *raw = scope_strndup(&sc, (const char *)data, size);
	struct http_target t;
	if (http_target_parse(&sc, raw, &t) == OK) {
		assert(t.path[0] == '/' && t.n_query <= HTTP_QUERY_MAX);
		check_text(t.path);
		for (size_t i = 0; i < t.n_query; i++) {
			check_text(t.query[i].name);
			check_text(t.query[i].value);
		}
	}
	scope_release(&sc);
	return 0;
}
