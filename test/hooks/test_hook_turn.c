/* Hooks through the store and over the wire, on a clock that stands until it is moved:
 * what is collected, in which order it goes, when it is tried again, and who hears what. */
#include "people_fixture.h"

#include <sodium.h>

#include "base/file.h"
#include "freight/freight.h"
#include "hooks/hook_rows.h"
#include "hooks/receiver.h"
#include "offer/offer.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, &freight_schema, &offer_schema, &hooks_schema,
					       NULL};

struct ground {
	struct people_fixture p;
	struct receiver r;
	struct hooks *hooks;
	struct id integrator, integrator2;
	struct jobs *jobs;
};

static const struct job_kind *const kinds[] = {&hooks_turn_job, &hooks_forget_job, &offer_close_job,
					       &freight_forget_job, NULL};

static enum code
add_integrators(struct scope *sc, struct tx *tx, void *arg)
{
	struct ground *g = arg;
	const struct staff_new one = {"shop@nordhamn.example", "A shop's machine", ROLE_INTEGRATOR, NULL};
	const struct staff_new two = {"other@nordhamn.example", "Another's", ROLE_INTEGRATOR, NULL};
	TRY(staff_create(sc, tx, g->p.op.s, &one, &g->integrator));
	return staff_create(sc, tx, g->p.op.s, &two, &g->integrator2);
}

static void
begin_sending(struct ground *g)
{
	const struct hooks_options opt = {.store = g->p.f.store, .keys = g->p.keys, .reach = REACH_LOOPBACK};
	assert_ok(&g->p.f.sc, hooks_open(&g->p.f.sc, &opt, &g->hooks));
	assert_ok(&g->p.f.sc, jobs_open(&g->p.f.sc, g->p.f.store, kinds, NULL, 1, &g->jobs));
}

static void
end_sending(struct ground *g)
{
	jobs_close(g->jobs);
	hooks_close(g->hooks);
}

static int
setup(void **state)
{
	struct ground *g = calloc(1, sizeof *g);
	if (g == NULL)
		return -1;
	people_fixture_open(&g->p, schemas);
	fixture_write(&g->p, add_integrators, g);
	receiver_open(&g->p.f.sc, &g->r);
	begin_sending(g);
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct ground *g = *state;
	end_sending(g);
	receiver_close(&g->r);
	people_fixture_close(&g->p);
	free(g);
	return 0;
}

/* --- calls --- */

enum op { ADD, CHANGE, ON, OFF, REMOVE, SECRET, PING, REDELIVER, SHOW, LIST, DELIVERIES };

struct call {
	struct ground *g;
	enum op op;
	struct hook_holder who;
	const char *id, *delivery;
	const json_t *body;
	struct id made;
	const char *secret;
	int64_t until_ms;
	json_t *out;
};

static enum code
add(struct scope *sc, struct tx *tx, struct call *c)
{
	struct hook_new h;
	TRY(hook_parse(sc, c->body, hooks_reach(c->g->hooks), c->who.integrator, &h));
	return hook_add(sc, tx, c->g->p.keys, &c->who, &h, &c->made, &c->secret);
}

static enum code
run_call(struct scope *sc, struct tx *tx, void *arg)
{
	struct call *c = arg;
	switch (c->op) {
	case ADD: return add(sc, tx, c);
	case CHANGE: return hook_change(sc, tx, &c->who, c->id, c->body);
	case ON: return hook_switch(sc, tx, &c->who, c->id, true);
	case OFF: return hook_switch(sc, tx, &c->who, c->id, false);
	case REMOVE: return hook_remove(sc, tx, &c->who, c->id);
	case SECRET: return hook_secret_new(sc, tx, c->g->p.keys, &c->who, c->id, &c->secret, &c->until_ms);
	case PING: return hook_ping(sc, tx, &c->who, c->id, &c->made);
	case REDELIVER: return hook_redeliver(sc, tx, &c->who, c->id, c->delivery);
	case SHOW: return hook_json(sc, tx, &c->who, c->id, &c->out);
	case LIST: return hook_list(sc, tx, &c->who, &c->out);
	case DELIVERIES: return hook_deliveries(sc, tx, &c->who, c->id, 0, 100, &c->out);
	}
	return fail(sc, E_INTERNAL, "no such call");
}

