/* people: tenants, sign-up, policies, the face path's conditions, leaving. */
#include "people_fixture.h"

#include "base/text.h"
#include "people/enrolment.h"
#include "people/vault.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, NULL};

#define WORDS "I have read the file and talked to her."
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* --- signing up --- */

static const char *
refused_birth(struct people_fixture *p, const char *birth_date)
{
	struct fixture_driver d;
	memset(&d, 0, sizeof d);
	struct fixture_signup_ a = {p, fixture_application(p, "Ada Lind", &d), &d};
	a.s.birth_date = birth_date;
	enum code rc = store_write(&p->f.sc, p->f.store, LANE_MAIN, fixture_sign_up_, &a);
	const char *why = rc == OK ? "ok" : p->f.sc.err.reason;
	error_clear(&p->f.sc);
	return why;
}

static enum code
count_drivers(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*), (SELECT COUNT(*) FROM person_key) FROM driver", NO_VALS));
	int64_t *n = arg;
	n[0] = row_int(r, 0);
	n[1] = row_int(r, 1);
	return OK;
}

/* The fixture's day is 2026-11-22, 07:00 in Stockholm. */
static void
nobody_under_eighteen(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	static const char *const bad[] = {"2026-11-23", "1899-12-31", "2000-02-30",
					  "nonsense!!", "2000-1-101", "0000000000"};
	assert_string_equal(refused_birth(&p, "2008-11-23"), "under-age");
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_string_equal(refused_birth(&p, bad[i]), "bad-field");
	int64_t n[2];
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, count_drivers, n));
	assert_int_equal(n[0], 0);
	assert_int_equal(n[1], 0); /* nothing is stored of who is refused */
	assert_string_equal(refused_birth(&p, "2008-11-22"), "ok");
	/* 23:30 UTC is the next day in Stockholm */
	clock_step_to(&p.f.clock, FIXTURE_START_MS + INT64_C(17) * 3600000 + 1800000);
	assert_string_equal(refused_birth(&p, "2008-11-23"), "ok");
	people_fixture_close(&p);
}

static void
a_challenge_is_spent_once_and_dies_in_a_minute(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d;
	memset(&d, 0, sizeof d);
	struct fixture_signup_ a = {&p, fixture_application(&p, "Ada Lind", &d), &d};
	struct fixture_signup_ wrong_key = a;
	wrong_key.s.device_key[5] ^= 1;
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, fixture_sign_up_, &wrong_key);
	struct fixture_signup_ wrong_signature = a;
	wrong_signature.s.signature[7] ^= 1;
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, fixture_sign_up_, &wrong_signature);
	fixture_step(&p, CHALLENGE_MS + 1);
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, fixture_sign_up_, &a);
	a.s = fixture_application(&p, "Ada Lind", &d);
	fixture_step(&p, CHALLENGE_MS);
	fixture_write(&p, fixture_sign_up_, &a);
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, fixture_sign_up_, &a); /* the same answer again */
	people_fixture_close(&p);
}

struct answer {
	struct people_fixture *p;
	const char *operator_id, *device_id, *challenge;
	uint8_t signature[64];
	const char *token;
	struct actor actor;
};

static enum code
answer_challenge(struct scope *sc, struct tx *tx, void *arg)
{
	struct answer *a = arg;
	return device_session(sc, tx, a->p->keys, a->operator_id, a->device_id, a->challenge, a->signature, &a->token,
			      &a->actor);
}

static struct answer
answer_of(struct people_fixture *p, const struct fixture_driver *d, const char *purpose)
{
	struct answer a = {.p = p, .operator_id = p->op.s, .device_id = d->device.s};
	a.challenge = challenge_make(&p->f.sc, p->keys, &p->f.random, p->op.s, purpose, clock_now_ms(&p->f.clock));
	fixture_sign(&p->f.sc, p->op.s, purpose, a.challenge, d->secret_key, a.signature);
	return a;
}

static void
a_phone_comes_back_with_its_key(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver ada = people_fixture_driver(&p, "Ada Lind");
	struct fixture_driver bo = people_fixture_driver(&p, "Bo Ström");
	struct answer a = answer_of(&p, &ada, ada.device.s);
	fixture_write(&p, answer_challenge, &a);
	assert_string_equal(a.actor.id, ada.id.s);
	assert_int_equal(a.actor.kind, ACTOR_DRIVER);
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, answer_challenge, &a); /* replayed */
	struct answer other = answer_of(&p, &ada, ada.device.s);
	other.device_id = bo.device.s;
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, answer_challenge, &other);
	struct answer signup = answer_of(&p, &ada, "signup"); /* a challenge for something else */
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, answer_challenge, &signup);
	struct answer garbled = answer_of(&p, &ada, ada.device.s);
	garbled.challenge = "AAAA";
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, answer_challenge, &garbled);
	people_fixture_close(&p);
}

