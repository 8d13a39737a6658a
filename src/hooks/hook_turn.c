/* One turn of one hook: what has happened becomes deliveries, then some that are due
 * are sent, one after the other, each outcome durable before the next one goes.
 *
 * Two clocks hold a message back. Its own: after its n-th failed try it waits for
 * pauses[n - 1]. Its hook's: after any failure nothing of this hook is sent for a rest
 * that grows with the failures in a row, so that a receiver that is down is asked once
 * in ten minutes, however many messages wait; and a message that a receiver cannot
 * take, while it takes others, holds those up for seconds only.
 *
 * A receiver that says when to come again (Retry-After with 429 or 503) speaks for
 * itself, not for one message: both clocks are set no earlier than that. They are never
 * set earlier than our own schedule: it is what spares a receiver that says "at once"
 * while it is down. And never later than HOOK_HOLD_MAX_MS by its word alone: one wrong
 * answer must not silence a hook for good, nor may the days until it is switched off
 * pass without another try. */
#include <sodium.h>

#include "base/log.h"
#include "hooks/hook_rows.h"
#include "http/http_client.h"
#include "people/people.h"

#define COLLECT_MAX 200
#define LOOK_AHEAD 64 /* events nobody wants are passed by in such steps, without a write each */
#define BATCH 16
#define TIMEOUT_MS 10000
#define ANSWER_MAX 4096
#define FORGET_MAX 5000

/* --- the schedule --- */

static int64_t
a_fifth_more_or_less(int64_t ms, uint32_t chance)
{
	return ms * (80 + chance % 41) / 100;
}

int64_t
hook_pause_ms(int64_t tries, uint32_t chance)
{
	static const int64_t pauses_s[HOOK_TRIES - 1] = {5, 60, 600, 3600, 10800, 21600, 43200, 86400, 86400};
	int64_t i = tries < 1 ? 0 : tries > HOOK_TRIES - 1 ? HOOK_TRIES - 2 : tries - 1;
	return a_fifth_more_or_less(pauses_s[i] * 1000, chance);
}

int64_t
hook_rest_ms(int64_t fails, uint32_t chance)
{
	static const int64_t rests_s[] = {5, 30, 120, 600};
	int64_t last = (int64_t)COUNT_OF(rests_s) - 1;
	int64_t i = fails < 1 ? 0 : fails - 1 > last ? last : fails - 1;
	return a_fifth_more_or_less(rests_s[i] * 1000, chance);
}

/* --- collecting --- */

enum code
hook_enqueue(struct scope *sc, struct tx *tx, const struct hook_row *h, int64_t event_seq, const char *kind,
	     const char *body, struct id *id)
{
	struct rows *r;
	struct id fresh = tx_new_id(tx, "msg");
	int64_t now = tx_now_ms(tx);
	TRY(sql_one(sc, tx, &r,
		    "UPDATE hook SET last_n = last_n + 1 WHERE operator_id = $1 AND id = $2 RETURNING last_n",
		    VALS(v_text(h->operator_id), v_text(h->id))));
	int64_t n = row_int(r, 0);
	TRY(rows_end(sc, r));
	TRY(sql_run(sc, tx,
		    "INSERT INTO hook_delivery (operator_id, hook_id, n, id, event_seq, kind, body, state, made_ms,"
		    " tries, next_ms, tried_ms, status, took_ms, why)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, 0, 0, 0, 0, 0, NULL)",
		    VALS(v_text(h->operator_id), v_text(h->id), v_int(n), v_text(fresh.s),
			 event_seq == 0 ? v_null() : v_int(event_seq), v_text(kind), v_text(body), v_int(now)),
		    NULL));
	int64_t forget_ms = (now / HOOK_DAY_MS + 1) * HOOK_DAY_MS + HOOK_KEPT_MS;
	TRY(job_add(sc, tx, hooks_forget_job.name, "", "hooks", forget_ms, NULL));
	tx_ring(tx, BELL_EVENTS);
	*id = fresh;
	return OK;
}

