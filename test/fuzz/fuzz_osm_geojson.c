/* room: road */
#include "osm_extract.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_osm_extract(osm_read_geojson, bytes, n);
	return 0;
}
