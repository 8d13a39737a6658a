/* A reader of extracts under fire: whatever the bytes, it says no or a graph comes out. */
#ifndef TEST_FUZZ_OSM_EXTRACT_H
#define TEST_FUZZ_OSM_EXTRACT_H

#include "road/osm_raw.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static inline void
fuzz_osm_extract(enum code (*read)(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw),
		 const uint8_t *bytes, size_t n)
{
	struct scope sc;
	struct road_sections sections;
	struct road_import_report report;
	scope_init(&sc);
	struct osm_raw *raw = NEW(&sc, struct osm_raw);
	raw_init(raw, &sc, profile_find("van"));
	if (read(&sc, bytes, n, raw) == OK && road_build(&sc, raw, &sections, &report) == OK &&
	    sections.n[SECTION_ARC] == 0)
		abort();
	scope_release(&sc);
}

#endif
