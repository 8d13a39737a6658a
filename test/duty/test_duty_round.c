/* A duty on a real store and real streets: the gate, the round, its end; and
 * everything somebody else must not be able to do to it. */
#include "people_fixture.h"

#include "../road/town.h"
#include "base/prng.h"
#include "base/text.h"
#include "duty/duty.h"
#include "duty/duty_legs.h"
#include "freight/freight.h"
#include "people/people.h"

static const struct schema *const schemas[] = {
    PEOPLE_FIXTURE_SCHEMAS, &freight_schema,	    &offer_schema, &duty_schema,
    &duty_order_schema,	    &duty_positions_schema, NULL};

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define SHIPMENTS 6
static const char words[] = "I spoke with her at the gate and saw what had happened.";

struct yard {
	struct people_fixture p;
	struct jobs *jobs;
	struct road *road;
	struct road_service_own roads;
	struct duty_planner planner;
	struct fixture_driver ada, eva;
	struct hours hours;
	struct id block, award, award_eva;
	struct added freight;
	struct id duty;
	struct duty_closed closed;
	struct position_window window;
	struct place fixes[3];
};

/* --- another server's times --- */

/* Answers as our own engine does, until it is away. */
struct stranger {
	struct road_service service; /* first */
	const struct road_service *own;
	bool times_away, drive_away;
	int asked;
};

static enum code
stranger_times(struct scope *sc, const struct road_service *s, const struct road_hour *hours, size_t n_hours,
	       const struct place *places, size_t n, struct road_slices *out)
{
	struct stranger *x = (struct stranger *)(uintptr_t)s;
	x->asked++;
	if (x->times_away)
		return fail_as(sc, E_UNAVAILABLE, "roads-away", "it does not answer");
	return x->own->times(sc, x->own, &hours[n_hours / 2], 1, places, n, out);
}

static enum code
stranger_drive(struct scope *sc, const struct road_service *s, const struct road_hour *hours,
	       const struct place *places, size_t n, struct road_path *out)
{
	struct stranger *x = (struct stranger *)(uintptr_t)s;
	x->asked++;
	if (x->drive_away)
		return fail_as(sc, E_UNAVAILABLE, "roads-nonsense", "it answers nonsense");
	return x->own->drive(sc, x->own, hours, places, n, out);
}

/* --- jobs --- */

static enum code
nothing(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)sc, (void)tx, (void)ctx, (void)job, (void)result;
	return OK;
}

static enum code
plan_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	const struct yard *y = ctx;
	struct duty_wave_plan *plan;
	TRY(duty_plan_work(sc, st, &y->planner, job, &plan));
	*result = plan;
	return OK;
}

static enum code
plan_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	return duty_plan_commit(sc, tx, job, result);
}

static const struct job_kind sequence_later = {"chain.sequence", NULL, nothing, NULL};
static const struct job_kind plan_job = {DUTY_PLAN_JOB, plan_work, plan_commit, NULL};
static const struct job_kind *const kinds[] = {&sequence_later,
					       &people_template_job,
					       &offer_close_job,
					       &record_overdue_job,
					       &freight_forget_job,
					       &duty_proof_job,
					       &duty_end_job,
					       &plan_job,
					       NULL};

/* --- the morning --- */

static enum code
publish(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	static const char text[] = "{\"pay\":{\"minor\":84000,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":9},"
				   "\"distance_m\":{\"min\":1000,\"max\":40000}}";
	json_t *terms;
	TRY(json_parse(sc, text, sizeof text - 1, &terms));
	const struct block_new b = {.programme_id = y->p.programme.s,
				    .station_id = y->p.station.s,
				    .pay_plan_id = "pay_1",
				    .pay_plan_version = 1,
				    .hours = y->hours,
				    .units = 3,
				    .rule = AWARD_DIRECT,
				    .requests_close_ms = y->hours.starts_ms - HOUR_MS,
				    .terms = terms};
	TRY(offer_block_publish(sc, tx, y->p.op.s, y->p.dispatcher.s, &b, &y->block));
	TRY(duty_plan_ask(sc, tx, y->p.op.s, y->p.station.s, y->hours.starts_ms));
	return offer_award_direct(sc, tx, y->p.op.s, y->block.s, y->ada.id.s, y->p.dispatcher.s, words, NULL,
				  &y->award);
}

