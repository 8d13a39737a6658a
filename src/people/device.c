/* Device keys: Ed25519, bound at sign-up, proved by signing a challenge.
 *
 *	challenge = base64url( random(16) expires_ms(8, big-endian) mac(32) )
 *	mac       = key_mac("challenge/1 " operator " " purpose " " hex(random expires))
 *
 * Making one writes nothing, so strangers cannot fill a table; the first answer
 * writes its MAC to challenge_spent, so a second one is refused. */
#include "people/access.h"
#include "people/people_rows.h"

#include <endian.h>
#include <sodium.h>

#define NONCE_BYTES 16
#define HEAD_BYTES (NONCE_BYTES + 8)
#define CHALLENGE_BYTES (HEAD_BYTES + 32)

static void
challenge_mac(struct scope *sc, struct keys *k, const char *operator_id, const char *purpose,
	      const uint8_t head[static HEAD_BYTES], uint8_t mac[static 32])
{
	char *text = scope_printf(sc, "challenge/1 %s %s %s", operator_id, purpose, hex_encode(sc, head, HEAD_BYTES));
	key_mac(k, KEY_TOKEN, text, strlen(text), mac);
}

char *
challenge_make(struct scope *sc, struct keys *k, struct random *r, const char *operator_id, const char *purpose,
	       int64_t now_ms)
{
	uint8_t c[CHALLENGE_BYTES];
	uint64_t expires = htobe64((uint64_t)(now_ms + CHALLENGE_MS));
	random_bytes(r, c, NONCE_BYTES);
	memcpy(c + NONCE_BYTES, &expires, sizeof expires);
	challenge_mac(sc, k, operator_id, purpose, c, c + HEAD_BYTES);
	return base64url_encode(sc, c, sizeof c);
}

char *
challenge_message(struct scope *sc, const char *operator_id, const char *purpose, const char *challenge)
{
	return scope_printf(sc, "waybill/device/1\n%s\n%s\n%s", operator_id, purpose, challenge);
}

static enum code
refused(struct scope *sc)
{
	return fail(sc, E_UNAUTHENTICATED, "the challenge was not answered rightly or in time: ask for a new one");
}

static enum code
challenge_spend(struct scope *sc, struct tx *tx, const char *operator_id, const uint8_t mac[static 32],
		int64_t expires_ms)
{
	int64_t changed;
	TRY(sql_run(sc, tx, "DELETE FROM challenge_spent WHERE operator_id = $1 AND expires_ms < $2",
		    VALS(v_text(operator_id), v_int(tx_now_ms(tx))), NULL));
	TRY(sql_run(sc, tx,
		    "INSERT INTO challenge_spent (operator_id, mac, expires_ms) VALUES ($1, $2, $3)"
		    " ON CONFLICT (operator_id, mac) DO NOTHING",
		    VALS(v_text(operator_id), v_blob(mac, 32), v_int(expires_ms)), &changed));
	return changed == 1 ? OK : refused(sc);
}

enum code
challenge_answer(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *purpose,
		 const char *challenge, const uint8_t key[static 32], const uint8_t signature[static 64])
{
	uint8_t *c;
	size_t n;
	uint8_t mac[32];
	uint64_t expires;
	if (strlen(challenge) > 2 * CHALLENGE_BYTES || base64_decode(sc, challenge, CHALLENGE_BYTES, &c, &n) != OK ||
	    n != CHALLENGE_BYTES)
		return refused(sc);
	challenge_mac(sc, k, operator_id, purpose, c, mac);
	memcpy(&expires, c + NONCE_BYTES, sizeof expires);
	int64_t expires_ms = (int64_t)be64toh(expires);
	if (sodium_memcmp(mac, c + HEAD_BYTES, sizeof mac) != 0 || tx_now_ms(tx) > expires_ms)
		return refused(sc);
	char *message = challenge_message(sc, operator_id, purpose, challenge);
	if (crypto_sign_verify_detached(signature, (const uint8_t *)message, strlen(message), key) != 0)
		return refused(sc);
	return challenge_spend(sc, tx, operator_id, mac, expires_ms);
}

