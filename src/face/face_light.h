/* face_light: which colour of the screen does a face reflect?
 *
 * A camera answers to a coloured light as it likes: white balance and exposure
 * multiply each channel of the whole frame by something nobody tells us. So a channel
 * of the face is looked at over the same channel of what is behind it:
 *
 *	r[c] = ln( mean linear light of the face / mean linear light behind it )
 *
 * The camera's gain divides out, and the skin's colour does as well when one frame is
 * compared with another: albedo × (room + screen) over albedo × room is 1 + screen /
 * room, whatever the albedo. The screen is near the face and far from what is behind,
 * so r rises in the lit channel, relative to that channel's mean over all frames, and
 * more than the two others. A print or a screen held up changes as a whole: not at all
 * in this measure. */
#ifndef FACE_FACE_LIGHT_H
#define FACE_FACE_LIGHT_H

#include "face/engine.h"

struct face_light {
	float over[3]; /* r, red, green, blue */
};
/* false: too little is to be seen behind the face, or it is black or burnt out. */
bool face_light_measure(const struct engine_capture *c, struct face_light *out);

/* The least, over the frames, by which the asked colour rises above the others: > 0
 * is the asked sequence. n ≥ 2, not all of one colour. */
#define FACE_LIGHT_MIN 0.010f
float face_light_rise(const struct face_light *seen, const uint8_t *colours, size_t n);

#endif
