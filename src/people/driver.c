/* Drivers: signing up, what the work needs to know, and the states that only
 * people lead into. */
#include "people/people_rows.h"
#include "store/event.h"

const char *const driver_state_words[] = {"applied", "active", "suspended", "deactivated", "refused", "left", NULL};
const char *const vehicle_words[] = {"van", "car", "bike", "cargo_bike", "foot", NULL};

/* --- signing up --- */

enum code
vehicle_parse(struct scope *sc, const json_t *vehicle, enum vehicle_kind *kind, int64_t *capacity_g,
	      int64_t *capacity_ml)
{
	static const char *const names[] = {"kind", "capacity_g", "capacity_ml", NULL};
	size_t k;
	int64_t g;
	int64_t ml;
	TRY(json_only(sc, vehicle, names));
	TRY(json_need_word(sc, vehicle, "kind", vehicle_words, &k));
	TRY(json_need_int(sc, vehicle, "capacity_g", 1000, 20000000, &g));
	TRY(json_need_int(sc, vehicle, "capacity_ml", 1000, 100000000, &ml));
	*kind = (enum vehicle_kind)k;
	*capacity_g = g;
	*capacity_ml = ml;
	return OK;
}

static enum code
parse_device(struct scope *sc, const json_t *json, struct signup *s)
{
	static const char *const names[] = {"public_key", "label", NULL};
	const json_t *device;
	const char *key;
	uint8_t *bytes;
	size_t n;
	TRY(json_need_object(sc, json, "device", &device));
	TRY(json_only(sc, device, names));
	TRY(json_need_text(sc, device, "public_key", 1, 100, &key));
	s->device_label = "phone";
	TRY(json_may_text(sc, device, "label", 1, 80, &s->device_label));
	if (base64_decode(sc, key, sizeof s->device_key, &bytes, &n) != OK || n != sizeof s->device_key)
		return fail_as(sc, E_INVALID, "bad-field", "\"public_key\": 32 bytes of an Ed25519 key, base64url");
	memcpy(s->device_key, bytes, n);
	return OK;
}

static enum code
parse_answer(struct scope *sc, const json_t *json, struct signup *s)
{
	const char *signature;
	uint8_t *bytes;
	size_t n;
	TRY(json_need_text(sc, json, "challenge", 1, 200, &s->challenge));
	TRY(json_need_text(sc, json, "signature", 1, 200, &signature));
	if (base64_decode(sc, signature, sizeof s->signature, &bytes, &n) != OK || n != sizeof s->signature)
		return fail_as(sc, E_INVALID, "bad-field", "\"signature\": 64 bytes, base64url");
	memcpy(s->signature, bytes, n);
	return OK;
}

enum code
signup_parse(struct scope *sc, const json_t *json, struct signup *out)
{
	static const char *const names[] = {"programme", "station", "name",   "birth_date", "email",	 "phone",
					    "language",	 "vehicle", "device", "challenge",  "signature", NULL};
	struct signup s = {.language = "en"};
	const json_t *vehicle;
	TRY(json_only(sc, json, names));
	TRY(json_need_text(sc, json, "programme", 1, 40, &s.programme_id));
	TRY(json_need_text(sc, json, "station", 1, 40, &s.station_id));
	TRY(json_need_text(sc, json, "name", 2, 120, &s.name));
	TRY(json_need_text(sc, json, "birth_date", 10, 10, &s.birth_date));
	TRY(json_may_text(sc, json, "email", 3, 254, &s.email));
	TRY(json_may_text(sc, json, "phone", 8, 17, &s.phone));
	TRY(json_may_text(sc, json, "language", 2, 10, &s.language));
	TRY(json_need_object(sc, json, "vehicle", &vehicle));
	TRY(vehicle_parse(sc, vehicle, &s.vehicle, &s.capacity_g, &s.capacity_ml));
	TRY(parse_device(sc, json, &s));
	TRY(parse_answer(sc, json, &s));
	*out = s;
	return OK;
}

