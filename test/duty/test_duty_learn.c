/* A night's lesson on a real store: duties that ended teach, and only those that
 * may; few drivers leave no trace; plans take what was learned and say so. */
#include "people_fixture.h"

#include "../road/town.h"
#include "base/prng.h"
#include "duty/duty.h"
#include "freight/freight.h"

static const struct schema *const schemas[] = {
    PEOPLE_FIXTURE_SCHEMAS, &freight_schema, &offer_schema,	     &duty_schema,
    &duty_order_schema,	    &traffic_schema, &duty_positions_schema, NULL};

#define HOUR_MS INT64_C(3600000)
#define DAY_MS INT64_C(86400000)
#define DRIVERS 6
#define DUTIES 36
#define LEGS 4
#define SLOW 1.8 /* times what the map says */

struct depot {
	struct people_fixture p;
	struct road *road;
	struct road_service_own roads;
	struct duty_planner planner;
	struct prng prng;
	struct id block;
	struct added shipments; /* LEGS places */
	struct place places[LEGS];
	int64_t from_ms;
	int drivers; /* who share the duties */
	double slow;
	const char *leave_out; /* a driver's duties that nothing must be learned from */
	bool asked;	       /* all duties were asked about */
	int64_t made;
	struct position *fixes; /* of the duty that is being written */
	size_t n_fixes;
	const char *driver, *duty;
};

/* --- what happened --- */

static enum code
open_block(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	static const char text[] = "{\"pay\":{\"minor\":84000,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":9},"
				   "\"distance_m\":{\"min\":1000,\"max\":40000}}";
	static const struct parcel_new parcels[LEGS] = {
	    {"B0", 900, 2000}, {"B1", 900, 2000}, {"B2", 900, 2000}, {"B3", 900, 2000}};
	json_t *terms;
	int64_t now_ms = tx_now_ms(tx);
	TRY(json_parse(sc, text, sizeof text - 1, &terms));
	const struct block_new b = {.programme_id = d->p.programme.s,
				    .station_id = d->p.station.s,
				    .pay_plan_id = "pay_1",
				    .pay_plan_version = 1,
				    .hours = {now_ms + 8 * HOUR_MS, now_ms + 12 * HOUR_MS},
				    .units = 3,
				    .rule = AWARD_DIRECT,
				    .requests_close_ms = now_ms + 7 * HOUR_MS,
				    .terms = terms};
	TRY(offer_block_publish(sc, tx, d->p.op.s, d->p.dispatcher.s, &b, &d->block));
	struct shipment_new list[LEGS];
	for (size_t i = 0; i < LEGS; i++) {
		d->places[i] = road_random_street_point(d->road, &d->prng);
		list[i] = (struct shipment_new){.reference = scope_printf(sc, "R%zu", i),
						.recipient = "Lena Nord",
						.address = "Storgatan 1",
						.place = d->places[i],
						.earliest_ms = now_ms,
						.latest_ms = now_ms + 20 * HOUR_MS,
						.service_s = 100,
						.proof = PROOF_ANY,
						.parcels = &parcels[i],
						.n_parcels = 1,
						.line = i};
	}
	struct added added;
	TRY(freight_add(sc, tx, d->p.keys, d->p.op.s, d->p.station.s, NULL, list, LEGS, &added));
	d->shipments.shipment_ids = scope_memdup(&d->p.f.sc, added.shipment_ids, added.n * sizeof *added.shipment_ids);
	return OK;
}

static void
see(struct depot *d, struct place at, int64_t at_ms)
{
	d->fixes[d->n_fixes++] = (struct position){.at_ms = at_ms, .place = at, .accuracy_m = 5, .speed_mps = -1};
}

/* Drives a leg at `slow` times the map's time; the time at its end. */
static int64_t
drive_leg(struct depot *d, struct place from, struct place to, int64_t at_ms, double slow)
{
	struct scope *sc = &d->p.f.sc;
	struct road_path p;
	assert_ok(sc, road_path(sc, d->road, NULL, from, to, &p));
	for (size_t i = 0; i < p.n_legs; i++) {
		const struct road_leg *leg = &p.legs[i];
		double ms = (leg->duration_ms + leg->turn_ms) * slow;
		for (size_t k = 1; k < leg->n_shape; k++) {
			at_ms += (int64_t)(ms / (double)(leg->n_shape - 1)) + 1;
			see(d, p.shape[leg->first_shape + k], at_ms);
		}
	}
	return at_ms;
}

