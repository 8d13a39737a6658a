/* One call of times() or drive() is a row of requests, one after another, each
 * with a scope of its own for the bytes it brings.
 *
 *	times: rows × columns ─▶ spans of at most `side` a way ─▶ one request each
 *		too big: the span is cut further, and the smaller side remembered
 *		no way, off road: cut as well, down to the pair it is about
 *	drive: 20 or 25 places a request, halved where that is too many */
#include "guide/guide.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "guide/guide_tongue.h"
#include "http/http_client.h"

#define TIMEOUT_MS 30000
#define REST_MS 30000
#define TIMES_MS 300000
#define DRIVE_MS 20000
#define ANSWER_MAX ((size_t)16 << 20)
#define PROFILE_MAX 40

const char *const guide_words[] = {"own", "osrm", "valhalla", NULL};

/* How many places a way a part of a table may have: what is tried one after another.
 * 100 and 50 are what osrm-routed and valhalla_service allow unless told otherwise. */
static const unsigned sides[] = {250, 100, 50, 20, 5, 1};

struct guide {
	struct road_service service; /* first */
	const struct guide_tongue *tongue;
	struct http_client *client;
	char *profile;
	char *at; /* service.at */
	int rest_ms, times_ms, drive_ms;
	atomic_uint side;	    /* the index in sides[] that was not too big */
	_Atomic int64_t resting_ms; /* on clock_mono_ms(): left alone until then */
};

/* --- opening --- */

static enum code
profile_check(struct scope *sc, const char *profile)
{
	size_t n = strlen(profile);
	for (const char *p = profile; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' ||
		      *p == '_'))
			n = 0;
	if (n == 0 || n > PROFILE_MAX)
		return fail(sc, E_INVALID,
			    "road_times_profile: a profile is a word of letters, digits, '-' and '_', as \"driving\"");
	return OK;
}

/* Host and port alone: a path may hold what is nobody's business. */
static char *
host_of(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	return strndup(host, strcspn(host, "/"));
}

static int
or_else(int told, int otherwise)
{
	return told == 0 ? otherwise : told;
}

static enum code times(struct scope *sc, const struct road_service *s, const struct road_hour *hours, size_t n_hours,
		       const struct place *places, size_t n, struct road_slices *out);
static enum code drive(struct scope *sc, const struct road_service *s, const struct road_hour *hours,
		       const struct place *places, size_t n, struct road_path *out);

enum code
guide_open(struct scope *sc, const struct guide_options *opt, struct guide **out)
{
	const struct guide_tongue *tongue = opt->kind == GUIDE_OSRM ? &guide_osrm : &guide_valhalla;
	const char *profile = opt->profile == NULL ? tongue->profile : opt->profile;
	const struct http_client_options http = {
	    .base = opt->url == NULL ? "" : opt->url,
	    .ca_file = opt->ca_file,
	    .timeout_ms = or_else(opt->timeout_ms, TIMEOUT_MS),
	    .answer_max = ANSWER_MAX,
	};
	TRY(profile_check(sc, profile));
	struct http_client *client;
	if (http_client_open(sc, &http, &client) != OK)
		return error_prefix(sc, "road_times_url");
	struct guide *g = calloc(1, sizeof *g);
	if (g == NULL) {
		http_client_close(client);
		return fail(sc, E_MEMORY, "no memory for a guide");
	}
	g->tongue = tongue;
	g->client = client;
	g->profile = strdup(profile);
	g->at = host_of(http_client_base(client));
	g->service = (struct road_service){tongue->kind, g->at, g->profile, times, drive};
	g->rest_ms = or_else(opt->rest_ms, REST_MS);
	g->times_ms = or_else(opt->times_ms, TIMES_MS);
	g->drive_ms = or_else(opt->drive_ms, DRIVE_MS);
	if (g->profile == NULL || g->at == NULL) {
		guide_close(g);
		return fail(sc, E_MEMORY, "no memory for a guide");
	}
	*out = g;
	return OK;
}

void
guide_close(struct guide *g)
{
	if (g == NULL)
		return;
	http_client_close(g->client);
	free(g->profile);
	free(g->at);
	free(g);
}

const struct road_service *
guide_service(const struct guide *g)
{
	return &g->service;
}

/* --- one question --- */

/* A call under way. */
struct asking {
	struct guide *g;
	struct scope *sc; /* the caller's */
	int64_t deadline_ms;
};

