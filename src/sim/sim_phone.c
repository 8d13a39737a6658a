/* A phone from sign-up to the depot's gate. */
#include "sim/sim_world.h"

#include <sodium.h>

#include "base/text.h"

#define MINUTE_MS INT64_C(60000)
#define REQUESTS 4 /* blocks a driver asks for */

static moment_fn phone_enrols, phone_requests, phone_looks, phone_gives_back, phone_checks_in, phone_appeals,
    phone_leaves;

/* --- signing --- */

static enum code
signed_by(struct scope *sc, const struct phone *p, const char *message, char **out)
{
	uint8_t signature[64];
	crypto_sign_detached(signature, NULL, (const uint8_t *)message, strlen(message), p->secret_key);
	*out = base64url_encode(sc, signature, sizeof signature);
	return OK;
}

/* Answers a challenge into `body`. */
static enum code
answer_challenge(struct scope *sc, struct sim *s, const struct phone *p, const json_t *ask, json_t *body)
{
	json_t *c;
	const char *message;
	char *signature;
	const char *token = p->token[0] == '\0' ? NULL : p->token;
	TRY(sim_do(sc, s, "POST", "/v1/driver/challenge", token, ask, 200, &c));
	TRY(sim_text(sc, c, "message", &message));
	TRY(signed_by(sc, p, message, &signature));
	json_put(body, "challenge", json_incref(json_object_get(c, "challenge")));
	json_put_text(body, "signature", signature);
	return OK;
}

/* A session lasts a working day; in the morning the phone answers a challenge again. */
enum code
phone_signs_in(struct scope *sc, struct sim *s, struct phone *p)
{
	json_t *ask = json_new_object(sc);
	json_t *body = json_new_object(sc);
	json_t *answer;
	p->token[0] = '\0';
	json_put_text(ask, "device_id", p->device_id);
	json_put_text(body, "device_id", p->device_id);
	TRY(answer_challenge(sc, s, p, ask, body));
	TRY(sim_do(sc, s, "POST", "/v1/driver/session", NULL, body, 0, &answer));
	return sim_keep(sc, answer, "token", p->token, sizeof p->token);
}

/* --- the evening before --- */

static json_t *
vehicle_of(const struct phone *p)
{
	static const char *const kinds[] = {"van", "van", "van", "cargo_bike", "car"};
	const char *kind = kinds[p->number % 5];
	bool bike = kind[0] == 'c' && kind[2] == 'r' && kind[3] == 'g';
	return json_pack("{sssIsI}", "kind", kind, "capacity_g", (json_int_t)(bike ? 180000 : 700000), "capacity_ml",
			 (json_int_t)(bike ? 1500000 : 6000000));
}

enum code
phone_signs_up(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	static const char *const first[] = {"Elin", "Omar", "Sofia", "Axel", "Nour",
					    "Ida",  "Hugo", "Leila", "Nils", "Åsa"};
	static const char *const last[] = {"Berg", "Hassan", "Öst", "Lund", "Åkesson", "Demir", "Nyström"};
	uint8_t seed[32];
	json_t *answer;
	json_t *body = json_new_object(sc);
	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)prng_u64(&s->rng);
	crypto_sign_seed_keypair(p->public_key, p->secret_key, seed);
	json_put_text(body, "name", scope_printf(sc, "%s %s", first[p->number % 10], last[p->number % 7]));
	json_put_text(body, "birth_date",
		      scope_printf(sc, "19%02d-0%d-1%d", 70 + p->number % 30, 1 + p->number % 9, p->number % 9));
	json_put_text(body, "phone", scope_printf(sc, "+4670%07d", 1000000 + p->number));
	json_put_text(body, "language", p->number % 3 == 0 ? "sv" : "en");
	json_put_text(body, "station", s->station);
	json_put(body, "vehicle", vehicle_of(p));
	json_put(body, "device",
		 json_pack("{ssss}", "public_key", base64url_encode(sc, p->public_key, 32), "label", "demo phone"));
	TRY(answer_challenge(sc, s, p, json_new_object(sc), body));
	TRY(sim_do(sc, s, "POST", "/v1/drivers", NULL, body, 0, &answer));
	TRY(sim_keep(sc, answer, "driver_id", p->driver_id, sizeof p->driver_id));
	TRY(sim_keep(sc, answer, "device_id", p->device_id, sizeof p->device_id));
	TRY(sim_keep(sc, answer, "token", p->token, sizeof p->token));
	p->here = s->depot;
	if (p->person >= 0)
		sim_at(s, s->now_ms + MINUTE_MS, phone_enrols, p, 0);
	sim_at(s, sim_clock(s, -1, 19, 0) + p->number * 10000, phone_requests, p, 0);
	sim_at(s, sim_clock(s, -1, 20, 10) + p->number * 1000, phone_looks, p, 0);
	if (p->number == 0)
		sim_say(s, "Drivers sign up.");
	return OK;
}

