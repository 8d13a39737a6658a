/* A duty's round: load, drive as the city really is, knock, hand over, come back. */
#include "sim/sim_world.h"

#include "base/text.h"

#define MINUTE_MS INT64_C(60000)
#define TRACK_S 20 /* a position every so often */
#define TRACK_MAX 400
#define FAIL_PERCENT 6
#define LOADING_MIN 10

static moment_fn phone_departs, phone_arrives, phone_knocks, phone_comes_home;

/* --- the plan as the phone has it --- */

static enum code
keep_stop(struct scope *sc, struct phone *p, const json_t *stop)
{
	const json_t *shipment = json_object_get(stop, "shipment");
	const char *proof = json_string_value(json_object_get(shipment, "proof"));
	struct phone_stop *k = &p->stops[p->n_stops];
	if (p->n_stops == PHONE_STOPS_MAX)
		return fail(sc, E_CONFLICT, "more than %d stops", PHONE_STOPS_MAX);
	TRY(sim_keep(sc, stop, "id", k->id, sizeof k->id));
	TRY(sim_keep(sc, stop, "shipment_id", k->shipment, sizeof k->shipment));
	TRY(json_need_place(sc, stop, "place", &k->place));
	TRY(json_need_int(sc, shipment, "service_s", 0, 100000, &k->told_s));
	k->proof = text_eq(proof, "photo") ? "photo" : text_eq(proof, "code") ? "code" : "any";
	k->failed_before = json_integer_value(json_object_get(stop, "attempts")) > 0;
	p->n_stops++;
	return OK;
}

/* The open stops of a duty, in its order. */
static enum code
keep_plan(struct scope *sc, struct phone *p, const json_t *duty)
{
	size_t i;
	json_t *stop;
	p->n_stops = 0;
	p->at_stop = 0;
	json_array_foreach(json_object_get(duty, "stops"), i, stop)
	{
		if (text_eq(json_string_value(json_object_get(stop, "state")), "open"))
			TRY(keep_stop(sc, p, stop));
	}
	return OK;
}

static enum code
scan_all(struct scope *sc, struct sim *s, struct phone *p, const json_t *duty)
{
	size_t i;
	size_t k;
	json_t *stop;
	json_t *parcel;
	json_array_foreach(json_object_get(duty, "stops"), i, stop)
	{
		const json_t *parcels = json_object_get(json_object_get(stop, "shipment"), "parcels");
		json_array_foreach((json_t *)parcels, k, parcel)
		{
			json_t *body = json_new_object(sc);
			json_put(body, "barcode", json_incref(json_object_get(parcel, "barcode")));
			TRY(sim_do(sc, s, "POST", "/v1/driver/duty/scan", p->token, body, 0, NULL));
		}
	}
	return OK;
}

enum code
phone_opens(struct scope *sc, struct sim *s, struct phone *p, int award)
{
	json_t *answer;
	json_t *duty;
	json_t *body = json_new_object(sc);
	json_put_text(body, "award_id", p->awards[award]);
	TRY(sim_do(sc, s, "POST", "/v1/driver/duties", p->token, body, 0, &answer));
	TRY(sim_do(sc, s, "GET", "/v1/driver/duty", p->token, NULL, 200, &duty));
	p->working = true;
	p->here = s->depot;
	p->door = s->depot;
	TRY(keep_plan(sc, p, duty));
	TRY(scan_all(sc, s, p, duty));
	sim_at(s, s->now_ms + LOADING_MIN * MINUTE_MS, phone_departs, p, 0);
	return OK;
}

/* --- driving --- */

static json_t *
position_json(struct sim *s, struct place at, int64_t at_ms)
{
	json_t *o = json_object();
	int32_t noise = 600; /* about 7 m */
	at.lat_e7 += (int32_t)prng_below(&s->rng, (uint32_t)noise) - noise / 2;
	at.lon_e7 += (int32_t)prng_below(&s->rng, (uint32_t)noise) - noise / 2;
	json_put_time(o, "at", at_ms);
	json_put_place(o, "place", at);
	json_put_real(o, "accuracy_m", 5 + prng_below(&s->rng, 10));
	return o;
}

