#include "people/appeal_picture.h"

#include <sodium.h>

#include "people/people_rows.h"
#include "people/vault.h"

static const char *
media_type_of(const uint8_t *p, size_t n)
{
	static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF};
	static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
	if (n > sizeof jpeg && memcmp(p, jpeg, sizeof jpeg) == 0)
		return "image/jpeg";
	if (n > sizeof png && memcmp(p, png, sizeof png) == 0)
		return "image/png";
	return NULL;
}

static const char *
row_name(struct scope *sc, const char *appeal_id, int64_t n)
{
	return scope_printf(sc, "appeal %s picture %" PRId64, appeal_id, n);
}

static const char *
label_of(struct scope *sc, int64_t n)
{
	return scope_printf(sc, "picture %" PRId64, n);
}

/* Hers, open, and about a check that had this picture before it. */
static enum code
check_appeal(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *appeal_id,
	     const char *sha256, struct appeal *out)
{
	struct appeal a;
	bool named;
	TRY(appeal_get(sc, tx, operator_id, appeal_id, &a));
	if (!text_eq(a.driver_id, driver_id))
		return fail(sc, E_NOT_FOUND, "there is no such appeal");
	if (!a.open)
		return fail_as(sc, E_CONFLICT, "decided", "the appeal has been answered");
	TRY(record_names_picture(sc, tx, operator_id, a.decision_id, sha256, &named));
	if (!named)
		return fail_as(sc, E_INVALID, "other-picture", "this is not a picture that the decision was made from");
	*out = a;
	return OK;
}

/* How many there are, and the number of this one if it is among them (else 0). */
static enum code
count_pictures(struct scope *sc, struct tx *tx, const char *operator_id, const char *appeal_id, const char *sha256,
	       int64_t *count, int64_t *same)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*), COALESCE(MAX(CASE WHEN sha256 = $3 THEN n ELSE 0 END), 0) FROM appeal_picture"
		    " WHERE operator_id = $1 AND appeal_id = $2",
		    VALS(v_text(operator_id), v_text(appeal_id), v_text(sha256))));
	*count = row_int(r, 0);
	*same = row_int(r, 1);
	return OK;
}

static enum code
insert_picture(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const struct appeal *a,
	       int64_t n, const char *sha256, const void *bytes, size_t size)
{
	uint8_t *sealed;
	size_t sealed_n;
	int64_t now = tx_now_ms(tx);
	TRY(vault_seal(sc, tx, k, operator_id, a->id, KEY_BIOMETRIC, row_name(sc, a->id, n), bytes, size, &sealed,
		       &sealed_n));
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO appeal_picture (operator_id, appeal_id, n, queue_id, driver_id, sha256, media_type, sealed,"
	    " at_ms, ends_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	    VALS(v_text(operator_id), v_text(a->id), v_int(n), v_text(a->queue_id), v_text(a->driver_id),
		 v_text(sha256), v_text(media_type_of(bytes, size)), v_blob(sealed, sealed_n), v_int(now),
		 v_int(now + APPEAL_PICTURE_MS)),
	    NULL));
	return job_add(sc, tx, people_appeal_picture_job.name, operator_id, a->id, now + APPEAL_PICTURE_MS, NULL);
}

enum code
appeal_picture_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
		   const char *appeal_id, const void *bytes, size_t size, int64_t *n)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct appeal a;
	int64_t count;
	int64_t same;
	if (size > APPEAL_PICTURE_BYTES_MAX)
		return fail_as(sc, E_LIMIT, "picture-too-large", "more than %zu MiB", APPEAL_PICTURE_BYTES_MAX >> 20);
	if (media_type_of(bytes, size) == NULL)
		return fail_as(sc, E_INVALID, "other-picture", "a JPEG or PNG picture is wanted");
	crypto_hash_sha256(hash, bytes, size);
	const char *sha256 = hex_encode(sc, hash, sizeof hash);
	TRY(check_appeal(sc, tx, operator_id, driver_id, appeal_id, sha256, &a));
	TRY(count_pictures(sc, tx, operator_id, appeal_id, sha256, &count, &same));
	if (same == 0 && count == APPEAL_PICTURES_MAX)
		return fail_as(sc, E_LIMIT, "too-many", "at most %d pictures an appeal", APPEAL_PICTURES_MAX);
	if (same == 0) {
		same = count + 1;
		TRY(insert_picture(sc, tx, k, operator_id, &a, same, sha256, bytes, size));
		TRY(queue_evidence_add(sc, tx, operator_id, a.queue_id, label_of(sc, same),
				       scope_printf(sc, "/v1/queue/%s/pictures/%" PRId64, a.queue_id, same)));
	}
	*n = same;
	return OK;
}