/* --- tokens --- */

struct token {
	struct people_fixture *p;
	const char *text;
	struct actor actor;
};

static enum code
who_is(struct scope *sc, struct tx *tx, void *arg)
{
	struct token *t = arg;
	return session_actor(sc, tx, t->p->keys, t->text, &t->actor);
}

static enum code
token_code(struct people_fixture *p, const char *text)
{
	struct token t = {.p = p, .text = text};
	enum code rc = store_read(&p->f.sc, p->f.store, who_is, &t);
	error_clear(&p->f.sc);
	return rc;
}

static void
tokens_end_and_cannot_be_guessed_at(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	assert_int_equal(token_code(&p, d.token), OK);
	size_t n = strlen(d.token);
	for (size_t i = 0; i < n; i++) {
		char *bent = scope_strdup(&p.f.sc, d.token);
		bent[i] = bent[i] == 'A' ? 'B' : 'A';
		assert_int_equal(token_code(&p, bent), E_UNAUTHENTICATED);
		assert_int_equal(token_code(&p, scope_strndup(&p.f.sc, d.token, i)), E_UNAUTHENTICATED);
	}
	clock_step_to(&p.f.clock, FIXTURE_START_MS + SESSION_DRIVER_MS - 1);
	assert_int_equal(token_code(&p, d.token), OK);
	clock_step_to(&p.f.clock, FIXTURE_START_MS + SESSION_DRIVER_MS);
	assert_int_equal(token_code(&p, d.token), E_UNAUTHENTICATED);
	people_fixture_close(&p);
}

/* --- staff --- */

struct sign_in {
	struct people_fixture *p;
	const char *email;
	struct login login;
	bool right;
	const char *token;
};

static enum code
find_login(struct scope *sc, struct tx *tx, void *arg)
{
	struct sign_in *a = arg;
	return staff_login_find(sc, tx, NULL, a->email, &a->login);
}

static enum code
done_login(struct scope *sc, struct tx *tx, void *arg)
{
	struct sign_in *a = arg;
	return staff_login_done(sc, tx, a->p->keys, &a->login, a->right, &a->token);
}

static enum code
set_passphrase(struct scope *sc, struct tx *tx, void *arg)
{
	struct people_fixture *p = arg;
	const char *hash;
	TRY(passphrase_hash(sc, "correct horse battery", &hash));
	return staff_set_passphrase(sc, tx, p->op.s, p->dispatcher.s, hash);
}

static enum code
sign_in(struct people_fixture *p, const char *email, const char *passphrase, const char **token)
{
	struct sign_in a = {.p = p, .email = email};
	struct scope *sc = &p->f.sc;
	TRY(store_read(sc, p->f.store, find_login, &a));
	TRY(passphrase_verify(sc, a.login.hash, passphrase, &a.right));
	TRY(store_write(sc, p->f.store, LANE_MAIN, done_login, &a));
	*token = a.token;
	return a.token != NULL ? OK : E_UNAUTHENTICATED;
}

static enum code
disable_dispatcher(struct scope *sc, struct tx *tx, void *arg)
{
	struct people_fixture *p = arg;
	REFUSES(E_CONFLICT, "last-admin", staff_disable(sc, tx, p->op.s, p->admin.s));
	return staff_disable(sc, tx, p->op.s, p->dispatcher.s);
}

static void
staff_sign_in_by_passphrase(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct scope *sc = &p.f.sc;
	const char *token = NULL;
	const char *hash;
	assert_int_equal(passphrase_hash(sc, "short", &hash), E_INVALID);
	assert_int_equal(passphrase_hash(sc, "aaaaaaaaaaaaaa", &hash), E_INVALID);
	assert_int_equal(passphrase_hash(sc, "qwertyuiop", &hash), E_INVALID);
	fixture_write(&p, set_passphrase, &p);
	assert_int_equal(sign_in(&p, "desk@nordhamn.example", "correct horse battery", &token), OK);
	assert_int_equal(sign_in(&p, " Desk@Nordhamn.example ", "correct horse battery", &token), OK);
	struct token t = {.p = &p, .text = token};
	assert_ok(sc, store_read(sc, p.f.store, who_is, &t));
	assert_int_equal(t.actor.role, ROLE_DISPATCHER);
	static const char *const addresses[] = {"desk@nordhamn.example", "nobody@nordhamn.example"};
	for (size_t a = 0; a < COUNT_OF(addresses); a++) { /* a stranger's address behaves the same */
		for (int i = 0; i < 10; i++)
			assert_int_equal(sign_in(&p, addresses[a], "wrong horse battery", &token), E_UNAUTHENTICATED);
		assert_int_equal(sign_in(&p, addresses[a], "correct horse battery", &token), E_DENIED);
	}
	fixture_step(&p, INT64_C(15) * 60000);
	assert_int_equal(sign_in(&p, "desk@nordhamn.example", "correct horse battery", &token), OK);
	fixture_write(&p, disable_dispatcher, &p);
	assert_int_equal(token_code(&p, token), E_UNAUTHENTICATED);
	assert_int_equal(sign_in(&p, "desk@nordhamn.example", "correct horse battery", &token), E_UNAUTHENTICATED);
	people_fixture_close(&p);
}

