/* The operator's people: signing in, each other, programmes, stations, pay plans. */
#include "api/areas.h"
#include "base/text.h"
#include "pay/pay.h"

/* --- signing in --- */

struct signing_in {
	const char *passphrase;
	struct login login;
	bool right;
};

/* "anna" means "anna@<the operator's word>", so that a house needs no mail to begin with. */
static enum code
address_of(struct scope *sc, struct tx *tx, const char *slug, const char *name, const char **out)
{
	struct operator op;
	if (strchr(name, '@') != NULL) {
		*out = name;
		return OK;
	}
	TRY(operator_find(sc, tx, slug, &op));
	*out = scope_printf(sc, "%s@%s", name, op.slug);
	return OK;
}

static enum code
login_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"name", "passphrase", "operator", NULL};
	struct signing_in *in = NEW(sc, struct signing_in);
	const char *name;
	const char *slug = NULL;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "name", 1, 254, &name));
	TRY(json_need_text(sc, c->body, "passphrase", 1, 200, &in->passphrase));
	TRY(json_may_text(sc, c->body, "operator", 1, 40, &slug));
	TRY(address_of(sc, tx, slug, name, &name));
	TRY(staff_login_find(sc, tx, slug, name, &in->login));
	c->user = in;
	return OK;
}

static enum code
login_work(struct scope *sc, struct call *c)
{
	struct signing_in *in = c->user;
	return passphrase_verify(sc, in->login.hash, in->passphrase, &in->right);
}

static json_t *
staff_json(struct scope *sc, const struct staff *s)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", s->id);
	json_put_text(o, "name", s->name);
	json_put_text(o, "email", s->email);
	json_put_text(o, "role", role_words[s->role]);
	return o;
}

static enum code
put_staff_and_operator(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id, json_t *into)
{
	struct staff s;
	struct operator op;
	TRY(staff_get(sc, tx, operator_id, staff_id, &s));
	TRY(operator_get(sc, tx, operator_id, &op));
	json_put(into, "staff", json_incref(staff_json(sc, &s)));
	json_t *o = json_object();
	json_put_text(o, "id", op.id);
	json_put_text(o, "slug", op.slug);
	json_put_text(o, "name", op.name);
	json_put_text(o, "currency", op.currency.code);
	json_put_text(o, "zone", op.zone);
	json_put(into, "operator", o);
	return OK;
}

static enum code
login_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct signing_in *in = c->user;
	const char *token;
	TRY(staff_login_done(sc, tx, c->house->keys, &in->login, in->right, &token));
	if (token == NULL) {
		reply_problem(c, E_UNAUTHENTICATED, "wrong-passphrase", "the name or the passphrase is wrong");
		return OK;
	}
	json_t *o = json_new_object(sc);
	json_put_text(o, "token", token);
	json_put_time(o, "expires_at", tx_now_ms(tx) + SESSION_STAFF_MS);
	TRY(put_staff_and_operator(sc, tx, in->login.operator_id, in->login.staff_id, o));
	reply_json(c, o);
	return OK;
}

static enum code
logout(struct scope *sc, struct tx *tx, struct call *c)
{
	return session_end(sc, tx, c->who.operator_id, c->who.session_id);
}

static enum code
me(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o = json_new_object(sc);
	TRY(put_staff_and_operator(sc, tx, c->who.operator_id, c->who.id, o));
	json_put_time(o, "expires_at", c->who.expires_ms);
	reply_json(c, o);
	return OK;
}

/* --- staff --- */

static enum code
staff_all(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(staff_list(sc, tx, c->who.operator_id, &list));
	reply_items(sc, c, list);
	return OK;
}

struct hiring {
	struct staff_new who;
	const char *passphrase;
};

static enum code
hire_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"name", "email", "role", "passphrase", NULL};
	struct hiring *h = NEW(sc, struct hiring);
	struct operator op;
	size_t role;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "name", 1, 120, &h->who.name));
	h->who.email = h->who.name;
	TRY(json_may_text(sc, c->body, "email", 3, 254, &h->who.email));
	TRY(json_need_word(sc, c->body, "role", role_words, &role));
	h->who.role = (enum role)role;
	if (h->who.role != ROLE_INTEGRATOR)
		TRY(json_need_text(sc, c->body, "passphrase", PASSPHRASE_MIN, 200, &h->passphrase));
	TRY(operator_get(sc, tx, c->who.operator_id, &op));
	TRY(address_of(sc, tx, op.slug, h->who.email, &h->who.email));
	c->user = h;
	return OK;
}

static enum code
hire_work(struct scope *sc, struct call *c)
{
	struct hiring *h = c->user;
	return h->passphrase == NULL ? OK : passphrase_hash(sc, h->passphrase, &h->who.passphrase_hash);
}

