/* The bench's thresholds and its held-out rates, on people made of numbers. */
#include "unit.h"

#include <math.h>

#include "base/prng.h"
#include "face/face_bench_run.h"
#include "face/rate.h"

static void
thresholds_are_counts_where_there_are_enough(void **state)
{
	(void)state;
	struct scope sc;
	struct scores s;
	scope_init(&sc);
	assert_ok(&sc, scores_room(&sc, 20000, &s));
	struct prng r;
	prng_seed(&r, 3);
	for (s.n = 0; s.n < 20000; s.n++) { /* a bell: mean 0.1, deviation 0.1 */
		double sum = 0;
		for (int k = 0; k < 12; k++)
			sum += prng_unit(&r);
		s.v[s.n] = 0.1 + 0.1 * (sum - 6);
	}
	scores_sort(&s);
	assert_int_equal(scores_above(s, scores_threshold(s, 1e-2)), 200);
	assert_true(scores_fit(s, 1e-2) == scores_threshold(s, 1e-2));
	/* 3.09, 3.72 and 4.26 deviations: 1e-5 is a line beyond what 20,000 can show */
	assert_true(fabs(scores_fit(s, 1e-3) - 0.409) < 0.02);
	assert_true(fabs(scores_fit(s, 1e-4) - 0.472) < 0.03);
	assert_true(fabs(scores_fit(s, 1e-5) - 0.526) < 0.04);
	assert_true(scores_fit(s, 1e-5) >= s.v[0] || 1e-5 * (double)s.n < 1);
	scope_release(&sc);
}

#define PEOPLE 300
#define EACH 3

/* Vectors around a centre a person; the list holds every pair of two people's first pictures. */
static struct bench *
population(struct scope *sc)
{
	struct bench *b = NEW(sc, struct bench);
	struct bench_lists *l = &b->lists;
	struct prng r;
	prng_seed(&r, 11);
	l->n_people = PEOPLE;
	l->n_pictures = PEOPLE * EACH;
	l->pictures = NEW_ARRAY(sc, l->n_pictures, struct bench_picture);
	b->pictures = NEW_ARRAY(sc, l->n_pictures, struct embedded);
	for (size_t i = 0; i < l->n_pictures; i++) {
		size_t person = i / EACH;
		float *v = NEW_ARRAY(sc, FACE_VECTOR_DIM, float);
		struct prng own;
		prng_seed(&own, 1000 + person);
		double sum = 0;
		for (size_t k = 0; k < 32; k++) {
			v[k] = (float)(prng_unit(&own) - 0.5 + 0.5 * (prng_unit(&r) - 0.5));
			sum += (double)(v[k] * v[k]);
		}
		for (size_t k = 0; k < 32; k++)
			v[k] /= sqrtf((float)sum);
		l->pictures[i] =
		    (struct bench_picture){scope_printf(sc, "p%zu/%zu.jpg", person, i), (int32_t)person, -1};
		b->pictures[i] = (struct embedded){.found = true, .vector = v};
	}
	l->pairs = NEW_ARRAY(sc, PEOPLE * PEOPLE, struct bench_pair);
	b->pair_scores = NEW_ARRAY(sc, PEOPLE * PEOPLE, double);
	for (int32_t x = 0; x < PEOPLE; x++)
		for (int32_t y = x + 1; y < PEOPLE; y++) {
			b->pair_scores[l->n_pairs] = bench_score(b, x * EACH, y * EACH);
			l->pairs[l->n_pairs++] = (struct bench_pair){x * EACH, y * EACH, false, 0};
		}
	return b;
}

static int64_t
count_of(const json_t *o, const char *rate, const char *what)
{
	return json_integer_value(json_object_get(json_object_get(json_object_get(o, "at_1e-3"), rate), what));
}

