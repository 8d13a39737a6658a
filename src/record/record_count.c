/* How much was decided, and by whom: for the day's report. */
#include "record/record.h"

enum code
record_count(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
	     struct record_counts *out)
{
	struct rows *r;
	struct record_counts c = {0};
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(CASE WHEN staff_id IS NULL THEN 1 END), COUNT(staff_id) FROM decision WHERE operator_id = $1"
	    " AND at_ms >= $2 AND at_ms < $3",
	    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c.by_rule = row_int(r, 0);
	c.by_person = row_int(r, 1);
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*), COUNT(CASE WHEN state = 'decided' THEN 1 END) FROM queue_item WHERE operator_id = $1"
	    " AND created_ms >= $2 AND created_ms < $3",
	    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c.questions = row_int(r, 0);
	c.questions_decided = row_int(r, 1);
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*), COUNT(CASE WHEN state = 'upheld' THEN 1 END), COUNT(CASE WHEN state = 'rejected' THEN 1"
	    " END) FROM appeal WHERE operator_id = $1 AND opened_ms >= $2 AND opened_ms < $3",
	    VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms))));
	c.appeals_opened = row_int(r, 0);
	c.appeals_upheld = row_int(r, 1);
	c.appeals_rejected = row_int(r, 2);
	*out = c;
	return OK;
}