static struct hook_holder
manager(struct ground *g)
{
	return (struct hook_holder){g->p.op.s, g->p.admin.s, false};
}

static struct hook_holder
integrator(struct ground *g)
{
	return (struct hook_holder){g->p.op.s, g->integrator.s, true};
}

static struct call
must(struct ground *g, struct call c)
{
	c.g = g;
	fixture_write(&g->p, run_call, &c);
	return c;
}

static void
refuses(struct ground *g, struct call c, enum code wanted, const char *why)
{
	c.g = g;
	fixture_refuses(&g->p, wanted, why, run_call, &c);
}

static json_t *
new_hook(struct ground *g, const char *url, const char *words)
{
	char **list;
	size_t n = text_split(&g->p.f.sc, words, ' ', &list);
	json_t *o = json_new_object(&g->p.f.sc);
	json_t *a = json_array();
	json_put_text(o, "label", "warehouse");
	json_put_text(o, "url", url);
	json_put(o, "kinds", a);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_string(list[i]));
	return o;
}

static const char *
receiver_url(struct ground *g)
{
	return scope_printf(&g->p.f.sc, "http://127.0.0.1:%d/in?token=sesame", http_port(g->r.server));
}

static struct call
hook(struct ground *g, struct hook_holder who, const char *words)
{
	return must(g, (struct call){.op = ADD, .who = who, .body = new_hook(g, receiver_url(g), words)});
}

static json_t *
shown(struct ground *g, struct hook_holder who, const char *id)
{
	return must(g, (struct call){.op = SHOW, .who = who, .id = id}).out;
}

static json_t *
delivery(struct ground *g, const char *id, size_t i)
{
	json_t *page = must(g, (struct call){.op = DELIVERIES, .who = manager(g), .id = id}).out;
	return json_array_get(json_object_get(page, "items"), i);
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s == NULL ? "null" : s;
}

static int64_t
int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* --- events --- */

struct happening {
	struct ground *g;
	const char *operator_id, *kind, *subject, *state, *driver_id;
	size_t n;
	struct id id;
};

static enum code
add_shipments(struct scope *sc, struct tx *tx, void *arg)
{
	struct happening *h = arg;
	struct people_fixture *p = &h->g->p;
	struct parcel_new parcel = {NULL, 1000, 1000};
	struct shipment_new list[20];
	struct added added;
	for (size_t i = 0; i < h->n; i++)
		list[i] = (struct shipment_new){
		    .reference = scope_printf(sc, "REF-%s-%zu", h->subject, i),
		    .recipient = "Tove Sandberg",
		    .address = "Linnégatan 7",
		    .place = {576950000, 119530000},
		    .earliest_ms = FIXTURE_START_MS + 3 * 3600000,
		    .latest_ms = FIXTURE_START_MS + 9 * 3600000,
		    .service_s = 120,
		    .parcels = &parcel,
		    .n_parcels = 1,
		};
	TRY(freight_add(sc, tx, p->keys, p->op.s, p->station.s, p->dispatcher.s, list, h->n, &added));
	h->id = added.shipment_ids[0];
	return OK;
}

static enum code
move_shipment(struct scope *sc, struct tx *tx, void *arg)
{
	struct happening *h = arg;
	size_t to = 0;
	while (!text_eq(shipment_words[to], h->state))
		to++;
	const struct move m = {(enum shipment_state)to, h->g->p.dispatcher.s, to == SHIPMENT_PLANNED ? "dty_1" : NULL,
			       to == SHIPMENT_FAILED ? "nobody-home" : NULL};
	return freight_move(sc, tx, h->g->p.op.s, h->subject, &m);
}

static enum code
emit(struct scope *sc, struct tx *tx, void *arg)
{
	const struct happening *h = arg;
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", h->subject);
	json_put_text(data, "driver", h->driver_id);
	json_put_text(data, "station", "sta_1");
	json_put_text(data, "block", "blk_1");
	return event_emit(sc, tx, h->operator_id, h->driver_id, h->driver_id == NULL ? FOR_STAFF : FOR_BOTH, h->kind,
			  h->subject, data);
}