static void
everybody_is_counted_once_at_others_threshold(void **state)
{
	(void)state;
	struct scope sc;
	json_t *o;
	scope_init(&sc);
	struct bench *b = population(&sc);
	assert_ok(&sc, bench_held_out(&sc, b, &o));
	assert_int_equal(count_of(o, "fnmr", "of"), PEOPLE * 3); /* three pairs each */
	int64_t tried = count_of(o, "fmr", "of");
	int64_t all = (int64_t)PEOPLE * (PEOPLE - 1) / 2 * EACH * EACH;
	assert_true(tried > all / 6 && tried < all / 4);
	int64_t errors = count_of(o, "fmr", "errors");
	assert_true(errors > tried / 4000 && errors < tried / 300); /* about one in a thousand */
	json_decref(o);
	scope_release(&sc);
}

/* Everybody in a part looks alike, but the list never shows it: only those who are held out can. */
static void
what_the_threshold_never_saw_is_an_error(void **state)
{
	(void)state;
	struct scope sc;
	json_t *before;
	json_t *after;
	scope_init(&sc);
	struct bench *b = population(&sc);
	assert_ok(&sc, bench_held_out(&sc, b, &before));
	for (size_t i = 0; i < b->lists.n_pictures; i++)
		if (i / EACH < 20 && i % EACH != 0) { /* the list has first pictures only */
			memcpy(b->pictures[i].vector, b->pictures[1].vector, FACE_VECTOR_DIM * sizeof(float));
			for (size_t k = 0; k < FACE_VECTOR_DIM; k++)
				b->pictures[i].vector[k] *= 0.9f; /* one photograph would be set aside */
		}
	assert_ok(&sc, bench_held_out(&sc, b, &after));
	assert_true(count_of(after, "fmr", "errors") > count_of(before, "fmr", "errors") + 20);
	json_decref(before);
	json_decref(after);
	scope_release(&sc);
}

static json_t *
miss(const json_t *list, size_t i)
{
	return json_object_get(json_array_get(list, i), "fnmr");
}

/* Impostor pairs up to 0.199; genuine ones at 0.9, or at 0 where a head is turned or a capture poor. */
static void
misses_are_told_apart(void **state)
{
	(void)state;
	struct scope sc;
	json_t *o;
	scope_init(&sc);
	struct bench *b = NEW(&sc, struct bench);
	b->pictures = NEW_ARRAY(&sc, 4, struct embedded);
	for (int i = 0; i < 4; i++)
		b->pictures[i].found = true;
	b->pictures[2].yaw_deg = -60;
	b->pictures[3].hint = FACE_HINT_LIGHT;
	b->lists.pairs = NEW_ARRAY(&sc, 2000, struct bench_pair);
	b->pair_scores = NEW_ARRAY(&sc, 2000, double);
	assert_ok(&sc, scores_room(&sc, 2000, &b->impostor));
	for (int i = 0; i < 1990; i++) {
		b->pair_scores[i] = i / 10000.0;
		b->lists.pairs[i] = (struct bench_pair){0, 1, false, 0};
		b->impostor.v[b->impostor.n++] = b->pair_scores[i];
	}
	scores_sort(&b->impostor);
	for (int i = 1990; i < 2000; i++) {
		int other = i < 1995 ? 1 : i < 1998 ? 2 : 3;
		b->pair_scores[i] = other == 1 ? 0.9 : 0;
		b->lists.pairs[i] = (struct bench_pair){0, other, true, 0};
	}
	b->lists.n_pairs = 2000;
	assert_ok(&sc, bench_captures(&sc, b, &o));
	const json_t *good = json_object_get(o, "good");
	assert_int_equal(json_integer_value(json_object_get(good, "genuine")), 8);
	const json_t *at = json_object_get(json_object_get(good, "fnmr_at_fmr"), "1e-3");
	assert_int_equal(json_integer_value(json_object_get(at, "errors")), 3);
	const json_t *turns = json_object_get(o, "by_turn_at_fmr_1e-4");
	assert_int_equal(json_integer_value(json_object_get(miss(turns, 0), "of")), 7);
	assert_int_equal(json_integer_value(json_object_get(miss(turns, 0), "errors")), 2);
	assert_int_equal(json_integer_value(json_object_get(miss(turns, 4), "errors")), 3);
	json_decref(o);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(thresholds_are_counts_where_there_are_enough),
	    cmocka_unit_test(everybody_is_counted_once_at_others_threshold),
	    cmocka_unit_test(what_the_threshold_never_saw_is_an_error),
	    cmocka_unit_test(misses_are_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
