/* face_attack: presentation attacks on the challenge, made from a set of pictures
 * of known people (a folder a person), and genuine sequences to refuse none of.
 *
 *	genuine      pictures of one person in the asked poses; "closer" is a crop
 *	flat         one picture as a print: tilted, turned, moved, nearer, in perspective
 *	bent         the same print bent round a cylinder
 *	replay       a genuine sequence of another challenge
 *	order        a genuine sequence with two frames exchanged
 *	splice       the poses of one person, the frame that faces the camera of another
 *	relief       one picture over a head of generic shape that does what is asked
 *	own_template genuine sequences against a template of other pictures of her
 *	stranger     … against somebody else's template
 *
 * and, for the lights by themselves, what attack_light.h has: lit and dim (genuine),
 * still, whole, other_colours, cut_out. Light and relief are drawn, not photographed. */
#ifndef FACE_FACE_ATTACK_H
#define FACE_FACE_ATTACK_H

#include "base/json.h"
#include "face/face.h"

struct attack_options {
	const char *images, *models, *runtime;
	int64_t pictures; /* at most this many pictures held up, turned and lit; 0: all */
	uint64_t seed;
};

/* {"genuine":{"presented","refused","bpcer","bounds95","why":{…}},
 *  "flat":{"presented","accepted","apcer","bounds95","why":{…}}, …}: ISO/IEC 30107-3's rates. */
MUST_USE enum code face_attack_run(struct scope *sc, const struct attack_options *options, json_t **result);

#endif
