/* A driver by herself: signing up, signing in with her phone's key, what she
 * told, what is known of her, the face path, leaving. */
#include "api/api_inner.h"
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "people/appeal_picture.h"
#include "people/enrolment.h"

/* --- challenges and sessions --- */

/* What the answer will be good for, and nothing else: a device's session, an
 * award's check-in, another phone of somebody signed in, or signing up. */
static enum code
challenge_purpose(struct scope *sc, const struct call *c, const char **out)
{
	static const char *const names[] = {"device_id", "award_id", NULL};
	const char *device_id = NULL;
	const char *award_id = NULL;
	TRY(json_only(sc, c->body, names));
	TRY(json_may_text(sc, c->body, "device_id", 1, 40, &device_id));
	TRY(json_may_text(sc, c->body, "award_id", 1, 40, &award_id));
	if (device_id != NULL && !id_is(device_id, "dev"))
		return fail_as(sc, E_INVALID, "bad-field", "\"device_id\" is no device's id");
	if (award_id != NULL && !id_is(award_id, "awd"))
		return fail_as(sc, E_INVALID, "bad-field", "\"award_id\" is no award's id");
	if (award_id != NULL)
		*out = award_id;
	else if (device_id != NULL)
		*out = device_id;
	else
		*out = c->known && c->who.kind == ACTOR_DRIVER ? "device" : "signup";
	return OK;
}

static enum code
challenge(struct scope *sc, struct tx *tx, struct call *c)
{
	struct operator op;
	const char *purpose;
	TRY(challenge_purpose(sc, c, &purpose));
	TRY(call_operator(sc, tx, c, &op));
	const char *operator_id = c->known ? c->who.operator_id : op.id;
	int64_t now_ms = clock_now_ms(&c->house->clock);
	char *text = challenge_make(sc, c->house->keys, &c->house->random, operator_id, purpose, now_ms);
	json_t *o = json_new_object(sc);
	json_put_text(o, "challenge", text);
	json_put_text(o, "message", challenge_message(sc, operator_id, purpose, text));
	json_put_time(o, "expires_at", now_ms + CHALLENGE_MS);
	reply_json(c, o);
	return OK;
}

struct answer {
	const char *operator_id, *device_id, *challenge;
	uint8_t signature[64];
};

static enum code
take_signature(struct scope *sc, const json_t *o, uint8_t out[static 64])
{
	const char *text;
	uint8_t *bytes;
	size_t n;
	TRY(json_need_text(sc, o, "signature", 1, 120, &text));
	if (base64_decode(sc, text, 64, &bytes, &n) != OK || n != 64)
		return fail_as(sc, E_INVALID, "bad-field", "\"signature\" must be 64 bytes in base64url");
	memcpy(out, bytes, 64);
	return OK;
}

static enum code
session_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"device_id", "challenge", "signature", NULL};
	struct answer *a = NEW(sc, struct answer);
	struct operator op;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "device_id", 1, 40, &a->device_id));
	TRY(json_need_text(sc, c->body, "challenge", 1, 400, &a->challenge));
	TRY(take_signature(sc, c->body, a->signature));
	TRY(call_operator(sc, tx, c, &op));
	a->operator_id = op.id;
	c->user = a;
	return OK;
}

static enum code
session_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct answer *a = c->user;
	const char *token;
	struct actor who;
	TRY(device_session(sc, tx, c->house->keys, a->operator_id, a->device_id, a->challenge, a->signature, &token,
			   &who));
	json_t *o = json_new_object(sc);
	json_put_text(o, "token", token);
	json_put_text(o, "driver_id", who.id);
	json_put_time(o, "expires_at", who.expires_ms);
	reply_json(c, o);
	return OK;
}

static enum code
sign_out(struct scope *sc, struct tx *tx, struct call *c)
{
	return session_end(sc, tx, c->who.operator_id, c->who.session_id);
}

/* --- signing up --- */

struct signing_up {
	struct operator op;
	struct signup s;
};

/* A phone that does not know better names no programme and no station: the first of each. */
static enum code
put_first(struct scope *sc, json_t *body, const char *key, const json_t *list)
{
	if (json_object_get(body, key) != NULL && !json_is_null(json_object_get(body, key)))
		return OK;
	const char *id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
	if (id == NULL)
		return fail_as(sc, E_CONFLICT, "not-ready", "this operator has no %s yet", key);
	json_put_text(body, key, id);
	return OK;
}

