/* Learned times as rows and as metrics: what comes back is what was learned, a
 * new extract keeps what it still has, tenants do not meet, and whoever plans
 * while new versions arrive sees one of them. */
#include "store_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "../road/town.h"
#include "chain/chain.h"
#include "traffic/traffic.h"

#define DAY_MS INT64_C(86400000)
#define OP "op_a"
#define OTHER "op_b"

static const struct schema *const schemas[] = {&jobs_schema, &chain_schema, &traffic_schema, NULL};

struct city {
	struct store_fixture f;
	struct road *road;
	struct traffic *traffic;
	size_t arcs;
};

static const char *
town_text(struct scope *sc)
{
	struct prng prng;
	prng_seed(&prng, 11);
	return town_geojson(sc, &prng, 9);
}

static void
open_roads(struct city *c, const char *town)
{
	struct road_import_report report;
	assert_ok(&c->f.sc, town_open_bytes(&c->f.sc, town, strlen(town), "van", &c->road, &report));
	assert_ok(&c->f.sc, traffic_open(&c->f.sc, c->road, &c->traffic));
	c->arcs = report.arcs;
}

static void
close_roads(struct city *c)
{
	traffic_close(c->traffic);
	road_close(c->road);
}

static void
open_city(struct city *c)
{
	memset(c, 0, sizeof *c);
	store_fixture_open(&c->f, schemas);
	open_roads(c, town_text(&c->f.sc));
}

static void
close_city(struct city *c)
{
	close_roads(c);
	store_fixture_close(&c->f);
}

/* --- lessons --- */

struct keeping {
	const char *operator_id;
	struct traffic_lesson lesson;
	int64_t version;
};

static enum code
keep(struct scope *sc, struct tx *tx, void *arg)
{
	struct keeping *k = arg;
	return traffic_keep(sc, tx, k->operator_id, &k->lesson, &k->version);
}

static void
flat(struct road_speeds *s, double factor)
{
	*s = (struct road_speeds){.trip = 1};
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			s->class_hour[c][h] = factor;
}

/* A version in which every street takes `factor` times the map's time. */
static int64_t
keep_flat(struct city *c, const char *operator_id, double factor)
{
	struct keeping k = {.operator_id = operator_id, .lesson = {.extract = "town"}};
	flat(&k.lesson.speeds, factor);
	assert_ok(&c->f.sc, store_write(&c->f.sc, c->f.store, LANE_MAIN, keep, &k));
	return k.version;
}

/* Drives of five drivers at twice the map's time: arcs with rows of their own. */
static void
learn_some(struct city *c, struct road_speeds *out)
{
	struct scope *sc = &c->f.sc;
	struct road_learner *l = road_learner_new(sc, c->road);
	struct prng prng;
	prng_seed(&prng, 5);
	for (uint64_t i = 0; i < 150; i++) {
		struct road_path p;
		struct place a = road_random_street_point(c->road, &prng);
		struct place b = road_random_street_point(c->road, &prng);
		if (road_path(sc, c->road, NULL, a, b, &p) != OK || p.n_shape < 3)
			continue;
		struct road_fix *fixes = NEW_ARRAY(sc, p.n_shape, struct road_fix);
		double slow = 1.2 + (double)(i % 7) * 0.3;
		double m = 0;
		for (size_t k = 0; k < p.n_shape; k++) {
			m += k == 0 ? 0 : place_distance_m(p.shape[k - 1], p.shape[k]) + 0.01;
			fixes[k] = (struct road_fix){
			    p.shape[k], 1000 + (int64_t)(m / p.distance_m * p.duration_ds * 100 * slow), 5};
		}
		assert_ok(sc, road_learner_add(sc, l, i % 5, fixes, p.n_shape));
	}
	assert_ok(sc, road_learner_finish(sc, l, out));
	assert_true(out->n_arcs > 30);
}

struct fetched {
	const char *operator_id;
	int64_t version;
	struct scope *sc;
	struct road_speeds speeds;
	struct traffic_doors doors;
	json_t *list;
};

