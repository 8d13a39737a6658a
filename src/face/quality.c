/* Is this capture good enough to decide on, and if not, what helps most?
 *
 * Pose comes from five points alone. With the roll taken out, the distance from
 * eyes to mouth does not change as a head turns, so it is the unit: the nose leaves
 * the middle line as the head turns (yaw) and moves up or down between eyes and
 * mouth as it nods (pitch). Good to some degrees, which is all a hint needs.
 *
 * Sharpness is the energy of the second derivative against the contrast, on the
 * aligned chip, so that it does not depend on the size of the face. */
#include <math.h>

#include "face/engine.h"

#define CHIP 112

static float
asin_deg(float x)
{
	return asinf(fminf(fmaxf(x, -1), 1)) * 57.29578f;
}

static void
pose_measure(const struct face_point *five, struct face_quality *q)
{
	float ex = five[1].x - five[0].x;
	float ey = five[1].y - five[0].y;
	float roll = atan2f(ey, ex);
	float c = cosf(roll);
	float s = sinf(roll);
	struct face_point eyes = {(five[0].x + five[1].x) / 2, (five[0].y + five[1].y) / 2};
	struct face_point mouth = {(five[3].x + five[4].x) / 2, (five[3].y + five[4].y) / 2};
	/* In the upright frame with the eyes' middle as origin. */
	float mx = c * (mouth.x - eyes.x) + s * (mouth.y - eyes.y);
	float my = -s * (mouth.x - eyes.x) + c * (mouth.y - eyes.y);
	float nx = c * (five[2].x - eyes.x) + s * (five[2].y - eyes.y);
	float ny = -s * (five[2].x - eyes.x) + c * (five[2].y - eyes.y);
	float unit = fmaxf(my, 1e-3f);
	float along = ny / unit; /* 0.49 of the way down on a face seen from the front */
	q->roll_deg = roll * 57.29578f;
	q->yaw_deg = asin_deg((nx - mx * along) / unit / 0.50f);
	q->pitch_deg = asin_deg((0.49f - along) / 0.50f);
}

static void
light_measure(const uint8_t *chip, struct face_quality *q)
{
	double sum = 0;
	double squares = 0;
	double second = 0;
	size_t n = 0;
	for (size_t y = 20; y < CHIP - 8; y++) {
		for (size_t x = 20; x < CHIP - 20; x++) {
			const uint8_t *p = chip + y * CHIP + x;
			double v = p[0];
			double laplace = 4.0 * v - p[-1] - p[1] - p[-CHIP] - p[CHIP];
			sum += v;
			squares += v * v;
			second += laplace * laplace;
			n++;
		}
	}
	double mean = sum / (double)n;
	double variance = fmax(squares / (double)n - mean * mean, 1e-3);
	q->brightness = (float)(mean / 255);
	q->contrast = (float)(sqrt(variance) / 255);
	q->sharpness = (float)fmin(1, sqrt(second / (double)n / variance));
}

void
quality_measure(const struct picture *p, const struct engine_face *face, struct face_quality *out)
{
	static const struct face_point five[5] = {{38.2946f, 51.6963f},
						  {73.5318f, 51.5014f},
						  {56.0252f, 71.7366f},
						  {41.5493f, 92.3655f},
						  {70.7299f, 92.2041f}};
	struct face_quality q = {0};
	struct similarity to_picture;
	uint8_t chip[CHIP * CHIP];
	pose_measure(face->five, &q);
	q.eye_distance_px = hypotf(face->five[1].x - face->five[0].x, face->five[1].y - face->five[0].y) / p->scale;
	if (similarity_fit(five, face->five, 5, &to_picture)) {
		warp_grey(p, to_picture, CHIP, chip);
		light_measure(chip, &q);
	}
	float w = face->right - face->left;
	float h = face->bottom - face->top;
	float in_w = fminf(face->right, (float)p->width) - fmaxf(face->left, 0);
	float in_h = fminf(face->bottom, (float)p->height) - fmaxf(face->top, 0);
	q.inside = in_w > 0 && in_h > 0 && w > 0 && h > 0 ? in_w * in_h / (w * h) : 0;
	*out = q;
}

bool
quality_too_dark(const struct picture *p)
{
	uint64_t sum = 0;
	uint64_t n = 0;
	size_t bytes = (size_t)p->width * (size_t)p->height * 3;
	for (size_t i = 0; i < bytes; i += 101, n++) /* 101 is no multiple of 3: all channels get their turn */
		sum += p->rgb[i];
	return sum < n * 40;
}

enum face_hint
quality_hint(const struct face_quality *q)
{
	if (q->inside < 0.85f)
		return FACE_HINT_FURTHER;
	if (q->eye_distance_px < 24)
		return FACE_HINT_CLOSER;
	if (q->brightness < 0.16f || q->brightness > 0.88f || q->contrast < 0.05f)
		return FACE_HINT_LIGHT;
	if (fabsf(q->yaw_deg) > 35 || fabsf(q->pitch_deg) > 35 || fabsf(q->roll_deg) > 40)
		return FACE_HINT_TURN;
	if (q->sharpness < 0.10f)
		return FACE_HINT_HOLD_STILL;
	return FACE_HINT_NONE;
}