/* "2026-11-22" → 20261122: dates compare as numbers. */
static long
date_number(const char *date)
{
	long year = strtol(date, NULL, 10);
	long month = strtol(date + 5, NULL, 10);
	return year * 10000 + month * 100 + strtol(date + 8, NULL, 10);
}

/* Eighteen years after the day of birth; who was born on 29 February is of age
 * on 1 March of a year without one. */
enum code
age_check(struct scope *sc, const char *birth_date, const char *today)
{
	int64_t born_ms;
	if (strlen(birth_date) != 10 || date_parse(sc, birth_date, &born_ms) != OK ||
	    date_number(birth_date) > date_number(today) || date_number(birth_date) < 19000101)
		return fail_as(sc, E_INVALID, "bad-field", "\"birth_date\": a date like 1990-04-30");
	if (date_number(birth_date) + 180000 > date_number(today))
		return fail_as(sc, E_INVALID, "under-age", "drivers are 18 or older");
	return OK;
}

static bool
email_shaped(const char *s)
{
	size_t at = strcspn(s, "@");
	size_t n = strlen(s);
	return at > 0 && at + 1 < n && n <= 254 && strchr(s + at + 1, '@') == NULL && strpbrk(s, " \t\n") == NULL;
}

static bool
phone_shaped(const char *s)
{
	size_t n = strlen(s);
	return s[0] == '+' && n >= 8 && n <= 16 && strspn(s + 1, "0123456789") == n - 1;
}

enum code
personal_check(struct scope *sc, const struct personal *p)
{
	size_t n = utf8_length(p->name);
	if (n < 2 || n > 120)
		return fail_as(sc, E_INVALID, "bad-field", "\"name\": must have 2 to 120 characters");
	if (p->email == NULL && p->phone == NULL)
		return fail_as(sc, E_INVALID, "bad-field", "\"phone\": give a phone number or an e-mail address");
	if (p->email != NULL && !email_shaped(p->email))
		return fail_as(sc, E_INVALID, "bad-field", "\"email\": not an address");
	if (p->phone != NULL && !phone_shaped(p->phone))
		return fail_as(sc, E_INVALID, "bad-field", "\"phone\": a number like +46701234567");
	return OK;
}

static enum code
insert_driver(struct scope *sc, struct tx *tx, const char *operator_id, const struct signup *s, const char *id)
{
	return sql_run(sc, tx,
		       "INSERT INTO driver (operator_id, seq, id, programme_id, station_id, state, language, vehicle,"
		       " capacity_g, capacity_ml, since_ms, left_ms) VALUES ($1,"
		       " (SELECT COALESCE(MAX(seq), 0) + 1 FROM driver WHERE operator_id = $1),"
		       " $2, $3, $4, 'applied', $5, $6, $7, $8, $9, 0)",
		       VALS(v_text(operator_id), v_text(id), v_text(s->programme_id), v_text(s->station_id),
			    v_text(s->language), v_text(vehicle_words[s->vehicle]), v_int(s->capacity_g),
			    v_int(s->capacity_ml), v_int(tx_now_ms(tx))),
		       NULL);
}

/* The published rule: of age, reachable, and the programme takes applicants at
 * once: then the account is active. */
