/* report: what happened in a day, in sums that must agree.
 *
 * The report is computed from the rooms' own counts and then proved: parcels
 * add up, every draw is replayed from its published proof, every statement is
 * recomputed, the ledger is walked. What does not agree stands in "problems". */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/json.h"
#include "people/people.h"
#include "store/store.h"

/* date: "2026-11-22" on the operator's wall. chain_ok: what verifying the chain said (the chain is checked by the
 * caller, who has the public key), NULL: not checked.
 * {"date","parcels":{…},"km","hours":{…},"drivers":{…},"blocks":{…},"pay":{…},"checks":{…},"decisions":{…},
 *  "appeals":{…},"draws":{…},"statements":{…},"roads":{…},"problems":[…]}
 * "roads" is there once a night has looked back at the day (duty_learn). */
MUST_USE enum code report_day(struct scope *sc, struct tx *tx, const char *operator_id, const char *date, bool paths,
			      json_t **out);
/* Who checks in how is nobody's business at the desk, not even as a small number: `paths` is for these alone. */
bool report_shows_paths(enum role role);
/* The same as a page of text for a terminal. */
char *report_text(struct scope *sc, const json_t *report);

#endif
