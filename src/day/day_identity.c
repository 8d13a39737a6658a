/* Enrolment, check-in and proof photographs: what a face child sees, and what is left afterwards. */
#include "day/day.h"

#include <sodium.h>

#include "base/text.h"
#include "face/face_wire.h"
#include "offer/offer.h"

#define FACE_CALL_MS 15000
#define CHECK_IN_RADIUS_M 250.0
#define PHOTO_SIDE_MAX 1600

static enum code
faces_needed(struct scope *sc, const struct house *h)
{
	if (h->faces == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-faces", "face checks are not set up here; use the device path");
	return OK;
}

static size_t
as_face_pictures(const struct pictures *p, struct face_picture out[static FACE_PICTURES_MAX])
{
	size_t n = p->n < FACE_PICTURES_MAX ? p->n : FACE_PICTURES_MAX;
	for (size_t i = 0; i < n; i++)
		out[i] = (struct face_picture){p->bytes[i], p->n_bytes[i]};
	return n;
}

/* --- enrolment --- */

enum code
day_enrol_work(struct scope *sc, struct house *h, struct enrol *e)
{
	struct face_picture pictures[FACE_PICTURES_MAX];
	uint8_t *request;
	uint8_t *answer;
	size_t n;
	size_t answer_n;
	struct face_enrolled *enrolled = NEW(sc, struct face_enrolled);
	TRY(faces_needed(sc, h));
	TRY(face_wire_enrol_request(sc, pictures, as_face_pictures(&e->pictures, pictures), &request, &n));
	TRY(workers_call(sc, h->faces, request, n, clock_mono_ms() + FACE_CALL_MS, &answer, &answer_n));
	TRY(face_wire_enrol_answer(sc, answer, answer_n, enrolled));
	if (enrolled->hint != FACE_HINT_NONE) {
		e->hint = face_hint_word(enrolled->hint);
		return OK;
	}
	e->template_ = (uint8_t *)&enrolled->template;
	e->template_n = sizeof enrolled->template;
	return OK;
}

/* Names the embedding: a template is compared with its own kind only. */
static const char *
model_name(struct scope *sc, const uint8_t *bytes)
{
	const struct face_template *t = (const void *)bytes;
	return hex_encode(sc, t->model_set, sizeof t->model_set);
}

enum code
day_enrol_write(struct scope *sc, struct tx *tx, struct house *h, const char *text_version, struct enrol *e,
		struct id *enrolment_id)
{
	struct id id;
	TRY(enrolment_consent(sc, tx, e->operator_id, e->driver_id, text_version, &id));
	TRY(enrolment_store(sc, tx, h->keys, e->operator_id, e->driver_id, id.s, model_name(sc, e->template_),
			    e->template_, e->template_n));
	*enrolment_id = id;
	return OK;
}

/* --- proof photographs --- */

enum code
day_photo_work(struct scope *sc, struct house *h, const uint8_t *photo, size_t n, uint8_t **jpeg, size_t *jpeg_n)
{
	uint8_t *request;
	uint8_t *answer;
	size_t request_n;
	size_t answer_n;
	const uint8_t *redacted;
	size_t redacted_n;
	if (h->faces == NULL)
		return fail_as(
		    sc, E_UNAVAILABLE, "no-faces",
		    "no photograph can be taken here: nobody would blur the faces; use a code or say why not");
	TRY(face_wire_redact_request(sc, (struct face_picture){photo, n}, PHOTO_SIDE_MAX, &request, &request_n));
	TRY(workers_call(sc, h->faces, request, request_n, clock_mono_ms() + FACE_CALL_MS, &answer, &answer_n));
	TRY(face_wire_redact_answer(sc, answer, answer_n, &redacted, &redacted_n));
	*jpeg = scope_memdup(sc, redacted, redacted_n);
	*jpeg_n = redacted_n;
	return OK;
}

/* --- check-in --- */

enum code
day_check_in_read(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c)
{
	struct award a;
	struct station s;
	TRY(offer_award_get(sc, tx, c->operator_id, c->award_id, &a));
	if (!text_eq(a.driver_id, c->driver_id))
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	TRY(station_get(sc, tx, c->operator_id, a.station_id, &s));
	c->depot_ = s.place;
	c->radius_m_ = CHECK_IN_RADIUS_M;
	if (!c->by_face)
		return OK;
	enum code rc = enrolment_template(sc, tx, h->keys, c->operator_id, c->driver_id, &c->enrolment_);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_CONFLICT, "not-enrolled", "you use the device path; enrol first to use your face");
	return rc;
}

