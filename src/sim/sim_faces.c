#include "sim/sim_faces.h"

#include <dirent.h>
#include <math.h>

#include "base/file.h"
#include "base/text.h"
#include "face/picture.h"
#include "face/relief.h"

#define PEOPLE_MAX 64
#define PHOTO_BYTES_MAX ((size_t)16 << 20)
#define SIDE 480
#define FACE_SHARE 0.42 /* of the selfie's height */
#define EYES_MIN_PX 26	/* smaller people in group pictures are left out */
/* … and so is who does not look into the camera: a head of generic shape under her would turn from there. */
#define YAW_MAX_DEG 20
#define PITCH_MAX_DEG 15

struct person {
	const struct picture *photo;
	double x, y, size; /* centre and height of the face, pixels of the photograph */
	struct face_point five[5];
};
struct sim_faces {
	struct person people[PEOPLE_MAX];
	int n;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum code
photographs_in(struct scope *sc, const char *dir, char ***out, size_t *n)
{
	char **names = NEW_ARRAY(sc, PEOPLE_MAX, char *);
	size_t count = 0;
	DIR *d = opendir(dir);
	if (d == NULL)
		return fail(sc, E_UNAVAILABLE, "%s: no photographs there", dir);
	for (struct dirent *e = readdir(d); e != NULL && count < PEOPLE_MAX; e = readdir(d))
		if (text_ends(e->d_name, ".jpg"))
			names[count++] = path_join(sc, dir, e->d_name);
	closedir(d);
	qsort(names, count, sizeof *names, by_name);
	*out = names;
	*n = count;
	return OK;
}

static enum code
people_of(struct scope *sc, struct face_engine *e, const char *path, struct sim_faces *f)
{
	uint8_t *bytes;
	size_t n;
	struct face_found *found = NEW(sc, struct face_found);
	struct picture *photo = NEW(sc, struct picture);
	TRY(file_read(sc, path, PHOTO_BYTES_MAX, &bytes, &n));
	TRY(face_analyse(sc, e, (struct face_picture){bytes, n}, found));
	TRY(picture_decode(sc, bytes, n, 0, photo));
	for (size_t i = 0; i < found->n && f->n < PEOPLE_MAX; i++) {
		const struct face_box *b = &found->faces[i];
		if (b->quality.eye_distance_px < EYES_MIN_PX || fabsf(b->quality.yaw_deg) > YAW_MAX_DEG ||
		    fabsf(b->quality.pitch_deg) > PITCH_MAX_DEG)
			continue;
		struct person *p = &f->people[f->n++];
		*p = (struct person){photo,
				     (b->left + b->right) / 2.0,
				     (b->top + b->bottom) / 2.0,
				     (double)b->bottom - b->top,
				     {{0, 0}}};
		memcpy(p->five, b->points, sizeof p->five);
	}
	return OK;
}

enum code
sim_faces_open(struct scope *sc, const char *photographs, const char *models, struct sim_faces **out)
{
	struct face_engine *e;
	char **names;
	size_t n;
	struct sim_faces *f = NEW(sc, struct sim_faces);
	TRY(photographs_in(sc, photographs, &names, &n));
	TRY(face_engine_open(sc, models, NULL, &e));
	enum code rc = OK;
	for (size_t i = 0; i < n && rc == OK; i++)
		rc = people_of(sc, e, names[i], f);
	face_engine_close(e);
	TRY(rc);
	*out = f;
	return OK;
}

int
sim_faces_count(const struct sim_faces *f)
{
	return f->n;
}

/* How the camera stood and what the light was. */
struct take {
	double scale, cos_a, sin_a, dx, dy, light;
	int noise, blur_px;
};

static double
between(struct prng *r, double lo, double hi)
{
	return lo + (hi - lo) * prng_unit(r);
}

static struct take
take_of(enum selfie how, struct prng *r, double size)
{
	double angle = between(r, -0.07, 0.07);
	struct take t = {
	    .scale = size / (SIDE * FACE_SHARE * between(r, 0.92, 1.08)),
	    .cos_a = cos(angle),
	    .sin_a = sin(angle),
	    .dx = between(r, -14, 14),
	    .dy = between(r, -14, 14),
	    .light = between(r, 0.88, 1.12),
	    .noise = 4,
	};
	if (how == SELFIE_DARK)
		t.light = 0.10;
	if (how == SELFIE_BLURRED)
		t.blur_px = 14;
	return t;
}

static uint8_t
clamp_byte(double v)
{
	return v < 0 ? 0 : v > 255 ? 255 : (uint8_t)(v + 0.5);
}

static double
sample(const struct picture *p, double x, double y, int channel)
{
	if (x < 0 || y < 0 || x > p->width - 1.001 || y > p->height - 1.001)
		return 128; /* a grey wall beyond the photograph's edge */
	int x0 = (int)x;
	int y0 = (int)y;
	double fx = x - x0;
	double fy = y - y0;
	const uint8_t *q = p->rgb + ((size_t)y0 * (size_t)p->width + (size_t)x0) * 3 + channel;
	size_t row = (size_t)p->width * 3;
	return (q[0] * (1 - fx) + q[3] * fx) * (1 - fy) + (q[row] * (1 - fx) + q[row + 3] * fx) * fy;
}

static void
expose(const struct person *who, const struct take *t, struct prng *r, uint8_t *rgb)
{
	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++) {
			double u = (x - SIDE / 2.0 + t->dx) * t->scale;
			double v = (y - SIDE / 2.0 + t->dy) * t->scale;
			double px = who->x + u * t->cos_a - v * t->sin_a;
			double py = who->y + u * t->sin_a + v * t->cos_a;
			int grain = (int)prng_below(r, (uint32_t)(2 * t->noise + 1)) - t->noise;
			for (int c = 0; c < 3; c++)
				rgb[((size_t)y * SIDE + (size_t)x) * 3 + (size_t)c] =
				    clamp_byte(sample(who->photo, px, py, c) * t->light + grain);
		}
}

