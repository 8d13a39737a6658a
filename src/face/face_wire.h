/* face_wire: what goes between a server and its face children.
 *
 * Four requests exist and no others: ENROL (pictures → template or hint),
 * CHECK (one template + pictures → verdict), REDACT (picture → picture), LIVE (one
 * template + a challenge + its frames → verdict).
 * Nothing here can carry two templates, or return a person.
 *
 *	uint8_t *req; size_t n;
 *	TRY(face_wire_check_request(sc, &template, pictures, k, &req, &n));
 *	TRY(workers_call(sc, pool, req, n, deadline_ms, &answer, &answer_n));
 *	TRY(face_wire_check_answer(sc, answer, answer_n, &verdict));
 *
 * Layout, little-endian:
 *
 *	request   "WF" op:u8 count:u8  [template: CHECK, LIVE]  [max_side:u32: REDACT]
 *	          [asks:4×u8 lights:4×u8: LIVE; 255 where no light is asked]
 *	          count × { size:u32 bytes }
 *	answer    "WA" op:u8 status:u8  body
 *	          status 0: ENROL {hint:u8 at:u8 0:u16 template}, CHECK {decision:u8 hint:u8
 *	          band:u8 0:u8}, REDACT {jpeg}, LIVE {decision:u8 hint:u8 band:u8 live:u8}
 *	          otherwise: the enum code, body is a sentence for a person
 *
 * Every decoder refuses trailing bytes and values outside their enums. */
#ifndef FACE_FACE_WIRE_H
#define FACE_FACE_WIRE_H

#include "face/challenge.h"

/* A frame of a challenge is a small picture: 640 × 480 has a tenth of this. */
#define FACE_FRAME_BYTES_MAX ((size_t)1 << 20)
#define FACE_WIRE_REQUEST_MAX (FACE_PICTURES_MAX * (FACE_PICTURE_BYTES_MAX + 4) + sizeof(struct face_template) + 16)
#define FACE_WIRE_ANSWER_MAX ((size_t)2 << 20)
#define FACE_REDACT_SIDE_MAX 1600u

/* E_LIMIT  0 or more than FACE_PICTURES_MAX pictures, or one longer than FACE_PICTURE_BYTES_MAX. */
MUST_USE enum code face_wire_enrol_request(struct scope *sc, const struct face_picture *pictures, size_t n,
					   uint8_t **bytes, size_t *len);
MUST_USE enum code face_wire_check_request(struct scope *sc, const struct face_template *enrolled,
					   const struct face_picture *pictures, size_t n, uint8_t **bytes, size_t *len);
/* frames: n = face_challenge_frames() of them, else E_INVALID (reason "frames"). */
MUST_USE enum code face_wire_live_request(struct scope *sc, const struct face_template *enrolled,
					  const struct face_challenge *challenge, const struct face_picture *frames,
					  size_t n, uint8_t **bytes, size_t *len);
MUST_USE enum code face_wire_redact_request(struct scope *sc, struct face_picture picture, uint32_t max_side,
					    uint8_t **bytes, size_t *len);

struct face_enrolled {
	enum face_hint hint; /* FACE_HINT_NONE: `template` is set */
	size_t at;	     /* which picture the hint is about */
	struct face_template template;
};

/* The child's own failures come back as its code and sentence (E_INVALID for a
 * picture that is none, E_LIMIT for one too large, …); an answer that is not
 * one is E_CORRUPT. */
MUST_USE enum code face_wire_enrol_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_enrolled *out);
MUST_USE enum code face_wire_check_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_verdict *out);
MUST_USE enum code face_wire_live_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_live_check *out);
MUST_USE enum code face_wire_redact_answer(struct scope *sc, const uint8_t *bytes, size_t n, const uint8_t **jpeg,
					   size_t *jpeg_n);

/* The child's side: always leaves an answer in the scope. Without an engine (NULL)
 * every well-formed request is answered with E_UNAVAILABLE. */
void face_wire_handle(struct scope *sc, struct face_engine *e, const uint8_t *request, size_t n, uint8_t **answer,
		      size_t *answer_n);

#endif