static enum code
begin(struct scope *sc, const struct road_service *s, int budget_ms, struct asking *a)
{
	struct guide *g = (struct guide *)(uintptr_t)s; /* its first member; what changes in it is atomic */
	int64_t now_ms = clock_mono_ms();
	int64_t deadline_ms = now_ms + budget_ms;
	if (now_ms < g->resting_ms)
		return fail_as(sc, E_UNAVAILABLE, "roads-away", "the road server %s was away a moment ago", g->at);
	if (sc->deadline_ms != 0 && sc->deadline_ms < deadline_ms)
		deadline_ms = sc->deadline_ms;
	*a = (struct asking){g, sc, deadline_ms};
	return OK;
}

/* Leaves it alone for a while. */
static enum code
away(struct asking *a, struct scope *sc, const char *what)
{
	struct guide *g = a->g;
	TRY(scope_check_deadline(a->sc)); /* then it is the caller who has no time */
	g->resting_ms = clock_mono_ms() + g->rest_ms;
	log_line(LOG_WARN, "guide: %s: %s", g->at, what);
	return fail_as(sc, E_UNAVAILABLE, "roads-away",
		       "the road server %s does not answer (%s): is it running, and is that its address?", g->at, what);
}

static bool
passes(int status)
{
	return status == 429 || status >= 500;
}

static void
pause_ms(const struct asking *a, int ms)
{
	int64_t left_ms = a->deadline_ms - clock_mono_ms();
	int64_t rest_ms = left_ms < ms ? left_ms : ms;
	const struct timespec rest = {rest_ms / 1000, rest_ms % 1000 * 1000000};
	if (rest_ms > 0)
		nanosleep(&rest, NULL);
}

/* An answer of whatever status but those that may pass; those are waited for, twice. */
static enum code
ask(struct asking *a, struct scope *sc, const struct guide_question *q, struct http_answer *out)
{
	static const int pauses_ms[] = {100, 700};
	for (size_t tries = 0;; tries++) {
		enum code rc = q->body == NULL ? http_client_get(sc, a->g->client, q->target, out)
					       : http_client_post(sc, a->g->client, q->target, "application/json",
								  q->body, strlen(q->body), out);
		if (rc == E_LIMIT || rc == E_INVALID)
			return rc;
		if (rc == OK && !passes(out->status))
			return OK;
		const char *what =
		    rc == OK ? scope_printf(sc, "status %d", out->status) : scope_strdup(sc, sc->err.message);
		error_clear(sc);
		if (rc == E_DEADLINE || tries == COUNT_OF(pauses_ms))
			return away(a, sc, what);
		pause_ms(a, pauses_ms[tries]);
	}
}

static const char *
advice(int status)
{
	if (status == 401 || status == 403)
		return "it wants credentials, which are not sent: let it answer this machine without";
	if (status >= 300 && status < 400)
		return "it redirects, which is not followed: give its last address";
	if (status == 404)
		return "nothing is there: are its address and its kind, OSRM or Valhalla, right?";
	return "are its address, its kind and the profile right?";
}

static enum code
refused(struct asking *a, struct scope *sc, int status, const char *said)
{
	log_line(LOG_WARN, "guide: %s: status %d: %s", a->g->at, status, said);
	return fail_as(sc, E_UNAVAILABLE, "roads-refuse", "the road server %s answers with status %d%s%s: %s", a->g->at,
		       status, *said == '\0' ? "" : ", ", said, advice(status));
}

/* What was not understood is the server's fault, and not the caller's. */
static enum code
nonsense(struct asking *a, struct scope *sc)
{
	const char *why = scope_strdup(sc, sc->err.message);
	error_clear(sc);
	log_line(LOG_WARN, "guide: %s: nonsense", a->g->at); /* no word of it: it may be somebody's door */
	return fail_as(sc, E_UNAVAILABLE, "roads-nonsense",
		       "the road server %s answers with something else than it was asked for (%s): is it of the other "
		       "kind?",
		       a->g->at, why);
}

/* Asks, and says what kind of answer it is. */
static enum code
question(struct asking *a, struct scope *sc, const struct guide_question *q, struct http_answer *http,
	 enum guide_verdict *verdict, const char **said)
{
	*verdict = GUIDE_ANSWERS;
	*said = "";
	enum code rc = ask(a, sc, q, http);
	if (rc == E_LIMIT || rc == E_INVALID) { /* an answer, or a question, longer than is carried */
		error_clear(sc);
		*verdict = GUIDE_TOO_BIG;
		return OK;
	}
	TRY(rc);
	if (http->status != 200)
		*verdict = a->g->tongue->refusal(sc, http->status, http->body, http->n, said);
	return *verdict == GUIDE_REFUSES ? refused(a, sc, http->status, *said) : OK;
}

/* A reader's verdict: a place off the roads is one, all else is nonsense. */
static enum code
understood(struct asking *a, struct scope *sc, enum code rc)
{
	return rc == OK || rc == E_NOT_FOUND ? rc : nonsense(a, sc);
}

/* --- the way along some places --- */

