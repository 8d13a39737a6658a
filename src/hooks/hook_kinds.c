/* What can be heard, who may hear it, and what it says.
 *
 * The rule: nothing that the holder could not read by calling. An integrator reads
 * shipments; blocks and duties are the operator's own to hear. A body is put together
 * from the room that owns the thing, or from the one member of the event that is
 * named here; an event's driver is never looked at. */
#include "freight/freight.h"
#include "hooks/hook_rows.h"
#include "offer/offer.h"

enum about { ABOUT_SHIPMENT, ABOUT_STATION, ABOUT_DUTY, ABOUT_BLOCK, ABOUT_AWARD, ABOUT_HOOK };

struct kind {
	const char *word;
	const char *event; /* NULL: no event is told so */
	const char *state; /* the event's "state" must be this; NULL: any */
	enum about about;
	bool integrator;
};
/* docs/webhooks.md and schema/hooks.json list the same words; test_hook_kinds compares them. */
static const struct kind kinds[] = {
    {"shipments.added", "freight.added", NULL, ABOUT_STATION, true},
    {"shipments.received", "freight.received", NULL, ABOUT_STATION, true},
    {"shipment.at_station", "shipment.state", "at_station", ABOUT_SHIPMENT, true},
    {"shipment.planned", "shipment.state", "planned", ABOUT_SHIPMENT, true},
    {"shipment.loaded", "shipment.state", "loaded", ABOUT_SHIPMENT, true},
    {"shipment.delivered", "shipment.state", "delivered", ABOUT_SHIPMENT, true},
    {"shipment.failed", "shipment.state", "failed", ABOUT_SHIPMENT, true},
    {"shipment.returned", "shipment.state", "returned", ABOUT_SHIPMENT, true},
    {"shipment.cancelled", "shipment.state", "cancelled", ABOUT_SHIPMENT, true},
    {"shipment.rescheduled", "shipment.rescheduled", NULL, ABOUT_SHIPMENT, true},
    {"duty.opened", "duty.opened", NULL, ABOUT_DUTY, false},
    {"duty.closed", "duty.closed", NULL, ABOUT_DUTY, false},
    {"block.published", "block.published", NULL, ABOUT_BLOCK, false},
    {"block.awarded", "award.made", NULL, ABOUT_AWARD, false},
    {"block.cancelled", "block.cancelled", NULL, ABOUT_BLOCK, false},
    {"webhook.ping", NULL, NULL, ABOUT_HOOK, true},
};

static const struct kind *
kind_find(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_eq(kinds[i].word, word))
			return &kinds[i];
	return NULL;
}

/* --- lists of words --- */

bool
hook_wants(const char *list, const char *kind)
{
	size_t n = strlen(kind);
	for (const char *at = list; *at != '\0'; at += *at == ' ') {
		size_t word = strcspn(at, " ");
		if (word == n && memcmp(at, kind, n) == 0)
			return true;
		at += word;
	}
	return false;
}

bool
hook_kind_for(const char *word, bool integrator)
{
	const struct kind *k = kind_find(word);
	return k != NULL && (k->integrator || !integrator);
}

static enum code
kind_check(struct scope *sc, const json_t *word, size_t i, bool integrator)
{
	const struct kind *k = json_is_string(word) ? kind_find(json_string_value(word)) : NULL;
	if (k == NULL || k->event == NULL)
		return fail_as(sc, E_INVALID, "bad-field", "\"kinds\"[%zu]: there is no such kind of event", i);
	if (integrator && !k->integrator)
		return fail_as(sc, E_DENIED, "kind-not-yours", "\"kinds\"[%zu]: an integrator hears of shipments only",
			       i);
	return OK;
}

enum code
hook_kinds_parse(struct scope *sc, const json_t *json, bool integrator, const char **out)
{
	const json_t *list;
	struct text words;
	text_init(&words, sc);
	TRY(json_need_array(sc, json, "kinds", 1, COUNT_OF(kinds), &list));
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(kind_check(sc, json_array_get(list, i), i, integrator));
	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		for (size_t i = 0; i < json_array_size(list); i++)
			if (text_eq(kinds[k].word, json_string_value(json_array_get(list, i)))) {
				text_printf(&words, "%s%s", words.len == 0 ? "" : " ", kinds[k].word);
				break;
			}
	*out = words.s;
	return OK;
}