static const char *
wanted(struct scope *sc, const struct hook_row *h, const struct event *e)
{
	const char *kind = hook_kind_of(sc, e);
	return kind != NULL && hook_wants(h->kinds, kind) && hook_kind_for(kind, h->holder_id != NULL) ? kind : NULL;
}

/* Cursor and deliveries in one: what was collected is not collected again. */
static enum code
collect(struct scope *sc, struct tx *tx, void *arg)
{
	const struct hook_row *before = arg;
	struct hook_row h;
	struct event *events;
	struct id id;
	size_t n;
	enum code rc = hook_get(sc, tx, before->operator_id, before->id, &h);
	if (rc == E_NOT_FOUND || (rc == OK && !h.on)) {
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	TRY(events_after(sc, tx, h.operator_id, NULL, h.cursor_seq, COLLECT_MAX, &events, &n));
	for (size_t i = 0; i < n; i++) {
		const char *kind = wanted(sc, &h, &events[i]);
		const char *body = NULL;
		if (kind != NULL)
			TRY(hook_body(sc, tx, &events[i], kind, &body));
		if (body != NULL)
			TRY(hook_enqueue(sc, tx, &h, events[i].seq, kind, body, &id));
	}
	if (n == 0)
		return OK;
	return sql_run(sc, tx, "UPDATE hook SET cursor_seq = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(h.operator_id), v_text(h.id), v_int(events[n - 1].seq)), NULL);
}

static enum code
something_to_collect(struct scope *sc, struct tx *tx, const struct hook_row *h, bool *out)
{
	struct event *events;
	size_t n;
	TRY(events_after(sc, tx, h->operator_id, NULL, h->cursor_seq, LOOK_AHEAD, &events, &n));
	bool some = n == LOOK_AHEAD;
	for (size_t i = 0; i < n && !some; i++)
		some = wanted(sc, h, &events[i]) != NULL;
	*out = some;
	return OK;
}

static enum code
something_to_send(struct scope *sc, struct tx *tx, const struct hook_row *h, bool *out)
{
	struct rows *r;
	int64_t now = tx_now_ms(tx);
	if (h->next_ms > now) {
		*out = false;
		return OK;
	}
	TRY(sql_query(sc, tx, &r,
		      "SELECT 1 FROM hook_delivery WHERE operator_id = $1 AND hook_id = $2 AND state = 'waiting'"
		      " AND next_ms <= $3 LIMIT 1",
		      VALS(v_text(h->operator_id), v_text(h->id), v_int(now))));
	bool some = row_next(r);
	TRY(rows_end(sc, r));
	*out = some;
	return OK;
}

enum code
hook_is_due(struct scope *sc, struct tx *tx, const struct hook_row *h, bool *due)
{
	bool is = false;
	if (h->on)
		TRY(something_to_send(sc, tx, h, &is));
	if (h->on && !is)
		TRY(something_to_collect(sc, tx, h, &is));
	*due = is;
	return OK;
}

/* --- what is known before a turn --- */

struct turn {
	const struct hooks_options *opt;
	const _Atomic bool *stop;
	const struct hook_row *hook; /* as it was picked */
	bool holder_left, collect;
	struct hook_sealed sealed;
	struct hook_delivery list[BATCH];
	size_t n;
};

/* An integrator who may not enter any more hears nothing any more. */
static enum code
look(struct scope *sc, struct tx *tx, void *arg)
{
	struct turn *t = arg;
	struct staff holder;
	if (t->hook->holder_id != NULL) {
		TRY(staff_get(sc, tx, t->hook->operator_id, t->hook->holder_id, &holder));
		t->holder_left = holder.disabled;
	}
	return something_to_collect(sc, tx, t->hook, &t->collect);
}

static enum code
switch_off(struct scope *sc, struct tx *tx, void *arg)
{
	const struct hook_row *h = arg;
	return hook_set_off(sc, tx, h, "holder-left");
}

/* In the order they were made. */
static enum code
load(struct scope *sc, struct tx *tx, void *arg)
{
	struct turn *t = arg;
	struct hook_row h;
	struct rows *r;
	t->n = 0;
	TRY(hook_get(sc, tx, t->hook->operator_id, t->hook->id, &h));
	if (!h.on || h.next_ms > tx_now_ms(tx))
		return OK;
	TRY(hook_unseal(sc, tx, t->opt->keys, &h, &t->sealed));
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, kind, body, n, tries FROM hook_delivery WHERE operator_id = $1 AND hook_id = $2"
		      " AND state = 'waiting' AND next_ms <= $3 ORDER BY n LIMIT $4",
		      VALS(v_text(h.operator_id), v_text(h.id), v_int(tx_now_ms(tx)), v_int(BATCH))));
	while (row_next(r))
		t->list[t->n++] = (struct hook_delivery){.id = row_text(sc, r, 0),
							 .kind = row_text(sc, r, 1),
							 .body = row_text(sc, r, 2),
							 .n = row_int(r, 3),
							 .tries = row_int(r, 4)};
	return rows_end(sc, r);
}

