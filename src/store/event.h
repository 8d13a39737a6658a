/* store/event: what changed, in the transaction that changed it.
 *
 * `seq` is a cursor: it grows by commit order and is what streams resume from.
 * An event names its audience: the operator's staff, one driver, or both; what
 * is not for you is never sent to you. `data` is JSON for the page, small, and
 * without anything its audience may not read. */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "base/json.h"
#include "store/store.h"

enum audience { FOR_STAFF = 1, FOR_DRIVER = 2, FOR_BOTH = 3 };

struct event {
	int64_t seq;
	int64_t at_ms;
	const char *operator_id;
	const char *driver_id; /* NULL: about no driver */
	enum audience audience;
	const char *kind;    /* "duty.opened" */
	const char *subject; /* the row it is about: "dty_…" */
	const char *data;    /* JSON text */
};

MUST_USE enum code event_emit(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			      enum audience audience, const char *kind, const char *subject, const json_t *data);
/* Up to max events after `seq` for staff of an operator (driver_id NULL) or for
 * one driver. */
MUST_USE enum code events_after(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				int64_t seq, size_t max, struct event **out, size_t *n);
/* Deletes what was said about one driver; the cursors of others stay as they are. */
MUST_USE enum code events_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
MUST_USE enum code events_last(struct scope *sc, struct tx *tx, int64_t *seq);
/* When the newest one happened; 0: none yet. */
MUST_USE enum code events_last_at(struct scope *sc, struct tx *tx, int64_t *at_ms);
/* Called on the writer's thread after each commit that held events. One
 * listener; NULL takes it away and returns when it is not being called any more. */
void store_on_events(struct store *st, void (*notify)(void *arg, int64_t last_seq), void *arg);

#endif
