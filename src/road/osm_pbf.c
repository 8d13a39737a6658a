/* OpenStreetMap PBF: a row of blobs, each a header and a packed block of nodes,
 * ways and relations (wiki.openstreetmap.org/wiki/PBF_Format). Dense and plain
 * nodes; raw, zlib, LZ4 and zstd blobs. Every length is checked against what
 * is left; an error names the blob's offset in the file. */
#include <zlib.h>

#ifdef WAYBILL_LZ4
#include <lz4.h>
#endif
#ifdef WAYBILL_ZSTD
#include <zstd.h>
#endif

#include "base/text.h"
#include "road/osm_raw.h"

#define BLOB_HEADER_MAX (64u << 10)
#define BLOB_MAX (32u << 20)
#define TAGS_MAX 1024u

/* --- protobuf --------------------------------------------------------------- */

struct bytes {
	const uint8_t *at, *end;
};

struct field {
	unsigned number, type;
	uint64_t value;	    /* types 0, 1, 5 */
	struct bytes bytes; /* type 2 */
};

static bool
take_varint(struct bytes *b, uint64_t *out)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (b->at == b->end)
			return false;
		uint8_t c = *b->at++;
		v |= (uint64_t)(c & 127) << shift;
		if (c < 128) {
			*out = v;
			return true;
		}
	}
	return false;
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

/* 1: a field; 0: the end; -1: broken. */
static int
take_field(struct bytes *b, struct field *f)
{
	if (b->at == b->end)
		return 0;
	uint64_t key;
	if (!take_varint(b, &key) || key >> 3 == 0 || key >> 3 > 1u << 20)
		return -1;
	*f = (struct field){.number = (unsigned)(key >> 3), .type = key & 7};
	size_t left = (size_t)(b->end - b->at);
	size_t fixed = f->type == 1 ? 8 : 4;
	switch (f->type) {
	case 0: return take_varint(b, &f->value) ? 1 : -1;
	case 1:
	case 5:
		if (left < fixed)
			return -1;
		b->at += fixed;
		return 1;
	case 2:
		if (!take_varint(b, &f->value) || f->value > (size_t)(b->end - b->at))
			return -1;
		f->bytes = (struct bytes){b->at, b->at + f->value};
		b->at = f->bytes.end;
		return 1;
	default: return -1;
	}
}

/* --- a block ------------------------------------------------------------------ */

struct block {
	struct scope *sc; /* of this blob alone */
	struct osm_raw *raw;
	const char **text;
	size_t n_text;
	int64_t granularity, lat_offset, lon_offset;
	struct osm_tag *tags;
	size_t n_tags;
};

static enum code
broken(struct scope *sc, const char *what)
{
	return fail(sc, E_INVALID, "%s is broken", what);
}

#define BROKEN(what) broken(b->sc, (what))

static enum code
read_strings(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	struct bytes count = in;
	size_t n = 0;
	while ((got = take_field(&count, &f)) == 1)
		n += f.number == 1 && f.type == 2;
	if (got < 0)
		return BROKEN("the string table");
	b->text = NEW_ARRAY(b->sc, n + 1, const char *);
	while (take_field(&in, &f) == 1)
		if (f.number == 1 && f.type == 2)
			b->text[b->n_text++] =
			    scope_strndup(b->sc, (const char *)f.bytes.at, (size_t)(f.bytes.end - f.bytes.at));
	return OK;
}

/* In units of 1e-9 degree; false where it is no place. */
static bool
place_of(const struct block *b, int64_t lat, int64_t lon, struct place *out)
{
	int64_t y;
	int64_t x;
	if (__builtin_mul_overflow(lat, b->granularity, &y) || __builtin_add_overflow(y, b->lat_offset, &y) ||
	    __builtin_mul_overflow(lon, b->granularity, &x) || __builtin_add_overflow(x, b->lon_offset, &x))
		return false;
	y = (y + (y >= 0 ? 50 : -50)) / 100;
	x = (x + (x >= 0 ? 50 : -50)) / 100;
	if (y < -900000000 || y > 900000000 || x < -1800000000 || x > 1800000000)
		return false;
	*out = (struct place){(int32_t)y, (int32_t)x};
	return true;
}

