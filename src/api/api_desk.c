/* The desk: drivers as staff may see them, the queue of human decisions, who looked at whom. */
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "people/appeal_picture.h"
#include "record/record.h"

/* --- drivers --- */

static enum code
drivers(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t before;
	size_t max;
	json_t *page;
	TRY(call_page(sc, c, &before, &max));
	TRY(driver_list(sc, tx, c->house->keys, c->who.operator_id, before, max, &page));
	reply_json(c, page);
	return OK;
}

/* A look leaves a trace in her mirror, so it is a write. */
static enum code
driver_one(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *why;
	json_t *o;
	TRY(call_need_query(sc, c, "why", &why));
	TRY(driver_json(sc, tx, c->house->keys, c->who.operator_id, c->param[0], VIEW_STAFF, &o));
	TRY(access_note(sc, tx, c->who.operator_id, c->param[0], c->who.id, "profile", why));
	reply_json(c, o);
	return OK;
}

static enum code
decide_driver(struct scope *sc, struct tx *tx, struct call *c, enum driver_state to, const char *reason)
{
	static const char *const names[] = {"reasoning", "until", "overrides", NULL};
	const char *reasoning;
	const char *overrides = NULL;
	int64_t until_ms = 0;
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &reasoning));
	TRY(json_may_text(sc, c->body, "overrides", 1, 40, &overrides));
	TRY(json_may_time(sc, c->body, "until", &until_ms));
	const struct driver_verdict v = {.to = to,
					 .staff_id = c->who.id,
					 .reason = reason,
					 .reasoning = reasoning,
					 .overrides = overrides,
					 .until_ms = until_ms};
	TRY(day_driver_decide(sc, tx, c->who.operator_id, c->param[0], &v, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "decision_id", id.s);
	json_put_text(o, "state", driver_state_words[to]);
	reply_json(c, o);
	return OK;
}

static enum code
suspend(struct scope *sc, struct tx *tx, struct call *c)
{
	return decide_driver(sc, tx, c, DRIVER_SUSPENDED, "suspended_by_a_person");
}

static enum code
reinstate(struct scope *sc, struct tx *tx, struct call *c)
{
	return decide_driver(sc, tx, c, DRIVER_ACTIVE, "reinstated_by_a_person");
}

static enum code
deactivate(struct scope *sc, struct tx *tx, struct call *c)
{
	return decide_driver(sc, tx, c, DRIVER_DEACTIVATED, "deactivated_by_a_person");
}

/* --- notes: she reads every one --- */

static enum code
notes(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	struct driver d;
	TRY(driver_get(sc, tx, c->who.operator_id, c->param[0], &d));
	TRY(notes_of(sc, tx, c->who.operator_id, c->param[0], &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
note_new(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"text", NULL};
	const char *text;
	struct driver d;
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "text", 1, 2000, &text));
	TRY(driver_get(sc, tx, c->who.operator_id, c->param[0], &d));
	TRY(note_add(sc, tx, c->who.operator_id, c->param[0], c->who.id, text, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	reply_json(c, o);
	return OK;
}

/* --- the queue --- */

static enum code
queue(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t after;
	size_t max;
	json_t *page;
	const char *state = call_query(c, "state");
	TRY(call_page(sc, c, &after, &max));
	TRY(queue_list(sc, tx, c->who.operator_id, state == NULL ? "open" : state, after, max, &page));
	reply_json(c, page);
	return OK;
}

static enum code
queue_opened(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(queue_open_item(sc, tx, c->who.operator_id, c->param[0], c->who.id, &o));
	const char *driver_id = json_string_value(json_object_get(o, "driver"));
	if (driver_id != NULL)
		TRY(access_note(sc, tx, c->who.operator_id, driver_id, c->who.id, "queue",
				scope_printf(sc, "to decide %s", c->param[0])));
	reply_json(c, o);
	return OK;
}

static enum code
queue_seen(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"label", NULL};
	const char *label;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "label", 1, 200, &label));
	return queue_evidence_seen(sc, tx, c->who.operator_id, c->param[0], c->who.id, label);
}

static enum code
queue_picture(struct scope *sc, struct tx *tx, struct call *c)
{
	struct appeal_picture picture;
	int64_t n;
	if (parse_i64(sc, c->param[1], 1, APPEAL_PICTURES_MAX, &n) != OK)
		return fail(sc, E_NOT_FOUND, "there is no such picture");
	TRY(appeal_picture_look(sc, tx, c->house->keys, c->who.operator_id, c->param[0], n, c->who.id, &picture));
	reply_bytes(c, picture.media_type, picture.bytes, picture.size);
	return OK;
}

static enum code
queue_decided(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"outcome", "reasoning", "facts", "until", NULL};
	struct queue_verdict v = {.id = c->param[0], .staff_id = c->who.id};
	struct verdict_terms terms = {0};
	json_t *o;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "outcome", 1, 40, &v.outcome));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &v.reasoning));
	const json_t *facts = json_object_get(c->body, "facts");
	terms.facts = json_is_object(facts) ? facts : NULL;
	TRY(json_may_time(sc, c->body, "until", &terms.until_ms));
	TRY(day_queue_decide(sc, tx, c->who.operator_id, &v, &terms, &o));
	reply_json(c, o);
	return OK;
}