/* --- policies and the face path --- */

static json_t *
face_policy(struct scope *sc, bool on)
{
	static const char with[] =
	    "{\"face\":{\"enabled\":true,\"lawful_basis\":\"works agreement 2026-4\",\"dpia_reference\":\"DPIA-7\","
	    "\"template_days\":30}}";
	json_t *v = NULL;
	return json_parse(sc, on ? with : "{}", on ? sizeof with - 1 : 2, &v) == OK ? v : NULL;
}

struct turn_on {
	struct people_fixture *p;
	int64_t version;
	bool waiting;
};

static enum code
propose_faces(struct scope *sc, struct tx *tx, void *arg)
{
	struct turn_on *a = arg;
	struct people_fixture *p = a->p;
	json_t *bare;
	TRY(json_parse(sc, "{\"face\":{\"enabled\":true}}", 25, &bare));
	REFUSES(E_INVALID, "face-basis",
		programme_propose(sc, tx, p->op.s, p->programme.s, p->admin.s, bare, &a->version, &a->waiting));
	TRY(programme_propose(sc, tx, p->op.s, p->programme.s, p->admin.s, face_policy(sc, true), &a->version,
			      &a->waiting));
	SAY(a->waiting);
	struct policy now;
	TRY(programme_policy(sc, tx, p->op.s, p->programme.s, 0, &now));
	SAY(now.version == 1 && !now.face_enabled);
	REFUSES(E_DENIED, NULL, programme_sign(sc, tx, p->op.s, p->programme.s, a->version, p->admin.s, true, NULL));
	return OK;
}

static enum code
sign_faces(struct scope *sc, struct tx *tx, void *arg)
{
	struct turn_on *a = arg;
	struct people_fixture *p = a->p;
	TRY(programme_sign(sc, tx, p->op.s, p->programme.s, a->version, p->representative.s, true, "agreed on 3 Nov"));
	struct policy now;
	TRY(programme_policy(sc, tx, p->op.s, p->programme.s, 0, &now));
	SAY(now.face_enabled && text_eq(now.signed_by, p->representative.s));
	return OK;
}

static enum code
turn_off(struct scope *sc, struct tx *tx, void *arg)
{
	struct turn_on *a = arg;
	TRY(programme_propose(sc, tx, a->p->op.s, a->p->programme.s, a->p->admin.s, face_policy(sc, false), &a->version,
			      &a->waiting));
	SAY(!a->waiting);
	return OK;
}

struct enrol {
	struct people_fixture *p;
	const struct fixture_driver *d;
	struct id id;
	uint8_t template_[512];
	struct enrolment got;
	const char *why;
};

static enum code
consent(struct scope *sc, struct tx *tx, void *arg)
{
	struct enrol *a = arg;
	return enrolment_consent(sc, tx, a->p->op.s, a->d->id.s, CONSENT_TEXT_VERSION, &a->id);
}

static enum code
store_template(struct scope *sc, struct tx *tx, void *arg)
{
	struct enrol *a = arg;
	return enrolment_store(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, a->id.s, "model/1", a->template_,
			       sizeof a->template_);
}

static enum code
read_template(struct scope *sc, struct tx *tx, void *arg)
{
	struct enrol *a = arg;
	return enrolment_template(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, &a->got);
}

static enum code
end_enrolment(struct scope *sc, struct tx *tx, void *arg)
{
	struct enrol *a = arg;
	return enrolment_end(sc, tx, a->p->op.s, a->d->id.s, a->why);
}

static void
enrol_her(struct people_fixture *p, struct enrol *e)
{
	random_bytes(&p->f.random, e->template_, sizeof e->template_);
	fixture_write(p, consent, e);
	fixture_write(p, store_template, e);
	assert_ok(&p->f.sc, store_read(&p->f.sc, p->f.store, read_template, e));
	assert_int_equal(e->got.n, sizeof e->template_);
	assert_memory_equal(e->got.template_, e->template_, sizeof e->template_);
}

static void
faces_allowed(struct people_fixture *p)
{
	struct turn_on on = {.p = p};
	fixture_write(p, propose_faces, &on);
	fixture_write(p, sign_faces, &on);
	fixture_refuses(p, E_CONFLICT, "not-waiting", sign_faces, &on);
}

