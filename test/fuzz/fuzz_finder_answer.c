/* room: finder
 *
 * Any bytes as the answer of a geocoding server: refused, or candidates in order, judged. The
 * first byte says whose answer it is. */
#include "finder/finder_answer.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n < 1)
		return 0;
	struct scope sc;
	scope_init(&sc);
	const struct geo_query query = {.text = "Rua do Moinho 7, 4700-001 Moinhos"};
	struct geo_answer a;
	enum finder_kind kind = bytes[0] % 2 == 0 ? FINDER_NOMINATIM : FINDER_PHOTON;
	enum code rc = finder_answer_read(&sc, kind, bytes + 1, n - 1, &query, &a);
	must(rc == OK || rc == E_INVALID);
	if (rc == OK) {
		must(a.n <= GEO_CANDIDATES_MAX && (a.n == 0) == (a.verdict == GEO_NOT_FOUND));
		for (size_t i = 0; i < a.n; i++) {
			const struct geo_candidate *c = &a.candidates[i];
			must(place_valid(c->at) && c->confidence >= 0 && c->confidence <= 1);
			must(utf8_valid(c->text, strlen(c->text)));
			must(i == 0 || c->confidence <= a.candidates[i - 1].confidence);
		}
	}
	scope_release(&sc);
	return 0;
}
