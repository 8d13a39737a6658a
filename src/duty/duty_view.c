/* What people see of duties: the driver her round, staff its state, the report its counts. */
#include "duty/duty_rows.h"

#include "freight/freight.h"

static enum code
parse_text(struct scope *sc, const char *text, json_t **out)
{
	return json_parse(sc, text, strlen(text), out);
}

/* --- stops --- */

#define STOP_COLUMNS \
	"SELECT id, seq, shipment_id, state, lat_e7, lon_e7, service_s, eta_ms, shape, attempts, arrived_ms, " \
	"done_ms, reason," \
	" leg_m, leg_s, walk_s, park_lat_e7, park_lon_e7 FROM stop WHERE operator_id = $1 AND duty_id = $2 AND state " \
	"<> 'released' ORDER BY seq"

static json_t *
stop_json(struct scope *sc, struct rows *r)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", row_text(sc, r, 0));
	json_put_int(o, "seq", row_int(r, 1));
	json_put_text(o, "shipment_id", row_text(sc, r, 2));
	json_put_text(o, "kind", "delivery");
	json_put_text(o, "state", row_text(sc, r, 3));
	json_put_place(o, "place", (struct place){(int32_t)row_int(r, 4), (int32_t)row_int(r, 5)});
	json_put_int(o, "service_s", row_int(r, 6));
	json_put_time(o, "eta", row_int(r, 7));
	json_put_text(o, "shape", row_text(sc, r, 8));
	json_put_int(o, "attempts", row_int(r, 9));
	json_put_time(o, "arrived_at", row_int(r, 10));
	json_put_time(o, "done_at", row_int(r, 11));
	json_put_text(o, "reason", row_text(sc, r, 12));
	json_put_int(o, "leg_m", row_int(r, 13));
	json_put_int(o, "leg_s", row_int(r, 14));
	json_put_int(o, "walk_s", row_int(r, 15));
	if (!row_null(r, 16))
		json_put_place(o, "park", (struct place){(int32_t)row_int(r, 16), (int32_t)row_int(r, 17)});
	return o;
}

static enum code
stops_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, json_t **out)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(sc, tx, &r, STOP_COLUMNS, VALS(v_text(operator_id), v_text(duty_id))));
	while (row_next(r))
		json_array_append(list, stop_json(sc, r));
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

/* The shipment as this viewer may read it, under "shipment". */
static enum code
add_shipments(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, enum shipment_view view,
	      json_t *stops)
{
	size_t i;
	json_t *stop;
	json_array_foreach(stops, i, stop)
	{
		json_t *shipment;
		TRY(freight_json(sc, tx, k, operator_id, json_string_value(json_object_get(stop, "shipment_id")), view,
				 &shipment));
		json_put(stop, "shipment", json_incref(shipment));
	}
	return OK;
}

/* --- a duty --- */

#define DUTY_COLUMNS \
	"SELECT id, driver_id, award_id, block_id, station_id, state, starts_ms, ends_ms, opened_ms, departed_ms, " \
	"closed_ms," \
	" plan_version, plan_origin, distance_m, duration_s, back_shape, depot_lat_e7, depot_lon_e7, speeds_version " \
	"FROM " \
	"duty"

static json_t *
duty_head(struct scope *sc, struct rows *r)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", row_text(sc, r, 0));
	json_put_text(o, "driver_id", row_text(sc, r, 1));
	json_put_text(o, "award_id", row_text(sc, r, 2));
	json_put_text(o, "block_id", row_text(sc, r, 3));
	json_put_text(o, "station_id", row_text(sc, r, 4));
	json_put_text(o, "state", row_text(sc, r, 5));
	json_put_time(o, "starts_at", row_int(r, 6));
	json_put_time(o, "ends_at", row_int(r, 7));
	json_put_time(o, "opened_at", row_int(r, 8));
	json_put_time(o, "departed_at", row_int(r, 9));
	json_put_time(o, "closed_at", row_int(r, 10));
	return o;
}

