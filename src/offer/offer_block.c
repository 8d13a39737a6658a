/* Blocks: published with their terms and the commitment to their secret.
 *
 *	offer_block    one row a block; `terms` and `commitment` are what its leaf commits to
 *	offer_secret   apart, so that no query for a block can carry it out by accident
 *	offer_request  her link (driver_id) can be cut; nonce and pseudonym stay
 *	offer_round    the record of each round of a draw, as its leaf commits to it
 *	offer_award    who has which unit */
#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"
#include "offer/offer_rows.h"
#include "record/record.h"
#include "store/event.h"

#define YEAR_MS (INT64_C(366) * 24 * 3600 * 1000)

const char *const block_words[] = {"open", "closed", "awarded", "cancelled", NULL};

static const char *const migrations[] = {
    "CREATE TABLE offer_block ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL,"
    " programme_id TEXT NOT NULL, station_id TEXT NOT NULL, pay_plan_id TEXT NOT NULL,"
    " pay_plan_version INTEGER NOT NULL,"
    " starts_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL, units INTEGER NOT NULL CHECK (units > 0),"
    " rule TEXT NOT NULL CHECK (rule IN ('draw', 'rota', 'direct')),"
    " requests_open_ms INTEGER NOT NULL, requests_close_ms INTEGER NOT NULL,"
    " terms TEXT NOT NULL, commitment BLOB NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'awarded', 'cancelled')),"
    " published_by TEXT NOT NULL, published_ms INTEGER NOT NULL,"
    " salt BLOB NOT NULL, entry BLOB NOT NULL,"
    " PRIMARY KEY (operator_id, id),"
    " CHECK (requests_open_ms <= requests_close_ms AND requests_close_ms <= starts_ms AND starts_ms < ends_ms)"
    ") STRICT;"
    "CREATE INDEX offer_block_by_start ON offer_block (operator_id, starts_ms);"
    "CREATE INDEX offer_block_open ON offer_block (operator_id, requests_close_ms) WHERE state = 'open';"
    "CREATE TABLE offer_secret ("
    " operator_id TEXT NOT NULL, block_id TEXT NOT NULL, secret BLOB NOT NULL,"
    " PRIMARY KEY (operator_id, block_id)) STRICT;"
    "CREATE TABLE offer_request ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, block_id TEXT NOT NULL, driver_id TEXT,"
    " nonce BLOB NOT NULL CHECK (length(nonce) = 32), pseudonym TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('sealed', 'ranked', 'withdrawn')), rank INTEGER,"
    " at_ms INTEGER NOT NULL, salt BLOB NOT NULL, entry BLOB NOT NULL,"
    " PRIMARY KEY (operator_id, id), UNIQUE (operator_id, block_id, nonce),"
    " UNIQUE (operator_id, block_id, driver_id)) STRICT;"
    "CREATE INDEX offer_request_of_driver ON offer_request (operator_id, driver_id) WHERE driver_id IS NOT NULL;"
    "CREATE TABLE offer_round ("
    " operator_id TEXT NOT NULL, block_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " record TEXT NOT NULL, salt BLOB NOT NULL, entry BLOB NOT NULL, at_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, block_id, round)) STRICT;"
    "CREATE TABLE offer_award ("
    " operator_id TEXT NOT NULL, id TEXT NOT NULL, block_id TEXT NOT NULL, driver_id TEXT, pseudonym TEXT,"
    " how TEXT NOT NULL CHECK (how IN ('draw', 'rota', 'waiting', 'direct')),"
    " state TEXT NOT NULL CHECK (state IN ('awarded', 'checked_in', 'done', 'given_back', 'cancelled')),"
    " decision_id TEXT NOT NULL, made_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    " PRIMARY KEY (operator_id, id)) STRICT;"
    "CREATE INDEX offer_award_of_block ON offer_award (operator_id, block_id);"
    "CREATE INDEX offer_award_of_driver ON offer_award (operator_id, driver_id) WHERE driver_id IS NOT NULL;",
    NULL,
};
const struct schema offer_schema = {"offer", migrations, false};

/* --- what comes from outside --- */

