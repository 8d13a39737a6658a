/* freight: states along their arrows, imports whole or not at all, tenants
 * apart, recipients forgotten. */
#include "people_fixture.h"

#include "base/text.h"
#include "freight/freight.h"
#include "people/vault.h"
#include "prop.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, &freight_schema, NULL};

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define DUTY "dty_1"

struct add {
	struct people_fixture *p;
	const struct shipment_new *list;
	size_t n;
	struct added out;
};

static enum code
add(struct scope *sc, struct tx *tx, void *arg)
{
	struct add *a = arg;
	return freight_add(sc, tx, a->p->keys, a->p->op.s, a->p->station.s, a->p->dispatcher.s, a->list, a->n, &a->out);
}

static struct shipment_new
parcel_for(struct scope *sc, const char *reference, size_t parcels)
{
	struct parcel_new *list = NEW_ARRAY(sc, parcels, struct parcel_new);
	for (size_t i = 0; i < parcels; i++)
		list[i] = (struct parcel_new){scope_printf(sc, "%s-%zu", reference, i), 1200, 4000};
	return (struct shipment_new){
	    .reference = reference,
	    .recipient = "Tove Sandberg",
	    .phone = "+46701112233",
	    .address = "Linnégatan 7, 413 04 Göteborg",
	    .notes = "code 4711 at the gate",
	    .place = {576950000, 119530000},
	    .earliest_ms = FIXTURE_START_MS + 3 * 3600000,
	    .latest_ms = FIXTURE_START_MS + 9 * 3600000,
	    .service_s = 120,
	    .parcels = list,
	    .n_parcels = parcels,
	};
}

static const char *
add_one(struct people_fixture *p, const char *reference, size_t parcels)
{
	struct shipment_new s = parcel_for(&p->f.sc, reference, parcels);
	struct add a = {.p = p, .list = &s, .n = 1};
	fixture_write(p, add, &a);
	return a.out.shipment_ids[0].s;
}

struct step {
	struct people_fixture *p;
	const char *operator_id, *id;
	struct move m;
	struct shipment got;
};

static enum code
do_move(struct scope *sc, struct tx *tx, void *arg)
{
	struct step *a = arg;
	return freight_move(sc, tx, a->operator_id, a->id, &a->m);
}

static enum code
read_shipment(struct scope *sc, struct tx *tx, void *arg)
{
	struct step *a = arg;
	return freight_get(sc, tx, a->operator_id, a->id, &a->got);
}

static struct shipment
get(struct people_fixture *p, const char *id)
{
	struct step a = {.p = p, .operator_id = p->op.s, .id = id};
	assert_ok(&p->f.sc, store_read(&p->f.sc, p->f.store, read_shipment, &a));
	return a.got;
}

static enum code
try_move(struct people_fixture *p, const char *id, enum shipment_state to)
{
	struct step a = {.p = p, .operator_id = p->op.s, .id = id};
	a.m = (struct move){to, p->dispatcher.s, to == SHIPMENT_PLANNED ? DUTY : NULL, "test"};
	enum code rc = store_write(&p->f.sc, p->f.store, LANE_MAIN, do_move, &a);
	error_clear(&p->f.sc);
	return rc;
}

/* --- arrows --- */

static bool
drawn(enum shipment_state from, enum shipment_state to)
{
	static const struct {
		enum shipment_state from, to;
	} arrows[] = {
	    {SHIPMENT_CREATED, SHIPMENT_AT_STATION},   {SHIPMENT_CREATED, SHIPMENT_CANCELLED},
	    {SHIPMENT_AT_STATION, SHIPMENT_PLANNED},   {SHIPMENT_AT_STATION, SHIPMENT_RETURNED},
	    {SHIPMENT_AT_STATION, SHIPMENT_CANCELLED}, {SHIPMENT_PLANNED, SHIPMENT_LOADED},
	    {SHIPMENT_PLANNED, SHIPMENT_AT_STATION},   {SHIPMENT_PLANNED, SHIPMENT_CANCELLED},
	    {SHIPMENT_LOADED, SHIPMENT_DELIVERED},     {SHIPMENT_LOADED, SHIPMENT_FAILED},
	    {SHIPMENT_LOADED, SHIPMENT_AT_STATION},    {SHIPMENT_FAILED, SHIPMENT_LOADED},
	    {SHIPMENT_FAILED, SHIPMENT_AT_STATION},    {SHIPMENT_FAILED, SHIPMENT_RETURNED},
	};
	for (size_t i = 0; i < COUNT_OF(arrows); i++)
		if (arrows[i].from == from && arrows[i].to == to)
			return true;
	return false;
}