static enum code
fetch(struct scope *sc, struct tx *tx, void *arg)
{
	struct fetched *f = arg;
	(void)sc;
	TRY(traffic_speeds(f->sc, tx, f->operator_id, f->version, &f->speeds));
	TRY(traffic_doors(f->sc, tx, f->operator_id, f->version, &f->doors));
	return traffic_list(f->sc, tx, f->operator_id, 10, &f->list);
}

static int
by_row(const void *a, const void *b)
{
	const struct road_speed *x = a;
	const struct road_speed *y = b;
	if (x->way != y->way)
		return x->way < y->way ? -1 : 1;
	if (x->position != y->position)
		return x->position < y->position ? -1 : 1;
	return (x->backward > y->backward) - (x->backward < y->backward);
}

static void
rows_come_back_as_they_were_learned(void **state)
{
	(void)state;
	struct city c;
	open_city(&c);
	struct scope *sc = &c.f.sc;
	struct keeping k = {.operator_id = OP, .lesson = {.extract = "town", .of = {.duties = 9, .drivers = 5}}};
	learn_some(&c, &k.lesson.speeds);
	struct traffic_door doors[2] = {{.scale = TRAFFIC_ALL, .factor = 1.25, .walk_s = 31.5},
					{.scale = TRAFFIC_DOOR,
					 .at = {-12000, -577000},
					 .factor = 0.9,
					 .service_s = 111.5,
					 .walk_s = 12.25,
					 .park = {-12345, -577321}}};
	k.lesson.doors = (struct traffic_doors){doors, 2};
	assert_ok(sc, store_write(sc, c.f.store, LANE_MAIN, keep, &k));
	assert_int_equal(k.version, 1);
	struct fetched f = {.operator_id = OP, .version = 1, .sc = sc};
	assert_ok(sc, store_read(sc, c.f.store, fetch, &f));
	const struct road_speeds *learned = &k.lesson.speeds;
	assert_int_equal(f.speeds.n_arcs, learned->n_arcs);
	qsort(learned->arcs, learned->n_arcs, sizeof *learned->arcs, by_row);
	assert_true(f.speeds.trip > learned->trip - 1e-6 && f.speeds.trip < learned->trip + 1e-6);
	for (size_t i = 0; i < learned->n_arcs; i++) {
		assert_int_equal(by_row(&f.speeds.arcs[i], &learned->arcs[i]), 0);
		double off = f.speeds.arcs[i].factor - learned->arcs[i].factor;
		assert_true(off < 1e-6 && off > -1e-6);
	}
	assert_int_equal(f.doors.n, 2);
	assert_memory_equal(&f.doors.list[1], &doors[1], sizeof doors[1]);
	const json_t *row = json_array_get(f.list, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "rows")), (json_int_t)learned->n_arcs);
	assert_int_equal(json_integer_value(json_object_get(row, "drivers")), 5);
	assert_int_equal(strlen(json_string_value(json_object_get(row, "digest"))), 64);
	/* another tenant has none of it */
	struct fetched theirs = {.operator_id = OTHER, .version = 1, .sc = sc};
	assert_int_equal(store_read(sc, c.f.store, fetch, &theirs), E_NOT_FOUND);
	close_city(&c);
}

static void
rows_go_after_a_month_and_the_newest_stays(void **state)
{
	(void)state;
	struct city c;
	open_city(&c);
	struct scope *sc = &c.f.sc;
	keep_flat(&c, OP, 1.5);
	keep_flat(&c, OTHER, 1.5);
	clock_step_to(&c.f.clock, clock_now_ms(&c.f.clock) + (TRAFFIC_KEPT_DAYS + 1) * DAY_MS);
	struct fetched first = {.operator_id = OP, .version = 1, .sc = sc};
	assert_ok(sc, store_read(sc, c.f.store, fetch, &first)); /* nothing newer: still the one in use */
	assert_int_equal(keep_flat(&c, OP, 2), 2);
	assert_int_equal(store_read(sc, c.f.store, fetch, &first), E_NOT_FOUND);
	struct fetched second = {.operator_id = OP, .version = 2, .sc = sc};
	assert_ok(sc, store_read(sc, c.f.store, fetch, &second));
	assert_int_equal(json_array_size(second.list), 2); /* that there was a first one is remembered */
	struct fetched theirs = {.operator_id = OTHER, .version = 1, .sc = sc};
	assert_ok(sc, store_read(sc, c.f.store, fetch, &theirs));
	close_city(&c);
}

