/* record/record_rows: what the files of this room share with each other only. */
#ifndef RECORD_RECORD_ROWS_H
#define RECORD_RECORD_ROWS_H

#include "base/text.h"
#include "record/record.h"

#define REASONING_MIN 20 /* characters; the tables' CHECKs say the same */
#define WORDS_MAX 4000

/* Numbers of a tenant's own, in the order of commits: its page cursors. $1 is the operator. */
#define NEXT_SEQ(table) "(SELECT COALESCE(MAX(seq), 0) + 1 FROM " table " WHERE operator_id = $1)"

/* NULL: no such kind. */
const struct decision_kind *decision_kind_find(const char *name);
/* E_CONFLICT (reason "nobody")  no person of this operator. */
MUST_USE enum code decider_check(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id);

struct decision_head {
	const char *driver_id, *kind, *staff_id;
	int64_t at_ms;
};
MUST_USE enum code decision_head(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				 struct decision_head *out);

/* The appeal behind a queue item gets its verdict. */
MUST_USE enum code appeal_answer(struct scope *sc, struct tx *tx, const char *operator_id, const char *queue_id,
				 const struct queue_verdict *v, int64_t looked_ms, const json_t *seen);

/* {"items":…,"next":cursor or null}; next 0: the last page. */
json_t *page_json(struct scope *sc, json_t *items, int64_t next);

#endif