static enum code
off_road(struct scope *sc, const struct asking *a, size_t from, size_t to, const char *said)
{
	return fail_as(sc, E_NOT_FOUND, "off-road",
		       "place %zu or %zu is too far from any street that the road server %s knows%s%s", from, to,
		       a->g->at, *said == '\0' ? "" : ": ", said);
}

static enum code
stretch_in(struct asking *a, struct scope *sc, const struct guide_trip *trip, struct road_path *out,
	   enum guide_verdict *verdict, const char **said)
{
	struct http_answer http;
	const struct guide_question q = a->g->tongue->drive_ask(sc, trip);
	TRY(question(a, sc, &q, &http, verdict, said));
	if (*verdict != GUIDE_ANSWERS)
		return OK;
	/* the paths stay; what they were read from does, too: a few names in it */
	return understood(a, a->sc, a->g->tongue->drive_read(a->sc, http.body, http.n, trip, out));
}

/* Places [first, first + n) of the drive; halved where that helps. */
static enum code
stretch(struct asking *a, struct guide_trip *whole, size_t first, size_t n, struct road_path *out)
{
	struct scope in;
	struct guide_trip trip = *whole;
	enum guide_verdict verdict = GUIDE_ANSWERS;
	const char *said;
	trip.places += first;
	trip.first = first;
	trip.n_places = n;
	scope_init(&in);
	in.deadline_ms = a->deadline_ms;
	enum code rc = stretch_in(a, &in, &trip, out + first, &verdict, &said);
	if (rc == OK && n == 2 && verdict == GUIDE_NO_WAY)
		rc = fail_as(&in, E_NOT_FOUND, "no-route", "the road server %s knows no way from place %zu to %zu",
			     a->g->at, first, first + 1);
	else if (rc == OK && n == 2 && verdict == GUIDE_OFF_ROAD)
		rc = off_road(&in, a, first, first + 1, said);
	else if (rc == OK && n == 2 && verdict == GUIDE_TOO_BIG)
		rc = refused(a, &in, 400, said);
	if (in.err.code != OK)
		a->sc->err = in.err;
	scope_release(&in);
	TRY(rc);
	if (verdict == GUIDE_ANSWERS)
		return OK;
	TRY(stretch(a, whole, first, n - n / 2, out));
	return stretch(a, whole, first + n - n / 2 - 1, n / 2 + 1, out);
}

static enum code
drive_all(struct asking *a, const struct road_hour *hours, const struct place *places, size_t n, struct road_path *out)
{
	size_t most = a->g->tongue->drive_max;
	for (size_t first = 0; first + 1 < n; first += most - 1) {
		struct guide_trip trip = {.profile = a->g->profile, .places = places, .local_ms = hours[first].at_ms};
		TRY(stretch(a, &trip, first, n - first < most ? n - first : most, out));
	}
	return OK;
}

static enum code
drive(struct scope *sc, const struct road_service *s, const struct road_hour *hours, const struct place *places,
      size_t n, struct road_path *out)
{
	struct asking a;
	TRY(begin(sc, s, ((const struct guide *)s)->drive_ms, &a));
	struct road_path *paths = NEW_ARRAY(sc, n, struct road_path);
	TRY(drive_all(&a, hours, places, n, paths));
	memcpy(out, paths, (n - 1) * sizeof *out);
	return OK;
}

/* --- the table between all places --- */

struct table {
	struct guide_trip trip;
	size_t n;
	int32_t *duration_ds, *distance_m; /* n × n */
};

static void
take(const struct table *t, const struct guide_span *s, const struct road_matrix *m)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		size_t to = (s->row + i) * t->n + s->column;
		memcpy(t->duration_ds + to, m->duration_ds + i * s->n_columns, s->n_columns * sizeof(int32_t));
		memcpy(t->distance_m + to, m->distance_m + i * s->n_columns, s->n_columns * sizeof(int32_t));
	}
}

static enum code
span_in(struct asking *a, struct scope *sc, const struct table *t, const struct guide_span *s,
	enum guide_verdict *verdict, const char **said)
{
	struct http_answer http;
	struct road_matrix m;
	struct guide_trip trip = t->trip;
	trip.span = *s;
	const struct guide_question q = a->g->tongue->times_ask(sc, &trip);
	TRY(question(a, sc, &q, &http, verdict, said));
	if (*verdict != GUIDE_ANSWERS)
		return OK;
	TRY(understood(a, sc, a->g->tongue->times_read(sc, http.body, http.n, &trip, &m)));
	take(t, s, &m);
	return OK;
}