enum code
device_bind(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *label,
	    const uint8_t key[static 32], struct id *out)
{
	int64_t changed;
	size_t n = utf8_length(label);
	if (n < 1 || n > 80)
		return fail_as(sc, E_INVALID, "bad-field", "\"label\": must have 1 to 80 characters");
	struct id id = tx_new_id(tx, "dev");
	TRY(sql_run(sc, tx,
		    "INSERT INTO device (operator_id, id, driver_id, public_key, label, added_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (operator_id, public_key) DO NOTHING",
		    VALS(v_text(operator_id), v_text(id.s), v_text(driver_id), v_blob(key, 32), v_text(label),
			 v_int(tx_now_ms(tx))),
		    &changed));
	if (changed == 0)
		return fail_as(sc, E_CONFLICT, "duplicate", "this phone's key is bound already");
	*out = id;
	return OK;
}

enum code
driver_session(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	       const char *device_id, const char **token)
{
	return session_begin(sc, tx, k, operator_id, driver_id, device_id, SESSION_DRIVER_MS, token);
}

struct device_row {
	const char *driver_id;
	uint8_t key[32];
};

static enum code
device_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *device_id, struct device_row *out)
{
	struct rows *r;
	size_t n = 0;
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT driver_id, public_key FROM device WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(device_id)));
	if (rc == E_NOT_FOUND)
		return refused(sc);
	TRY(rc);
	const uint8_t *key = row_blob(sc, r, 1, &n);
	if (n != sizeof out->key)
		return fail(sc, E_CORRUPT, "a device's key has %zu bytes", n);
	out->driver_id = row_text(sc, r, 0);
	memcpy(out->key, key, n);
	return OK;
}

enum code
device_signed(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *device_id,
	      const char *text, const uint8_t signature[static 64])
{
	struct device_row d;
	TRY(device_read(sc, tx, operator_id, device_id, &d));
	if (!text_eq(d.driver_id, driver_id) ||
	    crypto_sign_verify_detached(signature, (const uint8_t *)text, strlen(text), d.key) != 0)
		return refused(sc);
	return OK;
}

enum code
device_answer(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	      const char *device_id, const char *purpose, const char *challenge, const uint8_t signature[static 64])
{
	struct device_row d;
	TRY(device_read(sc, tx, operator_id, device_id, &d));
	if (!text_eq(d.driver_id, driver_id))
		return refused(sc);
	return challenge_answer(sc, tx, k, operator_id, purpose, challenge, d.key, signature);
}

enum code
device_session(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *device_id,
	       const char *challenge, const uint8_t signature[static 64], const char **token, struct actor *out)
{
	struct device_row d;
	const char *text;
	TRY(device_read(sc, tx, operator_id, device_id, &d));
	TRY(challenge_answer(sc, tx, k, operator_id, device_id, challenge, d.key, signature));
	TRY(driver_session(sc, tx, k, operator_id, d.driver_id, device_id, &text));
	TRY(session_actor(sc, tx, k, text, out));
	*token = text;
	return OK;
}

enum code
device_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	   const char *label, const uint8_t key[static 32], const char *challenge, const uint8_t signature[static 64],
	   struct id *out)
{
	struct driver d;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	TRY(challenge_answer(sc, tx, k, operator_id, "device", challenge, key, signature));
	return device_bind(sc, tx, operator_id, driver_id, label, key, out);
}

enum code
device_remove(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *device_id)
{
	struct rows *r;
	int64_t changed;
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM device WHERE operator_id = $1 AND driver_id = $2 AND id <> $3",
		    VALS(v_text(operator_id), v_text(driver_id), v_text(device_id))));
	if (row_int(r, 0) == 0)
		return fail_as(sc, E_CONFLICT, "last-device", "bind another phone first, or leave");
	TRY(sql_run(sc, tx, "DELETE FROM device WHERE operator_id = $1 AND driver_id = $2 AND id = $3",
		    VALS(v_text(operator_id), v_text(driver_id), v_text(device_id)), &changed));
	if (changed == 0)
		return fail(sc, E_NOT_FOUND, "there is no such phone of yours");
	return sql_run(sc, tx, "DELETE FROM session WHERE operator_id = $1 AND holder_id = $2 AND device_id = $3",
		       VALS(v_text(operator_id), v_text(driver_id), v_text(device_id)), NULL);
}

enum code
devices_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, label, added_ms FROM device WHERE operator_id = $1 AND driver_id = $2 ORDER BY id",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "label", row_text(sc, r, 1));
		json_put_time(o, "added", row_int(r, 2));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}
