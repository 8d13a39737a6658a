/* Publishing, giving back, closing: what takes more than one room. */
#include "day/day.h"

#include "base/text.h"
#include "freight/freight.h"
#include "offer/offer.h"

enum code
day_block_publish(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
		  const struct block_new *block, struct id *block_id)
{
	struct pay_plan plan;
	struct block_new b = *block;
	TRY(pay_plan_get(sc, tx, operator_id, b.pay_plan_id, b.pay_plan_version, &plan));
	b.pay_plan_version = plan.version; /* what is promised now is what will be paid */
	TRY(offer_block_publish(sc, tx, operator_id, staff_id, &b, block_id));
	return duty_plan_ask(sc, tx, operator_id, block->station_id, block->hours.starts_ms);
}

/* Before the lead the wave's own job sees the award; after it, nobody else would. */
enum code
day_award_direct(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, const char *driver_id,
		 const char *staff_id, const char *reasoning, const char *overrides, struct id *award_id)
{
	struct block b;
	struct id made;
	TRY(offer_award_direct(sc, tx, operator_id, block_id, driver_id, staff_id, reasoning, overrides, &made));
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	if (tx_now_ms(tx) >= b.hours.starts_ms - PLAN_LEAD_MS)
		TRY(duty_plan_ask(sc, tx, operator_id, b.station_id, b.hours.starts_ms));
	*award_id = made;
	return OK;
}

enum code
day_award_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, const char *staff_id,
		 const char *reasoning)
{
	TRY(duty_release(sc, tx, operator_id, award_id));
	return offer_award_cancel(sc, tx, operator_id, award_id, staff_id, reasoning);
}

enum code
day_block_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, const char *staff_id,
		 const char *reasoning)
{
	struct award *awards;
	size_t n;
	TRY(offer_block_cancel(sc, tx, operator_id, block_id, staff_id, reasoning));
	TRY(offer_awards_in(sc, tx, operator_id, block_id, &awards, &n));
	for (size_t i = 0; i < n; i++)
		if (awards[i].state == AWARD_CANCELLED)
			TRY(duty_release(sc, tx, operator_id, awards[i].id));
	return OK;
}

enum code
day_give_back(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id)
{
	struct award a;
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	if (!text_eq(a.driver_id, driver_id)) /* before anything is said of its duty */
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	TRY(duty_release(sc, tx, operator_id, award_id));
	return offer_give_back(sc, tx, operator_id, driver_id, award_id);
}

enum code
day_shipment_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, const char *by,
		    const char *reason)
{
	struct shipment s;
	const struct move m = {.to = SHIPMENT_CANCELLED, .by = by, .reason = reason};
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	TRY(freight_move(sc, tx, operator_id, shipment_id, &m));
	return duty_shipment_gone(sc, tx, operator_id, s.duty_id, shipment_id);
}

static enum code
pay_for(struct scope *sc, struct tx *tx, const char *operator_id, const struct duty_closed *c, struct id *statement_id)
{
	const struct pay_duty d = {
	    .duty_id = c->duty_id,
	    .driver_id = c->driver_id,
	    .station_id = c->station_id,
	    .block_id = c->block_id,
	    .pay_plan_id = c->pay_plan_id,
	    .pay_plan_version = c->pay_plan_version,
	    .from_ms = c->engaged_from_ms,
	    .to_ms = c->engaged_to_ms,
	    .facts = {.engaged_s = (c->engaged_to_ms - c->engaged_from_ms) / 1000,
		      .wait_s = c->wait_s,
		      .stops = c->stops,
		      .distance_m = c->distance_m},
	};
	return pay_statement_issue(sc, tx, operator_id, &d, statement_id);
}

enum code
day_duty_close(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char **duty_id,
	       struct id *statement_id)
{
	struct duty_closed c;
	TRY(duty_close(sc, tx, operator_id, driver_id, &c));
	TRY(pay_for(sc, tx, operator_id, &c, statement_id));
	*duty_id = c.duty_id;
	return OK;
}

enum code
day_duty_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, const char *staff_id,
	     const char *reasoning, struct id *statement_id)
{
	struct duty_closed c;
	TRY(duty_end_early(sc, tx, operator_id, duty_id, staff_id, reasoning, &c));
	return pay_for(sc, tx, operator_id, &c, statement_id);
}
