/* The desk: opens the house, publishes work, receives parcels, decides what people must decide. */
#include "sim/sim_world.h"

#include "base/text.h"

#define UNITS 2
#define SHIFT_H 4
#define NEXT_SHARE 4 /* the next morning is a quarter of the day */
#define JSON_SHARE 3 /* one shipment in three comes by JSON, the others by file */

static const char *const streets[] = {"Vasagatan",	 "Linnégatan",	"Avenyn",
				      "Kungsgatan",	 "Södra vägen", "Hjalmar Brantingsgatan",
				      "Övre Husargatan", "Stampgatan"};
static const char *const names[] = {"Åsa Lindqvist", "Oskar Öberg", "Fatima Haddad", "Jón Ægisson",
				    "Mei Chen",	     "Björn Ek",    "Zoë Müller",    "Amara Okafor"};

/* --- people of the house --- */

static enum code
sign_in(struct scope *sc, struct sim *s, const char *name, const char *passphrase, char *token)
{
	json_t *answer;
	json_t *body = json_new_object(sc);
	json_put_text(body, "name", name);
	json_put_text(body, "passphrase", passphrase);
	TRY(sim_do(sc, s, "POST", "/v1/staff/login", NULL, body, 200, &answer));
	return sim_keep(sc, answer, "token", token, TOKEN_MAX);
}

static enum code
hire(struct scope *sc, struct sim *s, const char *role, char token[static TOKEN_MAX])
{
	json_t *body = json_new_object(sc);
	const char *passphrase = scope_printf(sc, "the demo day's %s", role);
	const char *email = scope_printf(sc, "%s@demo.example", role);
	json_put_text(body, "name", role);
	json_put_text(body, "email", email);
	json_put_text(body, "role", role);
	json_put_text(body, "passphrase", passphrase);
	TRY(sim_do(sc, s, "POST", "/v1/staff", s->admin, body, 0, NULL));
	json_array_append_new(s->people, json_pack("{ssssss}", "role", role, "name", email, "passphrase", passphrase));
	return sign_in(sc, s, email, passphrase, token);
}

/* A shift's sign-in: sessions of the desk end after ten hours. */
enum code
desk_signs_in(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)p;
	(void)arg;
	char *const tokens[] = {s->admin, s->dispatcher, s->reviewer, s->representative, s->auditor};
	for (size_t i = 0; i < COUNT_OF(tokens); i++) {
		const json_t *who = json_array_get(s->people, i); /* hired in this order */
		TRY(sign_in(sc, s, json_string_value(json_object_get(who, "name")),
			    json_string_value(json_object_get(who, "passphrase")), tokens[i]));
	}
	return OK;
}

static enum code
first_id(struct scope *sc, struct sim *s, const char *path, char id[static ID_TEXT_MAX], json_t **whole)
{
	json_t *answer;
	TRY(sim_do(sc, s, "GET", path, s->admin, NULL, 200, &answer));
	*whole = json_array_get(json_object_get(answer, "items"), 0);
	return sim_keep(sc, *whole, "id", id, ID_TEXT_MAX);
}

/* Face checks become possible only with a basis, an assessment and the representative's signature. */
static enum code
allow_faces(struct scope *sc, struct sim *s)
{
	json_t *answer;
	json_t *body = json_new_object(sc);
	json_t *sign = json_new_object(sc);
	json_put(body, "face",
		 json_pack("{sbssss}", "enabled", 1, "lawful_basis",
			   "GDPR Art. 9(2)(a) with the device path as an equal alternative", "dpia_reference",
			   "DPIA 2026-11, station Gothenburg"));
	TRY(sim_do(sc, s, "PUT", scope_printf(sc, "/v1/programmes/%s", s->programme), s->admin, body, 0, &answer));
	json_put(sign, "version", json_incref(json_object_get(answer, "version")));
	json_put_bool(sign, "agree", true);
	json_put_text(sign, "words", "Agreed, as long as nobody is asked for her face.");
	return sim_do(sc, s, "POST", scope_printf(sc, "/v1/programmes/%s/cosign", s->programme), s->representative,
		      sign, 0, NULL);
}