/* --- for auditors and the representative --- */

static enum code
decisions(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *driver_id;
	int64_t before;
	size_t max;
	json_t *page;
	TRY(call_need_query(sc, c, "driver_id", &driver_id));
	TRY(call_page(sc, c, &before, &max));
	TRY(record_decisions_of(sc, tx, c->who.operator_id, driver_id, before, max, &page));
	reply_json(c, page);
	return OK;
}

static enum code
looked(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *driver_id;
	json_t *list;
	TRY(call_need_query(sc, c, "driver_id", &driver_id));
	TRY(access_list(sc, tx, c->who.operator_id, driver_id, &list));
	reply_items(sc, c, list);
	return OK;
}

#define MAY_AUDIT_PEOPLE (MAY_COSIGN | MAY_ROLE(ROLE_AUDITOR))

/* --- learned times --- */

#define LESSONS_SHOWN 60

static enum code
lessons_read(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(traffic_list(sc, tx, c->who.operator_id, LESSONS_SHOWN, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
lesson_ask(struct scope *sc, struct tx *tx, struct call *c)
{
	if (c->house->road == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-roads", "there are no streets here to learn about");
	TRY(duty_learn_now(sc, tx, c->who.operator_id));
	reply_json(c, json_ok(sc));
	return OK;
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/v1/drivers",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .prepare = drivers,
     .summary = "Drivers, newest first; nothing of who uses which check-in path",
     .query = "after,limit",
     .answer = "DriverList"},
    {.method = "GET",
     .path = "/v1/drivers/{driver_id}",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .commit = driver_one,
     .summary = "One driver; she reads that you looked and why",
     .query = "why",
     .answer = "Driver"},
    {.method = "POST",
     .path = "/v1/drivers/{driver_id}/suspend",
     .who = MAY_REVIEW,
     .commit = suspend,
     .summary = "A person suspends, in her own words",
     .request = "DriverVerdict",
     .answer = "DriverDecided",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/drivers/{driver_id}/reinstate",
     .who = MAY_REVIEW,
     .commit = reinstate,
     .summary = "A person lifts a suspension or deactivation",
     .request = "DriverVerdict",
     .answer = "DriverDecided",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/drivers/{driver_id}/deactivate",
     .who = MAY_REVIEW,
     .commit = deactivate,
     .summary = "A person ends the working relation",
     .request = "DriverVerdict",
     .answer = "DriverDecided",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/drivers/{driver_id}/notes",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .prepare = notes,
     .summary = "Notes about a driver, which she reads too",
     .answer = "NoteList"},
    {.method = "POST",
     .path = "/v1/drivers/{driver_id}/notes",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .commit = note_new,
     .summary = "A note about a driver; she is told of it",
     .request = "NoteNew",
     .answer = "Made",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/queue",
     .who = MAY_REVIEW,
     .prepare = queue,
     .summary = "What people must decide",
     .query = "state,after,limit",
     .answer = "QueueList"},
    {.method = "POST",
     .path = "/v1/queue/{item_id}/open",
     .who = MAY_REVIEW,
     .commit = queue_opened,
     .summary = "One item with its evidence; that you opened it is recorded",
     .answer = "QueueItem"},
    {.method = "POST",
     .path = "/v1/queue/{item_id}/seen",
     .who = MAY_REVIEW,
     .commit = queue_seen,
     .summary = "A piece of evidence was looked at",
     .request = "EvidenceSeen",
     .body = BODY_JSON},
    {.method = "GET",
     .path = "/v1/queue/{item_id}/pictures/{n}",
     .who = MAY_REVIEW,
     .commit = queue_picture,
     .summary = "A picture handed in with an appeal; that you looked is recorded, and she reads it",
     .answer = "image/*"},
    {.method = "POST",
     .path = "/v1/queue/{item_id}/decide",
     .who = MAY_REVIEW,
     .commit = queue_decided,
     .summary = "Decide, with your own reasoning; what follows happens in the same transaction",
     .request = "QueueVerdict",
     .answer = "QueueDecided",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/decisions",
     .who = MAY_AUDIT_PEOPLE | MAY_REVIEW,
     .prepare = decisions,
     .summary = "Decisions about a driver",
     .query = "driver_id,after,limit",
     .answer = "DecisionList"},
    {.method = "GET",
     .path = "/v1/access-log",
     .who = MAY_AUDIT_PEOPLE,
     .prepare = looked,
     .summary = "Who looked at a driver's data",
     .query = "driver_id",
     .answer = "AccessLog"},
    {.method = "GET",
     .path = "/v1/roads/lessons",
     .who = MAY_STAFF,
     .prepare = lessons_read,
     .summary =
	 "What duties have taught about streets and doors, newest first, and how well that foretold the next ones",
     .answer = "LessonList"},
    {.method = "POST",
     .path = "/v1/roads/lessons",
     .who = MAY_DISPATCH,
     .commit = lesson_ask,
     .summary = "Learn from the duties that have ended, now instead of tonight",
     .once = true},
    {0},
};
const struct route_table api_desk_table = {"Desk", "People who decide.", rows};
