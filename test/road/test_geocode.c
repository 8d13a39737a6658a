/* The geocoder: what is placed, what is offered, and what is not guessed. */
#include "address_town.h"
#include "base/prng.h"
#include "road/geocode.h"
#include "road/geocode_inner.h"
#include "road/geocode_words.h"
#include "road/road_map.h"
#include "town.h"

struct fixture {
	struct scope sc;
	struct road *road;
	struct road_import_report report;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	scope_init(&f->sc);
	const char *town = address_town(&f->sc);
	assert_ok(&f->sc, town_open_bytes(&f->sc, town, strlen(town), "walk", &f->road, &f->report));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	road_close(f->road);
	scope_release(&f->sc);
	free(f);
	return 0;
}

static struct geo_answer
ask(struct fixture *f, const char *text)
{
	const struct geo_query query = {.text = text};
	struct geo_answer a;
	assert_ok(&f->sc, road_geocode(&f->sc, f->road, &query, &a));
	return a;
}

/* Placed there: metres north and east of the town's corner. */
static void
assert_placed(struct fixture *f, const char *text, enum geo_kind kind, const char *shown, double north_m, double east_m)
{
	struct geo_answer a = ask(f, text);
	if (a.verdict != GEO_PLACED)
		fail_msg("\"%s\": %s", text, json_text(&f->sc, geo_answer_json(&f->sc, &a)));
	struct place want;
	assert_ok(&f->sc,
		  place_from_degrees(&f->sc, 41.0 + north_m / 111195.0, -8.0 + east_m / (111195.0 * 0.75471), &want));
	const struct geo_candidate *c = &a.candidates[0];
	if (c->kind != kind || place_distance_m(c->at, want) > 2)
		fail_msg("\"%s\": %s, %.0f m off", text, json_text(&f->sc, geo_answer_json(&f->sc, &a)),
			 place_distance_m(c->at, want));
	if (shown != NULL)
		assert_string_equal(c->text, shown);
}

static void
assert_unsure(struct fixture *f, const char *text, enum geo_verdict verdict, const char *reason)
{
	struct geo_answer a = ask(f, text);
	if (a.verdict != verdict || strcmp(a.reason, reason) != 0)
		fail_msg("\"%s\": %s", text, json_text(&f->sc, geo_answer_json(&f->sc, &a)));
}

/* --- words --- */

static void
assert_words(const char *text, const char *want)
{
	struct scope sc;
	scope_init(&sc);
	assert_string_equal(geo_folded(&sc, text), want);
	scope_release(&sc);
}

static void
words_are_folded(void **state)
{
	(void)state;
	assert_words("Praça da República", "praca da republica");
	assert_words("BERGSTRASSE Bergstraße", "bergstrasse bergstrasse");
	assert_words("Ħal-Balzan, Łódź; Ærø", "hal balzan lodz aero");
	assert_words("O'Donnell St. Julian’s", "odonnell st julians");
	assert_words("12A 2º 4000-442", "12a 2o 4000 442");
	assert_words("Ωμέγα", "ωμεγα");
	assert_words(" ,;.- ", "");
}

