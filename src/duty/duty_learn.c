/* A night's lesson: finished duties' tracks, cut at their doors, to the road's
 * learner and to the doors'; and a look back at how well the version before had
 * foretold the duties it could not know.
 *
 * The work reads one duty at a time in a snapshot of its own and writes nothing;
 * the commit is one transaction. */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "duty/duty_rows.h"
#include "duty/duty_track.h"
#include "offer/offer.h"
#include "people/people.h"

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define LEARN_DUTIES_MAX 20000
#define LEARN_POSITIONS_MAX 3000000 /* the newest duties first */

/* --- what there is to learn from --- */

struct finished {
	const char *id, *driver_id, *block_id, *station_id;
	int64_t departed_ms, closed_ms;
};

struct night {
	const char *operator_id;
	int64_t from_ms, to_ms;
	struct finished *duties; /* newest first */
	size_t n_duties;
	int64_t before, seen_ms;   /* the newest version and the end of what it has seen */
	struct road_speeds speeds; /* its rows */
	struct traffic_doors doors;
};

static enum code
read_duties(struct scope *sc, struct tx *tx, struct night *n)
{
	struct rows *r;
	n->duties = NEW_ARRAY(sc, LEARN_DUTIES_MAX, struct finished);
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, driver_id, block_id, station_id, departed_ms, closed_ms FROM duty WHERE"
		      " operator_id = $1 AND state = 'closed' AND closed_ms >= $2 AND closed_ms < $3 AND"
		      " departed_ms IS NOT NULL AND position_asked = 0 ORDER BY closed_ms DESC, id LIMIT $4",
		      VALS(v_text(n->operator_id), v_int(n->from_ms), v_int(n->to_ms), v_int(LEARN_DUTIES_MAX))));
	while (n->n_duties < LEARN_DUTIES_MAX && row_next(r))
		n->duties[n->n_duties++] = (struct finished){row_text(sc, r, 0), row_text(sc, r, 1), row_text(sc, r, 2),
							     row_text(sc, r, 3), row_int(r, 4),	     row_int(r, 5)};
	return rows_end(sc, r);
}

static enum code
read_night(struct scope *sc, struct tx *tx, void *arg)
{
	struct night *n = arg;
	TRY(traffic_newest(sc, tx, n->operator_id, &n->before, &n->seen_ms));
	if (n->before > 0) {
		TRY(traffic_speeds(sc, tx, n->operator_id, n->before, &n->speeds));
		TRY(traffic_doors(sc, tx, n->operator_id, n->before, &n->doors));
	}
	return read_duties(sc, tx, n);
}

/* --- one duty --- */

struct reading {
	const char *operator_id;
	const struct finished *duty;
	bool on; /* positions may be used */
	struct duty_track track;
};

static enum code
read_knocks(struct scope *sc, struct tx *tx, struct reading *d)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM attempt WHERE operator_id = $1 AND duty_id = $2",
		    VALS(v_text(d->operator_id), v_text(d->duty->id))));
	size_t max = (size_t)row_int(r, 0);
	struct knock *list = NEW_ARRAY(sc, max + 1, struct knock);
	const char **shipment = NEW_ARRAY(sc, max + 1, const char *);
	size_t n = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT a.arrived_ms, a.at_ms, s.lat_e7, s.lon_e7, s.shipment_id FROM attempt a JOIN stop s ON"
		      " s.operator_id = a.operator_id AND s.id = a.stop_id WHERE a.operator_id = $1 AND a.duty_id = $2"
		      " ORDER BY a.at_ms, a.id",
		      VALS(v_text(d->operator_id), v_text(d->duty->id))));
	while (row_next(r) && n < max) {
		shipment[n] = row_text(sc, r, 4);
		list[n++] =
		    (struct knock){row_int(r, 0), row_int(r, 1), {(int32_t)row_int(r, 2), (int32_t)row_int(r, 3)}, 0};
	}
	TRY(rows_end(sc, r));
	for (size_t i = 0; i < n; i++) {
		struct shipment s;
		TRY(freight_get(sc, tx, d->operator_id, shipment[i], &s));
		list[i].told_s = (double)s.service_s;
	}
	d->track.knocks = list;
	d->track.n_knocks = n;
	return OK;
}

static enum code
read_track(struct scope *sc, struct tx *tx, void *arg)
{
	struct reading *d = arg;
	const struct finished *f = d->duty;
	struct station station;
	struct position *positions;
	TRY(duty_positions_on(sc, tx, d->operator_id, f->block_id, &d->on));
	if (!d->on)
		return OK;
	TRY(station_get(sc, tx, d->operator_id, f->station_id, &station));
	d->track = (struct duty_track){
	    .driver = text_number(f->driver_id), .departed_ms = f->departed_ms, .closed_ms = f->closed_ms};
	TRY(zone_offset_ms(sc, station.zone, f->departed_ms, &d->track.offset_ms));
	TRY(positions_of(sc, tx, d->operator_id, f->id, &positions, &d->track.n_positions));
	d->track.positions = positions;
	return read_knocks(sc, tx, d);
}

