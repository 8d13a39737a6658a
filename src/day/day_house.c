/* Opening and closing the house: what a data directory holds, in the order it must be opened. */
#include "day/day.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "chain/chain.h"
#include "day/day_jobs.h"
#include "face/face_wire.h"
#include "freight/freight.h"
#include "offer/offer.h"
#include "store/event.h"

#define SETTINGS_FILE "waybill.json"
#define KEYS_FILE "keys"
#define SIGNING_FILE "signing.key"
#define SETTINGS_MAX 65536
#define PLAN_SECONDS 5.0
#define PLAN_ITERATIONS 8000 /* of a simulated wave: the same day on any machine */
#define FACE_START_MS 20000
#define FACE_QUEUE 64

const struct schema *const house_schemas[] = {
    &jobs_schema, &chain_schema,      &record_schema, &people_schema,	      &freight_schema, &offer_schema,
    &duty_schema, &duty_order_schema, &pay_schema,    &duty_positions_schema, &traffic_schema, &hooks_schema,
    NULL,
};

/* --- settings --- */

static enum code
simulation_parse(struct scope *sc, const json_t *o, struct house_settings *s)
{
	const json_t *sim;
	if (json_object_get(o, "simulation") == NULL || json_is_null(json_object_get(o, "simulation")))
		return OK;
	TRY(json_need_object(sc, o, "simulation", &sim));
	TRY(json_need_int(sc, sim, "seed", 0, INT64_MAX, &s->seed));
	TRY(json_need_time(sc, sim, "start", &s->start_ms));
	s->simulation = true;
	return OK;
}

enum code
house_settings_read(struct scope *sc, const char *dir, struct house_settings *out)
{
	uint8_t *bytes;
	size_t n;
	json_t *o;
	int64_t format;
	struct house_settings s = {0};
	enum code rc = file_read(sc, path_join(sc, dir, SETTINGS_FILE), SETTINGS_MAX, &bytes, &n);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-data", "%s is no data directory; `waybill init %s` makes one", dir,
			       dir);
	TRY(rc);
	TRY(json_parse(sc, bytes, n, &o));
	TRY(json_need_int(sc, o, "format", 1, 1, &format));
	TRY(json_may_text(sc, o, "roads", 1, 1000, &s.roads));
	TRY(simulation_parse(sc, o, &s));
	*out = s;
	return OK;
}

static enum code
settings_write(struct scope *sc, const char *dir, const struct house_settings *s)
{
	json_t *o = json_new_object(sc);
	json_put_int(o, "format", 1);
	if (s->simulation) {
		json_t *sim = json_object();
		json_put_int(sim, "seed", s->seed);
		json_put_time(sim, "start", s->start_ms);
		json_put(o, "simulation", sim);
	}
	json_put_text(o, "roads", s->roads);
	char *text = json_text(sc, o);
	return file_write(sc, path_join(sc, dir, SETTINGS_FILE), text, strlen(text), 0600);
}

enum code
house_create(struct scope *sc, const char *dir, const struct house_settings *settings)
{
	struct random r;
	if (file_exists(path_join(sc, dir, SETTINGS_FILE)))
		return fail_as(sc, E_CONFLICT, "exists", "%s is a data directory already", dir);
	if (settings->simulation)
		random_init_seeded(&r, (uint64_t)settings->seed);
	else
		random_init_os(&r);
	if (settings->store != NULL)
		TRY(store_reach(sc, settings->store));
	TRY(file_make_dirs(sc, dir, 0700));
	if (settings->store != NULL)
		TRY(store_choose(sc, &r, dir, settings->store, settings->schema));
	TRY(keys_create(sc, path_join(sc, dir, KEYS_FILE), &r));
	uint8_t name[6]; /* two logs must never share one */
	random_bytes(&r, name, sizeof name);
	TRY(signing_key_create(sc, path_join(sc, dir, SIGNING_FILE), &r,
			       scope_printf(sc, "waybill/%s", hex_encode(sc, name, sizeof name))));
	return settings_write(sc, dir, settings); /* last: its presence says the rest is there */
}

/* --- opening --- */

