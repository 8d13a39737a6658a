/* room: road
 * Files of driven tracks, CSV and GPX. */
#include "road/tracks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	scope_init(&sc);
	struct road_track *tracks;
	size_t found;
	char *copy = scope_strndup(&sc, (const char *)bytes, n);
	if (road_tracks_read(&sc, (const uint8_t *)copy, n, &tracks, &found) == OK)
		for (size_t i = 0; i < found; i++)
			for (size_t k = 0; k < tracks[i].n; k++)
				if (!place_valid(tracks[i].fixes[k].at))
					abort();
	scope_release(&sc);
	return 0;
}