/* --- all of them --- */

struct school {
	struct scope *sc;
	const struct road *road;
	struct road_learner *learner;
	struct traffic_visit *visits;
	size_t n_visits, cap_visits;
	struct traffic_counts of;
	size_t n_positions;
	struct voice *drivers; /* one a duty */
	/* for the look back: of duties that the version before has not seen */
	struct road_drive *new_drives;
	size_t n_new_drives, cap_new_drives;
	size_t n_new_visits;
	size_t n_new_duties;
};

static void *
wider(struct scope *sc, void *list, size_t n, size_t *cap, size_t more, size_t size)
{
	if (n + more <= *cap)
		return list;
	*cap = (n + more) * 2;
	void *copy = scope_array(sc, *cap, size);
	if (n > 0)
		memcpy(copy, list, n * size);
	return copy;
}

static void
keep_for_check(struct school *s, const struct road_drive *drives, size_t n)
{
	s->new_drives = wider(s->sc, s->new_drives, s->n_new_drives, &s->cap_new_drives, n, sizeof *drives);
	for (size_t i = 0; i < n; i++)
		if (drives[i].n >= 2)
			s->new_drives[s->n_new_drives++] = (struct road_drive){
			    scope_memdup(s->sc, drives[i].fixes, drives[i].n * sizeof *drives[i].fixes), drives[i].n};
}

static enum code
teach(struct scope *sc, struct school *s, const struct duty_track *t, bool new)
{
	size_t n = t->n_knocks + 1;
	struct road_drive *drives = NEW_ARRAY(sc, n, struct road_drive);
	size_t n_visits;
	s->visits = wider(s->sc, s->visits, s->n_visits, &s->cap_visits, n, sizeof *s->visits);
	duty_track_cut(sc, t, drives, s->visits + s->n_visits, &n_visits);
	s->n_visits += n_visits;
	s->n_new_visits += new ? n_visits : 0;
	for (size_t i = 0; i < n; i++) {
		if (drives[i].n < 2)
			continue;
		TRY(road_learner_add(sc, s->learner, t->driver, drives[i].fixes, drives[i].n));
		s->of.drives++;
	}
	if (new)
		keep_for_check(s, drives, n);
	s->n_new_duties += new;
	s->drivers[s->of.duties++] = (struct voice){0, t->driver, 1, 1};
	s->n_positions += t->n_positions;
	return OK;
}

/* How many drove the first n duties. */
static size_t
drivers_among(struct scope *sc, const struct school *s, size_t n)
{
	struct voices v;
	voices_init(&v, sc, scope_memdup(sc, s->drivers, n * sizeof *s->drivers), n);
	return v.n;
}

/* Newest first, so the duties that the version before has not seen come first. */
static enum code
teach_all(struct scope *sc, struct store *st, const struct night *n, struct school *s)
{
	enum code rc = OK;
	struct scope work; /* of one duty */
	scope_init(&work);
	s->drivers = NEW_ARRAY(sc, n->n_duties + 1, struct voice);
	for (size_t i = 0; i < n->n_duties && s->n_positions < LEARN_POSITIONS_MAX && rc == OK; i++) {
		struct reading d = {.operator_id = n->operator_id, .duty = &n->duties[i]};
		rc = store_read(&work, st, read_track, &d);
		if (rc == OK && d.on)
			rc = teach(&work, s, &d.track, n->duties[i].closed_ms >= n->seen_ms);
		if (rc != OK)
			sc->err = work.err;
		scope_clear(&work);
	}
	scope_release(&work);
	if (rc != OK)
		return rc;
	s->of.drivers = (int64_t)drivers_among(sc, s, (size_t)s->of.duties);
	s->of.visits = (int64_t)s->n_visits;
	return OK;
}

/* --- the look back --- */

static double
thousandths(double v)
{
	return round(v * 1000) / 1000;
}

static json_t *
check_drives_json(const struct road_eval *e)
{
	json_t *o = json_object();
	json_t *bare = json_object();
	json_t *saved = json_array();
	json_put_int(o, "drives", (int64_t)e->trips);
	json_put_real(o, "foretold_over_driven", thousandths(e->median_ratio));
	json_put_real(o, "mean_error_s", thousandths(e->mae_s));
	json_put_real(bare, "foretold_over_driven", thousandths(e->median_ratio_bare));
	json_put_real(bare, "mean_error_s", thousandths(e->mae_bare_s));
	json_put(o, "by_the_map_alone", bare);
	for (int i = 0; i < 3; i++)
		json_array_append_new(saved, json_real(thousandths(e->gain_bare_s[i])));
	json_put(o, "saved_s", saved);
	return o;
}

