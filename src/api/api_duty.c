/* The work: check-in, duty, parcels, stops, positions; and staff's view of it. */
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "duty/duty.h"
#include "face/face_wire.h"
#include "road/match_stream.h"

#define POSITIONS_MAX 500

/* --- check-in --- */

static enum code
face_challenge_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"award_id", "lights", NULL};
	struct face_ask_for *ask = NEW(sc, struct face_ask_for);
	(void)tx;
	ask->operator_id = c->who.operator_id;
	ask->driver_id = c->who.id;
	ask->device_id = c->who.device_id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "award_id", 1, 40, &ask->award_id));
	TRY(json_may_bool(sc, c->body, "lights", &ask->lights));
	random_bytes(&c->house->random, ask->random, sizeof ask->random);
	c->user = ask;
	return OK;
}

static enum code
face_challenge_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct face_ask_for *ask = c->user;
	struct liveness l;
	TRY(day_face_challenge(sc, tx, c->house, ask, &l));
	json_t *o = liveness_asked_json(sc, &l.asked);
	json_put_text(o, "challenge", l.id.s);
	json_put_text(o, "message", liveness_message(sc, ask->operator_id, ask->award_id, l.id.s, NULL));
	json_put_int(o, "frames", (int64_t)face_challenge_frames(&l.asked));
	json_put_int(o, "frame_bytes_max", (int64_t)FACE_FRAME_BYTES_MAX);
	json_put_time(o, "expires_at", l.ends_ms);
	reply_json(c, o);
	return OK;
}

static enum code
take_signed(struct scope *sc, struct call *c, struct check_in *in)
{
	const char *text;
	uint8_t *bytes;
	size_t n;
	TRY(json_need_text(sc, c->body, "challenge", 1, 400, &in->challenge));
	TRY(json_need_text(sc, c->body, "signature", 1, 120, &text));
	if (base64_decode(sc, text, 64, &bytes, &n) != OK || n != 64)
		return fail_as(sc, E_INVALID, "bad-field", "\"signature\" must be 64 bytes in base64url");
	in->signature = bytes;
	in->device_id = c->who.device_id;
	return OK;
}

static enum code
check_in_by_face(struct scope *sc, struct call *c, struct check_in *in)
{
	bool asked = json_object_get(c->body, "challenge") != NULL;
	if (asked)
		TRY(take_signed(sc, c, in));
	return take_pictures(sc, c->body, asked ? PICTURES_MAX : 3, &in->pictures);
}

static enum code
check_in_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"award_id", "place", "method", "challenge", "signature", "pictures", NULL};
	static const char *const methods[] = {"device", "face", NULL};
	struct check_in *in = NEW(sc, struct check_in);
	size_t method;
	in->operator_id = c->who.operator_id;
	in->driver_id = c->who.id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "award_id", 1, 40, &in->award_id));
	TRY(json_need_place(sc, c->body, "place", &in->fix));
	TRY(json_need_word(sc, c->body, "method", methods, &method));
	in->by_face = method == 1;
	TRY(in->by_face ? check_in_by_face(sc, c, in) : take_signed(sc, c, in));
	c->user = in;
	return day_check_in_read(sc, tx, c->house, in);
}

static enum code
check_in_work(struct scope *sc, struct call *c)
{
	return day_check_in_work(sc, c->house, c->user);
}

static enum code
check_in_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	struct check_in *in = c->user;
	struct id id;
	enum checkin_outcome outcome;
	TRY(day_check_in_write(sc, tx, c->house, in, &id, &outcome));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	json_put_text(o, "outcome", checkin_words[outcome]);
	json_put_text(o, "hint", in->seen.hint);
	reply_json(c, o);
	return OK;
}

/* --- the duty --- */

static enum code
reply_duty(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(duty_for_driver(sc, tx, c->house->keys, c->who.operator_id, c->who.id, &o));
	reply_json(c, o);
	return OK;
}

static enum code
open_duty(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"award_id", NULL};
	const char *award_id;
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "award_id", 1, 40, &award_id));
	TRY(duty_open(sc, tx, c->who.operator_id, c->who.id, award_id, &id));
	return reply_duty(sc, tx, c);
}

static enum code
scan(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"barcode", NULL};
	const char *barcode;
	int64_t left;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "barcode", 1, 64, &barcode));
	TRY(duty_scan(sc, tx, c->who.operator_id, c->who.id, barcode, &left));
	json_t *o = json_new_object(sc);
	json_put_text(o, "barcode", barcode);
	json_put_int(o, "left", left);
	reply_json(c, o);
	return OK;
}