/* Integers and words only: a real number has more than one spelling. */
static bool
exact(const json_t *v)
{
	const char *key;
	json_t *m;
	size_t i;
	if (json_is_real(v))
		return false;
	if (json_is_array(v)) {
		json_array_foreach(v, i, m) if (!exact(m)) return false;
	}
	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, m) if (!exact(m)) return false;
	}
	return true;
}

static enum code
range_parse(struct scope *sc, const json_t *terms, const char *key, int64_t max)
{
	static const char *const members[] = {"min", "max", NULL};
	const json_t *range;
	int64_t low, high;
	TRY(json_need_object(sc, terms, key, &range));
	enum code rc = json_only(sc, range, members);
	if (rc == OK)
		rc = json_need_int(sc, range, "min", 0, max, &low);
	if (rc == OK)
		rc = json_need_int(sc, range, "max", low, max, &high);
	return rc == OK ? OK : error_prefix(sc, "%s", key);
}

static enum code
pay_parse(struct scope *sc, const json_t *terms)
{
	static const char *const members[] = {"minor", "currency", NULL};
	const json_t *pay;
	const char *code;
	int64_t minor;
	struct currency c;
	TRY(json_need_object(sc, terms, "pay", &pay));
	TRY(json_only(sc, pay, members));
	TRY(json_need_int(sc, pay, "minor", 0, INT64_C(1000000000000), &minor));
	TRY(json_need_text(sc, pay, "currency", 3, 3, &code));
	return currency_parse(sc, code, &c);
}

