/* A driver's own data: sealed as one JSON object under her account key, and the
 * part that tax and labour law keep under her statutory key. Read for herself,
 * for the staff who work with her, and for her export. */
#include "people/enrolment.h"
#include "people/people_rows.h"
#include "people/vault.h"

static const char *
row_name(struct scope *sc, const char *driver_id, const char *part)
{
	return scope_printf(sc, "driver %s %s", driver_id, part);
}

static enum code
seal_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	  enum key_purpose purpose, const char *part, const json_t *json, struct val *out)
{
	const char *text = json_canonical(sc, json);
	uint8_t *sealed;
	size_t n;
	TRY(vault_seal(sc, tx, k, operator_id, driver_id, purpose, row_name(sc, driver_id, part), text, strlen(text),
		       &sealed, &n));
	*out = v_blob(sealed, n);
	return OK;
}

enum code
personal_write(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	       const struct personal *p)
{
	struct val account;
	struct val statutory;
	json_t *kept = json_new_object(sc);
	json_put_text(kept, "name", p->name);
	json_put_text(kept, "birth_date", p->birth_date);
	TRY(seal_json(sc, tx, k, operator_id, driver_id, KEY_STATUTORY, "statutory", kept, &statutory));
	json_t *all = json_new_object(sc);
	json_put_text(all, "name", p->name);
	json_put_text(all, "birth_date", p->birth_date);
	json_put_text(all, "email", p->email);
	json_put_text(all, "phone", p->phone);
	TRY(seal_json(sc, tx, k, operator_id, driver_id, KEY_ACCOUNT, "personal", all, &account));
	return sql_run(sc, tx, "UPDATE driver SET personal = $3, statutory = $4 WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(driver_id), account, statutory), NULL);
}

/* One of the two sealed columns as JSON. */
static enum code
open_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	  enum key_purpose purpose, const char *part, json_t **out)
{
	struct rows *r;
	size_t sealed_n = 0;
	uint8_t *plain;
	size_t n;
	enum code rc = sql_one(sc, tx, &r, "SELECT personal, statutory FROM driver WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(driver_id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such driver");
	TRY(rc);
	const uint8_t *sealed = row_blob(sc, r, purpose == KEY_ACCOUNT ? 0 : 1, &sealed_n);
	if (sealed == NULL)
		return fail_as(sc, E_NOT_FOUND, "erased", "the key to this has been destroyed");
	TRY(vault_open(sc, tx, k, operator_id, driver_id, purpose, row_name(sc, driver_id, part), sealed, sealed_n,
		       &plain, &n));
	return json_parse(sc, plain, n, out);
}

enum code
personal_read(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	      struct personal *out)
{
	json_t *o;
	TRY(open_json(sc, tx, k, operator_id, driver_id, KEY_ACCOUNT, "personal", &o));
	*out = (struct personal){
	    .name = json_string_value(json_object_get(o, "name")),
	    .birth_date = json_string_value(json_object_get(o, "birth_date")),
	    .email = json_string_value(json_object_get(o, "email")),
	    .phone = json_string_value(json_object_get(o, "phone")),
	};
	return OK;
}

enum code
driver_statutory(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id, json_t **out)
{
	return open_json(sc, tx, k, operator_id, id, KEY_STATUTORY, "statutory", out);
}

static const char *
pseudonym(struct scope *sc, const char *driver_id)
{
	size_t n = strlen(driver_id);
	return scope_printf(sc, "driver %s", n > 4 ? driver_id + n - 4 : driver_id);
}

static bool
is_erased(const struct scope *sc, enum code rc)
{
	return rc == E_NOT_FOUND && text_eq(sc->err.reason, "erased");
}

enum code
driver_name(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id, const char **out)
{
	struct personal p;
	enum code rc = personal_read(sc, tx, k, operator_id, id, &p);
	if (is_erased(sc, rc)) {
		error_clear(sc);
		*out = pseudonym(sc, id);
		return OK;
	}
	TRY(rc);
	*out = p.name;
	return OK;
}

static json_t *
vehicle_json(const struct driver *d)
{
	json_t *v = json_object();
	json_put_text(v, "kind", vehicle_words[d->vehicle]);
	json_put_int(v, "capacity_g", d->capacity_g);
	json_put_int(v, "capacity_ml", d->capacity_ml);
	return v;
}

/* What both views share. */
static json_t *
work_json(struct scope *sc, const struct driver *d, const char *name)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", d->id);
	json_put_text(o, "name", name);
	json_put_text(o, "state", driver_state_words[d->state]);
	json_put_text(o, "programme", d->programme_id);
	json_put_text(o, "station", d->station_id);
	json_put_text(o, "language", d->language);
	json_put(o, "vehicle", vehicle_json(d));
	json_put_time(o, "since", d->since_ms);
	return o;
}