static bool
add_tag(struct block *b, uint64_t key, uint64_t value)
{
	if (key >= b->n_text || value >= b->n_text)
		return false;
	if (b->n_tags < TAGS_MAX)
		b->tags[b->n_tags++] = (struct osm_tag){b->text[key], b->text[value]};
	return true;
}

static enum code
read_tags(struct block *b, struct bytes keys, struct bytes values)
{
	b->n_tags = 0;
	uint64_t k;
	uint64_t v;
	while (keys.at != keys.end)
		if (!take_varint(&keys, &k) || !take_varint(&values, &v) || !add_tag(b, k, v))
			return BROKEN("a tag");
	return values.at == values.end ? OK : BROKEN("a tag");
}

static enum code
read_node(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	int64_t id = 0;
	int64_t lat = 0;
	int64_t lon = 0;
	struct bytes keys = {0};
	struct bytes values = {0};
	while ((got = take_field(&in, &f)) == 1) {
		if (f.number == 1 && f.type == 0)
			id = unzigzag(f.value);
		else if (f.number == 2 && f.type == 2)
			keys = f.bytes;
		else if (f.number == 3 && f.type == 2)
			values = f.bytes;
		else if (f.number == 8 && f.type == 0)
			lat = unzigzag(f.value);
		else if (f.number == 9 && f.type == 0)
			lon = unzigzag(f.value);
	}
	struct place at;
	if (got < 0 || !place_of(b, lat, lon, &at))
		return BROKEN("a node");
	TRY(read_tags(b, keys, values));
	raw_node(b->raw, id, at, b->tags, b->n_tags);
	return OK;
}

/* The tags of one dense node: key, value, …, 0. */
static bool
take_dense_tags(struct block *b, struct bytes *in)
{
	b->n_tags = 0;
	while (in->at != in->end) {
		uint64_t k;
		uint64_t v;
		if (!take_varint(in, &k))
			return false;
		if (k == 0)
			return true;
		if (!take_varint(in, &v) || !add_tag(b, k, v))
			return false;
	}
	return true;
}

static enum code
read_dense(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	struct bytes ids = {0};
	struct bytes lats = {0};
	struct bytes lons = {0};
	struct bytes tags = {0};
	while ((got = take_field(&in, &f)) == 1) {
		if (f.type != 2)
			continue;
		if (f.number == 1)
			ids = f.bytes;
		else if (f.number == 8)
			lats = f.bytes;
		else if (f.number == 9)
			lons = f.bytes;
		else if (f.number == 10)
			tags = f.bytes;
	}
	if (got < 0)
		return BROKEN("a group of nodes");
	uint64_t id = 0;
	uint64_t lat = 0;
	uint64_t lon = 0;
	while (ids.at != ids.end) {
		uint64_t d_id;
		uint64_t d_lat;
		uint64_t d_lon;
		if (!take_varint(&ids, &d_id) || !take_varint(&lats, &d_lat) || !take_varint(&lons, &d_lon) ||
		    !take_dense_tags(b, &tags))
			return BROKEN("a group of nodes");
		id += (uint64_t)unzigzag(d_id);
		lat += (uint64_t)unzigzag(d_lat);
		lon += (uint64_t)unzigzag(d_lon);
		struct place at;
		if (!place_of(b, (int64_t)lat, (int64_t)lon, &at))
			return BROKEN("a node's place");
		raw_node(b->raw, (int64_t)id, at, b->tags, b->n_tags);
	}
	return lats.at == lats.end && lons.at == lons.end ? OK : BROKEN("a group of nodes");
}

