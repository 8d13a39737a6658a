/* room: road
 * Extracts as geojson: whatever the bytes, the reader says no or a graph comes out. */
#include "road/osm_raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	scope_init(&sc);
	struct osm_raw *raw = NEW(&sc, struct osm_raw);
	raw_init(raw, &sc, profile_find("van"));
	struct road_sections sections;
	struct road_import_report report;
	if (osm_read_geojson(&sc, bytes, n, raw) == OK && road_build(&sc, raw, &sections, &report) == OK &&
	    sections.n[SECTION_ARC] == 0)
		abort();
	scope_release(&sc);
	return 0;
}