static enum code
sign_up_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	struct signing_up *up = NEW(sc, struct signing_up);
	json_t *programmes;
	json_t *stations;
	TRY(call_operator(sc, tx, c, &up->op));
	json_t *body = json_own(sc, json_copy((json_t *)(uintptr_t)c->body));
	TRY(programme_list(sc, tx, up->op.id, &programmes));
	TRY(station_list(sc, tx, up->op.id, &stations));
	TRY(put_first(sc, body, "programme", programmes));
	TRY(put_first(sc, body, "station", stations));
	TRY(signup_parse(sc, body, &up->s));
	c->user = up;
	return OK;
}

static enum code
sign_up_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct signing_up *up = c->user;
	struct id driver_id;
	struct id device_id;
	struct driver d;
	const char *token;
	TRY(driver_sign_up(sc, tx, c->house->keys, up->op.id, &up->s, &driver_id, &device_id));
	TRY(driver_get(sc, tx, up->op.id, driver_id.s, &d));
	TRY(driver_session(sc, tx, c->house->keys, up->op.id, driver_id.s, device_id.s, &token));
	json_t *o = json_new_object(sc);
	json_put_text(o, "driver_id", driver_id.s);
	json_put_text(o, "device_id", device_id.s);
	json_put_text(o, "state", driver_state_words[d.state]);
	json_put_text(o, "token", token);
	json_put_time(o, "expires_at", tx_now_ms(tx) + SESSION_DRIVER_MS);
	reply_json(c, o);
	return OK;
}

/* --- what she told --- */

static enum code
me(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	json_t *programmes;
	TRY(driver_json(sc, tx, c->house->keys, c->who.operator_id, c->who.id, VIEW_SELF, &o));
	TRY(programme_list(sc, tx, c->who.operator_id, &programmes));
	const char *mine = json_string_value(json_object_get(o, "programme"));
	size_t i;
	json_t *p;
	json_array_foreach(programmes, i, p)
	{
		if (!text_eq(json_string_value(json_object_get(p, "id")), mine))
			continue;
		json_t *face = json_object_get(json_object_get(p, "policy"), "face");
		json_put_text(o, "programme_name", json_string_value(json_object_get(p, "name")));
		json_put_bool(o, "face_available", json_is_true(json_object_get(face, "enabled")));
	}
	reply_json(c, o);
	return OK;
}

static enum code
change_me(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(driver_change(sc, tx, c->house->keys, c->who.operator_id, c->who.id, c->body));
	TRY(driver_json(sc, tx, c->house->keys, c->who.operator_id, c->who.id, VIEW_SELF, &o));
	reply_json(c, o);
	return OK;
}

struct another_phone {
	const char *label, *challenge;
	uint8_t key[32], signature[64];
};

static enum code
device_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"public_key", "label", "challenge", "signature", NULL};
	(void)tx;
	struct another_phone *p = NEW(sc, struct another_phone);
	const char *key;
	uint8_t *bytes;
	size_t n;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "public_key", 1, 60, &key));
	TRY(json_need_text(sc, c->body, "label", 1, 60, &p->label));
	TRY(json_need_text(sc, c->body, "challenge", 1, 400, &p->challenge));
	TRY(take_signature(sc, c->body, p->signature));
	if (base64_decode(sc, key, 32, &bytes, &n) != OK || n != 32)
		return fail_as(sc, E_INVALID, "bad-field", "\"public_key\" must be 32 bytes in base64url");
	memcpy(p->key, bytes, 32);
	c->user = p;
	return OK;
}

