/* The chain's public resources (C2SP tlog-tiles) and the map's tiles. */
#include "api/areas.h"
#include "base/text.h"
#include "chain/chain.h"
#include "road/road.h"

static enum code
chain(struct scope *sc, struct tx *tx, struct call *c)
{
	const uint8_t *bytes;
	size_t n;
	const char *type;
	TRY(chain_resource(sc, tx, c->param[0], &bytes, &n, &type));
	reply_bytes(c, type, bytes, n);
	/* A full tile never changes; checkpoints, their pages, the key and partial tiles do. */
	bool moves = !text_starts(c->param[0], "tile/") || strstr(c->param[0], ".p/") != NULL;
	reply_field(c, "Cache-Control", moves ? "no-cache" : "public, max-age=31536000, immutable");
	return OK;
}

static enum code
tile(struct scope *sc, struct call *c)
{
	int64_t z;
	int64_t x;
	int64_t y;
	uint8_t *bytes;
	size_t n;
	if (c->house->road == NULL || parse_i64(sc, c->param[0], 0, ROAD_TILE_ZOOM_MAX, &z) != OK ||
	    parse_i64(sc, c->param[1], 0, UINT32_MAX, &x) != OK || parse_i64(sc, c->param[2], 0, UINT32_MAX, &y) != OK)
		return fail(sc, E_NOT_FOUND, "no such tile");
	TRY(road_tile(sc, c->house->road, (unsigned)z, (unsigned)x, (unsigned)y, &bytes, &n));
	reply_bytes(c, "application/vnd.mapbox-vector-tile", bytes, n);
	reply_field(c, "Cache-Control", "public, max-age=86400");
	if (n > 0)
		reply_field(c, "Content-Encoding", "gzip");
	else
		c->reply.status = 204;
	return OK;
}

static const struct route chain_rows[] = {
    {.method = "GET",
     .path = "/chain/{path*}",
     .who = MAY_PUBLIC,
     .prepare = chain,
     .summary = "checkpoint, tile/<level>/<index>, tile/entries/<index> (C2SP tlog-tiles); key, checkpoints/<page>",
     .answer = "application/octet-stream"},
    {0},
};
const struct route_table api_chain_table = {"Chain", "Commitments that anybody may verify.", chain_rows};

static const struct route map_rows[] = {
    {.method = "GET",
     .path = "/map/tiles/{z}/{x}/{y}.mvt",
     .who = MAY_PUBLIC,
     .work = tile,
     .summary = "A gzip'ed vector tile of the streets",
     .answer = "application/vnd.mapbox-vector-tile"},
    {0},
};
const struct route_table api_map_table = {"Map", "The streets.", map_rows};