static enum code
add_selfie(struct scope *sc, struct sim *s, int person, json_t *list)
{
	char *base64;
	TRY(sim_selfie(sc, s->faces, person, SELFIE_GOOD, &s->rng, &base64));
	json_array_append_new(list, json_string(base64));
	return OK;
}

static enum code
phone_enrols(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	json_t *status;
	json_t *body = json_new_object(sc);
	json_t *pictures = json_array();
	TRY(sim_do(sc, s, "GET", "/v1/driver/enrolment", p->token, NULL, 200, &status));
	const json_t *text = json_object_get(status, "consent_text");
	json_put(
	    body, "consent",
	    json_pack("{sssb}", "text_version", json_string_value(json_object_get(text, "version")), "accepted", 1));
	json_put(body, "pictures", pictures);
	for (int i = 0; i < 3; i++)
		TRY(add_selfie(sc, s, p->person, pictures));
	struct sim_answer a;
	TRY(sim_call(sc, s->http, "POST", "/v1/driver/enrolment", p->token, body, NULL, &a));
	if (a.status >= 200 && a.status < 300)
		return OK;
	/* A sample photograph may be too poor to enrol; she keeps the device path. */
	const char *reason = json_string_value(json_object_get(a.json, "reason"));
	if (!text_eq(reason, "poor-capture"))
		return fail(sc, E_CONFLICT, "enrolment answered %d (%s)", a.status, reason == NULL ? "?" : reason);
	p->person = -1;
	json_put_int(s->told, "enrolments_too_poor",
		     json_integer_value(json_object_get(s->told, "enrolments_too_poor")) + 1);
	return OK;
}

/* For the next morning. Her session of the first evening is over. */
enum code
phone_asks_again(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	if (p->left || p->story == STORY_LEAVES)
		return OK;
	TRY(phone_signs_in(sc, s, p));
	sim_at(s, sim_clock(s, 0, 20, 40) + p->number * 1000, phone_looks, p, 1);
	return phone_requests(sc, s, p, arg);
}

static enum code
ask_for(struct scope *sc, struct sim *s, struct phone *p, const json_t *offer)
{
	uint8_t nonce[32];
	const char *id;
	json_t *body = json_new_object(sc);
	for (size_t i = 0; i < sizeof nonce; i++)
		nonce[i] = (uint8_t)prng_u64(&s->rng);
	TRY(sim_text(sc, offer, "id", &id));
	json_put_text(body, "nonce", base64url_encode(sc, nonce, sizeof nonce));
	return sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/blocks/%s/request", id), p->token, body, 0, NULL);
}

static enum code
phone_requests(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	json_t *answer;
	TRY(sim_do(sc, s, "GET", "/v1/driver/offers", p->token, NULL, 200, &answer));
	const json_t *items = json_object_get(answer, "items");
	size_t n = json_array_size(items);
	size_t from = n > 0 ? (size_t)p->number % n : 0;
	int asked = 0;
	for (size_t k = 0; k < n && asked < REQUESTS; k++) {
		const json_t *offer = json_array_get(items, (from + k) % n);
		if (!json_is_true(json_object_get(json_object_get(offer, "you"), "eligible")))
			continue;
		TRY(ask_for(sc, s, p, offer));
		asked++;
	}
	return OK;
}

static enum code
keep_award(struct scope *sc, struct phone *p, const json_t *award)
{
	const json_t *block;
	int64_t starts_ms;
	const char *state;
	int i = p->n_awards;
	TRY(sim_text(sc, award, "state", &state));
	if (strcmp(state, "awarded") != 0 || i == 2)
		return OK;
	TRY(json_need_object(sc, award, "block", &block));
	TRY(json_need_time(sc, block, "starts", &starts_ms));
	TRY(sim_keep(sc, award, "id", p->awards[i], sizeof p->awards[i]));
	p->award_starts_ms[i] = starts_ms;
	p->n_awards++;
	return OK;
}

