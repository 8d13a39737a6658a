/* Positions: inside an open duty, or nowhere. */
#include "duty/duty_rows.h"
#include "people/people.h"
#include "record/record.h"
#include "road/match_stream.h"
#include "store/event.h"

#define FUTURE_MS (2 * 60000)	/* phones' clocks are a little off */
#define ACCURACY_MAX_M 500.0	/* a guess wider than this says nothing */
#define IMPOSSIBLE_MPS 55.6	/* 200 km/h */
#define IMPOSSIBLE_OVER_M 1000. /* shorter jumps are the receiver's noise */

enum code
duty_positions_on(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, bool *on)
{
	struct block b;
	struct policy p;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	TRY(programme_policy(sc, tx, operator_id, b.programme_id, 0, &p));
	*on = p.positions;
	return OK;
}

enum code
positions_window(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
		 struct position_window *out)
{
	struct rows *r;
	bool on;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id, opened_ms, block_id FROM duty WHERE operator_id = $1 AND driver_id = $2 AND"
			       " state IN ('loading','driving')",
			       VALS(v_text(operator_id), v_text(driver_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-duty", "no duty is open: your place is not recorded");
	TRY(rc);
	struct position_window w = {row_text(sc, r, 0), row_int(r, 1), INT64_MAX, false};
	TRY(duty_positions_on(sc, tx, operator_id, row_text(sc, r, 2), &on));
	w.off = !on;
	*out = w;
	return OK;
}

const char *
position_refusal(const struct position_window *w, const struct position *p, int64_t now_ms)
{
	if (w->off)
		return "not-monitored";
	if (p->at_ms < w->from_ms || p->at_ms > w->to_ms)
		return "outside-duty";
	if (p->at_ms > now_ms + FUTURE_MS)
		return "future";
	if (!(p->accuracy_m >= 0 && p->accuracy_m <= ACCURACY_MAX_M))
		return "inaccurate";
	return NULL;
}

enum code
positions_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *duty_id,
	      const struct position *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		TRY(sql_run(sc, tx,
			    "INSERT INTO position(operator_id, duty_id, at_ms, driver_id, lat_e7, lon_e7, accuracy_dm,"
			    " speed_cmps) VALUES($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
			    VALS(v_text(operator_id), v_text(duty_id), v_int(p[i].at_ms), v_text(driver_id),
				 v_int(p[i].place.lat_e7), v_int(p[i].place.lon_e7),
				 v_int((int64_t)(p[i].accuracy_m * 10)),
				 p[i].speed_mps < 0 ? v_null() : v_int((int64_t)(p[i].speed_mps * 100))),
			    NULL));
	tx_ring(tx, BELL_POSITIONS);
	return OK;
}

static struct position
from_row(struct rows *r)
{
	return (struct position){
	    .at_ms = row_int(r, 0),
	    .place = {(int32_t)row_int(r, 1), (int32_t)row_int(r, 2)},
	    .accuracy_m = (double)row_int(r, 3) / 10,
	    .speed_mps = row_null(r, 4) ? -1 : (double)row_int(r, 4) / 100,
	};
}

enum code
positions_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, struct position **out,
	     size_t *n)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM position WHERE operator_id = $1 AND duty_id = $2",
		    VALS(v_text(operator_id), v_text(duty_id))));
	size_t max = (size_t)row_int(r, 0);
	struct position *list = NEW_ARRAY(sc, max, struct position);
	size_t have = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT at_ms, lat_e7, lon_e7, accuracy_dm, speed_cmps FROM position WHERE operator_id = $1 AND"
		      " duty_id = $2 ORDER BY at_ms",
		      VALS(v_text(operator_id), v_text(duty_id))));
	while (have < max && row_next(r))
		list[have++] = from_row(r);
	if (have < max)
		TRY(rows_end(sc, r));
	*out = list;
	*n = have;
	return OK;
}

enum code
positions_last(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, struct position *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT at_ms, lat_e7, lon_e7, accuracy_dm, speed_cmps FROM position WHERE operator_id = $1 AND"
		    " duty_id = $2 ORDER BY at_ms DESC LIMIT 1",
		    VALS(v_text(operator_id), v_text(duty_id))));
	*out = from_row(r);
	return OK;
}

enum code
positions_recent(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, size_t max,
		 struct position **out, size_t *n)
{
	struct rows *r;
	struct position *list = NEW_ARRAY(sc, max, struct position);
	size_t have = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT at_ms, lat_e7, lon_e7, accuracy_dm, speed_cmps FROM position WHERE operator_id = $1 AND"
		      " duty_id = $2 ORDER BY at_ms DESC LIMIT $3",
		      VALS(v_text(operator_id), v_text(duty_id), v_int((int64_t)max))));
	while (have < max && row_next(r))
		list[max - ++have] = from_row(r);
	if (have < max)
		TRY(rows_end(sc, r));
	*out = list + (max - have);
	*n = have;
	return OK;
}

