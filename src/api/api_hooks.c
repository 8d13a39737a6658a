/* Webhooks: what an operator's managers and integrators keep of them. */
#include "api/areas.h"
#include "hooks/hooks.h"

#define MAY_HOOK (MAY_MANAGE | MAY_ROLE(ROLE_INTEGRATOR))

static struct hook_holder
holder_of(const struct call *c)
{
	return (struct hook_holder){
	    .operator_id = c->who.operator_id,
	    .staff_id = c->who.id,
	    .integrator = c->who.role == ROLE_INTEGRATOR,
	};
}

static enum code
reply_hook(struct scope *sc, struct tx *tx, struct call *c, const char *id)
{
	const struct hook_holder who = holder_of(c);
	json_t *o;
	TRY(hook_json(sc, tx, &who, id, &o));
	reply_json(c, o);
	return OK;
}

static enum code
hooks(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	json_t *list;
	TRY(hook_list(sc, tx, &who, &list));
	reply_items(sc, c, list);
	return OK;
}

static enum code
one(struct scope *sc, struct tx *tx, struct call *c)
{
	return reply_hook(sc, tx, c, c->param[0]);
}

static enum code
add(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	struct hook_new h;
	struct id id;
	const char *secret;
	json_t *o;
	TRY(hook_parse(sc, c->body, hooks_reach(c->house->hooks), who.integrator, &h));
	TRY(hook_add(sc, tx, c->house->keys, &who, &h, &id, &secret));
	TRY(hook_json(sc, tx, &who, id.s, &o));
	json_put_text(o, "secret", secret); /* once, here and never again */
	reply_json(c, o);
	return OK;
}

static enum code
change(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	TRY(hook_change(sc, tx, &who, c->param[0], c->body));
	return reply_hook(sc, tx, c, c->param[0]);
}

static enum code
turn(struct scope *sc, struct tx *tx, struct call *c, bool on)
{
	const struct hook_holder who = holder_of(c);
	TRY(hook_switch(sc, tx, &who, c->param[0], on));
	return reply_hook(sc, tx, c, c->param[0]);
}

static enum code
turn_on(struct scope *sc, struct tx *tx, struct call *c)
{
	return turn(sc, tx, c, true);
}

static enum code
turn_off(struct scope *sc, struct tx *tx, struct call *c)
{
	return turn(sc, tx, c, false);
}

static enum code
drop(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	return hook_remove(sc, tx, &who, c->param[0]);
}

static enum code
secret_new(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	const char *secret;
	int64_t old_until_ms;
	TRY(hook_secret_new(sc, tx, c->house->keys, &who, c->param[0], &secret, &old_until_ms));
	json_t *o = json_new_object(sc);
	json_put_text(o, "secret", secret);
	json_put_time(o, "old_secret_until", old_until_ms);
	reply_json(c, o);
	return OK;
}

static enum code
ping(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	struct id id;
	TRY(hook_ping(sc, tx, &who, c->param[0], &id));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", id.s);
	reply_json(c, o);
	return OK;
}

static enum code
deliveries(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	int64_t before;
	size_t max;
	json_t *page;
	TRY(call_page(sc, c, &before, &max));
	TRY(hook_deliveries(sc, tx, &who, c->param[0], before, max, &page));
	reply_json(c, page);
	return OK;
}

static enum code
redeliver(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct hook_holder who = holder_of(c);
	return hook_redeliver(sc, tx, &who, c->param[0], c->param[1]);
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/v1/webhooks",
     .who = MAY_HOOK,
     .prepare = hooks,
     .summary = "An integrator's own webhooks; for a manager, all of the operator's",
     .answer = "WebhookList"},
    {.method = "POST",
     .path = "/v1/webhooks",
     .who = MAY_HOOK,
     .commit = add,
     .summary = "Hear of events at an address of yours; the answer has the secret, this once",
     .request = "WebhookNew",
     .answer = "WebhookMade",
     .body = BODY_JSON,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/webhooks/{webhook_id}",
     .who = MAY_HOOK,
     .prepare = one,
     .summary = "One webhook, and how it fares",
     .answer = "Webhook"},
    {.method = "PUT",
     .path = "/v1/webhooks/{webhook_id}",
     .who = MAY_HOOK,
     .commit = change,
     .summary = "Another label, other kinds; another address is another webhook",
     .request = "WebhookChange",
     .answer = "Webhook",
     .body = BODY_JSON},
    {.method = "DELETE",
     .path = "/v1/webhooks/{webhook_id}",
     .who = MAY_HOOK,
     .commit = drop,
     .summary = "Gone, with its secrets and the list of its deliveries"},
    {.method = "POST",
     .path = "/v1/webhooks/{webhook_id}/on",
     .who = MAY_HOOK,
     .commit = turn_on,
     .summary = "Switch it on: what happens from now on is sent, and what was waiting",
     .answer = "Webhook",
     .once = true},
    {.method = "POST",
     .path = "/v1/webhooks/{webhook_id}/off",
     .who = MAY_HOOK,
     .commit = turn_off,
     .summary = "Switch it off: what happens while it is off is not sent later",
     .answer = "Webhook",
     .once = true},
    {.method = "POST",
     .path = "/v1/webhooks/{webhook_id}/secret",
     .who = MAY_HOOK,
     .commit = secret_new,
     .summary = "A new secret, shown once; the old one signs beside it for a day",
     .answer = "WebhookSecret",
     .once = true},
    {.method = "POST",
     .path = "/v1/webhooks/{webhook_id}/ping",
     .who = MAY_HOOK,
     .commit = ping,
     .summary = "Send a message that says nothing, to see whether it arrives",
     .answer = "Made",
     .once = true},
    {.method = "GET",
     .path = "/v1/webhooks/{webhook_id}/deliveries",
     .who = MAY_HOOK,
     .prepare = deliveries,
     .summary = "What was sent in the last seven days, and what came of it; newest first",
     .query = "after,limit",
     .answer = "WebhookDeliveryList"},
    {.method = "POST",
     .path = "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
     .who = MAY_HOOK,
     .commit = redeliver,
     .summary = "The same message again, under the same webhook-id",
     .once = true},
    {0},
};
const struct route_table api_hooks_table = {"Webhooks", "Events told to a server of yours.", rows};
