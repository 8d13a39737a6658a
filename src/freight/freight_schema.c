/* freight's tables. */
#include "freight/freight.h"

static const char *const migrations[] = {
    "CREATE TABLE shipment ("
    " operator_id TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, station_id TEXT NOT NULL,"
    " reference TEXT NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('created', 'at_station',"
    " 'planned', 'loaded', 'delivered', 'failed', 'returned', 'cancelled')),"
    " proof TEXT NOT NULL CHECK (proof IN ('any', 'photo', 'code')), lat_e7 INTEGER, lon_e7 INTEGER,"
    " earliest_ms INTEGER NOT NULL, latest_ms INTEGER NOT NULL, service_s INTEGER NOT NULL,"
    " weight_g INTEGER NOT NULL, volume_ml INTEGER NOT NULL, parcels INTEGER NOT NULL CHECK (parcels > 0),"
    " attempts INTEGER NOT NULL, duty_id TEXT, created_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " code_tries INTEGER NOT NULL, track BLOB, sealed BLOB," /* both NULL once forgotten */
    " PRIMARY KEY (operator_id, seq), UNIQUE (operator_id, id), UNIQUE (operator_id, reference),"
    " UNIQUE (operator_id, track),"
    " CHECK (earliest_ms < latest_ms),"
    " CHECK (state NOT IN ('planned', 'loaded', 'failed') OR duty_id IS NOT NULL),"
    " CHECK (state NOT IN ('created', 'at_station') OR duty_id IS NULL),"
    " CHECK ((ended_ms <> 0) = (state IN ('delivered', 'returned', 'cancelled'))),"
    " CHECK (sealed IS NOT NULL OR ended_ms <> 0)"
    ") STRICT;"
    "CREATE INDEX shipment_station ON shipment (operator_id, station_id, state, day, seq);"
    "CREATE INDEX shipment_duty ON shipment (operator_id, duty_id, seq) WHERE duty_id IS NOT NULL;"
    "CREATE TABLE parcel ("
    " operator_id TEXT NOT NULL, shipment_id TEXT NOT NULL, n INTEGER NOT NULL, barcode TEXT NOT NULL,"
    " weight_g INTEGER NOT NULL, volume_ml INTEGER NOT NULL, at_station_ms INTEGER NOT NULL,"
    " loaded_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, shipment_id, n), UNIQUE (operator_id, barcode),"
    " FOREIGN KEY (operator_id, shipment_id) REFERENCES shipment (operator_id, id)"
    ") STRICT;"
    "CREATE TABLE shipment_history ("
    " operator_id TEXT NOT NULL, shipment_id TEXT NOT NULL, n INTEGER NOT NULL, state TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL, moved_by TEXT, duty_id TEXT, reason TEXT,"
    " PRIMARY KEY (operator_id, shipment_id, n),"
    " FOREIGN KEY (operator_id, shipment_id) REFERENCES shipment (operator_id, id)"
    ") STRICT;"
    "CREATE INDEX shipment_history_by ON shipment_history (operator_id, moved_by) WHERE moved_by IS NOT NULL;",
    "ALTER TABLE shipment ADD COLUMN placed_by TEXT;" /* who found the place of the address; NULL: the sender gave it */
    "ALTER TABLE shipment ADD COLUMN placed_kind TEXT; ALTER TABLE shipment ADD COLUMN placed_permille INTEGER;",
    NULL,
};

const struct schema freight_schema = {"freight", migrations, false};
