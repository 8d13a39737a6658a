/* Statements, what the area pays, and the day's report. */
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "pay/pay.h"
#include "report/report.h"

static enum code
statements(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(pay_statements_of(sc, tx, c->who.operator_id, c->who.id, &list));
	reply_json(c, list);
	return OK;
}

static enum code
statement(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(pay_statement_get(sc, tx, c->who.operator_id, c->who.id, c->param[0], &o));
	reply_json(c, o);
	return OK;
}

static enum code
statement_for_staff(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(pay_statement_get(sc, tx, c->who.operator_id, NULL, c->param[0], &o));
	reply_json(c, o);
	return OK;
}

static enum code
area_pay(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(pay_area(sc, tx, c->who.operator_id, &o));
	if (json_is_array(o))
		reply_items(sc, c, o);
	else
		reply_json(c, o);
	return OK;
}

struct report_call {
	struct call *c;
	json_t *out;
};

static enum code
report_read(struct scope *sc, struct tx *tx, void *arg)
{
	struct report_call *r = arg;
	const struct call *c = r->c;
	return report_day(sc, tx, c->who.operator_id, call_query(c, "date"), report_shows_paths(c->who.role), &r->out);
}

/* Every draw is replayed and every statement recomputed: not on an HTTP thread. */
static enum code
report_work(struct scope *sc, struct call *c)
{
	struct report_call r = {.c = c};
	const char *date;
	int64_t midnight_ms;
	TRY(call_need_query(sc, c, "date", &date));
	TRY(date_parse(sc, date, &midnight_ms));
	sc->deadline_ms = 0;
	TRY(store_read(sc, c->house->store, report_read, &r));
	reply_json(c, r.out);
	return OK;
}

static enum code
jobs(struct scope *sc, struct tx *tx, struct call *c)
{
	struct job_counts n;
	TRY(jobs_count(sc, tx, &n));
	json_t *o = json_new_object(sc);
	json_put_int(o, "waiting", n.waiting);
	json_put_int(o, "leased", n.leased);
	json_put_int(o, "done", n.done);
	json_put_int(o, "failed", n.failed);
	json_put_time(o, "next_due", n.next_due_ms);
	reply_json(c, o);
	return OK;
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/v1/driver/statements",
     .who = MAY_DRIVER,
     .prepare = statements,
     .summary = "Your statements",
     .answer = "StatementList"},
    {.method = "GET",
     .path = "/v1/driver/statements/{statement_id}",
     .who = MAY_DRIVER,
     .prepare = statement,
     .summary = "A statement with everything to recompute it (`waybill pay explain`)",
     .answer = "Statement"},
    {.method = "GET",
     .path = "/v1/driver/area-pay",
     .who = MAY_DRIVER,
     .prepare = area_pay,
     .summary = "What this area really pays per engaged hour, where five or more drivers stand behind it",
     .answer = "AreaPay"},
    {.method = "GET",
     .path = "/v1/statements/{statement_id}",
     .who = MAY_REVIEW,
     .prepare = statement_for_staff,
     .summary = "A statement, for whoever decides an appeal",
     .answer = "Statement"},
    {.method = "GET",
     .path = "/v1/report",
     .who = MAY_STAFF,
     .work = report_work,
     .summary = "The day in sums that agree, draws replayed, statements recomputed",
     .query = "date",
     .answer = "Report"},
    {.method = "GET",
     .path = "/v1/jobs",
     .who = MAY_STAFF,
     .prepare = jobs,
     .summary = "What waits to happen, and what failed",
     .answer = "Jobs"},
    {0},
};
const struct route_table api_pay_table = {"Pay", "Statements and reports.", rows};
