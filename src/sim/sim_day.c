/* The day's clockwork: moments in order, and what is collected at its end. */
#include "sim/sim_world.h"

#include "base/text.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

/* --- the heap of moments --- */

static bool
before(const struct moment *a, const struct moment *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void
sim_at(struct sim *s, int64_t at_ms, moment_fn *run, struct phone *p, int arg)
{
	if (s->n_heap == s->cap_heap) {
		size_t cap = s->cap_heap == 0 ? 1024 : s->cap_heap * 2;
		struct moment *wider = NEW_ARRAY(s->world, cap, struct moment);
		if (s->n_heap > 0)
			memcpy(wider, s->heap, s->n_heap * sizeof *wider);
		s->heap = wider;
		s->cap_heap = cap;
	}
	struct moment m = {at_ms, s->asked++, run, p, arg};
	size_t i = s->n_heap++;
	for (; i > 0 && before(&m, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = m;
}

static struct moment
next_moment(struct sim *s)
{
	struct moment first = s->heap[0];
	struct moment last = s->heap[--s->n_heap];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= s->n_heap)
			break;
		if (child + 1 < s->n_heap && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return first;
}

/* --- helpers of phones and desks --- */

int64_t
sim_clock(struct sim *s, int days, int hour, int minute)
{
	struct scope sc;
	int64_t at_ms = 0;
	scope_init(&sc);
	int64_t local = s->midnight_local_ms + days * DAY_MS + hour * HOUR_MS + minute * INT64_C(60000);
	if (zone_to_utc(&sc, s->zone, local, &at_ms) != OK)
		at_ms = local; /* the zone was good when the day began */
	scope_release(&sc);
	return at_ms;
}

int64_t
sim_local_ms(const struct sim *s, int64_t at_ms)
{
	struct scope sc;
	int64_t offset_ms = 0;
	scope_init(&sc);
	if (zone_offset_ms(&sc, s->zone, at_ms, &offset_ms) != OK)
		offset_ms = 0; /* likewise */
	scope_release(&sc);
	return at_ms + offset_ms;
}

void
sim_date(const struct sim *s, int day, char out[static DATE_TEXT_MAX])
{
	int y;
	int m;
	int d;
	date_from_days(s->midnight_local_ms / DAY_MS + day, &y, &m, &d);
	snprintf(out, DATE_TEXT_MAX, "%04u-%02u-%02u", (unsigned)y % 10000u, (unsigned)m % 100u, (unsigned)d % 100u);
}

void
sim_say(struct sim *s, const char *fmt, ...)
{
	char line[300];
	va_list ap;
	if (s->opt->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	s->opt->say(s->opt->arg, line);
}

enum code
sim_do(struct scope *sc, struct sim *s, const char *method, const char *path, const char *token, const json_t *body,
       int status, json_t **answer)
{
	struct sim_answer a;
	TRY(sim_call(sc, s->http, method, path, token, body, NULL, &a));
	bool good = status == 0 ? a.status >= 200 && a.status < 300 : a.status == status;
	if (!good) {
		const char *detail = json_string_value(json_object_get(a.json, "detail"));
		const char *reason = json_string_value(json_object_get(a.json, "reason"));
		return fail(sc, E_CONFLICT, "%s %s answered %d (%s: %s)", method, path, a.status,
			    reason == NULL ? "no reason" : reason, detail == NULL ? "no words" : detail);
	}
	if (answer != NULL)
		*answer = a.json;
	return OK;
}

enum code
sim_text(struct scope *sc, const json_t *o, const char *key, const char **out)
{
	const char *v = json_string_value(json_object_get(o, key));
	if (v == NULL)
		return fail(sc, E_CONFLICT, "the answer has no \"%s\"", key);
	*out = v;
	return OK;
}

enum code
sim_keep(struct scope *sc, const json_t *o, const char *key, char *to, size_t room)
{
	const char *v;
	TRY(sim_text(sc, o, key, &v));
	if (strlen(v) >= room)
		return fail(sc, E_CONFLICT, "\"%s\" is longer than it should be", key);
	memcpy(to, v, strlen(v) + 1);
	return OK;
}

/* --- running --- */

static enum code
step_to(struct scope *sc, struct sim *s, int64_t at_ms)
{
	char text[TIME_TEXT_MAX];
	json_t *body = json_new_object(sc);
	if (at_ms <= s->now_ms)
		return OK;
	json_put_text(body, "to", time_format(at_ms, text));
	TRY(sim_do(sc, s, "POST", "/sim/advance", NULL, body, 0, NULL));
	s->now_ms = at_ms;
	return OK;
}

static enum code
run_one(struct scope *sc, struct sim *s, const struct moment *m)
{
	TRY(step_to(sc, s, m->at_ms));
	return m->run(sc, s, m->phone, m->arg);
}

static enum code
run_until_quiet(struct scope *sc, struct sim *s)
{
	struct scope step;
	scope_init(&step);
	enum code rc = OK;
	while (rc == OK && s->n_heap > 0) {
		struct moment m = next_moment(s);
		rc = run_one(&step, s, &m);
		if (rc != OK) {
			char at[TIME_TEXT_MAX];
			const char *who = m.phone == NULL ? "the desk" : scope_printf(sc, "phone %d", m.phone->number);
			rc = fail(sc, rc, "at %s, %s: %s", time_format(s->now_ms, at), who, step.err.message);
		}
		scope_clear(&step);
	}
	scope_release(&step);
	return rc;
}

/* --- the beginning and the end --- */

static enum code
find_the_day(struct scope *sc, struct sim *s)
{
	json_t *about;
	const json_t *op;
	const char *clock;
	char today[DATE_TEXT_MAX];
	TRY(sim_do(sc, s, "GET", "/v1/about", NULL, NULL, 200, &about));
	TRY(sim_text(sc, about, "clock", &clock));
	if (strcmp(clock, "stepped") != 0)
		return fail(sc, E_CONFLICT, "a simulated day needs `serve --clock stepped`");
	TRY(json_need_time(sc, about, "now", &s->now_ms));
	TRY(json_need_object(sc, about, "operator", &op));
	TRY(sim_keep(sc, op, "zone", s->zone, sizeof s->zone));
	TRY(zone_date(sc, s->zone, s->now_ms, today));
	TRY(date_parse(sc, today, &s->midnight_local_ms));
	s->midnight_local_ms += DAY_MS;
	sim_date(s, 0, s->date);
	return OK;
}

bool
sim_story(struct sim *s, struct phone *p, enum story story)
{
	if (p->story != STORY_NONE || s->told_of[story])
		return false;
	s->told_of[story] = true;
	p->story = story;
	return true;
}

static void
number_phones(struct sim *s)
{
	int faces = s->faces == NULL ? 0 : sim_faces_count(s->faces);
	int with_face = faces < s->opt->with_face ? faces : s->opt->with_face;
	for (int i = 0; i < s->opt->drivers; i++) {
		s->phones[i].number = i;
		s->phones[i].person = i < with_face ? i : -1;
	}
}

static enum code
ask_for_the_day(struct sim *s)
{
	sim_at(s, sim_clock(s, -1, 18, 0), desk_publishes, NULL, 0);
	for (int i = 0; i < s->opt->drivers; i++)
		sim_at(s, sim_clock(s, -1, 18, 5) + i * 20000, phone_signs_up, &s->phones[i], 0);
	sim_at(s, sim_clock(s, 0, 5, 20), desk_signs_in, NULL, 0);
	sim_at(s, sim_clock(s, 0, 5, 30), desk_receives, NULL, 0);
	sim_at(s, sim_clock(s, 0, 14, 0), desk_signs_in, NULL, 0);
	for (int hour = 6; hour <= 20; hour++)
		for (int minute = 5; minute < 60; minute += 10)
			sim_at(s, sim_clock(s, 0, hour, minute), desk_reviews, NULL, 0);
	return OK;
}

/* The first wave of the next day, planned by what the first has taught in the night. */
static void
ask_for_the_next_morning(struct sim *s)
{
	sim_at(s, sim_clock(s, 0, 18, 45), desk_publishes, NULL, 1);
	for (int i = 0; i < s->opt->drivers; i++)
		sim_at(s, sim_clock(s, 0, 19, 0) + i * 10000, phone_asks_again, &s->phones[i], 0);
	sim_at(s, sim_clock(s, 1, 5, 20), desk_signs_in, NULL, 1);
	sim_at(s, sim_clock(s, 1, 5, 30), desk_receives, NULL, 1);
	for (int hour = 6; hour <= 13; hour++)
		for (int minute = 5; minute < 60; minute += 20)
			sim_at(s, sim_clock(s, 1, hour, minute), desk_reviews, NULL, 1);
	sim_at(s, sim_clock(s, 1, 14, 0), desk_learns, NULL, 1);
	sim_at(s, sim_clock(s, 1, 14, 10), desk_looks_back, NULL, 1);
}

static enum code
collect_draws(struct scope *sc, struct sim *s)
{
	for (int i = 0; i < s->n_blocks; i++) {
		json_t *proof;
		TRY(sim_do(sc, s, "GET", scope_printf(sc, "/v1/draws/%s", s->blocks[i]), NULL, NULL, 200, &proof));
		json_array_append(s->draws, proof);
	}
	return OK;
}

static enum code
collect_statements(struct scope *sc, struct sim *s)
{
	for (int i = 0; i < s->opt->drivers; i++) {
		json_t *list;
		size_t k;
		json_t *one;
		if (s->phones[i].left)
			continue;
		TRY(phone_signs_in(sc, s, &s->phones[i]));
		TRY(sim_do(sc, s, "GET", "/v1/driver/statements", s->phones[i].token, NULL, 200, &list));
		json_array_foreach(json_object_get(list, "items"), k, one) json_array_append(s->statements, one);
	}
	return OK;
}

static enum code
whole_day(struct scope *sc, struct sim *s, struct sim_result *out)
{
	TRY(find_the_day(sc, s));
	TRY(road_open(sc, s->opt->roads, &s->road));
	TRY(desk_opens(sc, s));
	s->truth = sim_truth_open(s->world, s->road, s->opt->seed);
	TRY(ask_for_the_day(s));
	ask_for_the_next_morning(s);
	TRY(run_until_quiet(sc, s));
	TRY(step_to(sc, s, sim_clock(s, 1, 14, 30))); /* what is due: checkpoints, reminders */
	TRY(collect_draws(sc, s));
	TRY(collect_statements(sc, s));
	sim_say(s, "The day and the morning after it are over: %" PRId64 " requests.", sim_http_count(s->http));
	char next[DATE_TEXT_MAX];
	sim_date(s, 1, next);
	*out = (struct sim_result){.date = scope_strdup(sc, s->date),
				   .next_date = scope_strdup(sc, next),
				   .zone = scope_strdup(sc, s->zone),
				   .auditor_token = scope_strdup(sc, s->auditor),
				   .statements = s->statements,
				   .draws = s->draws,
				   .people = s->people,
				   .told = s->told,
				   .requests = sim_http_count(s->http)};
	return OK;
}

enum code
sim_day(struct scope *sc, const struct sim_options *opt, struct sim_result *out)
{
	struct sim *s = NEW(sc, struct sim);
	s->opt = opt;
	s->world = sc;
	s->faces = NULL;
	prng_seed(&s->rng, opt->seed);
	s->phones = NEW_ARRAY(sc, (size_t)opt->drivers, struct phone);
	s->blocks = scope_array(sc, (size_t)opt->blocks * 2, sizeof *s->blocks);
	s->links = NEW_ARRAY(sc, (size_t)opt->parcels * 2, struct link_of);
	s->told = json_new_object(sc);
	s->statements = json_new_array(sc);
	s->draws = json_new_array(sc);
	s->people = json_new_array(sc);
	if (opt->faces != NULL && opt->with_face > 0) {
		enum code faces = sim_faces_open(sc, opt->faces, opt->models, &s->faces);
		if (faces == E_UNAVAILABLE) {
			error_clear(sc);
			sim_say(s, "No sample photographs or face models here: everybody takes the device path.");
		} else if (faces != OK) {
			return faces;
		}
	}
	number_phones(s);
	TRY(sim_http_open(sc, opt->base_url, &s->http));
	enum code rc = whole_day(sc, s, out);
	sim_truth_close(s->truth);
	if (s->road != NULL)
		road_close(s->road);
	sim_http_close(s->http);
	return rc;
}
