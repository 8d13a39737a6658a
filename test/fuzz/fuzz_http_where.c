/* room: http. Addresses that strangers give: what is taken is plain ASCII, of http or https,
 * without a user, and what it came apart into is an address again. */
#include <assert.h>

#include "base/text.h"
#include "http/http_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct scope *sc, const struct http_where *w)
{
	struct http_where again;
	char *whole = scope_printf(sc, "%s%s", w->base, w->target);
	for (const char *s = whole; *s != '\0'; s++)
		assert(*s > ' ' && *s <= '~');
	assert(text_starts(w->base, w->tls ? "https://" : "http://") && w->target[0] == '/');
	assert(strchr(w->base, '@') == NULL && strchr(whole, '#') == NULL);
	if (strlen(whole) > HTTP_WHERE_MAX)
		return;
	assert(http_where_parse(sc, whole, &again) == OK);
	assert(text_eq(again.base, w->base) && text_eq(again.target, w->target));
	enum code once = http_where_check(sc, w, REACH_PUBLIC);
	assert(once == http_where_check(sc, &again, REACH_PUBLIC));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct http_where w;
	scope_init(&sc);
	if (http_where_parse(&sc, scope_strndup(&sc, (const char *)data, size), &w) == OK)
		check(&sc, &w);
	scope_release(&sc);
	return 0;
}
