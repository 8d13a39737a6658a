/* room: road
 * Drives as lines of fixes, through the parser and the stream on a small town. */
#include <unistd.h>

#include "base/file.h"
#include "road/match_stream.h"
#include "road/tracks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char town[] =
    "{\"type\":\"FeatureCollection\",\"features\":["
    "{\"type\":\"Feature\",\"id\":\"way/1\",\"properties\":{\"highway\":\"residential\",\"name\":\"A\"},"
    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[0,0],[0.01,0],[0.02,0]]}},"
    "{\"type\":\"Feature\",\"id\":\"way/2\",\"properties\":{\"highway\":\"tertiary\",\"oneway\":\"yes\"},"
    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[0.01,0],[0.01,0.01],[0.02,0.01],[0.02,0]]}}]}";

/* One for the whole run. */
static struct road *
open_town(struct scope *sc)
{
	static struct road *road;
	if (road != NULL)
		return road;
	char *in = scope_printf(sc, "/tmp/waybill-fuzz-%d.geojson", (int)getpid());
	char *file = scope_printf(sc, "/tmp/waybill-fuzz-%d.road", (int)getpid());
	struct road_import_report report;
	if (file_write(sc, in, town, sizeof town - 1, 0600) != OK || road_import(sc, in, file, "van", &report) != OK ||
	    road_open(sc, file, &road) != OK)
		abort();
	unlink(in);
	unlink(file);
	return road;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	scope_init(&sc);
	struct road *road = open_town(&sc);
	struct road_matcher *m = road_matcher_new(&sc, road);
	struct road_stream *s;
	if (n > 4096 || road_stream_open(&sc, 2 + n % 7, &s) != OK) {
		scope_release(&sc);
		return 0;
	}
	char *line = scope_strndup(&sc, (const char *)bytes, n);
	struct road_settled_list news;
	for (char *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		struct road_fix fix;
		if (road_fix_parse(&sc, line, &fix) != OK || road_stream_push(&sc, m, NULL, s, &fix, &news) != OK)
			continue;
		for (size_t i = 0; i < news.n; i++)
			road_settled_json(&sc, road, &news.items[i]);
	}
	if (road_stream_finish(&sc, m, NULL, s, &news) != OK)
		abort();
	road_stream_close(s);
	scope_release(&sc);
	return 0;
}
