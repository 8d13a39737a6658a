/* Nothing here trusts a header: sizes are checked before memory is taken, both
 * libraries are given bounds of their own, and a picture that ends early is
 * refused rather than shown grey.
 *
 * Orientation, as EXIF numbers it (row 0 is at the …, column 0 at the …):
 *	1 top left  2 top right  3 bottom right  4 bottom left
 *	5 left top  6 right top  7 right bottom  8 left bottom */
#include "face/picture.h"

#include <spng.h>
#include <turbojpeg.h>

/* A PNG is decoded whole only when it is interlaced; that costs 3 bytes a pixel. */
#define INTERLACED_PIXELS_MAX ((uint64_t)12000000)
/* A progressive JPEG costs 3 bytes a pixel whatever its scale. */
#define PROGRESSIVE_PIXELS_MAX ((uint64_t)25000000)

static enum code
check_size(struct scope *sc, uint64_t width, uint64_t height, uint64_t max)
{
	if (width == 0 || height == 0)
		return fail_as(sc, E_INVALID, "broken-picture", "the picture has no pixels");
	if (width > 65535 || height > 65535 || width * height > max)
		return fail_as(sc, E_LIMIT, "picture-too-large",
			       "the picture has %" PRIu64 " × %" PRIu64 " pixels; at most %" PRIu64
			       " million are accepted",
			       width, height, max / 1000000);
	return OK;
}

/* --- EXIF --- */

static uint32_t
tiff_u16(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t
tiff_u32(const uint8_t *p, bool big)
{
	return big ? tiff_u16(p, big) << 16 | tiff_u16(p + 2, big) : tiff_u16(p + 2, big) << 16 | tiff_u16(p, big);
}

int
exif_orientation(const uint8_t *tiff, size_t n)
{
	if (n < 8 || (memcmp(tiff, "II*\0", 4) != 0 && memcmp(tiff, "MM\0*", 4) != 0))
		return 1;
	bool big = tiff[0] == 'M';
	size_t at = tiff_u32(tiff + 4, big);
	if (at > n || n - at < 2)
		return 1;
	size_t entries = tiff_u16(tiff + at, big);
	const uint8_t *entry = tiff + at + 2;
	if (entries > (n - at - 2) / 12)
		entries = (n - at - 2) / 12;
	for (size_t i = 0; i < entries; i++, entry += 12) {
		if (tiff_u16(entry, big) != 0x0112 || tiff_u16(entry + 2, big) != 3)
			continue;
		uint32_t v = tiff_u16(entry + 8, big);
		return v >= 1 && v <= 8 ? (int)v : 1;
	}
	return 1;
}

/* Walks the markers up to the first scan; tells the orientation and whether the
 * frame is progressive. Anything odd ends the walk: the decoder will judge. */
static int
jpeg_orientation(const uint8_t *p, size_t n, bool *progressive)
{
	int orientation = 1;
	size_t at = 2;
	while (n - at >= 4) {
		if (p[at] != 0xFF)
			break;
		uint8_t marker = p[at + 1];
		if (marker == 0xFF) {
			at++;
			continue;
		}
		if (marker == 0xDA || marker == 0xD9)
			break;
		size_t len = (size_t)p[at + 2] << 8 | p[at + 3];
		if (len < 2 || len > n - at - 2)
			break;
		if (marker == 0xE1 && len >= 8 && memcmp(p + at + 4, "Exif\0\0", 6) == 0)
			orientation = exif_orientation(p + at + 10, len - 8);
		if (marker == 0xC2)
			*progressive = true;
		at += 2 + len;
	}
	return orientation;
}

/* --- turning upright --- */

static enum code
turn_upright(struct scope *sc, int orientation, struct picture *p)
{
	if (orientation == 1)
		return OK;
	bool swap = orientation >= 5;
	size_t w = (size_t)p->width;
	size_t h = (size_t)p->height;
	void *room;
	TRY(scope_try_array(sc, w * h, 3, &room));
	uint8_t *to = room;
	size_t ow = swap ? h : w;
	size_t oh = swap ? w : h;
	for (size_t y = 0; y < oh; y++) {
		for (size_t x = 0; x < ow; x++) {
			size_t sx = swap ? y : x;
			size_t sy = swap ? x : y;
			if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8)
				sx = w - 1 - sx;
			if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7)
				sy = h - 1 - sy;
			memcpy(to + (y * ow + x) * 3, p->rgb + (sy * w + sx) * 3, 3);
		}
	}
	p->rgb = to;
	p->width = (int)ow;
	p->height = (int)oh;
	if (swap) {
		int full = p->full_width;
		p->full_width = p->full_height;
		p->full_height = full;
	}
	return OK;
}

