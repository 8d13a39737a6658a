/* Hooks as their holders keep them, and what became of their messages. */
#include <sodium.h>

#include "hooks/hook_rows.h"
#include "people/people.h"
#include "people/vault.h"

/* --- rows --- */

void
hook_read(struct scope *sc, struct rows *r, struct hook_row *out)
{
	struct hook_row h = {
	    .operator_id = row_text(sc, r, 0),
	    .id = row_text(sc, r, 1),
	    .holder_id = row_text(sc, r, 2),
	    .label = row_text(sc, r, 3),
	    .kinds = row_text(sc, r, 4),
	    .shown = row_text(sc, r, 5),
	    .on = row_int(r, 6) != 0,
	    .why = row_text(sc, r, 7),
	    .cursor_seq = row_int(r, 8),
	    .fails = row_int(r, 9),
	    .failing_ms = row_int(r, 10),
	    .next_ms = row_int(r, 11),
	    .made_ms = row_int(r, 12),
	};
	h.sealed = row_blob(sc, r, 13, &h.sealed_n);
	*out = h;
}

enum code
hook_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct hook_row *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " HOOK_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such webhook");
	TRY(rc);
	hook_read(sc, r, out);
	return OK;
}

enum code
hook_of(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, struct hook_row *out)
{
	struct hook_row h;
	TRY(hook_get(sc, tx, who->operator_id, id, &h));
	if (who->integrator && !text_eq(h.holder_id, who->staff_id))
		return fail(sc, E_NOT_FOUND, "there is no such webhook");
	*out = h;
	return OK;
}

/* --- what is sealed: {"url":…,"secrets":[{"key":base64,"until":ms}]} --- */

static enum code
seal(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
     const struct hook_sealed *s, struct val *out)
{
	json_t *o = json_new_object(sc);
	json_t *list = json_array();
	json_put_text(o, "url", s->url);
	json_put(o, "secrets", list);
	for (size_t i = 0; i < s->n_secrets; i++) {
		json_t *one = json_object();
		json_put_text(one, "key", base64_encode(sc, s->secrets[i].key, HOOK_SECRET_BYTES));
		json_put_int(one, "until", s->secrets[i].until_ms);
		json_array_append_new(list, one);
	}
	const char *plain = json_text(sc, o);
	uint8_t *sealed;
	size_t n;
	TRY(vault_seal(sc, tx, k, operator_id, id, KEY_TOKEN, id, plain, strlen(plain), &sealed, &n));
	*out = v_blob(sealed, n);
	return OK;
}

enum code
hook_unseal(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_row *h, struct hook_sealed *out)
{
	struct hook_sealed s = {0};
	uint8_t *plain;
	size_t n;
	json_t *o;
	const json_t *list;
	TRY(vault_open(sc, tx, k, h->operator_id, h->id, KEY_TOKEN, h->id, h->sealed, h->sealed_n, &plain, &n));
	TRY(json_parse(sc, plain, n, &o));
	TRY(json_need_text(sc, o, "url", 1, HTTP_WHERE_MAX, &s.url));
	TRY(json_need_array(sc, o, "secrets", 1, HOOK_SECRETS_MAX, &list));
	for (; s.n_secrets < json_array_size(list); s.n_secrets++) {
		struct hook_secret *one = &s.secrets[s.n_secrets];
		const char *text;
		uint8_t *key;
		TRY(json_need_text(sc, json_array_get(list, s.n_secrets), "key", 1, 100, &text));
		TRY(json_need_int(sc, json_array_get(list, s.n_secrets), "until", 0, INT64_MAX, &one->until_ms));
		TRY(base64_decode(sc, text, HOOK_SECRET_BYTES, &key, &n));
		if (n != HOOK_SECRET_BYTES)
			return fail(sc, E_CORRUPT, "a secret of %zu bytes", n);
		memcpy(one->key, key, n);
	}
	*out = s;
	return OK;
}

/* Fills the first of the secrets; what was first stays for a while as the second. */
static const char *
secret_make(struct scope *sc, struct tx *tx, struct hook_sealed *s)
{
	if (s->n_secrets > 0) {
		s->secrets[1] = s->secrets[0];
		s->secrets[1].until_ms = tx_now_ms(tx) + HOOK_OLD_SECRET_MS;
	}
	s->n_secrets = s->n_secrets > 0 ? 2 : 1;
	random_bytes(tx_random(tx), s->secrets[0].key, HOOK_SECRET_BYTES);
	s->secrets[0].until_ms = 0;
	return hook_secret_text(sc, s->secrets[0].key, HOOK_SECRET_BYTES);
}