static const char *
shipment(struct ground *g, const char *name)
{
	struct happening h = {.g = g, .subject = name, .n = 1};
	fixture_write(&g->p, add_shipments, &h);
	return scope_strdup(&g->p.f.sc, h.id.s);
}

static void
moves(struct ground *g, const char *id, const char *state)
{
	struct happening h = {.g = g, .subject = id, .state = state};
	fixture_write(&g->p, move_shipment, &h);
}

/* --- what came --- */

static const struct message *
got(struct ground *g, size_t i)
{
	if (i >= g->r.n)
		fail_msg("only %zu messages came", g->r.n);
	return &g->r.got[i];
}

static const char *
member(struct ground *g, size_t i, const char *key)
{
	json_t *o;
	assert_ok(&g->p.f.sc, json_parse(&g->p.f.sc, got(g, i)->body, strlen(got(g, i)->body), &o));
	const char *top = json_string_value(json_object_get(o, key));
	return top != NULL ? top : text_of(json_object_get(o, "data"), key);
}

/* One of the message's signatures is this secret's. */
static bool
signed_with(struct ground *g, const struct message *m, const char *secret)
{
	uint8_t *key;
	size_t n;
	assert_ok(&g->p.f.sc, base64_decode(&g->p.f.sc, secret + strlen("whsec_"), 64, &key, &n));
	return strstr(m->signature, hook_signature(&g->p.f.sc, key, n, m->id, m->timestamp_s, m->body)) != NULL;
}

static void
later(struct ground *g, int64_t ms)
{
	assert_ok(&g->p.f.sc, jobs_run_until(&g->p.f.sc, g->jobs, clock_now_ms(&g->p.f.clock) + ms));
	hooks_run(g->hooks);
}

/* --- tests --- */

static void
what_was_asked_for_comes_in_order_and_signed(void **state)
{
	struct ground *g = *state;
	const char *old = shipment(g, "old");
	moves(g, old, "at_station"); /* before the hook: not its */
	struct call h = hook(g, integrator(g), "shipment.failed shipment.planned shipment.loaded shipments.added");
	const char *id = shipment(g, "a");
	static const char *const way[] = {"at_station", "planned", "loaded", "failed"};
	for (size_t i = 0; i < COUNT_OF(way); i++)
		moves(g, id, way[i]);
	hooks_run(g->hooks);
	static const char *const want[] = {"shipments.added", "shipment.planned", "shipment.loaded", "shipment.failed"};
	assert_int_equal(g->r.n, COUNT_OF(want));
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		const struct message *m = got(g, i);
		assert_string_equal(member(g, i, "type"), want[i]);
		assert_true(signed_with(g, m, h.secret));
		assert_string_equal(m->target, "/in?token=sesame");
		assert_string_equal(m->type, "application/json");
		assert_true(text_starts(m->agent, "waybill/"));
		assert_int_equal(m->timestamp_s, FIXTURE_START_MS / 1000);
		assert_string_equal(member(g, i, "timestamp"), "2026-11-22T06:00:00.000Z");
	}
	assert_string_equal(got(g, 3)->body,
			    scope_printf(&g->p.f.sc,
					 "{\"type\":\"shipment.failed\",\"timestamp\":\"2026-11-22T06:00:00.000Z\","
					 "\"data\":{\"shipment\":\"%s\",\"reference\":\"REF-a-0\",\"station\":\"%s\","
					 "\"day\":\"2026-11-22\",\"state\":\"failed\",\"reason\":\"nobody-home\"}}",
					 id, g->p.station.s));
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, COUNT_OF(want)); /* once */
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "state"), "delivered");
	assert_int_equal(int_of(delivery(g, h.made.s, 0), "status"), 200);
}

