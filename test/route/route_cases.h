/* Problems for tests: a random city and every rule of the model to switch on. */
#ifndef TEST_ROUTE_CASES_H
#define TEST_ROUTE_CASES_H

#include "base/prng.h"
#include "route/route_file.h"

/* A city of n places on a plane, seconds and metres from Euclid. */
static inline void
city(struct scope *sc, uint32_t n, uint64_t seed, int32_t **seconds, int32_t **metres)
{
	struct prng rng;
	prng_seed(&rng, seed);
	double *xy = NEW_ARRAY(sc, (size_t)n * 2, double);
	for (uint32_t i = 0; i < 2 * n; i++)
		xy[i] = prng_unit(&rng) * 10000;
	assert_ok(sc, euclid_matrix(sc, xy, n, 1, 0, metres));
	assert_ok(sc, euclid_matrix(sc, xy, n, 0.1, 1, seconds));
}

struct shape {
	uint32_t jobs, shipments, vehicles, dims;
	bool windows, many_windows, breaks, skills, open, duty, reloads, slices, soft, relations, types;
};

static inline struct route_window
window(struct prng *rng)
{
	int64_t from = prng_below(rng, 20000);
	return (struct route_window){from, from + 3000 + prng_below(rng, 8000)};
}

static inline void
add_task(struct scope *sc, struct route_problem *p, const struct shape *s, struct prng *rng, uint64_t id)
{
	struct route_window w[2];
	w[0] = window(rng);
	w[1] = (struct route_window){w[0].to + 2000, w[0].to + 6000};
	int64_t amount[2] = {1 + prng_below(rng, 9), 1 + prng_below(rng, 4)};
	uint32_t skill = prng_below(rng, 3);
	struct route_task t = {.id = id,
			       .place = 1 + prng_below(rng, p->n_places - 1),
			       .service = 60,
			       .setup = s->duty ? 30 : 0,
			       .penalty = ROUTE_MUST};
	if (s->windows || s->many_windows) {
		t.windows = w;
		t.n_windows = s->many_windows ? 2 : 1;
	}
	static const struct route_work by_type[2] = {{1, 0, 20}, {2, 100, 300}};
	if (s->types) {
		t.work_by_type = by_type;
		t.n_types = 1 + (uint32_t)(id % 2);
	}
	if (s->soft)
		t.soft = (struct route_soft){w[0], 100, 400};
	if (s->skills && skill < 2) {
		t.skills = &skill;
		t.n_skills = 1;
	}
	if (id % 3 == 0 && s->dims == 2)
		t.pickup = amount;
	else
		t.delivery = amount;
	assert_ok(sc, route_problem_job(sc, p, &t, NULL));
}

static inline void
add_shipment(struct scope *sc, struct route_problem *p, const struct shape *s, struct prng *rng, uint64_t id)
{
	struct route_window w = {prng_below(rng, 15000), 30000};
	int64_t amount[2] = {1 + prng_below(rng, 9), 1};
	struct route_task a = {.id = id,
			       .place = 1 + prng_below(rng, p->n_places - 1),
			       .service = 60,
			       .penalty = ROUTE_MUST,
			       .pickup = amount};
	struct route_task b = {.id = id, .place = 1 + prng_below(rng, p->n_places - 1), .service = 60};
	if (s->windows) {
		b.windows = &w;
		b.n_windows = 1;
	}
	assert_ok(sc, route_problem_shipment(sc, p, &a, &b, NULL));
}

