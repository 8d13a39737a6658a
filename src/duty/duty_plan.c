/* Planning a wave: everybody who starts at one station at one time, everything
 * that waits there.
 *
 *	gather (a snapshot) ─▶ matrices (road) ─▶ rounds (route) ─▶ shapes (road) ─▶ commit
 *
 * The work runs outside any transaction and may run twice; the commit takes a
 * shipment only if it still waits and an award only if it still stands, so what
 * changed in between is left for the next wave instead of being forced. */
#include "duty/duty.h"

#include <sodium.h>

#include "base/log.h"
#include "base/text.h"
#include "duty/duty_hours.h"
#include "duty/duty_legs.h"
#include "duty/duty_order.h"
#include "freight/freight.h"
#include "people/people.h"
#include "record/record.h"
#include "route/route.h"
#include "store/event.h"

#define WAVE_SHIPMENTS_MAX 2000
#define WAVE_DRIVERS_MAX 1000
#define LOADING_S (15 * 60)   /* at the depot before the first leg */
#define RETURNING_S (10 * 60) /* and after the last */
#define PLAN_RULE "duty.plan/3"
#define BALANCE_PER_SQUARE_HOUR \
	3600 /* a driven hour more is worth it where it spares two drivers a fourth and fifth hour */

struct wave {
	const char *operator_id, *station_id;
	int64_t starts_ms;
	struct station station;
	struct award *awards;
	struct driver *drivers;
	size_t n_awards;
	struct shipment *shipments;
	size_t n_shipments;
	struct place *places; /* the depot, then each shipment's */
	struct order_wish *wishes;
	size_t n_wishes;
	int64_t ends_ms;	 /* of the block that ends last */
	struct duty_hours hours; /* learned times, of one version */
	struct traffic_doors doors;
	struct traffic_stop *stops; /* what has been learned, one a shipment */
};

struct round {
	struct award award;
	struct duty_legs legs;
	int64_t *eta_ms;
	size_t *shipments; /* index in the wave's, one a stop */
	int64_t duration_s, distance_m;
};

struct left_out {
	const char *shipment_id, *why, *text;
};

struct duty_wave_plan {
	struct wave wave;
	struct round *rounds;
	size_t n_rounds;
	struct left_out *left_out;
	size_t n_left_out;
	const struct road_service *roads; /* who was asked in the end */
	const char *trouble;		  /* why it was not planner->roads; NULL: it was */
	const char *times_digest;	  /* of another server's times */
	json_t *origin;
};

/* --- gather --- */

/* Does this award still want a plan? One planned before (a re-run, a drawn-again unit's neighbours) does not. */
static enum code
wants_plan(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, bool *wants)
{
	struct rows *r;
	*wants = false;
	if (a->state != AWARD_HELD && a->state != AWARD_CHECKED_IN)
		return OK;
	if (a->driver_id == NULL || tx_now_ms(tx) >= a->hours.ends_ms)
		return OK; /* she has left, or it is over: nobody would come for these parcels */
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT id FROM duty WHERE operator_id = $1 AND award_id = $2 AND state <> 'released'",
		    VALS(v_text(operator_id), v_text(a->id)));
	*wants = rc == E_NOT_FOUND;
	return rc == E_NOT_FOUND ? OK : rc;
}

static enum code
gather_block(struct scope *sc, struct tx *tx, const char *block_id, struct wave *w)
{
	struct award *all;
	size_t n;
	TRY(offer_awards_in(sc, tx, w->operator_id, block_id, &all, &n));
	for (size_t i = 0; i < n && w->n_awards < WAVE_DRIVERS_MAX; i++) {
		bool wants;
		TRY(wants_plan(sc, tx, w->operator_id, &all[i], &wants));
		if (!wants)
			continue;
		TRY(driver_get(sc, tx, w->operator_id, all[i].driver_id, &w->drivers[w->n_awards]));
		if (w->drivers[w->n_awards].state != DRIVER_ACTIVE)
			continue; /* she could not check in */
		w->awards[w->n_awards++] = all[i];
	}
	return OK;
}