static enum code
depart(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"without_missing", NULL};
	bool without_missing = false;
	TRY(json_only(sc, c->body, names));
	TRY(json_may_bool(sc, c->body, "without_missing", &without_missing));
	TRY(duty_depart(sc, tx, c->who.operator_id, c->who.id, without_missing));
	return reply_duty(sc, tx, c);
}

static enum code
reorder_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"stop_ids", NULL};
	const json_t *list;
	struct duty_legs *legs = NEW(sc, struct duty_legs);
	TRY(json_only(sc, c->body, names));
	TRY(json_need_array(sc, c->body, "stop_ids", 1, 500, &list));
	size_t n = json_array_size(list);
	const char **ids = NEW_ARRAY(sc, n, const char *);
	for (size_t i = 0; i < n; i++) {
		ids[i] = json_string_value(json_array_get(list, i));
		if (ids[i] == NULL)
			return fail_as(sc, E_INVALID, "bad-field", "\"stop_ids\"[%zu] must be a stop's id", i);
	}
	TRY(duty_legs_read(sc, tx, c->who.operator_id, c->who.id, ids, n, legs));
	c->user = legs;
	return OK;
}

static enum code
reorder_work(struct scope *sc, struct call *c)
{
	if (c->house->planner.roads == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-roads", "there are no streets here to drive along");
	return duty_legs_drive(sc, c->house->store, &c->house->planner, c->who.operator_id, c->user);
}

static enum code
reorder_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	TRY(duty_reorder(sc, tx, c->who.operator_id, c->who.id, c->user));
	return reply_duty(sc, tx, c);
}

static enum code
close_duty(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *duty_id;
	struct id statement_id;
	TRY(day_duty_close(sc, tx, c->who.operator_id, c->who.id, &duty_id, &statement_id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "duty_id", duty_id);
	json_put_text(o, "statement_id", statement_id.s);
	reply_json(c, o);
	return OK;
}

/* --- stops --- */

static enum code
arrive(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"place", NULL};
	struct place at;
	bool told = json_is_object(json_object_get(c->body, "place"));
	TRY(json_only(sc, c->body, names));
	if (told)
		TRY(json_need_place(sc, c->body, "place", &at));
	TRY(stop_arrive(sc, tx, c->who.operator_id, c->who.id, c->param[0], told ? &at : NULL));
	return OK;
}

static enum code
take_proof(struct scope *sc, const json_t *o, struct proof *p)
{
	static const char *const names[] = {"photo", "code", "none_reason", NULL};
	const char *photo = NULL;
	const char *none = NULL;
	TRY(json_only(sc, o, names));
	TRY(json_may_text(sc, o, "photo", 1, BODY_PICTURES, &photo));
	TRY(json_may_text(sc, o, "code", 1, 12, &p->code));
	TRY(json_may_text(sc, o, "none_reason", 3, 500, &none));
	if ((photo != NULL) + (p->code != NULL) + (none != NULL) != 1)
		return fail_as(sc, E_INVALID, "bad-field", "\"proof\" needs one of photo, code, none_reason");
	p->kind = photo != NULL ? "photo" : p->code != NULL ? "code" : "none";
	p->note = none;
	if (photo == NULL)
		return OK;
	json_t *list = json_new_array(sc);
	json_array_append(list, json_object_get(o, "photo"));
	struct call_picture picture;
	size_t n;
	TRY(call_pictures(sc, list, "photo", 1, &picture, &n));
	p->photo = picture.bytes;
	p->photo_n = picture.n;
	return OK;
}

static enum code
deliver_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"proof", "to", NULL};
	static const char *const to_words[] = {"recipient", "neighbour", "safe_place", NULL};
	(void)tx;
	struct proof *p = NEW(sc, struct proof);
	const json_t *proof;
	size_t to;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_object(sc, c->body, "proof", &proof));
	TRY(json_need_word(sc, c->body, "to", to_words, &to));
	TRY(take_proof(sc, proof, p));
	p->to = to_words[to];
	c->user = p;
	return OK;
}

/* What is kept has no metadata and no faces. */
static enum code
deliver_work(struct scope *sc, struct call *c)
{
	struct proof *p = c->user;
	uint8_t *jpeg;
	size_t n;
	if (p->photo == NULL)
		return OK;
	TRY(day_photo_work(sc, c->house, p->photo, p->photo_n, &jpeg, &n));
	p->photo = jpeg;
	p->photo_n = n;
	return OK;
}

static enum code
deliver_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	bool right_code = true;
	TRY(stop_deliver(sc, tx, c->house->keys, c->who.operator_id, c->who.id, c->param[0], c->user, &right_code));
	if (!right_code) /* the try is counted */
		reply_problem(c, E_DENIED, "wrong-code", "this is not the recipient's code");
	return OK;
}