/* Twice no, then yes: the same message each time, freshly stamped and signed; the process ends in between. */
static void
what_failed_is_tried_again(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, integrator(g), "shipment.at_station");
	receiver_answers(&g->r, (const int[]){500, 302}, 2);
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 1);
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "why"), "refused");
	later(g, 3000);
	assert_int_equal(g->r.n, 1); /* not yet */
	end_sending(g);
	store_fixture_stop(&g->p.f);
	store_fixture_start(&g->p.f);
	begin_sending(g);
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 1);
	later(g, 4000);
	assert_int_equal(g->r.n, 2);
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "why"), "redirect"); /* not followed */
	later(g, 80000);
	assert_int_equal(g->r.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(got(g, i)->id, got(g, 0)->id);
		assert_string_equal(got(g, i)->body, got(g, 0)->body);
		assert_true(signed_with(g, got(g, i), h.secret));
		assert_true(i == 0 || got(g, i)->timestamp_s > got(g, i - 1)->timestamp_s);
	}
	json_t *d = delivery(g, h.made.s, 0);
	assert_string_equal(text_of(d, "state"), "delivered");
	assert_int_equal(int_of(d, "tries"), 3);
	assert_string_equal(text_of(d, "id"), got(g, 0)->id);
	assert_string_equal(text_of(shown(g, integrator(g), h.made.s), "failing_since"), "null");
}

static int64_t
next_try_after_ms(struct ground *g, const json_t *o)
{
	int64_t at_ms;
	assert_ok(&g->p.f.sc, time_parse(&g->p.f.sc, text_of(o, "next_try"), &at_ms));
	return at_ms - clock_now_ms(&g->p.f.clock);
}

/* "Sun, 22 Nov 2026 06:10:00 GMT", so many ms from now (whole seconds: the clock stands on one). */
static const char *
http_date(struct ground *g, int64_t in_ms)
{
	char *out = scope_alloc(&g->p.f.sc, 40);
	time_t at_s = (time_t)((clock_now_ms(&g->p.f.clock) + in_ms) / 1000);
	struct tm tm;
	strftime(out, 40, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at_s, &tm));
	return out;
}

/* Nothing of this hook before the receiver said; nothing before our own schedule either; nothing held for
 * more than a day; and only where the answer means it. */
static void
a_receiver_says_when(void **state)
{
	struct ground *g = *state;
	const struct {
		int status;
		const char *says;
		int64_t least_ms, most_ms;
	} table[] = {
	    {503, "90", 90000, 90000},
	    {429, http_date(g, 1200000), 1200000, 1200000},
	    {429, "2", 4000, 6000}, /* the schedule's five seconds */
	    {503, http_date(g, -60000), 4000, 6000},
	    {503, "99999999999", HOOK_DAY_MS, HOOK_DAY_MS},
	    {503, "Fri, 31 Dec 9999 23:59:59 GMT", HOOK_DAY_MS, HOOK_DAY_MS},
	    {429, "when it suits", 4000, 6000},
	    {500, "90", 4000, 6000}, /* says nothing about when */
	};
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct call h = hook(g, manager(g), "shipment.at_station");
		size_t before = g->r.n;
		g->r.retry_after = table[i].says;
		receiver_answers(&g->r, &table[i].status, 1);
		must(g, (struct call){.op = PING, .who = manager(g), .id = h.made.s});
		hooks_run(g->hooks);
		assert_int_equal(g->r.n, before + 1);
		int64_t own_ms = next_try_after_ms(g, delivery(g, h.made.s, 0));
		int64_t rest_ms = next_try_after_ms(g, shown(g, manager(g), h.made.s));
		assert_in_range(own_ms, table[i].least_ms, table[i].most_ms);
		assert_in_range(rest_ms, table[i].least_ms, table[i].most_ms);
		must(g, (struct call){.op = REMOVE, .who = manager(g), .id = h.made.s});
	}
}

static void
what_a_receiver_said_holds_every_message_but_a_person_s(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, manager(g), "shipment.at_station");
	g->r.retry_after = "3600";
	receiver_answers(&g->r, (const int[]){429}, 1);
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	moves(g, shipment(g, "b"), "at_station");
	later(g, 3599000);
	assert_int_equal(g->r.n, 1);
	later(g, 1000);
	assert_int_equal(g->r.n, 3);
	assert_string_equal(got(g, 1)->id, got(g, 0)->id);
	receiver_answers(&g->r, (const int[]){503}, 1);
	moves(g, shipment(g, "c"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 4);
	must(g, (struct call){.op = REDELIVER,
			      .who = manager(g),
			      .id = h.made.s,
			      .delivery = text_of(delivery(g, h.made.s, 0), "id")});
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 5);
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "state"), "delivered");
}