/* --- another extract --- */

/* The same town a month later: every fifth way was drawn anew and has another id. */
static const char *
next_extract(struct scope *sc, size_t *renamed)
{
	const char *town = town_text(sc);
	struct text t;
	text_init(&t, sc);
	*renamed = 0;
	for (const char *p = town; *p != '\0';) {
		const char *way = strstr(p, "\"way/");
		if (way == NULL) {
			text_add(&t, p);
			break;
		}
		text_printf(&t, "%.*s\"way/", (int)(way - p), p);
		p = way + strlen("\"way/");
		if (strtol(p, NULL, 10) % 5 == 0) {
			text_add(&t, "9000");
			++*renamed;
		}
	}
	return t.s;
}

static int32_t
seconds_of(struct city *c, const struct traffic_now *now, struct place a, struct place b)
{
	struct road_path p;
	assert_ok(&c->f.sc, road_path(&c->f.sc, c->road, now->metric, a, b, &p));
	return p.duration_ds;
}

static void
a_new_extract_keeps_what_it_still_has(void **state)
{
	(void)state;
	struct city c;
	open_city(&c);
	struct scope *sc = &c.f.sc;
	struct keeping k = {.operator_id = OP, .lesson = {.extract = "town"}};
	learn_some(&c, &k.lesson.speeds);
	assert_ok(sc, store_write(sc, c.f.store, LANE_MAIN, keep, &k));
	struct traffic_now before;
	assert_ok(sc, traffic_take(sc, c.f.store, c.traffic, OP, 8, &before));
	assert_true(before.metric != NULL && before.version == 1 && before.unknown == 0);
	struct prng prng;
	prng_seed(&prng, 77);
	struct place at[20];
	int32_t took[20];
	for (size_t i = 0; i < 20; i += 2) {
		at[i] = road_random_street_point(c.road, &prng);
		at[i + 1] = road_random_street_point(c.road, &prng);
		took[i] = seconds_of(&c, &before, at[i], at[i + 1]);
	}
	traffic_drop(&before);
	close_roads(&c);

	size_t renamed;
	open_roads(&c, next_extract(sc, &renamed));
	assert_true(renamed > 10);
	struct traffic_now after;
	struct traffic_now none = {0};
	assert_ok(sc, traffic_take(sc, c.f.store, c.traffic, OP, 8, &after));
	size_t n = k.lesson.speeds.n_arcs;
	assert_true(after.unknown > 0 && after.unknown < n / 2);
	double learned = 0;
	double map = 0;
	double wanted = 0;
	for (size_t i = 0; i < 20; i += 2) {
		wanted += took[i];
		learned += seconds_of(&c, &after, at[i], at[i + 1]);
		map += seconds_of(&c, &none, at[i], at[i + 1]);
	}
	/* nearly the old times, and far from the map's */
	assert_true(learned > 0.9 * wanted && learned < 1.1 * wanted && map < 0.8 * wanted);
	traffic_drop(&after);
	close_city(&c);
}

/* --- taking while versions arrive --- */

#define PLANNERS 3
#define VERSIONS 12

struct rush {
	struct city *c;
	struct place a, b;
	_Atomic bool stop;
	_Atomic int plans, wrong;
	int32_t known_ds[VERSIONS + 1]; /* what each version answers */
};

static double
factor_of(int64_t version)
{
	return 1 + 0.5 * (double)version;
}