static struct people_fixture *walking; /* a property has no argument of its own */

/* A random walk: what is not drawn is refused and changes nothing. */
static bool
walks_stay_on_arrows(struct prng *r, size_t size)
{
	struct people_fixture *p = walking;
	char reference[32];
	snprintf(reference, sizeof reference, "W-%" PRIu64, prng_u64(r));
	const char *id = add_one(p, reference, 1 + prng_below(r, 3));
	enum shipment_state at = SHIPMENT_CREATED;
	int64_t attempts = 0;
	for (size_t i = 0; i < size; i++) {
		enum shipment_state to = (enum shipment_state)prng_below(r, SHIPMENT_STATES);
		enum code rc = try_move(p, id, to);
		if (rc != (drawn(at, to) ? OK : E_CONFLICT))
			return false;
		if (rc == OK) {
			at = to;
			attempts += to == SHIPMENT_FAILED || to == SHIPMENT_DELIVERED;
		}
		struct shipment s = get(p, id);
		bool on_tour = at == SHIPMENT_PLANNED || at == SHIPMENT_LOADED || at == SHIPMENT_FAILED;
		if (s.state != at || s.attempts != attempts || (on_tour && !text_eq(s.duty_id, DUTY)))
			return false;
	}
	return true;
}

struct count {
	struct people_fixture *p;
	struct freight_counts c;
};

static enum code
count(struct scope *sc, struct tx *tx, void *arg)
{
	struct count *a = arg;
	return freight_count(sc, tx, a->p->op.s, NULL, NULL, &a->c);
}

static enum code
all_parcels(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM parcel", NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static void
shipments_move_along_drawn_arrows_only(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	for (int from = 0; from < SHIPMENT_STATES; from++)
		for (int to = 0; to < SHIPMENT_STATES; to++)
			assert_int_equal(shipment_may_move((enum shipment_state)from, (enum shipment_state)to),
					 drawn((enum shipment_state)from, (enum shipment_state)to));
	walking = &p;
	prop_check("walk", 40, 25, walks_stay_on_arrows);
	/* the report's sum: parcels by state add up to all parcels */
	struct count c = {.p = &p};
	int64_t parcels;
	int64_t sum = 0;
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, count, &c));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, all_parcels, &parcels));
	for (int i = 0; i < SHIPMENT_STATES; i++)
		sum += c.c.parcels[i];
	assert_true(sum == parcels && parcels > 40);
	people_fixture_close(&p);
}

struct recount {
	struct people_fixture *p;
	const char *day;
	struct freight_proof got;
};

static enum code
recount(struct scope *sc, struct tx *tx, void *arg)
{
	struct recount *c = arg;
	return freight_recount(sc, tx, c->p->op.s, c->day, &c->got);
}

static enum code
day_of_one(struct scope *sc, struct tx *tx, void *arg)
{
	struct recount *c = arg;
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT day FROM shipment WHERE operator_id = $1 LIMIT 1", VALS(v_text(c->p->op.s))));
	c->day = row_text(sc, r, 0);
	return OK;
}

static enum code
tamper(struct scope *sc, struct tx *tx, void *arg)
{
	struct recount *c = arg;
	TRY(sql_run(sc, tx, "DELETE FROM parcel WHERE operator_id = $1 AND n = (SELECT MAX(n) FROM parcel)",
		    VALS(v_text(c->p->op.s)), NULL));
	return sql_run(sc, tx, "UPDATE shipment SET state = 'cancelled', ended_ms = 1 WHERE operator_id = $1",
		       VALS(v_text(c->p->op.s)), NULL);
}