static enum code
device_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct another_phone *p = c->user;
	struct id id;
	TRY(device_add(sc, tx, c->house->keys, c->who.operator_id, c->who.id, p->label, p->key, p->challenge,
		       p->signature, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	reply_json(c, o);
	return OK;
}

static enum code
device_gone(struct scope *sc, struct tx *tx, struct call *c)
{
	return device_remove(sc, tx, c->who.operator_id, c->who.id, c->param[0]);
}

/* --- what is known of her --- */

static enum code
data_work(struct scope *sc, struct call *c)
{
	json_t *o;
	TRY(day_export(sc, c->house, c->who.operator_id, c->who.id, &o));
	reply_json(c, o);
	reply_field(c, "Content-Disposition", "attachment; filename=\"waybill-my-data.json\"");
	return OK;
}

static enum code
looked(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(access_list(sc, tx, c->who.operator_id, c->who.id, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
decisions(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t after;
	size_t max;
	json_t *page;
	TRY(call_page(sc, c, &after, &max));
	TRY(record_decisions_of(sc, tx, c->who.operator_id, c->who.id, after, max, &page));
	reply_json(c, page);
	return OK;
}

/* Hers, or there is no such decision. */
static enum code
my_decision(struct scope *sc, struct tx *tx, const struct call *c, json_t **out)
{
	json_t *o;
	TRY(record_decision_json(sc, tx, c->who.operator_id, c->param[0], &o));
	if (!text_eq(json_string_value(json_object_get(o, "driver")), c->who.id))
		return fail(sc, E_NOT_FOUND, "that decision is about somebody else");
	*out = o;
	return OK;
}

static enum code
decision(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(my_decision(sc, tx, c, &o));
	reply_json(c, o);
	return OK;
}

static enum code
appeal(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"text", NULL};
	const char *text;
	json_t *about;
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "text", 1, 4000, &text));
	TRY(my_decision(sc, tx, c, &about));
	TRY(appeal_open(sc, tx, c->who.operator_id, c->who.id, c->param[0], text, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	json_put_time(o, "answer_by", tx_now_ms(tx) + INT64_C(14) * 24 * 3600 * 1000);
	reply_json(c, o);
	return OK;
}

/* The picture of the check she appeals against, from her phone: the server kept its hash only. */
static enum code
appeal_picture_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"pictures", NULL};
	const json_t *list;
	struct call_picture *picture = NEW(sc, struct call_picture);
	size_t count;
	(void)tx;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_array(sc, c->body, "pictures", 1, 1, &list));
	TRY(call_pictures(sc, list, "pictures", 1, picture, &count));
	c->user = picture;
	return OK;
}

static enum code
appeal_picture(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct call_picture *picture = c->user;
	int64_t n;
	TRY(appeal_picture_add(sc, tx, c->house->keys, c->who.operator_id, c->who.id, c->param[0], picture->bytes,
			       picture->n, &n));
	json_t *o = json_new_object(sc);
	json_put_int(o, "picture", n);
	json_put_time(o, "until", tx_now_ms(tx) + APPEAL_PICTURE_MS);
	reply_json(c, o);
	return OK;
}

static enum code
appeals(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(appeals_of(sc, tx, c->who.operator_id, c->who.id, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
my_notes(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(notes_of(sc, tx, c->who.operator_id, c->who.id, &list));
	reply_items(sc, c, list);
	return OK;
}

/* --- the face path --- */

static enum code
enrolment_now(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	json_t *text;
	TRY(enrolment_status(sc, tx, c->who.operator_id, c->who.id, &o));
	enum code rc = enrolment_consent_text(sc, tx, c->who.operator_id, c->who.id, &text);
	if (rc != OK && rc != E_DENIED)
		return rc;
	json_put(o, "consent_text",
		 rc == OK ? json_incref(text) : json_null()); /* no face path here: nothing to agree to */
	reply_json(c, o);
	return OK;
}

struct enrolling {
	struct enrol e;
	const char *text_version;
};

enum code
take_pictures(struct scope *sc, const json_t *body, size_t max, struct pictures *out)
{
	struct call_picture list[PICTURES_MAX];
	const json_t *given;
	TRY(json_need_array(sc, body, "pictures", 1, max, &given));
	TRY(call_pictures(sc, given, "pictures", max, list, &out->n));
	for (size_t i = 0; i < out->n; i++) {
		out->bytes[i] = list[i].bytes;
		out->n_bytes[i] = list[i].n;
	}
	return OK;
}

static enum code
enrol_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"consent", "pictures", "programme_id", NULL};
	static const char *const consent_names[] = {"text_version", "accepted", NULL};
	struct enrolling *en = NEW(sc, struct enrolling);
	const json_t *consent;
	json_t *text;
	bool accepted = false;
	/* No face is looked at where the programme has no face path. */
	TRY(enrolment_consent_text(sc, tx, c->who.operator_id, c->who.id, &text));
	TRY(json_only(sc, c->body, names));
	TRY(json_need_object(sc, c->body, "consent", &consent));
	TRY(json_only(sc, consent, consent_names));
	TRY(json_need_text(sc, consent, "text_version", 1, 60, &en->text_version));
	TRY(json_may_bool(sc, consent, "accepted", &accepted));
	if (!accepted)
		return fail_as(sc, E_INVALID, "no-consent", "without your consent no face is looked at");
	if (!text_eq(en->text_version, json_string_value(json_object_get(text, "version"))))
		return fail_as(sc, E_INVALID, "no-consent", "the text has changed: read it and agree to it anew");
	TRY(take_pictures(sc, c->body, 3, &en->e.pictures));
	en->e.operator_id = c->who.operator_id;
	en->e.driver_id = c->who.id;
	c->user = en;
	return OK;
}

static enum code
enrol_work(struct scope *sc, struct call *c)
{
	struct enrolling *en = c->user;
	TRY(day_enrol_work(sc, c->house, &en->e));
	if (en->e.hint == NULL)
		return OK;
	c->hint = en->e.hint;
	return fail_as(sc, E_INVALID, "poor-capture", "these pictures cannot be used; nothing of them is kept");
}

static enum code
enrol_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	struct enrolling *en = c->user;
	struct id id;
	json_t *o;
	TRY(day_enrol_write(sc, tx, c->house, en->text_version, &en->e, &id));
	TRY(enrolment_status(sc, tx, c->who.operator_id, c->who.id, &o));
	json_put_bool(o, "enrolled", true);
	reply_json(c, o);
	return OK;
}

