/* An operator with everything a day needs, for tests: staff of each role, a
 * programme, a station, and drivers who sign up with a phone's key.
 *
 *	static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, &freight_schema, NULL};
 *	struct people_fixture p;
 *	people_fixture_open(&p, schemas);
 *	struct fixture_driver d = people_fixture_driver(&p, "Ada Lind");
 *	…  p.f.store, p.keys, p.op.s, p.reviewer.s, p.station.s, d.id.s …
 *	people_fixture_close(&p);
 *
 * Tests assert inside transactions with SAY() and REFUSES(): they run on the
 * writer's thread, where cmocka's own asserts cannot jump. */
#ifndef TEST_PEOPLE_FIXTURE_H
#define TEST_PEOPLE_FIXTURE_H

#include "store_fixture.h"

#include <sodium.h>

#include "chain/chain.h"
#include "people/access.h"

#define PEOPLE_FIXTURE_SCHEMAS &jobs_schema, &chain_schema, &record_schema, &people_schema

struct people_fixture {
	struct store_fixture f;
	struct keys *keys;
	struct id op, admin, dispatcher, reviewer, reviewer2, representative, programme, station;
	const char *slug;
	int64_t drivers;
};

struct fixture_driver {
	struct id id, device;
	uint8_t public_key[32], secret_key[64];
	const char *token;
};

