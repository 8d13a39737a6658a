/* The finder: the extract first, then a server that this test plays, well and badly. */
#include <pthread.h>
#include <unistd.h>

#include "base/text.h"
#include "finder/finder.h"
#include "finder/finder_answer.h"
#include "http/http.h"
#include "road/address_town.h"
#include "road/town.h"
#include "unit.h"

/* In the shapes the two servers have; the places are this test's own. */
#define NOMINATIM_HOUSE \
	"[{\"place_id\":1,\"lat\":\"41.5\",\"lon\":\"-8.25\",\"category\":\"building\",\"type\":\"yes\",\"place_" \
	"rank\":30," \
	"\"importance\":0.1,\"addresstype\":\"building\",\"display_name\":\"7, Rua do Moinho, Moinhos, 4700-001, " \
	"Portugal\"," \
	"\"address\":{\"house_number\":\"7\",\"road\":\"Rua do " \
	"Moinho\",\"village\":\"Moinhos\",\"postcode\":\"4700-001\"," \
	"\"country\":\"Portugal\",\"country_code\":\"pt\"}}]"
#define NOMINATIM_STREET \
	"[{\"lat\":\"41.5\",\"lon\":\"-8.25\",\"address\":{\"road\":\"Rua do Moinho\",\"village\":\"Moinhos\"}}," \
	"{\"lat\":\"41.9\",\"lon\":\"-8.25\",\"address\":{\"road\":\"Rua do Moinho\",\"village\":\"Cimo\"}}]"
#define PHOTON_HOUSE \
	"{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\"," \
	"\"coordinates\":[-8.25,41.5]},\"properties\":{\"osm_type\":\"N\",\"type\":\"house\",\"housenumber\":\"7\"," \
	"\"street\":\"Rua do Moinho\",\"postcode\":\"4700-001\",\"city\":\"Moinhos\",\"country\":\"Portugal\"}}]}"

struct fixture {
	struct scope sc;
	struct road *road;
	struct http_server *server;
	_Atomic int asked;
	char target[512];   /* of the last question */
	pthread_mutex_t mu; /* guards what follows: an answer nobody waits for may still be on its way */
	const char *body;   /* what the server answers */
	int status;
	int delay_ms;
};

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return 0;
}

static void
handle(void *ctx, struct http_exchange *x)
{
	struct fixture *f = ctx;
	const char *q = http_query(x, "q");
	pthread_mutex_lock(&f->mu);
	snprintf(f->target, sizeof f->target, "%s?q=%s", http_path(x), q == NULL ? "" : q);
	const char *body = f->body;
	int status = f->status;
	int delay_ms = f->delay_ms;
	pthread_mutex_unlock(&f->mu);
	f->asked++;
	usleep((useconds_t)delay_ms * 1000);
	http_reply(x, status, NULL, 0, body, strlen(body), true);
}

/* From the next question on. */
static void
answers(struct fixture *f, int status, const char *body, int delay_ms)
{
	pthread_mutex_lock(&f->mu);
	f->status = status;
	f->body = body;
	f->delay_ms = delay_ms;
	pthread_mutex_unlock(&f->mu);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	scope_init(&f->sc);
	pthread_mutex_init(&f->mu, NULL);
	answers(f, 200, "[]", 0);
	struct road_import_report report;
	const char *town = address_town(&f->sc);
	assert_ok(&f->sc, town_open_bytes(&f->sc, town, strlen(town), "walk", &f->road, &report));
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .threads = 2,
					 .max_connections = 16,
					 .idle_s = 5,
					 .close_grace_ms = 2000,
					 .body_max = body_max,
					 .handle = handle,
					 .ctx = f};
	assert_ok(&f->sc, http_open(&f->sc, &opt, &f->server));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	http_close(f->server);
	pthread_mutex_destroy(&f->mu);
	road_close(f->road);
	scope_release(&f->sc);
	free(f);
	return 0;
}

static struct finder *
open_finder(struct fixture *f, enum finder_kind kind, const struct road *road)
{
	struct finder *finder;
	const struct finder_options opt = {
	    .kind = kind,
	    .url = scope_printf(&f->sc, "http://127.0.0.1:%d/geo", http_port(f->server)),
	    .pace_ms = 1,
	    .timeout_ms = 300,
	};
	assert_ok(&f->sc, finder_open(&f->sc, &opt, road, &finder));
	return finder;
}

static struct finding
find(struct fixture *f, struct finder *finder, const char *text, struct finder_budget *budget)
{
	const struct geo_query query = {.text = text};
	struct finding found;
	assert_ok(&f->sc, finder_find(&f->sc, finder, &query, budget, &found));
	return found;
}

static void
the_extract_comes_first(void **state)
{
	struct fixture *f = *state;
	struct finder_budget budget = {0};
	struct finder *finder = open_finder(f, FINDER_NOMINATIM, f->road);
	struct finding found = find(f, finder, "Rua da Igreja 6, Alta", &budget);
	assert_int_equal(found.answer.verdict, GEO_PLACED);
	assert_int_equal(found.by, FINDER_EXTRACT);
	assert_int_equal(f->asked, 0); /* nobody was told */
	answers(f, 200, NOMINATIM_HOUSE, 0);
	found = find(f, finder, "R. do Moinho 7, 4700-001 Moinhos", &budget);
	assert_int_equal(found.answer.verdict, GEO_PLACED);
	assert_int_equal(found.by, FINDER_NOMINATIM);
	assert_int_equal(found.answer.candidates[0].kind, GEO_ADDRESS);
	assert_int_equal(found.answer.candidates[0].at.lat_e7, 415000000);
	assert_string_equal(found.answer.candidates[0].text, "Rua do Moinho 7, 4700-001 Moinhos");
	assert_string_equal(f->target, "/geo/search?q=R. do Moinho 7, 4700-001 Moinhos");
	finder_close(finder);
}