static enum code
fail_stop(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"reason", "note", NULL};
	static const char *const reasons[] = {"nobody_home", "no_access", "refused", "address_wrong",
					      "damaged",     "other",	  NULL};
	size_t reason;
	const char *note = NULL;
	bool again;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_word(sc, c->body, "reason", reasons, &reason));
	TRY(json_may_text(sc, c->body, "note", 1, 500, &note));
	TRY(stop_fail(sc, tx, c->who.operator_id, c->who.id, c->param[0], reasons[reason], note, &again));
	json_t *o = json_new_object(sc);
	json_put_text(o, "next", again ? "second_attempt" : "return");
	reply_json(c, o);
	return OK;
}

static enum code
returned(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t left;
	TRY(stop_return(sc, tx, c->who.operator_id, c->who.id, c->param[0], &left));
	json_t *o = json_new_object(sc);
	json_put_int(o, "left", left);
	reply_json(c, o);
	return OK;
}

/* --- positions --- */

struct track {
	struct position *p; /* one place is left before the first, for the fix that was stored last */
	size_t n;
	struct position_window window;
	json_t *refused;
	bool plausible;
	const char *why;
};

static enum code
take_position(struct scope *sc, const json_t *o, struct position *p)
{
	static const char *const names[] = {"at", "place", "accuracy_m", "speed_mps", NULL};
	p->speed_mps = -1;
	TRY(json_only(sc, o, names));
	TRY(json_need_time(sc, o, "at", &p->at_ms));
	TRY(json_need_place(sc, o, "place", &p->place));
	TRY(json_need_real(sc, o, "accuracy_m", 0, 1e6, &p->accuracy_m));
	if (json_object_get(o, "speed_mps") != NULL)
		TRY(json_need_real(sc, o, "speed_mps", 0, 500, &p->speed_mps));
	return OK;
}

static void
refuse(json_t *list, const struct position *p, const char *why)
{
	json_t *o = json_object();
	json_put_time(o, "at", p->at_ms);
	json_put_text(o, "reason", why);
	json_array_append_new(list, o);
}

static int
by_time(const void *a, const void *b)
{
	const struct position *x = a;
	const struct position *y = b;
	return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

/* A phone that reports fix by fix is judged like one that sends an hour at once. */
static enum code
judge_track(struct scope *sc, struct tx *tx, const struct call *c, struct track *t)
{
	struct position *before = t->p - 1;
	enum code rc = positions_last(sc, tx, c->who.operator_id, t->window.duty_id, before);
	bool follows = rc == OK && t->n > 0 && before->at_ms <= t->p[0].at_ms;
	if (rc == E_NOT_FOUND)
		error_clear(sc);
	else
		TRY(rc);
	t->plausible =
	    follows ? positions_plausible(before, t->n + 1, sc, &t->why) : positions_plausible(t->p, t->n, sc, &t->why);
	return OK;
}

static enum code
positions_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"positions", NULL};
	const json_t *list;
	struct track *t = NEW(sc, struct track);
	TRY(json_only(sc, c->body, names));
	TRY(json_need_array(sc, c->body, "positions", 1, POSITIONS_MAX, &list));
	TRY(positions_window(sc, tx, c->who.operator_id, c->who.id, &t->window));
	t->p = NEW_ARRAY(sc, json_array_size(list) + 1, struct position) + 1;
	t->refused = json_new_array(sc);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct position p;
		if (take_position(sc, json_array_get(list, i), &p) != OK)
			return error_prefix(sc, "\"positions\"[%zu]", i);
		const char *why = position_refusal(&t->window, &p, tx_now_ms(tx));
		if (why != NULL)
			refuse(t->refused, &p, why);
		else
			t->p[t->n++] = p;
	}
	qsort(t->p, t->n, sizeof *t->p, by_time); /* a phone may send what it had kept last */
	c->user = t;
	return judge_track(sc, tx, c, t);
}

static enum code
ask_review(struct scope *sc, struct tx *tx, void *arg)
{
	const struct call *c = arg;
	const struct track *t = c->user;
	return positions_ask_review(sc, tx, c->who.operator_id, c->who.id, t->window.duty_id, t->why);
}

/* A track that cannot be becomes a question to a person, and nothing else. */
static enum code
positions_work(struct scope *sc, struct call *c)
{
	const struct track *t = c->user;
	return t->plausible ? OK : store_write(sc, c->house->store, LANE_MAIN, ask_review, c);
}

