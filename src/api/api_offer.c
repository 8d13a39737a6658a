/* Blocks: published by staff, asked for and given back by drivers, drawn by the rule. */
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "offer/offer.h"

#define BLOCKS_MAX 500
#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* A local date of the operator as [from, to); absent: 30 days around now. */
enum code
call_day(struct scope *sc, struct tx *tx, const struct call *c, int64_t *from_ms, int64_t *to_ms)
{
	const char *date = call_query(c, "date");
	struct operator op;
	int64_t midnight_ms;
	int64_t offset_ms;
	if (date == NULL) {
		*from_ms = tx_now_ms(tx) - 2 * DAY_MS;
		*to_ms = tx_now_ms(tx) + 28 * DAY_MS;
		return OK;
	}
	TRY(date_parse(sc, date, &midnight_ms));
	TRY(operator_get(sc, tx, c->who.operator_id, &op));
	TRY(zone_offset_ms(sc, op.zone, midnight_ms, &offset_ms));
	*from_ms = midnight_ms - offset_ms;
	*to_ms = *from_ms + DAY_MS;
	return OK;
}

/* --- staff --- */

static enum code
blocks(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t from_ms;
	int64_t to_ms;
	json_t *list;
	TRY(call_day(sc, tx, c, &from_ms, &to_ms));
	TRY(offer_blocks(sc, tx, c->who.operator_id, call_query(c, "station_id"), from_ms, to_ms, BLOCKS_MAX, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
put_awards(struct scope *sc, struct tx *tx, struct call *c, const char *block_id, json_t *into)
{
	struct award *awards;
	size_t n;
	TRY(offer_awards_in(sc, tx, c->who.operator_id, block_id, &awards, &n));
	json_t *list = json_array();
	json_put(into, "awards", list);
	for (size_t i = 0; i < n; i++) {
		json_t *o = award_json(sc, &awards[i]);
		const char *name = NULL;
		if (awards[i].driver_id != NULL)
			TRY(driver_name(sc, tx, c->house->keys, c->who.operator_id, awards[i].driver_id, &name));
		json_put_text(o, "driver_name", name);
		json_array_append(list, o);
	}
	return OK;
}

static enum code
block_one(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(offer_block_json(sc, tx, c->who.operator_id, c->param[0], &o));
	TRY(put_awards(sc, tx, c, c->param[0], o));
	reply_json(c, o);
	return OK;
}

static enum code
publish(struct scope *sc, struct tx *tx, struct call *c)
{
	struct block_new b;
	struct id id;
	json_t *o;
	TRY(block_parse(sc, c->body, &b));
	TRY(day_block_publish(sc, tx, c->who.operator_id, c->who.id, &b, &id));
	TRY(offer_block_json(sc, tx, c->who.operator_id, id.s, &o));
	reply_json(c, o);
	return OK;
}

static enum code
cancel(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"reasoning", NULL};
	const char *reasoning;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &reasoning));
	return day_block_cancel(sc, tx, c->who.operator_id, c->param[0], c->who.id, reasoning);
}

static enum code
award_directly(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"driver_id", "reasoning", "overrides", NULL};
	const char *driver_id;
	const char *reasoning;
	const char *overrides = NULL;
	struct id id;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "driver_id", 1, 40, &driver_id));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &reasoning));
	TRY(json_may_text(sc, c->body, "overrides", 1, 40, &overrides));
	TRY(day_award_direct(sc, tx, c->who.operator_id, c->param[0], driver_id, c->who.id, reasoning, overrides, &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	reply_json(c, o);
	return OK;
}

static enum code
award_withdrawn(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"reasoning", NULL};
	const char *reasoning;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "reasoning", 20, 4000, &reasoning));
	return day_award_cancel(sc, tx, c->who.operator_id, c->param[0], c->who.id, reasoning);
}

static enum code
status(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	TRY(offer_status(sc, tx, c->who.operator_id, &o));
	reply_json(c, o);
	return OK;
}

/* --- drivers --- */

static enum code
offers(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *list;
	TRY(offer_blocks_open_for(sc, tx, c->who.operator_id, c->who.id, BLOCKS_MAX, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
request(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"nonce", NULL};
	const char *text;
	uint8_t *nonce;
	size_t n;
	json_t *o;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "nonce", 1, 60, &text));
	if (base64_decode(sc, text, OFFER_NONCE, &nonce, &n) != OK || n != OFFER_NONCE)
		return fail_as(sc, E_INVALID, "bad-field", "\"nonce\" must be 32 bytes in base64url");
	TRY(offer_request(sc, tx, c->who.operator_id, c->who.id, c->param[0], nonce, &o));
	reply_json(c, o);
	return OK;
}

