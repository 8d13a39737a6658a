/* A drive fix by fix settles to what the whole track is matched to. */
#include "road/town.h"

#include <math.h>

#include "road/match_stream.h"
#include "road/road_map.h"

#define TRACKS 60

struct drive {
	struct scope sc;
	struct road *road;
	struct road_fix *fixes;
	size_t n;
};

static double
gauss(struct prng *prng)
{
	double u = 1 - prng_unit(prng);
	return sqrt(-2 * log(u)) * cos(2 * M_PI * prng_unit(prng));
}

static void
add_fix(struct drive *d, struct prng *prng, struct place at, double sigma_m)
{
	struct plane plane;
	plane_init(&plane, at);
	at.lat_e7 += (int32_t)lround(gauss(prng) * sigma_m / plane.m_per_e7_lat);
	at.lon_e7 += (int32_t)lround(gauss(prng) * sigma_m / plane.m_per_e7_lon);
	d->fixes[d->n] = (struct road_fix){at, (int64_t)d->n * 5000, sigma_m};
	d->n++;
}

/* Along the way from a to b, every `every`th point of its shape; now and then
 * a fix far off, or a rest. */
static void
add_way(struct drive *d, struct prng *prng, struct place a, struct place b, double sigma_m)
{
	struct road_path path;
	if (road_path(&d->sc, d->road, NULL, a, b, &path) != OK) {
		error_clear(&d->sc);
		return;
	}
	size_t every = 1 + prng_below(prng, 3);
	for (size_t i = 0; i < path.n_shape; i += every) {
		add_fix(d, prng, path.shape[i], sigma_m);
		if (prng_below(prng, 20) == 0)
			add_fix(d, prng, (struct place){path.shape[i].lat_e7 + 70000, path.shape[i].lon_e7}, sigma_m);
		for (uint32_t rest = prng_below(prng, 10) == 0 ? prng_below(prng, 12) : 0; rest > 0; rest--)
			add_fix(d, prng, path.shape[i], sigma_m / 2);
	}
}

static void
drive_init(struct drive *d, uint64_t seed)
{
	*d = (struct drive){0};
	scope_init(&d->sc);
	struct prng prng;
	prng_seed(&prng, seed);
	const char *json = town_geojson(&d->sc, &prng, 12);
	struct road_import_report report;
	assert_ok(&d->sc, town_open_bytes(&d->sc, json, strlen(json), "van", &d->road, &report));
	d->fixes = NEW_ARRAY(&d->sc, 20000, struct road_fix);
	double sigma_m = 3 + prng_unit(&prng) * 25;
	for (int leg = 0; leg < 3; leg++) /* each leg begins elsewhere: a jump */
		add_way(d, &prng, road_random_street_point(d->road, &prng), road_random_street_point(d->road, &prng),
			sigma_m);
}

static void
drive_release(struct drive *d)
{
	road_close(d->road);
	scope_release(&d->sc);
}

/* All that a stream of this lag settles. */
static struct road_settled *
stream_all(struct drive *d, size_t lag, size_t *n)
{
	struct road_stream *s;
	struct road_settled *all = NEW_ARRAY(&d->sc, d->n + 1, struct road_settled);
	struct road_matcher *m = road_matcher_new(&d->sc, d->road);
	assert_ok(&d->sc, road_stream_open(&d->sc, lag, &s));
	*n = 0;
	for (size_t i = 0; i <= d->n; i++) {
		struct road_settled_list news;
		struct road_point now;
		if (i < d->n)
			assert_ok(&d->sc, road_stream_push(&d->sc, m, NULL, s, &d->fixes[i], &news));
		else
			assert_ok(&d->sc, road_stream_finish(&d->sc, m, NULL, s, &news));
		for (size_t k = 0; k < news.n; k++)
			all[(*n)++] = news.items[k];
		assert_true(i < d->n || !road_stream_now(s, &now));
	}
	road_stream_close(s);
	return all;
}

static void
check_item(const struct road_settled *item, const struct road_match *truth)
{
	const struct road_match_point *p = &truth->points[item->fix];
	assert_true(p->matched);
	assert_int_equal(p->point.segment, item->point.segment);
	assert_int_equal(p->point.fraction, item->point.fraction);
	assert_int_equal(p->point.leave, item->point.leave);
	assert_true(item->begins == (p->number == 0));
	if (item->begins)
		return;
	const struct road_path *path = &truth->pieces[p->piece].paths[p->number - 1];
	assert_int_equal(path->n_legs, item->path.n_legs);
	for (size_t i = 0; i < path->n_legs; i++)
		assert_int_equal(path->legs[i].arc, item->path.legs[i].arc);
}