static enum code
enrol_end(struct scope *sc, struct tx *tx, struct call *c)
{
	return enrolment_end(sc, tx, c->who.operator_id, c->who.id, "opt-out");
}

/* --- leaving --- */

static enum code
erase_positions(struct scope *sc, struct tx *tx, void *arg)
{
	const struct call *c = arg;
	return day_leave_positions(sc, tx, c->who.operator_id, c->who.id);
}

static enum code
leave_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"confirm", NULL};
	bool confirm = false;
	TRY(json_only(sc, c->body, names));
	TRY(json_may_bool(sc, c->body, "confirm", &confirm));
	if (!confirm)
		return fail_as(sc, E_INVALID, "bad-field", "\"confirm\" must be true");
	return day_leave_check(sc, tx, c->who.operator_id, c->who.id);
}

/* Positions first: a crash between the two halves leaves her in, and leaving again finishes. */
static enum code
leave_work(struct scope *sc, struct call *c)
{
	return store_write(sc, c->house->store, LANE_POSITIONS, erase_positions, c);
}

static enum code
leave_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *receipt;
	TRY(day_leave_write(sc, tx, c->house, c->who.operator_id, c->who.id, &receipt));
	TRY(once_erase(sc, tx, c->who.operator_id, c->who.id));
	reply_json(c, receipt);
	return OK;
}

