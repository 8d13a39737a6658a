/* sim/sim_faces: selfies of the people in sample photographs.
 *
 * What a challenge asks is done by her picture over a head of generic shape
 * (face/relief.h): it shows that the way works from end to end, not that heads turn so.
 *
 * Each face found becomes a person. Her pictures are cut from the photograph
 * and re-photographed: shifted, turned a little, relit, with a camera's noise,
 * recompressed. They show that capture, enrolment and check work together; one
 * photograph a person says nothing about how well faces are told apart. */
#ifndef SIM_SIM_FACES_H
#define SIM_SIM_FACES_H

#include "base/prng.h"
#include "base/scope.h"
#include "face/challenge.h"

struct sim_faces;
enum selfie { SELFIE_GOOD, SELFIE_DARK, SELFIE_BLURRED };

/* Finds people in DIR (its .jpg files). E_UNAVAILABLE  no models, no photographs. The scope owns *out. */
MUST_USE enum code sim_faces_open(struct scope *sc, const char *photographs, const char *models,
				  struct sim_faces **out);
int sim_faces_count(const struct sim_faces *f);
/* A JPEG of person i, 480 × 480, base64. */
MUST_USE enum code sim_selfie(struct scope *sc, const struct sim_faces *f, int person, enum selfie how, struct prng *r,
			      char **base64);
/* Her frames as a challenge asks for them: one that faces the camera, one for each pose. JPEG, the scope's. */
MUST_USE enum code sim_frames(struct scope *sc, const struct sim_faces *f, int person, enum selfie how,
			      const enum face_ask asks[static CHALLENGE_ASKS], struct prng *r,
			      struct face_picture out[static CHALLENGE_FRAMES]);
/* A door with a parcel before it, drawn; base64 JPEG. */
MUST_USE enum code sim_door(struct scope *sc, struct prng *r, char **base64);

#endif