/* One that a receiver cannot take holds the others up for moments, and ends as failed. */
static void
one_that_is_not_taken_lets_others_pass(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, manager(g), "shipment.at_station");
	g->r.not_this = "REF-bad-";
	moves(g, shipment(g, "bad"), "at_station");
	moves(g, shipment(g, "good"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 1);
	later(g, 7000);
	later(g, 40000);
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "state"), "delivered");
	for (int day = 0; day < 5; day++) {
		for (int hour = 0; hour < 24; hour++)
			later(g, 3600000);
		moves(g, shipment(g, scope_printf(&g->p.f.sc, "day%d", day)), "at_station"); /* it works for others */
		later(g, 600000);
	}
	json_t *bad = delivery(g, h.made.s, 6);
	assert_string_equal(text_of(bad, "state"), "failed");
	assert_int_equal(int_of(bad, "tries"), HOOK_TRIES);
	assert_string_equal(text_of(shown(g, manager(g), h.made.s), "state"), "on");
	assert_int_equal(int_of(shown(g, manager(g), h.made.s), "failed"), 1);
	g->r.not_this = NULL; /* mended: a person sends it again */
	must(g, (struct call){.op = REDELIVER, .who = manager(g), .id = h.made.s, .delivery = text_of(bad, "id")});
	hooks_run(g->hooks);
	assert_string_equal(text_of(delivery(g, h.made.s, 6), "state"), "delivered");
	assert_string_equal(got(g, g->r.n - 1)->id, text_of(bad, "id"));
}

struct asked {
	const char *operator_id, *kind;
	int64_t n;
};

static enum code
count_events(struct scope *sc, struct tx *tx, void *arg)
{
	struct asked *a = arg;
	struct event *list;
	size_t n;
	TRY(events_after(sc, tx, a->operator_id, NULL, 0, 10000, &list, &n));
	a->n = 0;
	for (size_t i = 0; i < n; i++)
		a->n += text_eq(list[i].kind, a->kind);
	return OK;
}

static int64_t
events_of(struct ground *g, const char *kind)
{
	struct asked a = {g->p.op.s, kind, 0};
	struct scope sc;
	scope_init(&sc);
	assert_ok(&sc, store_read(&sc, g->p.f.store, count_events, &a));
	scope_release(&sc);
	return a.n;
}

static void
a_receiver_that_is_down_is_left_alone_then_switched_off(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, manager(g), "shipment.at_station");
	receiver_close(&g->r);
	for (size_t i = 0; i < 20; i++)
		moves(g, shipment(g, scope_printf(&g->p.f.sc, "s%zu", i)), "at_station");
	hooks_run(g->hooks);
	int64_t tried = 0;
	int step = 0;
	for (; events_of(g, "webhook.off") == 0 && step < 6 * 24 * 5; step++) {
		later(g, 600000);
		if (step == 5) { /* an hour: 20 wait, and it was asked a few times only */
			for (size_t i = 0; i < 20; i++)
				tried += int_of(delivery(g, h.made.s, i), "tries");
			assert_in_range(tried, 4, 14);
			assert_string_equal(text_of(delivery(g, h.made.s, 19), "why"), "not-reached");
		}
	}
	assert_in_range(step, 6 * 24 * 3, 6 * 24 * 4); /* three days, and then the next try */
	json_t *o = shown(g, manager(g), h.made.s);
	assert_string_equal(text_of(o, "state"), "off");
	assert_string_equal(text_of(o, "why"), "failing");
	refuses(g, (struct call){.op = PING, .who = manager(g), .id = h.made.s}, E_CONFLICT, "webhook-off");
	moves(g, shipment(g, "while-off"), "at_station");
	later(g, 86400000);
	assert_int_equal(
	    int_of(shown(g, manager(g), h.made.s), "waiting") + int_of(shown(g, manager(g), h.made.s), "failed"), 20);
	receiver_open(&g->p.f.sc, &g->r); /* another port: nobody reaches it, but on is on */
	must(g, (struct call){.op = ON, .who = manager(g), .id = h.made.s});
	assert_string_equal(text_of(shown(g, manager(g), h.made.s), "state"), "on");
	assert_string_equal(text_of(shown(g, manager(g), h.made.s), "failing_since"), "null");
	later(g, 8 * HOOK_DAY_MS);
	assert_null(delivery(g, h.made.s, 0)); /* forgotten */
}