static enum code
activate_by_rule(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
		 const struct policy *policy)
{
	struct id decision;
	json_t *inputs = json_new_object(sc);
	json_put_bool(inputs, "of_age", true);
	json_put_bool(inputs, "contact_given", true);
	json_put_int(inputs, "policy_version", policy->version);
	struct decision d = {
	    .operator_id = operator_id,
	    .driver_id = driver_id,
	    .kind = "signup.accept",
	    .subject = driver_id,
	    .rule = "people.signup/1",
	    .inputs = inputs,
	    .outcome = "accepted",
	    .reason = "conditions-met",
	};
	TRY(record_decide(sc, tx, &d, &decision));
	return sql_run(sc, tx,
		       "UPDATE driver SET state = 'active', state_decision_id = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(driver_id), v_text(decision.s)), NULL);
}

static enum code
ask_for_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *station_id)
{
	struct id item;
	json_t *evidence = json_new_array(sc);
	json_t *who = json_object();
	json_put_text(who, "label", "application");
	json_put_text(who, "href", scope_printf(sc, "/v1/drivers/%s", driver_id));
	json_array_append_new(evidence, who);
	struct queue_entry q = {
	    .operator_id = operator_id,
	    .station_id = station_id,
	    .driver_id = driver_id,
	    .kind = "signup.review",
	    .subject = driver_id,
	    .question = "Somebody has applied to drive: is she let in?",
	    .evidence = evidence,
	    .due_ms = tx_now_ms(tx) + 7 * DAY_MS,
	};
	return queue_add(sc, tx, &q, &item);
}

enum code
driver_sign_up(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const struct signup *s,
	       struct id *driver_id, struct id *device_id)
{
	struct operator o;
	struct policy policy;
	struct station station;
	char today[DATE_TEXT_MAX];
	struct personal p = {s->name, s->birth_date, s->email, s->phone};
	TRY(operator_get(sc, tx, operator_id, &o));
	TRY(programme_policy(sc, tx, operator_id, s->programme_id, 0, &policy));
	TRY(station_get(sc, tx, operator_id, s->station_id, &station));
	TRY(zone_date(sc, o.zone, tx_now_ms(tx), today));
	TRY(personal_check(sc, &p));
	TRY(age_check(sc, s->birth_date, today));
	TRY(challenge_answer(sc, tx, k, operator_id, "signup", s->challenge, s->device_key, s->signature));
	struct id id = tx_new_id(tx, "drv");
	struct id device;
	TRY(insert_driver(sc, tx, operator_id, s, id.s));
	TRY(personal_write(sc, tx, k, operator_id, id.s, &p));
	TRY(device_bind(sc, tx, operator_id, id.s, s->device_label, s->device_key, &device));
	if (policy.sign_up_review)
		TRY(ask_for_review(sc, tx, operator_id, id.s, s->station_id));
	else
		TRY(activate_by_rule(sc, tx, operator_id, id.s, &policy));
	TRY(event_emit(sc, tx, operator_id, id.s, FOR_BOTH, "driver.signed_up", id.s, NULL));
	*driver_id = id;
	*device_id = device;
	return OK;
}

/* --- reading --- */

#define DRIVER_COLUMNS \
	"id, programme_id, station_id, language, state, vehicle, capacity_g, capacity_ml, since_ms FROM driver"

static enum code
read_driver(struct scope *sc, struct rows *r, struct driver *out)
{
	int state;
	int vehicle;
	TRY(word_index(sc, driver_state_words, row_text(sc, r, 4), &state));
	TRY(word_index(sc, vehicle_words, row_text(sc, r, 5), &vehicle));
	*out = (struct driver){
	    .id = row_text(sc, r, 0),
	    .programme_id = row_text(sc, r, 1),
	    .station_id = row_text(sc, r, 2),
	    .language = row_text(sc, r, 3),
	    .state = (enum driver_state)state,
	    .vehicle = (enum vehicle_kind)vehicle,
	    .capacity_g = row_int(r, 6),
	    .capacity_ml = row_int(r, 7),
	    .since_ms = row_int(r, 8),
	};
	return OK;
}

enum code
driver_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct driver *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " DRIVER_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such driver");
	TRY(rc);
	return read_driver(sc, r, out);
}