static enum code
vehicles_parse(struct scope *sc, const json_t *terms, unsigned *out)
{
	const json_t *list;
	if (json_object_get(terms, "vehicles") == NULL)
		return OK;
	unsigned bits = 0;
	TRY(json_need_array(sc, terms, "vehicles", 1, 16, &list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *word = json_string_value(json_array_get(list, i));
		unsigned v = 0;
		while (vehicle_words[v] != NULL && !text_eq(vehicle_words[v], word))
			v++;
		if (vehicle_words[v] == NULL)
			return fail_as(sc, E_INVALID, "bad-field", "vehicles[%zu]: no such vehicle", i);
		bits |= 1u << v;
	}
	*out = bits;
	return OK;
}

enum code
terms_parse(struct scope *sc, const json_t *terms, struct offer_need *need)
{
	static const char *const members[] = {"pay", "stops", "distance_m", "vehicles", "rest_h", "note", NULL};
	int64_t rest_h = OFFER_REST_H;
	unsigned vehicles = 0;
	const char *note = NULL;
	TRY(json_only(sc, terms, members));
	if (!exact(terms))
		return fail_as(sc, E_INVALID, "bad-field", "numbers in terms are integers");
	TRY(pay_parse(sc, terms));
	TRY(range_parse(sc, terms, "stops", 10000));
	TRY(range_parse(sc, terms, "distance_m", 10000000));
	TRY(vehicles_parse(sc, terms, &vehicles));
	TRY(json_may_int(sc, terms, "rest_h", 0, 24, &rest_h));
	TRY(json_may_text(sc, terms, "note", 1, 500, &note));
	need->vehicles = vehicles;
	need->rest_ms = rest_h * 3600 * 1000;
	return OK;
}

enum code
block_parse(struct scope *sc, const json_t *json, struct block_new *out)
{
	static const char *const members[] = {
	    "programme",     "station",	       "pay_plan", "starts",	       "ends", "units", "rule",
	    "requests_open", "requests_close", "terms",	   "pay_plan_version", NULL};
	struct block_new b = {.rule = -1};
	struct offer_need need;
	size_t rule = SIZE_MAX;
	TRY(json_only(sc, json, members));
	TRY(json_need_text(sc, json, "programme", 1, ID_TEXT_MAX, &b.programme_id));
	TRY(json_need_text(sc, json, "station", 1, ID_TEXT_MAX, &b.station_id));
	TRY(json_need_text(sc, json, "pay_plan", 1, ID_TEXT_MAX, &b.pay_plan_id));
	TRY(json_may_int(sc, json, "pay_plan_version", 1, INT32_MAX, &b.pay_plan_version));
	TRY(json_need_time(sc, json, "starts", &b.hours.starts_ms));
	TRY(json_need_time(sc, json, "ends", &b.hours.ends_ms));
	TRY(json_need_int(sc, json, "units", 1, OFFER_UNITS_MAX, &b.units));
	TRY(json_may_word(sc, json, "rule", award_words, &rule));
	TRY(json_may_time(sc, json, "requests_open", &b.requests_open_ms));
	TRY(json_need_time(sc, json, "requests_close", &b.requests_close_ms));
	TRY(json_need_object(sc, json, "terms", &b.terms));
	enum code rc = terms_parse(sc, b.terms, &need);
	if (rc != OK)
		return error_prefix(sc, "terms");
	if (rule != SIZE_MAX)
		b.rule = (int64_t)rule;
	*out = b;
	return OK;
}

/* --- rows --- */

#define BLOCK_COLUMNS \
	"id, programme_id, station_id, pay_plan_id, starts_ms, ends_ms, units, rule, requests_open_ms," \
	" requests_close_ms, published_ms, terms, state, commitment, pay_plan_version"

static size_t
word_at(const char *const words[], const char *word)
{
	size_t i = 0;
	while (words[i] != NULL && !text_eq(words[i], word))
		i++;
	return i;
}

static enum code
block_read(struct scope *sc, struct rows *r, const char *operator_id, struct block *out)
{
	struct block b = {.operator_id = scope_strdup(sc, operator_id)};
	json_t *terms;
	size_t n;
	b.id = row_text(sc, r, 0);
	b.programme_id = row_text(sc, r, 1);
	b.station_id = row_text(sc, r, 2);
	b.pay_plan_id = row_text(sc, r, 3);
	b.pay_plan_version = row_int(r, 14);
	b.hours = (struct hours){row_int(r, 4), row_int(r, 5)};
	b.units = row_int(r, 6);
	b.rule = (enum award_rule)word_at(award_words, row_text(sc, r, 7));
	b.requests_open_ms = row_int(r, 8);
	b.requests_close_ms = row_int(r, 9);
	b.published_ms = row_int(r, 10);
	const char *text = row_text(sc, r, 11);
	TRY(json_parse(sc, text, strlen(text), &terms));
	b.terms = terms;
	b.state = (enum block_state)word_at(block_words, row_text(sc, r, 12));
	const uint8_t *commitment = row_blob(sc, r, 13, &n);
	if (n != sizeof b.commitment)
		return fail(sc, E_CORRUPT, "block %s has no commitment", b.id);
	memcpy(b.commitment, commitment, n);
	b.need.hours = b.hours;
	TRY(terms_parse(sc, b.terms, &b.need));
	*out = b;
	return OK;
}

enum code
offer_block_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, struct block *out)
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r, "SELECT " BLOCK_COLUMNS " FROM offer_block WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(block_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-block", "there is no such block");
	TRY(rc);
	struct block b;
	TRY(block_read(sc, r, operator_id, &b));
	TRY(rows_end(sc, r));
	*out = b;
	return OK;
}

static enum code
blocks_read(struct scope *sc, struct rows *r, const char *operator_id, size_t max, struct block **out, size_t *n)
{
	struct block *list = NULL;
	size_t count = 0, room = 0;
	while (row_next(r) && count < max) {
		if (count == room) {
			room = room == 0 ? 16 : room * 2;
			struct block *grown = NEW_ARRAY(sc, room, struct block);
			if (count > 0)
				memcpy(grown, list, count * sizeof *grown);
			list = grown;
		}
		TRY(block_read(sc, r, operator_id, &list[count]));
		count++;
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = count;
	return OK;
}

enum code
blocks_taking_requests(struct scope *sc, struct tx *tx, const char *operator_id, size_t max, struct block **out,
		       size_t *n)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " BLOCK_COLUMNS " FROM offer_block WHERE operator_id = $1 AND state = 'open'"
		      " AND requests_close_ms > $2 ORDER BY starts_ms, id LIMIT $3",
		      VALS(v_text(operator_id), v_int(tx_now_ms(tx)), v_int((int64_t)max))));
	return blocks_read(sc, r, operator_id, max, out, n);
}