/* Is this byte string anywhere in the database's files? */
static bool
lies_in_files(struct people_fixture *p, const void *bytes, size_t n)
{
	static const char *const names[] = {"waybill.db", "waybill.db-wal"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", p->f.dir, names[i]);
		FILE *f = fopen(path, "rb");
		if (f == NULL)
			continue;
		size_t cap = (size_t)16 << 20;
		uint8_t *buf = malloc(cap);
		assert_non_null(buf);
		size_t got = fread(buf, 1, cap, f);
		fclose(f);
		bool found = memmem(buf, got, bytes, n) != NULL;
		free(buf);
		if (found)
			return true;
	}
	return false;
}

static void
no_face_without_basis_signature_and_consent(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	struct enrol e = {.p = &p, .d = &d};
	fixture_refuses(&p, E_DENIED, "face-off", consent, &e);
	faces_allowed(&p);
	snprintf(e.id.s, sizeof e.id.s, "enr_none");
	fixture_refuses(&p, E_NOT_FOUND, NULL, store_template, &e);
	enrol_her(&p, &e);
	assert_false(lies_in_files(&p, e.template_, 32));		  /* sealed, never in the open */
	fixture_refuses(&p, E_CONFLICT, "bad-state", store_template, &e); /* one consent, one template */
	people_fixture_close(&p);
}

static enum code
look_for_template(struct scope *sc, struct tx *tx, void *arg)
{
	struct enrol *a = arg;
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT (SELECT COUNT(*) FROM enrolment WHERE template IS NOT NULL),"
		    " (SELECT COUNT(*) FROM person_key WHERE purpose = $1), (SELECT COUNT(*) FROM enrolment)",
		    VALS(v_int(KEY_BIOMETRIC))));
	SAY(row_int(r, 0) == 0);
	SAY(row_int(r, 1) == 0);
	SAY(row_int(r, 2) >= 1); /* the consent is proof */
	REFUSES(E_NOT_FOUND, "not-enrolled", enrolment_template(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, &a->got));
	return OK;
}

static const struct job_kind *const job_kinds[] = {&people_template_job, &people_statutory_job, &record_overdue_job,
						   &chain_sequence_job, NULL};

static void
opting_out_destroys_template_and_key(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	faces_allowed(&p);
	struct jobs *jobs;
	assert_ok(&p.f.sc, jobs_open(&p.f.sc, p.f.store, job_kinds, NULL, 1, &jobs));
	struct enrol e = {.p = &p, .d = &d, .why = "opt-out"};
	enrol_her(&p, &e);
	fixture_write(&p, end_enrolment, &e);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, look_for_template, &e));
	fixture_write(&p, end_enrolment, &e); /* again: nothing to do */
	enrol_her(&p, &e);
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, clock_now_ms(&p.f.clock) + 30 * DAY_MS));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, look_for_template, &e)); /* the term of 30 days */
	enrol_her(&p, &e);
	struct turn_on off = {.p = &p};
	fixture_write(&p, turn_off, &off);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, look_for_template, &e));
	jobs_close(jobs);
	people_fixture_close(&p);
}

struct views {
	struct people_fixture *p;
	const char *driver_id;
	char *staff, *list;
};

static enum code
staff_views(struct scope *sc, struct tx *tx, void *arg)
{
	struct views *a = arg;
	json_t *o;
	TRY(driver_json(sc, tx, a->p->keys, a->p->op.s, a->driver_id, VIEW_STAFF, &o));
	json_put_text(o, "id", "x");
	json_put_text(o, "name", "x");
	json_put(o, "contact", json_null());
	a->staff = json_canonical(sc, o);
	struct event *events;
	size_t n;
	TRY(events_after(sc, tx, a->p->op.s, NULL, 0, 1000, &events, &n));
	for (size_t i = 0; i < n; i++)
		SAY(strstr(events[i].kind, "enrol") == NULL && strstr(events[i].data, "enrol") == NULL &&
		    strstr(events[i].subject, "enr_") == NULL);
	return OK;
}

/* What staff get of a driver is the same, whichever path she uses. */
static void
dispatch_cannot_see_who_uses_a_face(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver with = people_fixture_driver(&p, "Ada Lind");
	struct fixture_driver without = people_fixture_driver(&p, "Bo Lind");
	faces_allowed(&p);
	struct enrol e = {.p = &p, .d = &with};
	enrol_her(&p, &e);
	struct views a = {.p = &p, .driver_id = with.id.s};
	struct views b = {.p = &p, .driver_id = without.id.s};
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, staff_views, &a));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, staff_views, &b));
	assert_string_equal(a.staff, b.staff);
	people_fixture_close(&p);
}

/* --- states --- */

struct decide {
	struct people_fixture *p;
	const char *driver_id;
	struct driver_verdict v;
	struct id id;
};

static enum code
decide_driver(struct scope *sc, struct tx *tx, void *arg)
{
	struct decide *a = arg;
	return driver_decide(sc, tx, a->p->op.s, a->driver_id, &a->v, &a->id);
}

