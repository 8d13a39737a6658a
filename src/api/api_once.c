/* The Idempotency-Key: the same POST twice does its work once.
 *
 *	once(operator, caller, key) → hash of method, target and body; status, body
 *
 * A row is written in the transaction of the change it answers, so a crash
 * leaves both or neither. Sent again within a day, the same request gets the
 * same answer; another request under the same key gets 422. Refusals are not
 * kept: nothing happened, and trying again is right. */
#include <sodium.h>

#include "api/api_inner.h"
#include "base/text.h"

#define ONCE_TERM_MS (INT64_C(24) * 3600 * 1000)
#define ONCE_KEY_MAX 128

static const char *const migrations[] = {
    "CREATE TABLE once ("
    " operator_id TEXT NOT NULL, holder_id TEXT NOT NULL, once_key TEXT NOT NULL,"
    " hash BLOB NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, holder_id, once_key)) STRICT;"
    "CREATE INDEX once_by_time ON once (at_ms)",
    NULL,
};
const struct schema api_schema = {"api", migrations, false};

static const char *
holder(const struct call *c)
{
	return c->known ? c->who.id : "public";
}

static const char *
tenant(const struct call *c)
{
	return c->known ? c->who.operator_id : "";
}

enum code
once_begin(struct scope *sc, struct call *c)
{
	const char *key = c->route->once ? http_header(c->x, "Idempotency-Key") : NULL;
	if (key == NULL)
		return OK;
	size_t n = strlen(key);
	bool plain = n > 0 && n <= ONCE_KEY_MAX;
	for (size_t i = 0; i < n && plain; i++)
		plain = key[i] > ' ' && key[i] < 0x7f;
	if (!plain)
		return fail_as(sc, E_INVALID, "bad-field", "Idempotency-Key must be 1 to %d visible ASCII characters",
			       ONCE_KEY_MAX);
	size_t body_n;
	const uint8_t *body = http_body(c->x, &body_n);
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, sizeof c->once_hash);
	const char *parts[] = {http_method(c->x), http_path(c->x)};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		crypto_generichash_update(&h, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
	crypto_generichash_update(&h, body, body_n);
	crypto_generichash_final(&h, c->once_hash, sizeof c->once_hash);
	c->once_key = key;
	return OK;
}

enum code
once_find(struct scope *sc, struct tx *tx, struct call *c, bool *found)
{
	*found = false;
	if (c->once_key == NULL)
		return OK;
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT hash, status, body FROM once WHERE operator_id = $1 AND holder_id = $2 AND once_key = $3",
		      VALS(v_text(tenant(c)), v_text(holder(c)), v_text(c->once_key))));
	if (!row_next(r))
		return rows_end(sc, r);
	size_t n;
	const uint8_t *hash = row_blob(sc, r, 0, &n);
	if (n != sizeof c->once_hash || sodium_memcmp(hash, c->once_hash, n) != 0)
		return fail_as(sc, E_INVALID, "once-mismatch",
			       "this Idempotency-Key was used for another request; take a new one");
	const char *body = row_text(sc, r, 2);
	reply_bytes(c, "application/json", body, strlen(body));
	c->reply.status = (int)row_int(r, 1);
	reply_field(c, "Idempotency-Replayed", "true");
	*found = true;
	return rows_end(sc, r);
}

enum code
once_keep(struct scope *sc, struct tx *tx, struct call *c)
{
	if (c->once_key == NULL || c->reply.status >= 300 || c->reply.json == NULL)
		return OK;
	const char *body = json_text(sc, c->reply.json);
	TRY(sql_run(sc, tx,
		    "INSERT INTO once (operator_id, holder_id, once_key, hash, status, body, at_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    VALS(v_text(tenant(c)), v_text(holder(c)), v_text(c->once_key),
			 v_blob(c->once_hash, sizeof c->once_hash), v_int(c->reply.status), v_text(body),
			 v_int(tx_now_ms(tx))),
		    NULL));
	/* One job an hour forgets what is old. */
	int64_t hour_ms = INT64_C(3600) * 1000;
	int64_t due_ms = (tx_now_ms(tx) / hour_ms + 1) * hour_ms + ONCE_TERM_MS;
	return job_add(sc, tx, api_forget_job.name, "", "once", due_ms, NULL);
}

enum code
once_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *holder_id)
{
	return sql_run(sc, tx, "DELETE FROM once WHERE operator_id = $1 AND holder_id = $2",
		       VALS(v_text(operator_id), v_text(holder_id)), NULL);
}

static enum code
forget_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)job;
	(void)result;
	return sql_run(sc, tx, "DELETE FROM once WHERE at_ms <= $1", VALS(v_int(tx_now_ms(tx) - ONCE_TERM_MS)), NULL);
}

const struct job_kind api_forget_job = {"api.forget", NULL, forget_commit, NULL};