static void
numbers_are_read(void **state)
{
	(void)state;
	struct geo_number n;
	assert_true(geo_number_parse("12", &n) && n.first == 12 && n.last == 12 && n.suffix[0] == '\0');
	assert_true(geo_number_parse("12A", &n) && n.first == 12 && strcmp(n.suffix, "a") == 0);
	assert_true(geo_number_parse("12 b", &n) && n.first == 12 && strcmp(n.suffix, "b") == 0);
	assert_true(geo_number_parse("12-16", &n) && n.first == 12 && n.last == 16);
	static const char *const bad[] = {"", "s/n", "A12", "12-8", "1-9999", "12abc", "9999999", "12 rue haute 3"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(geo_number_parse(bad[i], &n));
}

/* The plain recursion over the same four edits. */
static unsigned
slow_edits(const char *a, size_t n, const char *b, size_t m)
{
	if (n == 0 || m == 0)
		return (unsigned)(n + m);
	unsigned best = slow_edits(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
	unsigned x = slow_edits(a, n - 1, b, m) + 1;
	best = x < best ? x : best;
	x = slow_edits(a, n, b, m - 1) + 1;
	best = x < best ? x : best;
	if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
		x = slow_edits(a, n - 2, b, m - 2) + 1;
		best = x < best ? x : best;
	}
	return best;
}

static void
edits_are_counted(void **state)
{
	(void)state;
	struct prng prng;
	prng_seed(&prng, 7);
	for (int i = 0; i < 3000; i++) {
		char a[8];
		char b[8];
		size_t n = prng_below(&prng, 7);
		size_t m = prng_below(&prng, 7);
		for (size_t k = 0; k < 7; k++) {
			a[k] = (char)('a' + prng_below(&prng, 3));
			b[k] = (char)('a' + prng_below(&prng, 3));
		}
		unsigned want = slow_edits(a, n, b, m);
		for (unsigned max = 0; max <= 3; max++)
			assert_int_equal(geo_edits(a, n, b, m, max), want > max ? max + 1 : want);
	}
}

/* --- places --- */

static void
addresses_are_found_however_spelled(void **state)
{
	struct fixture *f = *state;
	static const char *const same[] = {
	    "Avenida do Doutor António Guimarães 12, 4000-200 Alta",
	    "avenida do doutor antonio guimaraes 12 alta",
	    "Av. Dr. António Guimarães, 12, Alta",
	    "AV DR ANTONIO GUIMARAES 12 ALTA",
	    "Alta, Guimarães António Doutor do Avenida 12",
	    "Avenida do Doutro Antnio Guimaraes 12, Alta",
	    "Guimarães, Av. do Dr. António, 12, 2º Esq, 4000-200 Alta, Portugal",
	    "Padaria Central, Av. Dr. António Guimarães 12, Alta",
	    "Avenida Velha 12, Alta",
	    "Estrada Antiga 12",
	};
	for (size_t i = 0; i < COUNT_OF(same); i++)
		assert_placed(f, same[i], GEO_ADDRESS, "Avenida do Doutor António Guimarães 12, 4000-200 Alta", 210,
			      10);
	assert_placed(f, "Bergstr. 100, Baixa", GEO_ADDRESS, "Bergstraße 100, Baixa", 5210, 100);
	assert_placed(f, "Berg Strasse 100 Baixa", GEO_ADDRESS, NULL, 5210, 100);
	assert_placed(f, "Ovre hal aesgate 3", GEO_ADDRESS, "Øvre Ħal Æsgate 3, Baixa", 5410, 50);
}

static void
numbers_are_found(void **state)
{
	struct fixture *f = *state;
	assert_placed(f, "Av. Dr. António Guimarães 12A Alta", GEO_ADDRESS, NULL, 210, 30);
	assert_placed(f, "Av. Dr. António Guimarães 12 a Alta", GEO_ADDRESS, NULL, 210, 30);
	assert_placed(f, "Av. Dr. António Guimarães 12C Alta", GEO_INTERPOLATED, NULL, 210, 10);
	for (int n = 14; n <= 18; n += 2)
		assert_placed(f, scope_printf(&f->sc, "Av. Dr. António Guimarães %d Alta", n), GEO_ADDRESS, NULL, 210,
			      60);
	assert_placed(f, "Av. Dr. António Guimarães 33 Alta", GEO_ADDRESS, NULL, 210, 90);
	/* the number in a street's name is not the door's */
	assert_placed(f, "Rua 5 de Outubro 7, Alta", GEO_ADDRESS, "Rua 5 de Outubro 7, Alta", 410, 90);
	assert_placed(f, "Rua 5 de Outubro 5, Alta", GEO_ADDRESS, "Rua 5 de Outubro 5, Alta", 410, 50);
	assert_placed(f, "5, Rua 5 de Outubro", GEO_ADDRESS, NULL, 410, 50);
	/* between neighbours of its side: 4 lies between 2 and 6, 3 between 1 and 5 on the other side */
	assert_placed(f, "Rua da Igreja 4, Alta", GEO_INTERPOLATED, "Rua da Igreja 4, 4000-100 Alta", 10, 40);
	assert_placed(f, "Rua da Igreja 3, Alta", GEO_INTERPOLATED, "Rua da Igreja 3, 4000-100 Alta", -10, 40);
	/* between the ends of addr:interpolation */
	assert_placed(f, "Bergstraße 110", GEO_INTERPOLATED, "Bergstraße 110, Baixa", 5210, 200);
}

static void
postcode_and_city_decide(void **state)
{
	struct fixture *f = *state;
	assert_placed(f, "Rua da Igreja 6, Alta", GEO_ADDRESS, NULL, 10, 60);
	assert_placed(f, "Rua da Igreja 6, Baixa", GEO_ADDRESS, NULL, 5010, 60);
	assert_placed(f, "Rua da Igreja 6, 4900-001", GEO_ADDRESS, NULL, 5010, 60);
	assert_placed(f, "4000 100 Rua da Igreja 6", GEO_ADDRESS, NULL, 10, 60);
	assert_unsure(f, "Rua da Igreja 6", GEO_AMBIGUOUS, "several");
	struct geo_answer a = ask(f, "Rua da Igreja 6");
	assert_true(a.n >= 2 && a.lead < GEO_LEAD_MIN);
	assert_true(place_distance_m(a.candidates[0].at, a.candidates[1].at) > 4000);
	/* whoever stands in Baixa sees Baixa's first; it decides nothing */
	struct geo_query query = {.text = "Rua da Igreja 6", .has_near = true};
	assert_ok(&f->sc, place_from_degrees(&f->sc, 41.045, -8.0, &query.near));
	assert_ok(&f->sc, road_geocode(&f->sc, f->road, &query, &a));
	assert_int_equal(a.verdict, GEO_AMBIGUOUS);
	assert_non_null(strstr(a.candidates[0].text, "Baixa"));
}

static void
nothing_is_guessed(void **state)
{
	struct fixture *f = *state;
	assert_unsure(f, "Bergstraße 100, Alta", GEO_AMBIGUOUS, "elsewhere");
	assert_unsure(f, "Bergstraße 100, Lissabon", GEO_AMBIGUOUS, "words-left");
	assert_unsure(f, "Bergstraße", GEO_AMBIGUOUS, "no-number");
	assert_unsure(f, "Bergstraße 700, Baixa", GEO_AMBIGUOUS, "no-such-number");
	assert_unsure(f, "Alta", GEO_AMBIGUOUS, "place-only");
	assert_unsure(f, "Rua do Nada 4", GEO_NOT_FOUND, "nothing");
	assert_unsure(f, "12345", GEO_NOT_FOUND, "nothing");
	const struct geo_query streets = {.text = "Bergstraße, Baixa", .streets = true};
	struct geo_answer a;
	assert_ok(&f->sc, road_geocode(&f->sc, f->road, &streets, &a));
	assert_int_equal(a.verdict, GEO_PLACED);
	assert_int_equal(a.candidates[0].kind, GEO_STREET);
	assert_true(a.candidates[0].within_m >= 200);
}

static void
bad_questions_are_refused(void **state)
{
	struct fixture *f = *state;
	struct geo_answer a;
	char *longest = scope_alloc(&f->sc, 302);
	memset(longest, 'x', 301);
	const char *const bad[] = {"", " ,. ", "\xff\xfe", longest};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct geo_query query = {.text = bad[i]};
		assert_int_equal(road_geocode(&f->sc, f->road, &query, &a), E_INVALID);
	}
	longest[300] = '\0';
	assert_int_equal(ask(f, longest).verdict, GEO_NOT_FOUND);
	/* more words than are kept */
	struct text t;
	text_init(&t, &f->sc);
	for (int i = 0; i < 60; i++)
		text_add(&t, "rua ");
	ask(f, t.s);
}