/* What the report compares its sums with must not come from the same rows. */
static void
a_recount_sees_what_was_changed_behind_its_back(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct recount c = {.p = &p};
	add_one(&p, "R", 3);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, day_of_one, &c));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, recount, &c));
	assert_int_equal(c.got.parcels, 3);
	assert_int_equal(c.got.contradicted, 0);
	fixture_write(&p, tamper, &c);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, recount, &c));
	assert_int_equal(c.got.parcels, 2);
	assert_int_equal(c.got.contradicted, 1);
	people_fixture_close(&p);
}

static void
a_move_says_for_whom_and_why(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct step a = {.p = &p, .operator_id = p.op.s, .id = add_one(&p, "A-1", 1)};
	assert_int_equal(try_move(&p, a.id, SHIPMENT_AT_STATION), OK);
	a.m = (struct move){.to = SHIPMENT_PLANNED};
	fixture_refuses(&p, E_INVALID, NULL, do_move, &a);
	a.m = (struct move){.to = SHIPMENT_CANCELLED};
	fixture_refuses(&p, E_INVALID, "bad-field", do_move, &a);
	assert_int_equal(try_move(&p, a.id, SHIPMENT_PLANNED), OK);
	a.m = (struct move){.to = SHIPMENT_LOADED, .duty_id = "dty_other"};
	fixture_refuses(&p, E_CONFLICT, "other-van", do_move, &a);
	a.m.duty_id = DUTY;
	fixture_write(&p, do_move, &a);
	people_fixture_close(&p);
}

/* --- scanning --- */

struct scanning {
	struct people_fixture *p;
	const char *barcode, *duty;
	struct scan got;
};

static enum code
do_scan(struct scope *sc, struct tx *tx, void *arg)
{
	struct scanning *a = arg;
	return freight_scan(sc, tx, a->p->op.s, a->barcode, a->duty, a->p->dispatcher.s, &a->got);
}

static void
the_last_parcel_scanned_moves_the_shipment(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	const char *id = add_one(&p, "S", 2);
	struct scanning s = {.p = &p, .barcode = "nobody's"};
	fixture_refuses(&p, E_NOT_FOUND, NULL, do_scan, &s);
	s.barcode = "S-0";
	for (int i = 0; i < 2; i++) { /* the second scan of one parcel is no second parcel */
		fixture_write(&p, do_scan, &s);
		assert_int_equal(s.got.scanned, 1);
		assert_false(s.got.complete);
		assert_int_equal(get(&p, id).state, SHIPMENT_CREATED);
	}
	s.duty = DUTY;
	fixture_refuses(&p, E_CONFLICT, "bad-state", do_scan, &s);
	s.duty = NULL;
	s.barcode = "S-1";
	fixture_write(&p, do_scan, &s);
	assert_true(s.got.complete);
	assert_int_equal(get(&p, id).state, SHIPMENT_AT_STATION);
	assert_int_equal(try_move(&p, id, SHIPMENT_PLANNED), OK);
	s.duty = "dty_other";
	fixture_refuses(&p, E_CONFLICT, "other-van", do_scan, &s);
	s.duty = DUTY;
	fixture_write(&p, do_scan, &s);
	assert_int_equal(get(&p, id).state, SHIPMENT_PLANNED);
	s.barcode = "S-0";
	fixture_write(&p, do_scan, &s);
	assert_int_equal(get(&p, id).state, SHIPMENT_LOADED);
	fixture_write(&p, do_scan, &s);
	/* brought back: it must be scanned into the next van again */
	assert_int_equal(try_move(&p, id, SHIPMENT_AT_STATION), OK);
	assert_int_equal(try_move(&p, id, SHIPMENT_PLANNED), OK);
	fixture_write(&p, do_scan, &s);
	assert_int_equal(s.got.scanned, 1);
	people_fixture_close(&p);
}