static enum code
set_pay(struct scope *sc, struct sim *s)
{
	json_t *answer;
	json_t *body = json_new_object(sc);
	json_put_text(body, "name", "Gothenburg vans");
	json_put_text(body, "currency", "SEK");
	json_put(body, "rules",
		 json_pack("{sIsIsIsIsIsIsI}", "per_block", (json_int_t)4000, "per_hour", (json_int_t)15000, "per_stop",
			   (json_int_t)900, "per_km", (json_int_t)350, "wait_per_min", (json_int_t)250,
			   "minimum_per_engaged_hour", (json_int_t)19500, "vehicle_cost_per_km", (json_int_t)280));
	TRY(sim_do(sc, s, "POST", "/v1/pay-plans", s->admin, body, 0, &answer));
	return sim_keep(sc, answer, "id", s->pay_plan, ID_TEXT_MAX);
}

enum code
desk_opens(struct scope *sc, struct sim *s)
{
	json_t *whole;
	sim_say(s, "The desk opens: staff, policy, pay plan.");
	TRY(sign_in(sc, s, s->opt->user, s->opt->passphrase, s->admin));
	json_array_append_new(
	    s->people, json_pack("{ssssss}", "role", "admin", "name", s->opt->user, "passphrase", s->opt->passphrase));
	TRY(hire(sc, s, "dispatcher", s->dispatcher));
	TRY(hire(sc, s, "reviewer", s->reviewer));
	TRY(hire(sc, s, "representative", s->representative));
	TRY(hire(sc, s, "auditor", s->auditor));
	TRY(first_id(sc, s, "/v1/programmes", s->programme, &whole));
	TRY(first_id(sc, s, "/v1/stations", s->station, &whole));
	TRY(json_need_place(sc, whole, "place", &s->depot));
	if (s->faces != NULL)
		TRY(allow_faces(sc, s));
	return set_pay(sc, s);
}

/* --- parcels --- */

struct made_up {
	char reference[32];
	const char *recipient, *proof;
	char address[80];
	struct place place;
	int64_t earliest_ms, latest_ms;
	int parcels;
};

static struct made_up
make_up(struct sim *s, int i, int parcels_left)
{
	struct made_up m = {.recipient = names[prng_below(&s->rng, COUNT_OF(names))]};
	uint32_t kind = prng_below(&s->rng, 10);
	bool morning = i % 2 == 0 || s->day > 0;
	snprintf(m.reference, sizeof m.reference, "GBG-%06d", s->day * 500000 + i + 1);
	snprintf(m.address, sizeof m.address, "%s %d, Göteborg", streets[prng_below(&s->rng, COUNT_OF(streets))],
		 1 + (int)prng_below(&s->rng, 80));
	m.proof = kind < 3 ? "photo" : kind < 5 ? "code" : "any";
	m.place = road_random_street_point(s->road, &s->rng);
	m.earliest_ms = sim_clock(s, s->day, morning ? 7 : 13, 0);
	m.latest_ms = sim_clock(s, s->day, morning ? 12 : 19, 0);
	m.parcels = prng_below(&s->rng, 6) == 0 && parcels_left > 1 ? 2 : 1;
	return m;
}

static json_t *
shipment_json(struct sim *s, const struct made_up *m)
{
	json_t *o = json_object();
	json_t *parcels = json_array();
	json_put_text(o, "reference", m->reference);
	json_put(o, "recipient", json_pack("{ssss}", "name", m->recipient, "phone", "+46701234567"));
	json_put_text(o, "address", m->address);
	json_put_place(o, "place", m->place);
	json_put_time(o, "earliest", m->earliest_ms);
	json_put_time(o, "latest", m->latest_ms);
	json_put_int(o, "service_s", 120 + prng_below(&s->rng, 180));
	json_put_text(o, "proof", m->proof);
	for (int i = 0; i < m->parcels; i++)
		json_array_append_new(parcels,
				      json_pack("{sIsI}", "weight_g", 300 + (json_int_t)prng_below(&s->rng, 9000),
						"volume_ml", 500 + (json_int_t)prng_below(&s->rng, 20000)));
	json_put(o, "parcels", parcels);
	return o;
}

