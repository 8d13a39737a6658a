#include "finder/finder.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "finder/finder_answer.h"
#include "http/http_client.h"

#define PACE_MS 1000
#define TIMEOUT_MS 5000
#define ANSWER_MAX ((size_t)512 << 10)
#define FAILED_MAX 3

const char *const finder_words[] = {"extract", "nominatim", "photon", NULL};

struct finder {
	enum finder_kind kind;
	const struct road *road;
	struct http_client *client; /* NULL: the extract only */
};

enum code
finder_open(struct scope *sc, const struct finder_options *opt, const struct road *road, struct finder **out)
{
	struct http_client *client = NULL;
	if (opt->kind != FINDER_EXTRACT) {
		const struct http_client_options http = {
		    .base = opt->url == NULL ? "" : opt->url,
		    .ca_file = opt->ca_file,
		    .timeout_ms = opt->timeout_ms == 0 ? TIMEOUT_MS : opt->timeout_ms,
		    .pace_ms = opt->pace_ms != 0	       ? opt->pace_ms
			       : opt->kind == FINDER_NOMINATIM ? PACE_MS
							       : 0,
		    .answer_max = ANSWER_MAX,
		};
		if (http_client_open(sc, &http, &client) != OK)
			return error_prefix(sc, "geocoder_url");
	}
	struct finder *f = calloc(1, sizeof *f);
	if (f == NULL) {
		http_client_close(client);
		return fail(sc, E_MEMORY, "no memory for a finder");
	}
	*f = (struct finder){opt->kind, road, client};
	*out = f;
	return OK;
}

void
finder_close(struct finder *f)
{
	if (f == NULL)
		return;
	http_client_close(f->client);
	free(f);
}

static enum code
ask_server(struct scope *sc, struct finder *f, const struct geo_query *query, struct geo_answer *out)
{
	struct http_answer http;
	TRY(http_client_get(sc, f->client, finder_target(sc, f->kind, query), &http));
	if (http.status != 200)
		return fail(sc, E_UNAVAILABLE, "the geocoding server answers with status %d", http.status);
	return finder_answer_read(sc, f->kind, http.body, http.n, query, out);
}

static const char *
trouble_of(enum code rc)
{
	return rc == E_DEADLINE ? "too-slow" : rc == E_UNAVAILABLE ? "unavailable" : "nonsense";
}

/* Which of two answers helps more: a placed one, then one with a better candidate. */
static bool
helps_more(const struct geo_answer *a, const struct geo_answer *b)
{
	if ((a->verdict == GEO_PLACED) != (b->verdict == GEO_PLACED))
		return a->verdict == GEO_PLACED;
	if (a->n == 0 || b->n == 0)
		return a->n > b->n;
	return a->candidates[0].confidence > b->candidates[0].confidence;
}

static void
find_there(struct scope *sc, struct finder *f, const struct geo_query *query, struct finder_budget *budget,
	   struct finding *found)
{
	if (budget->began_ms == 0)
		budget->began_ms = clock_mono_ms();
	if (clock_mono_ms() - budget->began_ms > FINDER_ASK_MS || budget->failed >= FAILED_MAX) {
		found->trouble = budget->failed >= FAILED_MAX ? "unavailable" : "enough";
		return;
	}
	struct geo_answer there;
	enum code rc = ask_server(sc, f, query, &there);
	if (rc != OK) {
		found->trouble = trouble_of(rc); /* and no word of the answer, which may be somebody's address */
		log_line(LOG_WARN, "finder: %s: %s", http_client_base(f->client), found->trouble);
		budget->failed++;
		error_clear(sc);
		return;
	}
	budget->failed = 0;
	if (helps_more(&there, &found->answer)) {
		found->answer = there;
		found->by = f->kind;
	}
}

enum code
finder_find(struct scope *sc, struct finder *f, const struct geo_query *query, struct finder_budget *budget,
	    struct finding *out)
{
	struct finding found = {.answer = {.verdict = GEO_NOT_FOUND, .reason = "nothing"}, .by = FINDER_EXTRACT};
	if (f->road != NULL)
		TRY(road_geocode(sc, f->road, query, &found.answer));
	if (f->client != NULL && found.answer.verdict != GEO_PLACED)
		find_there(sc, f, query, budget, &found);
	*out = found;
	return OK;
}