/* --- JPEG --- */

static tjscalingfactor
jpeg_scale(int width, int height, int want_side)
{
	static const int denominators[] = {8, 4, 2};
	int shorter = width < height ? width : height;
	for (size_t i = 0; want_side > 0 && i < COUNT_OF(denominators); i++)
		if (shorter / denominators[i] >= want_side)
			return (tjscalingfactor){1, denominators[i]};
	return (tjscalingfactor){1, 1};
}

static enum code
jpeg_decode_with(struct scope *sc, tjhandle tj, const uint8_t *bytes, size_t n, int want_side, struct picture *out)
{
	int width;
	int height;
	int sampling;
	int colours;
	bool progressive = false;
	int orientation = jpeg_orientation(bytes, n, &progressive);
	if (tjDecompressHeader3(tj, bytes, (unsigned long)n, &width, &height, &sampling, &colours) != 0)
		return fail_as(sc, E_INVALID, "broken-picture", "the JPEG cannot be read: %s", tjGetErrorStr2(tj));
	TRY(check_size(sc, (uint64_t)width, (uint64_t)height, progressive ? PROGRESSIVE_PIXELS_MAX : FACE_PIXELS_MAX));
	if (colours == TJCS_CMYK || colours == TJCS_YCCK)
		return fail_as(sc, E_INVALID, "broken-picture", "a CMYK JPEG is not a camera's picture");
	tjscalingfactor factor = jpeg_scale(width, height, want_side);
	int w = TJSCALED(width, factor);
	int h = TJSCALED(height, factor);
	void *room;
	TRY(scope_try_array(sc, (size_t)w * (size_t)h, 3, &room));
	if (tjDecompress2(tj, bytes, (unsigned long)n, room, w, 0, h, TJPF_RGB,
			  TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING) != 0)
		return fail_as(sc, E_INVALID, "broken-picture", "the JPEG is damaged or cut short: %s",
			       tjGetErrorStr2(tj));
	struct picture p = {w, h, width, height, 1.0f / (float)factor.denom, room};
	TRY(turn_upright(sc, orientation, &p));
	*out = p;
	return OK;
}

static enum code
jpeg_decode(struct scope *sc, const uint8_t *bytes, size_t n, int want_side, struct picture *out)
{
	tjhandle tj = tjInitDecompress();
	if (tj == NULL)
		return fail(sc, E_MEMORY, "no JPEG decoder");
	enum code rc = jpeg_decode_with(sc, tj, bytes, n, want_side, out);
	tjDestroy(tj);
	return rc;
}

/* --- PNG --- */

/* Adds rows into boxes of k × k pixels and writes a row of means when one is full. */
struct box_rows {
	size_t in_width, out_width, out_height, k;
	size_t rows; /* added to the current boxes */
	size_t out_row;
	uint32_t *sums; /* out_width × 3 */
	uint8_t *to;
};

static void
box_rows_add(struct box_rows *b, const uint8_t *row)
{
	if (b->out_row == b->out_height)
		return;
	for (size_t x = 0; x < b->out_width * b->k; x++)
		for (size_t c = 0; c < 3; c++)
			b->sums[x / b->k * 3 + c] += row[x * 3 + c];
	if (++b->rows < b->k)
		return;
	uint32_t area = (uint32_t)(b->k * b->k);
	uint8_t *to = b->to + b->out_row * b->out_width * 3;
	for (size_t i = 0; i < b->out_width * 3; i++)
		to[i] = (uint8_t)((b->sums[i] + area / 2) / area);
	memset(b->sums, 0, b->out_width * 3 * sizeof *b->sums);
	b->rows = 0;
	b->out_row++;
}