/* What the phone saw since she left the last door: the walk to the van, the drive, the walk from it. */
static json_t *
track_json(struct sim *s, const struct phone *p, struct place to)
{
	json_t *list = json_array();
	int64_t stood_ms = p->drive_began_ms + p->drive.took_ms;
	int64_t step_ms = p->drive.took_ms / TRACK_MAX > TRACK_S * 1000 ? p->drive.took_ms / TRACK_MAX : TRACK_S * 1000;
	if (p->drive_began_ms > p->left_door_ms)
		json_array_append_new(list, position_json(s, p->door, p->left_door_ms));
	for (int64_t t = 0; t < p->drive.took_ms; t += step_ms)
		json_array_append_new(list, position_json(s, sim_drive_at(&p->drive, t), p->drive_began_ms + t));
	json_array_append_new(list, position_json(s, p->here, stood_ms));
	if (s->now_ms > stood_ms + 1000)
		json_array_append_new(list, position_json(s, to, s->now_ms));
	return list;
}

static enum code
send_track(struct scope *sc, struct sim *s, struct phone *p, struct place to)
{
	json_t *list = track_json(s, p, to);
	json_t *body = json_new_object(sc);
	json_put(body, "positions", list);
	if (p->story == STORY_LIES && p->at_stop == 1) {
		struct place elsewhere = {s->depot.lat_e7 + 900000, s->depot.lon_e7 + 1500000};
		json_array_append_new(list, position_json(s, elsewhere, s->now_ms - 2000));
		p->story = STORY_NONE; /* once is enough */
	}
	return sim_do(sc, s, "POST", "/v1/driver/positions", p->token, body, 0, NULL);
}

/* Some drive a little faster than others, and no two drives are alike. */
static int
driving_percent(struct sim *s, const struct phone *p)
{
	return 92 + p->number * 7 % 13 + (int)prng_below(&s->rng, 11) - 5;
}

static enum code
drive_on(struct scope *sc, struct sim *s, struct phone *p)
{
	bool home = p->at_stop == p->n_stops;
	struct place to = home ? s->depot : sim_truth_park(s->truth, p->stops[p->at_stop].place);
	p->left_door_ms = s->now_ms;
	p->drive_began_ms = s->now_ms + sim_walk_ms(p->door, p->here);
	TRY(sim_truth_drive(sc, s->truth, s->world, p->here, to, sim_local_ms(s, p->drive_began_ms),
			    driving_percent(s, p), &p->drive));
	p->here = p->drive.line[p->drive.n - 1];
	int64_t stands_ms = p->drive_began_ms + p->drive.took_ms;
	if (home)
		sim_at(s, stands_ms + MINUTE_MS, phone_comes_home, p, 0);
	else
		sim_at(s, stands_ms + sim_walk_ms(p->here, p->stops[p->at_stop].place) + 1, phone_arrives, p, 0);
	return OK;
}

static enum code
phone_departs(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	TRY(sim_do(sc, s, "POST", "/v1/driver/duty/depart", p->token, json_new_object(sc), 0, NULL));
	return drive_on(sc, s, p);
}

static enum code
phone_arrives(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	const struct phone_stop *k = &p->stops[p->at_stop];
	json_t *body = json_new_object(sc);
	TRY(send_track(sc, s, p, k->place));
	json_put_place(body, "place", k->place);
	TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/stops/%s/arrive", k->id), p->token, body, 0, NULL));
	p->door = k->place;
	sim_at(s, s->now_ms + sim_truth_stop_ms(s->truth, k->place, k->told_s, &s->rng), phone_knocks, p, 0);
	return OK;
}

/* --- at the door --- */

/* The recipient opens her link and reads the code out. */
static enum code
code_for(struct scope *sc, struct sim *s, const char *shipment, const char **code)
{
	for (size_t i = 0; i < s->n_links; i++) {
		json_t *link;
		if (strcmp(s->links[i].shipment, shipment) != 0)
			continue;
		TRY(sim_do(sc, s, "GET", scope_printf(sc, "/v1/track/%s", s->links[i].token), NULL, NULL, 200, &link));
		return sim_text(sc, link, "code", code);
	}
	return fail(sc, E_CONFLICT, "%s asks for a code that nobody was sent", shipment);
}