static enum code
send(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct prng prng;
	int64_t moved;
	static const struct parcel_new parcels[SHIPMENTS] = {{"B0", 900, 2000}, {"B1", 900, 2000}, {"B2", 900, 2000},
							     {"B3", 900, 2000}, {"B4", 900, 2000}, {"B5", 900, 2000}};
	struct shipment_new *list = NEW_ARRAY(sc, SHIPMENTS, struct shipment_new);
	prng_seed(&prng, 3);
	for (size_t i = 0; i < SHIPMENTS; i++)
		list[i] = (struct shipment_new){.reference = scope_printf(sc, "R%zu", i),
						.recipient = "Lena Nord",
						.address = "Storgatan 1",
						.place = road_random_street_point(y->road, &prng),
						.earliest_ms = y->hours.starts_ms,
						.latest_ms = y->hours.ends_ms,
						.service_s = 120,
						.proof = PROOF_ANY,
						.parcels = &parcels[i],
						.n_parcels = 1,
						.line = i};
	struct added added;
	TRY(freight_add(sc, tx, y->p.keys, y->p.op.s, y->p.station.s, NULL, list, SHIPMENTS, &added));
	y->freight.n = added.n;
	y->freight.shipment_ids = scope_memdup(&y->p.f.sc, added.shipment_ids, added.n * sizeof *added.shipment_ids);
	return freight_receive(sc, tx, y->p.op.s, y->p.station.s, "2026-11-22", NULL, &moved);
}

static void
open_yard(struct yard *y)
{
	memset(y, 0, sizeof *y);
	people_fixture_open(&y->p, schemas);
	struct scope *sc = &y->p.f.sc;
	struct prng prng;
	struct road_import_report report;
	prng_seed(&prng, 7);
	const char *town = town_geojson(sc, &prng, 14);
	assert_ok(sc, town_open_bytes(sc, town, strlen(town), "van", &y->road, &report));
	road_service_own_init(&y->roads, y->road);
	y->planner = (struct duty_planner){
	    .roads = &y->roads.service, .road = y->road, .road_version = "town", .iterations = 200, .seed = 1};
	assert_ok(sc, jobs_open(sc, y->p.f.store, kinds, y, 1, &y->jobs));
	y->ada = people_fixture_driver(&y->p, "Ada Lind");
	y->eva = people_fixture_driver(&y->p, "Eva Ros");
	int64_t now_ms = clock_now_ms(&y->p.f.clock);
	y->hours = (struct hours){now_ms + 8 * HOUR_MS, now_ms + 12 * HOUR_MS};
	fixture_write(&y->p, publish, y);
	fixture_write(&y->p, send, y);
}

static void
run_to(struct yard *y, int64_t at_ms)
{
	assert_ok(&y->p.f.sc, jobs_run_until(&y->p.f.sc, y->jobs, at_ms));
}

static void
close_yard(struct yard *y)
{
	jobs_close(y->jobs);
	road_close(y->road);
	people_fixture_close(&y->p);
}

/* --- looking --- */

static enum code
state_of(struct scope *sc, struct tx *tx, const struct yard *y, size_t i, enum shipment_state *out)
{
	struct shipment s;
	TRY(freight_get(sc, tx, y->p.op.s, y->freight.shipment_ids[i].s, &s));
	*out = s.state;
	return OK;
}

static enum code
all_are(struct scope *sc, struct tx *tx, const struct yard *y, enum shipment_state wanted)
{
	for (size_t i = 0; i < y->freight.n; i++) {
		enum shipment_state s;
		TRY(state_of(sc, tx, y, i, &s));
		SAY(s == wanted);
	}
	return OK;
}

/* Questions of this kind that wait. */
static enum code
questions(struct scope *sc, struct tx *tx, const struct yard *y, const char *kind, size_t *n)
{
	json_t *page;
	json_t *item;
	size_t i;
	*n = 0;
	TRY(queue_list(sc, tx, y->p.op.s, "open", 0, 100, &page));
	json_array_foreach(json_object_get(page, "items"), i, item) *n +=
	    text_eq(json_string_value(json_object_get(item, "kind")), kind);
	return OK;
}

static enum code
decisions(struct scope *sc, struct tx *tx, const struct yard *y, const char *driver_id, const char *kind, size_t *n)
{
	json_t *page;
	json_t *d;
	size_t i;
	*n = 0;
	TRY(record_decisions_of(sc, tx, y->p.op.s, driver_id, INT64_MAX, 100, &page));
	json_array_foreach(json_object_get(page, "items"), i, d) *n +=
	    text_eq(json_string_value(json_object_get(d, "kind")), kind);
	return OK;
}

static const char *
stop_at(struct scope *sc, const json_t *duty, size_t i)
{
	const json_t *stop = json_array_get(json_object_get(duty, "stops"), i);
	return scope_strdup(sc, json_string_value(json_object_get(stop, "id")));
}

/* --- the gate --- */

static const struct checkin_seen good = {.at_depot = true, .identity = IDENTITY_CONFIRMED};
static const struct checkin_seen bad = {.at_depot = true, .identity = IDENTITY_TRY_AGAIN};

