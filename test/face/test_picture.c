/* Decoding: what is refused before a byte is decoded, and which way is up. */
#include "unit.h"

#include <spng.h>

#include "base/prng.h"
#include "face/picture.h"

/* A picture whose four quarters are black, red, green, blue (reading order). */
static struct picture
quarters(struct scope *sc, int w, int h)
{
	static const uint8_t colours[4][3] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
	struct picture p = {w, h, w, h, 1, NEW_ARRAY(sc, (size_t)(w * h * 3), uint8_t)};
	for (int y = 0; y < h; y++)
		for (int x = 0; x < w; x++)
			memcpy(p.rgb + (y * w + x) * 3, colours[(y >= h / 2) * 2 + (x >= w / 2)], 3);
	return p;
}

/* The colour in the middle of a quarter, as a letter. */
static char
quarter(const struct picture *p, int qx, int qy)
{
	int x = p->width / 4 + qx * p->width / 2;
	int y = p->height / 4 + qy * p->height / 2;
	const uint8_t *c = p->rgb + (y * p->width + x) * 3;
	return c[0] > 128 ? 'r' : c[1] > 128 ? 'g' : c[2] > 128 ? 'b' : 'k';
}

static void
with_exif(struct scope *sc, int orientation, uint8_t **jpeg, size_t *n)
{
	static const uint8_t app1[] = {0xFF, 0xE1, 0, 34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8,
				       0,    1,	   1, 0x12, 0,	 3,   0,   0,	0, 1, 0,   0,	0, 0,	0, 0, 0, 0};
	uint8_t *with = scope_alloc(sc, *n + sizeof app1);
	memcpy(with, *jpeg, 2);
	memcpy(with + 2, app1, sizeof app1);
	with[2 + 29] = (uint8_t)orientation;
	memcpy(with + 2 + sizeof app1, *jpeg + 2, *n - 2);
	*jpeg = with;
	*n += sizeof app1;
}

static void
every_orientation_comes_out_upright(void **state)
{
	(void)state;
	/* What the top left, top right, bottom left, bottom right show. */
	static const char *const seen[] = {"krgb", "rkbg", "bgrk", "gbkr", "kgrb", "gkbr", "brgk", "rbkg"};
	struct scope sc;
	scope_init(&sc);
	for (int o = 1; o <= 8; o++) {
		struct picture p = quarters(&sc, 64, 32);
		uint8_t *jpeg;
		size_t n;
		assert_ok(&sc, picture_encode(&sc, &p, 95, &jpeg, &n));
		with_exif(&sc, o, &jpeg, &n);
		struct picture got;
		assert_ok(&sc, picture_decode(&sc, jpeg, n, 0, &got));
		assert_int_equal(got.width, o >= 5 ? 32 : 64);
		char text[5] = {quarter(&got, 0, 0), quarter(&got, 1, 0), quarter(&got, 0, 1), quarter(&got, 1, 1), 0};
		assert_string_equal(text, seen[o - 1]);
	}
	scope_release(&sc);
}

static void
a_large_jpeg_is_decoded_small(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct picture p = quarters(&sc, 2048, 1024);
	uint8_t *jpeg;
	size_t n;
	assert_ok(&sc, picture_encode(&sc, &p, 80, &jpeg, &n));
	struct picture got;
	assert_ok(&sc, picture_decode(&sc, jpeg, n, 256, &got));
	assert_int_equal(got.width, 512);
	assert_int_equal(got.full_width, 2048);
	assert_ok(&sc, picture_decode(&sc, jpeg, n, 257, &got));
	assert_int_equal(got.width, 1024);
	scope_release(&sc);
}

static void
a_jpeg_cut_short_is_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct picture p = quarters(&sc, 320, 200);
	uint8_t *jpeg;
	size_t n;
	assert_ok(&sc, picture_encode(&sc, &p, 90, &jpeg, &n));
	for (size_t cut = 0; cut + 4 < n; cut += n / 23 + 1) {
		struct picture got = {.width = -7};
		assert_int_equal(picture_decode(&sc, jpeg, cut, 0, &got), E_INVALID);
		assert_int_equal(got.width, -7);
	}
	scope_release(&sc);
}

/* --- PNG --- */