static enum code
proof_of(struct scope *sc, struct sim *s, const struct phone_stop *k, json_t **out)
{
	json_t *o = json_object();
	json_own(sc, o);
	const char *code;
	if (strcmp(k->proof, "photo") == 0) {
		char *base64;
		TRY(sim_door(sc, &s->rng, &base64));
		json_put_text(o, "photo", base64);
	} else if (strcmp(k->proof, "code") == 0) {
		TRY(code_for(sc, s, k->shipment, &code));
		json_put_text(o, "code", code);
	} else {
		json_put_text(o, "none_reason", "handed over in person");
	}
	*out = o;
	return OK;
}

static enum code
hand_over(struct scope *sc, struct sim *s, struct phone *p, const struct phone_stop *k)
{
	json_t *proof;
	struct sim_answer a;
	json_t *body = json_new_object(sc);
	const char *path = scope_printf(sc, "/v1/driver/stops/%s/deliver", k->id);
	const char *key = scope_printf(sc, "deliver-%s", k->id);
	TRY(proof_of(sc, s, k, &proof));
	json_put(body, "proof", json_incref(proof));
	json_put_text(body, "to", prng_below(&s->rng, 8) == 0 ? "neighbour" : "recipient");
	/* In a tunnel the answer gets lost now and then: the same call again must do nothing twice. */
	int sends = prng_below(&s->rng, 40) == 0 ? 2 : 1;
	for (int i = 0; i < sends; i++) {
		TRY(sim_call(sc, s->http, "POST", path, p->token, body, key, &a));
		if (a.status < 200 || a.status > 299)
			return fail(sc, E_CONFLICT, "%s answered %d: %.300s", path, a.status, json_text(sc, a.json));
	}
	return OK;
}

static enum code
not_at_home(struct scope *sc, struct sim *s, struct phone *p, const struct phone_stop *k)
{
	static const char *const reasons[] = {"nobody_home", "no_access", "nobody_home", "refused", "address_wrong"};
	json_t *answer;
	const char *next;
	json_t *body = json_new_object(sc);
	json_put_text(body, "reason", reasons[prng_below(&s->rng, COUNT_OF(reasons))]);
	TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/stops/%s/fail", k->id), p->token, body, 0, &answer));
	TRY(sim_text(sc, answer, "next", &next));
	if (strcmp(next, "return") == 0)
		memcpy(p->failed[p->n_failed++], k->id, sizeof k->id);
	return OK;
}

/* Doors that were shut are tried again at the end, in the order that suits her. */
static enum code
second_round(struct scope *sc, struct sim *s, struct phone *p)
{
	json_t *duty;
	json_t *list = json_array();
	json_t *body = json_new_object(sc);
	TRY(sim_do(sc, s, "GET", "/v1/driver/duty", p->token, NULL, 200, &duty));
	TRY(keep_plan(sc, p, duty));
	json_put(body, "stop_ids", list);
	if (p->n_stops == 0)
		return OK;
	for (int i = 0; i < p->n_stops; i++)
		json_array_append_new(list, json_string(p->stops[i].id));
	TRY(sim_do(sc, s, "POST", "/v1/driver/duty/reorder", p->token, body, 0, NULL));
	TRY(sim_do(sc, s, "GET", "/v1/driver/duty", p->token, NULL, 200, &duty));
	return keep_plan(sc, p, duty);
}

static enum code
phone_knocks(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	const struct phone_stop *k = &p->stops[p->at_stop];
	uint32_t percent = k->failed_before ? 30 : FAIL_PERCENT;
	if (prng_below(&s->rng, 100) < percent)
		TRY(not_at_home(sc, s, p, k));
	else
		TRY(hand_over(sc, s, p, k));
	p->at_stop++;
	if (p->at_stop == p->n_stops)
		TRY(second_round(sc, s, p));
	return drive_on(sc, s, p);
}

static enum code
phone_comes_home(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)arg;
	TRY(send_track(sc, s, p, s->depot));
	for (int i = 0; i < p->n_failed; i++)
		TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/driver/stops/%s/return", p->failed[i]), p->token,
			   json_new_object(sc), 0, NULL));
	p->n_failed = 0;
	TRY(sim_do(sc, s, "POST", "/v1/driver/duty/close", p->token, json_new_object(sc), 0, NULL));
	p->working = false;
	json_put_int(s->told, "duties_closed", json_integer_value(json_object_get(s->told, "duties_closed")) + 1);
	return OK;
}