enum code
block_leaf(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, struct leaf *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT salt, entry FROM offer_block WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(block_id))));
	size_t n_salt, n_entry;
	const uint8_t *salt = row_blob(sc, r, 0, &n_salt), *entry = row_blob(sc, r, 1, &n_entry);
	if (n_salt != CHAIN_HASH || n_entry != CHAIN_HASH)
		return fail(sc, E_CORRUPT, "block %s has no leaf", block_id);
	memcpy(out->salt, salt, n_salt);
	memcpy(out->entry, entry, n_entry);
	return rows_end(sc, r);
}

enum code
block_set_state(struct scope *sc, struct tx *tx, const struct block *b, enum block_state to)
{
	return sql_run(sc, tx, "UPDATE offer_block SET state = $3 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(b->operator_id), v_text(b->id), v_text(block_words[to])), NULL);
}

json_t *
block_record(struct scope *sc, const struct block *b)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", b->id);
	json_put_text(o, "operator", b->operator_id);
	json_put_text(o, "programme", b->programme_id);
	json_put_text(o, "station", b->station_id);
	json_put_text(o, "pay_plan", b->pay_plan_id);
	json_put_int(o, "pay_plan_version", b->pay_plan_version);
	json_put_int(o, "starts", b->hours.starts_ms);
	json_put_int(o, "ends", b->hours.ends_ms);
	json_put_int(o, "units", b->units);
	json_put_text(o, "rule", award_words[b->rule]);
	json_put_int(o, "requests_open", b->requests_open_ms);
	json_put_int(o, "requests_close", b->requests_close_ms);
	json_put(o, "terms", json_deep_copy(b->terms));
	json_put_text(o, "commitment", hex_encode(sc, b->commitment, sizeof b->commitment));
	return o;
}

/* --- publishing --- */

static enum code
check_times(struct scope *sc, const struct block_new *b, int64_t now_ms)
{
	if (b->units < 1 || b->units > OFFER_UNITS_MAX)
		return fail_as(sc, E_INVALID, "bad-field", "units: 1 to %d", OFFER_UNITS_MAX);
	if (b->hours.ends_ms <= b->hours.starts_ms || b->hours.ends_ms - b->hours.starts_ms > INT64_C(86400000))
		return fail_as(sc, E_INVALID, "bad-field", "ends: after the start, by a day at most");
	if (b->hours.starts_ms <= now_ms || b->hours.starts_ms - now_ms > YEAR_MS)
		return fail_as(sc, E_INVALID, "bad-field", "starts: in the future, within a year");
	if (b->requests_close_ms <= now_ms || b->requests_close_ms > b->hours.starts_ms)
		return fail_as(sc, E_INVALID, "bad-field", "requests_close: in the future, not after the start");
	if (b->requests_open_ms > b->requests_close_ms)
		return fail_as(sc, E_INVALID, "bad-field", "requests_open: not after requests close");
	return OK;
}

/* Programme and station must be this operator's; the programme's rule is the one unless another is said. */
static enum code
check_place(struct scope *sc, struct tx *tx, const char *operator_id, const struct block_new *b, enum award_rule *rule)
{
	struct policy policy;
	struct station station;
	TRY(programme_policy(sc, tx, operator_id, b->programme_id, 0, &policy));
	TRY(station_get(sc, tx, operator_id, b->station_id, &station));
	*rule = b->rule < 0 ? policy.award : (enum award_rule)b->rule;
	return OK;
}

/* Nothing reads the secret before the draw; lots need none where a person assigns. */
static enum code
commit_secret(struct scope *sc, struct tx *tx, struct block *b)
{
	if (b->rule == AWARD_DIRECT)
		return OK;
	uint8_t secret[32];
	random_bytes(tx_random(tx), secret, sizeof secret);
	crypto_hash_sha256(b->commitment, secret, sizeof secret);
	enum code rc = sql_run(sc, tx, "INSERT INTO offer_secret (operator_id, block_id, secret) VALUES ($1, $2, $3)",
			       VALS(v_text(b->operator_id), v_text(b->id), v_blob(secret, sizeof secret)), NULL);
	sodium_memzero(secret, sizeof secret);
	return rc;
}