static enum code
not_yet(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	enum checkin_outcome o;
	REFUSES(E_CONFLICT, "too-early", checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	REFUSES(E_NOT_FOUND, "no-award", checkin_record(sc, tx, y->p.op.s, y->eva.id.s, y->award.s, &good, &id, &o));
	return OK;
}

static enum code
four_tries(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	struct id asked;
	enum checkin_outcome o;
	size_t n;
	REFUSES(E_CONFLICT, "not-checked-in", duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &id));
	for (int i = 0; i < 2; i++) {
		TRY(checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &bad, &id, &o));
		SAY(o == CHECKIN_TRY_AGAIN);
	}
	TRY(checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &bad, &asked, &o));
	SAY(o == CHECKIN_REVIEW);
	/* While a person has the question, another try does not ask it again. */
	TRY(checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &bad, &id, &o));
	SAY(o == CHECKIN_REVIEW && strcmp(id.s, asked.s) == 0);
	TRY(questions(sc, tx, y, "checkin.review", &n));
	SAY(n == 1);
	REFUSES(E_CONFLICT, "not-checked-in", duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &id));
	REFUSES(E_DENIED, "human-only", checkin_review(sc, tx, y->p.op.s, asked.s, false, NULL, NULL, NULL));
	TRY(checkin_review(sc, tx, y->p.op.s, asked.s, true, y->p.reviewer.s, words, NULL));
	REFUSES(E_NOT_FOUND, "no-checkin",
		checkin_review(sc, tx, y->p.op.s, asked.s, false, y->p.reviewer.s, words, NULL));
	REFUSES(E_CONFLICT, "checked-in", checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	REFUSES(E_NOT_FOUND, "no-award", duty_open(sc, tx, y->p.op.s, y->eva.id.s, y->award.s, &id));
	TRY(duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &y->duty));
	REFUSES(E_CONFLICT, "duty-open", duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &id));
	return OK;
}

static void
the_third_try_in_vain_asks_one_person_once(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	fixture_write(&y.p, not_yet, &y);
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	fixture_write(&y.p, four_tries, &y);
	close_yard(&y);
}

static enum code
suspend(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	const struct driver_verdict v = {
	    .to = DRIVER_SUSPENDED, .staff_id = y->p.reviewer.s, .reason = "suspended_by_a_person", .reasoning = words};
	return driver_decide(sc, tx, y->p.op.s, y->ada.id.s, &v, &id);
}