static enum code
gather_awards(struct scope *sc, struct tx *tx, struct wave *w)
{
	json_t *blocks;
	size_t i;
	json_t *block;
	w->awards = NEW_ARRAY(sc, WAVE_DRIVERS_MAX, struct award);
	w->drivers = NEW_ARRAY(sc, WAVE_DRIVERS_MAX, struct driver);
	TRY(offer_blocks(sc, tx, w->operator_id, w->station_id, w->starts_ms, w->starts_ms + 1, WAVE_DRIVERS_MAX,
			 &blocks));
	json_array_foreach(blocks, i, block)
	    TRY(gather_block(sc, tx, json_string_value(json_object_get(block, "id")), w));
	return OK;
}

static int64_t
wave_ends(const struct wave *w)
{
	int64_t ends_ms = w->starts_ms;
	for (size_t i = 0; i < w->n_awards; i++)
		if (w->awards[i].hours.ends_ms > ends_ms)
			ends_ms = w->awards[i].hours.ends_ms;
	return ends_ms;
}

static enum code
gather(struct scope *sc, struct tx *tx, void *arg)
{
	struct wave *w = arg;
	char day[DATE_TEXT_MAX];
	TRY(station_get(sc, tx, w->operator_id, w->station_id, &w->station));
	TRY(zone_date(sc, w->station.zone, w->starts_ms, day));
	TRY(gather_awards(sc, tx, w));
	TRY(freight_waiting(sc, tx, w->operator_id, w->station_id, day, SHIPMENT_AT_STATION, WAVE_SHIPMENTS_MAX,
			    &w->shipments, &w->n_shipments));
	w->places = NEW_ARRAY(sc, w->n_shipments + 1, struct place);
	w->places[0] = w->station.place;
	for (size_t i = 0; i < w->n_shipments; i++)
		w->places[i + 1] = w->shipments[i].place;
	w->ends_ms = wave_ends(w);
	return order_wishes(sc, tx, w->operator_id, w->station_id, w->places, w->n_shipments + 1, &w->wishes,
			    &w->n_wishes);
}

static enum code
gather_doors(struct scope *sc, struct tx *tx, void *arg)
{
	struct wave *w = arg;
	return traffic_doors(sc, tx, w->operator_id, w->hours.version, &w->doors);
}

/* Streets and doors of one version; the caller drops w->hours. */
static enum code
take_learned(struct scope *sc, struct store *st, const struct duty_planner *planner, struct wave *w)
{
	TRY(duty_hours_take(sc, st, planner->traffic, w->operator_id, w->station.zone, w->starts_ms, w->ends_ms,
			    &w->hours));
	enum code rc = store_read(sc, st, gather_doors, w);
	if (rc != OK) {
		duty_hours_drop(&w->hours);
		return rc;
	}
	w->stops = NEW_ARRAY(sc, w->n_shipments, struct traffic_stop);
	for (size_t i = 0; i < w->n_shipments; i++)
		traffic_stop_of(&w->doors, w->shipments[i].place, (double)w->shipments[i].service_s, &w->stops[i]);
	return OK;
}

/* --- rounds --- */

static int64_t
wave_s(const struct wave *w, int64_t at_ms)
{
	int64_t s = (at_ms - w->starts_ms) / 1000;
	return s < 0 ? 0 : s;
}

static enum code
add_jobs(struct scope *sc, const struct wave *w, struct route_problem *p)
{
	for (size_t i = 0; i < w->n_shipments; i++) {
		const struct shipment *s = &w->shipments[i];
		const int64_t amounts[2] = {s->weight_g, s->volume_ml};
		/* A promise that is over already cannot be kept; the parcel still travels. */
		bool late = s->latest_ms <= w->starts_ms;
		const struct route_window window = {late ? 0 : wave_s(w, s->earliest_ms),
						    late ? ROUTE_SPAN_MAX : wave_s(w, s->latest_ms)};
		const struct route_task task = {
		    .id = i,
		    .place = (uint32_t)i + 1,
		    .service = duty_stop_s(&w->stops[i], s->service_s),
		    .windows = &window,
		    .n_windows = 1,
		    .delivery = amounts,
		    .penalty = ROUTE_MUST,
		    .priority = late ? 50 : 10,
		};
		TRY(route_problem_job(sc, p, &task, NULL));
	}
	return OK;
}