/* arg 0: after the draw; 1: after what was given back has been drawn again. */
static enum code
phone_looks(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	json_t *answer;
	size_t k;
	json_t *award;
	p->n_awards = 0;
	TRY(sim_do(sc, s, "GET", "/v1/driver/awards", p->token, NULL, 200, &answer));
	json_array_foreach(json_object_get(answer, "items"), k, award) TRY(keep_award(sc, p, award));
	if (arg == 0) {
		if (p->person < 0 && p->n_awards > 0 && sim_story(s, p, STORY_GIVES_BACK))
			sim_at(s, sim_clock(s, -1, 20, 30), phone_gives_back, p, 0);
		sim_at(s, sim_clock(s, -1, 20, 45) + p->number * 1000, phone_looks, p, 1);
		return OK;
	}
	for (int i = 0; i < p->n_awards; i++) {
		int64_t early_ms = 10 * MINUTE_MS + (int64_t)prng_below(&s->rng, 15) * MINUTE_MS;
		sim_at(s, p->award_starts_ms[i] - early_ms, phone_checks_in, p, i);
	}
	if (p->n_awards == 0 || s->day > 0)
		return OK;
	if (p->person >= 0) {
		if (!sim_story(s, p, STORY_DARK_SELFIE))
			sim_story(s, p, STORY_STRANGER);
		return OK;
	}
	if (sim_story(s, p, STORY_APPEALS))
		sim_at(s, sim_clock(s, 0, 18, 30), phone_appeals, p, 0);
	else if (sim_story(s, p, STORY_LEAVES))
		sim_at(s, sim_clock(s, 0, 20, 30), phone_leaves, p, 0);
	else
		sim_story(s, p, STORY_LIES);
	return OK;
}

static enum code
phone_gives_back(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	sim_say(s, "A driver gives a block back; it is drawn again.");
	json_put_int(s->told, "given_back", 1);
	return sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/awards/%s/give-back", p->awards[0]), p->token,
		      json_new_object(sc), 0, NULL);
}

/* --- at the gate --- */

static enum code
poses_of(struct scope *sc, const json_t *challenge, enum face_ask asks[static CHALLENGE_ASKS])
{
	const json_t *poses;
	TRY(json_need_array(sc, challenge, "poses", CHALLENGE_ASKS, CHALLENGE_ASKS, &poses));
	for (size_t i = 0; i < CHALLENGE_ASKS; i++) {
		const char *word = json_string_value(json_array_get(poses, i));
		int k = 0;
		while (k < ASK_COUNT && !text_eq(word, face_ask_word((enum face_ask)k)))
			k++;
		if (k == ASK_COUNT)
			return fail(sc, E_INVALID, "the server asks for a pose that nobody knows");
		asks[i] = (enum face_ask)k;
	}
	return OK;
}

/* The frames that are asked for, and the phone's word that it took them. */
static enum code
face_answer(struct scope *sc, struct sim *s, struct phone *p, int award, json_t *body)
{
	json_t *c;
	const char *head;
	char *signature;
	enum face_ask asks[CHALLENGE_ASKS];
	struct face_picture frames[CHALLENGE_FRAMES];
	struct text message;
	json_t *ask = json_new_object(sc);
	json_t *pictures = json_array();
	bool dark = p->story == STORY_DARK_SELFIE && p->tries == 0;
	int person = p->story == STORY_STRANGER ? (p->person + 1) % sim_faces_count(s->faces) : p->person;
	json_put(body, "pictures", pictures);
	json_put_text(ask, "award_id", p->awards[award]);
	TRY(sim_do(sc, s, "POST", "/v1/driver/face-challenge", p->token, ask, 0, &c));
	TRY(sim_text(sc, c, "message", &head));
	TRY(poses_of(sc, c, asks));
	TRY(sim_frames(sc, s->faces, person, dark ? SELFIE_DARK : SELFIE_GOOD, asks, &s->rng, frames));
	text_init(&message, sc);
	text_printf(&message, "%s", head);
	for (size_t i = 0; i < CHALLENGE_FRAMES; i++) {
		uint8_t hash[crypto_hash_sha256_BYTES];
		crypto_hash_sha256(hash, frames[i].bytes, frames[i].n);
		text_printf(&message, "\n%s", hex_encode(sc, hash, sizeof hash));
		json_array_append_new(pictures, json_string(base64_encode(sc, frames[i].bytes, frames[i].n)));
	}
	TRY(signed_by(sc, p, message.s, &signature));
	json_put(body, "challenge", json_incref(json_object_get(c, "challenge")));
	json_put_text(body, "signature", signature);
	return OK;
}

