/* The room's tables.
 *
 * hook           one address somebody wants to be told at. cursor_seq: the event up
 *                to which it has been collected. last_n: of its newest delivery.
 * hook_delivery  one message for one hook; event_seq NULL: no event (a ping).
 *                status: of the last answer, 0: none came. */
#include "hooks/hook_rows.h"

static const char *const migrations[] = {
    "CREATE TABLE hook ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, holder_id TEXT, made_by TEXT NOT NULL, label TEXT NOT NULL,"
    " kinds TEXT NOT NULL, shown TEXT NOT NULL, sealed BLOB NOT NULL, old_secret_ms INTEGER NOT NULL,"
    " is_on INTEGER NOT NULL, why TEXT, cursor_seq INTEGER NOT NULL, last_n INTEGER NOT NULL,"
    " fails INTEGER NOT NULL, failing_ms INTEGER NOT NULL, next_ms INTEGER NOT NULL, tried_ms INTEGER NOT NULL,"
    " made_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, id), CHECK ((is_on = 1) = (why IS NULL))"
    ") STRICT;"
    "CREATE TABLE hook_delivery ("
    " operator_id TEXT NOT NULL, hook_id TEXT NOT NULL, n INTEGER NOT NULL, id TEXT NOT NULL, event_seq INTEGER,"
    " kind TEXT NOT NULL, body TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),"
    " made_ms INTEGER NOT NULL, tries INTEGER NOT NULL, next_ms INTEGER NOT NULL, tried_ms INTEGER NOT NULL,"
    " status INTEGER NOT NULL, took_ms INTEGER NOT NULL, why TEXT,"
    " PRIMARY KEY (operator_id, hook_id, n), UNIQUE (operator_id, id), UNIQUE (operator_id, hook_id, event_seq),"
    " FOREIGN KEY (operator_id, hook_id) REFERENCES hook (operator_id, id)"
    ") STRICT;"
    "CREATE INDEX hook_delivery_waiting ON hook_delivery (operator_id, hook_id, n) WHERE state = 'waiting';"
    "CREATE INDEX hook_delivery_old ON hook_delivery (made_ms);",
    NULL,
};

const struct schema hooks_schema = {"hooks", migrations, false};