static enum code
add_vehicles(struct scope *sc, const struct wave *w, struct route_problem *p, uint32_t profile)
{
	for (size_t i = 0; i < w->n_awards; i++) {
		const int64_t capacity[2] = {w->drivers[i].capacity_g, w->drivers[i].capacity_ml};
		int64_t end = wave_s(w, w->awards[i].hours.ends_ms) - RETURNING_S;
		const struct route_vehicle vehicle = {
		    .id = i,
		    .profile = profile,
		    .shift = {LOADING_S, end > LOADING_S ? end : LOADING_S},
		    .capacity = capacity,
		    .rates = {.per_hour = 3600},
		    .max_tasks = ROUTE_NONE,
		};
		TRY(route_problem_vehicle(sc, p, &vehicle, NULL));
	}
	return OK;
}

/* Of the seconds and metres that the solver was given, so that somebody who has kept them can show it. */
static const char *
digest_of(struct scope *sc, const struct duty_times *t, size_t cells)
{
	crypto_generichash_state state;
	uint8_t hash[16];
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, (const uint8_t *)t->duration_s, cells * sizeof *t->duration_s);
	crypto_generichash_update(&state, (const uint8_t *)t->distance_m, cells * sizeof *t->distance_m);
	crypto_generichash_final(&state, hash, sizeof hash);
	return hex_encode(sc, hash, sizeof hash);
}

static enum code
solve(struct scope *sc, const struct duty_planner *planner, struct duty_wave_plan *plan, struct route_solution **out)
{
	const struct wave *w = &plan->wave;
	size_t n = w->n_shipments + 1;
	struct duty_times t;
	struct route_problem *p;
	uint32_t profile;
	TRY(duty_times_of(sc, plan->roads, &w->hours, w->starts_ms, w->places, n, &t));
	if (!duty_roads_are_ours(plan->roads))
		plan->times_digest = digest_of(sc, &t, n * n);
	TRY(route_problem_new(sc, (uint32_t)n, 2, &p));
	const struct route_profile van = {
	    .durations = t.duration_s,
	    .distances = t.distance_m,
	    .costs = order_costs(sc, w->wishes, w->n_wishes, w->places, n, t.duration_s + t.n_slices / 2 * n * n),
	    .slice_at = t.slice_s,
	    .n_slices = t.n_slices,
	};
	TRY(route_problem_profile(sc, p, &van, &profile));
	TRY(add_vehicles(sc, w, p, profile));
	TRY(add_jobs(sc, w, p));
	p->aim.balance_per_square_hour = BALANCE_PER_SQUARE_HOUR;
	const struct route_budget budget = {
	    .seconds = planner->seconds, .iterations = planner->iterations, .threads = 1, .seed = planner->seed};
	return route_solve(sc, p, &budget, out);
}

static size_t
count_tasks(const struct route_tour *t)
{
	size_t n = 0;
	for (uint32_t i = 0; i < t->n_stops; i++)
		n += t->stops[i].step == ROUTE_TASK;
	return n;
}

/* When the van sets off towards a stop. */
static struct road_hour
leaves_at(const struct wave *w, const struct route_tour *t, uint32_t stop)
{
	const struct route_stop *before = stop > 0 ? &t->stops[stop - 1] : NULL;
	int64_t leaves_s = before == NULL ? 0 : before->arrival + before->waiting + before->setup + before->service;
	return duty_hours_leave(&w->hours, w->starts_ms + leaves_s * 1000);
}