/* --- coming in --- */

struct import {
	struct people_fixture *p;
	struct csv_import in;
	bool partial;
	json_t *out;
};

static enum code
import_csv(struct scope *sc, struct tx *tx, void *arg)
{
	struct import *a = arg;
	return freight_add_csv(sc, tx, a->p->keys, a->p->op.s, a->p->station.s, NULL, &a->in, a->partial, &a->out);
}

static int64_t
imported(struct people_fixture *p, const char *text, bool partial, size_t *faults)
{
	struct import a = {.p = p, .partial = partial};
	assert_ok(&p->f.sc,
		  shipments_read_csv(&p->f.sc, text, strlen(text), "Europe/Stockholm", "2026-11-22", false, &a.in));
	fixture_write(p, import_csv, &a);
	*faults = json_array_size(json_object_get(a.out, "faults"));
	int64_t landed = json_integer_value(json_object_get(a.out, "landed"));
	assert_int_equal(json_array_size(json_object_get(a.out, "shipments")), landed);
	return landed;
}

static int64_t
total(struct people_fixture *p)
{
	struct count c = {.p = p};
	int64_t sum = 0;
	assert_ok(&p->f.sc, store_read(&p->f.sc, p->f.store, count, &c));
	for (int i = 0; i < SHIPMENT_STATES; i++)
		sum += c.c.shipments[i];
	return sum;
}

static void
a_file_lands_whole_or_not_at_all(void **state)
{
	(void)state;
	static const char file[] = "reference,recipient,address,lat,lon,earliest,latest,barcodes\n"
				   "A,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X1|X2\n"
				   "B,Bo,Storgatan 1,,,08:00,09:00,X3\n"
				   "C,Bo,Storgatan 3,57.7,11.98,08:00,09:00,X4\n";
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	size_t faults;
	assert_int_equal(imported(&p, file, false, &faults), 0);
	assert_int_equal(faults, 1);
	assert_int_equal(total(&p), 0);
	assert_int_equal(imported(&p, file, true, &faults), 2);
	assert_int_equal(faults, 1);
	assert_int_equal(total(&p), 2);
	/* again: what is there already is named, and only the rest would land */
	assert_int_equal(imported(&p, file, true, &faults), 0);
	assert_int_equal(faults, 3);
	static const char barcode[] = "reference,recipient,address,lat,lon,earliest,latest,barcodes\n"
				      "D,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X4\n";
	assert_int_equal(imported(&p, barcode, false, &faults), 0);
	assert_int_equal(faults, 1);
	assert_int_equal(total(&p), 2);
	people_fixture_close(&p);
}

static void
a_list_lands_whole_or_not_at_all(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct scope *sc = &p.f.sc;
	struct shipment_new list[3] = {parcel_for(sc, "A", 1), parcel_for(sc, "B", 1), parcel_for(sc, "C", 1)};
	struct add a = {.p = &p, .list = list, .n = 3};
	fixture_write(&p, add, &a);
	list[0] = parcel_for(sc, "D", 1);
	list[1] = parcel_for(sc, "B", 1);
	fixture_refuses(&p, E_CONFLICT, "duplicate-reference", add, &a);
	list[1] = parcel_for(sc, "E", 1);
	list[2] = parcel_for(sc, "F", 1);
	((struct parcel_new *)list[2].parcels)[0].barcode = "A-0";
	fixture_refuses(&p, E_CONFLICT, "duplicate-barcode", add, &a);
	assert_int_equal(total(&p), 3);
	people_fixture_close(&p);
}