static enum code
read_way(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	int64_t id = 0;
	struct bytes keys = {0};
	struct bytes values = {0};
	struct bytes refs = {0};
	while ((got = take_field(&in, &f)) == 1) {
		if (f.number == 1 && f.type == 0)
			id = (int64_t)f.value;
		else if (f.number == 2 && f.type == 2)
			keys = f.bytes;
		else if (f.number == 3 && f.type == 2)
			values = f.bytes;
		else if (f.number == 8 && f.type == 2)
			refs = f.bytes;
	}
	if (got < 0)
		return BROKEN("a way");
	TRY(read_tags(b, keys, values));
	int64_t *list = NEW_ARRAY(b->sc, (size_t)(refs.end - refs.at) + 1, int64_t);
	size_t n = 0;
	uint64_t ref = 0;
	while (refs.at != refs.end) {
		uint64_t d;
		if (!take_varint(&refs, &d))
			return BROKEN("a way");
		ref += (uint64_t)unzigzag(d);
		list[n++] = (int64_t)ref;
	}
	raw_way(b->raw, id, list, n, b->tags, b->n_tags);
	return OK;
}

static enum code
read_members(struct block *b, struct bytes roles, struct bytes ids, struct bytes kinds)
{
	struct osm_member *members = NEW_ARRAY(b->sc, (size_t)(ids.end - ids.at) + 1, struct osm_member);
	size_t n = 0;
	uint64_t id = 0;
	while (ids.at != ids.end) {
		uint64_t d;
		uint64_t role;
		uint64_t kind;
		if (!take_varint(&ids, &d) || !take_varint(&roles, &role) || !take_varint(&kinds, &kind) || kind > 2 ||
		    role >= b->n_text)
			return BROKEN("a relation");
		id += (uint64_t)unzigzag(d);
		members[n++] = (struct osm_member){"nwr"[kind], (int64_t)id, b -> text[role]};
	}
	raw_relation(b->raw, members, n, b->tags, b->n_tags);
	return OK;
}

static enum code
read_relation(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	struct bytes keys = {0};
	struct bytes values = {0};
	struct bytes roles = {0};
	struct bytes ids = {0};
	struct bytes kinds = {0};
	while ((got = take_field(&in, &f)) == 1) {
		if (f.type != 2)
			continue;
		if (f.number == 2)
			keys = f.bytes;
		else if (f.number == 3)
			values = f.bytes;
		else if (f.number == 8)
			roles = f.bytes;
		else if (f.number == 9)
			ids = f.bytes;
		else if (f.number == 10)
			kinds = f.bytes;
	}
	if (got < 0)
		return BROKEN("a relation");
	TRY(read_tags(b, keys, values));
	return read_members(b, roles, ids, kinds);
}

static enum code
read_group(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	while ((got = take_field(&in, &f)) == 1) {
		if (f.type != 2)
			continue;
		if (f.number == 1)
			TRY(read_node(b, f.bytes));
		else if (f.number == 2)
			TRY(read_dense(b, f.bytes));
		else if (f.number == 3)
			TRY(read_way(b, f.bytes));
		else if (f.number == 4)
			TRY(read_relation(b, f.bytes));
	}
	return got < 0 ? BROKEN("a group") : OK;
}

static enum code
read_block(struct block *b, struct bytes in)
{
	struct field f;
	int got;
	struct bytes again = in;
	b->granularity = 100;
	b->tags = NEW_ARRAY(b->sc, TAGS_MAX, struct osm_tag);
	while ((got = take_field(&again, &f)) == 1) {
		if (f.number == 1 && f.type == 2 && b->text == NULL)
			TRY(read_strings(b, f.bytes));
		else if (f.number == 17 && f.type == 0)
			b->granularity = (int32_t)f.value;
		else if (f.number == 19 && f.type == 0)
			b->lat_offset = (int64_t)f.value;
		else if (f.number == 20 && f.type == 0)
			b->lon_offset = (int64_t)f.value;
	}
	if (got < 0 || b->granularity <= 0)
		return BROKEN("the block");
	while (take_field(&in, &f) == 1)
		if (f.number == 2 && f.type == 2)
			TRY(read_group(b, f.bytes));
	return OK;
}

