/* Staff: roles, and signing in by passphrase. */
#include "people/access.h"
#include "people/people_rows.h"

#include <sodium.h>

#define TRIES_MAX 10
#define TRIES_WINDOW_MS (INT64_C(15) * 60 * 1000)
#define TRY_BUCKETS 4096

const char *const role_words[] = {"admin", "dispatcher", "reviewer", "representative", "auditor", "integrator", NULL};

#define BIT(role) (1u << (role))
static const unsigned rights[] = {
    [RIGHT_MANAGE] = BIT(ROLE_ADMIN),
    [RIGHT_DISPATCH] = BIT(ROLE_DISPATCHER) | BIT(ROLE_ADMIN),
    [RIGHT_REVIEW] = BIT(ROLE_REVIEWER) | BIT(ROLE_ADMIN),
    [RIGHT_COSIGN] = BIT(ROLE_REPRESENTATIVE),
    [RIGHT_AUDIT] = BIT(ROLE_AUDITOR) | BIT(ROLE_REPRESENTATIVE) | BIT(ROLE_ADMIN),
    [RIGHT_SHIP] = BIT(ROLE_INTEGRATOR) | BIT(ROLE_DISPATCHER) | BIT(ROLE_ADMIN),
};

bool
role_may(enum role role, enum right right)
{
	return (rights[right] & BIT(role)) != 0;
}

/* Addresses compare in small ASCII letters. */
static char *
fold_email(struct scope *sc, const char *email)
{
	char *s = scope_strdup(sc, email);
	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return text_trim(s);
}

static enum code
check_staff(struct scope *sc, const struct staff_new *s)
{
	size_t at = strcspn(s->email, "@");
	size_t n = strlen(s->email);
	bool shape =
	    at > 0 && at + 1 < n && strchr(s->email + at + 1, '@') == NULL && strpbrk(s->email, " \t\n") == NULL;
	if (!shape || n > 254)
		return fail_as(sc, E_INVALID, "bad-field", "\"email\": not an address");
	size_t name = utf8_length(s->name);
	if (name < 2 || name > 120)
		return fail_as(sc, E_INVALID, "bad-field", "\"name\": must have 2 to 120 characters");
	if ((s->passphrase_hash == NULL) != (s->role == ROLE_INTEGRATOR))
		return fail(sc, E_INVALID, "people have passphrases, integrators have keys");
	return OK;
}

enum code
staff_create(struct scope *sc, struct tx *tx, const char *operator_id, const struct staff_new *s, struct id *out)
{
	struct operator o;
	int64_t changed;
	TRY(check_staff(sc, s));
	TRY(operator_get(sc, tx, operator_id, &o));
	struct id id = tx_new_id(tx, "stf");
	TRY(sql_run(sc, tx,
		    "INSERT INTO staff (operator_id, id, email, name, role, hash, disabled, created_ms)"
		    " VALUES ($1, $2, $3, $4, $5, $6, 0, $7) ON CONFLICT (operator_id, email) DO NOTHING",
		    VALS(v_text(operator_id), v_text(id.s), v_text(fold_email(sc, s->email)), v_text(s->name),
			 v_text(role_words[s->role]), v_text(s->passphrase_hash), v_int(tx_now_ms(tx))),
		    &changed));
	if (changed == 0)
		return fail_as(sc, E_CONFLICT, "duplicate", "this address is in use");
	TRY(decider_add(sc, tx, operator_id, id.s, s->name));
	*out = id;
	return OK;
}

#define STAFF_COLUMNS "id, email, name, role, disabled FROM staff"

static enum code
read_staff(struct scope *sc, struct rows *r, struct staff *out)
{
	int role;
	TRY(word_index(sc, role_words, row_text(sc, r, 3), &role));
	*out = (struct staff){
	    .id = row_text(sc, r, 0),
	    .email = row_text(sc, r, 1),
	    .name = row_text(sc, r, 2),
	    .role = (enum role)role,
	    .disabled = row_int(r, 4) != 0,
	};
	return OK;
}

enum code
staff_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct staff *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " STAFF_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such member of staff");
	TRY(rc);
	return read_staff(sc, r, out);
}

enum code
staff_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT " STAFF_COLUMNS " WHERE operator_id = $1 ORDER BY id",
		      VALS(v_text(operator_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		struct staff s;
		TRY(read_staff(sc, r, &s));
		json_t *o = json_object();
		json_put_text(o, "id", s.id);
		json_put_text(o, "email", s.email);
		json_put_text(o, "name", s.name);
		json_put_text(o, "role", role_words[s.role]);
		json_put_bool(o, "disabled", s.disabled);
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

static enum code
count_other_admins(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*) FROM staff WHERE operator_id = $1 AND role = 'admin' AND disabled = 0 AND id <> $2",
	    VALS(v_text(operator_id), v_text(id))));
	*out = row_int(r, 0);
	return OK;
}