enum code
positions_live(struct scope *sc, struct tx *tx, const char *operator_id, struct duty_live **out, size_t *n)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM duty WHERE operator_id = $1 AND state IN ('loading','driving')",
		    VALS(v_text(operator_id))));
	size_t max = (size_t)row_int(r, 0);
	struct duty_live *list = NEW_ARRAY(sc, max + 1, struct duty_live);
	size_t have = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id FROM duty WHERE operator_id = $1 AND state IN ('loading','driving') ORDER BY id",
		      VALS(v_text(operator_id))));
	while (have < max && row_next(r))
		list[have++].duty_id = row_text(sc, r, 0);
	if (have < max)
		TRY(rows_end(sc, r));
	for (size_t i = 0; i < have; i++)
		TRY(positions_recent(sc, tx, operator_id, list[i].duty_id, POSITIONS_TAIL, &list[i].p, &list[i].n));
	*out = list;
	*n = have;
	return OK;
}

const char *
positions_street(struct scope *sc, struct road_matcher *matcher, const struct road *road, const struct position *p,
		 size_t n)
{
	struct road_stream *s;
	struct road_point now;
	const char *street = NULL;
	if (road_stream_open(sc, ROAD_LAG, &s) != OK) {
		error_clear(sc);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		const struct road_fix fix = {p[i].place, p[i].at_ms, p[i].accuracy_m};
		struct road_settled_list settled;
		if (road_stream_push(sc, matcher, NULL, s, &fix, &settled) != OK)
			error_clear(sc); /* a fix that fits nothing says nothing */
	}
	if (road_stream_now(s, &now))
		street = road_point_name(road, &now);
	road_stream_close(s);
	return street;
}

bool
positions_plausible(const struct position *p, size_t n, struct scope *sc, const char **why)
{
	for (size_t i = 1; i < n; i++) {
		double apart_m = place_distance_m(p[i - 1].place, p[i].place) - p[i - 1].accuracy_m - p[i].accuracy_m;
		double s = (double)(p[i].at_ms - p[i - 1].at_ms) / 1000;
		if (apart_m < IMPOSSIBLE_OVER_M || apart_m < IMPOSSIBLE_MPS * s)
			continue;
		*why = scope_printf(sc, "%.1f km in %.0f s", apart_m / 1000, s);
		return false;
	}
	return true;
}

enum code
positions_ask_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
		     const char *duty_id, const char *why)
{
	struct rows *r;
	struct id id;
	TRY(sql_one(sc, tx, &r, "SELECT station_id, position_asked FROM duty WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(duty_id))));
	const char *station_id = row_text(sc, r, 0);
	if (row_int(r, 1) != 0)
		return OK; /* one question a duty is enough */
	json_t *evidence = json_new_array(sc);
	json_array_append_new(evidence, json_pack("{ssss}", "label", "The phone reported", "value", why));
	json_array_append_new(evidence, json_pack("{ssss}", "label", "Duty", "value", duty_id));
	const struct queue_entry q = {
	    .operator_id = operator_id,
	    .station_id = station_id,
	    .driver_id = driver_id,
	    .kind = "position.implausible",
	    .subject = duty_id,
	    .question = "This phone's track cannot be true as it stands. A broken receiver, a tunnel, or something to "
			"talk about?",
	    .evidence = evidence,
	    .due_ms = 0,
	};
	TRY(queue_add(sc, tx, &q, &id));
	return sql_run(sc, tx, "UPDATE duty SET position_asked = 1 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(duty_id)), NULL);
}

enum code
positions_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return sql_run(sc, tx, "DELETE FROM position WHERE operator_id = $1 AND driver_id = $2",
		       VALS(v_text(operator_id), v_text(driver_id)), NULL);
}

enum code
positions_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	struct rows *r;
	json_t *list = json_array();
	json_put(into, "positions", list);
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT at_ms, lat_e7, lon_e7, accuracy_dm, speed_cmps, duty_id FROM position WHERE operator_id = $1"
	    " AND driver_id = $2 ORDER BY duty_id, at_ms",
	    VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r)) {
		struct position p = from_row(r);
		json_t *o = json_object();
		json_put_text(o, "duty_id", row_text(sc, r, 5));
		json_put_time(o, "at", p.at_ms);
		json_put_place(o, "place", p.place);
		json_put_real(o, "accuracy_m", p.accuracy_m);
		json_array_append_new(list, o);
	}
	return rows_end(sc, r);
}