static void
shipment_csv(struct sim *s, const struct made_up *m, struct text *csv)
{
	char from[TIME_TEXT_MAX];
	char to[TIME_TEXT_MAX];
	text_printf(csv, "%s,\"%s\",\"%s\",%.7f,%.7f,%s,%s,%d,%.1f,%d,%s\n", m->reference, m->recipient, m->address,
		    place_lat(m->place), place_lon(m->place), time_format(m->earliest_ms, from),
		    time_format(m->latest_ms, to), m->parcels, 0.3 + prng_unit(&s->rng) * 9,
		    2 + (int)prng_below(&s->rng, 3), m->proof);
}

/* Senders hand the tracking links on to the recipients. */
static enum code
learn_links(struct scope *sc, struct sim *s, const json_t *answer)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(answer, "items"), i, one)
	{
		struct link_of *l = &s->links[s->n_links];
		const char *token;
		if (!text_eq(json_string_value(json_object_get(one, "proof")), "code"))
			continue;
		TRY(sim_keep(sc, one, "id", l->shipment, sizeof l->shipment));
		TRY(sim_text(sc, one, "tracking", &token));
		l->token = scope_strdup(s->world, token);
		s->n_links++;
	}
	return OK;
}

static enum code
send_parcels(struct scope *sc, struct sim *s, int parcels)
{
	char due[DATE_TEXT_MAX];
	json_t *list = json_array();
	json_t *body = json_new_object(sc);
	json_t *answer;
	struct text csv;
	struct sim_answer file;
	text_init(&csv, sc);
	text_add(&csv, "reference,recipient,address,lat,lon,earliest,latest,parcels,weight_kg,service_min,proof\n");
	json_put_text(body, "station_id", s->station);
	json_put(body, "shipments", list);
	sim_date(s, s->day, due);
	for (int i = 0, sent = 0; sent < parcels; i++) {
		struct made_up m = make_up(s, i, parcels - sent);
		sent += m.parcels;
		if (i % JSON_SHARE == 0)
			json_array_append_new(list, shipment_json(s, &m));
		else
			shipment_csv(s, &m, &csv);
	}
	TRY(sim_do(sc, s, "POST", "/v1/shipments", s->dispatcher, body, 0, &answer));
	TRY(learn_links(sc, s, answer));
	const char *path = scope_printf(sc, "/v1/shipments/import?station_id=%s&due_date=%s", s->station, due);
	TRY(sim_call_csv(sc, s->http, path, s->dispatcher, csv.s, &file));
	if (file.status != 201)
		return fail(sc, E_CONFLICT, "the import answered %d: %.300s", file.status, json_text(sc, file.json));
	return learn_links(sc, s, file.json);
}

/* --- blocks --- */

static enum code
publish_block(struct scope *sc, struct sim *s, bool morning)
{
	json_t *answer;
	json_t *body = json_new_object(sc);
	json_put_text(body, "programme", s->programme);
	json_put_text(body, "station", s->station);
	json_put_text(body, "pay_plan", s->pay_plan);
	json_put_time(body, "starts", sim_clock(s, s->day, morning ? 7 : 13, 0));
	json_put_time(body, "ends", sim_clock(s, s->day, (morning ? 7 : 13) + SHIFT_H, 30));
	json_put_int(body, "units", UNITS);
	json_put_time(body, "requests_close", sim_clock(s, s->day - 1, 20, 0));
	json_put(body, "terms",
		 json_pack("{s{sIss}s{sIsI}s{sIsI}sI}", "pay", "minor", (json_int_t)90000, "currency", "SEK", "stops",
			   "min", (json_int_t)8, "max", (json_int_t)26, "distance_m", "min", (json_int_t)8000, "max",
			   (json_int_t)60000, "rest_h", (json_int_t)10));
	TRY(sim_do(sc, s, "POST", "/v1/blocks", s->dispatcher, body, 0, &answer));
	return sim_keep(sc, answer, "id", s->blocks[s->n_blocks++], ID_TEXT_MAX);
}

enum code
desk_publishes(struct scope *sc, struct sim *s, struct phone *p, int day)
{
	(void)p;
	int parcels = day == 0 ? s->opt->parcels : (s->opt->parcels + NEXT_SHARE - 1) / NEXT_SHARE;
	int blocks = day == 0 ? s->opt->blocks : (s->opt->blocks + NEXT_SHARE - 1) / NEXT_SHARE;
	s->day = day;
	sim_say(s, "%d parcels come in%s, %d blocks are published.", parcels, day == 0 ? "" : " for the next morning",
		blocks);
	TRY(send_parcels(sc, s, parcels));
	for (int i = 0; i < blocks; i++)
		TRY(publish_block(sc, s, i % 2 == 0 || day > 0));
	return OK;
}