/* --- sending --- */

struct outcome {
	const struct hook_row *hook;
	const struct hook_delivery *delivery;
	int status;	 /* 0: no answer */
	int64_t hold_ms; /* it asked to be left alone for so long */
	int64_t took_ms;
	const char *why; /* NULL: taken */
};

static char *
signatures(struct scope *sc, const struct hook_sealed *s, const char *id, int64_t now_ms, const char *body)
{
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < s->n_secrets; i++) {
		const struct hook_secret *one = &s->secrets[i];
		if (one->until_ms != 0 && one->until_ms <= now_ms)
			continue;
		text_printf(&t, "%s%s", t.len == 0 ? "" : " ",
			    hook_signature(sc, one->key, HOOK_SECRET_BYTES, id, now_ms / 1000, body));
	}
	return t.s;
}

static const char *
why_no_answer(enum code rc)
{
	switch (rc) {
	case E_DENIED: return "address-not-allowed";
	case E_DEADLINE: return "too-slow";
	default: return "not-reached";
	}
}

static const char *
why_not_taken(int status)
{
	if (status >= 200 && status < 300)
		return NULL;
	return status >= 300 && status < 400 ? "redirect" : "refused";
}

static int64_t
asked_hold_ms(const struct http_answer *a, int64_t now_ms)
{
	if (a->status != 429 && a->status != 503)
		return 0;
	int64_t ms = http_retry_after_ms(a->retry_after, now_ms);
	return ms < HOOK_HOLD_MAX_MS ? ms : HOOK_HOLD_MAX_MS;
}

static enum code
post(struct scope *sc, const struct turn *t, struct http_client *client, const char *target, struct outcome *o)
{
	const struct hook_delivery *d = o->delivery;
	int64_t now_ms = clock_now_ms(store_clock(t->opt->store));
	const struct http_field fields[] = {
	    {"webhook-id", d->id},
	    {"webhook-timestamp", scope_printf(sc, "%" PRId64, now_ms / 1000)},
	    {"webhook-signature", signatures(sc, &t->sealed, d->id, now_ms, d->body)},
	};
	const struct http_request request = {.target = target,
					     .type = "application/json",
					     .body = d->body,
					     .n = strlen(d->body),
					     .fields = fields,
					     .n_fields = COUNT_OF(fields)};
	struct http_answer answer;
	TRY(http_client_send(sc, client, &request, &answer));
	o->status = answer.status;
	o->hold_ms = asked_hold_ms(&answer, clock_now_ms(store_clock(t->opt->store)));
	return OK;
}

