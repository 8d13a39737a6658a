/* Import: which reader a file wants is told by its bytes, never by its name. */
#include <zlib.h>

#include "base/file.h"
#include "base/text.h"
#include "road/osm_raw.h"

#define EXTRACT_MAX ((size_t)4 << 30)
#define UNPACKED_MAX ((size_t)8 << 30)

static void
free_buffer(void *p)
{
	free(*(void **)p);
}

/* The whole of a .gz; its bytes belong to the scope. */
static enum code
unpack(struct scope *sc, const uint8_t *bytes, size_t n, uint8_t **out, size_t *out_n)
{
	uint8_t **buffer = NEW(sc, uint8_t *);
	scope_on_release(sc, free_buffer, buffer);
	z_stream z = {.next_in = (Bytef *)bytes};
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return fail(sc, E_MEMORY, "no memory to unpack");
	size_t cap = 0;
	size_t used = 0;
	size_t fed = 0;
	int rc = Z_OK;
	while (rc == Z_OK && cap < UNPACKED_MAX) {
		if (used == cap) {
			cap = cap == 0 ? (size_t)1 << 20 : cap * 2;
			uint8_t *grown = realloc(*buffer, cap + 1);
			if (grown == NULL)
				break;
			*buffer = grown;
		}
		size_t room = cap - used < (size_t)1 << 30 ? cap - used : (size_t)1 << 30;
		size_t feed = n - fed < (size_t)1 << 30 ? n - fed : (size_t)1 << 30;
		z.next_in = (Bytef *)bytes + fed;
		z.avail_in = (uInt)feed;
		z.next_out = *buffer + used;
		z.avail_out = (uInt)room;
		rc = inflate(&z, Z_NO_FLUSH);
		used += room - z.avail_out;
		fed += feed - z.avail_in;
		if (rc == Z_BUF_ERROR || (rc == Z_OK && room == z.avail_out && fed == n))
			break;
	}
	inflateEnd(&z);
	if (rc != Z_STREAM_END)
		return fail(sc, E_INVALID, "the gzip data ends or breaks at byte %zu", fed);
	(*buffer)[used] = 0;
	*out = *buffer;
	*out_n = used;
	return OK;
}

static enum code
read_extract(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw)
{
	size_t i = 0;
	while (i < n && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t'))
		i++;
	if (i < n && bytes[i] == '{')
		return osm_read_geojson(sc, bytes, n, raw);
	if (i + 1 < n && bytes[i] == '<')
		return osm_read_xml(sc, bytes, n, raw);
	if (n > 6 && bytes[0] == 0 && bytes[1] == 0 && bytes[4] == 0x0a) /* a small blob header, its type first */
		return osm_read_pbf(sc, bytes, n, raw);
	return fail(sc, E_INVALID, "neither OpenStreetMap PBF, XML nor GeoJSON");
}

static enum code
import_with(struct scope *sc, const char *in, const char *out, const struct profile *p,
	    struct road_import_report *report)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, in, EXTRACT_MAX, &bytes, &n));
	if (n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
		TRY(unpack(sc, bytes, n, &bytes, &n));
	struct osm_raw *raw = NEW(sc, struct osm_raw);
	raw_init(raw, sc, p);
	if (read_extract(sc, bytes, n, raw) != OK)
		return error_prefix(sc, "%s", in);
	struct road_sections sections;
	struct road_import_report r;
	if (road_build(sc, raw, &sections, &r) != OK)
		return error_prefix(sc, "%s", in);
	TRY(road_file_write(sc, out, &sections, &r.bytes_written));
	*report = r;
	return OK;
}

enum code
road_import(struct scope *sc, const char *in, const char *out, const char *profile, struct road_import_report *report)
{
	const struct profile *p = profile_find(profile);
	if (p == NULL)
		return fail(sc, E_INVALID, "there is no profile \"%s\"; there are van, bike and walk", profile);
	struct scope work;
	scope_init(&work);
	enum code rc = import_with(&work, in, out, p, report);
	if (rc != OK)
		sc->err = work.err;
	scope_release(&work);
	return rc;
}