enum code
staff_disable(struct scope *sc, struct tx *tx, const char *operator_id, const char *id)
{
	struct staff s;
	int64_t others;
	TRY(staff_get(sc, tx, operator_id, id, &s));
	TRY(count_other_admins(sc, tx, operator_id, id, &others));
	if (s.role == ROLE_ADMIN && others == 0)
		return fail_as(sc, E_CONFLICT, "last-admin", "nobody could manage this operator any more");
	TRY(sql_run(sc, tx, "UPDATE staff SET disabled = 1, hash = NULL WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(id)), NULL));
	return sessions_end(sc, tx, operator_id, id);
}

enum code
staff_set_passphrase(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id, const char *hash)
{
	int64_t changed;
	TRY(sql_run(
	    sc, tx,
	    "UPDATE staff SET hash = $3 WHERE operator_id = $1 AND id = $2 AND disabled = 0 AND role <> 'integrator'",
	    VALS(v_text(operator_id), v_text(staff_id), v_text(hash)), &changed));
	if (changed == 0)
		return fail(sc, E_NOT_FOUND, "there is no such member of staff");
	return sessions_end(sc, tx, operator_id, staff_id);
}

/* --- signing in --- */

/* Wrong tries are counted in a fixed number of buckets, whether or not somebody
 * has the address: a stranger can neither fill the table nor learn who works here. */
static int64_t
bucket_of(const char *email)
{
	uint8_t h[16];
	crypto_generichash(h, sizeof h, (const uint8_t *)email, strlen(email), NULL, 0);
	return (h[0] | h[1] << 8) % TRY_BUCKETS;
}

static enum code
check_tries(struct scope *sc, struct tx *tx, const char *operator_id, int64_t bucket)
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT 1 FROM login_try WHERE operator_id = $1 AND bucket = $2 AND tries >= $3 AND since_ms > $4",
		    VALS(v_text(operator_id), v_int(bucket), v_int(TRIES_MAX), v_int(tx_now_ms(tx) - TRIES_WINDOW_MS)));
	if (rc == OK)
		return fail_as(sc, E_DENIED, "too-many-tries", "too many wrong tries: wait a quarter of an hour");
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	return OK;
}

enum code
staff_login_find(struct scope *sc, struct tx *tx, const char *slug, const char *email, struct login *out)
{
	struct operator o;
	struct rows *r;
	if (strlen(email) > 254)
		return fail_as(sc, E_INVALID, "bad-field", "\"email\": not an address");
	TRY(operator_find(sc, tx, slug, &o));
	const char *folded = fold_email(sc, email);
	struct login l = {.operator_id = o.id, .bucket = bucket_of(folded)};
	TRY(check_tries(sc, tx, o.id, l.bucket));
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT id, hash FROM staff WHERE operator_id = $1 AND email = $2 AND disabled = 0",
		    VALS(v_text(o.id), v_text(folded)));
	if (rc != OK && rc != E_NOT_FOUND)
		return rc;
	if (rc == OK) {
		l.staff_id = row_text(sc, r, 0);
		l.hash = row_text(sc, r, 1);
	}
	error_clear(sc);
	*out = l;
	return OK;
}

enum code
staff_login_done(struct scope *sc, struct tx *tx, struct keys *k, const struct login *l, bool right, const char **token)
{
	int64_t now = tx_now_ms(tx);
	if (!right || l->staff_id == NULL) {
		TRY(sql_run(sc, tx,
			    "INSERT INTO login_try (operator_id, bucket, since_ms, tries) VALUES ($1, $2, $3, 1)"
			    " ON CONFLICT (operator_id, bucket) DO UPDATE SET"
			    " tries = CASE WHEN login_try.since_ms > $4 THEN login_try.tries + 1 ELSE 1 END,"
			    " since_ms = CASE WHEN login_try.since_ms > $4 THEN login_try.since_ms ELSE $3 END",
			    VALS(v_text(l->operator_id), v_int(l->bucket), v_int(now), v_int(now - TRIES_WINDOW_MS)),
			    NULL));
		*token = NULL;
		return OK;
	}
	TRY(check_tries(sc, tx, l->operator_id, l->bucket));
	TRY(sql_run(sc, tx, "DELETE FROM login_try WHERE operator_id = $1 AND bucket = $2",
		    VALS(v_text(l->operator_id), v_int(l->bucket)), NULL));
	return session_begin(sc, tx, k, l->operator_id, l->staff_id, NULL, SESSION_STAFF_MS, token);
}