static void
png_encode(struct scope *sc, const struct picture *p, bool interlaced, uint8_t **png, size_t *n)
{
	spng_ctx *ctx = spng_ctx_new(SPNG_CTX_ENCODER);
	struct spng_ihdr head = {.width = (uint32_t)p->width,
				 .height = (uint32_t)p->height,
				 .bit_depth = 8,
				 .color_type = SPNG_COLOR_TYPE_TRUECOLOR,
				 .interlace_method = interlaced};
	int err = 0;
	spng_set_option(ctx, SPNG_ENCODE_TO_BUFFER, 1);
	spng_set_ihdr(ctx, &head);
	assert_int_equal(
	    spng_encode_image(ctx, p->rgb, (size_t)(p->width * p->height * 3), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
	void *bytes = spng_get_png_buffer(ctx, n, &err);
	assert_int_equal(err, 0);
	*png = scope_memdup(sc, bytes, *n);
	free(bytes);
	spng_ctx_free(ctx);
}

static void
a_png_comes_out_whole_or_shrunk(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct picture p = quarters(&sc, 640, 320);
	uint8_t *png;
	size_t n;
	png_encode(&sc, &p, false, &png, &n);
	struct picture got;
	assert_ok(&sc, picture_decode(&sc, png, n, 0, &got));
	assert_memory_equal(got.rgb, p.rgb, 640 * 320 * 3);
	assert_ok(&sc, picture_decode(&sc, png, n, 100, &got));
	assert_int_equal(got.width, 213);
	assert_int_equal(quarter(&got, 1, 1), 'b');
	for (size_t cut = 0; cut + 4 < n; cut += n / 13 + 1)
		assert_int_equal(picture_decode(&sc, png, cut, 0, &got), E_INVALID);
	scope_release(&sc);
}

/* A head that promises 10,000 × 10,000 pixels and has next to none. */
static void
a_hundred_megapixels_are_refused_unseen(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct picture p = quarters(&sc, 16, 16);
	uint8_t *png;
	size_t n;
	png_encode(&sc, &p, false, &png, &n);
	static const uint8_t size[8] = {0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10};
	static const uint8_t crc[4] = {0x35, 0x2C, 0xF5, 0x70};
	memcpy(png + 16, size, sizeof size);
	memcpy(png + 29, crc, sizeof crc);
	struct picture got;
	enum code rc = picture_decode(&sc, png, n, 0, &got);
	/* E_INVALID if the head's checksum above is wrong: then this test tests nothing. */
	assert_int_equal(rc, E_LIMIT);
	assert_string_equal(sc.err.reason, "picture-too-large");
	assert_true(sc.used < 1 << 20);
	scope_release(&sc);
}

static void
what_is_no_picture_is_named_so(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct picture got;
	assert_int_equal(picture_decode(&sc, (const uint8_t *)"Dear sir or madam", 17, 0, &got), E_INVALID);
	assert_string_equal(sc.err.reason, "not-a-picture");
	assert_int_equal(picture_decode(&sc, (const uint8_t *)"", 0, 0, &got), E_INVALID);
	assert_int_equal(picture_decode(&sc, (const uint8_t *)"\xFF\xD8\xFFtext", 7, 0, &got), E_INVALID);
	assert_string_equal(sc.err.reason, "broken-picture");
	scope_release(&sc);
}

static void
damaged_exif_says_nothing(void **state)
{
	(void)state;
	uint8_t tiff[40];
	struct prng r;
	prng_seed(&r, 5);
	for (int round = 0; round < 20000; round++) {
		size_t n = prng_below(&r, sizeof tiff);
		for (size_t i = 0; i < n; i++)
			tiff[i] = (uint8_t)prng_u64(&r);
		if (n >= 8)
			memcpy(tiff, "II*\0\x08\0\0\0", 8);
		int o = exif_orientation(tiff, n);
		assert_in_range(o, 1, 8);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_orientation_comes_out_upright),
	    cmocka_unit_test(a_large_jpeg_is_decoded_small),
	    cmocka_unit_test(a_jpeg_cut_short_is_refused),
	    cmocka_unit_test(a_png_comes_out_whole_or_shrunk),
	    cmocka_unit_test(a_hundred_megapixels_are_refused_unseen),
	    cmocka_unit_test(what_is_no_picture_is_named_so),
	    cmocka_unit_test(damaged_exif_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
