#include "face/cover.h"

#include <math.h>

struct part {
	int left, top, right, bottom;
};

/* On the chip: see engine_chip_five. */
static const struct part under_left_eye = {31, 58, 45, 64};
static const struct part under_right_eye = {67, 58, 81, 64};
static const struct part left_cheek = {30, 70, 42, 82};
static const struct part right_cheek = {70, 70, 82, 82};
static const struct part nose = {51, 52, 61, 68};
static const struct part lips = {49, 88, 63, 96};
static const struct part chin = {48, 102, 64, 109};

struct colour {
	float r, g, b;
};

static struct colour
mean_of(const float *chip, const struct part *p)
{
	const size_t plane = (size_t)ENGINE_CHIP * ENGINE_CHIP;
	struct colour sum = {0, 0, 0};
	for (int y = p->top; y < p->bottom; y++) {
		for (int x = p->left; x < p->right; x++) {
			const float *at = chip + (size_t)y * ENGINE_CHIP + (size_t)x;
			sum.r += at[0];
			sum.g += at[plane];
			sum.b += at[2 * plane];
		}
	}
	float n = (float)((p->right - p->left) * (p->bottom - p->top));
	return (struct colour){sum.r / n, sum.g / n, sum.b / n};
}

static float
luminance(struct colour c)
{
	return 0.299f * c.r + 0.587f * c.g + 0.114f * c.b;
}

static float
redness(struct colour c)
{
	return logf((c.r + 4) / (c.g + 4)); /* + 4: black is neutral */
}

struct cover
cover_measure(const float chip[static 3 * ENGINE_CHIP * ENGINE_CHIP])
{
	float cheek_left = luminance(mean_of(chip, &left_cheek)) + 1;
	float cheek_right = luminance(mean_of(chip, &right_cheek)) + 1;
	float left = luminance(mean_of(chip, &under_left_eye)) / cheek_left;
	float right = luminance(mean_of(chip, &under_right_eye)) / cheek_right;
	return (struct cover){
	    .eyes = fmaxf(left, right),
	    .mouth = redness(mean_of(chip, &lips)) - redness(mean_of(chip, &nose)),
	    .chin = redness(mean_of(chip, &lips)) - redness(mean_of(chip, &chin)),
	};
}

/* Where docs/face.md has the false alarms. */
#define EYES_MIN 0.60f
#define LIPS_MIN (-0.10f)
#define LIPS_ALIKE 0.02f

bool
cover_seen(const struct cover *c)
{
	return c->eyes < EYES_MIN || (c->mouth < LIPS_MIN && fabsf(c->chin) < LIPS_ALIKE);
}
