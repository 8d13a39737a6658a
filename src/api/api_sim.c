/* The stepped clock's handle: a simulation moves time and waits until the house
 * has done what was due. These addresses do not exist on a wall clock. */
#include <unistd.h>

#include "api/api_inner.h"
#include "api/areas.h"

static enum code
read_clock(struct scope *sc, struct tx *tx, struct call *c)
{
	struct job_counts counts;
	TRY(jobs_count(sc, tx, &counts));
	json_t *o = json_new_object(sc);
	json_put_time(o, "now", clock_now_ms(&c->house->clock));
	json_put_time(o, "next_due", counts.next_due_ms);
	reply_json(c, o);
	return OK;
}

static enum code
count_jobs(struct scope *sc, struct tx *tx, void *arg)
{
	return jobs_count(sc, tx, arg);
}

static enum code
advance(struct scope *sc, struct call *c, int64_t to_ms)
{
	struct job_counts before;
	struct job_counts after;
	TRY(store_read(sc, c->house->store, count_jobs, &before));
	TRY(house_advance(sc, c->house, to_ms));
	TRY(store_read(sc, c->house->store, count_jobs, &after));
	json_t *o = json_new_object(sc);
	json_put_time(o, "now", clock_now_ms(&c->house->clock));
	json_put_int(o, "ran", after.done + after.failed - before.done - before.failed);
	reply_json(c, o);
	return OK;
}

#define IDLE_WAIT_US 10000000

/* Time stands still while anybody is being answered. */
static void
wait_idle(struct api *a)
{
	for (int us = 0; atomic_load(&a->calls) > atomic_load(&a->movers) && us < IDLE_WAIT_US; us += 200)
		usleep(200);
}

static enum code
advance_work(struct scope *sc, struct call *c)
{
	static const char *const names[] = {"to", NULL};
	int64_t to_ms;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_time(sc, c->body, "to", &to_ms));
	sc->deadline_ms = 0; /* as long as the day's jobs take */
	atomic_fetch_add(&c->api->movers, 1);
	pthread_mutex_lock(&c->api->advancing);
	wait_idle(c->api);
	enum code rc = advance(sc, c, to_ms);
	pthread_mutex_unlock(&c->api->advancing);
	atomic_fetch_sub(&c->api->movers, 1);
	return rc;
}

static enum code
release_work(struct scope *sc, struct call *c)
{
	pthread_mutex_lock(&c->api->advancing);
	enum code rc = house_release_clock(sc, c->house);
	pthread_mutex_unlock(&c->api->advancing);
	return rc;
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/sim/clock",
     .who = MAY_PUBLIC,
     .prepare = read_clock,
     .summary = "The stepped clock and when the next job is due",
     .answer = "SimClock",
     .stepped = true},
    {.method = "POST",
     .path = "/sim/advance",
     .who = MAY_PUBLIC,
     .work = advance_work,
     .summary = "Move the clock, run what is due on the way, answer when it is done",
     .body = BODY_JSON,
     .request = "SimAdvance",
     .answer = "SimAdvanced",
     .stepped = true},
    {.method = "POST",
     .path = "/sim/run",
     .who = MAY_PUBLIC,
     .work = release_work,
     .summary = "Let the clock run by itself from here on",
     .stepped = true},
    {0},
};
const struct route_table api_sim_table = {"Simulation", "Only under `serve --clock stepped`.", rows};