static void
what_was_dropped_is_counted(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(f->report.addresses_dropped, 2);
	/* 12 + 6 of the streets of one name, 12, 12A, 14-18, 31;33, 5, 7, 100, 120, nine between them, 3 */
	assert_int_equal(f->report.addresses, 18 + 3 + 2 + 2 + 2 + 9 + 1);
}

/* --- a file that was tampered with --- */

static void
numbers_that_lead_outside_are_refused(void **state)
{
	struct fixture *f = *state;
	const struct geo_index *good = &f->road->geo;
	assert_ok(&f->sc, geo_index_check(&f->sc, good));
	struct geo_index g = *good;
	struct geo_house *houses = scope_memdup(&f->sc, g.house, g.n_house * sizeof *houses);
	g.house = houses;
	houses[3].postcode = (uint32_t)g.n_postcode;
	assert_int_equal(geo_index_check(&f->sc, &g), E_CORRUPT);
	g = *good;
	struct geo_entity *entities = scope_memdup(&f->sc, g.entity, g.n_entity * sizeof *entities);
	g.entity = entities;
	entities[0].first_house = (uint32_t)g.n_house;
	entities[0].n_houses = UINT32_MAX;
	assert_int_equal(geo_index_check(&f->sc, &g), E_CORRUPT);
	g = *good;
	uint32_t *words = scope_memdup(&f->sc, g.word, g.n_word * sizeof *words);
	g.word = words;
	words[0] = (uint32_t)g.n_token;
	assert_int_equal(geo_index_check(&f->sc, &g), E_CORRUPT);
	g = *good;
	g.n_text = 0;
	assert_int_equal(geo_index_check(&f->sc, &g), E_CORRUPT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_folded),
	    cmocka_unit_test(numbers_are_read),
	    cmocka_unit_test(edits_are_counted),
	    CASE(addresses_are_found_however_spelled),
	    CASE(numbers_are_found),
	    CASE(postcode_and_city_decide),
	    CASE(nothing_is_guessed),
	    CASE(bad_questions_are_refused),
	    CASE(what_was_dropped_is_counted),
	    CASE(numbers_that_lead_outside_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