static void
lists_are_checked_member_by_member(void **state)
{
	(void)state;
	static const char good[] =
	    "{\"reference\":\"A\",\"recipient\":{\"name\":\"Bo\"},\"address\":\"Storgatan 1\",\"place\":{\"lat\":57.7,"
	    "\"lon\":11.97},\"earliest\":\"2026-11-22T08:00:00Z\",\"latest\":\"2026-11-22T12:00:00Z\",\"parcels\":"
	    "[{\"weight_g\":900}]}";
	static const struct {
		const char *cut, *put, *says;
	} bends[] = {
	    {"\"lat\":57.7", "\"lat\":97.7", "place"},
	    {"\"lat\":57.7,", "", "lat"},
	    {"12:00:00Z", "07:00:00Z", "latest"},
	    {"[{\"weight_g\":900}]", "[]", "parcels"},
	    {"900", "-1", "weight_g"},
	    {"\"reference\":\"A\"", "\"reference\":\"\"", "reference"},
	    {"\"name\":\"Bo\"", "\"nom\":\"Bo\"", "nom"},
	    {"\"address\"", "\"adress\"", "adress"},
	    {"{\"weight_g\":900}", "{\"barcode\":\"a b\"}", "barcode"},
	};
	struct scope sc;
	scope_init(&sc);
	json_t *v;
	struct shipment_new *out;
	size_t n;
	char *text = scope_printf(&sc, "[%s]", good);
	assert_ok(&sc, json_parse(&sc, text, strlen(text), &v));
	assert_ok(&sc, shipments_parse(&sc, v, &out, &n));
	assert_int_equal(n, 1);
	for (size_t i = 0; i < COUNT_OF(bends); i++) {
		const char *at = strstr(good, bends[i].cut);
		assert_non_null(at);
		text = scope_printf(&sc, "[%s,%.*s%s%s]", good, (int)(at - good), good, bends[i].put,
				    at + strlen(bends[i].cut));
		assert_ok(&sc, json_parse(&sc, text, strlen(text), &v));
		assert_int_equal(shipments_parse(&sc, v, &out, &n), E_INVALID);
		assert_non_null(strstr(sc.err.message, "shipments[1]"));
		assert_non_null(strstr(sc.err.message, bends[i].says));
	}
	text = scope_printf(&sc, "[%s,%s]", good, good);
	assert_ok(&sc, json_parse(&sc, text, strlen(text), &v));
	assert_int_equal(shipments_parse(&sc, v, &out, &n), E_INVALID);
	scope_release(&sc);
}

/* --- the recipient --- */

struct recipient_side {
	struct people_fixture *p;
	const char *id, *token;
	json_t *page;
	const char *code;
	bool right;
	int64_t days;
};

static enum code
look_up(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	const char *op;
	const char *id;
	TRY(tracking_find(sc, tx, a->p->keys, a->token, &op, &id));
	SAY(text_eq(op, a->p->op.s) && text_eq(id, a->id));
	return tracking_json(sc, tx, a->p->keys, op, id, &a->page);
}

static enum code
object(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	return tracking_object(sc, tx, a->p->keys, a->p->op.s, a->id);
}

static enum code
reschedule(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	return tracking_reschedule(sc, tx, a->p->op.s, a->id, a->days);
}

static enum code
try_code(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	return freight_code_try(sc, tx, a->p->keys, a->p->op.s, a->id, a->code, &a->right);
}

static const char *
text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s == NULL ? "" : s;
}