static void
photon_is_read_too(void **state)
{
	struct fixture *f = *state;
	struct finder_budget budget = {0};
	struct finder *finder = open_finder(f, FINDER_PHOTON, NULL);
	answers(f, 200, PHOTON_HOUSE, 0);
	struct finding found = find(f, finder, "Moinhos, Rua do Moinho 7", &budget);
	assert_int_equal(found.answer.verdict, GEO_PLACED);
	assert_int_equal(found.by, FINDER_PHOTON);
	assert_int_equal(found.answer.candidates[0].at.lon_e7, -82500000);
	assert_true(text_starts(f->target, "/geo/api?"));
	finder_close(finder);
}

/* A server's answer is not believed where the words do not say the same. */
static void
answers_are_compared(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *asked, *reason;
	} cases[] = {
	    {"Rua do Moinho 9, Moinhos", "no-such-number"},
	    {"Rua do Moinho 7, Lissabon", "words-left"},
	    {"Travessa da Quinta Nova 7, Moinhos", "nothing"},
	    {"Rua do Moinho, Moinhos", "no-such-number"},
	    {"Moinhos", "place-only"},
	};
	struct finder *finder = open_finder(f, FINDER_NOMINATIM, NULL);
	answers(f, 200, NOMINATIM_HOUSE, 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct finder_budget budget = {0};
		struct finding found = find(f, finder, cases[i].asked, &budget);
		if (found.answer.verdict == GEO_PLACED || (i < 3 && strcmp(found.answer.reason, cases[i].reason) != 0))
			fail_msg("\"%s\": %s", cases[i].asked,
				 json_text(&f->sc, geo_answer_json(&f->sc, &found.answer)));
	}
	answers(f, 200, NOMINATIM_STREET, 0); /* two of them, and no number */
	struct finder_budget budget = {0};
	struct finding found = find(f, finder, "Rua do Moinho 7", &budget);
	assert_int_equal(found.answer.verdict, GEO_AMBIGUOUS);
	assert_string_equal(found.answer.reason, "several");
	assert_int_equal(found.answer.n, 2);
	finder_close(finder);
}

static void
a_bad_server_costs_its_answer_only(void **state)
{
	struct fixture *f = *state;
	static const char *const nonsense[] = {"",
					       "<html>",
					       "{}",
					       "[1]",
					       "[{\"lat\":\"x\",\"lon\":\"1\",\"address\":{}}]",
					       "[{}]",
					       "[{\"lat\":\"99\",\"lon\":\"0\",\"address\":{\"road\":\"x\"}}]",
					       "[[[[[["};
	struct finder *finder = open_finder(f, FINDER_NOMINATIM, f->road);
	for (size_t i = 0; i < COUNT_OF(nonsense); i++) {
		struct finder_budget budget = {0};
		answers(f, 200, nonsense[i], 0);
		struct finding found = find(f, finder, "Bergstraße 700, Baixa", &budget);
		if (found.trouble == NULL || strcmp(found.trouble, "nonsense") != 0)
			fail_msg("\"%s\" was taken", nonsense[i]);
		assert_int_equal(found.answer.verdict, GEO_AMBIGUOUS); /* the extract's street is still offered */
		assert_int_equal(found.by, FINDER_EXTRACT);
	}
	struct finder_budget budget = {0};
	answers(f, 503, "[]", 0);
	assert_string_equal(find(f, finder, "Rua X 1", &budget).trouble, "unavailable");
	answers(f, 200, "[]", 600);
	assert_string_equal(find(f, finder, "Rua X 1", &budget).trouble, "too-slow");
	answers(f, 302, "[]", 0);
	assert_string_equal(find(f, finder, "Rua X 1", &budget).trouble, "unavailable");
	int asked = f->asked;
	answers(f, 200, "[]", 0);
	assert_string_equal(find(f, finder, "Rua X 1", &budget).trouble, "unavailable"); /* left alone after three */
	assert_int_equal(f->asked, asked);
	budget = (struct finder_budget){.began_ms = 1};
	assert_string_equal(find(f, finder, "Rua X 1", &budget).trouble, "enough");
	finder_close(finder);
}

static void
addresses_of_servers_are_checked(void **state)
{
	struct fixture *f = *state;
	struct finder *finder;
	static const char *const bad[] = {NULL, "", "geo.example", "file:///etc/passwd", "http://a@b/"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct finder_options opt = {.kind = FINDER_PHOTON, .url = bad[i]};
		assert_int_equal(finder_open(&f->sc, &opt, f->road, &finder), E_INVALID);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(the_extract_comes_first),
	    CASE(photon_is_read_too),
	    CASE(answers_are_compared),
	    CASE(a_bad_server_costs_its_answer_only),
	    CASE(addresses_of_servers_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