/* The address was good when it was given; what this house calls may have changed since. */
static enum code
client_open(struct scope *sc, const struct turn *t, const char **target, struct http_client **out)
{
	struct http_where where;
	TRY(http_where_parse(sc, t->sealed.url, &where));
	TRY(http_where_check(sc, &where, t->opt->reach));
	if (!where.tls && t->opt->reach != REACH_LOOPBACK)
		return fail_as(sc, E_DENIED, "address-not-allowed", "plain http is not spoken here");
	const struct http_client_options opt = {
	    .base = where.base,
	    .ca_file = t->opt->ca_file,
	    .timeout_ms = TIMEOUT_MS,
	    .answer_max = ANSWER_MAX,
	    .reach = t->opt->reach,
	    .status_only = true,
	    .stop = t->stop,
	};
	TRY(http_client_open(sc, &opt, out));
	*target = where.target;
	return OK;
}

/* --- what came of it --- */

static int64_t
later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* There is always a job for the moment at which something that waits may go. */
static enum code
ask_for_next(struct scope *sc, struct tx *tx, const struct hook_row *h, int64_t hook_next_ms)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*), COALESCE(MIN(next_ms), 0) FROM hook_delivery"
		    " WHERE operator_id = $1 AND hook_id = $2 AND state = 'waiting'",
		    VALS(v_text(h->operator_id), v_text(h->id))));
	int64_t due_ms = later_of(row_int(r, 1), hook_next_ms);
	if (row_int(r, 0) == 0 || due_ms <= tx_now_ms(tx))
		return OK;
	return job_add(sc, tx, hooks_turn_job.name, h->operator_id, h->id, due_ms, NULL);
}

static enum code
note_failure(struct scope *sc, struct tx *tx, const struct hook_row *h, const struct outcome *o, int64_t *rest_until_ms)
{
	uint32_t chance[2];
	int64_t now = tx_now_ms(tx);
	int64_t since = h->failing_ms == 0 ? now : h->failing_ms;
	random_bytes(tx_random(tx), chance, sizeof chance);
	bool last = o->delivery->tries + 1 >= HOOK_TRIES;
	int64_t pause_ms = later_of(hook_pause_ms(o->delivery->tries + 1, chance[0]), o->hold_ms);
	*rest_until_ms = now + later_of(hook_rest_ms(h->fails + 1, chance[1]), o->hold_ms);
	TRY(sql_run(
	    sc, tx,
	    "UPDATE hook_delivery SET state = $4, next_ms = $5 WHERE operator_id = $1 AND hook_id = $2 AND n = $3",
	    VALS(v_text(h->operator_id), v_text(h->id), v_int(o->delivery->n), v_text(last ? "failed" : "waiting"),
		 v_int(last ? 0 : now + pause_ms)),
	    NULL));
	TRY(sql_run(sc, tx,
		    "UPDATE hook SET fails = fails + 1, failing_ms = $3, next_ms = $4, tried_ms = $5"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h->operator_id), v_text(h->id), v_int(since), v_int(*rest_until_ms), v_int(now)),
		    NULL));
	if (o->status == 410)
		return hook_set_off(sc, tx, h, "gone");
	return now - since >= HOOK_FAILING_MS ? hook_set_off(sc, tx, h, "failing") : OK;
}

