/* door_wire: what goes between `face serve` and its children. A recogniser for other
 * systems: it knows no drivers, and nothing of it goes to Waybill's own server.
 *
 *	request   "WD" op:u8 count:u8  [asks: LIVE, 4 × u8]  count × { size:u32 bytes }
 *	          DETECT 1 picture, COMPARE 2, LIVE 5
 *	answer    "WR" op:u8 status:u8  struct door_answer, or a sentence when status ≠ 0
 *
 * COMPARE holds the largest face of the first picture against every face of the
 * second. Nothing is kept; there is no gallery and no operation to make one. */
#ifndef FACE_DOOR_WIRE_H
#define FACE_DOOR_WIRE_H

#include "face/challenge.h"

enum door_op { DOOR_DETECT = 1, DOOR_COMPARE = 2, DOOR_LIVE = 3 };

struct door_answer {
	struct face_found source;   /* DETECT: everything; COMPARE: of the first picture */
	struct face_found target;   /* COMPARE: of the second picture */
	double fmr[FACE_FOUND_MAX]; /* COMPARE: per face of the target */
	uint32_t live, hint;	    /* LIVE: enum face_live, enum face_hint */
};

#define DOOR_REQUEST_MAX (CHALLENGE_FRAMES * (FACE_PICTURE_BYTES_MAX + 4) + 16)
#define DOOR_ANSWER_MAX (sizeof(struct door_answer) + 512)

/* As many pictures as the operation takes; challenge: LIVE only, else NULL.
 * E_LIMIT  a picture is too long. */
MUST_USE enum code door_request(struct scope *sc, enum door_op op, const struct face_challenge *challenge,
				const struct face_picture *pictures, uint8_t **bytes, size_t *n);
/* The child's own failures come back as its code, with its sentence. */
MUST_USE enum code door_answer_read(struct scope *sc, enum door_op op, const uint8_t *bytes, size_t n,
				    struct door_answer *out);
/* The child's side: always leaves an answer. */
void door_handle(struct scope *sc, struct face_engine *e, const uint8_t *request, size_t n, uint8_t **answer,
		 size_t *answer_n);

#endif
