/* access: phones bound and let go, integrators' keys, what she changes herself,
 * pages of drivers, versions of a policy. */
#include "people_fixture.h"

#include "base/text.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, NULL};

static enum code
actor_of(struct people_fixture *p, struct scope *sc, struct tx *tx, const char *token, struct actor *out)
{
	return session_actor(sc, tx, p->keys, token, out);
}

/* --- phones --- */

struct phone {
	struct people_fixture *p;
	const struct fixture_driver *owner;
	struct fixture_driver second; /* another phone's key */
	const char *challenge, *token;
	uint8_t signature[64];
	struct id id;
	struct actor actor;
};

static enum code
bind_phone(struct scope *sc, struct tx *tx, void *arg)
{
	struct phone *a = arg;
	return device_add(sc, tx, a->p->keys, a->p->op.s, a->owner->id.s, "tablet", a->second.public_key, a->challenge,
			  a->signature, &a->id);
}

static enum code
enter_by_second(struct scope *sc, struct tx *tx, void *arg)
{
	struct phone *a = arg;
	return device_session(sc, tx, a->p->keys, a->p->op.s, a->id.s, a->challenge, a->signature, &a->token,
			      &a->actor);
}

static enum code
let_first_go(struct scope *sc, struct tx *tx, void *arg)
{
	struct phone *a = arg;
	struct actor who;
	TRY(device_remove(sc, tx, a->p->op.s, a->owner->id.s, a->owner->device.s));
	/* its session ends with it; the other phone's stays */
	REFUSES(E_UNAUTHENTICATED, NULL, actor_of(a->p, sc, tx, a->owner->token, &who));
	TRY(actor_of(a->p, sc, tx, a->token, &who));
	REFUSES(E_CONFLICT, "last-device", device_remove(sc, tx, a->p->op.s, a->owner->id.s, a->id.s));
	return OK;
}

static void
sign_with_second(struct phone *a, const char *purpose)
{
	struct people_fixture *p = a->p;
	a->challenge = challenge_make(&p->f.sc, p->keys, &p->f.random, p->op.s, purpose, clock_now_ms(&p->f.clock));
	fixture_sign(&p->f.sc, p->op.s, purpose, a->challenge, a->second.secret_key, a->signature);
}

static void
a_second_phone_is_bound_and_the_first_let_go(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver ada = people_fixture_driver(&p, "Ada Lind");
	struct fixture_driver bo = people_fixture_driver(&p, "Bo Lind");
	struct phone a = {.p = &p, .owner = &ada};
	(void)fixture_application(&p, "x", &a.second); /* makes the key pair */
	sign_with_second(&a, "signup");
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, bind_phone, &a); /* signed for something else */
	sign_with_second(&a, "device");
	fixture_write(&p, bind_phone, &a);
	struct phone taken = {.p = &p, .owner = &bo, .second = a.second};
	sign_with_second(&taken, "device");
	fixture_refuses(&p, E_CONFLICT, "duplicate", bind_phone, &taken); /* one key, one driver */
	sign_with_second(&a, a.id.s);
	fixture_write(&p, enter_by_second, &a);
	assert_string_equal(a.actor.id, ada.id.s);
	fixture_write(&p, let_first_go, &a);
	people_fixture_close(&p);
}

/* --- integrators --- */

struct machine {
	struct people_fixture *p;
	struct id id;
	const char *token;
};