static enum code
insert_attempt(struct scope *sc, struct tx *tx, struct depot *d, const char *stop, size_t leg, int64_t arrived_ms,
	       int64_t done_ms)
{
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO stop(operator_id, id, duty_id, seq, shipment_id, state, lat_e7, lon_e7, service_s, eta_ms,"
	    " shape, leg_m, leg_s) VALUES($1, $2, $3, $4, $5, 'delivered', $6, $7, 100, 0, '', 0, 0)",
	    VALS(v_text(d->p.op.s), v_text(stop), v_text(d->duty), v_int((int64_t)leg),
		 v_text(d->shipments.shipment_ids[leg].s), v_int(d->places[leg].lat_e7), v_int(d->places[leg].lon_e7)),
	    NULL));
	return sql_run(sc, tx,
		       "INSERT INTO attempt(operator_id, id, stop_id, duty_id, at_ms, result, arrived_ms)"
		       " VALUES($1, $2, $3, $4, $5, 'delivered', $6)",
		       VALS(v_text(d->p.op.s), v_text(scope_printf(sc, "att_%s", stop)), v_text(stop), v_text(d->duty),
			    v_int(done_ms), v_int(arrived_ms)),
		       NULL);
}

/* A closed duty as duty_close() leaves it, with its attempts; fills d->fixes. */
static enum code
write_duty(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	int64_t from_ms = d->from_ms + d->made % DUTIES * 600000;
	struct place here = road_random_street_point(d->road, &d->prng);
	const struct place began = here;
	int64_t at_ms = from_ms;
	d->n_fixes = 0;
	see(d, here, at_ms);
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO duty(operator_id, id, driver_id, award_id, block_id, station_id, state, starts_ms, ends_ms,"
	    " planned_ms, departed_ms, pay_plan_id, pay_plan_version, depot_lat_e7, depot_lon_e7, plan_version,"
	    " plan_origin, distance_m, duration_s, back_shape, position_asked) VALUES($1, $2, $3, $2, $4, $5,"
	    " 'closed', $6, $6, $6, $6, 'pay_1', 1, $7, $8, 1, '{}', 0, 0, '', $9)",
	    VALS(v_text(d->p.op.s), v_text(d->duty), v_text(d->driver), v_text(d->block.s), v_text(d->p.station.s),
		 v_int(from_ms), v_int(here.lat_e7), v_int(here.lon_e7), v_bool(d->asked)),
	    NULL));
	double slow = d->leave_out != NULL && strcmp(d->leave_out, d->driver) == 0 ? 11 : d->slow;
	for (size_t leg = 0; leg < LEGS; leg++) {
		at_ms = drive_leg(d, here, d->places[leg], at_ms, slow);
		TRY(insert_attempt(sc, tx, d, scope_printf(sc, "stp_%s_%zu", d->duty, leg), leg, at_ms,
				   at_ms + 150000));
		at_ms += 150000;
		here = d->places[leg];
	}
	at_ms = drive_leg(d, here, began, at_ms, slow);
	return sql_run(sc, tx, "UPDATE duty SET closed_ms = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(d->p.op.s), v_text(d->duty), v_int(at_ms)), NULL);
}

static enum code
write_positions(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	return positions_add(sc, tx, d->p.op.s, d->driver, d->duty, d->fixes, d->n_fixes);
}

static const char *
driver_name_of(struct depot *d, int i)
{
	return scope_printf(&d->p.f.sc, "drv_%d", i);
}

static void
work_a_day(struct depot *d)
{
	struct scope *sc = &d->p.f.sc;
	d->fixes = NEW_ARRAY(sc, 100000, struct position);
	for (int i = 0; i < DUTIES; i++, d->made++) {
		d->driver = driver_name_of(d, i % d->drivers);
		d->duty = scope_printf(sc, "dty_%" PRId64, d->made);
		fixture_write(&d->p, write_duty, d);
		assert_ok(sc, store_write(sc, d->p.f.store, LANE_POSITIONS, write_positions, d));
	}
}

static void
open_depot(struct depot *d, int drivers)
{
	memset(d, 0, sizeof *d);
	people_fixture_open(&d->p, schemas);
	struct scope *sc = &d->p.f.sc;
	struct prng prng;
	struct road_import_report report;
	prng_seed(&prng, 7);
	prng_seed(&d->prng, 8);
	const char *town = town_geojson(sc, &prng, 14);
	assert_ok(sc, town_open_bytes(sc, town, strlen(town), "van", &d->road, &report));
	road_service_own_init(&d->roads, d->road);
	d->planner = (struct duty_planner){
	    .roads = &d->roads.service, .road = d->road, .road_version = "town", .iterations = 200, .seed = 1};
	assert_ok(sc, traffic_open(sc, d->road, &d->planner.traffic));
	d->drivers = drivers;
	d->slow = SLOW;
	d->from_ms = clock_now_ms(&d->p.f.clock) - 12 * HOUR_MS;
	fixture_write(&d->p, open_block, d);
}