enum code
drivers_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, enum driver_state state,
	   struct driver **out, size_t *n)
{
	struct rows *r;
	size_t cap = 64;
	size_t len = 0;
	struct driver *list = NEW_ARRAY(sc, cap, struct driver);
	const char *word = state == DRIVER_STATES ? NULL : driver_state_words[state];
	TRY(sql_query(sc, tx, &r,
		      "SELECT " DRIVER_COLUMNS
		      " WHERE operator_id = $1 AND (CAST($2 AS TEXT) IS NULL OR station_id = $2)"
		      " AND (CAST($3 AS TEXT) IS NULL OR state = $3) ORDER BY seq",
		      VALS(v_text(operator_id), v_text(station_id), v_text(word))));
	while (row_next(r)) {
		if (len == cap) {
			struct driver *more = NEW_ARRAY(sc, cap * 2, struct driver);
			memcpy(more, list, len * sizeof *list);
			list = more;
			cap *= 2;
		}
		TRY(read_driver(sc, r, &list[len]));
		len++;
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = len;
	return OK;
}

/* --- what people decide --- */

struct arrow {
	enum driver_state from, to;
	const char *kind;
};
static const struct arrow arrows[] = {
    {DRIVER_APPLIED, DRIVER_ACTIVE, "signup.accept"},
    {DRIVER_APPLIED, DRIVER_REFUSED, "signup.refuse"},
    {DRIVER_REFUSED, DRIVER_ACTIVE, "signup.accept"},
    {DRIVER_ACTIVE, DRIVER_SUSPENDED, "driver.suspend"},
    {DRIVER_ACTIVE, DRIVER_DEACTIVATED, "driver.deactivate"},
    {DRIVER_SUSPENDED, DRIVER_ACTIVE, "driver.reinstate"},
    {DRIVER_SUSPENDED, DRIVER_SUSPENDED, "driver.suspend"},
    {DRIVER_SUSPENDED, DRIVER_DEACTIVATED, "driver.deactivate"},
    {DRIVER_DEACTIVATED, DRIVER_ACTIVE, "driver.reinstate"},
};

static const struct arrow *
arrow_find(enum driver_state from, enum driver_state to)
{
	for (size_t i = 0; i < COUNT_OF(arrows); i++)
		if (arrows[i].from == from && arrows[i].to == to)
			return &arrows[i];
	return NULL;
}

static enum code
check_reviewer(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id)
{
	struct staff s;
	if (staff_id == NULL)
		return fail_as(sc, E_DENIED, "human-only", "this is for a person to decide");
	TRY(staff_get(sc, tx, operator_id, staff_id, &s));
	if (s.disabled || !role_may(s.role, RIGHT_REVIEW))
		return fail(sc, E_DENIED, "this is for a reviewer to decide");
	return OK;
}

#define SUSPENSION_MAX_MS (366 * DAY_MS)
#define SUSPENSION_ANSWER_MS (3 * DAY_MS) /* once asked, how soon a person answers */

static enum code
check_until(struct scope *sc, struct tx *tx, const struct driver_verdict *v)
{
	int64_t now = tx_now_ms(tx);
	if (v->until_ms == 0)
		return OK;
	if (v->to != DRIVER_SUSPENDED)
		return fail_as(sc, E_INVALID, "bad-field", "\"until\" is for a suspension");
	if (v->until_ms <= now || v->until_ms > now + SUSPENSION_MAX_MS)
		return fail_as(sc, E_INVALID, "bad-field", "\"until\" must be in the future, within a year");
	return OK;
}

static enum code
ask_when_it_is_over(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, int64_t until_ms,
		    const char *decision_id)
{
	json_t *payload = json_new_object(sc);
	json_put_text(payload, "decision", decision_id);
	return job_add(sc, tx, people_suspension_job.name, operator_id, driver_id, until_ms, payload);
}

enum code
driver_decide(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
	      const struct driver_verdict *v, struct id *decision_id)
{
	struct driver d;
	struct id id;
	TRY(check_reviewer(sc, tx, operator_id, v->staff_id));
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	const struct arrow *arrow = arrow_find(d.state, v->to);
	if (arrow == NULL)
		return fail_as(sc, E_CONFLICT, "bad-state", "a driver who is %s cannot become %s",
			       driver_state_words[d.state], driver_state_words[v->to]);
	TRY(check_until(sc, tx, v));
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "from", driver_state_words[d.state]);
	json_put_text(inputs, "to", driver_state_words[v->to]);
	if (v->until_ms != 0)
		json_put_time(inputs, "until", v->until_ms);
	if (v->review != NULL)
		json_put(inputs, "review", json_deep_copy(v->review));
	struct decision decision = {
	    .operator_id = operator_id,
	    .driver_id = driver_id,
	    .kind = arrow->kind,
	    .subject = driver_id,
	    .rule = "people.states/1",
	    .inputs = inputs,
	    .outcome = driver_state_words[v->to],
	    .reason = v->reason,
	    .staff_id = v->staff_id,
	    .reasoning = v->reasoning,
	    .overrides = v->overrides,
	};
	TRY(record_decide(sc, tx, &decision, &id));
	TRY(sql_run(sc, tx,
		    "UPDATE driver SET state = $3, state_staff_id = $4, state_decision_id = $5"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(driver_id), v_text(driver_state_words[v->to]), v_text(v->staff_id),
			 v_text(id.s)),
		    NULL));
	if (v->until_ms != 0)
		TRY(ask_when_it_is_over(sc, tx, operator_id, driver_id, v->until_ms, id.s));
	json_t *data = json_new_object(sc);
	json_put_text(data, "state", driver_state_words[v->to]);
	TRY(event_emit(sc, tx, operator_id, driver_id, FOR_BOTH, "driver.state", driver_id, data));
	*decision_id = id;
	return OK;
}