static enum code
round_make(struct scope *sc, const struct road_service *roads, const struct wave *w, const struct route_tour *t,
	   struct round *out)
{
	size_t n = count_tasks(t);
	struct round r = {.award = w->awards[t->vehicle], .eta_ms = NEW_ARRAY(sc, n, int64_t)};
	r.shipments = NEW_ARRAY(sc, n, size_t);
	duty_legs_init(sc, &r.legs, n, w->station.place);
	struct road_hour *hours = NEW_ARRAY(sc, n + 1, struct road_hour);
	int64_t *travel_s = NEW_ARRAY(sc, n + 2, int64_t); /* since the start, at each stop and at the end */
	size_t k = 0;
	for (uint32_t i = 0; i < t->n_stops; i++) {
		const struct route_stop *stop = &t->stops[i];
		travel_s[k + 1] = stop->travelled; /* the last one stays: the way back */
		if (stop->step != ROUTE_TASK)
			continue;
		hours[k] = leaves_at(w, t, i);
		const struct shipment *s = &w->shipments[stop->index];
		r.shipments[k] = stop->index;
		r.legs.places[k + 1] = s->place;
		r.legs.service_s[k] = duty_stop_s(&w->stops[stop->index], s->service_s);
		r.eta_ms[k] = w->starts_ms + (stop->arrival + stop->waiting) * 1000;
		k++;
	}
	hours[n] = leaves_at(w, t, t->n_stops > 0 ? t->n_stops - 1 : 0);
	TRY(duty_legs_along(sc, roads, hours, &r.legs));
	for (size_t i = 0; i <= n; i++) {
		r.legs.duration_s[i] = travel_s[i + 1] - travel_s[i];
		r.distance_m += r.legs.distance_m[i];
	}
	if (n > 0) {
		const struct route_stop *last = &t->stops[t->n_stops - 1];
		r.duration_s = last->arrival + RETURNING_S;
	}
	*out = r;
	return OK;
}

/* [from cell, to cell, wish]: duty_order.h says what a cell is and what a wish does. */
static json_t *
wishes_json(const struct wave *w)
{
	json_t *list = json_array();
	for (size_t i = 0; i < w->n_wishes; i++)
		json_array_append_new(list, json_pack("[III]", (json_int_t)w->wishes[i].from_cell,
						      (json_int_t)w->wishes[i].to_cell, (json_int_t)w->wishes[i].wish));
	return list;
}

/* As road_hour_of() counts them. */
static json_t *
hours_json(const struct duty_hours *h)
{
	json_t *list = json_array();
	for (size_t k = 0; k < h->n; k++)
		json_array_append_new(list, json_integer(h->now[k].hour));
	return list;
}

/* The lesson whose speeds are in the driving times; 0: none. */
static int64_t
speeds_version(const struct duty_wave_plan *plan)
{
	return duty_roads_are_ours(plan->roads) ? plan->wave.hours.version : 0;
}

/* Whose times: our own, by this file and lesson; or a server that nobody can ask for the same again, which is why
 * what it said is kept as a digest. The doors' lesson is the operator's own in either case. */
static void
put_times(json_t *o, const struct duty_planner *planner, const struct duty_wave_plan *plan)
{
	const struct wave *w = &plan->wave;
	json_put_text(o, "times_by", plan->roads->kind);
	if (plan->trouble != NULL) {
		json_put_text(o, "times_wanted", planner->roads->kind);
		json_put_text(o, "times_trouble", plan->trouble);
	}
	json_put_int(o, "speeds", speeds_version(plan));
	if (duty_roads_are_ours(plan->roads)) {
		json_put_text(o, "roads", planner->road_version);
		json_put(o, "speeds_hours", hours_json(&w->hours));
		json_put_int(o, "speeds_unknown_rows", (int64_t)w->hours.unknown);
		return;
	}
	json_put_text(o, "times_at", plan->roads->at);
	json_put_text(o, "times_profile", plan->roads->profile);
	json_put_text(o, "times_digest", plan->times_digest);
	json_put_int(o, "doors", w->hours.version);
}

/* What somebody needs to make this plan again. */
static json_t *
origin_json(struct scope *sc, const struct duty_planner *planner, const struct duty_wave_plan *plan,
	    const struct route_solution *s)
{
	const struct wave *w = &plan->wave;
	json_t *o = json_new_object(sc);
	json_put_text(o, "rule", PLAN_RULE);
	put_times(o, planner, plan);
	json_put_int(o, "pace_percent", PLAN_PACE_PERCENT);
	json_put_int(o, "seed", (int64_t)planner->seed);
	json_put_int(o, "iterations", (int64_t)s->iterations);
	json_put_int(o, "shipments", (int64_t)w->n_shipments);
	json_put_int(o, "drivers", (int64_t)w->n_awards);
	json_put(o, "order_wishes", wishes_json(w));
	json_put_int(o, "left_out", s->n_out);
	json_put_int(o, "driving_s", s->travel);
	json_put_int(o, "distance_m", s->distance);
	return o;
}