static enum code
plan_json(struct scope *sc, struct rows *r, json_t **out)
{
	json_t *origin;
	json_t *o = json_new_object(sc);
	TRY(parse_text(sc, row_text(sc, r, 12), &origin));
	json_put_int(o, "version", row_int(r, 11));
	json_put(o, "origin", json_incref(origin));
	json_put_int(o, "distance_m", row_int(r, 13));
	json_put_int(o, "duration_s", row_int(r, 14));
	json_put_text(o, "back_shape", row_text(sc, r, 15));
	json_put_int(o, "speeds_version", row_int(r, 18));
	json_put_place(o, "depot", (struct place){(int32_t)row_int(r, 16), (int32_t)row_int(r, 17)});
	*out = o;
	return OK;
}

static enum code
duty_whole(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, struct rows *r,
	   enum shipment_view view, json_t **out)
{
	json_t *plan;
	json_t *stops;
	bool recorded;
	json_t *o = duty_head(sc, r);
	TRY(duty_positions_on(sc, tx, operator_id, json_string_value(json_object_get(o, "block_id")), &recorded));
	json_put_bool(o, "positions_recorded", recorded);
	TRY(plan_json(sc, r, &plan));
	json_put(o, "plan", json_incref(plan));
	TRY(stops_json(sc, tx, operator_id, json_string_value(json_object_get(o, "id")), &stops));
	TRY(add_shipments(sc, tx, k, operator_id, view, stops));
	json_put(o, "stops", json_incref(stops));
	*out = o;
	return OK;
}

enum code
duty_for_driver(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
		json_t **out)
{
	struct rows *r;
	const char *duty_id;
	TRY(duty_current(sc, tx, operator_id, driver_id, &duty_id));
	TRY(sql_one(sc, tx, &r, DUTY_COLUMNS " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(duty_id))));
	return duty_whole(sc, tx, k, operator_id, r, SHIPMENT_FOR_DRIVER, out);
}

enum code
duty_for_staff(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *duty_id,
	       json_t **out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, DUTY_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(duty_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-duty", "there is no such duty");
	TRY(rc);
	return duty_whole(sc, tx, k, operator_id, r, SHIPMENT_FOR_STAFF, out);
}

static enum code
add_stop_counts(struct scope *sc, struct tx *tx, const char *operator_id, json_t *duty)
{
	struct rows *r;
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*), COUNT(CASE WHEN state IN ('delivered','failed','returned') THEN 1 END) FROM stop WHERE"
	    " operator_id = $1 AND duty_id = $2 AND state <> 'released'",
	    VALS(v_text(operator_id), v_text(json_string_value(json_object_get(duty, "id"))))));
	json_put_int(duty, "stops_total", row_int(r, 0));
	json_put_int(duty, "stops_done", row_int(r, 1));
	return OK;
}

enum code
duty_list(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms, json_t **out)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(sc, tx, &r,
		      DUTY_COLUMNS
		      " WHERE operator_id = $1 AND starts_ms >= $2 AND starts_ms < $3 AND state <> 'released'"
		      " ORDER BY starts_ms, id",
		      VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	while (row_next(r))
		json_array_append(list, duty_head(sc, r));
	TRY(rows_end(sc, r));
	size_t i;
	json_t *duty;
	json_array_foreach(list, i, duty) TRY(add_stop_counts(sc, tx, operator_id, duty));
	*out = list;
	return OK;
}

/* --- counts --- */

static enum code
count_checks(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
	     struct duty_counts *c)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(CASE WHEN outcome = 'passed' AND by_face = 0 THEN 1 END),"
		    " COUNT(CASE WHEN outcome = 'passed' AND by_face = 1 THEN 1 END),"
		    " COUNT(CASE WHEN outcome = 'try_again' AND by_face = 1 THEN 1 END), COALESCE(SUM(reviewed), 0)"
		    " FROM checkin WHERE operator_id = $1 AND at_ms >= $2 AND at_ms < $3",
		    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c->checks_reviewed = row_int(r, 3);
	c->checks_device_passed = row_int(r, 0);
	c->checks_face_passed = row_int(r, 1);
	c->checks_face_retried = row_int(r, 2);
	return OK;
}