static enum code
suspended_stays_out(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	enum checkin_outcome o;
	REFUSES(E_DENIED, "not-active", checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	return all_are(sc, tx, y, SHIPMENT_AT_STATION); /* nothing was planned for a van that cannot come */
}

static enum code
check_in(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	enum checkin_outcome o;
	TRY(checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	SAY(o == CHECKIN_PASSED);
	return OK;
}

static enum code
opens(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	return duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &y->duty);
}

/* Her morning is there, she has passed the gate. */
static void
open_checked_in(struct yard *y)
{
	open_yard(y);
	run_to(y, y->hours.starts_ms - 20 * MINUTE_MS);
	fixture_write(&y->p, check_in, y);
}

static void
open_on_duty(struct yard *y)
{
	open_checked_in(y);
	fixture_write(&y->p, opens, y);
}

static void
who_is_suspended_neither_checks_in_nor_opens(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	fixture_write(&y.p, suspend, &y);
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	fixture_write(&y.p, suspended_stays_out, &y);
	close_yard(&y);
	open_checked_in(&y);
	fixture_write(&y.p, suspend, &y);
	fixture_refuses(&y.p, E_DENIED, "not-active", opens, &y);
	close_yard(&y);
}

/* --- the round --- */

static enum code
load(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	const char *op = y->p.op.s;
	const char *ada = y->ada.id.s;
	int64_t left;
	TRY(all_are(sc, tx, y, SHIPMENT_PLANNED));
	REFUSES(E_NOT_FOUND, "no-duty", duty_scan(sc, tx, op, y->eva.id.s, "B0", &left));
	REFUSES(E_NOT_FOUND, "not-yours", duty_scan(sc, tx, op, ada, "B9", &left));
	for (int i = 0; i < SHIPMENTS - 1; i++) { /* B5 is not on the shelf */
		TRY(duty_scan(sc, tx, op, ada, scope_printf(sc, "B%d", i), &left));
		SAY(left == SHIPMENTS - 1 - i);
	}
	TRY(duty_scan(sc, tx, op, ada, "B0", &left)); /* twice changes nothing */
	SAY(left == 1);
	REFUSES(E_CONFLICT, "not-loaded", duty_depart(sc, tx, op, ada, false));
	json_t *duty;
	TRY(duty_for_driver(sc, tx, y->p.keys, op, ada, &duty));
	SAY(json_is_true(json_object_get(duty, "positions_recorded")));
	REFUSES(E_CONFLICT, "duty-state", stop_arrive(sc, tx, op, ada, stop_at(sc, duty, 0), NULL));
	struct duty_closed c;
	REFUSES(E_CONFLICT, "stops-open", duty_close(sc, tx, op, ada, &c));
	TRY(duty_depart(sc, tx, op, ada, true));
	REFUSES(E_CONFLICT, "duty-state", duty_depart(sc, tx, op, ada, true));
	enum shipment_state missing;
	TRY(state_of(sc, tx, y, 5, &missing));
	SAY(missing == SHIPMENT_AT_STATION);
	return OK;
}

static enum code
deliver(struct scope *sc, struct tx *tx, struct yard *y, const char *driver_id, const char *stop_id)
{
	const struct proof p = {.kind = "none", .note = "handed over in person", .to = "recipient"};
	bool right;
	return stop_deliver(sc, tx, y->p.keys, y->p.op.s, driver_id, stop_id, &p, &right);
}

static enum code
round_trip(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	const char *op = y->p.op.s;
	const char *ada = y->ada.id.s;
	const char *stop[5];
	json_t *duty;
	bool again;
	int64_t left;
	struct duty_closed c;
	TRY(duty_for_driver(sc, tx, y->p.keys, op, ada, &duty));
	SAY(json_array_size(json_object_get(duty, "stops")) == 5);
	for (size_t i = 0; i < 5; i++)
		stop[i] = stop_at(sc, duty, i);
	REFUSES(E_NOT_FOUND, "no-duty", stop_arrive(sc, tx, op, y->eva.id.s, stop[0], NULL));
	REFUSES(E_NOT_FOUND, "no-duty", deliver(sc, tx, y, y->eva.id.s, stop[0]));
	REFUSES(E_NOT_FOUND, "no-stop", deliver(sc, tx, y, ada, "stp_of_another_duty"));
	TRY(stop_arrive(sc, tx, op, ada, stop[0], NULL));
	TRY(deliver(sc, tx, y, ada, stop[0]));
	REFUSES(E_CONFLICT, "stop-state", deliver(sc, tx, y, ada, stop[0]));
	REFUSES(E_CONFLICT, "stop-state", stop_fail(sc, tx, op, ada, stop[0], "nobody_home", NULL, &again));
	REFUSES(E_CONFLICT, "stop-state", stop_return(sc, tx, op, ada, stop[0], &left));

	TRY(stop_fail(sc, tx, op, ada, stop[1], "nobody_home", NULL, &again));
	SAY(again);
	TRY(duty_for_driver(sc, tx, y->p.keys, op, ada, &duty));
	SAY(strcmp(stop_at(sc, duty, 4), stop[1]) == 0); /* at the end of the round */
	TRY(deliver(sc, tx, y, ada, stop[1]));
	TRY(stop_fail(sc, tx, op, ada, stop[2], "refused", "she did not order it", &again));
	SAY(!again);
	TRY(stop_fail(sc, tx, op, ada, stop[3], "nobody_home", NULL, &again));
	TRY(stop_fail(sc, tx, op, ada, stop[3], "nobody_home", NULL, &again));
	SAY(!again);
	REFUSES(E_CONFLICT, "stops-open", duty_close(sc, tx, op, ada, &c));
	TRY(deliver(sc, tx, y, ada, stop[4]));
	REFUSES(E_CONFLICT, "parcels-aboard", duty_close(sc, tx, op, ada, &c));
	TRY(stop_return(sc, tx, op, ada, stop[2], &left));
	SAY(left == 1);
	TRY(stop_return(sc, tx, op, ada, stop[3], &left));
	SAY(left == 0);
	return OK;
}

static enum code
order_of(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	const char *op = y->p.op.s;
	const char *ada = y->ada.id.s;
	const char *ids[5];
	struct duty_legs legs;
	json_t *duty;
	TRY(duty_for_driver(sc, tx, y->p.keys, op, ada, &duty));
	for (size_t i = 0; i < 5; i++)
		ids[i] = stop_at(sc, duty, 4 - i);
	REFUSES(E_CONFLICT, "stop-list", duty_legs_read(sc, tx, op, ada, ids, 4, &legs));
	REFUSES(E_NOT_FOUND, "no-duty", duty_legs_read(sc, tx, op, y->eva.id.s, ids, 5, &legs));
	const char *last = ids[4];
	ids[4] = ids[3];
	REFUSES(E_CONFLICT, "stop-list", duty_legs_read(sc, tx, op, ada, ids, 5, &legs));
	ids[4] = "stp_of_another_duty";
	REFUSES(E_NOT_FOUND, "no-stop", duty_legs_read(sc, tx, op, ada, ids, 5, &legs));
	ids[4] = last;
	TRY(duty_legs_read(sc, tx, op, ada, ids, 5, &legs));
	TRY(duty_legs_drive(sc, NULL, &y->planner, op, &legs)); /* nothing was learned: no store is asked */
	TRY(duty_reorder(sc, tx, op, ada, &legs));
	TRY(duty_for_driver(sc, tx, y->p.keys, op, ada, &duty));
	SAY(strcmp(stop_at(sc, duty, 0), ids[0]) == 0);
	return OK;
}

static enum code
closes(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	size_t n;
	struct award a;
	struct duty_closed again;
	TRY(duty_close(sc, tx, y->p.op.s, y->ada.id.s, &y->closed));
	SAY(y->closed.stops == 7); /* every attempt counts, those in vain too */
	SAY(y->closed.distance_m > 0 && y->closed.wait_s == 0);
	SAY(y->closed.engaged_from_ms == y->hours.starts_ms - 20 * MINUTE_MS);
	SAY(y->closed.engaged_to_ms == tx_now_ms(tx));
	TRY(offer_award_get(sc, tx, y->p.op.s, y->award.s, &a));
	SAY(a.state == AWARD_DONE);
	TRY(decisions(sc, tx, y, y->ada.id.s, "duty.close", &n));
	SAY(n == 1);
	REFUSES(E_NOT_FOUND, "no-duty", duty_close(sc, tx, y->p.op.s, y->ada.id.s, &again));
	REFUSES(E_NOT_FOUND, "no-duty", positions_window(sc, tx, y->p.op.s, y->ada.id.s, &y->window));
	int64_t count[SHIPMENT_STATES] = {0};
	for (size_t i = 0; i < y->freight.n; i++) {
		enum shipment_state s;
		TRY(state_of(sc, tx, y, i, &s));
		count[s]++;
	}
	SAY(count[SHIPMENT_DELIVERED] == 3 && count[SHIPMENT_RETURNED] == 2 && count[SHIPMENT_AT_STATION] == 1);
	TRY(questions(sc, tx, y, "duty.review", &n));
	SAY(n == 0);
	return OK;
}

static enum code
place_is_watched(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	TRY(positions_window(sc, tx, y->p.op.s, y->ada.id.s, &y->window));
	SAY(strcmp(y->window.duty_id, y->duty.s) == 0);
	y->window.duty_id = scope_strdup(&y->p.f.sc, y->window.duty_id);
	REFUSES(E_NOT_FOUND, "no-duty", positions_window(sc, tx, y->p.op.s, y->eva.id.s, &y->window));
	return OK;
}

static void
a_round_from_gate_to_gate(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	fixture_refuses(&y.p, E_NOT_FOUND, "no-duty", place_is_watched, &y);
	fixture_write(&y.p, check_in, &y);
	fixture_refuses(&y.p, E_NOT_FOUND, "no-duty", place_is_watched, &y);
	run_to(&y, y.hours.starts_ms);
	fixture_write(&y.p, opens, &y);
	fixture_write(&y.p, place_is_watched, &y);
	fixture_write(&y.p, load, &y);
	fixture_write(&y.p, order_of, &y);
	run_to(&y, y.hours.starts_ms + HOUR_MS);
	fixture_write(&y.p, round_trip, &y);
	run_to(&y, y.hours.starts_ms + 2 * HOUR_MS);
	fixture_write(&y.p, closes, &y);
	run_to(&y, y.hours.ends_ms + 5 * HOUR_MS);
	close_yard(&y);
}

/* --- nobody came --- */

static enum code
all_planned(struct scope *sc, struct tx *tx, void *arg)
{
	return all_are(sc, tx, arg, SHIPMENT_PLANNED);
}

static enum code
nobody_came(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	size_t n;
	json_t *page;
	struct id id;
	enum checkin_outcome o;
	TRY(all_are(sc, tx, y, SHIPMENT_AT_STATION));
	TRY(questions(sc, tx, y, "duty.review", &n));
	SAY(n == 1);
	/* Nothing is decided about her: what she reads is the plan and the award. */
	TRY(record_decisions_of(sc, tx, y->p.op.s, y->ada.id.s, INT64_MAX, 100, &page));
	size_t i;
	json_t *d;
	json_array_foreach(json_object_get(page, "items"), i, d)
	{
		const char *kind = json_string_value(json_object_get(d, "kind"));
		SAY(text_eq(kind, "signup.accept") || text_eq(kind, "offer.direct") || text_eq(kind, "plan.assign"));
	}
	struct driver her;
	TRY(driver_get(sc, tx, y->p.op.s, y->ada.id.s, &her));
	SAY(her.state == DRIVER_ACTIVE);
	REFUSES(E_CONFLICT, "too-late", checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	return OK;
}

static void
who_does_not_come_loses_nothing_and_parcels_return(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	run_to(&y, y.hours.ends_ms - 1);
	fixture_write(&y.p, all_planned, &y);
	run_to(&y, y.hours.ends_ms + 3 * HOUR_MS); /* and no job plans the wave that is over again */
	fixture_write(&y.p, nobody_came, &y);
	close_yard(&y);
}

static enum code
checked_in_too_late_to_open(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	size_t n;
	TRY(all_are(sc, tx, y, SHIPMENT_AT_STATION));
	TRY(questions(sc, tx, y, "duty.review", &n));
	SAY(n == 1);
	REFUSES(E_CONFLICT, "too-late", duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &id));
	return OK;
}

static void
who_checks_in_and_never_opens_is_asked_about(void **state)
{
	(void)state;
	struct yard y;
	open_checked_in(&y);
	run_to(&y, y.hours.ends_ms);
	fixture_write(&y.p, checked_in_too_late_to_open, &y);
	close_yard(&y);
}

/* --- never closed --- */

static enum code
depart_with_all(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	int64_t left;
	bool again;
	json_t *duty;
	for (int i = 0; i < SHIPMENTS; i++)
		TRY(duty_scan(sc, tx, y->p.op.s, y->ada.id.s, scope_printf(sc, "B%d", i), &left));
	TRY(duty_depart(sc, tx, y->p.op.s, y->ada.id.s, false));
	TRY(duty_for_driver(sc, tx, y->p.keys, y->p.op.s, y->ada.id.s, &duty));
	TRY(deliver(sc, tx, y, y->ada.id.s, stop_at(sc, duty, 0)));
	TRY(stop_fail(sc, tx, y->p.op.s, y->ada.id.s, stop_at(sc, duty, 1), "refused", NULL, &again));
	return stop_arrive(sc, tx, y->p.op.s, y->ada.id.s, stop_at(sc, duty, 2), NULL);
}

static enum code
not_asked_yet(struct scope *sc, struct tx *tx, void *arg)
{
	size_t n;
	TRY(questions(sc, tx, arg, "duty.review", &n));
	SAY(n == 0);
	return OK;
}

static enum code
a_person_ends_it(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct duty_closed c;
	size_t n;
	TRY(questions(sc, tx, y, "duty.review", &n));
	SAY(n == 1);
	REFUSES(E_NOT_FOUND, "no-duty", duty_end_early(sc, tx, y->p.op.s, "dty_unknown", y->p.dispatcher.s, words, &c));
	REFUSES(E_DENIED, "human-only", duty_end_early(sc, tx, y->p.op.s, y->duty.s, NULL, NULL, &c));
	TRY(duty_end_early(sc, tx, y->p.op.s, y->duty.s, y->p.dispatcher.s, words, &c));
	SAY(c.stops == 2 && c.engaged_to_ms == tx_now_ms(tx));
	SAY(text_eq(c.driver_id, y->ada.id.s));
	TRY(decisions(sc, tx, y, y->ada.id.s, "duty.end_early", &n));
	SAY(n == 1);
	REFUSES(E_CONFLICT, "duty-state", duty_end_early(sc, tx, y->p.op.s, y->duty.s, y->p.dispatcher.s, words, &c));
	int64_t count[SHIPMENT_STATES] = {0};
	for (size_t i = 0; i < y->freight.n; i++) {
		enum shipment_state s;
		TRY(state_of(sc, tx, y, i, &s));
		count[s]++;
	}
	SAY(count[SHIPMENT_DELIVERED] == 1 && count[SHIPMENT_RETURNED] == 1 && count[SHIPMENT_AT_STATION] == 4);
	return OK;
}

static enum code
ends_without_words(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct duty_closed c;
	return duty_end_early(sc, tx, y->p.op.s, y->duty.s, y->p.dispatcher.s, "short", &c);
}

static void
a_duty_left_open_is_ended_by_a_person_with_words(void **state)
{
	(void)state;
	struct yard y;
	open_on_duty(&y);
	fixture_write(&y.p, depart_with_all, &y);
	run_to(&y, y.hours.ends_ms + HOUR_MS);
	fixture_write(&y.p, not_asked_yet, &y);
	run_to(&y, y.hours.ends_ms + DUTY_LATE_MS);
	fixture_refuses(&y.p, E_INVALID, "reasoning", ends_without_words, &y);
	fixture_write(&y.p, a_person_ends_it, &y);
	close_yard(&y);
}

/* --- cancelled by its sender --- */

static enum code
all_are_cancelled(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	const struct move m = {.to = SHIPMENT_CANCELLED, .by = y->p.dispatcher.s, .reason = "sender"};
	struct duty_closed c;
	for (size_t i = 0; i < y->freight.n; i++) {
		const char *id = y->freight.shipment_ids[i].s;
		TRY(freight_move(sc, tx, y->p.op.s, id, &m));
		TRY(duty_shipment_gone(sc, tx, y->p.op.s, NULL, id)); /* it was planned for nobody: nothing to do */
		if (i == 0)
			REFUSES(E_CONFLICT, "stops-open", duty_close(sc, tx, y->p.op.s, y->ada.id.s, &c));
		TRY(duty_shipment_gone(sc, tx, y->p.op.s, y->duty.s, id));
	}
	return duty_close(sc, tx, y->p.op.s, y->ada.id.s, &c);
}

static void
what_is_cancelled_does_not_keep_her(void **state)
{
	(void)state;
	struct yard y;
	open_on_duty(&y);
	fixture_write(&y.p, all_are_cancelled, &y);
	close_yard(&y);
}

/* --- given back, given anew --- */

static enum code
gives_back(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	TRY(all_are(sc, tx, y, SHIPMENT_PLANNED));
	TRY(duty_release(sc, tx, y->p.op.s, y->award.s));
	TRY(offer_give_back(sc, tx, y->p.op.s, y->ada.id.s, y->award.s));
	TRY(all_are(sc, tx, y, SHIPMENT_AT_STATION));
	TRY(offer_award_direct(sc, tx, y->p.op.s, y->block.s, y->eva.id.s, y->p.dispatcher.s, words, NULL,
			       &y->award_eva));
	return duty_plan_ask(sc, tx, y->p.op.s, y->p.station.s, y->hours.starts_ms);
}

static enum code
hers_now(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct id id;
	enum checkin_outcome o;
	int64_t left;
	TRY(all_are(sc, tx, y, SHIPMENT_PLANNED));
	REFUSES(E_CONFLICT, "award-state", checkin_record(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &good, &id, &o));
	REFUSES(E_CONFLICT, "award-state", duty_open(sc, tx, y->p.op.s, y->ada.id.s, y->award.s, &id));
	TRY(checkin_record(sc, tx, y->p.op.s, y->eva.id.s, y->award_eva.s, &good, &id, &o));
	TRY(duty_open(sc, tx, y->p.op.s, y->eva.id.s, y->award_eva.s, &id));
	REFUSES(E_NOT_FOUND, "no-duty", duty_scan(sc, tx, y->p.op.s, y->ada.id.s, "B0", &left));
	REFUSES(E_CONFLICT, "duty-open", duty_release(sc, tx, y->p.op.s, y->award_eva.s));
	return OK;
}

static void
what_is_given_back_is_planned_for_another(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	run_to(&y, y.hours.starts_ms - 25 * MINUTE_MS);
	fixture_write(&y.p, gives_back, &y);
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	fixture_write(&y.p, hers_now, &y);
	close_yard(&y);
}

static enum code
she_leaves(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	TRY(duty_release_all(sc, tx, y->p.op.s, y->ada.id.s));
	TRY(all_are(sc, tx, y, SHIPMENT_AT_STATION));
	TRY(offer_erase(sc, tx, y->p.op.s, y->ada.id.s));
	return duty_erase(sc, tx, y->p.op.s, y->ada.id.s, "psn_1");
}

static enum code
eva_helps(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	TRY(offer_award_direct(sc, tx, y->p.op.s, y->block.s, y->eva.id.s, y->p.dispatcher.s, words, NULL,
			       &y->award_eva));
	return duty_plan_ask(sc, tx, y->p.op.s, y->p.station.s, y->hours.starts_ms);
}

/* Her award stays where it was when she left after the start: without a name, and without a plan. */
static void
who_has_left_spoils_no_wave(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y);
	run_to(&y, y.hours.starts_ms + MINUTE_MS);
	fixture_write(&y.p, she_leaves, &y);
	fixture_write(&y.p, eva_helps, &y);
	run_to(&y, y.hours.starts_ms + 2 * MINUTE_MS);
	fixture_write(&y.p, all_planned, &y);
	close_yard(&y);
}