/* Is it still this decision that keeps her out? */
static enum code
still_suspended(struct scope *sc, struct tx *tx, const struct job *job, const char **decision_id, bool *is)
{
	struct rows *r;
	const char *asked = json_string_value(json_object_get(job->payload, "decision"));
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT state_decision_id FROM driver WHERE operator_id = $1 AND id = $2"
			       " AND state = 'suspended'",
			       VALS(v_text(job->operator_id), v_text(job->subject)));
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	*is = rc == OK && text_eq(row_text(sc, r, 0), asked);
	*decision_id = asked;
	error_clear(sc);
	return OK;
}

/* The date has come: a person is asked, and until she answers nothing changes. */
static enum code
suspension_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	const char *decision_id;
	json_t *decision;
	struct id id;
	bool is;
	(void)ctx;
	(void)result;
	TRY(still_suspended(sc, tx, job, &decision_id, &is));
	if (!is)
		return OK;
	TRY(record_decision_json(sc, tx, job->operator_id, decision_id, &decision));
	json_t *evidence = json_new_array(sc);
	json_t *one = json_object();
	json_put_text(one, "label", "decision");
	json_put(one, "value", json_incref(decision));
	json_array_append_new(evidence, one);
	const struct queue_entry q = {
	    .operator_id = job->operator_id,
	    .driver_id = job->subject,
	    .kind = "suspension.review",
	    .subject = decision_id,
	    .question = "The date given for this suspension has come: does she work again?",
	    .evidence = evidence,
	    .due_ms = tx_now_ms(tx) + SUSPENSION_ANSWER_MS,
	};
	return queue_add(sc, tx, &q, &id);
}

const struct job_kind people_suspension_job = {"people.suspension", NULL, suspension_commit, NULL};

enum code
people_count(struct scope *sc, struct tx *tx, const char *operator_id, struct people_counts *out)
{
	struct rows *r;
	struct people_counts c = {0};
	TRY(sql_query(sc, tx, &r, "SELECT state, COUNT(*) FROM driver WHERE operator_id = $1 GROUP BY state",
		      VALS(v_text(operator_id))));
	while (row_next(r)) {
		int state;
		TRY(word_index(sc, driver_state_words, row_text(sc, r, 0), &state));
		c.by_state[state] = row_int(r, 1);
	}
	TRY(rows_end(sc, r));
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM enrolment WHERE operator_id = $1 AND state = 'enrolled'",
		    VALS(v_text(operator_id))));
	c.with_face = row_int(r, 0);
	*out = c;
	return OK;
}