static void
gone_means_gone(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, integrator(g), "shipment.at_station");
	receiver_answers(&g->r, (const int[]){410}, 1);
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	later(g, 86400000);
	assert_int_equal(g->r.n, 1);
	assert_string_equal(text_of(shown(g, integrator(g), h.made.s), "why"), "gone");
	must(g, (struct call){.op = ON, .who = integrator(g), .id = h.made.s});
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 2); /* what waited */
}

static void
two_secrets_are_good_for_a_day(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, integrator(g), "shipment.at_station");
	struct call turned = must(g, (struct call){.op = SECRET, .who = integrator(g), .id = h.made.s});
	assert_string_not_equal(turned.secret, h.secret);
	assert_int_equal(turned.until_ms, FIXTURE_START_MS + HOOK_DAY_MS);
	assert_string_not_equal(text_of(shown(g, integrator(g), h.made.s), "old_secret_until"), "null");
	must(g, (struct call){.op = PING, .who = integrator(g), .id = h.made.s});
	hooks_run(g->hooks);
	assert_true(signed_with(g, got(g, 0), h.secret) && signed_with(g, got(g, 0), turned.secret));
	later(g, HOOK_DAY_MS + 1);
	must(g, (struct call){.op = PING, .who = integrator(g), .id = h.made.s});
	hooks_run(g->hooks);
	assert_true(!signed_with(g, got(g, 1), h.secret) && signed_with(g, got(g, 1), turned.secret));
	assert_null(strchr(got(g, 1)->signature, ' '));
	assert_string_equal(text_of(shown(g, integrator(g), h.made.s), "old_secret_until"), "null");
	struct call third = must(g, (struct call){.op = SECRET, .who = integrator(g), .id = h.made.s});
	must(g, (struct call){.op = SECRET, .who = integrator(g), .id = h.made.s});
	must(g, (struct call){.op = PING, .who = integrator(g), .id = h.made.s});
	hooks_run(g->hooks);
	assert_true(!signed_with(g, got(g, 2), turned.secret) && signed_with(g, got(g, 2), third.secret));
}

/* --- who hears what --- */

static void
no_driver_is_told_of(void **state)
{
	struct ground *g = *state;
	hook(g, manager(g),
	     "duty.opened duty.closed block.published block.awarded block.cancelled"
	     " shipment.at_station shipment.planned shipment.loaded shipment.delivered");
	struct fixture_driver d = people_fixture_driver(&g->p, "Ada Lind");
	static const char *const told[] = {"duty.opened",  "duty.closed", "stop.delivered",
					   "driver.state", "checkin",	  "statement.issued"};
	for (size_t i = 0; i < COUNT_OF(told); i++) {
		struct happening h = {
		    .operator_id = g->p.op.s, .kind = told[i], .subject = "dty_1", .driver_id = d.id.s};
		fixture_write(&g->p, emit, &h);
	}
	const char *id = shipment(g, "a");
	moves(g, id, "at_station");
	moves(g, id, "planned");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 4);
	for (size_t i = 0; i < g->r.n; i++) {
		assert_null(strstr(got(g, i)->body, "drv_"));
		assert_null(strstr(got(g, i)->body, "driver"));
		assert_null(strstr(got(g, i)->body, "Ada"));
	}
	assert_string_equal(got(g, 0)->body,
			    "{\"type\":\"duty.opened\",\"timestamp\":\"2026-11-22T06:00:00.000Z\","
			    "\"data\":{\"duty\":\"dty_1\",\"station\":\"sta_1\",\"block\":\"blk_1\"}}");
	refuses(g, (struct call){.op = ADD, .who = integrator(g), .body = new_hook(g, receiver_url(g), "duty.opened")},
		E_DENIED, "kind-not-yours");
	refuses(g,
		(struct call){.op = ADD,
			      .who = integrator(g),
			      .body = new_hook(g, receiver_url(g), "shipment.loaded block.published")},
		E_DENIED, "kind-not-yours");
}