static enum code
note_success(struct scope *sc, struct tx *tx, const struct hook_row *h, const struct outcome *o)
{
	TRY(sql_run(sc, tx,
		    "UPDATE hook_delivery SET state = 'delivered', next_ms = 0"
		    " WHERE operator_id = $1 AND hook_id = $2 AND n = $3",
		    VALS(v_text(h->operator_id), v_text(h->id), v_int(o->delivery->n)), NULL));
	return sql_run(sc, tx,
		       "UPDATE hook SET fails = 0, failing_ms = 0, next_ms = 0, tried_ms = $3"
		       " WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(h->operator_id), v_text(h->id), v_int(tx_now_ms(tx))), NULL);
}

static enum code
note(struct scope *sc, struct tx *tx, void *arg)
{
	const struct outcome *o = arg;
	struct hook_row h;
	int64_t changed;
	int64_t rest_until_ms = 0;
	enum code rc = hook_get(sc, tx, o->hook->operator_id, o->hook->id, &h);
	if (rc == E_NOT_FOUND) { /* removed while it was being sent */
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	TRY(sql_run(sc, tx,
		    "UPDATE hook_delivery SET tries = tries + 1, tried_ms = $4, status = $5, took_ms = $6, why = $7"
		    " WHERE operator_id = $1 AND hook_id = $2 AND n = $3 AND state = 'waiting'",
		    VALS(v_text(h.operator_id), v_text(h.id), v_int(o->delivery->n), v_int(tx_now_ms(tx)),
			 v_int(o->status), v_int(o->took_ms), v_text(o->why)),
		    &changed));
	if (changed == 0)
		return OK;
	if (o->why == NULL)
		TRY(note_success(sc, tx, &h, o));
	else
		TRY(note_failure(sc, tx, &h, o, &rest_until_ms));
	return ask_for_next(sc, tx, &h, rest_until_ms);
}

/* *taken: this one is through, the next may go. */
static enum code
send_one(struct scope *sc, const struct turn *t, struct http_client *client, const char *target, enum code ready,
	 const struct hook_delivery *d, bool *taken)
{
	struct outcome o = {.hook = t->hook, .delivery = d};
	int64_t began_ms = clock_mono_ms();
	enum code rc = ready == OK ? post(sc, t, client, target, &o) : ready;
	if (rc == E_CANCELLED)
		return rc;
	o.took_ms = clock_mono_ms() - began_ms;
	o.why = rc == OK ? why_not_taken(o.status) : why_no_answer(rc);
	error_clear(sc);
	TRY(store_write(sc, t->opt->store, LANE_MAIN, note, &o));
	*taken = o.why == NULL;
	return OK;
}

static enum code
send_some(struct scope *sc, struct turn *t)
{
	struct http_client *client = NULL;
	const char *target = NULL;
	bool taken = true;
	enum code ready = client_open(sc, t, &target, &client);
	enum code rc = OK;
	for (size_t i = 0; i < t->n && taken && rc == OK && !atomic_load(t->stop); i++)
		rc = send_one(sc, t, client, target, ready, &t->list[i], &taken);
	http_client_close(client);
	sodium_memzero(&t->sealed, sizeof t->sealed);
	return rc;
}

enum code
hook_turn(struct scope *sc, const struct hooks_options *opt, const _Atomic bool *stop, const struct hook_row *h)
{
	struct turn *t = NEW(sc, struct turn);
	t->opt = opt;
	t->stop = stop;
	t->hook = h;
	TRY(store_read(sc, opt->store, look, t));
	if (t->holder_left)
		return store_write(sc, opt->store, LANE_MAIN, switch_off, (void *)(uintptr_t)h);
	if (t->collect)
		TRY(store_write(sc, opt->store, LANE_MAIN, collect, (void *)(uintptr_t)h));
	TRY(store_read(sc, opt->store, load, t));
	return t->n == 0 ? OK : send_some(sc, t);
}

/* --- jobs --- */

static enum code
ring(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)sc;
	(void)ctx;
	(void)job;
	(void)result;
	tx_ring(tx, BELL_EVENTS);
	return OK;
}

static enum code
forget(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	int64_t changed;
	int64_t now = tx_now_ms(tx);
	(void)ctx;
	(void)result;
	TRY(sql_run(sc, tx,
		    "DELETE FROM hook_delivery WHERE (operator_id, hook_id, n) IN (SELECT operator_id, hook_id, n"
		    " FROM hook_delivery WHERE made_ms <= $1 ORDER BY made_ms LIMIT $2)",
		    VALS(v_int(now - HOOK_KEPT_MS), v_int(FORGET_MAX)), &changed));
	return changed == FORGET_MAX ? job_add(sc, tx, job->kind, "", job->subject, now + 1000, NULL) : OK;
}

const struct job_kind hooks_turn_job = {"hooks.turn", NULL, ring, NULL};
const struct job_kind hooks_forget_job = {"hooks.forget", NULL, forget, NULL};