static enum code
make_machine(struct scope *sc, struct tx *tx, void *arg)
{
	struct machine *m = arg;
	struct people_fixture *p = m->p;
	struct staff_new s = {"shop@nordhamn.example", "Shop", ROLE_INTEGRATOR, NULL};
	struct actor who;
	const char *nothing;
	TRY(staff_create(sc, tx, p->op.s, &s, &m->id));
	REFUSES(E_CONFLICT, NULL, integrator_key(sc, tx, p->keys, p->op.s, p->admin.s, &nothing));
	TRY(integrator_key(sc, tx, p->keys, p->op.s, m->id.s, &m->token));
	TRY(actor_of(p, sc, tx, m->token, &who));
	SAY(who.role == ROLE_INTEGRATOR && role_may(who.role, RIGHT_SHIP));
	for (enum right r = RIGHT_MANAGE; r < RIGHT_SHIP; r++)
		SAY(!role_may(who.role, r));
	TRY(staff_disable(sc, tx, p->op.s, m->id.s));
	REFUSES(E_UNAUTHENTICATED, NULL, actor_of(p, sc, tx, m->token, &who));
	return OK;
}

static void
an_integrators_key_opens_one_door(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct machine m = {.p = &p};
	fixture_write(&p, make_machine, &m);
	/* nobody signs for the drivers but their representative */
	for (enum role role = ROLE_ADMIN; role <= ROLE_INTEGRATOR; role++)
		assert_int_equal(role_may(role, RIGHT_COSIGN), role == ROLE_REPRESENTATIVE);
	people_fixture_close(&p);
}

/* --- her own data --- */

struct change {
	struct people_fixture *p;
	const char *driver_id, *json;
};

static enum code
change(struct scope *sc, struct tx *tx, void *arg)
{
	struct change *a = arg;
	json_t *v;
	TRY(json_parse(sc, a->json, strlen(a->json), &v));
	return driver_change(sc, tx, a->p->keys, a->p->op.s, a->driver_id, v);
}

static enum code
read_changed(struct scope *sc, struct tx *tx, void *arg)
{
	struct change *a = arg;
	struct driver d;
	json_t *self;
	json_t *kept;
	TRY(driver_get(sc, tx, a->p->op.s, a->driver_id, &d));
	SAY(d.vehicle == VEHICLE_CARGO_BIKE && d.capacity_g == 90000 && text_eq(d.language, "en"));
	TRY(driver_json(sc, tx, a->p->keys, a->p->op.s, a->driver_id, VIEW_SELF, &self));
	SAY(text_eq(json_string_value(json_object_get(self, "name")), "Ada Lind-Öberg"));
	SAY(text_eq(json_string_value(json_object_get(self, "email")), "ada@lind.example"));
	SAY(text_eq(json_string_value(json_object_get(self, "birth_date")), "1990-04-30"));
	TRY(driver_statutory(sc, tx, a->p->keys, a->p->op.s, a->driver_id, &kept));
	SAY(text_eq(json_string_value(json_object_get(kept, "name")), "Ada Lind-Öberg"));
	return OK;
}

static void
she_changes_what_is_hers(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	static const char *const refused[] = {
	    "{\"birth_date\":\"1980-01-01\"}",
	    "{\"state\":\"active\"}",
	    "{\"email\":\"nobody\"}",
	    "{\"phone\":\"0701234567\"}",
	    "{\"name\":\"A\"}",
	    "{\"vehicle\":{\"kind\":\"tank\",\"capacity_g\":1000,\"capacity_ml\":1000}}",
	};
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		struct change a = {&p, d.id.s, refused[i]};
		fixture_refuses(&p, E_INVALID, "bad-field", change, &a);
	}
	struct change elsewhere = {&p, d.id.s, "{\"station\":\"stn_nowhere\"}"};
	fixture_refuses(&p, E_NOT_FOUND, NULL, change, &elsewhere);
	struct change a = {
	    &p, d.id.s,
	    "{\"name\":\"Ada Lind-Öberg\",\"email\":\"ada@lind.example\",\"language\":\"en\",\"vehicle\":"
	    "{\"kind\":\"cargo_bike\",\"capacity_g\":90000,\"capacity_ml\":300000}}"};
	fixture_write(&p, change, &a);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, read_changed, &a));
	people_fixture_close(&p);
}

struct page {
	struct people_fixture *p;
	int64_t before;
	json_t *out;
};