/* --- adding --- */

enum code
hook_parse(struct scope *sc, const json_t *json, enum http_reach reach, bool integrator, struct hook_new *out)
{
	static const char *const names[] = {"label", "url", "kinds", NULL};
	struct hook_new h;
	struct http_where where;
	TRY(json_only(sc, json, names));
	TRY(json_need_text(sc, json, "label", 1, 80, &h.label));
	TRY(json_need_text(sc, json, "url", 1, HTTP_WHERE_MAX, &h.url));
	TRY(http_where_parse(sc, h.url, &where));
	TRY(http_where_check(sc, &where, reach));
	/* plain http to a name or a number of this machine: http_where_check() has let nothing else of it through */
	bool here = reach == REACH_LOOPBACK && http_where_check(sc, &where, REACH_PUBLIC) == E_DENIED;
	error_clear(sc);
	if (!where.tls && !here)
		return fail_as(sc, E_INVALID, "bad-url", "\"url\" must begin with https://");
	TRY(hook_kinds_parse(sc, json, integrator, &h.kinds));
	*out = h;
	return OK;
}

static enum code
room_for_one(struct scope *sc, struct tx *tx, const struct hook_holder *who)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*) FROM hook WHERE operator_id = $1 AND COALESCE(holder_id, '') = COALESCE($2, '')",
		    VALS(v_text(who->operator_id), v_text(who->integrator ? who->staff_id : NULL))));
	if (row_int(r, 0) >= HOOKS_MAX)
		return fail_as(sc, E_LIMIT, "too-many-webhooks", "there are %d already: remove one first", HOOKS_MAX);
	return OK;
}

/* A query may hold somebody's token: it is not shown again. */
static const char *
url_shown(struct scope *sc, const char *url)
{
	size_t n = strcspn(url, "?");
	return scope_printf(sc, "%.*s%s", (int)n, url, url[n] == '\0' ? "" : "?…");
}

enum code
hook_add(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_holder *who, const struct hook_new *h,
	 struct id *id, const char **secret)
{
	struct hook_sealed s = {.url = h->url};
	struct id fresh = tx_new_id(tx, "whk");
	struct val sealed;
	int64_t last;
	TRY(room_for_one(sc, tx, who));
	TRY(events_last(sc, tx, &last));
	const char *text = secret_make(sc, tx, &s);
	TRY(seal(sc, tx, k, who->operator_id, fresh.s, &s, &sealed));
	TRY(sql_run(sc, tx,
		    "INSERT INTO hook (operator_id, id, holder_id, made_by, label, kinds, shown, sealed, old_secret_ms,"
		    " is_on, why, cursor_seq, last_n, fails, failing_ms, next_ms, tried_ms, made_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 1, NULL, $9, 0, 0, 0, 0, 0, $10)",
		    VALS(v_text(who->operator_id), v_text(fresh.s), v_text(who->integrator ? who->staff_id : NULL),
			 v_text(who->staff_id), v_text(h->label), v_text(h->kinds), v_text(url_shown(sc, h->url)),
			 sealed, v_int(last), v_int(tx_now_ms(tx))),
		    NULL));
	*id = fresh;
	*secret = text;
	return OK;
}

/* --- changing --- */

enum code
hook_change(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, const json_t *change)
{
	static const char *const names[] = {"label", "kinds", NULL};
	struct hook_row h;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(json_only(sc, change, names));
	TRY(json_may_text(sc, change, "label", 1, 80, &h.label));
	if (json_object_get(change, "kinds") != NULL)
		TRY(hook_kinds_parse(sc, change, h.holder_id != NULL, &h.kinds));
	return sql_run(sc, tx, "UPDATE hook SET label = $3, kinds = $4 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(h.operator_id), v_text(h.id), v_text(h.label), v_text(h.kinds)), NULL);
}

enum code
hook_set_off(struct scope *sc, struct tx *tx, const struct hook_row *h, const char *why)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "label", h->label);
	json_put_text(data, "why", why);
	TRY(sql_run(sc, tx, "UPDATE hook SET is_on = 0, why = $3 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h->operator_id), v_text(h->id), v_text(why)), NULL));
	return event_emit(sc, tx, h->operator_id, NULL, FOR_STAFF, "webhook.off", h->id, data);
}

enum code
hook_switch(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, bool on)
{
	struct hook_row h;
	int64_t last;
	TRY(hook_of(sc, tx, who, id, &h));
	if (h.on == on)
		return OK;
	if (!on)
		return hook_set_off(sc, tx, &h, "by-hand");
	TRY(events_last(sc, tx, &last));
	TRY(sql_run(sc, tx,
		    "UPDATE hook SET is_on = 1, why = NULL, cursor_seq = $3, fails = 0, failing_ms = 0, next_ms = 0"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id), v_int(last)), NULL));
	tx_ring(tx, BELL_EVENTS); /* what waited may go */
	return OK;
}