static enum code
png_rows(struct scope *sc, spng_ctx *png, const struct spng_ihdr *head, struct box_rows *b)
{
	size_t row_bytes = (size_t)head->width * 3;
	void *room;
	if (head->interlace_method != 0) {
		TRY(scope_try_array(sc, head->height, row_bytes, &room));
		if (spng_decode_image(png, room, row_bytes * head->height, SPNG_FMT_RGB8, 0) != 0)
			return fail_as(sc, E_INVALID, "broken-picture", "the PNG is damaged or cut short");
		for (size_t y = 0; y < head->height; y++)
			box_rows_add(b, (uint8_t *)room + y * row_bytes);
		return OK;
	}
	TRY(scope_try_array(sc, 1, row_bytes, &room));
	int rc = spng_decode_image(png, NULL, 0, SPNG_FMT_RGB8, SPNG_DECODE_PROGRESSIVE);
	for (size_t y = 0; rc == 0 && y < head->height; y++) {
		rc = spng_decode_row(png, room, row_bytes);
		if (rc == 0 || rc == SPNG_EOI)
			box_rows_add(b, room);
	}
	if (rc != SPNG_EOI)
		return fail_as(sc, E_INVALID, "broken-picture", "the PNG is damaged or cut short: %s",
			       spng_strerror(rc));
	return OK;
}

static enum code
png_decode_with(struct scope *sc, spng_ctx *png, const uint8_t *bytes, size_t n, int want_side, struct picture *out)
{
	struct spng_ihdr head;
	if (spng_set_png_buffer(png, bytes, n) != 0 || spng_set_image_limits(png, 65535, 65535) != 0 ||
	    spng_set_chunk_limits(png, (size_t)1 << 20, (size_t)4 << 20) != 0 || spng_get_ihdr(png, &head) != 0)
		return fail_as(sc, E_INVALID, "broken-picture", "the PNG cannot be read");
	TRY(check_size(sc, head.width, head.height,
		       head.interlace_method != 0 ? INTERLACED_PIXELS_MAX : FACE_PIXELS_MAX));
	size_t shorter = head.width < head.height ? head.width : head.height;
	size_t k = want_side > 0 ? shorter / (size_t)want_side : 1;
	struct box_rows b = {.in_width = head.width, .k = k > 0 ? k : 1};
	b.out_width = head.width / b.k;
	b.out_height = head.height / b.k;
	void *room;
	TRY(scope_try_array(sc, b.out_width * b.out_height, 3, &room));
	b.to = room;
	b.sums = NEW_ARRAY(sc, b.out_width * 3, uint32_t);
	TRY(png_rows(sc, png, &head, &b));
	struct picture p = {(int)b.out_width, (int)b.out_height, (int)head.width,
			    (int)head.height, 1.0f / (float)b.k, room};
	struct spng_exif exif;
	int orientation =
	    spng_get_exif(png, &exif) == 0 ? exif_orientation((const uint8_t *)exif.data, exif.length) : 1;
	TRY(turn_upright(sc, orientation, &p));
	*out = p;
	return OK;
}

static enum code
png_decode(struct scope *sc, const uint8_t *bytes, size_t n, int want_side, struct picture *out)
{
	spng_ctx *png = spng_ctx_new(0);
	if (png == NULL)
		return fail(sc, E_MEMORY, "no PNG decoder");
	enum code rc = png_decode_with(sc, png, bytes, n, want_side, out);
	spng_ctx_free(png);
	return rc;
}