static enum code
block_insert(struct scope *sc, struct tx *tx, const struct block *b, const char *staff_id, const struct leaf *leaf)
{
	return sql_run(
	    sc, tx,
	    "INSERT INTO offer_block (operator_id, " BLOCK_COLUMNS ", published_by, salt, entry)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', $14, $18, $15, $16, $17)",
	    VALS(v_text(b->operator_id), v_text(b->id), v_text(b->programme_id), v_text(b->station_id),
		 v_text(b->pay_plan_id), v_int(b->hours.starts_ms), v_int(b->hours.ends_ms), v_int(b->units),
		 v_text(award_words[b->rule]), v_int(b->requests_open_ms), v_int(b->requests_close_ms),
		 v_int(b->published_ms), v_text(json_canonical(sc, b->terms)),
		 v_blob(b->commitment, sizeof b->commitment), v_text(staff_id), v_blob(leaf->salt, CHAIN_HASH),
		 v_blob(leaf->entry, CHAIN_HASH), v_int(b->pay_plan_version)),
	    NULL);
}

enum code
offer_block_publish(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
		    const struct block_new *new, struct id *out)
{
	int64_t now = tx_now_ms(tx);
	struct block b = {.operator_id = operator_id,
			  .programme_id = new->programme_id,
			  .station_id = new->station_id,
			  .pay_plan_id = new->pay_plan_id,
			  .pay_plan_version = new->pay_plan_version,
			  .hours = new->hours,
			  .units = new->units,
			  .requests_open_ms = new->requests_open_ms > now ? new->requests_open_ms : now,
			  .requests_close_ms = new->requests_close_ms,
			  .published_ms = now,
			  .terms = new->terms};
	struct leaf leaf;
	TRY(check_times(sc, new, now));
	TRY(terms_parse(sc, b.terms, &b.need));
	TRY(check_place(sc, tx, operator_id, new, &b.rule));
	struct id id = tx_new_id(tx, "blk");
	b.id = id.s;
	TRY(commit_secret(sc, tx, &b));
	json_t *record = block_record(sc, &b);
	TRY(chain_leaf(sc, tx, "offer.block", record, &leaf));
	TRY(block_insert(sc, tx, &b, staff_id, &leaf));
	TRY(job_add(sc, tx, offer_close_job.name, operator_id, b.id, b.requests_close_ms, NULL));
	TRY(event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "block.published", b.id, record));
	*out = id;
	return OK;
}

/* --- as JSON --- */

static enum code
count_of(struct scope *sc, struct tx *tx, const struct block *b, const char *sql, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, sql, VALS(v_text(b->operator_id), v_text(b->id))));
	*out = row_int(r, 0);
	return rows_end(sc, r);
}

enum code
units_held(struct scope *sc, struct tx *tx, const struct block *b, int64_t *out)
{
	return count_of(sc, tx, b,
			"SELECT COUNT(*) FROM offer_award WHERE operator_id = $1 AND block_id = $2"
			" AND state IN ('awarded', 'checked_in', 'done')",
			out);
}

static bool
overdue(const struct block *b, int64_t now_ms)
{
	return b->rule != AWARD_DIRECT && b->state == BLOCK_OPEN && now_ms > b->requests_close_ms + OFFER_OVERDUE_MS;
}