/* One pair that the table does not tell of: its drive may say why not. */
static enum code
pair(struct asking *a, const struct table *t, const struct guide_span *s)
{
	const struct place two[] = {t->trip.places[s->row], t->trip.places[s->column]};
	struct guide_trip trip = t->trip;
	struct road_path path;
	size_t cell = s->row * t->n + s->column;
	trip.places = two;
	enum code rc = stretch(a, &trip, 0, 2, &path);
	if (rc == E_NOT_FOUND && text_eq(a->sc->err.reason, "off-road"))
		return off_road(a->sc, a, s->row, s->column, "");
	bool none = rc == E_NOT_FOUND;
	if (none)
		error_clear(a->sc);
	else
		TRY(rc);
	t->duration_ds[cell] = none ? ROAD_UNREACHABLE : path.duration_ds;
	t->distance_m[cell] = none ? ROAD_UNREACHABLE : (int32_t)(path.distance_m + 0.5);
	return OK;
}

static enum code
one_span(struct asking *a, const struct table *t, const struct guide_span *s, enum guide_verdict *verdict)
{
	struct scope in;
	const char *said;
	*verdict = GUIDE_ANSWERS;
	scope_init(&in);
	in.deadline_ms = a->deadline_ms;
	enum code rc = span_in(a, &in, t, s, verdict, &said);
	bool single = s->n_rows == 1 && s->n_columns == 1;
	if (rc == OK && single && *verdict == GUIDE_OFF_ROAD)
		rc = off_road(&in, a, s->row, s->column, said);
	else if (rc == OK && single && *verdict == GUIDE_TOO_BIG)
		rc = refused(a, &in, 400, said);
	if (in.err.code != OK)
		a->sc->err = in.err;
	scope_release(&in);
	return rc;
}

static size_t
at_most(size_t n, size_t max)
{
	return n < max ? n : max;
}

static size_t
widest(const struct guide_span *s)
{
	return s->n_rows > s->n_columns ? s->n_rows : s->n_columns;
}

/* The largest side after this one that makes a part of the span smaller. */
static unsigned
smaller(const struct guide_span *s, unsigned side)
{
	do
		side++;
	while (sides[side] >= widest(s));
	return side;
}

static enum code span(struct asking *a, const struct table *t, const struct guide_span *s, unsigned side);

/* Asked whole where it may be answered whole; else cut further. */
static enum code
part(struct asking *a, const struct table *t, const struct guide_span *s, unsigned side)
{
	enum guide_verdict verdict = GUIDE_TOO_BIG;
	unsigned next = a->g->side;
	bool single = s->n_rows == 1 && s->n_columns == 1;
	bool known_too_big = next > side && widest(s) > sides[next];
	if (!known_too_big)
		TRY(one_span(a, t, s, &verdict));
	if (verdict == GUIDE_ANSWERS)
		return OK;
	if (single)
		return pair(a, t, s);
	if (!known_too_big) {
		next = smaller(s, side);
		if (verdict == GUIDE_TOO_BIG && next > a->g->side)
			a->g->side = next;
	}
	return span(a, t, s, next);
}

static enum code
span(struct asking *a, const struct table *t, const struct guide_span *s, unsigned side)
{
	for (size_t row = 0; row < s->n_rows; row += sides[side])
		for (size_t column = 0; column < s->n_columns; column += sides[side]) {
			const struct guide_span p = {s->row + row, at_most(s->n_rows - row, sides[side]),
						     s->column + column, at_most(s->n_columns - column, sides[side])};
			TRY(part(a, t, &p, side));
		}
	return OK;
}

static enum code
table_new(struct scope *sc, size_t n, struct table *t)
{
	void *durations;
	void *distances;
	TRY(scope_try_array(sc, n * n, sizeof(int32_t), &durations));
	TRY(scope_try_array(sc, n * n, sizeof(int32_t), &distances));
	t->n = n;
	t->duration_ds = durations;
	t->distance_m = distances;
	return OK;
}

/* One slice, for a departure in the middle of the hours. */
static enum code
times(struct scope *sc, const struct road_service *s, const struct road_hour *hours, size_t n_hours,
      const struct place *places, size_t n, struct road_slices *out)
{
	struct asking a;
	const struct road_hour *middle = &hours[n_hours / 2];
	TRY(begin(sc, s, ((const struct guide *)s)->times_ms, &a));
	struct table t = {
	    .trip = {.profile = a.g->profile, .places = places, .local_ms = middle->at_ms},
	};
	TRY(table_new(sc, n, &t));
	TRY(span(&a, &t, &(struct guide_span){0, n, 0, n}, a.g->side));
	*out = (struct road_slices){.n = 1,
				    .n_points = n,
				    .at_ms = scope_memdup(sc, &middle->at_ms, sizeof middle->at_ms),
				    .duration_ds = t.duration_ds,
				    .distance_m = t.distance_m};
	return OK;
}