#define SAY(cond) \
	do { \
		if (!(cond)) \
			return fail(sc, E_INTERNAL, "line %d: %s", __LINE__, #cond); \
	} while (0)
/* The call must fail so before it has changed anything; the error is dropped. */
#define REFUSES(wanted, why, expr) \
	do { \
		enum code got_ = (expr); \
		if (got_ != (wanted) || ((why) != NULL && !fixture_reason_is_(sc, why))) \
			return fail(sc, E_INTERNAL, "line %d: %s gave %s", __LINE__, #expr, code_name(got_)); \
		error_clear(sc); \
	} while (0)

static inline bool
fixture_reason_is_(const struct scope *sc, const char *why)
{
	return sc->err.reason != NULL && strcmp(sc->err.reason, why) == 0;
}

/* Runs fn as one durable write, or fails the test. */
static inline void
fixture_write(struct people_fixture *p, tx_fn *fn, void *arg)
{
	assert_ok(&p->f.sc, store_write(&p->f.sc, p->f.store, LANE_MAIN, fn, arg));
}

/* The whole write must be refused, for this reason (NULL: any). */
static inline void
fixture_refuses(struct people_fixture *p, enum code wanted, const char *why, tx_fn *fn, void *arg)
{
	enum code rc = store_write(&p->f.sc, p->f.store, LANE_MAIN, fn, arg);
	if (rc != wanted || (why != NULL && !fixture_reason_is_(&p->f.sc, why)))
		fail_msg("gave %s (%s): %s", code_name(rc), p->f.sc.err.reason, p->f.sc.err.message);
	error_clear(&p->f.sc);
}

static inline void
fixture_step(struct people_fixture *p, int64_t ms)
{
	clock_step_to(&p->f.clock, clock_now_ms(&p->f.clock) + ms);
}

static inline enum code
fixture_staff_(struct scope *sc, struct tx *tx, struct people_fixture *p, const char *email, const char *name,
	       enum role role, struct id *out)
{
	/* argon2id of "correct horse battery staple" is not needed to act by id */
	struct staff_new s = {email, name, role, "no passphrase opens this"};
	return staff_create(sc, tx, p->op.s, &s, out);
}

static inline enum code
fixture_set_up_(struct scope *sc, struct tx *tx, void *arg)
{
	struct people_fixture *p = arg;
	struct operator_new o = {
	    .slug = p->slug,
	    .name = "Nordhamn Bud",
	    .zone = "Europe/Stockholm",
	    .country = "SE",
	    .currency = "SEK",
	    .contact = "hej@nordhamn.example",
	};
	TRY(operator_create(sc, tx, &o, &p->op));
	TRY(fixture_staff_(sc, tx, p, "admin@nordhamn.example", "Maja Ek", ROLE_ADMIN, &p->admin));
	TRY(fixture_staff_(sc, tx, p, "desk@nordhamn.example", "Olle Berg", ROLE_DISPATCHER, &p->dispatcher));
	TRY(fixture_staff_(sc, tx, p, "review@nordhamn.example", "Siv Dahl", ROLE_REVIEWER, &p->reviewer));
	TRY(fixture_staff_(sc, tx, p, "review2@nordhamn.example", "Nils Falk", ROLE_REVIEWER, &p->reviewer2));
	TRY(fixture_staff_(sc, tx, p, "union@nordhamn.example", "Kerstin Holm", ROLE_REPRESENTATIVE,
			   &p->representative));
	TRY(programme_create(sc, tx, p->op.s, p->admin.s, "Parcels", NULL, &p->programme));
	struct station_new s = {"Central", "Drottningtorget 1, Gothenburg", NULL, {577087000, 119734000}};
	return station_create(sc, tx, p->op.s, &s, &p->station);
}

static inline void
people_fixture_open(struct people_fixture *p, const struct schema *const *schemas)
{
	memset(p, 0, sizeof *p);
	p->slug = "nordhamn";
	store_fixture_open(&p->f, schemas);
	char path[96];
	snprintf(path, sizeof path, "%s/keys", p->f.dir);
	assert_ok(&p->f.sc, keys_create(&p->f.sc, path, &p->f.random));
	assert_ok(&p->f.sc, keys_open(&p->f.sc, path, &p->keys));
	fixture_write(p, fixture_set_up_, p);
}

static inline void
people_fixture_close(struct people_fixture *p)
{
	keys_close(p->keys);
	store_fixture_close(&p->f);
}

struct fixture_signup_ {
	struct people_fixture *p;
	struct signup s;
	struct fixture_driver *d;
};

static inline enum code
fixture_sign_up_(struct scope *sc, struct tx *tx, void *arg)
{
	struct fixture_signup_ *a = arg;
	TRY(driver_sign_up(sc, tx, a->p->keys, a->p->op.s, &a->s, &a->d->id, &a->d->device));
	return driver_session(sc, tx, a->p->keys, a->p->op.s, a->d->id.s, a->d->device.s, &a->d->token);
}

/* What this phone says to a challenge. */
static inline void
fixture_sign(struct scope *sc, const char *operator_id, const char *purpose, const char *challenge,
	     const uint8_t secret_key[static 64], uint8_t signature[static 64])
{
	const char *m = challenge_message(sc, operator_id, purpose, challenge);
	crypto_sign_detached(signature, NULL, (const uint8_t *)m, strlen(m), secret_key);
}

/* A well-formed application of a phone whose key is in *d. */
static inline struct signup
fixture_application(struct people_fixture *p, const char *name, struct fixture_driver *d)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	random_bytes(&p->f.random, seed, sizeof seed);
	crypto_sign_seed_keypair(d->public_key, d->secret_key, seed);
	struct signup s = {
	    .programme_id = p->programme.s,
	    .station_id = p->station.s,
	    .name = name,
	    .birth_date = "1990-04-30",
	    .phone = scope_printf(&p->f.sc, "+4670%07" PRId64, p->drivers++),
	    .language = "sv",
	    .vehicle = VEHICLE_VAN,
	    .capacity_g = 800000,
	    .capacity_ml = 6000000,
	    .device_label = "phone",
	};
	memcpy(s.device_key, d->public_key, sizeof s.device_key);
	s.challenge = challenge_make(&p->f.sc, p->keys, &p->f.random, p->op.s, "signup", clock_now_ms(&p->f.clock));
	fixture_sign(&p->f.sc, p->op.s, "signup", s.challenge, d->secret_key, s.signature);
	return s;
}

/* An active driver with a session. */
static inline struct fixture_driver
people_fixture_driver(struct people_fixture *p, const char *name)
{
	struct fixture_driver d;
	memset(&d, 0, sizeof d);
	struct fixture_signup_ a = {p, fixture_application(p, name, &d), &d};
	fixture_write(p, fixture_sign_up_, &a);
	return d;
}

#endif