static void
a_link_shows_one_shipment_and_hears_an_objection(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct recipient_side a = {.p = &p, .id = add_one(&p, "A", 1)};
	struct recipient_side b = {.p = &p, .id = add_one(&p, "B", 1)};
	a.token = tracking_token(&p.f.sc, p.keys, p.op.s, a.id);
	b.token = tracking_token(&p.f.sc, p.keys, p.op.s, b.id);
	assert_string_not_equal(a.token, b.token);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, look_up, &a));
	assert_string_equal(text_at(a.page, "reference"), "A");
	assert_string_equal(text_at(a.page, "proof"), "any");
	const char *code = text_at(a.page, "code");
	assert_int_equal(strlen(code), 6);
	for (size_t i = 0; a.token[i] != '\0'; i++) { /* no other token of this length is a link */
		struct recipient_side bent = a;
		char *t = scope_strdup(&p.f.sc, a.token);
		t[i] = t[i] == 'A' ? 'Q' : 'A';
		bent.token = t;
		assert_int_equal(store_read(&p.f.sc, p.f.store, look_up, &bent), E_NOT_FOUND);
		error_clear(&p.f.sc);
	}
	fixture_write(&p, object, &a);
	assert_int_equal(get(&p, a.id).proof, PROOF_CODE);
	a.code = "no";
	for (int i = 0; i < 4; i++) {
		fixture_write(&p, try_code, &a);
		assert_false(a.right);
	}
	a.code = code;
	fixture_write(&p, try_code, &a);
	assert_true(a.right);
	a.code = "12345";
	for (int i = 0; i < 5; i++)
		fixture_write(&p, try_code, &a);
	a.code = code;
	fixture_refuses(&p, E_DENIED, "code-locked", try_code, &a);

	int64_t before = get(&p, b.id).earliest_ms;
	b.days = 15;
	fixture_refuses(&p, E_INVALID, NULL, reschedule, &b);
	b.days = 3;
	fixture_write(&p, reschedule, &b);
	assert_true(get(&p, b.id).earliest_ms == before + 3 * DAY_MS);
	assert_string_equal(get(&p, b.id).day, "2026-11-25");
	assert_int_equal(try_move(&p, b.id, SHIPMENT_AT_STATION), OK);
	assert_int_equal(try_move(&p, b.id, SHIPMENT_PLANNED), OK);
	fixture_refuses(&p, E_CONFLICT, "bad-state", reschedule, &b);
	people_fixture_close(&p);
}

static enum code
forget(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	return freight_forget(sc, tx, a->p->op.s, a->id);
}

static enum code
nothing_opens(struct scope *sc, struct tx *tx, void *arg)
{
	struct recipient_side *a = arg;
	json_t *o;
	struct rows *r;
	TRY(freight_json(sc, tx, a->p->keys, a->p->op.s, a->id, SHIPMENT_FOR_SENDER, &o));
	SAY(json_is_null(json_object_get(o, "recipient")) && json_is_null(json_object_get(o, "address")) &&
	    json_is_null(json_object_get(o, "place")) && json_is_null(json_object_get(o, "tracking")));
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM person_key WHERE owner_id = $1", VALS(v_text(a->id))));
	SAY(row_int(r, 0) == 0);
	return OK;
}

static const struct job_kind *const job_kinds[] = {&freight_forget_job, &record_overdue_job, &people_template_job,
						   NULL};

static void
recipients_are_forgotten_after_thirty_days(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct recipient_side a = {.p = &p, .id = add_one(&p, "A", 1)};
	a.token = tracking_token(&p.f.sc, p.keys, p.op.s, a.id);
	struct jobs *jobs;
	assert_ok(&p.f.sc, jobs_open(&p.f.sc, p.f.store, job_kinds, NULL, 1, &jobs));
	fixture_refuses(&p, E_CONFLICT, "bad-state", forget, &a);
	static const enum shipment_state way[] = {SHIPMENT_AT_STATION, SHIPMENT_PLANNED, SHIPMENT_LOADED,
						  SHIPMENT_DELIVERED};
	for (size_t i = 0; i < COUNT_OF(way); i++)
		assert_int_equal(try_move(&p, a.id, way[i]), OK);
	int64_t end = clock_now_ms(&p.f.clock) + 30 * DAY_MS;
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, end - 1));
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, look_up, &a));
	assert_ok(&p.f.sc, jobs_run_until(&p.f.sc, jobs, end));
	assert_int_equal(store_read(&p.f.sc, p.f.store, look_up, &a), E_NOT_FOUND);
	error_clear(&p.f.sc);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, nothing_opens, &a));
	struct count c = {.p = &p};
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, count, &c));
	assert_int_equal(c.c.parcels[SHIPMENT_DELIVERED], 1); /* the counts stay */
	assert_int_equal(c.c.forgotten, 1);
	jobs_close(jobs);
	people_fixture_close(&p);
}

/* --- a driver's part, tenants --- */

struct hers {
	struct people_fixture *p;
	const char *driver_id;
	json_t *out;
};