static enum code
hire_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hiring *h = c->user;
	struct id id;
	struct staff s;
	TRY(staff_create(sc, tx, c->who.operator_id, &h->who, &id));
	TRY(staff_get(sc, tx, c->who.operator_id, id.s, &s));
	json_t *o = staff_json(sc, &s);
	if (h->who.role == ROLE_INTEGRATOR) {
		const char *key;
		TRY(integrator_key(sc, tx, c->house->keys, c->who.operator_id, id.s, &key));
		json_put_text(o, "token", key); /* once, here and never again */
	}
	reply_json(c, o);
	return OK;
}

static enum code
let_go(struct scope *sc, struct tx *tx, struct call *c)
{
	return staff_disable(sc, tx, c->who.operator_id, c->param[0]);
}

struct new_words {
	const char *old_words, *new_words;
	struct login login;
	bool right;
	const char *hash;
};

static enum code
words_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"old", "new", NULL};
	struct new_words *w = NEW(sc, struct new_words);
	struct staff s;
	struct operator op;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "old", 1, 200, &w->old_words));
	TRY(json_need_text(sc, c->body, "new", PASSPHRASE_MIN, 200, &w->new_words));
	TRY(staff_get(sc, tx, c->who.operator_id, c->who.id, &s));
	TRY(operator_get(sc, tx, c->who.operator_id, &op));
	TRY(staff_login_find(sc, tx, op.slug, s.email, &w->login));
	c->user = w;
	return OK;
}

static enum code
words_work(struct scope *sc, struct call *c)
{
	struct new_words *w = c->user;
	TRY(passphrase_verify(sc, w->login.hash, w->old_words, &w->right));
	return w->right ? passphrase_hash(sc, w->new_words, &w->hash) : OK;
}

/* Every session of hers ends, this one too: whoever else is in gets out. */
static enum code
words_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	struct new_words *w = c->user;
	const char *token;
	if (!w->right) {
		TRY(staff_login_done(sc, tx, c->house->keys, &w->login, false, &token)); /* counts the try */
		reply_problem(c, E_DENIED, "wrong-passphrase", "the old passphrase is wrong");
		return OK;
	}
	TRY(staff_set_passphrase(sc, tx, c->who.operator_id, c->who.id, w->hash));
	return sessions_end(sc, tx, c->who.operator_id, c->who.id);
}

/* --- programmes --- */

static enum code
programmes(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(programme_list(sc, tx, c->who.operator_id, &list));
	reply_items(sc, c, list);
	return OK;
}

/* The policy's members stand beside the programme's name. */
static enum code
take_policy(struct scope *sc, const struct call *c, const char **name, json_t **policy)
{
	static const char *const names[] = {"name", "award_rule", "sign_up", "face", "monitoring", NULL};
	static const char *const members[][2] = {
	    {"award_rule", "award"}, {"sign_up", "sign_up"}, {"face", "face"}, {"monitoring", "monitoring"}};
	TRY(json_only(sc, c->body, names));
	TRY(json_may_text(sc, c->body, "name", 1, 120, name));
	json_t *p = json_new_object(sc);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		json_t *v = json_object_get(c->body, members[i][0]);
		if (v != NULL)
			json_put(p, members[i][1], json_incref(v));
	}
	*policy = p;
	return OK;
}