static enum code
positions_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct track *t = c->user;
	struct position_window now;
	TRY(positions_window(sc, tx, c->who.operator_id, c->who.id, &now));
	if (!text_eq(now.duty_id, t->window.duty_id))
		return fail_as(sc, E_NOT_FOUND, "no-duty", "that duty is closed: your place is not recorded");
	if (t->n > 0)
		TRY(positions_add(sc, tx, c->who.operator_id, c->who.id, t->window.duty_id, t->p, t->n));
	json_t *o = json_new_object(sc);
	json_put_int(o, "stored", (int64_t)t->n);
	json_put(o, "refused", json_incref(t->refused));
	reply_json(c, o);
	return OK;
}

/* --- staff --- */

static enum code
put_live(struct scope *sc, struct tx *tx, struct call *c, json_t *duty)
{
	const char *driver_id = json_string_value(json_object_get(duty, "driver_id"));
	const char *state = json_string_value(json_object_get(duty, "state"));
	const char *name = NULL;
	if (driver_id != NULL && id_is(driver_id, "drv"))
		TRY(driver_name(sc, tx, c->house->keys, c->who.operator_id, driver_id, &name));
	json_put_text(duty, "driver_name", name);
	if (!text_eq(state, "loading") && !text_eq(state, "driving"))
		return OK; /* a place is shown while the duty is open, and not after */
	struct position last;
	enum code rc =
	    positions_last(sc, tx, c->who.operator_id, json_string_value(json_object_get(duty, "id")), &last);
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	json_put_place(duty, "last_place", last.place);
	json_put_time(duty, "last_at", last.at_ms);
	return OK;
}

/* An open duty's last positions, to be read as streets. */
struct tail {
	struct position *p;
	size_t n;
};
struct duties_seen {
	json_t *list;
	struct tail *tails; /* one a duty; n = 0: no place is shown */
};

static enum code
duties(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t from_ms;
	int64_t to_ms;
	struct duties_seen *seen = NEW(sc, struct duties_seen);
	size_t i;
	json_t *duty;
	TRY(call_day(sc, tx, c, &from_ms, &to_ms));
	TRY(duty_list(sc, tx, c->who.operator_id, from_ms, to_ms, &seen->list));
	seen->tails = NEW_ARRAY(sc, json_array_size(seen->list), struct tail);
	json_array_foreach(seen->list, i, duty)
	{
		TRY(put_live(sc, tx, c, duty));
		if (json_object_get(duty, "last_place") != NULL)
			TRY(positions_recent(sc, tx, c->who.operator_id, json_string_value(json_object_get(duty, "id")),
					     POSITIONS_TAIL, &seen->tails[i].p, &seen->tails[i].n));
	}
	c->user = seen;
	return OK;
}

/* Which streets these are; of no transaction, and kept nowhere. */
static enum code
duties_on_streets(struct scope *sc, struct call *c)
{
	const struct duties_seen *seen = c->user;
	const struct road *road = c->house->road;
	struct road_matcher *matcher = NULL;
	size_t i;
	json_t *duty;
	json_array_foreach(seen->list, i, duty)
	{
		if (road == NULL || seen->tails[i].n == 0)
			continue;
		if (matcher == NULL)
			matcher = road_matcher_new(sc, road);
		json_put_text(duty, "last_street",
			      positions_street(sc, matcher, road, seen->tails[i].p, seen->tails[i].n));
	}
	reply_items(sc, c, seen->list);
	return OK;
}

static enum code
duty_one(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(duty_for_staff(sc, tx, c->house->keys, c->who.operator_id, c->param[0], &o));
	TRY(put_live(sc, tx, c, o));
	const char *driver_id = json_string_value(json_object_get(o, "driver_id"));
	if (driver_id != NULL && id_is(driver_id, "drv"))
		TRY(access_note(sc, tx, c->who.operator_id, driver_id, c->who.id, "duty", "to see how the round goes"));
	reply_json(c, o);
	return OK;
}

static enum code
end_for_her(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"reasoning", NULL};
	const char *reasoning;
	struct id statement_id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &reasoning));
	TRY(day_duty_end(sc, tx, c->who.operator_id, c->param[0], c->who.id, reasoning, &statement_id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "duty_id", c->param[0]);
	json_put_text(o, "statement_id", statement_id.s);
	reply_json(c, o);
	return OK;
}

static enum code
photo(struct scope *sc, struct tx *tx, struct call *c)
{
	uint8_t *jpeg;
	size_t n;
	TRY(proof_photo(sc, tx, c->house->keys, c->who.operator_id, c->param[0], &jpeg, &n));
	reply_bytes(c, "image/jpeg", jpeg, n);
	return OK;
}

