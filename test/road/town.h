/* Towns for tests: a random grid of streets as Overpass GeoJSON, with one-way
 * streets, private streets, missing links and a second, unconnected island. */
#ifndef TEST_ROAD_TOWN_H
#define TEST_ROAD_TOWN_H

#include <unistd.h>

#include "unit.h"

#include "base/file.h"
#include "base/text.h"
#include "road/road.h"

#define TOWN_LAT 57.7
#define TOWN_LON 11.97
#define TOWN_STEP 0.002

static inline void
town_add_way(struct text *t, int id, const char *tags, const double (*p)[2], int n)
{
	text_printf(
	    t,
	    "%s{\"type\":\"Feature\",\"id\":\"way/%d\",\"properties\":{%s},\"geometry\":{\"type\":\"LineString\","
	    "\"coordinates\":[",
	    id == 1 ? "" : ",", id, tags);
	for (int i = 0; i < n; i++)
		text_printf(t, "%s[%.7f,%.7f]", i == 0 ? "" : ",", p[i][0], p[i][1]);
	text_add(t, "]}}");
}

static inline const char *
town_tags(struct scope *sc, struct prng *prng, int id)
{
	static const char *const classes[] = {"residential", "tertiary", "secondary", "service", "unclassified"};
	const char *extra = "";
	switch (prng_below(prng, 8)) {
	case 0: extra = ",\"oneway\":\"yes\""; break;
	case 1: extra = ",\"oneway\":\"-1\""; break;
	case 2: extra = ",\"access\":\"private\""; break;
	case 3: extra = ",\"maxspeed\":\"30\""; break;
	default: break;
	}
	return scope_printf(sc, "\"highway\":\"%s\",\"name\":\"Väg %d\"%s", classes[prng_below(prng, 5)], id, extra);
}

/* A side × side grid; about one street in eight is missing. */
static inline const char *
town_geojson(struct scope *sc, struct prng *prng, int side)
{
	struct text t;
	text_init(&t, sc);
	text_add(&t, "{\"type\":\"FeatureCollection\",\"features\":[");
	int id = 0;
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			for (int d = 0; d < 2; d++) {
				if ((d == 0 ? x : y) + 1 == side || prng_below(prng, 8) == 0)
					continue;
				double bend = (prng_unit(prng) - 0.5) * TOWN_STEP / 2;
				double p[3][2] = {{TOWN_LON + x * TOWN_STEP, TOWN_LAT + y * TOWN_STEP}};
				p[2][0] = p[0][0] + (d == 0 ? TOWN_STEP : 0);
				p[2][1] = p[0][1] + (d == 1 ? TOWN_STEP : 0);
				p[1][0] = (p[0][0] + p[2][0]) / 2 + (d == 1 ? bend : 0);
				p[1][1] = (p[0][1] + p[2][1]) / 2 + (d == 0 ? bend : 0);
				id++;
				town_add_way(&t, id, town_tags(sc, prng, id), (const double(*)[2])p, 3);
			}
		}
	}
	double island[2][2] = {{TOWN_LON + 1, TOWN_LAT}, {TOWN_LON + 1.001, TOWN_LAT}};
	town_add_way(&t, ++id, "\"highway\":\"residential\",\"name\":\"Ön\"", (const double(*)[2])island, 2);
	text_add(&t, "]}");
	return t.s;
}

static inline char *
town_path(struct scope *sc, const char *what)
{
	return scope_printf(sc, "/tmp/waybill-road-%d-%s", (int)getpid(), what);
}

/* Imports bytes with a profile and opens the result; the file is gone again. */
static inline enum code
town_open_bytes(struct scope *sc, const void *bytes, size_t n, const char *profile, struct road **out,
		struct road_import_report *report)
{
	char *in = town_path(sc, "in");
	char *file = town_path(sc, "out.road");
	TRY(file_write(sc, in, bytes, n, 0600));
	enum code rc = road_import(sc, in, file, profile, report);
	unlink(in);
	TRY(rc);
	rc = road_open(sc, file, out);
	unlink(file);
	return rc;
}

#endif