static enum code
list_page(struct scope *sc, struct tx *tx, void *arg)
{
	struct page *a = arg;
	return driver_list(sc, tx, a->p->keys, a->p->op.s, a->before, 4, &a->out);
}

static void
pages_hold_every_driver_once(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	for (int i = 0; i < 9; i++)
		(void)people_fixture_driver(&p, scope_printf(&p.f.sc, "Driver %d", i));
	struct page page = {.p = &p};
	unsigned seen = 0;
	do {
		assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, list_page, &page));
		const json_t *items = json_object_get(page.out, "items");
		for (size_t i = 0; i < json_array_size(items); i++) {
			const char *name = json_string_value(json_object_get(json_array_get(items, i), "name"));
			unsigned bit = 1u << (name[strlen(name) - 1] - '0');
			assert_int_equal(seen & bit, 0);
			seen |= bit;
		}
		page.before = json_integer_value(json_object_get(page.out, "next"));
	} while (page.before != 0);
	assert_int_equal(seen, 0x1FF);
	people_fixture_close(&p);
}

/* --- policies --- */

static enum code
propose(struct scope *sc, struct tx *tx, struct people_fixture *p, const char *json, int64_t *version, bool *waiting)
{
	json_t *v;
	TRY(json_parse(sc, json, strlen(json), &v));
	return programme_propose(sc, tx, p->op.s, p->programme.s, p->admin.s, v, version, waiting);
}

static enum code
in_force(struct scope *sc, struct tx *tx, struct people_fixture *p, struct policy *out)
{
	return programme_policy(sc, tx, p->op.s, p->programme.s, 0, out);
}

#define OFF "{\"monitoring\":{\"positions\":false,\"position_review\":false,\"photo_proof\":false}}"
#define WATCH "{\"monitoring\":{\"positions\":true,\"position_review\":false,\"photo_proof\":false}}"

static enum code
turn_switches(struct scope *sc, struct tx *tx, void *arg)
{
	struct people_fixture *p = arg;
	struct policy now;
	int64_t v;
	int64_t waiting_one;
	bool waiting;
	TRY(propose(sc, tx, p, OFF, &v, &waiting)); /* less: at once */
	SAY(!waiting && v == 2);
	TRY(in_force(sc, tx, p, &now));
	SAY(now.version == 2 && !now.positions);
	TRY(propose(sc, tx, p, WATCH, &waiting_one, &waiting)); /* more: waits */
	SAY(waiting);
	TRY(in_force(sc, tx, p, &now));
	SAY(now.version == 2);
	REFUSES(E_DENIED, NULL,
		programme_sign(sc, tx, p->op.s, p->programme.s, waiting_one, p->dispatcher.s, true, NULL));
	TRY(programme_sign(sc, tx, p->op.s, p->programme.s, waiting_one, p->representative.s, false, "not needed"));
	TRY(in_force(sc, tx, p, &now));
	SAY(now.version == 2);
	TRY(propose(sc, tx, p, WATCH, &waiting_one, &waiting));
	TRY(propose(sc, tx, p,
		    "{\"award\":\"rota\",\"monitoring\":{\"positions\":false,\"position_review\":false,"
		    "\"photo_proof\":false}}",
		    &v, &waiting));
	SAY(!waiting);
	REFUSES(E_CONFLICT, "superseded",
		programme_sign(sc, tx, p->op.s, p->programme.s, waiting_one, p->representative.s, true, NULL));
	TRY(in_force(sc, tx, p, &now));
	SAY(now.version == v && now.award == AWARD_ROTA && !now.positions);
	return OK;
}

static void
more_watching_waits_for_a_signature(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	fixture_write(&p, turn_switches, &p);
	people_fixture_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_second_phone_is_bound_and_the_first_let_go),
	    cmocka_unit_test(an_integrators_key_opens_one_door),
	    cmocka_unit_test(she_changes_what_is_hers),
	    cmocka_unit_test(pages_hold_every_driver_once),
	    cmocka_unit_test(more_watching_waits_for_a_signature),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
