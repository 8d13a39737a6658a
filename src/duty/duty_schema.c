#include "duty/duty.h"

/* A duty row is born with the plan and keyed to one award. Stops carry what the
 * round needs of the shipment; parcels and recipient stay in freight. */
static const char *const duty_migrations[] = {
    "CREATE TABLE checkin("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, award_id TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, by_face INTEGER NOT NULL, outcome TEXT NOT NULL"
    " CHECK(outcome IN ('passed','try_again','review','refused')), reviewed INTEGER NOT NULL DEFAULT 0,"
    " hint TEXT, decision_id TEXT,"
    " PRIMARY KEY(operator_id, id)) STRICT;"
    "CREATE INDEX checkin_award ON checkin(operator_id, award_id);"
    "CREATE INDEX checkin_at ON checkin(operator_id, at_ms);"
    "CREATE TABLE duty("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, award_id TEXT NOT NULL,"
    " block_id TEXT NOT NULL, station_id TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK(state IN ('planned','loading','driving','closed','released')),"
    " starts_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, planned_ms INTEGER NOT NULL,"
    " engaged_from_ms INTEGER, opened_ms INTEGER, departed_ms INTEGER, closed_ms INTEGER,"
    " pay_plan_id TEXT NOT NULL, pay_plan_version INTEGER NOT NULL,"
    " depot_lat_e7 INTEGER NOT NULL, depot_lon_e7 INTEGER NOT NULL,"
    " plan_version INTEGER NOT NULL, plan_origin TEXT NOT NULL, distance_m INTEGER NOT NULL,"
    " duration_s INTEGER NOT NULL, back_shape TEXT NOT NULL, position_asked INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY(operator_id, id)) STRICT;"
    "CREATE UNIQUE INDEX duty_award ON duty(operator_id, award_id) WHERE state <> 'released';"
    "CREATE UNIQUE INDEX duty_open_once ON duty(operator_id, driver_id) WHERE state IN ('loading','driving');"
    "CREATE INDEX duty_driver ON duty(operator_id, driver_id, starts_ms);"
    "CREATE INDEX duty_starts ON duty(operator_id, starts_ms);"
    "CREATE TABLE stop("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, duty_id TEXT NOT NULL, seq INTEGER NOT NULL,"
    " shipment_id TEXT NOT NULL, state TEXT NOT NULL"
    " CHECK(state IN ('open','arrived','delivered','failed','returned','released')),"
    " lat_e7 INTEGER NOT NULL, lon_e7 INTEGER NOT NULL, service_s INTEGER NOT NULL,"
    " eta_ms INTEGER NOT NULL, shape TEXT NOT NULL, leg_m INTEGER NOT NULL, leg_s INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0, arrived_ms INTEGER, done_ms INTEGER, reason TEXT,"
    " PRIMARY KEY(operator_id, id), FOREIGN KEY(operator_id, duty_id) REFERENCES duty(operator_id, id)) STRICT;"
    "CREATE INDEX stop_duty ON stop(operator_id, duty_id, seq);"
    "CREATE TABLE attempt("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, stop_id TEXT NOT NULL, duty_id TEXT NOT NULL, at_ms INTEGER NOT "
    "NULL,"
    " result TEXT NOT NULL CHECK(result IN ('delivered','failed')), reason TEXT, note TEXT, handed_to TEXT,"
    " proof_kind TEXT, proof_id TEXT, PRIMARY KEY(operator_id, id)) STRICT;"
    "CREATE INDEX attempt_stop ON attempt(operator_id, stop_id);"
    "CREATE INDEX attempt_duty ON attempt(operator_id, duty_id);"
    "CREATE TABLE proof("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, duty_id TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " sealed BLOB NOT NULL, PRIMARY KEY(operator_id, id)) STRICT;",
    /* What the roads' learned times need, and what they gave. */
    "ALTER TABLE attempt ADD COLUMN arrived_ms INTEGER;" /* before this attempt; NULL: nobody said so */
    "ALTER TABLE duty ADD COLUMN speeds_version INTEGER NOT NULL DEFAULT 0;" /* of the legs; 0: the map's own */
    "ALTER TABLE stop ADD COLUMN walk_s INTEGER NOT NULL DEFAULT 0;"	     /* of service_s: learned here */
    "ALTER TABLE stop ADD COLUMN park_lat_e7 INTEGER; ALTER TABLE stop ADD COLUMN park_lon_e7 INTEGER;"
    "CREATE INDEX duty_closed ON duty(operator_id, closed_ms) WHERE state = 'closed';",
    NULL,
};
const struct schema duty_schema = {"duty", duty_migrations, false};

static const char *const position_migrations[] = {
    "CREATE TABLE position("
    " operator_id TEXT NOT NULL, duty_id TEXT NOT NULL, at_ms INTEGER NOT NULL, driver_id TEXT NOT NULL,"
    " lat_e7 INTEGER NOT NULL, lon_e7 INTEGER NOT NULL, accuracy_dm INTEGER NOT NULL, speed_cmps INTEGER,"
    " PRIMARY KEY(operator_id, duty_id, at_ms)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX position_driver ON position(operator_id, driver_id);",
    NULL,
};
const struct schema duty_positions_schema = {"duty_positions", position_migrations, true};