/* --- another tenant --- */

static enum code
strangers(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	struct people_fixture other = y->p;
	struct id id;
	struct duty_closed c;
	enum checkin_outcome o;
	json_t *out;
	other.slug = "soderhamn";
	TRY(fixture_set_up_(sc, tx, &other));
	const char *op = other.op.s;
	const char *ada = y->ada.id.s;
	REFUSES(E_NOT_FOUND, "no-award", checkin_record(sc, tx, op, ada, y->award.s, &good, &id, &o));
	REFUSES(E_NOT_FOUND, "no-award", duty_open(sc, tx, op, ada, y->award.s, &id));
	REFUSES(E_NOT_FOUND, "no-duty", duty_for_staff(sc, tx, y->p.keys, op, y->duty.s, &out));
	REFUSES(E_NOT_FOUND, "no-duty", duty_for_driver(sc, tx, y->p.keys, op, ada, &out));
	REFUSES(E_NOT_FOUND, "no-duty", duty_close(sc, tx, op, ada, &c));
	REFUSES(E_NOT_FOUND, "no-duty", duty_end_early(sc, tx, op, y->duty.s, other.dispatcher.s, words, &c));
	REFUSES(E_NOT_FOUND, "no-duty", positions_window(sc, tx, op, ada, &y->window));
	TRY(duty_release(sc, tx, op, y->award.s)); /* knows of nothing, does nothing */
	TRY(duty_list(sc, tx, op, 0, INT64_MAX, &out));
	SAY(json_array_size(out) == 0);
	return all_are(sc, tx, y, SHIPMENT_PLANNED);
}