static enum code
raw_suspend(struct scope *sc, struct tx *tx, void *arg)
{
	const struct decide *a = arg;
	return sql_run(sc, tx, "UPDATE driver SET state = $2, state_staff_id = NULL WHERE id = $1",
		       VALS(v_text(a->driver_id), v_text(driver_state_words[a->v.to])), NULL);
}

static enum code
state_of(struct scope *sc, struct tx *tx, void *arg)
{
	struct decide *a = arg;
	struct driver d;
	TRY(driver_get(sc, tx, a->p->op.s, a->driver_id, &d));
	a->v.to = d.state;
	return OK;
}

static enum driver_state
current_state(struct people_fixture *p, const char *driver_id)
{
	struct decide a = {.p = p, .driver_id = driver_id};
	assert_ok(&p->f.sc, store_read(&p->f.sc, p->f.store, state_of, &a));
	return a.v.to;
}

static enum code
leave(struct scope *sc, struct tx *tx, void *arg)
{
	const struct decide *a = arg;
	return people_erase(sc, tx, a->p->op.s, a->driver_id);
}

/* Every pair of states, tried: only the drawn arrows exist, and none without a person. */
static void
drivers_move_along_drawn_arrows_only(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	static const bool may[DRIVER_STATES][DRIVER_STATES] = {
	    [DRIVER_ACTIVE] = {[DRIVER_SUSPENDED] = true, [DRIVER_DEACTIVATED] = true},
	    [DRIVER_SUSPENDED] = {[DRIVER_ACTIVE] = true, [DRIVER_SUSPENDED] = true, [DRIVER_DEACTIVATED] = true},
	    [DRIVER_DEACTIVATED] = {[DRIVER_ACTIVE] = true},
	};
	static const enum driver_state from[] = {DRIVER_ACTIVE, DRIVER_SUSPENDED, DRIVER_DEACTIVATED};
	for (size_t i = 0; i < COUNT_OF(from); i++) {
		for (int to = 0; to < DRIVER_STATES; to++) {
			struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
			struct decide a = {.p = &p, .driver_id = d.id.s};
			a.v = (struct driver_verdict){from[i], p.reviewer.s, "test", WORDS, NULL, NULL, 0};
			if (from[i] != DRIVER_ACTIVE)
				fixture_write(&p, decide_driver, &a);
			a.v.to = (enum driver_state)to;
			a.v.staff_id = NULL;
			fixture_refuses(&p, E_DENIED, "human-only", decide_driver, &a);
			a.v.staff_id = p.dispatcher.s;
			fixture_refuses(&p, E_DENIED, NULL, decide_driver, &a);
			a.v.staff_id = p.reviewer.s;
			if (may[from[i]][to])
				fixture_write(&p, decide_driver, &a);
			else
				fixture_refuses(&p, E_CONFLICT, "bad-state", decide_driver, &a);
			assert_int_equal(current_state(&p, d.id.s), may[from[i]][to] ? (enum driver_state)to : from[i]);
		}
	}
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	static const enum driver_state adverse[] = {DRIVER_SUSPENDED, DRIVER_DEACTIVATED, DRIVER_REFUSED};
	for (size_t i = 0; i < COUNT_OF(adverse); i++) {
		struct decide a = {.p = &p, .driver_id = d.id.s, .v = {.to = adverse[i]}};
		fixture_refuses(&p, E_CONFLICT, NULL, raw_suspend, &a); /* the table's own word */
	}
	people_fixture_close(&p);
}

static enum code
open_questions(struct scope *sc, struct tx *tx, void *arg)
{
	struct decide *a = arg;
	json_t *page;
	TRY(queue_list(sc, tx, a->p->op.s, "open", 0, 100, &page));
	a->v.review = json_object_get(page, "items");
	return OK;
}

static size_t
questions(struct people_fixture *p)
{
	struct decide a = {.p = p};
	assert_ok(&p->f.sc, store_read(&p->f.sc, p->f.store, open_questions, &a));
	size_t n = json_array_size(a.v.review);
	for (size_t i = 0; i < n; i++) {
		const json_t *kind = json_object_get(json_array_get(a.v.review, i), "kind");
		assert_string_equal(json_string_value(kind), "suspension.review");
	}
	return n;
}

