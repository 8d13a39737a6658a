/* pose_frames: what a camera would see of the people in a photograph while they do as a
 * challenge asks. For tests that have a server or a browser and no camera.
 *
 *	pose_frames MODELS PHOTO FACE OUT-DIR
 *
 * Writes front.jpg, one for each pose (left.jpg …) and one for each colour (red.jpg …)
 * of the FACE-th largest face, 640 × 480. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "face/relief.h"

#define WIDTH 640
#define HEIGHT 480
#define FACE_SHARE 0.50f /* of the frame's height */
#define WALL 150.0f

static enum code
keep(struct scope *sc, const struct relief *r, const struct relief_view *view, struct prng *noise, const char *dir,
     const char *name)
{
	struct face_picture jpeg;
	TRY(relief_show(sc, r, view, noise, &jpeg));
	return file_write(sc, path_join(sc, dir, scope_printf(sc, "%s.jpg", name)), jpeg.bytes, jpeg.n, 0600);
}

/* 1 on her head and under it, 0 where a wall hides who else is in the photograph. */
static float
share_of_her(int x, int y, float face_width)
{
	float dx = ((float)x - WIDTH / 2.0f) / (0.80f * face_width);
	float dy = ((float)y - HEIGHT / 2.0f) / (0.85f * HEIGHT * FACE_SHARE);
	float d = sqrtf(dx * dx + dy * dy);
	return fminf(fmaxf((1.15f - d) / 0.15f, 0), 1);
}

/* Her surroundings, cut and scaled as a phone held before her has them, before a plain wall. */
static void
frame_her(struct scope *sc, const struct picture *photo, const struct face_box *b, struct picture *out)
{
	static const struct channel_norm as_is = {{0, 0, 0}, 1, false};
	float k = (b->bottom - b->top) / (HEIGHT * FACE_SHARE);
	struct similarity at = {k, 0, (b->left + b->right) / 2 - k * WIDTH / 2,
				(b->top + b->bottom) / 2 - k * WIDTH / 2};
	float *square = NEW_ARRAY(sc, (size_t)3 * WIDTH * WIDTH, float);
	*out = (struct picture){WIDTH, HEIGHT, WIDTH, HEIGHT, 1, NULL};
	out->rgb = NEW_ARRAY(sc, (size_t)3 * WIDTH * HEIGHT, uint8_t);
	warp_chip(photo, at, WIDTH, &as_is, square);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++) {
			float her = share_of_her(x, y, (b->right - b->left) / k);
			const float *from = square + (y + (WIDTH - HEIGHT) / 2) * WIDTH + x;
			for (int c = 0; c < 3; c++)
				out->rgb[(y * WIDTH + x) * 3 + c] =
				    (uint8_t)(from[c * WIDTH * WIDTH] * her + WALL * (1 - her));
		}
}

static enum code
make_frames(struct scope *sc, struct face_engine *e, const char *photo, size_t face, const char *dir)
{
	uint8_t *bytes;
	size_t n;
	struct picture p;
	struct picture frame;
	struct relief r;
	struct prng noise;
	struct face_found *found = NEW(sc, struct face_found);
	TRY(file_read(sc, photo, FACE_PICTURE_BYTES_MAX, &bytes, &n));
	TRY(face_analyse(sc, e, (struct face_picture){bytes, n}, found));
	TRY(picture_decode(sc, bytes, n, 0, &p));
	if (face >= found->n)
		return fail(sc, E_NOT_FOUND, "%s has %zu faces", photo, found->n);
	const struct face_box *b = &found->faces[face];
	float k = (HEIGHT * FACE_SHARE) / (b->bottom - b->top);
	struct face_point five[5];
	for (int i = 0; i < 5; i++)
		five[i] = (struct face_point){(b->points[i].x - (b->left + b->right) / 2) * k + WIDTH / 2.0f,
					      (b->points[i].y - (b->top + b->bottom) / 2) * k + HEIGHT / 2.0f};
	frame_her(sc, &p, b, &frame);
	TRY(relief_of(sc, &frame, five, &r));
	prng_seed(&noise, 1);
	TRY(keep(sc, &r, &relief_plain, &noise, dir, "front"));
	for (int a = 0; a < ASK_COUNT; a++) {
		/* A nod of a drawn head changes it more than a real one's would: no further than is asked. */
		bool nod = a == ASK_UP || a == ASK_DOWN;
		struct relief_view v = relief_asked((enum face_ask)a, nod ? 0.7f : 1);
		v.noise = 3;
		TRY(keep(sc, &r, &v, &noise, dir, face_ask_word((enum face_ask)a)));
	}
	for (int c = 0; c < LIGHT_COLOURS; c++) {
		struct relief_view v = relief_lit((enum face_colour)c, 0.30f);
		v.noise = 3;
		TRY(keep(sc, &r, &v, &noise, dir, face_colour_word((enum face_colour)c)));
	}
	return OK;
}

int
main(int argc, char **argv)
{
	struct scope sc;
	struct face_engine *e;
	if (argc != 5) {
		fprintf(stderr, "usage: pose_frames MODELS PHOTO FACE OUT-DIR\n");
		return 2;
	}
	scope_init(&sc);
	enum code rc = face_engine_open(&sc, argv[1], NULL, &e);
	if (rc == OK) {
		rc = make_frames(&sc, e, argv[2], strtoul(argv[3], NULL, 10), argv[4]);
		face_engine_close(e);
	}
	if (rc != OK)
		fprintf(stderr, "pose_frames: %s\n", sc.err.message);
	scope_release(&sc);
	return rc == OK ? 0 : 1;
}