static enum code
programme_add(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *name = NULL;
	json_t *policy;
	struct id id;
	TRY(take_policy(sc, c, &name, &policy));
	if (name == NULL)
		return fail_as(sc, E_INVALID, "bad-field", "\"name\" is missing");
	TRY(programme_create(sc, tx, c->who.operator_id, c->who.id, name, policy, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	json_put_int(o, "version", 1);
	reply_json(c, o);
	return OK;
}

static enum code
programme_next(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *name = NULL;
	json_t *policy;
	int64_t version;
	bool waiting;
	TRY(take_policy(sc, c, &name, &policy));
	if (name != NULL)
		return fail_as(sc, E_INVALID, "bad-field", "\"name\" does not change");
	TRY(programme_propose(sc, tx, c->who.operator_id, c->param[0], c->who.id, policy, &version, &waiting));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", c->param[0]);
	json_put_int(o, "version", version);
	json_put_bool(o, "waiting", waiting);
	reply_json(c, o);
	return OK;
}

static enum code
programme_cosign(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"version", "agree", "words", NULL};
	int64_t version;
	bool agree = true;
	const char *words = "";
	TRY(json_only(sc, c->body, names));
	TRY(json_need_int(sc, c->body, "version", 1, INT64_MAX, &version));
	TRY(json_may_bool(sc, c->body, "agree", &agree));
	TRY(json_may_text(sc, c->body, "words", 0, 2000, &words));
	return programme_sign(sc, tx, c->who.operator_id, c->param[0], version, c->who.id, agree, words);
}

/* --- stations --- */

static enum code
stations(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(station_list(sc, tx, c->who.operator_id, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
station_add(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"name", "place", "address", "zone", NULL};
	struct station_new s = {0};
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "name", 1, 120, &s.name));
	TRY(json_need_text(sc, c->body, "address", 1, 300, &s.address));
	TRY(json_may_text(sc, c->body, "zone", 1, 60, &s.zone));
	TRY(json_need_place(sc, c->body, "place", &s.place));
	TRY(station_create(sc, tx, c->who.operator_id, &s, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	reply_json(c, o);
	return OK;
}

/* --- pay plans --- */

static enum code
pay_plans(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(pay_plan_list(sc, tx, c->who.operator_id, &list)); /* a page already */
	reply_json(c, list);
	return OK;
}

static enum code
pay_plan_add(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"id", "name", "currency", "rules", NULL};
	const char *id = NULL;
	const char *name;
	const char *currency;
	const json_t *rules;
	struct pay_rates rates;
	struct pay_plan plan;
	TRY(json_only(sc, c->body, names));
	TRY(json_may_text(sc, c->body, "id", 1, 40, &id));
	TRY(json_need_text(sc, c->body, "name", 1, 120, &name));
	TRY(json_need_text(sc, c->body, "currency", 3, 3, &currency));
	TRY(json_need_object(sc, c->body, "rules", &rules));
	TRY(pay_rates_parse(sc, rules, currency, &rates));
	TRY(pay_plan_put(sc, tx, c->who.operator_id, c->who.id, id, name, &rates, &plan));
	reply_json(c, pay_plan_json(sc, &plan));
	return OK;
}

static const struct route rows[] = {
    {.method = "POST",
     .path = "/v1/staff/login",
     .who = MAY_PUBLIC,
     .prepare = login_prepare,
     .work = login_work,
     .commit = login_commit,
     .summary = "Sign in with a passphrase",
     .request = "StaffLogin",
     .answer = "StaffSession",
     .body = BODY_JSON,
     .limit = LIMIT_SIGN_IN},
    {.method = "POST", .path = "/v1/staff/logout", .who = MAY_STAFF, .commit = logout, .summary = "End this session"},
    {.method = "GET",
     .path = "/v1/staff/me",
     .who = MAY_STAFF,
     .prepare = me,
     .summary = "Who this session is",
     .answer = "StaffMe"},
    {.method = "GET",
     .path = "/v1/staff",
     .who = MAY_MANAGE,
     .prepare = staff_all,
     .summary = "The operator's people",
     .answer = "StaffList"},
    {.method = "POST",
     .path = "/v1/staff",
     .who = MAY_MANAGE,
     .prepare = hire_prepare,
     .work = hire_work,
     .commit = hire_commit,
     .summary = "Add a person, or an integrator's machine with its key",
     .request = "StaffNew",
     .answer = "Staff",
     .body = BODY_JSON,
     .status = 201},
    {.method = "POST",
     .path = "/v1/staff/{staff_id}/disable",
     .who = MAY_MANAGE,
     .commit = let_go,
     .summary = "Somebody no longer works here: her sessions end",
     .once = true},
    {.method = "POST",
     .path = "/v1/staff/passphrase",
     .who = MAY_STAFF,
     .prepare = words_prepare,
     .work = words_work,
     .commit = words_commit,
     .summary = "A new passphrase; all your sessions end",
     .request = "PassphraseNew",
     .body = BODY_JSON,
     .limit = LIMIT_SIGN_IN},
    {.method = "GET",
     .path = "/v1/programmes",
     .who = MAY_STAFF,
     .prepare = programmes,
     .summary = "Programmes, their policies in force and those waiting for a signature",
     .answer = "ProgrammeList"},
    {.method = "POST",
     .path = "/v1/programmes",
     .who = MAY_MANAGE,
     .commit = programme_add,
     .summary = "A new programme",
     .request = "ProgrammeNew",
     .answer = "ProgrammeVersion",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "PUT",
     .path = "/v1/programmes/{programme_id}",
     .who = MAY_MANAGE,
     .commit = programme_next,
     .summary = "The policy's next version; more monitoring waits for the representative",
     .request = "PolicyNew",
     .answer = "ProgrammeVersion",
     .body = BODY_JSON},
    {.method = "POST",
     .path = "/v1/programmes/{programme_id}/cosign",
     .who = MAY_COSIGN,
     .commit = programme_cosign,
     .summary = "The representative's answer to a waiting version",
     .request = "Cosign",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/stations",
     .who = MAY_STAFF | MAY_SHIP | MAY_DRIVER,
     .prepare = stations,
     .summary = "Stations",
     .answer = "StationList"},
    {.method = "POST",
     .path = "/v1/stations",
     .who = MAY_MANAGE,
     .commit = station_add,
     .summary = "A new station",
     .request = "StationNew",
     .answer = "Made",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/pay-plans",
     .who = MAY_STAFF,
     .prepare = pay_plans,
     .summary = "Pay plans, newest versions",
     .answer = "PayPlanList"},
    {.method = "POST",
     .path = "/v1/pay-plans",
     .who = MAY_MANAGE,
     .commit = pay_plan_add,
     .summary = "A new pay plan, or with `id` the next version of one",
     .request = "PayPlanNew",
     .answer = "PayPlan",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {0},
};
const struct route_table api_staff_table = {"Staff", "The operator's people, programmes, stations and pay plans.",
					    rows};
