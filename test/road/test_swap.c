/* New speeds go live while threads ask: each answer belongs to one metric, none
 * fails, nothing is freed too early (run it under ThreadSanitizer as well). */
#include "road/town.h"

#include <pthread.h>
#include <stdatomic.h>

#define ASKERS 3
#define SWAPS 60
#define KINDS 4

struct stage {
	struct road *road;
	struct place a, b;
	int32_t known[KINDS]; /* what each metric answers */
	_Atomic bool stop;
	_Atomic int asked, wrong;
};

static void *
ask(void *arg)
{
	struct stage *s = arg;
	struct scope sc;
	scope_init(&sc);
	while (!atomic_load(&s->stop)) {
		struct road_metric *m = road_metric_take(s->road, 7);
		struct road_path path;
		struct road_matrix matrix;
		bool right = m != NULL && road_path(&sc, s->road, m, s->a, s->b, &path) == OK &&
			     road_matrix(&sc, s->road, m, &s->a, 1, &s->b, 1, false, &matrix) == OK &&
			     matrix.duration_ds[0] == path.duration_ds;
		bool known = false;
		for (int k = 0; right && k < KINDS; k++)
			known |= path.duration_ds == s->known[k];
		road_metric_drop(s->road, m);
		atomic_fetch_add(&s->wrong, !known);
		atomic_fetch_add(&s->asked, 1);
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static struct road_metric *
make_metric(struct scope *sc, const struct road *road, size_t n, uint32_t kind)
{
	uint32_t *ms = NEW_ARRAY(sc, n, uint32_t);
	for (size_t i = 0; i < n; i++)
		ms[i] = road_arc_ms(road)[i] * (kind + 1);
	struct road_metric *m;
	assert_ok(sc, road_metric_build(sc, road, ms, &m));
	return m;
}

static void
swaps_do_not_disturb_queries(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 8);
	const char *json = town_geojson(&sc, &prng, 8);
	struct road_import_report report;
	struct stage s = {0};
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &s.road, &report));
	s.a = road_random_street_point(s.road, &prng);
	s.b = road_random_street_point(s.road, &prng);
	for (uint32_t k = 0; k < KINDS; k++) {
		struct road_metric *m = make_metric(&sc, s.road, report.arcs, k);
		struct road_path path;
		assert_ok(&sc, road_path(&sc, s.road, m, s.a, s.b, &path));
		s.known[k] = path.duration_ds;
		road_metric_free(m);
	}
	road_metric_swap(s.road, 7, make_metric(&sc, s.road, report.arcs, 0));
	pthread_t askers[ASKERS];
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&askers[i], NULL, ask, &s), 0);
	for (uint32_t i = 0; i < SWAPS || atomic_load(&s.asked) < 200; i++)
		road_metric_swap(s.road, 7, make_metric(&sc, s.road, report.arcs, i % KINDS));
	atomic_store(&s.stop, true);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(askers[i], NULL);
	assert_int_equal(s.wrong, 0);
	assert_true(s.asked >= 200);
	road_metric_swap(s.road, 7, NULL);
	road_close(s.road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(swaps_do_not_disturb_queries)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
