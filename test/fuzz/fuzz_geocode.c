/* room: road
 *
 * Any question to the geocoder: refused, or answered by its own rule. The index is the
 * tests' town of addresses. */
#include "road/geocode.h"

#include <unistd.h>

#include "base/file.h"
#include "road/address_town.h"
#include "road/road.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct road *
open_town(void)
{
	struct scope sc;
	struct road *road;
	struct road_import_report report;
	scope_init(&sc);
	char *in = scope_printf(&sc, "/tmp/waybill-fuzz-%d.osm", (int)getpid());
	char *out = scope_printf(&sc, "/tmp/waybill-fuzz-%d.road", (int)getpid());
	const char *town = address_town(&sc);
	must(file_write(&sc, in, town, strlen(town), 0600) == OK);
	must(road_import(&sc, in, out, "walk", &report) == OK);
	must(road_open(&sc, out, &road) == OK);
	unlink(in);
	unlink(out);
	scope_release(&sc);
	return road;
}

static void
check(const struct geo_answer *a)
{
	must((a->verdict == GEO_PLACED) == (a->reason[0] == '\0'));
	must((a->n == 0) == (a->verdict == GEO_NOT_FOUND));
	for (size_t i = 0; i < a->n; i++) {
		const struct geo_candidate *c = &a->candidates[i];
		must(c->confidence >= 0 && c->confidence <= 1 && place_valid(c->at) && c->text[0] != '\0');
		must(i == 0 || c->confidence <= a->candidates[i - 1].confidence + 1e-6);
	}
	if (a->verdict != GEO_PLACED)
		return;
	must(a->candidates[0].kind <= GEO_STREET && a->lead >= GEO_LEAD_MIN);
	must(a->candidates[0].kind == GEO_STREET || a->candidates[0].confidence >= GEO_PLACED_MIN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct road *road;
	if (road == NULL)
		road = open_town();
	struct scope sc;
	scope_init(&sc);
	struct geo_query query = {.text = scope_strndup(&sc, (const char *)bytes, n), .max = n % 12};
	query.streets = n % 2 == 1;
	struct geo_answer a;
	enum code rc = road_geocode(&sc, road, &query, &a);
	must(rc == OK || rc == E_INVALID);
	if (rc == OK)
		check(&a);
	scope_release(&sc);
	return 0;
}