static enum code
left_out_of(struct scope *sc, const struct route_solution *s, struct duty_wave_plan *plan)
{
	plan->left_out = NEW_ARRAY(sc, s->n_out, struct left_out);
	for (uint32_t i = 0; i < s->n_out; i++)
		plan->left_out[i] = (struct left_out){plan->wave.shipments[s->out[i].task].id,
						      route_why_name(s->out[i].why), s->out[i].text};
	plan->n_left_out = s->n_out;
	return OK;
}

/* All of it with the wave's hours, by plan->roads. */
static enum code
make_rounds(struct scope *sc, const struct duty_planner *planner, struct duty_wave_plan *plan)
{
	const struct wave *w = &plan->wave;
	struct route_solution *s;
	TRY(solve(sc, planner, plan, &s));
	plan->origin = origin_json(sc, planner, plan, s);
	plan->rounds = NEW_ARRAY(sc, s->n_tours, struct round);
	plan->n_rounds = 0;
	for (uint32_t i = 0; i < s->n_tours; i++)
		TRY(round_make(sc, plan->roads, w, &s->tours[i], &plan->rounds[plan->n_rounds++]));
	return left_out_of(sc, s, plan);
}

/* A plan has one source of times: where that fails on the way, it is begun again with the other. */
static enum code
make_rounds_by(struct scope *sc, const struct duty_planner *planner, struct duty_wave_plan *plan)
{
	plan->roads = planner->roads;
	enum code rc = make_rounds(sc, planner, plan);
	if (!duty_roads_instead(sc, planner, rc, &plan->roads, &plan->trouble))
		return rc;
	log_line(LOG_WARN, "duty: a wave is planned by %s times: %s", plan->roads->kind, plan->trouble);
	return make_rounds(sc, planner, plan);
}

enum code
duty_plan_work(struct scope *sc, struct store *st, const struct duty_planner *planner, const struct job *job,
	       struct duty_wave_plan **out)
{
	struct duty_wave_plan *plan = NEW(sc, struct duty_wave_plan);
	struct wave *w = &plan->wave;
	w->operator_id = job->operator_id;
	w->station_id = job->subject;
	TRY(json_need_int(sc, job->payload, "starts_ms", 0, INT64_MAX, &w->starts_ms));
	TRY(store_read(sc, st, gather, w));
	*out = plan;
	if (w->n_awards == 0)
		return OK; /* nobody starts: the shipments wait for the next wave */
	TRY(take_learned(sc, st, planner, w));
	enum code rc = make_rounds_by(sc, planner, plan);
	duty_hours_drop(&w->hours);
	return rc;
}

/* --- commit --- */

/* The shipment may have been cancelled or rescheduled meanwhile. */
static enum code
take_shipment(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, const char *duty_id,
	      bool *taken)
{
	struct shipment now;
	TRY(freight_get(sc, tx, operator_id, shipment_id, &now));
	*taken = now.state == SHIPMENT_AT_STATION;
	if (!*taken)
		return OK;
	const struct move to = {.to = SHIPMENT_PLANNED, .duty_id = duty_id};
	return freight_move(sc, tx, operator_id, shipment_id, &to);
}

static enum code
stop_insert(struct scope *sc, struct tx *tx, const struct wave *w, const char *duty_id, const struct round *r, size_t k)
{
	struct id id = tx_new_id(tx, "stp");
	const struct traffic_stop *learned = &w->stops[r->shipments[k]];
	bool park = learned->known && learned->park_known;
	int64_t walk_s = learned->known ? (int64_t)(learned->walk_s + 0.5) : 0;
	return sql_run(
	    sc, tx,
	    "INSERT INTO stop(operator_id, id, duty_id, seq, shipment_id, state, lat_e7, lon_e7, service_s, eta_ms,"
	    " shape, leg_m, leg_s, walk_s, park_lat_e7, park_lon_e7)"
	    " VALUES($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
	    VALS(v_text(w->operator_id), v_text(id.s), v_text(duty_id), v_int((int64_t)k),
		 v_text(w->shipments[r->shipments[k]].id), v_int(r->legs.places[k + 1].lat_e7),
		 v_int(r->legs.places[k + 1].lon_e7), v_int(r->legs.service_s[k]), v_int(r->eta_ms[k]),
		 v_text(r->legs.shape[k]), v_int(r->legs.distance_m[k]), v_int(r->legs.duration_s[k]), v_int(walk_s),
		 park ? v_int(learned->park.lat_e7) : v_null(), park ? v_int(learned->park.lon_e7) : v_null()),
	    NULL);
}