/* The date of a suspension asks a person, and does nothing else; not where she is back, has another date, or left. */
static void
a_suspensions_date_asks_a_person(void **state)
{
	(void)state;
	static const struct job_kind *const kinds[] = {&people_suspension_job, &people_statutory_job,
						       &record_overdue_job, NULL};
	struct people_fixture p;
	struct jobs *jobs;
	people_fixture_open(&p, schemas);
	assert_ok(&p.f.sc, jobs_open(&p.f.sc, p.f.store, kinds, NULL, 1, &jobs));
	struct fixture_driver d[4];
	struct decide a[4];
	const int64_t day = INT64_C(86400000);
	int64_t now = clock_now_ms(&p.f.clock);
	for (size_t i = 0; i < COUNT_OF(d); i++) {
		d[i] = people_fixture_driver(&p, "Ada Lind");
		a[i] = (struct decide){.p = &p, .driver_id = d[i].id.s};
		a[i].v = (struct driver_verdict){DRIVER_SUSPENDED, p.reviewer.s, "test", WORDS, NULL, NULL, now + day};
		fixture_write(&p, decide_driver, &a[i]);
	}
	a[1].v = (struct driver_verdict){DRIVER_ACTIVE, p.reviewer.s, "test", WORDS, NULL, NULL, 0};
	fixture_write(&p, decide_driver, &a[1]); /* back already */
	a[2].v.until_ms = now + 9 * day;
	fixture_write(&p, decide_driver, &a[2]); /* another date */
	fixture_write(&p, leave, &a[3]);
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, now + day - 1));
	assert_int_equal(questions(&p), 0);
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, now + day));
	assert_int_equal(questions(&p), 1);
	assert_int_equal(current_state(&p, d[0].id.s), DRIVER_SUSPENDED);
	assert_int_equal(current_state(&p, d[1].id.s), DRIVER_ACTIVE);
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, now + 9 * day));
	assert_int_equal(questions(&p), 2);
	assert_int_equal(current_state(&p, d[2].id.s), DRIVER_SUSPENDED);
	static const int64_t bad[] = {-1, 0, 400};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		a[1].v = (struct driver_verdict){
		    DRIVER_SUSPENDED, p.reviewer.s, "test", WORDS, NULL, NULL, now + 9 * day + bad[i] * day};
		fixture_refuses(&p, E_INVALID, "bad-field", decide_driver, &a[1]);
	}
	a[0].v = (struct driver_verdict){DRIVER_ACTIVE, p.reviewer.s, "test", WORDS, NULL, NULL, now + 20 * day};
	fixture_refuses(&p, E_INVALID, "bad-field", decide_driver, &a[0]);
	jobs_close(jobs);
	people_fixture_close(&p);
}

static enum code
review_sign_ups(struct scope *sc, struct tx *tx, void *arg)
{
	struct people_fixture *p = arg;
	json_t *policy;
	int64_t version;
	bool waiting;
	static const char text[] = "{\"sign_up\":\"review\",\"award\":\"rota\"}";
	TRY(json_parse(sc, text, sizeof text - 1, &policy));
	return programme_propose(sc, tx, p->op.s, p->programme.s, p->admin.s, policy, &version, &waiting);
}

static void
a_person_looks_where_the_programme_says_so(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	fixture_write(&p, review_sign_ups, &p);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	assert_int_equal(current_state(&p, d.id.s), DRIVER_APPLIED);
	struct decide a = {.p = &p, .driver_id = d.id.s};
	a.v = (struct driver_verdict){DRIVER_REFUSED, p.reviewer.s, "no-licence", WORDS, NULL, NULL, 0};
	fixture_write(&p, decide_driver, &a);
	a.v = (struct driver_verdict){DRIVER_ACTIVE, p.reviewer2.s, "licence-seen", WORDS, a.id.s, NULL, 0};
	fixture_write(&p, decide_driver, &a);
	assert_int_equal(current_state(&p, d.id.s), DRIVER_ACTIVE);
	people_fixture_close(&p);
}

/* --- leaving --- */

struct leave {
	struct people_fixture *p;
	const struct fixture_driver *d;
	uint8_t sealed[1024], sealed_template[1024];
	size_t sealed_n, template_n;
	char enrolment_id[ID_TEXT_MAX];
	json_t *exported;
};

static enum code
keep_sealed(struct scope *sc, struct tx *tx, void *arg)
{
	struct leave *a = arg;
	struct rows *r;
	size_t n;
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT d.personal, e.template, e.id FROM driver d JOIN enrolment e ON e.driver_id = d.id WHERE d.id = $1",
	    VALS(v_text(a->d->id.s))));
	const uint8_t *p = row_blob(sc, r, 0, &n);
	SAY(p != NULL && n <= sizeof a->sealed);
	memcpy(a->sealed, p, n);
	a->sealed_n = n;
	p = row_blob(sc, r, 1, &n);
	SAY(p != NULL && n <= sizeof a->sealed_template);
	memcpy(a->sealed_template, p, n);
	a->template_n = n;
	snprintf(a->enrolment_id, sizeof a->enrolment_id, "%s", row_text(sc, r, 2));
	a->exported = json_new_object(sc);
	TRY(people_export(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, a->exported));
	const json_t *self = json_object_get(a->exported, "driver");
	SAY(text_eq(json_string_value(json_object_get(self, "name")), "Ada Lind"));
	SAY(text_eq(json_string_value(json_object_get(self, "birth_date")), "1990-04-30"));
	return OK;
}