enum code
hook_remove(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id)
{
	struct hook_row h;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(job_cancel(sc, tx, hooks_turn_job.name, h.id));
	TRY(sql_run(sc, tx, "DELETE FROM hook_delivery WHERE operator_id = $1 AND hook_id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id)), NULL));
	TRY(sql_run(sc, tx, "DELETE FROM hook WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id)), NULL));
	return vault_destroy(sc, tx, h.operator_id, h.id, KEY_TOKEN);
}

enum code
hook_secret_new(struct scope *sc, struct tx *tx, struct keys *k, const struct hook_holder *who, const char *id,
		const char **secret, int64_t *old_until_ms)
{
	struct hook_row h;
	struct hook_sealed s;
	struct val sealed;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(hook_unseal(sc, tx, k, &h, &s));
	const char *text = secret_make(sc, tx, &s);
	TRY(seal(sc, tx, k, h.operator_id, h.id, &s, &sealed));
	TRY(sql_run(sc, tx, "UPDATE hook SET sealed = $3, old_secret_ms = $4 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id), sealed, v_int(s.secrets[1].until_ms)), NULL));
	*secret = text;
	*old_until_ms = s.secrets[1].until_ms;
	return OK;
}

/* --- as JSON --- */

static json_t *
delivery_json(struct scope *sc, struct rows *r)
{
	json_t *o = json_object();
	bool waiting = text_eq(row_text(sc, r, 3), "waiting");
	json_put_text(o, "id", row_text(sc, r, 0));
	json_put_text(o, "kind", row_text(sc, r, 1));
	json_put_time(o, "at", row_int(r, 2));
	json_put_text(o, "state", row_text(sc, r, 3));
	json_put_int(o, "tries", row_int(r, 4));
	json_put_time(o, "tried", row_int(r, 5));
	json_put(o, "status", row_int(r, 6) == 0 ? json_null() : json_integer(row_int(r, 6)));
	json_put(o, "took_ms", row_int(r, 5) == 0 ? json_null() : json_integer(row_int(r, 7)));
	json_put_text(o, "why", row_text(sc, r, 8));
	json_put_time(o, "next_try", waiting ? row_int(r, 9) : 0);
	return o;
}
#define DELIVERY_COLUMNS \
	"id, kind, made_ms, state, tries, tried_ms, status, took_ms, why, next_ms, n FROM hook_delivery"

enum code
hook_deliveries(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, int64_t before,
		size_t max, json_t **out)
{
	struct hook_row h;
	struct rows *r;
	json_t *items = json_new_array(sc);
	int64_t last = 0;
	bool more = false;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(sql_query(sc, tx, &r,
		      "SELECT " DELIVERY_COLUMNS " WHERE operator_id = $1 AND hook_id = $2 AND n < $3"
		      " ORDER BY n DESC LIMIT $4",
		      VALS(v_text(h.operator_id), v_text(h.id), v_int(before == 0 ? INT64_MAX : before),
			   v_int((int64_t)max + 1))));
	while (row_next(r)) {
		more = json_array_size(items) == max;
		if (more)
			break;
		json_array_append_new(items, delivery_json(sc, r));
		last = row_int(r, 10);
	}
	if (!more)
		TRY(rows_end(sc, r));
	json_t *page = json_new_object(sc);
	json_put(page, "items", json_incref(items));
	json_put(page, "next", more ? json_integer(last) : json_null());
	*out = page;
	return OK;
}

static enum code
put_counts(struct scope *sc, struct tx *tx, const struct hook_row *h, json_t *o)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COALESCE(SUM(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0),"
		    " COALESCE(SUM(CASE WHEN state = 'failed' THEN 1 ELSE 0 END), 0)"
		    " FROM hook_delivery WHERE operator_id = $1 AND hook_id = $2",
		    VALS(v_text(h->operator_id), v_text(h->id))));
	json_put_int(o, "waiting", row_int(r, 0));
	json_put_int(o, "failed", row_int(r, 1));
	TRY(rows_end(sc, r));
	TRY(sql_query(sc, tx, &r,
		      "SELECT " DELIVERY_COLUMNS " WHERE operator_id = $1 AND hook_id = $2 AND tried_ms > 0"
		      " ORDER BY tried_ms DESC, n DESC LIMIT 1",
		      VALS(v_text(h->operator_id), v_text(h->id))));
	json_put(o, "last", row_next(r) ? delivery_json(sc, r) : json_null());
	return rows_end(sc, r);
}

static json_t *
kinds_json(struct scope *sc, const char *kinds)
{
	char **words;
	size_t n = text_split(sc, kinds, ' ', &words);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(words[i]));
	return list;
}

static enum code
one_json(struct scope *sc, struct tx *tx, const struct hook_row *h, int64_t old_secret_ms, json_t **out)
{
	struct staff holder = {.name = NULL};
	if (h->holder_id != NULL)
		TRY(staff_get(sc, tx, h->operator_id, h->holder_id, &holder));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", h->id);
	json_put_text(o, "label", h->label);
	json_put_text(o, "url", h->shown);
	json_put(o, "kinds", kinds_json(sc, h->kinds));
	json_put_text(o, "holder", holder.name);
	json_put_text(o, "state", h->on ? "on" : "off");
	json_put_text(o, "why", h->why);
	json_put_time(o, "made", h->made_ms);
	json_put_time(o, "failing_since", h->failing_ms);
	json_put_time(o, "next_try", h->on && h->next_ms > tx_now_ms(tx) ? h->next_ms : 0);
	json_put_time(o, "old_secret_until", old_secret_ms > tx_now_ms(tx) ? old_secret_ms : 0);
	TRY(put_counts(sc, tx, h, o));
	*out = o;
	return OK;
}

enum code
hook_json(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, json_t **out)
{
	struct hook_row h;
	struct rows *r;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(sql_one(sc, tx, &r, "SELECT old_secret_ms FROM hook WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id))));
	return one_json(sc, tx, &h, row_int(r, 0), out);
}

enum code
hook_list(struct scope *sc, struct tx *tx, const struct hook_holder *who, json_t **out)
{
	struct rows *r;
	json_t *list = json_new_array(sc);
	TRY(sql_query(sc, tx, &r,
		      "SELECT id FROM hook WHERE operator_id = $1 AND (CAST($2 AS TEXT) IS NULL OR holder_id = $2)"
		      " ORDER BY id",
		      VALS(v_text(who->operator_id), v_text(who->integrator ? who->staff_id : NULL))));
	while (row_next(r)) {
		json_t *one;
		TRY(hook_json(sc, tx, who, row_text(sc, r, 0), &one));
		json_array_append(list, one);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

/* --- asking for a message --- */

static enum code
need_on(struct scope *sc, const struct hook_row *h)
{
	if (!h->on)
		return fail_as(sc, E_CONFLICT, "webhook-off", "this webhook is switched off: switch it on first");
	return OK;
}

enum code
hook_ping(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, struct id *delivery_id)
{
	struct hook_row h;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(need_on(sc, &h));
	return hook_enqueue(sc, tx, &h, 0, "webhook.ping", hook_ping_body(sc, h.id, tx_now_ms(tx)), delivery_id);
}

/* A person asks: the hook's rest ends with it. */
enum code
hook_redeliver(struct scope *sc, struct tx *tx, const struct hook_holder *who, const char *id, const char *delivery_id)
{
	struct hook_row h;
	int64_t changed;
	TRY(hook_of(sc, tx, who, id, &h));
	TRY(need_on(sc, &h));
	TRY(sql_run(sc, tx,
		    "UPDATE hook_delivery SET state = 'waiting', tries = 0, next_ms = 0"
		    " WHERE operator_id = $1 AND hook_id = $2 AND id = $3",
		    VALS(v_text(h.operator_id), v_text(h.id), v_text(delivery_id)), &changed));
	if (changed == 0)
		return fail(sc, E_NOT_FOUND, "there is no such delivery");
	TRY(sql_run(sc, tx, "UPDATE hook SET next_ms = 0 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(h.operator_id), v_text(h.id)), NULL));
	tx_ring(tx, BELL_EVENTS);
	return OK;
}