/* A plan asks several things of one taking: all must be of the version it was told. */
static void *
plan_all_the_time(void *arg)
{
	struct rush *r = arg;
	struct scope sc;
	scope_init(&sc);
	for (unsigned hour = 6; !atomic_load(&r->stop); hour = 6 + (hour + 1) % 4) {
		struct traffic_now now;
		struct road_matrix m;
		struct road_path p;
		bool right = traffic_take(&sc, r->c->f.store, r->c->traffic, OP, hour, &now) == OK;
		right = right && now.version > 0 && now.hour == hour;
		for (int i = 0; right && i < 3; i++) {
			right = road_matrix(&sc, r->c->road, now.metric, &r->a, 1, &r->b, 1, false, &m) == OK &&
				road_path(&sc, r->c->road, now.metric, r->a, r->b, &p) == OK;
			right = right && m.duration_ds[0] == p.duration_ds && p.duration_ds == r->known_ds[now.version];
		}
		traffic_drop(&now);
		atomic_fetch_add(&r->wrong, !right);
		atomic_fetch_add(&r->plans, 1);
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void
a_plan_sees_one_version(void **state)
{
	(void)state;
	struct city c;
	open_city(&c);
	struct prng prng;
	struct road_path map;
	prng_seed(&prng, 3);
	struct rush r = {.c = &c};
	do {
		r.a = road_random_street_point(c.road, &prng);
		r.b = road_random_street_point(c.road, &prng);
		assert_ok(&c.f.sc, road_path(&c.f.sc, c.road, NULL, r.a, r.b, &map));
	} while (map.duration_ds < 1500);
	for (int v = 1; v <= VERSIONS; v++) {
		struct road_speeds s;
		struct traffic_now alone;
		flat(&s, factor_of(v));
		assert_ok(&c.f.sc, road_speeds_metric(&c.f.sc, c.road, &s, 7, true, &alone.metric));
		r.known_ds[v] = seconds_of(&c, &alone, r.a, r.b);
		assert_true(v == 1 || r.known_ds[v] > r.known_ds[v - 1]);
		road_metric_free(alone.metric);
	}
	keep_flat(&c, OP, factor_of(1));
	pthread_t planners[PLANNERS];
	for (int i = 0; i < PLANNERS; i++)
		assert_int_equal(pthread_create(&planners[i], NULL, plan_all_the_time, &r), 0);
	for (int v = 2; v <= VERSIONS; v++) {
		int before = atomic_load(&r.plans);
		assert_int_equal(keep_flat(&c, OP, factor_of(v)), v);
		assert_ok(&c.f.sc, traffic_refresh(&c.f.sc, c.f.store, c.traffic, OP));
		while (atomic_load(&r.plans) < before + 20)
			sched_yield();
	}
	atomic_store(&r.stop, true);
	for (int i = 0; i < PLANNERS; i++)
		pthread_join(planners[i], NULL);
	assert_int_equal(atomic_load(&r.wrong), 0);
	close_city(&c);
}

/* More tenants and more hours than are live at once: each gets its own all the same. */
static void
tenants_and_hours_take_turns(void **state)
{
	(void)state;
	struct city c;
	open_city(&c);
	struct scope *sc = &c.f.sc;
	struct prng prng;
	struct road_path map;
	prng_seed(&prng, 3);
	struct place a;
	struct place b;
	do {
		a = road_random_street_point(c.road, &prng);
		b = road_random_street_point(c.road, &prng);
		assert_ok(sc, road_path(sc, c.road, NULL, a, b, &map));
	} while (map.duration_ds < 1500);
	const size_t n = TRAFFIC_TENANTS + 2;
	for (size_t i = 0; i < n; i++)
		keep_flat(&c, scope_printf(sc, "op_%zu", i), (double)(i + 2));
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i++) {
			struct traffic_now now;
			for (unsigned h = 0; h < TRAFFIC_HOURS + 3; h++) {
				assert_ok(
				    sc, traffic_take(sc, c.f.store, c.traffic, scope_printf(sc, "op_%zu", i), h, &now));
				double ratio = (double)seconds_of(&c, &now, a, b) / map.duration_ds;
				assert_true(ratio > 0.8 * (double)(i + 2) && ratio < 1.02 * (double)(i + 2));
				traffic_drop(&now);
			}
		}
	struct traffic_now now;
	assert_ok(sc, traffic_take(sc, c.f.store, c.traffic, "op_of_nobody", 8, &now));
	assert_true(now.metric == NULL && now.version == 0);
	traffic_drop(&now);
	close_city(&c);
}

/* --- doors --- */

static struct traffic_visit
visit(uint64_t driver, struct place door, double service_s, double walk_s)
{
	return (struct traffic_visit){.driver = driver,
				      .door = door,
				      .parked = {door.lat_e7 + 2000, door.lon_e7},
				      .parked_known = true,
				      .told_s = 100,
				      .service_s = service_s,
				      .walk_s = walk_s};
}

static void
doors_need_three_drivers(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const struct place door = {577000500, 119700500};
	const struct place next = {577001500, 119700500}; /* another door of the area */
	const struct place far = {578000500, 119700500};
	struct traffic_visit v[64];
	struct traffic_doors d;
	struct traffic_stop s;
	size_t n = 0;
	for (int i = 0; i < 20; i++) /* two drivers, however often */
		v[n++] = visit((uint64_t)(i % 2), door, 300, 60);
	traffic_learn_doors(&sc, v, n, &d);
	assert_int_equal(d.n, 0);
	traffic_stop_of(&d, door, 100, &s);
	assert_true(!s.known && s.service_s == 100);
	v[n++] = visit(2, far, 100, 0);
	traffic_learn_doors(&sc, v, n, &d); /* three drivers in all; two at the door and in its area */
	assert_int_equal(d.n, 1);
	traffic_stop_of(&d, door, 100, &s);
	assert_true(s.known && !s.park_known && s.service_s > 100 && s.service_s < 300);
	for (int i = 0; i < 10; i++)
		v[n++] = visit(2, door, 300, 60);
	traffic_learn_doors(&sc, v, n, &d);
	traffic_stop_of(&d, door, 100, &s);
	assert_true(s.known && s.service_s > 250 && s.service_s <= 300 && s.walk_s > 50 && s.walk_s <= 60);
	assert_true(s.park_known && place_distance_m(s.park, (struct place){door.lat_e7 + 2000, door.lon_e7}) < 1);
	traffic_stop_of(&d, next, 50, &s); /* nobody was there: as the area has it, of what its sender says */
	assert_true(s.known && !s.park_known && s.service_s > 110 && s.service_s < 150);
	scope_release(&sc);
}

static void
a_phone_that_lies_at_a_door_is_one_voice(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const struct place door = {577000500, 119700500};
	struct traffic_visit v[600];
	size_t n = 0;
	for (int i = 0; i < 40; i++)
		v[n++] = visit((uint64_t)(i % 4), door, 120, 30);
	for (int i = 0; i < 500; i++) {
		v[n] = visit(9, door, 1799, 899);
		v[n++].parked = (struct place){door.lat_e7 - 20000, door.lon_e7};
	}
	v[n++] = visit(10, door, 1e9, -5); /* beyond belief: not heard */
	struct traffic_doors d;
	struct traffic_stop s;
	traffic_learn_doors(&sc, v, n, &d);
	traffic_stop_of(&d, door, 100, &s);
	assert_true(s.known && s.service_s < 240 && s.walk_s < 60);
	assert_true(s.park_known && place_distance_m(s.park, (struct place){door.lat_e7 + 2000, door.lon_e7}) < 1);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rows_come_back_as_they_were_learned),
	    cmocka_unit_test(rows_go_after_a_month_and_the_newest_stays),
	    cmocka_unit_test(a_new_extract_keeps_what_it_still_has),
	    cmocka_unit_test(a_plan_sees_one_version),
	    cmocka_unit_test(tenants_and_hours_take_turns),
	    cmocka_unit_test(doors_need_three_drivers),
	    cmocka_unit_test(a_phone_that_lies_at_a_door_is_one_voice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