/* HeaderBBox, in units of 1e-9 degree; one that is none is passed over. */
static enum code
read_box(struct scope *sc, struct osm_raw *raw, struct bytes in)
{
	struct field f;
	int got;
	int64_t side[4] = {0}; /* left, right, top, bottom */
	while ((got = take_field(&in, &f)) == 1)
		if (f.number >= 1 && f.number <= 4 && f.type == 0)
			side[f.number - 1] = unzigzag(f.value);
	if (got < 0)
		return broken(sc, "the header");
	const struct block unit = {.granularity = 1};
	struct place a;
	struct place b;
	if (place_of(&unit, side[3], side[0], &a) && place_of(&unit, side[2], side[1], &b))
		(void)raw_box(raw, a, b);
	return OK;
}

static enum code
read_header_block(struct scope *sc, struct osm_raw *raw, struct bytes in)
{
	static const char *const known[] = {"OsmSchema-V0.6", "DenseNodes", "HistoricalInformation"};
	struct field f;
	int got;
	while ((got = take_field(&in, &f)) == 1) {
		if (f.type == 2 && f.number == 1)
			TRY(read_box(sc, raw, f.bytes));
		if (f.type != 2 || (f.number != 4 && f.number != 16))
			continue;
		char *s = scope_strndup(sc, (const char *)f.bytes.at, (size_t)(f.bytes.end - f.bytes.at));
		if (f.number == 16) {
			raw->source = scope_strdup(raw->sc, s);
			continue;
		}
		bool fine = false;
		for (size_t i = 0; i < COUNT_OF(known); i++)
			fine |= strcmp(known[i], s) == 0;
		if (!fine)
			return fail(sc, E_INVALID, "it needs the feature \"%.60s\"", s);
	}
	return got < 0 ? broken(sc, "the header") : OK;
}

/* --- blobs ---------------------------------------------------------------------- */

static enum code
unpack_zlib(struct scope *sc, struct bytes in, uint8_t *out, size_t n)
{
	z_stream z = {
	    .next_in = (Bytef *)in.at, .avail_in = (uInt)(in.end - in.at), .next_out = out, .avail_out = (uInt)n};
	if (inflateInit(&z) != Z_OK)
		return fail(sc, E_MEMORY, "no memory to unpack");
	int rc = inflate(&z, Z_FINISH);
	size_t left = z.avail_out;
	inflateEnd(&z);
	return rc == Z_STREAM_END && left == 0 ? OK : broken(sc, "the packed data");
}

static enum code
unpack_lz4(struct scope *sc, struct bytes in, uint8_t *out, size_t n)
{
#ifdef WAYBILL_LZ4
	int got = LZ4_decompress_safe((const char *)in.at, (char *)out, (int)(in.end - in.at), (int)n);
	return got == (int)n ? OK : broken(sc, "the packed data");
#else
	(void)in, (void)out, (void)n;
	return fail(sc, E_INVALID, "it is packed with LZ4, which this program was built without");
#endif
}

static enum code
unpack_zstd(struct scope *sc, struct bytes in, uint8_t *out, size_t n)
{
#ifdef WAYBILL_ZSTD
	size_t got = ZSTD_decompress(out, n, in.at, (size_t)(in.end - in.at));
	return got == n ? OK : broken(sc, "the packed data");
#else
	(void)in, (void)out, (void)n;
	return fail(sc, E_INVALID, "it is packed with zstd, which this program was built without");
#endif
}