/* The newest version of the block's plan is the one the offer showed. */
static enum code
duty_insert(struct scope *sc, struct tx *tx, const struct duty_wave_plan *plan, const struct round *r, struct id *out)
{
	const struct wave *w = &plan->wave;
	struct id id = tx_new_id(tx, "dty");
	size_t n = r->legs.n;
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO duty(operator_id, id, driver_id, award_id, block_id, station_id, state, starts_ms, ends_ms,"
	    " planned_ms, pay_plan_id, pay_plan_version, depot_lat_e7, depot_lon_e7, plan_version, plan_origin,"
	    " distance_m, duration_s, back_shape, speeds_version)"
	    " VALUES($1, $2, $3, $4, $5, $6, 'planned', $7, $8, $9, $10, $11, $12, $13, 1, $14, $15, $16, $17, $18)",
	    VALS(v_text(w->operator_id), v_text(id.s), v_text(r->award.driver_id), v_text(r->award.id),
		 v_text(r->award.block_id), v_text(w->station_id), v_int(r->award.hours.starts_ms),
		 v_int(r->award.hours.ends_ms), v_int(tx_now_ms(tx)), v_text(r->award.pay_plan_id),
		 v_int(r->award.pay_plan_version), v_int(w->station.place.lat_e7), v_int(w->station.place.lon_e7),
		 v_text(json_text(sc, plan->origin)), v_int(r->distance_m), v_int(r->duration_s),
		 v_text(n > 0 ? r->legs.shape[n] : ""), v_int(speeds_version(plan))),
	    NULL));
	*out = id;
	return OK;
}

static enum code
decide_plan(struct scope *sc, struct tx *tx, const struct wave *w, const struct round *r, const char *duty_id,
	    const json_t *origin, size_t stops)
{
	struct id decision;
	json_t *params = json_new_object(sc);
	json_put_int(params, "stops", (int64_t)stops);
	json_put_int(params, "distance_m", r->distance_m);
	json_put_int(params, "duration_s", r->duration_s);
	const struct decision d = {
	    .operator_id = w->operator_id,
	    .driver_id = r->award.driver_id,
	    .kind = "plan.assign",
	    .subject = duty_id,
	    .rule = PLAN_RULE,
	    .inputs = origin,
	    .outcome = "planned",
	    .reason = "shortest_even_rounds",
	    .params = params,
	};
	return record_decide(sc, tx, &d, &decision);
}

static enum code
round_commit(struct scope *sc, struct tx *tx, const struct duty_wave_plan *plan, const struct round *r)
{
	const struct wave *w = &plan->wave;
	struct award now;
	struct id duty;
	size_t stops = 0;
	bool wants;
	TRY(offer_award_get(sc, tx, w->operator_id, r->award.id, &now));
	TRY(wants_plan(sc, tx, w->operator_id, &now, &wants)); /* she may have opened without one, or have another */
	if (!wants)
		return OK;
	TRY(duty_insert(sc, tx, plan, r, &duty));
	TRY(job_add(sc, tx, duty_end_job.name, w->operator_id, duty.s, now.hours.ends_ms, NULL));
	for (size_t k = 0; k < r->legs.n; k++) {
		const char *shipment = w->shipments[r->shipments[k]].id;
		bool taken;
		TRY(take_shipment(sc, tx, w->operator_id, shipment, duty.s, &taken));
		if (!taken)
			continue;
		TRY(stop_insert(sc, tx, w, duty.s, r, k));
		stops++;
	}
	TRY(decide_plan(sc, tx, w, r, duty.s, plan->origin, stops));
	json_t *data = json_new_object(sc);
	json_put_int(data, "stops", (int64_t)stops);
	return event_emit(sc, tx, w->operator_id, r->award.driver_id, FOR_BOTH, "plan.made", duty.s, data);
}