/* Names the roads by their content, so that a plan can say which file it was made from. */
static enum code
file_fingerprint(struct scope *sc, const char *path, const char **out)
{
	crypto_generichash_state state;
	uint8_t hash[16];
	uint8_t *chunk = scope_alloc(sc, 1 << 16);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	ssize_t n;
	while ((n = read(fd, chunk, 1 << 16)) > 0)
		crypto_generichash_update(&state, chunk, (unsigned long long)n);
	close(fd);
	if (n < 0)
		return fail(sc, E_IO, "%s cannot be read", path);
	crypto_generichash_final(&state, hash, sizeof hash);
	*out = hex_encode(sc, hash, sizeof hash);
	return OK;
}

struct tenants {
	struct operator* list;
	size_t n;
};

static enum code
read_tenants(struct scope *sc, struct tx *tx, void *arg)
{
	struct tenants *t = arg;
	return operators_all(sc, tx, &t->list, &t->n);
}

/* The newest learned times of each operator, so that the first plan does not wait for their rows. */
static enum code
speeds_open(struct scope *sc, struct house *h)
{
	struct tenants t;
	TRY(store_read(sc, h->store, read_tenants, &t));
	for (size_t i = 0; i < t.n; i++)
		TRY(traffic_refresh(sc, h->store, h->planner.traffic, t.list[i].id));
	return OK;
}

static enum code
road_file_open(struct scope *sc, struct house *h, const struct house_options *opt, const struct house_settings *s)
{
	const char *path = s->roads[0] == '/' ? s->roads : path_join(sc, h->dir, s->roads);
	const char *fingerprint;
	TRY(road_open(sc, path, &h->road));
	road_set_threads(h->road, opt->road_threads);
	TRY(file_fingerprint(sc, path, &fingerprint));
	road_service_own_init(&h->own_roads, h->road);
	h->planner.roads = &h->own_roads.service;
	h->planner.road = h->road;
	h->planner.road_version = strdup(fingerprint);
	TRY(traffic_open(sc, h->road, &h->planner.traffic));
	return speeds_open(sc, h);
}

/* The road file where there is one; another server before it where the operator has named one. */
static enum code
roads_open(struct scope *sc, struct house *h, const struct house_options *opt, const struct house_settings *s)
{
	h->planner = (struct duty_planner){
	    .seconds = h->simulation ? 0 : PLAN_SECONDS,
	    .iterations = h->simulation ? PLAN_ITERATIONS : 0,
	    .seed = h->simulation ? (uint64_t)s->seed : 1,
	};
	if (s->roads != NULL)
		TRY(road_file_open(sc, h, opt, s));
	if (opt->guide.kind == GUIDE_OWN)
		return OK;
	TRY(guide_open(sc, &opt->guide, &h->guide));
	h->planner.fallback = h->planner.roads;
	h->planner.roads = guide_service(h->guide);
	return OK;
}

static enum code
faces_open(struct scope *sc, struct house *h, const struct house_options *opt)
{
	if (opt->models == NULL || opt->face_children == 0)
		return OK;
	const char *const argv[] = {opt->exe, "face-child", "--models", opt->models, NULL};
	const struct workers_config config = {
	    .argv = argv,
	    .children = opt->face_children,
	    .queue_max = FACE_QUEUE,
	    .request_max = FACE_WIRE_REQUEST_MAX,
	    .answer_max = FACE_WIRE_ANSWER_MAX,
	    .start_ms = FACE_START_MS,
	};
	return workers_open(sc, &config, &h->faces);
}

static enum code
webhooks_open(struct scope *sc, struct house *h, const struct house_options *opt)
{
	const struct hooks_options ho = {
	    .store = h->store,
	    .keys = h->keys,
	    .reach = opt->webhooks == REACH_ANY ? REACH_PUBLIC : opt->webhooks,
	    .ca_file = opt->webhooks_ca,
	};
	return hooks_open(sc, &ho, &h->hooks);
}

struct moment {
	int64_t at_ms, seq;
};

/* A stepped clock goes on from the last thing that happened. */
static enum code
last_moment(struct scope *sc, struct tx *tx, void *arg)
{
	struct moment *last = arg;
	TRY(events_last(sc, tx, &last->seq));
	return events_last_at(sc, tx, &last->at_ms);
}

#define SCHEMAS_MAX 24

static enum code
tables_open(struct scope *sc, struct house *h, const struct house_options *opt)
{
	const struct schema *all[SCHEMAS_MAX] = {0};
	size_t n = 0;
	for (size_t i = 0; house_schemas[i] != NULL; i++)
		all[n++] = house_schemas[i];
	for (size_t i = 0; opt->more_schemas != NULL && opt->more_schemas[i] != NULL; i++)
		all[n++] = opt->more_schemas[i];
	assert(n < SCHEMAS_MAX);
	const struct store_options so = {.clock = &h->clock, .random = &h->random, .schemas = all};
	return store_open(sc, h->dir, &so, &h->store);
}

