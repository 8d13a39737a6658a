/* The Idempotency-Key: the same POST twice does its work once.
 *
 *	answered(operator, caller, MAC of the key) → hash of method, path and body; status, sealed body
 *
 * Answers hold what their callers may read: names, addresses, tokens. So the
 * body is sealed (XChaCha20-Poly1305, the hash as associated data) under a key
 * made of the house's token root and the caller's own Idempotency-Key, which is
 * not stored: a row alone, or a backup, or even the key file with it, opens none.
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
    "DROP TABLE once;"
    "CREATE TABLE answered ("
    " operator_id TEXT NOT NULL, holder_id TEXT NOT NULL, mac BLOB NOT NULL,"
    " hash BLOB NOT NULL, status INTEGER NOT NULL, sealed BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, holder_id, mac)) STRICT;"
    "CREATE INDEX answered_by_time ON answered (at_ms)",
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

/* 32 bytes that only this house and this caller can make again. */
static void
once_mac(struct scope *sc, const struct call *c, const char *use, uint8_t mac[static 32])
{
	const char *text = scope_printf(sc, "once/%s\n%s\n%s\n%s", use, tenant(c), holder(c), c->once_key);
	key_mac(c->house->keys, KEY_TOKEN, text, strlen(text), mac);
}

#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

static uint8_t *
answer_seal(struct scope *sc, struct tx *tx, const struct call *c, const char *body, size_t *n)
{
	uint8_t key[32];
	size_t len = strlen(body);
	uint8_t *sealed = scope_alloc(sc, NONCE + len + TAG);
	once_mac(sc, c, "seal", key);
	random_bytes(tx_random(tx), sealed, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, NULL, (const uint8_t *)body, len, c->once_hash,
						   sizeof c->once_hash, NULL, sealed, key);
	sodium_memzero(key, sizeof key);
	*n = NONCE + len + TAG;
	return sealed;
}

static enum code
answer_unseal(struct scope *sc, const struct call *c, const uint8_t *sealed, size_t n, char **out)
{
	uint8_t key[32];
	if (n < NONCE + TAG)
		return fail(sc, E_CORRUPT, "a kept answer of %zu bytes", n);
	char *body = scope_alloc(sc, n - NONCE - TAG + 1);
	once_mac(sc, c, "seal", key);
	int rc = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)body, NULL, NULL, sealed + NONCE, n - NONCE,
							    c->once_hash, sizeof c->once_hash, sealed, key);
	sodium_memzero(key, sizeof key);
	if (rc != 0)
		return fail(sc, E_CORRUPT, "a kept answer does not open");
	*out = body;
	return OK;
}

enum code
once_find(struct scope *sc, struct tx *tx, struct call *c, bool *found)
{
	*found = false;
	if (c->once_key == NULL)
		return OK;
	struct rows *r;
	uint8_t mac[32];
	char *body;
	size_t n;
	once_mac(sc, c, "row", mac);
	TRY(sql_query(sc, tx, &r,
		      "SELECT hash, status, sealed FROM answered"
		      " WHERE operator_id = $1 AND holder_id = $2 AND mac = $3",
		      VALS(v_text(tenant(c)), v_text(holder(c)), v_blob(mac, sizeof mac))));
	if (!row_next(r))
		return rows_end(sc, r);
	const uint8_t *hash = row_blob(sc, r, 0, &n);
	if (n != sizeof c->once_hash || sodium_memcmp(hash, c->once_hash, n) != 0)
		return fail_as(sc, E_INVALID, "once-mismatch",
			       "this Idempotency-Key was used for another request; take a new one");
	const uint8_t *sealed = row_blob(sc, r, 2, &n);
	TRY(answer_unseal(sc, c, sealed, n, &body));
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
	uint8_t mac[32];
	size_t n;
	once_mac(sc, c, "row", mac);
	const uint8_t *sealed = answer_seal(sc, tx, c, json_text(sc, c->reply.json), &n);
	TRY(sql_run(sc, tx,
		    "INSERT INTO answered (operator_id, holder_id, mac, hash, status, sealed, at_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    VALS(v_text(tenant(c)), v_text(holder(c)), v_blob(mac, sizeof mac),
			 v_blob(c->once_hash, sizeof c->once_hash), v_int(c->reply.status), v_blob(sealed, n),
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
	return sql_run(sc, tx, "DELETE FROM answered WHERE operator_id = $1 AND holder_id = $2",
		       VALS(v_text(operator_id), v_text(holder_id)), NULL);
}

static enum code
forget_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)job;
	(void)result;
	return sql_run(sc, tx, "DELETE FROM answered WHERE at_ms <= $1", VALS(v_int(tx_now_ms(tx) - ONCE_TERM_MS)),
		       NULL);
}

const struct job_kind api_forget_job = {"api.forget", NULL, forget_commit, NULL};
