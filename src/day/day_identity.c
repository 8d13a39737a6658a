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
as_face_pictures(const struct pictures *p, struct face_picture out[static PICTURES_MAX])
{
	for (size_t i = 0; i < p->n; i++)
		out[i] = (struct face_picture){p->bytes[i], p->n_bytes[i]};
	return p->n;
}

/* --- enrolment --- */

enum code
day_enrol_work(struct scope *sc, struct house *h, struct enrol *e)
{
	struct face_picture pictures[PICTURES_MAX];
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

static enum code
award_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id,
	 struct award *out)
{
	struct award a;
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	if (!text_eq(a.driver_id, driver_id))
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	*out = a;
	return OK;
}

static enum code
template_of(struct scope *sc, struct tx *tx, struct house *h, const char *operator_id, const char *driver_id,
	    struct enrolment *out)
{
	enum code rc = enrolment_template(sc, tx, h->keys, operator_id, driver_id, out);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_CONFLICT, "not-enrolled", "you use the device path; enrol first to use your face");
	return rc;
}

static enum code
policy_for(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, struct policy *out)
{
	struct driver d;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	return programme_policy(sc, tx, operator_id, d.programme_id, 0, out);
}

enum code
day_face_challenge(struct scope *sc, struct tx *tx, struct house *h, const struct face_ask_for *ask,
		   struct liveness *out)
{
	struct award a;
	struct enrolment enrolled;
	struct policy p;
	struct face_challenge drawn;
	TRY(faces_needed(sc, h));
	TRY(award_of(sc, tx, ask->operator_id, ask->driver_id, ask->award_id, &a));
	TRY(template_of(sc, tx, h, ask->operator_id, ask->driver_id, &enrolled));
	TRY(policy_for(sc, tx, ask->operator_id, ask->driver_id, &p));
	liveness_draw(ask->random, ask->lights && p.face_lights, &drawn);
	return liveness_open(sc, tx, ask->operator_id, ask->driver_id, ask->device_id, ask->award_id, &drawn, out);
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

static enum code
face_read(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c)
{
	struct policy p;
	TRY(template_of(sc, tx, h, c->operator_id, c->driver_id, &c->enrolment_));
	c->hashes_ = hashes_of(sc, &c->pictures);
	if (c->challenge == NULL) {
		TRY(policy_for(sc, tx, c->operator_id, c->driver_id, &p));
		if (p.face_challenge)
			return fail_as(sc, E_INVALID, "challenge-needed",
				       "a face check is asked for first, and answered by the frames it asks for");
		return OK;
	}
	const struct liveness_answer a = {
	    .operator_id = c->operator_id,
	    .driver_id = c->driver_id,
	    .device_id = c->device_id,
	    .act = c->award_id,
	    .challenge = c->challenge,
	    .signature = c->signature,
	    .frames = c->hashes_,
	};
	return liveness_take(sc, tx, &a, &c->asked_);
}

enum code
day_check_in_read(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c)
{
	struct award a;
	struct station s;
	TRY(award_of(sc, tx, c->operator_id, c->driver_id, c->award_id, &a));
	TRY(station_get(sc, tx, c->operator_id, a.station_id, &s));
	c->depot_ = s.place;
	c->radius_m_ = CHECK_IN_RADIUS_M;
	return c->by_face ? face_read(sc, tx, h, c) : OK;
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

/* One job for the child: the whole challenge and the comparison, or, where none was asked, the comparison. */
static enum code
face_call(struct scope *sc, struct house *h, const struct check_in *c, const struct face_template *enrolled,
	  struct face_live_check *out)
{
	struct face_picture pictures[PICTURES_MAX];
	size_t pictures_n = as_face_pictures(&c->pictures, pictures);
	uint8_t *request;
	uint8_t *answer;
	size_t n;
	size_t answer_n;
	bool live = c->challenge != NULL;
	if (live)
		TRY(face_wire_live_request(sc, enrolled, &c->asked_, pictures, pictures_n, &request, &n));
	else
		TRY(face_wire_check_request(sc, enrolled, pictures, pictures_n, &request, &n));
	TRY(workers_call(sc, h->faces, request, n, clock_mono_ms() + FACE_CALL_MS, &answer, &answer_n));
	if (live)
		return face_wire_live_answer(sc, answer, answer_n, out);
	struct face_live_check check = {.live = LIVE_ALIVE};
	TRY(face_wire_check_answer(sc, answer, answer_n, &check.verdict));
	*out = check;
	return OK;
}

static json_t *
challenge_seen(struct scope *sc, const struct check_in *c, enum face_live live)
{
	if (c->challenge == NULL)
		return NULL;
	json_t *o = liveness_asked_json(sc, &c->asked_);
	json_put_text(o, "seen", face_live_word(live));
	return o;
}

/* The driver sees a hint, never a score; a no-match has none that would help an impostor. */
static enum code
face_work(struct scope *sc, struct house *h, struct check_in *c)
{
	struct face_template *enrolled = NEW(sc, struct face_template);
	struct face_live_check check;
	TRY(faces_needed(sc, h));
	if (c->enrolment_.n != sizeof *enrolled)
		return fail_as(sc, E_CONFLICT, "enrol-again", "your enrolment is of an older kind: enrol again");
	memcpy(enrolled, c->enrolment_.template_, sizeof *enrolled);
	TRY(face_call(sc, h, c, enrolled, &check));
	c->seen.identity = identity_of(check.verdict.decision);
	c->seen.hint = check.verdict.hint != FACE_HINT_NONE ? face_hint_word(check.verdict.hint) : NULL;
	c->seen.band = face_fmr_word(check.verdict.band);
	c->seen.pictures = c->hashes_;
	c->seen.challenge = challenge_seen(sc, c, check.live);
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
	else if (c->challenge != NULL)
		TRY(liveness_spend(sc, tx, c->operator_id, c->challenge));
	return checkin_record(sc, tx, c->operator_id, c->driver_id, c->award_id, &c->seen, checkin_id, outcome);
}