static enum code
take_along(struct scope *sc, struct tx *tx, void *arg)
{
	struct hers *a = arg;
	a->out = json_new_object(sc);
	return freight_export(sc, tx, a->p->op.s, a->driver_id, a->out);
}

static enum code
erase_hers(struct scope *sc, struct tx *tx, void *arg)
{
	struct hers *a = arg;
	return freight_erase(sc, tx, a->p->op.s, a->driver_id);
}

static void
a_driver_takes_her_part_along(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct step s = {.p = &p, .operator_id = p.op.s, .id = add_one(&p, "A", 1)};
	s.m = (struct move){.to = SHIPMENT_AT_STATION, .by = "drv_1"};
	fixture_write(&p, do_move, &s);
	struct hers a = {.p = &p, .driver_id = "drv_1"};
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, take_along, &a));
	assert_int_equal(json_array_size(json_object_get(a.out, "freight")), 1);
	assert_null(strstr(json_text(&p.f.sc, a.out), "Tove"));
	fixture_write(&p, erase_hers, &a);
	assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, take_along, &a));
	assert_int_equal(json_array_size(json_object_get(a.out, "freight")), 0);
	people_fixture_close(&p);
}

struct tenants {
	struct people_fixture *one, *two;
	const char *id;
};

static enum code
reach_across(struct scope *sc, struct tx *tx, void *arg)
{
	struct tenants *t = arg;
	const char *op = t->one->op.s;
	struct shipment s;
	struct shipment *list;
	size_t n;
	json_t *o;
	struct scan scan;
	bool right;
	struct added added;
	int64_t moved;
	struct move m = {.to = SHIPMENT_AT_STATION};
	struct shipment_new new = parcel_for(sc, "Z", 1);
	REFUSES(E_NOT_FOUND, NULL, freight_get(sc, tx, op, t->id, &s));
	REFUSES(E_NOT_FOUND, NULL, freight_move(sc, tx, op, t->id, &m));
	REFUSES(E_NOT_FOUND, NULL, freight_json(sc, tx, t->one->keys, op, t->id, SHIPMENT_FOR_STAFF, &o));
	REFUSES(E_NOT_FOUND, NULL, freight_scan(sc, tx, op, "A-0", NULL, NULL, &scan));
	REFUSES(E_NOT_FOUND, NULL, freight_code_try(sc, tx, t->one->keys, op, t->id, "123456", &right));
	REFUSES(E_NOT_FOUND, NULL, tracking_json(sc, tx, t->one->keys, op, t->id, &o));
	REFUSES(E_NOT_FOUND, NULL, tracking_object(sc, tx, t->one->keys, op, t->id));
	REFUSES(E_NOT_FOUND, NULL, freight_forget(sc, tx, op, t->id));
	REFUSES(E_NOT_FOUND, NULL, freight_add(sc, tx, t->one->keys, op, t->two->station.s, NULL, &new, 1, &added));
	TRY(freight_waiting(sc, tx, op, t->two->station.s, NULL, SHIPMENT_CREATED, 10, &list, &n));
	SAY(n == 0);
	TRY(freight_receive(sc, tx, op, t->two->station.s, NULL, NULL, &moved));
	SAY(moved == 0);
	TRY(freight_list(sc, tx, t->one->keys, op, NULL, NULL, SHIPMENT_STATES, 0, 10, &o));
	SAY(json_array_size(json_object_get(o, "items")) == 0);
	/* the same reference and barcode are free here */
	new = parcel_for(sc, "A", 1);
	TRY(freight_add(sc, tx, t->one->keys, op, t->one->station.s, NULL, &new, 1, &added));
	return OK;
}