static inline struct route_problem *
build(struct scope *sc, const struct shape *s, uint64_t seed)
{
	struct prng rng;
	struct route_problem *p;
	uint32_t n = 40;
	int32_t *seconds;
	int32_t *metres;
	prng_seed(&rng, seed);
	city(sc, n, seed, &seconds, &metres);
	assert_ok(sc, route_problem_new(sc, n, s->dims, &p));
	struct route_profile f = {.durations = seconds, .distances = metres};
	static const int64_t slice_at[3] = {0, 10000, 20000};
	if (s->slices) {
		int32_t *three = NEW_ARRAY(sc, (size_t)n * n * 3, int32_t);
		for (size_t i = 0; i < (size_t)n * n * 3; i++)
			three[i] = seconds[i % (n * n)] * (i / (n * n) == 1 ? 3 : 2) / 2;
		f.durations = three;
		f.slice_at = slice_at;
		f.n_slices = 3;
	}
	assert_ok(sc, route_problem_profile(sc, p, &f, NULL));
	struct route_window noon = {9000, 12000};
	struct route_window later = {14000, 15000};
	int64_t light[2] = {1000, 1000};
	struct route_break breaks[2] = {{.id = 1, .windows = &noon, .n_windows = 1, .service = 1800, .max_load = light},
					{.id = 2, .windows = &later, .n_windows = 1, .service = 600, .relative = true}};
	for (uint32_t v = 0; v < s->vehicles; v++) {
		int64_t capacity[2] = {40 + 10 * (v % 2), 30};
		uint32_t skills[3] = {0, 1, 2};
		struct route_vehicle x = {.id = v + 1,
					  .start = 0,
					  .end = s->open ? ROUTE_NONE : 0,
					  .shift = {0, 32000},
					  .capacity = capacity,
					  .max_tasks = ROUTE_NONE,
					  .skills = skills,
					  .n_skills = 1 + v % 3,
					  .rates = {.fixed = 500, .per_hour = 3600}};
		if (s->breaks) {
			x.breaks = breaks;
			x.n_breaks = 2;
		}
		if (s->duty) {
			x.rates.per_duty_hour = 1000;
			x.rates.per_km = 37;
			x.max_duty = 25000;
			x.max_distance = 200000;
		}
		if (s->types)
			x.type = v % 3;
		if (s->reloads)
			x.max_reloads = 2;
		assert_ok(sc, route_problem_vehicle(sc, p, &x, NULL));
	}
	for (uint32_t i = 0; i < s->jobs; i++)
		add_task(sc, p, s, &rng, i);
	for (uint32_t i = 0; i < s->shipments; i++)
		add_shipment(sc, p, s, &rng, i);
	if (s->relations) {
		static const uint32_t same[] = {0, 1, 2};
		static const uint32_t apart[] = {3, 4};
		static const uint32_t order[] = {7, 6, 5};
		assert_ok(sc, route_problem_relation(sc, p, &(struct route_relation){ROUTE_SAME_VEHICLE, same, 3}));
		assert_ok(sc, route_problem_relation(sc, p, &(struct route_relation){ROUTE_APART, apart, 2}));
		assert_ok(sc, route_problem_relation(sc, p, &(struct route_relation){ROUTE_IN_ORDER, order, 3}));
	}
	return p;
}

static inline void
must_verify(struct scope *sc, const struct route_problem *p, const struct route_solution *s, const char *what)
{
	struct route_verdict v;
	assert_ok(sc, route_check(sc, p, s, &v));
	if (!v.feasible)
		fail_msg("%s: %s (%u faults)", what, v.faults[0], v.n_faults);
}

/* One of each kind. */
static const struct shape every_shape[] = {
    {.jobs = 40, .vehicles = 8, .dims = 1},
    {.jobs = 40, .vehicles = 8, .dims = 1, .windows = true},
    {.jobs = 40, .vehicles = 10, .dims = 2, .windows = true, .open = true},
    {.jobs = 20, .shipments = 12, .vehicles = 8, .dims = 1, .windows = true},
    {.jobs = 30, .shipments = 5, .vehicles = 10, .dims = 2, .skills = true},
    {.jobs = 30, .vehicles = 8, .dims = 1, .many_windows = true, .breaks = true},
    {.jobs = 30, .vehicles = 8, .dims = 1, .windows = true, .duty = true, .breaks = true},
    {.jobs = 40, .vehicles = 3, .dims = 1, .reloads = true},
    {.jobs = 30, .vehicles = 8, .dims = 1, .windows = true, .slices = true},
    {.jobs = 30, .vehicles = 8, .dims = 1, .soft = true, .slices = true, .breaks = true},
    {.jobs = 30, .shipments = 6, .vehicles = 8, .dims = 2, .windows = true, .relations = true},
    {.jobs = 20, .shipments = 6, .vehicles = 4, .dims = 1, .reloads = true, .duty = true, .soft = true},
    {.jobs = 30, .shipments = 4, .vehicles = 9, .dims = 1, .windows = true, .types = true},
    {.jobs = 60, .vehicles = 2, .dims = 1, .windows = true}, /* too few: some are left out */
};

#endif
