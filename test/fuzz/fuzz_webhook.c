/* room: hooks
 *
 * Any bytes as the API's new webhook: what is taken leads only where an integrator's may, and
 * asks for kinds that he may hear. */
#include "base/text.h"
#include "hooks/hook_rows.h"
#include "hooks/hooks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct scope *sc, const struct hook_new *h)
{
	struct http_where where;
	char **words;
	bool holds = http_where_parse(sc, h->url, &where) == OK && where.tls &&
		     http_where_check(sc, &where, REACH_PUBLIC) == OK && utf8_length(h->label) <= 80;
	size_t n = text_split(sc, h->kinds, ' ', &words);
	for (size_t i = 0; i < n && holds; i++)
		holds = hook_kind_for(words[i], true) && hook_wants(h->kinds, words[i]);
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	json_t *v;
	struct hook_new h;
	scope_init(&sc);
	if (json_parse(&sc, data, size, &v) == OK && hook_parse(&sc, v, REACH_PUBLIC, true, &h) == OK)
		check(&sc, &h);
	scope_release(&sc);
	return 0;
}