static const struct route rows[] = {
    {.method = "POST",
     .path = "/v1/driver/face-challenge",
     .who = MAY_DRIVER,
     .prepare = face_challenge_prepare,
     .commit = face_challenge_commit,
     .summary = "What the camera shall see at a check-in: poses and, if you take them, colours, in a drawn order",
     .request = "FaceChallengeAsk",
     .answer = "FaceChallenge",
     .body = BODY_JSON,
     .limit = LIMIT_FACE,
     .once = true,
     .status = 201},
    {.method = "POST",
     .path = "/v1/driver/check-ins",
     .who = MAY_DRIVER,
     .prepare = check_in_prepare,
     .work = check_in_work,
     .commit = check_in_commit,
     .summary = "Check in at the depot, with the phone's key or, opted in, with your face",
     .request = "CheckInNew",
     .answer = "CheckIn",
     .body = BODY_JSON,
     .body_max = BODY_PICTURES,
     .limit = LIMIT_FACE,
     .once = true,
     .status = 201},
    {.method = "POST",
     .path = "/v1/driver/duties",
     .who = MAY_DRIVER,
     .commit = open_duty,
     .summary = "Open the duty of an award, after checking in",
     .request = "DutyNew",
     .answer = "Duty",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/driver/duty",
     .who = MAY_DRIVER,
     .prepare = reply_duty,
     .summary = "Your open duty: plan, stops, parcels",
     .answer = "Duty"},
    {.method = "POST",
     .path = "/v1/driver/duty/scan",
     .who = MAY_DRIVER,
     .commit = scan,
     .summary = "A parcel goes aboard",
     .request = "Scan",
     .answer = "Scanned",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/duty/depart",
     .who = MAY_DRIVER,
     .commit = depart,
     .summary = "Leave the depot",
     .request = "Depart",
     .answer = "Duty",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/duty/reorder",
     .who = MAY_DRIVER,
     .prepare = reorder_prepare,
     .work = reorder_work,
     .commit = reorder_commit,
     .summary = "Your own order of the open stops",
     .request = "Reorder",
     .answer = "Duty",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/duty/close",
     .who = MAY_DRIVER,
     .commit = close_duty,
     .summary = "Close the duty; its statement is made",
     .answer = "DutyClosed",
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/positions",
     .who = MAY_DRIVER,
     .prepare = positions_prepare,
     .work = positions_work,
     .commit = positions_commit,
     .summary = "Where you have been, inside your open duty; all else is refused and not stored",
     .request = "PositionsNew",
     .answer = "PositionsStored",
     .body = BODY_JSON,
     .body_max = (size_t)256 << 10,
     .positions = true},
    {.method = "POST",
     .path = "/v1/driver/stops/{stop_id}/arrive",
     .who = MAY_DRIVER,
     .commit = arrive,
     .summary = "At the door",
     .request = "Arrive",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/stops/{stop_id}/deliver",
     .who = MAY_DRIVER,
     .prepare = deliver_prepare,
     .work = deliver_work,
     .commit = deliver_commit,
     .summary = "Delivered, with a photo, a code or the reason for neither",
     .request = "Deliver",
     .body = BODY_JSON,
     .body_max = BODY_PICTURES,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/stops/{stop_id}/fail",
     .who = MAY_DRIVER,
     .commit = fail_stop,
     .summary = "Not delivered, and why",
     .request = "FailStop",
     .answer = "StopFailed",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/driver/stops/{stop_id}/return",
     .who = MAY_DRIVER,
     .commit = returned,
     .summary = "Handed back at the depot",
     .answer = "StopReturned",
     .once = true},
    {.method = "GET",
     .path = "/v1/duties",
     .who = MAY_DISPATCH,
     .prepare = duties,
     .work = duties_on_streets,
     .summary = "Duties of a day; places only while a duty is open",
     .query = "date",
     .answer = "DutyList"},
    {.method = "GET",
     .path = "/v1/duties/{duty_id}",
     .who = MAY_DISPATCH,
     .commit = duty_one,
     .summary = "One duty with its stops; she reads that you looked",
     .answer = "Duty"},
    {.method = "POST",
     .path = "/v1/duties/{duty_id}/end",
     .who = MAY_DISPATCH,
     .commit = end_for_her,
     .summary = "A person ends an open duty, in her own words; parcels return, its statement is made",
     .request = "Reasoning",
     .answer = "DutyClosed",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/proofs/{proof_id}/photo",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .prepare = photo,
     .summary = "A delivery photograph, without faces, for 30 days",
     .answer = "image/jpeg"},
    {0},
};
const struct route_table api_duty_table = {"Duty", "From the depot's gate back to the depot's gate.", rows};