/* One blob unpacked into the scope. */
static enum code
unpack_blob(struct scope *sc, struct bytes in, struct bytes *out)
{
	struct field f;
	int got;
	uint64_t raw_size = 0;
	struct field data = {0};
	while ((got = take_field(&in, &f)) == 1) {
		if (f.number == 2 && f.type == 0)
			raw_size = f.value;
		else if ((f.number == 1 || (f.number >= 3 && f.number <= 7)) && f.type == 2)
			data = f;
	}
	if (got < 0 || data.number == 0)
		return broken(sc, "the blob");
	if (data.number == 1) {
		*out = data.bytes;
		return OK;
	}
	if (raw_size > BLOB_MAX)
		return fail(sc, E_INVALID, "the blob unpacks to %" PRIu64 " bytes, more than is allowed", raw_size);
	uint8_t *bytes = scope_alloc(sc, raw_size + 1);
	switch (data.number) {
	case 3: TRY(unpack_zlib(sc, data.bytes, bytes, raw_size)); break;
	case 6: TRY(unpack_lz4(sc, data.bytes, bytes, raw_size)); break;
	case 7: TRY(unpack_zstd(sc, data.bytes, bytes, raw_size)); break;
	default: return fail(sc, E_INVALID, "it is packed in a way (%u) that is not read", data.number);
	}
	*out = (struct bytes){bytes, bytes + raw_size};
	return OK;
}

/* BlobHeader: what kind of blob follows, and how long it is. */
static enum code
read_blob_header(struct scope *sc, struct bytes in, char kind[static 16], size_t *size)
{
	struct field f;
	int got;
	uint64_t n = UINT64_MAX;
	kind[0] = '\0';
	while ((got = take_field(&in, &f)) == 1) {
		size_t len = (size_t)(f.bytes.end - f.bytes.at);
		if (f.number == 1 && f.type == 2 && len < 16) {
			memcpy(kind, f.bytes.at, len);
			kind[len] = '\0';
		} else if (f.number == 3 && f.type == 0) {
			n = f.value;
		}
	}
	if (got < 0 || n > BLOB_MAX)
		return broken(sc, "the blob's header");
	*size = n;
	return OK;
}

static enum code
read_blob(struct scope *sc, struct osm_raw *raw, const char *kind, struct bytes in)
{
	struct bytes data;
	if (strcmp(kind, "OSMHeader") != 0 && strcmp(kind, "OSMData") != 0)
		return OK; /* "unknown blobs are to be skipped" */
	TRY(unpack_blob(sc, in, &data));
	if (strcmp(kind, "OSMHeader") == 0)
		return read_header_block(sc, raw, data);
	struct block b = {.sc = sc, .raw = raw};
	return read_block(&b, data);
}

static enum code
read_next(struct scope *sc, struct osm_raw *raw, struct bytes *in)
{
	if (in->end - in->at < 4)
		return fail(sc, E_INVALID, "the file ends inside a blob");
	const uint8_t *p = in->at;
	size_t header = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	in->at += 4;
	if (header > BLOB_HEADER_MAX || header > (size_t)(in->end - in->at))
		return fail(sc, E_INVALID, "not a blob of OpenStreetMap PBF");
	char kind[16];
	size_t size = 0;
	TRY(read_blob_header(sc, (struct bytes){in->at, in->at + header}, kind, &size));
	in->at += header;
	if (size > (size_t)(in->end - in->at))
		return fail(sc, E_INVALID, "the file ends inside a blob");
	struct bytes blob = {in->at, in->at + size};
	in->at = blob.end;
	return read_blob(sc, raw, kind, blob);
}

enum code
osm_read_pbf(struct scope *sc, const uint8_t *bytes, size_t n, struct osm_raw *raw)
{
	struct bytes in = {bytes, bytes + n};
	while (in.at != in.end) {
		size_t offset = (size_t)(in.at - bytes);
		struct scope blob;
		scope_init(&blob);
		enum code rc = read_next(&blob, raw, &in);
		if (rc != OK) {
			error_prefix(&blob, "blob at byte %zu", offset);
			sc->err = blob.err;
		}
		scope_release(&blob);
		TRY(rc);
	}
	return OK;
}