static void
close_depot(struct depot *d)
{
	traffic_close(d->planner.traffic);
	road_close(d->road);
	people_fixture_close(&d->p);
}

/* --- learning --- */

static struct traffic_lesson *
learn(struct depot *d)
{
	struct scope *sc = &d->p.f.sc;
	const struct job job = {.operator_id = d->p.op.s, .subject = d->p.op.s, .kind = DUTY_LEARN_JOB};
	struct traffic_lesson *l;
	assert_ok(sc, duty_learn_work(sc, d->p.f.store, &d->planner, &job, &l));
	return l;
}

struct committing {
	struct depot *d;
	const struct traffic_lesson *lesson;
};

static enum code
commit(struct scope *sc, struct tx *tx, void *arg)
{
	const struct committing *c = arg;
	const struct job job = {.operator_id = c->d->p.op.s, .subject = c->d->p.op.s, .kind = DUTY_LEARN_JOB};
	return duty_learn_commit(sc, tx, &job, c->lesson);
}

static void
keep(struct depot *d, const struct traffic_lesson *l)
{
	struct committing c = {d, l};
	fixture_write(&d->p, commit, &c);
}

/* Learned over the map's time, between places of the town. */
static double
slower_by(struct depot *d, unsigned hour)
{
	struct scope *sc = &d->p.f.sc;
	struct traffic_now now;
	double ratio = 0;
	int n = 0;
	assert_ok(sc, traffic_take(sc, d->p.f.store, d->planner.traffic, d->p.op.s, hour, &now));
	for (int i = 0; i < 20; i++) {
		struct road_path map;
		struct road_path learned;
		struct place a = road_random_street_point(d->road, &d->prng);
		struct place b = d->places[i % LEGS];
		assert_ok(sc, road_path(sc, d->road, NULL, a, b, &map));
		assert_ok(sc, road_path(sc, d->road, now.metric, a, b, &learned));
		if (map.duration_ds < 600)
			continue;
		ratio += (double)learned.duration_ds / map.duration_ds;
		n++;
	}
	traffic_drop(&now);
	assert_true(n > 5);
	return ratio / n;
}

static double
checked(const struct traffic_lesson *l, const char *part, const char *key)
{
	const json_t *v = json_object_get(json_object_get(l->checked, part), key);
	assert_true(json_is_number(v));
	return json_number_value(v);
}

static void
duties_teach_streets_and_doors(void **state)
{
	(void)state;
	struct depot d;
	open_depot(&d, DRIVERS);
	assert_null(learn(&d)); /* nothing has happened yet */
	work_a_day(&d);
	struct traffic_lesson *l = learn(&d);
	assert_non_null(l);
	assert_int_equal(l->of.duties, DUTIES);
	assert_int_equal(l->of.drivers, DRIVERS);
	assert_true(l->of.drives > DUTIES * 3 && l->of.visits > DUTIES * 2);
	assert_true(l->speeds.n_arcs > 0 && l->doors.n >= 2);
	/* the map alone: 1 / 1.8 */
	double bare = checked(l, "streets", "foretold_over_driven");
	assert_true(bare > 0.4 && bare < 0.7);
	keep(&d, l);
	double slower = slower_by(&d, 7);
	assert_true(slower > 1.5 && slower < 2.1);
	struct traffic_stop stop;
	traffic_stop_of(&l->doors, d.places[0], 100, &stop);
	assert_true(stop.known && stop.service_s > 130 && stop.service_s < 160); /* told 100, took 150 */
	assert_int_equal(duty_stop_s(&stop, 100),
			 ((int64_t)(stop.service_s + stop.walk_s + 0.5) * PLAN_PACE_PERCENT + 99) / 100);
	assert_int_equal(duty_stop_s(&stop, 400), 400); /* never less than the sender says */

	/* the next day is foretold by what the first has taught */
	clock_step_to(&d.p.f.clock, clock_now_ms(&d.p.f.clock) + DAY_MS);
	d.from_ms += DAY_MS;
	work_a_day(&d);
	struct traffic_lesson *next = learn(&d);
	assert_int_equal(next->of.duties, 2 * DUTIES);
	double learned = checked(next, "streets", "foretold_over_driven");
	assert_true(learned > 0.85 && learned < 1.15);
	assert_true(checked(next, "streets", "mean_error_s") < bare * 60);
	assert_true(checked(next, "stops", "mean_error_s") < checked(next, "stops", "as_told_mean_error_s"));
	assert_int_equal(json_integer_value(json_object_get(next->checked, "version")), 1);
	close_depot(&d);
}