/* --- events --- */

static json_t *
event_data(struct scope *sc, const struct event *e)
{
	json_t *data;
	if (json_parse(sc, e->data, strlen(e->data), &data) == OK && json_is_object(data))
		return data;
	error_clear(sc);
	return json_new_object(sc);
}

const char *
hook_kind_of(struct scope *sc, const struct event *e)
{
	const char *state = NULL;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (!text_eq(kinds[i].event, e->kind))
			continue;
		if (kinds[i].state != NULL && state == NULL)
			state = json_string_value(json_object_get(event_data(sc, e), "state"));
		if (kinds[i].state == NULL || text_eq(kinds[i].state, state))
			return kinds[i].word;
	}
	return NULL;
}

static void
copy_member(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);
	if (v != NULL && !json_is_null(v))
		json_put(to, key, json_incref(v));
}

static enum code
shipment_data(struct scope *sc, struct tx *tx, const struct event *e, const json_t *told, json_t *data)
{
	struct shipment s;
	TRY(freight_get(sc, tx, e->operator_id, e->subject, &s));
	json_put_text(data, "shipment", s.id);
	json_put_text(data, "reference", s.reference);
	json_put_text(data, "station", s.station_id);
	json_put_text(data, "day", s.day);
	copy_member(data, told, "state"); /* then, not now */
	copy_member(data, told, "day");
	copy_member(data, told, "reason");
	return OK;
}

static enum code
block_data(struct scope *sc, struct tx *tx, const struct event *e, const char *block_id, json_t *data)
{
	struct block b;
	TRY(offer_block_get(sc, tx, e->operator_id, block_id, &b));
	json_put_text(data, "block", b.id);
	json_put_text(data, "station", b.station_id);
	json_put_text(data, "programme", b.programme_id);
	json_put_time(data, "starts", b.hours.starts_ms);
	json_put_time(data, "ends", b.hours.ends_ms);
	json_put_int(data, "units", b.units);
	return OK;
}

static enum code
data_of(struct scope *sc, struct tx *tx, const struct event *e, enum about about, json_t *data)
{
	const json_t *told = event_data(sc, e);
	const char *block = json_string_value(json_object_get(told, "block"));
	switch (about) {
	case ABOUT_SHIPMENT: return shipment_data(sc, tx, e, told, data);
	case ABOUT_STATION:
		json_put_text(data, "station", e->subject);
		copy_member(data, told, "day");
		copy_member(data, told, "shipments");
		return OK;
	case ABOUT_DUTY:
		json_put_text(data, "duty", e->subject);
		copy_member(data, told, "station");
		copy_member(data, told, "block");
		return OK;
	case ABOUT_BLOCK: return block_data(sc, tx, e, e->subject, data);
	case ABOUT_AWARD:
		copy_member(data, told, "how");
		return block == NULL ? fail(sc, E_NOT_FOUND, "an award of no block")
				     : block_data(sc, tx, e, block, data);
	case ABOUT_HOOK: break;
	}
	return fail(sc, E_INTERNAL, "nobody tells of this");
}

static const char *
body_text(struct scope *sc, const char *kind, int64_t at_ms, json_t *data)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "type", kind);
	json_put_time(o, "timestamp", at_ms);
	json_put(o, "data", json_incref(data));
	return json_text(sc, o);
}

enum code
hook_body(struct scope *sc, struct tx *tx, const struct event *e, const char *kind, const char **body)
{
	const struct kind *k = kind_find(kind);
	json_t *data = json_new_object(sc);
	enum code rc = data_of(sc, tx, e, k == NULL ? ABOUT_HOOK : k->about, data);
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	*body = rc == OK ? body_text(sc, kind, e->at_ms, data) : NULL;
	return OK;
}

const char *
hook_ping_body(struct scope *sc, const char *hook_id, int64_t at_ms)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "webhook", hook_id);
	return body_text(sc, "webhook.ping", at_ms, data);
}