static void
tenants_never_meet(void **state)
{
	(void)state;
	struct people_fixture one;
	people_fixture_open(&one, schemas);
	struct people_fixture two = one;
	two.slug = "sydhamn";
	scope_init(&two.f.sc);
	fixture_write(&two, fixture_set_up_, &two);
	struct tenants t = {&one, &two, add_one(&two, "A", 1)};
	fixture_write(&one, reach_across, &t);
	struct recipient_side a = {.p = &two, .id = t.id};
	char *token = tracking_token(&two.f.sc, two.keys, two.op.s, t.id);
	memcpy(token, one.op.s + 3, 26); /* the other operator's digits before it */
	a.token = token;
	assert_int_equal(store_read(&two.f.sc, two.f.store, look_up, &a), E_NOT_FOUND);
	scope_release(&two.f.sc);
	people_fixture_close(&one);
}

struct pages {
	struct people_fixture *p;
	int64_t after;
	json_t *out;
};

static enum code
list_page(struct scope *sc, struct tx *tx, void *arg)
{
	struct pages *a = arg;
	return freight_list(sc, tx, a->p->keys, a->p->op.s, a->p->station.s, "2026-11-22", SHIPMENT_CREATED, a->after,
			    7, &a->out);
}

struct receiving {
	struct people_fixture *p;
	int64_t moved;
};

static enum code
receive(struct scope *sc, struct tx *tx, void *arg)
{
	struct receiving *a = arg;
	return freight_receive(sc, tx, a->p->op.s, a->p->station.s, "2026-11-22", a->p->dispatcher.s, &a->moved);
}

static enum code
receive_some(struct scope *sc, struct tx *tx, void *arg)
{
	struct receiving *a = arg;
	return freight_receive_part(sc, tx, a->p->op.s, a->p->station.s, "2026-11-22", NULL, 300, &a->moved);
}

/* A thousand at once: in time for a request, every one on exactly one page. */
static void
a_thousand_land_together(void **state)
{
	(void)state;
	struct people_fixture p;
	people_fixture_open(&p, schemas);
	struct shipment_new *list = NEW_ARRAY(&p.f.sc, SHIPMENTS_PER_CALL, struct shipment_new);
	for (size_t i = 0; i < SHIPMENTS_PER_CALL; i++)
		list[i] = parcel_for(&p.f.sc, scope_printf(&p.f.sc, "R%zu", i), 1);
	struct add a = {.p = &p, .list = list, .n = SHIPMENTS_PER_CALL};
	int64_t start = clock_mono_ms();
	fixture_write(&p, add, &a);
	print_message("1000 shipments in %" PRId64 " ms (wall, this build)\n", clock_mono_ms() - start);
	struct pages pages = {.p = &p};
	size_t seen = 0;
	do {
		assert_ok(&p.f.sc, store_read(&p.f.sc, p.f.store, list_page, &pages));
		seen += json_array_size(json_object_get(pages.out, "items"));
		pages.after = json_integer_value(json_object_get(pages.out, "next"));
	} while (pages.after != 0);
	assert_int_equal(seen, SHIPMENTS_PER_CALL);
	struct receiving r = {.p = &p};
	fixture_write(&p, receive_some, &r); /* a part is no more than was asked for */
	assert_int_equal(r.moved, 300);
	fixture_write(&p, receive, &r);
	assert_int_equal(r.moved, SHIPMENTS_PER_CALL - 300);
	fixture_write(&p, receive_some, &r);
	assert_int_equal(r.moved, 0);
	people_fixture_close(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shipments_move_along_drawn_arrows_only),
	    cmocka_unit_test(a_recount_sees_what_was_changed_behind_its_back),
	    cmocka_unit_test(a_move_says_for_whom_and_why),
	    cmocka_unit_test(the_last_parcel_scanned_moves_the_shipment),
	    cmocka_unit_test(a_file_lands_whole_or_not_at_all),
	    cmocka_unit_test(a_list_lands_whole_or_not_at_all),
	    cmocka_unit_test(lists_are_checked_member_by_member),
	    cmocka_unit_test(a_link_shows_one_shipment_and_hears_an_objection),
	    cmocka_unit_test(recipients_are_forgotten_after_thirty_days),
	    cmocka_unit_test(a_driver_takes_her_part_along),
	    cmocka_unit_test(tenants_never_meet),
	    cmocka_unit_test(a_thousand_land_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