static void
two_drivers_leave_no_trace(void **state)
{
	(void)state;
	struct depot d;
	open_depot(&d, 2);
	work_a_day(&d);
	struct traffic_lesson *l = learn(&d);
	assert_int_equal(l->of.drivers, 2);
	assert_null(l->checked); /* how well they were foretold would say how they drive */
	assert_int_equal(l->speeds.n_arcs, 0);
	assert_int_equal(l->doors.n, 0);
	assert_true(l->speeds.trip == 1);
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			assert_true(l->speeds.class_hour[c][h] == 1);
	keep(&d, l);
	assert_true(slower_by(&d, 7) == 1);
	close_depot(&d);
}

static enum code
erase_her(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	return positions_erase(sc, tx, d->p.op.s, driver_name_of(d, 1));
}

static enum code
switch_off(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	json_t *policy;
	int64_t version;
	bool waiting;
	static const char text[] = "{\"monitoring\":{\"positions\":false,\"position_review\":false}}";
	TRY(json_parse(sc, text, sizeof text - 1, &policy));
	TRY(programme_propose(sc, tx, d->p.op.s, d->p.programme.s, d->p.admin.s, policy, &version, &waiting));
	SAY(!waiting); /* less monitoring needs nobody's signature */
	return OK;
}

/* The phone is told, so that it has nothing to send. */
static enum code
nothing_is_recorded(struct scope *sc, struct tx *tx, void *arg)
{
	struct depot *d = arg;
	json_t *duty;
	TRY(duty_for_staff(sc, tx, d->p.keys, d->p.op.s, d->duty, &duty));
	SAY(json_is_false(json_object_get(duty, "positions_recorded")));
	return OK;
}

static void
who_may_not_be_learned_from_is_not(void **state)
{
	(void)state;
	struct depot d;
	open_depot(&d, DRIVERS);
	d.leave_out = driver_name_of(&d, 1);
	work_a_day(&d);
	/* she has left: her slow drives went with her positions */
	assert_ok(&d.p.f.sc, store_write(&d.p.f.sc, d.p.f.store, LANE_POSITIONS, erase_her, &d));
	struct traffic_lesson *l = learn(&d);
	assert_true(l->of.drives <= (DUTIES - DUTIES / DRIVERS) * (LEGS + 1));
	keep(&d, l);
	double slower = slower_by(&d, 7);
	assert_true(slower > 1.5 && slower < 2.1);
	/* the programme has switched positions off: those that were stored teach nothing any more */
	fixture_write(&d.p, switch_off, &d);
	fixture_write(&d.p, nothing_is_recorded, &d);
	assert_null(learn(&d));
	close_depot(&d);
	open_depot(&d, DRIVERS);
	d.asked = true; /* a person was asked about each of these tracks */
	work_a_day(&d);
	assert_null(learn(&d));
	close_depot(&d);
}

/* One of six phones claims that everything takes eleven times as long. */
static void
a_phone_that_lies_moves_little(void **state)
{
	(void)state;
	struct depot d;
	open_depot(&d, DRIVERS);
	d.leave_out = driver_name_of(&d, 1);
	work_a_day(&d);
	struct traffic_lesson *l = learn(&d);
	keep(&d, l);
	double slower = slower_by(&d, 7);
	assert_true(slower > 1.5 && slower < 2.0 * SLOW);
	close_depot(&d);
}

static enum code
count_leaves(struct scope *sc, struct tx *tx, void *arg)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM event WHERE kind = 'roads.learned'", NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static enum code
read_notice(struct scope *sc, struct tx *tx, void *arg)
{
	json_t *notice;
	struct depot *d = arg;
	TRY(people_notice(sc, tx, d->p.op.s, d->p.programme.s, &notice));
	SAY(strstr(json_text(sc, notice), scope_printf(sc, "%d s for each 100 s", PLAN_PACE_PERCENT)) != NULL);
	SAY(strstr(json_text(sc, notice), "at least three drivers") != NULL && VOICES_MIN == 3);
	return OK;
}

static void
a_lesson_is_told_and_the_notice_says_so(void **state)
{
	(void)state;
	struct depot d;
	int64_t events;
	open_depot(&d, DRIVERS);
	work_a_day(&d);
	keep(&d, learn(&d));
	assert_ok(&d.p.f.sc, store_read(&d.p.f.sc, d.p.f.store, count_leaves, &events));
	assert_int_equal(events, 1);
	assert_ok(&d.p.f.sc, store_read(&d.p.f.sc, d.p.f.store, read_notice, &d));
	close_depot(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(duties_teach_streets_and_doors),	       cmocka_unit_test(two_drivers_leave_no_trace),
	    cmocka_unit_test(who_may_not_be_learned_from_is_not),      cmocka_unit_test(a_phone_that_lies_moves_little),
	    cmocka_unit_test(a_lesson_is_told_and_the_notice_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