static enum code
check_in_body(struct scope *sc, struct sim *s, struct phone *p, int award, json_t *body)
{
	json_put_text(body, "award_id", p->awards[award]);
	json_put_place(body, "place", s->depot);
	json_put_text(body, "method", p->person >= 0 ? "face" : "device");
	if (p->person < 0) {
		json_t *ask = json_new_object(sc);
		json_put_text(ask, "award_id", p->awards[award]);
		return answer_challenge(sc, s, p, ask, body);
	}
	return face_answer(sc, s, p, award, body);
}

static void
told_more(struct sim *s, const char *key)
{
	json_put_int(s->told, key, json_integer_value(json_object_get(s->told, key)) + 1);
}

/* What happened at the gate decides when she opens her duty. */
static enum code
after_check_in(struct scope *sc, struct sim *s, struct phone *p, int award, const json_t *answer)
{
	const char *outcome;
	int64_t opens_ms = p->award_starts_ms[award] + (int64_t)prng_below(&s->rng, 5) * MINUTE_MS;
	TRY(sim_text(sc, answer, "outcome", &outcome));
	told_more(s, scope_printf(sc, "check_in_%s", outcome));
	if (strcmp(outcome, "try_again") == 0) {
		p->tries++;
		if (p->tries == 1)
			sim_say(s, "A selfie does not pass (%s); she tries again.",
				json_is_string(json_object_get(answer, "hint"))
				    ? json_string_value(json_object_get(answer, "hint"))
				    : "no match");
		sim_at(s, s->now_ms + MINUTE_MS, phone_checks_in, p, award);
		return OK;
	}
	if (strcmp(outcome, "review") == 0) {
		sim_say(s, "A check-in goes to a person.");
		opens_ms = (s->now_ms > opens_ms ? s->now_ms : opens_ms) + 15 * MINUTE_MS;
	}
	if (p->story == STORY_STRANGER)
		p->story = STORY_NONE; /* in the afternoon she is herself */
	sim_at(s, opens_ms > s->now_ms ? opens_ms : s->now_ms + MINUTE_MS, phone_opens, p, award);
	return OK;
}

static enum code
phone_checks_in(struct scope *sc, struct sim *s, struct phone *p, int award)
{
	json_t *answer;
	json_t *body = json_new_object(sc);
	if (p->working) { /* the morning's round is not over yet */
		sim_at(s, s->now_ms + 5 * MINUTE_MS, phone_checks_in, p, award);
		return OK;
	}
	if (p->tries == 0 || s->day > 0)
		TRY(phone_signs_in(sc, s, p));
	TRY(check_in_body(sc, s, p, award, body));
	TRY(sim_do(sc, s, "POST", "/v1/driver/check-ins", p->token, body, 0, &answer));
	return after_check_in(sc, s, p, award, answer);
}

/* --- the evening --- */

/* Her newest statement misses twenty minutes of waiting; the reviewer will find that she is right. */
static enum code
phone_appeals(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	json_t *list;
	const char *decision;
	json_t *body = json_new_object(sc);
	TRY(phone_signs_in(sc, s, p));
	TRY(sim_do(sc, s, "GET", "/v1/driver/statements", p->token, NULL, 200, &list));
	const json_t *statement = json_array_get(json_object_get(list, "items"), 0);
	if (statement == NULL)
		return OK; /* she had no block today */
	TRY(sim_text(sc, statement, "decision_id", &decision));
	s->appeal_facts = json_own(s->world, json_deep_copy(json_object_get(statement, "facts")));
	json_put_int(s->appeal_facts, "wait_s",
		     json_integer_value(json_object_get(s->appeal_facts, "wait_s")) + 20 * 60);
	json_put_text(body, "text", "I waited at the depot for twenty minutes before my parcels were there.");
	sim_say(s, "A driver appeals against her statement.");
	return sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/decisions/%s/appeal", decision), p->token, body, 0,
		      NULL);
}

static enum code
phone_leaves(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	json_t *body = json_new_object(sc);
	json_t *receipt;
	TRY(phone_signs_in(sc, s, p));
	TRY(sim_do(sc, s, "GET", "/v1/driver/data", p->token, NULL, 200, NULL));
	json_put_bool(body, "confirm", true);
	TRY(sim_do(sc, s, "POST", "/v1/driver/leave", p->token, body, 0, &receipt));
	TRY(sim_do(sc, s, "GET", "/v1/driver/me", p->token, NULL, 401, NULL)); /* her token is dead */
	json_put_bool(s->told, "left_and_erased", true);
	p->left = true;
	sim_say(s, "A driver leaves and is erased.");
	return OK;
}