static void
tenants_never_mix(void **state)
{
	(void)state;
	struct yard y;
	open_on_duty(&y);
	fixture_write(&y.p, strangers, &y);
	close_yard(&y);
}

/* --- whose times --- */

static void
ask_stranger(struct yard *y, struct stranger *x, bool with_own)
{
	*x = (struct stranger){.service = {"osrm", "roads.example:5000", "driving", stranger_times, stranger_drive},
			       .own = &y->roads.service};
	y->planner.roads = &x->service;
	y->planner.fallback = with_own ? &y->roads.service : NULL;
}

static enum code
origin_of(struct scope *sc, struct tx *tx, const struct yard *y, json_t **origin)
{
	json_t *duty;
	json_t *list;
	TRY(duty_list(sc, tx, y->p.op.s, y->hours.starts_ms - HOUR_MS, y->hours.ends_ms, &list));
	const char *id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
	SAY(id != NULL);
	TRY(duty_for_staff(sc, tx, y->p.keys, y->p.op.s, id, &duty));
	*origin = json_object_get(json_object_get(duty, "plan"), "origin");
	return OK;
}

static const char *
told(const json_t *origin, const char *key)
{
	const char *s = json_string_value(json_object_get(origin, key));
	return s == NULL ? "" : s;
}

static enum code
timed_by_the_stranger(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	json_t *o;
	TRY(all_are(sc, tx, y, SHIPMENT_PLANNED));
	TRY(origin_of(sc, tx, y, &o));
	SAY(text_eq(told(o, "times_by"), "osrm") && text_eq(told(o, "times_at"), "roads.example:5000"));
	SAY(text_eq(told(o, "times_profile"), "driving") && strlen(told(o, "times_digest")) == 32);
	SAY(json_object_get(o, "roads") == NULL && json_object_get(o, "times_wanted") == NULL);
	return OK;
}