static enum code
another_operator(struct scope *sc, struct tx *tx, void *arg)
{
	struct id *out = arg;
	const struct operator_new o = {.slug = "other",
				       .name = "Other",
				       .zone = "Europe/Stockholm",
				       .country = "SE",
				       .currency = "SEK",
				       .contact = "x@other.example"};
	return operator_create(sc, tx, &o, out);
}

static void
one_does_not_hear_of_another(void **state)
{
	struct ground *g = *state;
	struct id other;
	fixture_write(&g->p, another_operator, &other);
	struct hook_holder stranger = {other.s, "stf_1", false};
	struct hook_holder second = {g->p.op.s, g->integrator2.s, true};
	struct call h = hook(g, integrator(g), "shipment.at_station");
	hook(g, stranger, "shipment.at_station duty.opened");
	static const enum op ops[] = {CHANGE, ON, OFF, REMOVE, SECRET, PING, REDELIVER, SHOW, DELIVERIES};
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		struct call c = {
		    .op = ops[i], .id = h.made.s, .delivery = "msg_1", .body = json_new_object(&g->p.f.sc)};
		c.who = stranger;
		refuses(g, c, E_NOT_FOUND, NULL);
		c.who = second;
		refuses(g, c, E_NOT_FOUND, NULL);
	}
	assert_int_equal(json_array_size(must(g, (struct call){.op = LIST, .who = second}).out), 0);
	assert_int_equal(json_array_size(must(g, (struct call){.op = LIST, .who = stranger}).out), 1);
	assert_int_equal(json_array_size(must(g, (struct call){.op = LIST, .who = manager(g)}).out), 1);
	struct happening e = {.operator_id = g->p.op.s, .kind = "duty.opened", .subject = "dty_1"};
	fixture_write(&g->p, emit, &e);
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 1); /* the integrator's */
	assert_true(signed_with(g, got(g, 0), h.secret));
	e.operator_id = other.s;
	fixture_write(&g->p, emit, &e);
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 2); /* the stranger's own */
}

static enum code
dismiss(struct scope *sc, struct tx *tx, void *arg)
{
	struct ground *g = arg;
	return staff_disable(sc, tx, g->p.op.s, g->integrator.s);
}

static void
who_may_not_enter_hears_nothing(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, integrator(g), "shipment.at_station");
	fixture_write(&g->p, dismiss, g);
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 0);
	assert_string_equal(text_of(shown(g, manager(g), h.made.s), "why"), "holder-left");
	assert_string_equal(text_of(shown(g, manager(g), h.made.s), "holder"), "A shop's machine");
}

static void
bad_hooks_are_refused(void **state)
{
	struct ground *g = *state;
	static const struct {
		const char *url, *kinds;
		enum code code;
		const char *why;
	} table[] = {
	    {"https://hooks.example/in", "shipment.flown", E_INVALID, "bad-field"},
	    {"https://hooks.example/in", "webhook.ping", E_INVALID, "bad-field"},
	    {"https://hooks.example/in", "shipment.state", E_INVALID, "bad-field"},
	    {"http://hooks.example/in", "shipment.failed", E_INVALID, "bad-url"},
	    {"http://8.8.8.8/in", "shipment.failed", E_INVALID, "bad-url"},
	    {"https://me:secret@hooks.example/in", "shipment.failed", E_INVALID, "bad-url"},
	    {"ftp://hooks.example/in", "shipment.failed", E_INVALID, "bad-url"},
	    {"https://10.0.0.1/in", "shipment.failed", E_DENIED, "address-not-allowed"},
	    {"https://169.254.169.254/latest", "shipment.failed", E_DENIED, "address-not-allowed"},
	};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		refuses(g,
			(struct call){.op = ADD, .who = manager(g), .body = new_hook(g, table[i].url, table[i].kinds)},
			table[i].code, table[i].why);
	struct call h = hook(g, manager(g), "shipment.failed shipment.loaded shipment.failed");
	json_t *o = shown(g, manager(g), h.made.s);
	assert_int_equal(json_array_size(json_object_get(o, "kinds")), 2);
	assert_string_equal(text_of(o, "url"),
			    scope_printf(&g->p.f.sc, "http://127.0.0.1:%d/in?…", http_port(g->r.server)));
	for (int i = 1; i < HOOKS_MAX; i++)
		hook(g, manager(g), "shipment.failed");
	refuses(g, (struct call){.op = ADD, .who = manager(g), .body = new_hook(g, receiver_url(g), "shipment.failed")},
		E_LIMIT, "too-many-webhooks");
	hook(g, integrator(g), "shipment.failed"); /* he has his own twenty */
}