/* Was what the plans promised kept? */
static enum code
count_promises(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
	       struct duty_counts *c)
{
	struct rows *r;
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*), COUNT(CASE WHEN s.arrived_ms > s.eta_ms + $4 THEN 1 END) FROM stop s JOIN duty d ON"
	    " d.operator_id = s.operator_id AND d.id = s.duty_id WHERE d.operator_id = $1 AND d.starts_ms >= $2 AND"
	    " d.starts_ms < $3 AND d.state = 'closed' AND s.arrived_ms IS NOT NULL",
	    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms), v_int(DUTY_STOP_LATE_MS))));
	c->stops_reached = row_int(r, 0);
	c->stops_late = row_int(r, 1);
	return OK;
}

enum code
duty_count(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
	   struct duty_counts *out)
{
	struct rows *r;
	struct duty_counts c = {0};
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*), COALESCE(SUM(distance_m), 0), COALESCE(SUM(closed_ms - engaged_from_ms), 0) / 1000,"
	    " COALESCE(SUM(closed_ms - departed_ms), 0) / 1000, COALESCE(SUM(position_asked), 0),"
	    " COUNT(CASE WHEN speeds_version > 0 THEN 1 END) FROM duty WHERE"
	    " operator_id = $1 AND starts_ms >= $2 AND starts_ms < $3 AND state = 'closed'",
	    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c.duties = row_int(r, 0);
	c.distance_m = row_int(r, 1);
	c.engaged_s = row_int(r, 2);
	c.driving_s = row_int(r, 3);
	c.positions_reviewed = row_int(r, 4);
	c.duties_by_lesson = row_int(r, 5);
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(CASE WHEN result = 'delivered' THEN 1 END), COUNT(CASE WHEN result = 'failed' THEN 1 "
		    "END) FROM attempt WHERE"
		    " operator_id = $1 AND at_ms >= $2 AND at_ms < $3",
		    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c.stops_delivered = row_int(r, 0);
	c.stops_failed_attempts = row_int(r, 1);
	TRY(count_promises(sc, tx, operator_id, from_ms, to_ms, &c));
	TRY(count_checks(sc, tx, operator_id, from_ms, to_ms, &c));
	*out = c;
	return OK;
}

/* --- export --- */

static enum code
export_checkins(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	struct rows *r;
	json_t *list = json_array();
	json_put(into, "check_ins", list);
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT id, award_id, at_ms, by_face, outcome, hint, decision_id FROM checkin WHERE operator_id = $1 AND"
	    " driver_id = $2 ORDER BY at_ms",
	    VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "award_id", row_text(sc, r, 1));
		json_put_time(o, "at", row_int(r, 2));
		json_put_text(o, "path", row_int(r, 3) != 0 ? "face" : "device");
		json_put_text(o, "outcome", row_text(sc, r, 4));
		json_put_text(o, "hint", row_text(sc, r, 5));
		json_put_text(o, "decision_id", row_text(sc, r, 6));
		json_array_append_new(list, o);
	}
	return rows_end(sc, r);
}

enum code
duty_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(export_checkins(sc, tx, operator_id, driver_id, into));
	TRY(sql_query(sc, tx, &r, DUTY_COLUMNS " WHERE operator_id = $1 AND driver_id = $2 ORDER BY starts_ms",
		      VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r)) {
		json_t *plan;
		json_t *o = duty_head(sc, r);
		TRY(plan_json(sc, r, &plan));
		json_put(o, "plan", json_incref(plan));
		json_array_append(list, o);
	}
	TRY(rows_end(sc, r));
	size_t i;
	json_t *duty;
	json_array_foreach(list, i, duty)
	{
		json_t *stops;
		TRY(stops_json(sc, tx, operator_id, json_string_value(json_object_get(duty, "id")), &stops));
		json_put(duty, "stops", json_incref(stops));
	}
	json_put(into, "duties", json_incref(list));
	return OK;
}
