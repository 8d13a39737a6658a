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

#define CHIP ENGINE_CHIP

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
	uint32_t sum = 0;
	uint32_t squares = 0;
	uint64_t second = 0; /* 6,048 pixels × 1,020² need more than 32 bits; a row does not */
	for (size_t y = 20; y < CHIP - 8; y++) {
		uint32_t row = 0;
		for (size_t x = 20; x < CHIP - 20; x++) {
			const uint8_t *p = chip + y * CHIP + x;
			int32_t v = p[0];
			int32_t laplace = 4 * v - p[-1] - p[1] - p[-CHIP] - p[CHIP];
			sum += (uint32_t)v;
			squares += (uint32_t)(v * v);
			row += (uint32_t)(laplace * laplace);
		}
		second += row;
	}
	double n = (CHIP - 28.0) * (CHIP - 40.0);
	double mean = sum / n;
	double variance = fmax(squares / n - mean * mean, 1e-3);
	q->brightness = (float)(mean / 255);
	q->contrast = (float)(sqrt(variance) / 255);
	q->sharpness = (float)fmin(1, sqrt((double)second / n / variance));
}

static void
grey_of(const float *chip, uint8_t grey[static CHIP * CHIP])
{
	const size_t plane = (size_t)CHIP * CHIP;
	for (size_t i = 0; i < plane; i++)
		grey[i] = (uint8_t)(0.299f * chip[i] + 0.587f * chip[plane + i] + 0.114f * chip[2 * plane + i] + 0.5f);
}

void
quality_measure(const struct picture *p, const struct engine_face *face,
		const float chip[static 3 * ENGINE_CHIP * ENGINE_CHIP], struct face_quality *out)
{
	struct face_quality q = {0};
	uint8_t grey[CHIP * CHIP];
	pose_measure(face->five, &q);
	q.eye_distance_px = hypotf(face->five[1].x - face->five[0].x, face->five[1].y - face->five[0].y) / p->scale;
	grey_of(chip, grey);
	light_measure(grey, &q);
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
quality_hint_soft(const struct face_quality *q)
{
	if (q->eye_distance_px < 40)
		return FACE_HINT_CLOSER;
	if (q->brightness < 0.28f || q->brightness > 0.75f || q->contrast < 0.09f)
		return FACE_HINT_LIGHT;
	if (fabsf(q->yaw_deg) > 15 || fabsf(q->pitch_deg) > 22 || fabsf(q->roll_deg) > 15)
		return FACE_HINT_TURN;
	if (q->sharpness < 0.18f)
		return FACE_HINT_HOLD_STILL;
	return FACE_HINT_UNCOVER; /* nothing that can be seen: glasses, a hat, a mask */
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