static enum code
erase(struct scope *sc, struct tx *tx, void *arg)
{
	struct leave *a = arg;
	return people_erase(sc, tx, a->p->op.s, a->d->id.s);
}

/* Whoever kept a copy of the sealed rows cannot open them: not with the key
 * file, not by making the keys anew. */
static enum code
open_the_old(struct scope *sc, struct tx *tx, void *arg)
{
	struct leave *a = arg;
	uint8_t *plain;
	size_t n;
	const char *id = a->d->id.s;
	const char *name;
	json_t *kept;
	char *row = scope_printf(sc, "driver %s personal", id);
	char *template_row = scope_printf(sc, "enrolment %s model/1", a->enrolment_id);
	REFUSES(E_NOT_FOUND, "erased",
		vault_open(sc, tx, a->p->keys, a->p->op.s, id, KEY_ACCOUNT, row, a->sealed, a->sealed_n, &plain, &n));
	REFUSES(E_NOT_FOUND, "erased",
		vault_open(sc, tx, a->p->keys, a->p->op.s, id, KEY_BIOMETRIC, template_row, a->sealed_template,
			   a->template_n, &plain, &n));
	TRY(vault_key(sc, tx, a->p->keys, a->p->op.s, id, KEY_ACCOUNT));
	TRY(vault_key(sc, tx, a->p->keys, a->p->op.s, id, KEY_BIOMETRIC));
	REFUSES(E_CORRUPT, NULL,
		vault_open(sc, tx, a->p->keys, a->p->op.s, id, KEY_ACCOUNT, row, a->sealed, a->sealed_n, &plain, &n));
	REFUSES(E_CORRUPT, NULL,
		vault_open(sc, tx, a->p->keys, a->p->op.s, id, KEY_BIOMETRIC, template_row, a->sealed_template,
			   a->template_n, &plain, &n));
	TRY(driver_name(sc, tx, a->p->keys, a->p->op.s, id, &name));
	SAY(text_starts(name, "driver ") && strlen(name) == 11);
	TRY(driver_statutory(sc, tx, a->p->keys, a->p->op.s, id, &kept));
	SAY(text_eq(json_string_value(json_object_get(kept, "name")), "Ada Lind"));
	return OK;
}

static enum code
statutory_is_gone(struct scope *sc, struct tx *tx, void *arg)
{
	struct leave *a = arg;
	json_t *kept;
	struct rows *r;
	REFUSES(E_NOT_FOUND, "erased", driver_statutory(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, &kept));
	TRY(sql_one(sc, tx, &r,
		    "SELECT (SELECT COUNT(*) FROM enrolment WHERE driver_id = $1),"
		    " (SELECT COUNT(*) FROM person_key WHERE owner_id = $1 AND purpose = $2)",
		    VALS(v_text(a->d->id.s), v_int(KEY_STATUTORY))));
	SAY(row_int(r, 0) == 0 && row_int(r, 1) == 0);
	return OK;
}

static void
who_has_left_cannot_be_read_again(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
	faces_allowed(&p);
	struct enrol e = {.p = &p, .d = &d};
	enrol_her(&p, &e);
	assert_false(lies_in_files(&p, "Ada Lind", 8));
	assert_false(lies_in_files(&p, "1990-04-30", 10));
	struct jobs *jobs;
	assert_ok(&p.f.sc, jobs_open(&p.f.sc, p.f.store, job_kinds, NULL, 1, &jobs));
	struct leave a = {.p = &p, .d = &d};
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, keep_sealed, &a));
	assert_int_equal(token_code(&p, d.token), OK);
	fixture_write(&p, erase, &a);
	fixture_write(&p, erase, &a); /* twice is once */
	assert_int_equal(token_code(&p, d.token), E_UNAUTHENTICATED);
	struct answer back = answer_of(&p, &d, d.device.s);
	fixture_refuses(&p, E_UNAUTHENTICATED, NULL, answer_challenge, &back);
	fixture_write(&p, open_the_old, &a);
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, clock_now_ms(&p.f.clock) + 2557 * DAY_MS));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, statutory_is_gone, &a));
	jobs_close(jobs);
	people_fixture_close(&p);
}

/* --- tenants --- */

struct tenants {
	struct people_fixture *one, *two;
	const struct fixture_driver *d;
};