enum code
duty_plan_commit(struct scope *sc, struct tx *tx, const struct job *job, const struct duty_wave_plan *plan)
{
	for (size_t i = 0; i < plan->n_rounds; i++)
		TRY(round_commit(sc, tx, plan, &plan->rounds[i]));
	if (plan->n_left_out == 0)
		return OK;
	json_t *data = json_new_object(sc);
	json_t *list = json_array();
	json_put(data, "shipments", list);
	for (size_t i = 0; i < plan->n_left_out && i < 50; i++)
		json_array_append_new(list, json_pack("{ssssss}", "id", plan->left_out[i].shipment_id, "why",
						      plan->left_out[i].why, "text", plan->left_out[i].text));
	json_put_int(data, "count", (int64_t)plan->n_left_out);
	return event_emit(sc, tx, job->operator_id, NULL, FOR_STAFF, "plan.left_out", job->subject, data);
}

enum code
duty_plan_ask(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, int64_t starts_ms)
{
	json_t *payload = json_new_object(sc);
	json_put_int(payload, "starts_ms", starts_ms);
	int64_t due_ms = starts_ms - PLAN_LEAD_MS;
	int64_t now_ms = tx_now_ms(tx);
	return job_add(sc, tx, DUTY_PLAN_JOB, operator_id, station_id, due_ms > now_ms ? due_ms : now_ms, payload);
}

static enum code
release_shipments(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id)
{
	struct shipment *list;
	size_t n;
	TRY(freight_of_duty(sc, tx, operator_id, duty_id, &list, &n));
	for (size_t i = 0; i < n; i++) {
		if (list[i].state != SHIPMENT_PLANNED && list[i].state != SHIPMENT_LOADED)
			continue;
		const struct move back = {.to = SHIPMENT_AT_STATION};
		TRY(freight_move(sc, tx, operator_id, list[i].id, &back));
	}
	return sql_run(sc, tx,
		       "UPDATE stop SET state = 'released' WHERE operator_id = $1 AND duty_id = $2 AND state = 'open'",
		       VALS(v_text(operator_id), v_text(duty_id)), NULL);
}

enum code
duty_release(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r,
	    "SELECT id, station_id, starts_ms, state, ends_ms FROM duty WHERE operator_id = $1 AND award_id = $2"
	    " AND state <> 'released'",
	    VALS(v_text(operator_id), v_text(award_id)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK; /* not planned yet */
	}
	TRY(rc);
	const char *duty_id = row_text(sc, r, 0);
	const char *station_id = row_text(sc, r, 1);
	int64_t starts_ms = row_int(r, 2);
	int64_t ends_ms = row_int(r, 4);
	if (strcmp(row_text(sc, r, 3), "planned") != 0)
		return fail_as(sc, E_CONFLICT, "duty-open", "the duty of this award has begun");
	TRY(release_shipments(sc, tx, operator_id, duty_id));
	TRY(sql_run(sc, tx, "UPDATE duty SET state = 'released' WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(duty_id)), NULL));
	return tx_now_ms(tx) < ends_ms ? duty_plan_ask(sc, tx, operator_id, station_id, starts_ms) : OK;
}

enum code
duty_release_all(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	for (;;) {
		struct rows *r;
		enum code rc = sql_one(sc, tx, &r,
				       "SELECT award_id FROM duty WHERE operator_id = $1 AND driver_id = $2 AND"
				       " state = 'planned' ORDER BY id LIMIT 1",
				       VALS(v_text(operator_id), v_text(driver_id)));
		if (rc == E_NOT_FOUND) {
			error_clear(sc);
			return OK;
		}
		TRY(rc);
		TRY(duty_release(sc, tx, operator_id, row_text(sc, r, 0)));
	}
}

enum code
duty_shipment_gone(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
		   const char *shipment_id)
{
	struct rows *r;
	int64_t changed;
	if (duty_id == NULL)
		return OK;
	TRY(sql_run(sc, tx,
		    "UPDATE stop SET state = 'released' WHERE operator_id = $1 AND duty_id = $2 AND shipment_id = $3"
		    " AND state IN ('open','arrived')",
		    VALS(v_text(operator_id), v_text(duty_id), v_text(shipment_id)), &changed));
	if (changed == 0)
		return OK;
	TRY(sql_one(sc, tx, &r, "SELECT driver_id FROM duty WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(duty_id))));
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", duty_id);
	return event_emit(sc, tx, operator_id, row_text(sc, r, 0), FOR_BOTH, "plan.changed", duty_id, data);
}