/* A hand that moved: a horizontal box of `px` pixels. */
static void
smear(struct scope *sc, uint8_t *rgb, int px)
{
	uint8_t *row = scope_alloc(sc, SIDE * 3);
	for (int y = 0; y < SIDE; y++) {
		uint8_t *line = rgb + (size_t)y * SIDE * 3;
		memcpy(row, line, SIDE * 3);
		for (int x = 0; x < SIDE; x++)
			for (int c = 0; c < 3; c++) {
				int sum = 0;
				int n = 0;
				for (int k = x - px; k <= x + px; k++)
					if (k >= 0 && k < SIDE) {
						sum += row[k * 3 + c];
						n++;
					}
				line[x * 3 + c] = (uint8_t)(sum / n);
			}
	}
}

static enum code
as_base64(struct scope *sc, uint8_t *rgb, int width, int height, char **out)
{
	const struct picture p = {.width = width, .height = height, .scale = 1, .rgb = rgb};
	uint8_t *jpeg;
	size_t n;
	TRY(picture_encode(sc, &p, 85, &jpeg, &n));
	*out = base64_encode(sc, jpeg, n);
	return OK;
}

/* One press of the shutter; SIDE × SIDE × 3. */
static uint8_t *
shoot(struct scope *sc, const struct person *who, const struct take *t, struct prng *r)
{
	uint8_t *rgb = scope_alloc(sc, (size_t)SIDE * SIDE * 3);
	expose(who, t, r, rgb);
	if (t->blur_px > 0)
		smear(sc, rgb, t->blur_px);
	return rgb;
}

enum code
sim_selfie(struct scope *sc, const struct sim_faces *f, int person, enum selfie how, struct prng *r, char **base64)
{
	const struct person *who = &f->people[person];
	struct take t = take_of(how, r, who->size);
	return as_base64(sc, shoot(sc, who, &t, r), SIDE, SIDE, base64);
}

/* Where expose() puts a point of the photograph. */
static struct face_point
exposed(const struct person *who, const struct take *t, struct face_point p)
{
	double dx = (double)p.x - who->x;
	double dy = (double)p.y - who->y;
	return (struct face_point){(float)((dx * t->cos_a + dy * t->sin_a) / t->scale + SIDE / 2.0 - t->dx),
				   (float)((dy * t->cos_a - dx * t->sin_a) / t->scale + SIDE / 2.0 - t->dy)};
}

enum code
sim_frames(struct scope *sc, const struct sim_faces *f, int person, enum selfie how,
	   const enum face_ask asks[static CHALLENGE_ASKS], struct prng *r,
	   struct face_picture out[static CHALLENGE_FRAMES])
{
	const struct person *who = &f->people[person];
	struct take t = take_of(how, r, who->size);
	struct picture photo = {SIDE, SIDE, SIDE, SIDE, 1, NULL};
	struct face_point five[5];
	struct relief head;
	photo.rgb = shoot(sc, who, &t, r);
	for (int i = 0; i < 5; i++)
		five[i] = exposed(who, &t, who->five[i]);
	TRY(relief_of(sc, &photo, five, &head));
	for (size_t i = 0; i < CHALLENGE_FRAMES; i++) {
		struct relief_view v = i == 0 ? relief_plain : relief_asked(asks[i - 1], (float)between(r, 0.95, 1.05));
		v.noise = 2;
		TRY(relief_show(sc, &head, &v, r, &out[i]));
	}
	return OK;
}

enum code
sim_door(struct scope *sc, struct prng *r, char **base64)
{
	enum { W = 480, H = 640 };
	uint8_t *rgb = scope_alloc(sc, (size_t)W * H * 3);
	uint8_t wall = (uint8_t)(120 + prng_below(r, 80));
	uint8_t door = (uint8_t)(30 + prng_below(r, 90));
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			uint8_t *p = rgb + ((size_t)y * W + (size_t)x) * 3;
			bool in_door = x > 130 && x < 350 && y > 60 && y < 540;
			bool parcel = x > 200 && x < 300 && y > 460 && y < 545;
			int grain = (int)prng_below(r, 9) - 4;
			p[0] = clamp_byte((parcel ? 170 : in_door ? door : wall) + grain);
			p[1] = clamp_byte((parcel ? 120 : in_door ? door + 20 : wall - 10) + grain);
			p[2] = clamp_byte((parcel ? 70 : in_door ? door + 30 : wall - 30) + grain);
		}
	return as_base64(sc, rgb, W, H, base64);
}