/* A house that no longer calls this machine does not, whatever is registered. */
static void
the_reach_of_today_counts(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, manager(g), "shipment.at_station");
	end_sending(g);
	const struct hooks_options opt = {.store = g->p.f.store, .keys = g->p.keys, .reach = REACH_PUBLIC};
	assert_ok(&g->p.f.sc, hooks_open(&g->p.f.sc, &opt, &g->hooks));
	assert_ok(&g->p.f.sc, jobs_open(&g->p.f.sc, g->p.f.store, kinds, NULL, 1, &g->jobs));
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 0);
	assert_string_equal(text_of(delivery(g, h.made.s, 0), "why"), "address-not-allowed");
}

/* Neither the secret nor the address's query lies open in the files; nothing of a removed hook stays. */
static void
what_is_secret_is_sealed(void **state)
{
	struct ground *g = *state;
	struct call h = hook(g, manager(g), "shipment.at_station");
	moves(g, shipment(g, "a"), "at_station");
	hooks_run(g->hooks);
	store_fixture_stop(&g->p.f);
	static const char *const files[] = {"waybill.db", "waybill.db-wal"};
	uint8_t *key;
	size_t key_n;
	assert_ok(&g->p.f.sc, base64_decode(&g->p.f.sc, h.secret + strlen("whsec_"), 64, &key, &key_n));
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		uint8_t *bytes;
		size_t n;
		const char *path = path_join(&g->p.f.sc, g->p.f.dir, files[i]);
		if (!file_exists(path))
			continue;
		assert_ok(&g->p.f.sc, file_read(&g->p.f.sc, path, 64 << 20, &bytes, &n));
		assert_null(memmem(bytes, n, "sesame", 6));
		assert_null(memmem(bytes, n, h.secret + 6, 20));
		assert_null(memmem(bytes, n, key, key_n));
		assert_true(i > 0 || memmem(bytes, n, "warehouse", 9) != NULL); /* it is the right file */
	}
	store_fixture_start(&g->p.f);
	end_sending(g);
	begin_sending(g);
	must(g, (struct call){.op = REMOVE, .who = manager(g), .id = h.made.s});
	refuses(g, (struct call){.op = SHOW, .who = manager(g), .id = h.made.s}, E_NOT_FOUND, NULL);
	moves(g, shipment(g, "b"), "at_station");
	hooks_run(g->hooks);
	assert_int_equal(g->r.n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_asked_for_comes_in_order_and_signed),
	    TEST(what_failed_is_tried_again),
	    TEST(a_receiver_says_when),
	    TEST(what_a_receiver_said_holds_every_message_but_a_person_s),
	    TEST(one_that_is_not_taken_lets_others_pass),
	    TEST(a_receiver_that_is_down_is_left_alone_then_switched_off),
	    TEST(gone_means_gone),
	    TEST(two_secrets_are_good_for_a_day),
	    TEST(no_driver_is_told_of),
	    TEST(one_does_not_hear_of_another),
	    TEST(who_may_not_enter_hears_nothing),
	    TEST(bad_hooks_are_refused),
	    TEST(the_reach_of_today_counts),
	    TEST(what_is_secret_is_sealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
