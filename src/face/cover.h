/* cover: does something hide the eyes or the mouth?
 *
 * Looked at on the aligned chip, where eyes, nose and mouth have their places. One part
 * of a face over another part of the same face, so that neither skin nor light weighs:
 *
 *	eyes    the band under the eyes is skin, nearly as bright as the cheeks; behind
 *		dark glasses it is not
 *	mouth   lips differ in redness from the chin under them, and are not much less red
 *		than the nose; a mask or a scarf has one colour down to the chin, and
 *		none of them skin's
 *
 * Used for one thing: a capture that did not match is answered with "uncover" in place
 * of nothing. It never stands between somebody and a match, nor between her and her
 * enrolment: whoever wears what she wears is measured like everybody else. */
#ifndef FACE_COVER_H
#define FACE_COVER_H

#include "base/json.h"
#include "face/engine.h"

struct cover {
	float eyes;  /* under the eyes over the cheeks, luminance, the brighter side */
	float mouth; /* ln(red / green) of the lips less that of the nose */
	float chin;  /* … less that of the chin */
};
struct cover cover_measure(const float chip[static 3 * ENGINE_CHIP * ENGINE_CHIP]);
bool cover_seen(const struct cover *c);

/* How often it is seen on a set of pictures as they are and with glasses and masks drawn on:
 * {"plain":{"presented","seen","rate","bounds95"},"sunglasses":{…},"mask_blue":{…},…}. */
struct cover_options {
	const char *images, *models, *runtime;
	int64_t pictures; /* at most; 0: all */
};
MUST_USE enum code cover_bench(struct scope *sc, const struct cover_options *options, json_t **result);

#endif