static const struct route rows[] = {
    {.method = "POST",
     .path = "/v1/driver/challenge",
     .who = MAY_PUBLIC,
     .prepare = challenge,
     .summary =
	 "A text for the phone to sign: for a session (device_id), a check-in (award_id), signing up, or another phone",
     .query = "operator",
     .request = "ChallengeAsk",
     .answer = "Challenge",
     .body = BODY_JSON,
     .limit = LIMIT_LOOK},
    {.method = "POST",
     .path = "/v1/driver/session",
     .who = MAY_PUBLIC,
     .prepare = session_prepare,
     .commit = session_commit,
     .summary = "Sign in: the phone's answer to a challenge",
     .query = "operator",
     .request = "DeviceAnswer",
     .answer = "DriverSession",
     .body = BODY_JSON,
     .limit = LIMIT_LOOK},
    {.method = "POST",
     .path = "/v1/driver/logout",
     .who = MAY_DRIVER,
     .commit = sign_out,
     .summary = "End this session"},
    {.method = "POST",
     .path = "/v1/drivers",
     .who = MAY_PUBLIC,
     .prepare = sign_up_prepare,
     .commit = sign_up_commit,
     .summary = "Sign up as a driver, 18 or older; the phone's key proves itself",
     .query = "operator",
     .request = "SignUp",
     .answer = "SignedUp",
     .body = BODY_JSON,
     .limit = LIMIT_SIGN_UP,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/driver/me",
     .who = MAY_DRIVER,
     .prepare = me,
     .summary = "What you told, and what you may do",
     .answer = "DriverSelf"},
    {.method = "PUT",
     .path = "/v1/driver/me",
     .who = MAY_DRIVER,
     .commit = change_me,
     .summary = "Change what you told",
     .request = "DriverChange",
     .answer = "DriverSelf",
     .body = BODY_JSON},
    {.method = "POST",
     .path = "/v1/driver/devices",
     .who = MAY_DRIVER,
     .prepare = device_prepare,
     .commit = device_commit,
     .summary = "Bind another phone",
     .request = "DeviceNew",
     .answer = "Made",
     .body = BODY_JSON,
     .status = 201},
    {.method = "DELETE",
     .path = "/v1/driver/devices/{device_id}",
     .who = MAY_DRIVER,
     .commit = device_gone,
     .summary = "Let a phone go"},
    {.method = "GET",
     .path = "/v1/driver/data",
     .who = MAY_DRIVER,
     .work = data_work,
     .summary = "Everything that is stored about you",
     .answer = "Export"},
    {.method = "GET",
     .path = "/v1/driver/access-log",
     .who = MAY_DRIVER,
     .prepare = looked,
     .summary = "Who looked at your data, when and why",
     .answer = "AccessLog"},
    {.method = "GET",
     .path = "/v1/driver/decisions",
     .who = MAY_DRIVER,
     .prepare = decisions,
     .summary = "Decisions about you, newest first",
     .query = "after,limit",
     .answer = "DecisionList"},
    {.method = "GET",
     .path = "/v1/driver/decisions/{decision_id}",
     .who = MAY_DRIVER,
     .prepare = decision,
     .summary = "One decision: its rule, what the rule read, who decided, its place in the chain",
     .answer = "Decision"},
    {.method = "POST",
     .path = "/v1/driver/decisions/{decision_id}/appeal",
     .who = MAY_DRIVER,
     .commit = appeal,
     .summary = "A person shall look at it again",
     .request = "AppealNew",
     .answer = "Appeal",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "POST",
     .path = "/v1/driver/appeals/{appeal_id}/pictures",
     .who = MAY_DRIVER,
     .prepare = appeal_picture_prepare,
     .commit = appeal_picture,
     .summary = "The very picture of the check, for the person who answers; destroyed after 14 days",
     .request = "AppealPictureNew",
     .answer = "AppealPicture",
     .body = BODY_JSON,
     .body_max = BODY_PICTURES,
     .limit = LIMIT_FACE,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/driver/appeals",
     .who = MAY_DRIVER,
     .prepare = appeals,
     .summary = "Your appeals and their answers",
     .answer = "AppealList"},
    {.method = "GET",
     .path = "/v1/driver/notes",
     .who = MAY_DRIVER,
     .prepare = my_notes,
     .summary = "Every note that was written about you",
     .answer = "NoteList"},
    {.method = "GET",
     .path = "/v1/driver/enrolment",
     .who = MAY_DRIVER,
     .prepare = enrolment_now,
     .summary = "The face path: offered or not, and the text to agree to",
     .answer = "Enrolment"},
    {.method = "POST",
     .path = "/v1/driver/enrolment",
     .who = MAY_DRIVER,
     .prepare = enrol_prepare,
     .work = enrol_work,
     .commit = enrol_commit,
     .summary = "Opt in to the face path with one to three pictures, which are not kept",
     .request = "EnrolmentNew",
     .answer = "Enrolment",
     .body = BODY_JSON,
     .body_max = BODY_PICTURES,
     .limit = LIMIT_FACE,
     .status = 201},
    {.method = "DELETE",
     .path = "/v1/driver/enrolment",
     .who = MAY_DRIVER,
     .commit = enrol_end,
     .summary = "Opt out: template and key are destroyed now"},
    {.method = "POST",
     .path = "/v1/driver/leave",
     .who = MAY_DRIVER,
     .prepare = leave_prepare,
     .work = leave_work,
     .commit = leave_commit,
     .summary = "Leave and be erased; the answer is the receipt",
     .request = "Leave",
     .answer = "LeaveReceipt",
     .body = BODY_JSON},
    {0},
};
const struct route_table api_driver_table = {"Driver", "A driver by herself: her phone, her data, her rights.", rows};
