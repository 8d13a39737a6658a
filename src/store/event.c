#include "store/event.h"

#include "store/backend.h"

static const char *const migrations[] = {
    "CREATE TABLE event("
    "seq INTEGER PRIMARY KEY AUTOINCREMENT, "
    "at_ms INTEGER NOT NULL, "
    "operator_id TEXT NOT NULL, "
    "driver_id TEXT, "
    "audience INTEGER NOT NULL CHECK (audience BETWEEN 1 AND 3), "
    "kind TEXT NOT NULL, "
    "subject TEXT NOT NULL, "
    "data TEXT NOT NULL, "
    "CHECK (audience = 1 OR driver_id IS NOT NULL)) STRICT;"
    "CREATE INDEX event_of_operator ON event(operator_id, seq);"
    "CREATE INDEX event_of_driver ON event(operator_id, driver_id, seq) WHERE driver_id IS NOT NULL;",
    NULL};

const struct schema store_schema = {.room = "store", .migrations = migrations};

enum code
event_emit(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, enum audience audience,
	   const char *kind, const char *subject, const json_t *data)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "INSERT INTO event(at_ms, operator_id, driver_id, audience, kind, subject, data) "
		    "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq",
		    VALS(v_int(tx->now_ms), v_text(operator_id), v_text(driver_id), v_int(audience), v_text(kind),
			 v_text(subject), v_text(data == NULL ? "{}" : json_text(sc, data)))));
	tx->after.last_event = row_int(r, 0);
	tx_ring(tx, BELL_EVENTS);
	return OK;
}

static void
read_event(struct scope *sc, struct rows *r, struct event *e)
{
	*e = (struct event){.seq = row_int(r, 0),
			    .at_ms = row_int(r, 1),
			    .operator_id = row_text(sc, r, 2),
			    .driver_id = row_text(sc, r, 3),
			    .audience = (enum audience)row_int(r, 4),
			    .kind = row_text(sc, r, 5),
			    .subject = row_text(sc, r, 6),
			    .data = row_text(sc, r, 7)};
}

enum code
events_after(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, int64_t seq, size_t max,
	     struct event **out, size_t *n)
{
	static const char for_staff[] = "SELECT seq, at_ms, operator_id, driver_id, audience, kind, subject, data "
					"FROM event WHERE operator_id = $1 AND seq > $2 AND audience IN (1, 3) "
					"ORDER BY seq LIMIT $3";
	static const char for_driver[] = "SELECT seq, at_ms, operator_id, driver_id, audience, kind, subject, data "
					 "FROM event WHERE operator_id = $1 AND seq > $2 AND audience IN (2, 3) "
					 "AND driver_id = $4 ORDER BY seq LIMIT $3";
	if (max > 10000)
		max = 10000;
	struct event *list = NEW_ARRAY(sc, max, struct event);
	const struct val vals[] = {v_text(operator_id), v_int(seq), v_int((int64_t)max), v_text(driver_id)};
	struct rows *r;
	TRY(sql_query(sc, tx, &r, driver_id == NULL ? for_staff : for_driver, vals, driver_id == NULL ? 3 : 4));
	size_t k = 0;
	while (row_next(r))
		read_event(sc, r, &list[k++]);
	TRY(rows_end(sc, r));
	*out = list;
	*n = k;
	return OK;
}

enum code
events_last(struct scope *sc, struct tx *tx, int64_t *seq)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MAX(seq), 0) FROM event", NO_VALS));
	*seq = row_int(r, 0);
	return OK;
}

enum code
events_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return sql_run(sc, tx, "DELETE FROM event WHERE operator_id = $1 AND driver_id = $2",
		       VALS(v_text(operator_id), v_text(driver_id)), NULL);
}

enum code
events_last_at(struct scope *sc, struct tx *tx, int64_t *at_ms)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MAX(at_ms), 0) FROM event", NO_VALS));
	*at_ms = row_int(r, 0);
	return OK;
}