enum code
picture_decode(struct scope *sc, const uint8_t *bytes, size_t n, int want_side, struct picture *out)
{
	static const uint8_t png_head[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
	if (n > FACE_PICTURE_BYTES_MAX)
		return fail_as(sc, E_LIMIT, "picture-too-large", "the picture has %zu bytes; at most %zu are accepted",
			       n, FACE_PICTURE_BYTES_MAX);
	if (n >= 4 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
		return jpeg_decode(sc, bytes, n, want_side, out);
	if (n >= sizeof png_head && memcmp(bytes, png_head, sizeof png_head) == 0)
		return png_decode(sc, bytes, n, want_side, out);
	return fail_as(sc, E_INVALID, "not-a-picture", "this is neither a JPEG nor a PNG");
}

/* --- out again --- */

enum code
picture_encode(struct scope *sc, const struct picture *p, int quality, uint8_t **jpeg, size_t *n)
{
	tjhandle tj = tjInitCompress();
	if (tj == NULL)
		return fail(sc, E_MEMORY, "no JPEG encoder");
	unsigned char *bytes = NULL;
	unsigned long len = 0;
	enum code rc = OK;
	if (tjCompress2(tj, p->rgb, p->width, 0, p->height, TJPF_RGB, &bytes, &len, TJSAMP_420, quality, 0) != 0)
		rc = fail(sc, E_INTERNAL, "JPEG encoding: %s", tjGetErrorStr2(tj));
	if (rc == OK) {
		*jpeg = scope_memdup(sc, bytes, len);
		*n = len;
	}
	tjFree(bytes);
	tjDestroy(tj);
	return rc;
}

enum code
picture_shrink(struct scope *sc, const struct picture *p, int width, int height, struct picture *out)
{
	int w = width < p->width ? (width < 1 ? 1 : width) : p->width;
	int h = height < p->height ? (height < 1 ? 1 : height) : p->height;
	void *room;
	TRY(scope_try_array(sc, (size_t)w * (size_t)h, 3, &room));
	uint8_t *to = room;
	for (int y = 0; y < h; y++) {
		int y0 = (int)((int64_t)y * p->height / h);
		int y1 = (int)((int64_t)(y + 1) * p->height / h);
		for (int x = 0; x < w; x++) {
			int x0 = (int)((int64_t)x * p->width / w);
			int x1 = (int)((int64_t)(x + 1) * p->width / w);
			uint64_t sum[3] = {0, 0, 0};
			for (int sy = y0; sy < y1; sy++) {
				const uint8_t *row = p->rgb + ((size_t)sy * (size_t)p->width + (size_t)x0) * 3;
				for (int sx = x0; sx < x1; sx++, row += 3)
					for (int c = 0; c < 3; c++)
						sum[c] += row[c];
			}
			uint64_t area = (uint64_t)(y1 - y0) * (uint64_t)(x1 - x0);
			for (int c = 0; c < 3; c++)
				to[((size_t)y * (size_t)w + (size_t)x) * 3 + (size_t)c] =
				    (uint8_t)((sum[c] + area / 2) / area);
		}
	}
	*out = (struct picture){w, h, p->full_width, p->full_height, p->scale * (float)w / (float)p->width, to};
	return OK;
}

enum code
picture_part(struct scope *sc, const struct picture *p, struct rectangle r, int k, struct picture *out)
{
	size_t w = (size_t)((r.right - r.left) / k);
	size_t h = (size_t)((r.bottom - r.top) / k);
	size_t stride = (size_t)p->width * 3;
	size_t n = (size_t)k;
	void *room;
	if (r.left < 0 || r.top < 0 || r.right > p->width || r.bottom > p->height || w < 1 || h < 1)
		return fail(sc, E_INTERNAL, "a part of a picture that lies outside it");
	TRY(scope_try_array(sc, w * h, 3, &room));
	uint8_t *to = room;
	uint16_t *sums = NEW_ARRAY(sc, w * n * 3, uint16_t);
	uint32_t area = (uint32_t)(n * n);
	for (size_t y = 0; y < h; y++, to += w * 3) {
		const uint8_t *from = p->rgb + ((size_t)r.top + y * n) * stride + (size_t)r.left * 3;
		if (k == 1) {
			memcpy(to, from, w * 3);
			continue;
		}
		memset(sums, 0, w * n * 3 * sizeof *sums);
		for (size_t j = 0; j < n; j++, from += stride)
			for (size_t i = 0; i < w * n * 3; i++)
				sums[i] = (uint16_t)(sums[i] + from[i]);
		for (size_t x = 0; x < w; x++) {
			for (size_t c = 0; c < 3; c++) {
				uint32_t sum = area / 2;
				for (size_t i = 0; i < n; i++)
					sum += sums[(x * n + i) * 3 + c];
				to[x * 3 + c] = (uint8_t)(sum / area);
			}
		}
	}
	*out = (struct picture){(int)w, (int)h, p->full_width, p->full_height, p->scale / (float)k, (uint8_t *)room};
	return OK;
}