static void
job_kinds_collect(struct house *h, const struct house_options *opt)
{
	size_t n = 0;
	for (size_t i = 0; day_job_kinds[i] != NULL; i++)
		h->job_kinds[n++] = day_job_kinds[i];
	for (size_t i = 0; opt->more_jobs != NULL && opt->more_jobs[i] != NULL; i++)
		h->job_kinds[n++] = opt->more_jobs[i];
	assert(n < HOUSE_JOBS_MAX);
}

static enum code
clock_open(struct scope *sc, struct house *h, const struct house_options *opt, const struct house_settings *s)
{
	if (!opt->stepped) {
		clock_init_wall(&h->clock);
		return OK;
	}
	if (!s->simulation)
		return fail_as(sc, E_DENIED, "not-simulation",
			       "a stepped clock is for directories made with `waybill init --simulation`");
	clock_init_stepped(&h->clock, s->start_ms);
	return OK;
}

static enum code
parts_open(struct scope *sc, struct house *h, const struct house_options *opt, const struct house_settings *s)
{
	struct moment last = {0};
	TRY(clock_open(sc, h, opt, s));
	random_init_os(&h->random);
	TRY(tables_open(sc, h, opt));
	TRY(store_read(sc, h->store, last_moment, &last));
	clock_step_to(&h->clock, last.at_ms);
	/* Not the keys' stream, and not the one of an earlier run: nonces and ids must not come twice. */
	if (s->simulation)
		random_init_seeded(&h->random,
				   ((uint64_t)s->seed ^ UINT64_C(0x5741594249)) + ((uint64_t)last.seq << 32));
	TRY(keys_open(sc, path_join(sc, h->dir, KEYS_FILE), &h->keys));
	TRY(signer_open(sc, opt->exe, path_join(sc, h->dir, SIGNING_FILE), &h->chain.signer));
	TRY(roads_open(sc, h, opt, s));
	if (h->road != NULL || opt->finder.kind != FINDER_EXTRACT)
		TRY(finder_open(sc, &opt->finder, h->road, &h->finder));
	TRY(faces_open(sc, h, opt));
	TRY(webhooks_open(sc, h, opt));
	job_kinds_collect(h, opt);
	return jobs_open(sc, h->store, h->job_kinds, h, opt->job_threads, &h->jobs);
}

enum code
house_open(struct scope *sc, const struct house_options *opt, struct house **out)
{
	struct house_settings s;
	TRY(house_settings_read(sc, opt->dir, &s));
	struct house *h = calloc(1, sizeof *h);
	if (h == NULL)
		return fail(sc, E_MEMORY, "no memory for the house");
	h->dir = strdup(opt->dir);
	h->simulation = s.simulation;
	enum code rc = parts_open(sc, h, opt, &s);
	if (rc != OK) {
		house_close(h);
		return rc;
	}
	*out = h;
	return OK;
}

void
house_start(struct house *h)
{
	if (h->clock.stepped)
		return;
	jobs_start(h->jobs);
	hooks_start(h->hooks);
}

void
house_close(struct house *h)
{
	if (h == NULL)
		return;
	jobs_close(h->jobs);
	hooks_close(h->hooks);
	workers_close(h->faces);
	store_close(h->store);
	signer_close(h->chain.signer);
	keys_close(h->keys);
	traffic_close(h->planner.traffic);
	finder_close(h->finder);
	guide_close(h->guide);
	if (h->road != NULL)
		road_close(h->road);
	free((void *)h->planner.road_version);
	free((void *)h->dir);
	free(h);
}

enum code
house_advance(struct scope *sc, struct house *h, int64_t to_ms)
{
	if (!h->clock.stepped)
		return fail_as(sc, E_DENIED, "not-simulation", "this clock runs by itself");
	hooks_run(h->hooks); /* what calls have left */
	TRY(jobs_run_until(sc, h->jobs, to_ms));
	hooks_run(h->hooks); /* and what this time has */
	return OK;
}

enum code
house_release_clock(struct scope *sc, struct house *h)
{
	if (!h->clock.stepped)
		return fail_as(sc, E_CONFLICT, "clock-runs", "this clock runs already");
	clock_release(&h->clock);
	house_start(h);
	return OK;
}
