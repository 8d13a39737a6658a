/* traffic's tables. Factors are in millionths, so that a version's rows are the
 * same numbers wherever they are read. */
#include "traffic/traffic.h"

static const char *const migrations[] = {
    "CREATE TABLE lesson("
    " operator_id TEXT NOT NULL, version INTEGER NOT NULL, learned_ms INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, extract TEXT NOT NULL,"
    " duties INTEGER NOT NULL, drivers INTEGER NOT NULL, drives INTEGER NOT NULL, visits INTEGER NOT NULL,"
    " speed_rows INTEGER NOT NULL, door_rows INTEGER NOT NULL, kept INTEGER NOT NULL, trip_ppm INTEGER NOT NULL,"
    " checked TEXT, checked_from_ms INTEGER NOT NULL, digest TEXT NOT NULL, salt BLOB NOT NULL, entry BLOB NOT NULL,"
    " PRIMARY KEY(operator_id, version)) STRICT;"
    "CREATE TABLE class_hour("
    " operator_id TEXT NOT NULL, version INTEGER NOT NULL, class INTEGER NOT NULL, hour INTEGER NOT NULL,"
    " factor_ppm INTEGER NOT NULL, PRIMARY KEY(operator_id, version, class, hour)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE road_speed("
    " operator_id TEXT NOT NULL, version INTEGER NOT NULL, way INTEGER NOT NULL, position INTEGER NOT NULL,"
    " backward INTEGER NOT NULL, factor_ppm INTEGER NOT NULL,"
    " PRIMARY KEY(operator_id, version, way, position, backward)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE door_time("
    " operator_id TEXT NOT NULL, version INTEGER NOT NULL, scale INTEGER NOT NULL, lat_e7 INTEGER NOT NULL,"
    " lon_e7 INTEGER NOT NULL, factor_ppm INTEGER NOT NULL, service_ms INTEGER NOT NULL, walk_ms INTEGER NOT NULL,"
    " park_lat_e7 INTEGER, park_lon_e7 INTEGER,"
    " PRIMARY KEY(operator_id, version, scale, lat_e7, lon_e7)) STRICT, WITHOUT ROWID;",
    NULL,
};
const struct schema traffic_schema = {"traffic", migrations, false};