/* Everything of the second operator, asked for under the first one's id. */
static enum code
reach_across(struct scope *sc, struct tx *tx, void *arg)
{
	struct tenants *t = arg;
	struct people_fixture *one = t->one;
	struct people_fixture *two = t->two;
	const char *op = one->op.s;
	struct staff s;
	struct station station;
	struct policy policy;
	struct driver d;
	struct id id;
	struct driver *all;
	size_t n;
	const char *name;
	const char *token;
	json_t *o;
	REFUSES(E_NOT_FOUND, NULL, staff_get(sc, tx, op, two->admin.s, &s));
	REFUSES(E_NOT_FOUND, NULL, station_get(sc, tx, op, two->station.s, &station));
	REFUSES(E_NOT_FOUND, NULL, programme_policy(sc, tx, op, two->programme.s, 0, &policy));
	REFUSES(E_NOT_FOUND, NULL, driver_get(sc, tx, op, t->d->id.s, &d));
	REFUSES(E_NOT_FOUND, NULL, driver_name(sc, tx, one->keys, op, t->d->id.s, &name));
	REFUSES(E_NOT_FOUND, NULL, driver_json(sc, tx, one->keys, op, t->d->id.s, VIEW_SELF, &o));
	REFUSES(E_NOT_FOUND, NULL, people_erase(sc, tx, op, t->d->id.s));
	REFUSES(E_NOT_FOUND, NULL, enrolment_consent(sc, tx, op, t->d->id.s, CONSENT_TEXT_VERSION, &id));
	REFUSES(E_NOT_FOUND, NULL, integrator_key(sc, tx, one->keys, op, two->admin.s, &token));
	REFUSES(E_NOT_FOUND, NULL, people_notice(sc, tx, op, two->programme.s, &o));
	struct driver_verdict v = {DRIVER_SUSPENDED, one->reviewer.s, "test", WORDS, NULL, NULL, 0};
	REFUSES(E_NOT_FOUND, NULL, driver_decide(sc, tx, op, t->d->id.s, &v, &id));
	TRY(drivers_of(sc, tx, op, NULL, DRIVER_STATES, &all, &n));
	SAY(n == 0);
	TRY(drivers_of(sc, tx, two->op.s, two->station.s, DRIVER_ACTIVE, &all, &n));
	SAY(n == 1);
	return OK;
}

static void
tenants_never_meet(void **state)
{
	(void)state;
	struct people_fixture one;
	people_fixture_open(&one, schemas);
	struct people_fixture two = one; /* a second operator in the same house */
	two.slug = "sydhamn";
	scope_init(&two.f.sc);
	fixture_write(&two, fixture_set_up_, &two);
	struct fixture_driver d = people_fixture_driver(&two, "Ada Lind");
	struct tenants t = {&one, &two, &d};
	fixture_write(&one, reach_across, &t);
	/* her token under the other operator's digits */
	char *moved = scope_strdup(&one.f.sc, d.token);
	memcpy(moved, one.op.s + 3, 26);
	assert_int_equal(token_code(&one, moved), E_UNAUTHENTICATED);
	assert_int_equal(token_code(&one, d.token), OK);
	/* a programme or station of the other cannot be joined */
	struct fixture_driver x;
	memset(&x, 0, sizeof x);
	struct fixture_signup_ a = {&two, fixture_application(&two, "Bo Lind", &x), &x};
	a.s.programme_id = one.programme.s;
	fixture_refuses(&two, E_NOT_FOUND, NULL, fixture_sign_up_, &a);
	scope_release(&two.f.sc);
	people_fixture_close(&one);
}

/* --- the notice --- */

struct notice {
	struct people_fixture *p;
	json_t *out;
};

static enum code
read_notice(struct scope *sc, struct tx *tx, void *arg)
{
	struct notice *a = arg;
	return people_notice(sc, tx, a->p->op.s, a->p->programme.s, &a->out);
}

static void
the_notice_names_every_decision(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct notice a = {.p = &p};
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, read_notice, &a));
	const json_t *decisions = json_object_get(a.out, "decisions");
	size_t kinds = 0;
	while (record_kinds[kinds].name != NULL)
		kinds++;
	assert_int_equal(json_array_size(decisions), kinds);
	const json_t *monitored = json_object_get(a.out, "monitored");
	size_t off = 0;
	for (size_t i = 0; i < json_array_size(monitored); i++)
		off += json_is_false(json_object_get(json_array_get(monitored, i), "on"));
	assert_int_equal(off, 1); /* the face path */
	people_fixture_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nobody_under_eighteen),
	    cmocka_unit_test(a_challenge_is_spent_once_and_dies_in_a_minute),
	    cmocka_unit_test(a_phone_comes_back_with_its_key),
	    cmocka_unit_test(tokens_end_and_cannot_be_guessed_at),
	    cmocka_unit_test(staff_sign_in_by_passphrase),
	    cmocka_unit_test(no_face_without_basis_signature_and_consent),
	    cmocka_unit_test(opting_out_destroys_template_and_key),
	    cmocka_unit_test(dispatch_cannot_see_who_uses_a_face),
	    cmocka_unit_test(drivers_move_along_drawn_arrows_only),
	    cmocka_unit_test(a_suspensions_date_asks_a_person),
	    cmocka_unit_test(a_person_looks_where_the_programme_says_so),
	    cmocka_unit_test(who_has_left_cannot_be_read_again),
	    cmocka_unit_test(tenants_never_meet),
	    cmocka_unit_test(the_notice_names_every_decision),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