static enum code
add_own(struct scope *sc, struct tx *tx, const char *operator_id, const struct driver *d, const struct personal *p,
	json_t *o)
{
	json_t *devices;
	json_t *face;
	TRY(devices_json(sc, tx, operator_id, d->id, &devices));
	TRY(enrolment_status(sc, tx, operator_id, d->id, &face));
	json_put_text(o, "birth_date", p->birth_date);
	json_put_text(o, "email", p->email);
	json_put_text(o, "phone", p->phone);
	json_put(o, "devices", json_incref(devices));
	json_put(o, "face", json_incref(face));
	json_t *may = json_object();
	json_put_bool(may, "work", d->state == DRIVER_ACTIVE);
	json_put_bool(may, "appeal", true);
	json_put_bool(may, "export", true);
	json_put_bool(may, "leave", true);
	json_put(o, "may", may);
	return OK;
}

enum code
driver_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
	    enum driver_view view, json_t **out)
{
	struct driver d;
	struct personal p = {NULL, NULL, NULL, NULL};
	TRY(driver_get(sc, tx, operator_id, id, &d));
	enum code rc = personal_read(sc, tx, k, operator_id, id, &p);
	if (rc != OK && !is_erased(sc, rc))
		return rc;
	error_clear(sc);
	json_t *o = work_json(sc, &d, p.name != NULL ? p.name : pseudonym(sc, id));
	if (view == VIEW_SELF) {
		TRY(add_own(sc, tx, operator_id, &d, &p, o));
	} else {
		json_t *contact = json_object();
		json_put_text(contact, "phone", p.phone);
		json_put_text(contact, "email", p.email);
		json_put(o, "contact", contact);
	}
	*out = o;
	return OK;
}

enum code
driver_list(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, int64_t before_seq, size_t max,
	    json_t **out)
{
	struct rows *r;
	int64_t before = before_seq == 0 ? INT64_MAX : before_seq;
	json_t *items = json_new_array(sc);
	int64_t last = 0;
	bool more = false;
	TRY(sql_query(sc, tx, &r,
		      "SELECT seq, id FROM driver WHERE operator_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
		      VALS(v_text(operator_id), v_int(before), v_int((int64_t)max + 1))));
	while (row_next(r)) {
		json_t *item;
		more = json_array_size(items) == max;
		if (more)
			break;
		TRY(driver_json(sc, tx, k, operator_id, row_text(sc, r, 1), VIEW_STAFF, &item));
		json_array_append(items, item);
		last = row_int(r, 0);
	}
	if (!more)
		TRY(rows_end(sc, r));
	json_t *page = json_new_object(sc);
	json_put(page, "items", json_incref(items));
	json_put(page, "next", more ? json_integer(last) : json_null());
	*out = page;
	return OK;
}

/* --- she changes her own data --- */

static enum code
change_work(struct scope *sc, struct tx *tx, const char *operator_id, struct driver *d, const json_t *change)
{
	struct station station;
	const json_t *vehicle = json_object_get(change, "vehicle");
	TRY(json_may_text(sc, change, "language", 2, 10, &d->language));
	TRY(json_may_text(sc, change, "station", 1, 40, &d->station_id));
	if (vehicle != NULL)
		TRY(vehicle_parse(sc, vehicle, &d->vehicle, &d->capacity_g, &d->capacity_ml));
	TRY(station_get(sc, tx, operator_id, d->station_id, &station));
	return sql_run(
	    sc, tx,
	    "UPDATE driver SET language = $3, station_id = $4, vehicle = $5, capacity_g = $6, capacity_ml = $7"
	    " WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(d->id), v_text(d->language), v_text(d->station_id),
		 v_text(vehicle_words[d->vehicle]), v_int(d->capacity_g), v_int(d->capacity_ml)),
	    NULL);
}

enum code
driver_change(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
	      const json_t *change)
{
	static const char *const names[] = {"name", "email", "phone", "language", "vehicle", "station", NULL};
	struct driver d;
	struct personal p;
	TRY(json_only(sc, change, names));
	TRY(driver_get(sc, tx, operator_id, id, &d));
	TRY(personal_read(sc, tx, k, operator_id, id, &p));
	TRY(json_may_text(sc, change, "name", 2, 120, &p.name));
	TRY(json_may_text(sc, change, "email", 3, 254, &p.email));
	TRY(json_may_text(sc, change, "phone", 8, 17, &p.phone));
	TRY(personal_check(sc, &p));
	TRY(personal_write(sc, tx, k, operator_id, id, &p));
	return change_work(sc, tx, operator_id, &d, change);
}
