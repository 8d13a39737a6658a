/* Sessions: a random token in the caller's hand, its MAC in the table. */
#include "people/access.h"
#include "people/people_rows.h"

#define SECRET_BYTES 32
#define OPERATOR_DIGITS 26

char *
token_text(struct scope *sc, const char *operator_id, const uint8_t *secret, size_t n)
{
	return scope_printf(sc, "%s.%s", operator_id + 3, base64url_encode(sc, secret, n));
}

enum code
token_split(struct scope *sc, const char *token, const char **operator_id, uint8_t *secret, size_t n)
{
	uint8_t *bytes;
	size_t got;
	const char *dot = strchr(token, '.');
	if (dot == NULL || dot - token != OPERATOR_DIGITS || strlen(dot + 1) > 2 * n)
		return fail(sc, E_UNAUTHENTICATED, "this is no token of ours");
	const char *op = scope_printf(sc, "op_%.*s", OPERATOR_DIGITS, token);
	if (!id_is(op, "op") || base64_decode(sc, dot + 1, n, &bytes, &got) != OK || got != n)
		return fail(sc, E_UNAUTHENTICATED, "this is no token of ours");
	memcpy(secret, bytes, n);
	*operator_id = op;
	return OK;
}

/* The operator is part of what is MACed: the same secret is nothing elsewhere. */
static void
token_mac(struct scope *sc, struct keys *k, const char *operator_id, const uint8_t secret[static SECRET_BYTES],
	  uint8_t mac[static 32])
{
	char *text = scope_printf(sc, "session/1 %s %s", operator_id, hex_encode(sc, secret, SECRET_BYTES));
	key_mac(k, KEY_TOKEN, text, strlen(text), mac);
}

enum code
session_begin(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *holder_id,
	      const char *device_id, int64_t ttl_ms, const char **token)
{
	uint8_t secret[SECRET_BYTES];
	uint8_t mac[32];
	int64_t now = tx_now_ms(tx);
	random_bytes(tx_random(tx), secret, sizeof secret);
	token_mac(sc, k, operator_id, secret, mac);
	struct id id = tx_new_id(tx, "ses");
	TRY(sql_run(sc, tx, "DELETE FROM session WHERE operator_id = $1 AND holder_id = $2 AND expires_ms <= $3",
		    VALS(v_text(operator_id), v_text(holder_id), v_int(now)), NULL));
	TRY(sql_run(sc, tx,
		    "INSERT INTO session (operator_id, mac, id, holder_id, device_id, created_ms, expires_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
		    VALS(v_text(operator_id), v_blob(mac, sizeof mac), v_text(id.s), v_text(holder_id),
			 v_text(device_id), v_int(now), v_int(now + ttl_ms)),
		    NULL));
	*token = token_text(sc, operator_id, secret, sizeof secret);
	return OK;
}

static enum code
unknown(struct scope *sc)
{
	return fail(sc, E_UNAUTHENTICATED, "sign in again");
}

static enum code
staff_actor(struct scope *sc, struct tx *tx, struct actor *a)
{
	struct staff s;
	enum code rc = staff_get(sc, tx, a->operator_id, a->id, &s);
	if (rc == E_NOT_FOUND || (rc == OK && s.disabled))
		return unknown(sc);
	TRY(rc);
	a->kind = ACTOR_STAFF;
	a->role = s.role;
	return OK;
}

static enum code
driver_actor(struct scope *sc, struct tx *tx, struct actor *a)
{
	struct driver d;
	enum code rc = driver_get(sc, tx, a->operator_id, a->id, &d);
	if (rc == E_NOT_FOUND || (rc == OK && d.state == DRIVER_LEFT))
		return unknown(sc);
	TRY(rc);
	a->kind = ACTOR_DRIVER;
	a->state = d.state;
	return OK;
}

enum code
session_actor(struct scope *sc, struct tx *tx, struct keys *k, const char *token, struct actor *out)
{
	const char *operator_id;
	uint8_t secret[SECRET_BYTES];
	uint8_t mac[32];
	struct rows *r;
	TRY(token_split(sc, token, &operator_id, secret, sizeof secret));
	token_mac(sc, k, operator_id, secret, mac);
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id, holder_id, device_id, expires_ms FROM session"
			       " WHERE operator_id = $1 AND mac = $2 AND expires_ms > $3",
			       VALS(v_text(operator_id), v_blob(mac, sizeof mac), v_int(tx_now_ms(tx))));
	if (rc == E_NOT_FOUND)
		return unknown(sc);
	TRY(rc);
	struct actor a = {
	    .operator_id = operator_id,
	    .session_id = row_text(sc, r, 0),
	    .id = row_text(sc, r, 1),
	    .device_id = row_text(sc, r, 2),
	    .expires_ms = row_int(r, 3),
	};
	if (id_is(a.id, "stf"))
		TRY(staff_actor(sc, tx, &a));
	else
		TRY(driver_actor(sc, tx, &a));
	*out = a;
	return OK;
}

enum code
session_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *session_id)
{
	return sql_run(sc, tx, "DELETE FROM session WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(session_id)), NULL);
}

enum code
sessions_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *holder_id)
{
	return sql_run(sc, tx, "DELETE FROM session WHERE operator_id = $1 AND holder_id = $2",
		       VALS(v_text(operator_id), v_text(holder_id)), NULL);
}

enum code
integrator_key(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *staff_id,
	       const char **token)
{
	struct staff s;
	TRY(staff_get(sc, tx, operator_id, staff_id, &s));
	if (s.role != ROLE_INTEGRATOR || s.disabled)
		return fail(sc, E_CONFLICT, "only an integrator has a key");
	return session_begin(sc, tx, k, operator_id, staff_id, NULL, SESSION_KEY_MS, token);
}