static enum code
timed_by_our_own(struct scope *sc, struct tx *tx, void *arg)
{
	struct yard *y = arg;
	json_t *o;
	TRY(all_are(sc, tx, y, SHIPMENT_PLANNED));
	TRY(origin_of(sc, tx, y, &o));
	SAY(text_eq(told(o, "times_by"), "own") && text_eq(told(o, "roads"), "town"));
	SAY(text_eq(told(o, "times_wanted"), "osrm") && text_eq(told(o, "times_trouble"), "roads-nonsense"));
	SAY(json_object_get(o, "times_digest") == NULL);
	return OK;
}

static enum code
nothing_is_planned(struct scope *sc, struct tx *tx, void *arg)
{
	return all_are(sc, tx, arg, SHIPMENT_AT_STATION);
}

static void
a_plan_has_one_source_of_times(void **state)
{
	(void)state;
	struct yard y;
	struct stranger x;
	open_yard(&y);
	ask_stranger(&y, &x, true);
	x.drive_away = true; /* the table was there, the ways are not: all of it by our own */
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	assert_int_equal(x.asked, 2);
	fixture_write(&y.p, timed_by_our_own, &y);
	close_yard(&y);
}

static void
who_has_no_roads_waits_for_the_server(void **state)
{
	(void)state;
	struct yard y;
	struct stranger x;
	open_yard(&y);
	ask_stranger(&y, &x, false);
	x.times_away = true;
	run_to(&y, y.hours.starts_ms - 29 * MINUTE_MS);
	assert_true(x.asked > 3);
	fixture_write(&y.p, nothing_is_planned, &y);
	x.times_away = false;
	run_to(&y, y.hours.starts_ms - 20 * MINUTE_MS);
	fixture_write(&y.p, timed_by_the_stranger, &y);
	close_yard(&y);
}