static void
what_is_settled_is_what_the_whole_track_says(void **state)
{
	(void)state;
	size_t settled = 0;
	size_t hurried = 0;
	for (uint64_t seed = 1; seed <= TRACKS; seed++) {
		struct drive d;
		drive_init(&d, seed);
		struct road_match truth;
		if (d.n == 0 || road_match(&d.sc, d.road, NULL, d.fixes, d.n, &truth) != OK) {
			drive_release(&d);
			continue;
		}
		size_t n;
		struct road_settled *items = stream_all(&d, ROAD_LAG, &n);
		bool same = true; /* until the lag has decided something in this piece */
		for (size_t i = 0; i < n; i++) {
			same = items[i].begins ? !items[i].hurried : same && !items[i].hurried;
			assert_true(i == 0 || items[i].fix > items[i - 1].fix);
			settled++;
			hurried += !same;
			if (same)
				check_item(&items[i], &truth);
		}
		size_t matched = 0;
		for (size_t i = 0; i < truth.n_points; i++)
			matched += truth.points[i].matched;
		assert_int_equal(matched, n);
		drive_release(&d);
	}
	assert_true(settled > 1000);
	assert_true(hurried * 20 < settled);
}

/* With a lag of two nothing waits, and what comes out still hangs together. */
static void
a_short_lag_decides_early_and_stays_coherent(void **state)
{
	(void)state;
	size_t hurried = 0;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct drive d;
		drive_init(&d, seed);
		size_t n;
		struct road_settled *items = stream_all(&d, 2, &n);
		for (size_t i = 0; i < n; i++) {
			hurried += items[i].hurried;
			if (items[i].begins) {
				assert_int_equal(items[i].path.n_legs, 0);
				continue;
			}
			const struct road_path *path = &items[i].path;
			assert_true(path->n_legs > 0);
			assert_int_equal(d.road->arc[path->legs[0].arc].segment, items[i - 1].point.segment);
		}
		drive_release(&d);
	}
	assert_true(hurried > 10);
}

static void
a_stream_begins_anew_and_refuses_the_past(void **state)
{
	(void)state;
	struct drive d;
	drive_init(&d, 3);
	struct road_matcher *m = road_matcher_new(&d.sc, d.road);
	struct road_stream *s;
	struct road_settled_list news;
	struct road_point now;
	assert_ok(&d.sc, road_stream_open(&d.sc, ROAD_LAG, &s));
	assert_false(road_stream_now(s, &now));
	struct road_fix f = d.fixes[0];
	f.at_ms = 10000;
	assert_ok(&d.sc, road_stream_push(&d.sc, m, NULL, s, &f, &news));
	assert_true(road_stream_now(s, &now));
	assert_true(place_distance_m(now.at, f.at) < 150);
	f.at_ms = 9999;
	assert_int_equal(road_stream_push(&d.sc, m, NULL, s, &f, &news), E_INVALID);
	f = (struct road_fix){.at = {INT32_MAX, 0}, .at_ms = 20000};
	assert_int_equal(road_stream_push(&d.sc, m, NULL, s, &f, &news), E_INVALID);
	f = (struct road_fix){.at = {1, 1}, .at_ms = 20000, .sigma_m = 1e30}; /* out at sea */
	assert_ok(&d.sc, road_stream_push(&d.sc, m, NULL, s, &f, &news));
	assert_ok(&d.sc, road_stream_finish(&d.sc, m, NULL, s, &news));
	assert_int_equal(news.n, 1);
	assert_false(road_stream_now(s, &now));
	f = d.fixes[0];
	f.at_ms = 1;
	assert_ok(&d.sc, road_stream_push(&d.sc, m, NULL, s, &f, &news));
	assert_ok(&d.sc, road_stream_finish(&d.sc, m, NULL, s, &news));
	assert_int_equal(news.items[0].fix, 0);
	road_stream_close(s);
	drive_release(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_settled_is_what_the_whole_track_says),
	    cmocka_unit_test(a_short_lag_decides_early_and_stays_coherent),
	    cmocka_unit_test(a_stream_begins_anew_and_refuses_the_past),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