enum code
block_json(struct scope *sc, struct tx *tx, const struct block *b, json_t **out)
{
	json_t *o = json_new_object(sc);
	int64_t requests, waiting, held;
	json_put_text(o, "id", b->id);
	json_put_text(o, "programme", b->programme_id);
	json_put_text(o, "station", b->station_id);
	json_put_text(o, "pay_plan", b->pay_plan_id);
	json_put_int(o, "pay_plan_version", b->pay_plan_version);
	json_put_time(o, "starts", b->hours.starts_ms);
	json_put_time(o, "ends", b->hours.ends_ms);
	json_put_int(o, "units", b->units);
	json_put_text(o, "rule", award_words[b->rule]);
	json_put_text(o, "state", block_words[b->state]);
	json_put_time(o, "published", b->published_ms);
	json_put_time(o, "requests_open", b->requests_open_ms);
	json_put_time(o, "requests_close", b->requests_close_ms);
	json_put(o, "terms", json_deep_copy(b->terms));
	if (b->rule != AWARD_DIRECT)
		json_put_text(o, "commitment", hex_encode(sc, b->commitment, sizeof b->commitment));
	json_put_bool(o, "overdue", overdue(b, tx_now_ms(tx)));
	TRY(units_held(sc, tx, b, &held));
	json_put_int(o, "awarded", held);
	if (b->state == BLOCK_AWARDED) {
		TRY(count_of(sc, tx, b,
			     "SELECT COUNT(*) FROM offer_request WHERE operator_id = $1 AND block_id = $2"
			     " AND rank IS NOT NULL",
			     &requests));
		TRY(count_of(sc, tx, b,
			     "SELECT COUNT(*) FROM offer_request q WHERE q.operator_id = $1 AND q.block_id = $2"
			     " AND q.state = 'ranked' AND NOT EXISTS (SELECT 1 FROM offer_award a"
			     " WHERE a.operator_id = q.operator_id AND a.block_id = q.block_id"
			     " AND a.pseudonym = q.pseudonym)",
			     &waiting));
		json_put_int(o, "requests", requests);
		json_put_int(o, "waiting", waiting);
	}
	*out = o;
	return OK;
}

enum code
offer_block_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id, json_t **out)
{
	struct block b;
	TRY(offer_block_get(sc, tx, operator_id, block_id, &b));
	return block_json(sc, tx, &b, out);
}

enum code
offer_blocks(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, int64_t from_ms,
	     int64_t to_ms, size_t max, json_t **out)
{
	struct rows *r;
	struct block *blocks;
	size_t n;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " BLOCK_COLUMNS " FROM offer_block WHERE operator_id = $1 AND starts_ms >= $2"
		      " AND starts_ms < $3 AND ($4 = '' OR station_id = $4) ORDER BY starts_ms, id LIMIT $5",
		      VALS(v_text(operator_id), v_int(from_ms), v_int(to_ms),
			   v_text(station_id == NULL ? "" : station_id), v_int((int64_t)max))));
	TRY(blocks_read(sc, r, operator_id, max, &blocks, &n));
	json_t *list = json_new_array(sc);
	for (size_t i = 0; i < n; i++) {
		json_t *o;
		TRY(block_json(sc, tx, &blocks[i], &o));
		json_array_append(list, o);
	}
	*out = list;
	return OK;
}

static enum code
status_add(struct scope *sc, struct tx *tx, const struct block *b, json_t *late, json_t *unfilled)
{
	int64_t held;
	json_t *o = json_object();
	json_put_text(o, "block", b->id);
	if (overdue(b, tx_now_ms(tx))) {
		json_put_time(o, "requests_close", b->requests_close_ms);
		json_array_append_new(late, o);
		return OK;
	}
	json_own(sc, o);
	if (b->state == BLOCK_OPEN)
		return OK;
	TRY(units_held(sc, tx, b, &held));
	if (held < b->units) {
		json_put_int(o, "missing", b->units - held);
		json_array_append(unfilled, o);
	}
	return OK;
}

enum code
offer_status(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	struct block *blocks;
	size_t n;
	int64_t open = 0;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " BLOCK_COLUMNS " FROM offer_block WHERE operator_id = $1 AND state <> 'cancelled'"
		      " AND (state = 'open' OR ends_ms > $2) ORDER BY starts_ms, id LIMIT 10000",
		      VALS(v_text(operator_id), v_int(tx_now_ms(tx)))));
	TRY(blocks_read(sc, r, operator_id, 10000, &blocks, &n));
	json_t *o = json_new_object(sc), *late = json_array(), *unfilled = json_array();
	json_put(o, "overdue", late);
	json_put(o, "unfilled", unfilled);
	for (size_t i = 0; i < n; i++) {
		open += blocks[i].state == BLOCK_OPEN ? 1 : 0;
		TRY(status_add(sc, tx, &blocks[i], late, unfilled));
	}
	json_put_int(o, "open", open);
	*out = o;
	return OK;
}