/* Her own order, too: by whom it was timed is told, and no lesson is claimed for it. */
static void
legs_say_who_timed_them(void **state)
{
	(void)state;
	struct yard y;
	struct stranger x;
	struct duty_legs legs[2];
	struct prng prng;
	open_yard(&y);
	struct scope *sc = &y.p.f.sc;
	prng_seed(&prng, 9);
	const struct place depot = road_random_street_point(y.road, &prng);
	const struct place door = road_random_street_point(y.road, &prng);
	for (int away = 0; away < 2; away++) {
		ask_stranger(&y, &x, true);
		x.drive_away = away == 1;
		duty_legs_init(sc, &legs[away], 1, depot);
		legs[away].places[1] = door;
		assert_ok(sc, duty_legs_drive(sc, NULL, &y.planner, y.p.op.s, &legs[away]));
		assert_string_equal(legs[away].times_by, away == 1 ? "own" : "osrm");
		assert_int_equal(legs[away].duration_s[0], legs[0].duration_s[0]);
		assert_string_equal(legs[away].shape[1], legs[0].shape[1]);
	}
	y.planner.fallback = NULL;
	assert_int_equal(duty_legs_drive(sc, NULL, &y.planner, y.p.op.s, &legs[0]), E_UNAVAILABLE);
	error_clear(sc);
	close_yard(&y);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_third_try_in_vain_asks_one_person_once),
	    cmocka_unit_test(who_is_suspended_neither_checks_in_nor_opens),
	    cmocka_unit_test(a_round_from_gate_to_gate),
	    cmocka_unit_test(who_does_not_come_loses_nothing_and_parcels_return),
	    cmocka_unit_test(who_checks_in_and_never_opens_is_asked_about),
	    cmocka_unit_test(a_duty_left_open_is_ended_by_a_person_with_words),
	    cmocka_unit_test(what_is_cancelled_does_not_keep_her),
	    cmocka_unit_test(what_is_given_back_is_planned_for_another),
	    cmocka_unit_test(who_has_left_spoils_no_wave),
	    cmocka_unit_test(a_plan_has_one_source_of_times),
	    cmocka_unit_test(who_has_no_roads_waits_for_the_server),
	    cmocka_unit_test(legs_say_who_timed_them),
	    cmocka_unit_test(tenants_never_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