/* Stops: what the sender said and what had been learned, against what it took. */
static json_t *
check_stops_json(const struct traffic_doors *doors, const struct traffic_visit *visits, size_t n)
{
	double told_s = 0;
	double learned_s = 0;
	json_t *o = json_object();
	for (size_t i = 0; i < n; i++) {
		struct traffic_stop s;
		double real_s = visits[i].service_s + visits[i].walk_s;
		traffic_stop_of(doors, visits[i].door, visits[i].told_s, &s);
		told_s += fabs(visits[i].told_s - real_s);
		learned_s += fabs(s.service_s + s.walk_s - real_s);
	}
	json_put_int(o, "visits", (int64_t)n);
	json_put_real(o, "mean_error_s", n == 0 ? 0 : thousandths(learned_s / (double)n));
	json_put_real(o, "as_told_mean_error_s", n == 0 ? 0 : thousandths(told_s / (double)n));
	return o;
}

static enum code
check_json(struct scope *sc, const struct night *n, const struct school *s, const json_t **out)
{
	if (s->n_new_drives == 0 || drivers_among(sc, s, s->n_new_duties) < VOICES_MIN)
		return OK; /* of fewer it would say how somebody drives */
	struct road_trip_times *times = NEW_ARRAY(sc, s->n_new_drives, struct road_trip_times);
	size_t n_times;
	TRY(road_foretell(sc, s->road, n->before == 0 ? NULL : &n->speeds, s->new_drives, s->n_new_drives, times,
			  &n_times));
	if (n_times == 0)
		return OK;
	struct road_eval e;
	road_eval_trips(sc, times, n_times, &e);
	json_t *o = json_new_object(sc);
	json_put_int(o, "version", n->before);
	json_put(o, "streets", check_drives_json(&e));
	json_put(o, "stops", check_stops_json(&n->doors, s->visits, s->n_new_visits));
	*out = o;
	return OK;
}

/* --- the lesson --- */

static enum code
finish_speeds(struct scope *sc, struct school *s, struct road_speeds *out)
{
	enum code rc = road_learner_finish(sc, s->learner, out);
	if (rc == E_INVALID) { /* nothing matched: the map's own */
		error_clear(sc);
		*out = (struct road_speeds){.trip = 1};
		for (unsigned c = 0; c < ROAD_CLASSES; c++)
			for (unsigned h = 0; h < ROAD_HOURS; h++)
				out->class_hour[c][h] = 1;
		return OK;
	}
	return rc;
}

enum code
duty_learn(struct scope *sc, struct store *st, const struct duty_planner *planner, const char *operator_id,
	   int64_t from_ms, int64_t to_ms, struct traffic_lesson **out)
{
	struct night n = {.operator_id = operator_id, .from_ms = from_ms, .to_ms = to_ms};
	struct school s = {.sc = sc, .road = planner->road};
	struct traffic_lesson *l = NEW(sc, struct traffic_lesson);
	*out = NULL;
	TRY(store_read(sc, st, read_night, &n));
	s.learner = road_learner_new(sc, planner->road);
	TRY(teach_all(sc, st, &n, &s));
	if (s.of.drives == 0)
		return OK;
	*l = (struct traffic_lesson){.from_ms = from_ms,
				     .to_ms = to_ms,
				     .of = s.of,
				     .extract = planner->road_version,
				     .checked_from_ms = n.seen_ms > from_ms ? n.seen_ms : from_ms};
	TRY(check_json(sc, &n, &s, &l->checked));
	TRY(finish_speeds(sc, &s, &l->speeds));
	traffic_learn_doors(sc, s.visits, s.n_visits, &l->doors);
	*out = l;
	return OK;
}

/* --- the job --- */

enum code
duty_learn_work(struct scope *sc, struct store *st, const struct duty_planner *planner, const struct job *job,
		struct traffic_lesson **out)
{
	int64_t now_ms = clock_now_ms(store_clock(st));
	return duty_learn(sc, st, planner, job->operator_id, now_ms - DUTY_LEARN_DAYS * DAY_MS, now_ms, out);
}

enum code
duty_learn_commit(struct scope *sc, struct tx *tx, const struct job *job, const struct traffic_lesson *lesson)
{
	int64_t version;
	if (lesson == NULL)
		return OK;
	TRY(traffic_keep(sc, tx, job->operator_id, lesson, &version));
	return job_add(sc, tx, DUTY_SPEEDS_JOB, job->operator_id, job->operator_id, tx_now_ms(tx), NULL);
}

enum code
duty_learn_tonight(struct scope *sc, struct tx *tx, const char *operator_id)
{
	struct operator op;
	char today[DATE_TEXT_MAX];
	int64_t midnight_ms;
	int64_t due_ms = 0;
	TRY(operator_get(sc, tx, operator_id, &op));
	TRY(zone_date(sc, op.zone, tx_now_ms(tx), today));
	TRY(date_parse(sc, today, &midnight_ms));
	for (int64_t day = 0; due_ms <= tx_now_ms(tx); day++)
		TRY(zone_to_utc(sc, op.zone, midnight_ms + day * DAY_MS + DUTY_LEARN_HOUR * HOUR_MS, &due_ms));
	return job_add(sc, tx, DUTY_LEARN_JOB, operator_id, operator_id, due_ms, NULL);
}

enum code
duty_learn_now(struct scope *sc, struct tx *tx, const char *operator_id)
{
	return job_add(sc, tx, DUTY_LEARN_JOB, operator_id, operator_id, tx_now_ms(tx), NULL);
}