enum code
desk_receives(struct scope *sc, struct sim *s, struct phone *p, int day)
{
	(void)p;
	json_t *answer;
	json_t *body = json_new_object(sc);
	char date[DATE_TEXT_MAX];
	sim_date(s, day, date);
	json_put_text(body, "date", date);
	TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/stations/%s/receive", s->station), s->dispatcher, body, 0,
		   &answer));
	sim_say(s, "Morning: %" PRId64 " shipments are at the station.",
		(int64_t)json_integer_value(json_object_get(answer, "received")));
	return OK;
}

/* --- what the roads have taught --- */

enum code
desk_learns(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)p;
	(void)arg;
	return sim_do(sc, s, "POST", "/v1/roads/lessons", s->dispatcher, json_new_object(sc), 0, NULL);
}

enum code
desk_looks_back(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)p;
	(void)arg;
	json_t *answer;
	TRY(sim_do(sc, s, "GET", "/v1/roads/lessons", s->dispatcher, NULL, 200, &answer));
	const json_t *lesson = json_array_get(json_object_get(answer, "items"), 0);
	const json_t *drives = json_object_get(json_object_get(lesson, "checked"), "streets");
	json_put_int(s->told, "lessons", (int64_t)json_array_size(json_object_get(answer, "items")));
	if (drives != NULL)
		sim_say(s, "The morning was foretold at %.2f of what was driven; the map alone says %.2f.",
			json_real_value(json_object_get(drives, "foretold_over_driven")),
			json_real_value(
			    json_object_get(json_object_get(drives, "by_the_map_alone"), "foretold_over_driven")));
	return OK;
}

/* --- what people decide --- */

struct finding {
	const char *kind, *outcome, *words;
};
static const struct finding findings[] = {
    {"checkin.review", "passed", "I saw her licence at the gate and know her from last week; it is her."},
    {"position.implausible", "noted", "Her phone lost its signal under the bridge; nothing she could have done."},
    {"appeal", "upheld", "The gate log shows that the parcels came twenty minutes late. She waited."},
    {"signup.review", "accepted", "Papers and insurance are in order, I looked at both of them."},
    {"duty.review", "noted", "I called her: her van would not start, and the parcels are back on the shelf."},
    {"job.failed", "noted", "I have seen it and told the people who run the machine about it."},
};

static const struct finding *
finding_for(const char *kind)
{
	for (size_t i = 0; i < COUNT_OF(findings); i++)
		if (text_eq(findings[i].kind, kind))
			return &findings[i];
	return NULL;
}

static enum code
review(struct scope *sc, struct sim *s, const json_t *item)
{
	const char *id;
	const char *kind;
	json_t *body = json_new_object(sc);
	TRY(sim_text(sc, item, "id", &id));
	TRY(sim_text(sc, item, "kind", &kind));
	const struct finding *f = finding_for(kind);
	if (f == NULL)
		return fail(sc, E_CONFLICT, "nobody knows how to answer \"%s\"", kind);
	TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/queue/%s/open", id), s->reviewer, json_new_object(sc), 0,
		   NULL));
	json_put_text(body, "outcome", f->outcome);
	json_put_text(body, "reasoning", f->words);
	if (strcmp(kind, "appeal") == 0 && s->appeal_facts != NULL)
		json_put(body, "facts", json_incref(s->appeal_facts));
	TRY(sim_do(sc, s, "POST", scope_printf(sc, "/v1/queue/%s/decide", id), s->reviewer, body, 0, NULL));
	json_t *count = json_object_get(s->told, kind);
	json_put_int(s->told, kind, json_integer_value(count) + 1);
	sim_say(s, "A person decides: %s is %s.", kind, f->outcome);
	return OK;
}

enum code
desk_reviews(struct scope *sc, struct sim *s, struct phone *p, int arg)
{
	(void)p;
	(void)arg;
	json_t *answer;
	size_t i;
	json_t *item;
	TRY(sim_do(sc, s, "GET", "/v1/queue?state=open", s->reviewer, NULL, 200, &answer));
	json_array_foreach(json_object_get(answer, "items"), i, item) TRY(review(sc, s, item));
	return OK;
}