enum code
appeal_picture_look(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *queue_id,
		    int64_t n, const char *staff_id, struct appeal_picture *out)
{
	struct rows *r;
	size_t sealed_n;
	uint8_t *plain;
	size_t size;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT appeal_id, driver_id, media_type, sealed FROM appeal_picture"
			       " WHERE operator_id = $1 AND queue_id = $2 AND n = $3 AND ends_ms > $4",
			       VALS(v_text(operator_id), v_text(queue_id), v_int(n), v_int(tx_now_ms(tx))));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such picture, or its 14 days are over");
	TRY(rc);
	const char *appeal_id = row_text(sc, r, 0);
	const char *driver_id = row_text(sc, r, 1);
	const char *media_type = row_text(sc, r, 2);
	const uint8_t *sealed = row_blob(sc, r, 3, &sealed_n);
	TRY(queue_evidence_seen(sc, tx, operator_id, queue_id, staff_id, label_of(sc, n)));
	TRY(access_note(sc, tx, operator_id, driver_id, staff_id, label_of(sc, n),
			scope_printf(sc, "to decide %s", queue_id)));
	TRY(vault_open(sc, tx, k, operator_id, appeal_id, KEY_BIOMETRIC, row_name(sc, appeal_id, n), sealed, sealed_n,
		       &plain, &size));
	*out = (struct appeal_picture){media_type, plain, size};
	return OK;
}

static enum code
destroy(struct scope *sc, struct tx *tx, const char *operator_id, const char *appeal_id)
{
	TRY(vault_destroy(sc, tx, operator_id, appeal_id, KEY_BIOMETRIC));
	return sql_run(sc, tx, "DELETE FROM appeal_picture WHERE operator_id = $1 AND appeal_id = $2",
		       VALS(v_text(operator_id), v_text(appeal_id)), NULL);
}

enum code
appeal_pictures_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	struct rows *r;
	struct text ids;
	text_init(&ids, sc);
	TRY(sql_query(sc, tx, &r,
		      "SELECT DISTINCT appeal_id FROM appeal_picture WHERE operator_id = $1 AND driver_id = $2",
		      VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r))
		text_printf(&ids, "%s%s", ids.len > 0 ? " " : "", row_text(sc, r, 0));
	TRY(rows_end(sc, r));
	char **list;
	size_t n = ids.len == 0 ? 0 : text_split(sc, ids.s, ' ', &list);
	for (size_t i = 0; i < n; i++)
		TRY(destroy(sc, tx, operator_id, list[i]));
	return OK;
}

/* One that came later has a job of its own: only what is over goes, and the key with the last. */
static enum code
over_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	struct rows *r;
	(void)ctx;
	(void)result;
	TRY(sql_run(sc, tx, "DELETE FROM appeal_picture WHERE operator_id = $1 AND appeal_id = $2 AND ends_ms <= $3",
		    VALS(v_text(job->operator_id), v_text(job->subject), v_int(tx_now_ms(tx))), NULL));
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM appeal_picture WHERE operator_id = $1 AND appeal_id = $2",
		    VALS(v_text(job->operator_id), v_text(job->subject))));
	return row_int(r, 0) > 0 ? OK : destroy(sc, tx, job->operator_id, job->subject);
}

const struct job_kind people_appeal_picture_job = {"people.appeal_picture", NULL, over_commit, NULL};
