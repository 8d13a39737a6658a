/* record's tables. The closed lists of decision.c stand here a second time, as
 * CHECKs, so that no other program with the database open can write what this
 * one refuses; test_record holds the two against each other. */
#include "record/record.h"

#define DECIDED_BY_PEOPLE \
	"'signup.refuse','enrolment.refuse','checkin.refuse','offer.direct','offer.withdraw','stop.review'," \
	"'position.review','duty.end_early','statement.correct','appeal.decide','driver.suspend'," \
	"'driver.reinstate','driver.deactivate'"
#define DECIDED_BY_RULES \
	"'signup.accept','enrolment.accept','enrolment.end','checkin.pass','checkin.review','offer.award'," \
	"'offer.not_awarded','offer.ineligible','offer.rota','offer.release','plan.assign','plan.change'," \
	"'stop.outcome','position.flag','duty.close','statement.issue'"

static const char *const migrations[] = {
    "CREATE TABLE decider ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL CHECK (length(name) > 0),"
    " PRIMARY KEY (operator_id, id)"
    ") STRICT;"
    "CREATE TABLE decision ("
    " operator_id TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL,"
    " kind TEXT NOT NULL CHECK (kind IN (" DECIDED_BY_PEOPLE "," DECIDED_BY_RULES ")),"
    " subject TEXT NOT NULL, rule TEXT NOT NULL, inputs TEXT NOT NULL, outcome TEXT NOT NULL,"
    " reason TEXT NOT NULL, params TEXT NOT NULL, staff_id TEXT, reasoning TEXT, overrides TEXT,"
    " at_ms INTEGER NOT NULL, salt BLOB NOT NULL, entry BLOB NOT NULL,"
    " PRIMARY KEY (operator_id, seq), UNIQUE (operator_id, id),"
    " FOREIGN KEY (operator_id, staff_id) REFERENCES decider (operator_id, id),"
    " CHECK (kind NOT IN (" DECIDED_BY_PEOPLE ") OR (staff_id IS NOT NULL AND length(reasoning) >= 20)),"
    " CHECK (staff_id IS NULL OR length(reasoning) > 0)"
    ") STRICT;"
    "CREATE INDEX decision_driver ON decision (operator_id, driver_id, seq);"
    "CREATE INDEX decision_overrides ON decision (operator_id, overrides) WHERE overrides IS NOT NULL;"
    "CREATE TABLE queue_item ("
    " operator_id TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, station_id TEXT, driver_id TEXT,"
    " kind TEXT NOT NULL, subject TEXT NOT NULL, question TEXT NOT NULL, evidence TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('open', 'decided')), overdue INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, decided_ms INTEGER NOT NULL,"
    " staff_id TEXT, outcome TEXT, reasoning TEXT, looked_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, seq), UNIQUE (operator_id, id),"
    " FOREIGN KEY (operator_id, staff_id) REFERENCES decider (operator_id, id),"
    " CHECK (state = 'open' OR (staff_id IS NOT NULL AND outcome IS NOT NULL AND length(reasoning) >= 20))"
    ") STRICT;"
    "CREATE INDEX queue_item_state ON queue_item (operator_id, state, seq);"
    "CREATE INDEX queue_item_driver ON queue_item (operator_id, driver_id, seq);"
    "CREATE TABLE queue_opening ("
    " operator_id TEXT NOT NULL, queue_id TEXT NOT NULL, staff_id TEXT NOT NULL, opened_ms INTEGER NOT NULL,"
    " seen TEXT NOT NULL," /* JSON list of the labels looked at */
    " PRIMARY KEY (operator_id, queue_id, staff_id),"
    " FOREIGN KEY (operator_id, staff_id) REFERENCES decider (operator_id, id)"
    ") STRICT;"
    "CREATE TABLE appeal ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, decision_id TEXT NOT NULL,"
    " queue_id TEXT NOT NULL, words TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'rejected')), opened_ms INTEGER NOT NULL,"
    " due_ms INTEGER NOT NULL, answered_ms INTEGER NOT NULL, answer_id TEXT,"
    " PRIMARY KEY (operator_id, id), UNIQUE (operator_id, decision_id),"
    " CHECK (state = 'open' OR answer_id IS NOT NULL)"
    ") STRICT;"
    "CREATE INDEX appeal_driver ON appeal (operator_id, driver_id, id);"
    "CREATE TABLE driver_note ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, staff_id TEXT NOT NULL,"
    " words TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, id),"
    " FOREIGN KEY (operator_id, staff_id) REFERENCES decider (operator_id, id)"
    ") STRICT;"
    "CREATE INDEX driver_note_driver ON driver_note (operator_id, driver_id, id);"
    "CREATE TABLE access_log ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, driver_id TEXT NOT NULL, staff_id TEXT NOT NULL,"
    " what TEXT NOT NULL, why TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, id),"
    " FOREIGN KEY (operator_id, staff_id) REFERENCES decider (operator_id, id)"
    ") STRICT;"
    "CREATE INDEX access_log_driver ON access_log (operator_id, driver_id, id);",
    NULL,
};

const struct schema record_schema = {"record", migrations, false};