static enum identity
identity_of(enum face_decision d)
{
	switch (d) {
	case FACE_MATCH: return IDENTITY_CONFIRMED;
	case FACE_UNSURE: return IDENTITY_UNSURE;
	default: return IDENTITY_TRY_AGAIN;
	}
}

/* The pictures go; their hashes stay with the decision, so that she can show the
 * same pictures to a person who hears her appeal. */
static json_t *
hashes_of(struct scope *sc, const struct pictures *p)
{
	json_t *list = json_new_array(sc);
	for (size_t i = 0; i < p->n; i++) {
		uint8_t hash[crypto_hash_sha256_BYTES];
		crypto_hash_sha256(hash, p->bytes[i], p->n_bytes[i]);
		json_array_append_new(list, json_string(hex_encode(sc, hash, sizeof hash)));
	}
	return list;
}

/* The driver sees a hint, never a score; a no-match has none that would help an impostor. */
static enum code
face_work(struct scope *sc, struct house *h, struct check_in *c)
{
	struct face_picture pictures[FACE_PICTURES_MAX];
	struct face_template *enrolled = NEW(sc, struct face_template);
	struct face_verdict verdict;
	uint8_t *request;
	uint8_t *answer;
	size_t n;
	size_t answer_n;
	TRY(faces_needed(sc, h));
	if (c->enrolment_.n != sizeof *enrolled)
		return fail_as(sc, E_CONFLICT, "enrol-again", "your enrolment is of an older kind: enrol again");
	memcpy(enrolled, c->enrolment_.template_, sizeof *enrolled);
	TRY(face_wire_check_request(sc, enrolled, pictures, as_face_pictures(&c->pictures, pictures), &request, &n));
	TRY(workers_call(sc, h->faces, request, n, clock_mono_ms() + FACE_CALL_MS, &answer, &answer_n));
	TRY(face_wire_check_answer(sc, answer, answer_n, &verdict));
	c->seen.identity = identity_of(verdict.decision);
	c->seen.hint = verdict.hint != FACE_HINT_NONE ? face_hint_word(verdict.hint) : NULL;
	c->seen.band = face_fmr_word(verdict.band);
	c->seen.pictures = hashes_of(sc, &c->pictures);
	return OK;
}

enum code
day_check_in_work(struct scope *sc, struct house *h, struct check_in *c)
{
	c->seen = (struct checkin_seen){.by_face = c->by_face};
	c->seen.at_depot = checkin_at_depot(c->fix, c->depot_, c->radius_m_);
	sodium_memzero(&c->fix, sizeof c->fix);
	if (c->by_face)
		TRY(face_work(sc, h, c));
	if (!c->seen.at_depot)
		c->seen.hint = "go_to_the_depot";
	return OK;
}

/* A wrong answer is a try like any other, so it must not undo the transaction. */
static enum code
device_path(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c)
{
	enum code rc = device_answer(sc, tx, h->keys, c->operator_id, c->driver_id, c->device_id, c->award_id,
				     c->challenge, c->signature);
	if (rc == E_UNAUTHENTICATED) {
		error_clear(sc);
		c->seen.identity = IDENTITY_TRY_AGAIN;
		return OK;
	}
	c->seen.identity = IDENTITY_CONFIRMED;
	return rc;
}

enum code
day_check_in_write(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c, struct id *checkin_id,
		   enum checkin_outcome *outcome)
{
	if (!c->by_face)
		TRY(device_path(sc, tx, h, c));
	return checkin_record(sc, tx, c->operator_id, c->driver_id, c->award_id, &c->seen, checkin_id, outcome);
}