static enum code
withdraw(struct scope *sc, struct tx *tx, struct call *c)
{
	return offer_withdraw(sc, tx, c->who.operator_id, c->who.id, c->param[0]);
}

static enum code
awards(struct scope *sc, struct tx *tx, struct call *c)
{
	struct award *list;
	size_t n;
	TRY(offer_awards_of(sc, tx, c->who.operator_id, c->who.id, tx_now_ms(tx) - 30 * DAY_MS, 200, &list, &n));
	json_t *items = json_new_array(sc);
	for (size_t i = 0; i < n; i++) {
		json_t *block;
		json_t *o = award_json(sc, &list[i]);
		TRY(offer_block_json(sc, tx, c->who.operator_id, list[i].block_id, &block));
		json_put(o, "block", json_incref(block));
		json_array_append(items, o);
	}
	reply_items(sc, c, items);
	return OK;
}

static enum code
give_back(struct scope *sc, struct tx *tx, struct call *c)
{
	return day_give_back(sc, tx, c->who.operator_id, c->who.id, c->param[0]);
}

/* --- everybody --- */

static enum code
proof(struct scope *sc, struct tx *tx, struct call *c)
{
	struct operator op;
	json_t *o;
	TRY(call_operator(sc, tx, c, &op));
	enum code rc = offer_draw_proof(sc, tx, op.id, c->param[0], &o);
	if (rc == E_NOT_FOUND && sc->err.reason != NULL) {
		/* That a draw is overdue is for everybody to see. */
		reply_problem(c, rc, sc->err.reason, "%s", scope_strdup(sc, sc->err.message));
		return OK;
	}
	TRY(rc);
	reply_json(c, o);
	return OK;
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/v1/blocks",
     .who = MAY_STAFF,
     .prepare = blocks,
     .summary = "Blocks by their start",
     .query = "date,station_id",
     .answer = "BlockList"},
    {.method = "POST",
     .path = "/v1/blocks",
     .who = MAY_DISPATCH,
     .commit = publish,
     .summary = "Publish a block; its draw's secret is committed with it",
     .request = "BlockNew",
     .answer = "Block",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/blocks/{block_id}",
     .who = MAY_STAFF,
     .prepare = block_one,
     .summary = "One block and its awards; requests stay sealed until the close",
     .answer = "Block"},
    {.method = "POST",
     .path = "/v1/blocks/{block_id}/cancel",
     .who = MAY_DISPATCH,
     .commit = cancel,
     .summary = "A person cancels, in her own words",
     .request = "Reasoning",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/blocks/{block_id}/award",
     .who = MAY_DISPATCH,
     .commit = award_directly,
     .summary = "A person gives a unit, with her reason",
     .request = "DirectAward",
     .answer = "Made",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "POST",
     .path = "/v1/awards/{award_id}/cancel",
     .who = MAY_DISPATCH,
     .commit = award_withdrawn,
     .summary = "A person takes an award back, with her reason; the next on the list is drawn",
     .request = "Reasoning",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/offer-status",
     .who = MAY_STAFF,
     .prepare = status,
     .summary = "Open, overdue and unfilled blocks",
     .answer = "OfferStatus"},
    {.method = "GET",
     .path = "/v1/driver/offers",
     .who = MAY_DRIVER,
     .prepare = offers,
     .summary = "Every open block with its terms, and whether you may ask for it and why not",
     .answer = "OfferList"},
    {.method = "POST",
     .path = "/v1/driver/blocks/{block_id}/request",
     .who = MAY_DRIVER,
     .commit = request,
     .summary = "Ask for a block, sealed; your phone's nonce goes into the draw",
     .request = "RequestNew",
     .answer = "RequestMade",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "DELETE",
     .path = "/v1/driver/blocks/{block_id}/request",
     .who = MAY_DRIVER,
     .commit = withdraw,
     .summary = "Take the request back; it costs nothing"},
    {.method = "GET",
     .path = "/v1/driver/awards",
     .who = MAY_DRIVER,
     .prepare = awards,
     .summary = "Your awards",
     .answer = "AwardList"},
    {.method = "POST",
     .path = "/v1/driver/awards/{award_id}/give-back",
     .who = MAY_DRIVER,
     .commit = give_back,
     .summary = "Give a block back before its start; it costs nothing",
     .once = true},
    {.method = "GET",
     .path = "/v1/draws/{block_id}",
     .who = MAY_PUBLIC,
     .prepare = proof,
     .summary = "The draw's proof: recompute it with `waybill offer replay`",
     .query = "operator",
     .answer = "DrawProof"},
    {0},
};
const struct route_table api_offer_table = {"Offers", "Blocks, requests, draws and awards.", rows};
