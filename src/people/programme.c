/* Programmes and their policies: versions that are never edited. The one in
 * force is the newest agreed; a version that switches monitoring on waits until
 * the drivers' representative has signed it. */
#include "people/enrolment.h"
#include "people/people_rows.h"
#include "store/event.h"

#define TEMPLATE_DAYS_DEFAULT 365

const char *const award_words[] = {"draw", "rota", "direct", NULL};
static const char *const sign_up_words[] = {"open", "review", NULL};

static enum code
parse_face(struct scope *sc, const json_t *face, struct policy *p)
{
	static const char *const names[] = {
	    "enabled", "lawful_basis", "dpia_reference", "template_days", "challenge", "lights", NULL};
	TRY(json_only(sc, face, names));
	TRY(json_may_bool(sc, face, "enabled", &p->face_enabled));
	TRY(json_may_text(sc, face, "lawful_basis", 10, 1000, &p->lawful_basis));
	TRY(json_may_text(sc, face, "dpia_reference", 3, 300, &p->dpia_reference));
	TRY(json_may_int(sc, face, "template_days", 1, 3 * 365, &p->template_days));
	TRY(json_may_bool(sc, face, "challenge", &p->face_challenge));
	TRY(json_may_bool(sc, face, "lights", &p->face_lights));
	if (p->face_lights && !p->face_challenge)
		return fail_as(sc, E_INVALID, "bad-field", "\"lights\": they are part of a challenge");
	if (p->face_enabled && (p->lawful_basis == NULL || p->dpia_reference == NULL))
		return fail_as(sc, E_INVALID, "face-basis",
			       "face checks need \"lawful_basis\" and \"dpia_reference\" in the policy");
	return OK;
}

static enum code
parse_monitoring(struct scope *sc, const json_t *m, struct policy *p)
{
	static const char *const names[] = {"positions", "position_review", "photo_proof", NULL};
	TRY(json_only(sc, m, names));
	TRY(json_may_bool(sc, m, "positions", &p->positions));
	TRY(json_may_bool(sc, m, "position_review", &p->position_review));
	TRY(json_may_bool(sc, m, "photo_proof", &p->photo_proof));
	if (p->position_review && !p->positions)
		return fail_as(sc, E_INVALID, "bad-field", "\"position_review\": there are no positions to review");
	return OK;
}

enum code
policy_parse(struct scope *sc, const json_t *json, struct policy *out)
{
	static const char *const names[] = {"award", "sign_up", "face", "monitoring", NULL};
	struct policy p = {.template_days = TEMPLATE_DAYS_DEFAULT,
			   .face_challenge = true,
			   .positions = true,
			   .position_review = true,
			   .photo_proof = true};
	size_t award = AWARD_DRAW;
	size_t sign_up = 0;
	TRY(json_only(sc, json, names));
	TRY(json_may_word(sc, json, "award", award_words, &award));
	TRY(json_may_word(sc, json, "sign_up", sign_up_words, &sign_up));
	if (json_object_get(json, "face") != NULL)
		TRY(parse_face(sc, json_object_get(json, "face"), &p));
	if (json_object_get(json, "monitoring") != NULL)
		TRY(parse_monitoring(sc, json_object_get(json, "monitoring"), &p));
	p.award = (enum award_rule)award;
	p.sign_up_review = sign_up == 1;
	*out = p;
	return OK;
}

json_t *
policy_json(struct scope *sc, const struct policy *p)
{
	json_t *face = json_object();
	json_put_bool(face, "enabled", p->face_enabled);
	json_put_text(face, "lawful_basis", p->lawful_basis);
	json_put_text(face, "dpia_reference", p->dpia_reference);
	json_put_int(face, "template_days", p->template_days);
	json_put_bool(face, "challenge", p->face_challenge);
	json_put_bool(face, "lights", p->face_lights);
	json_t *monitoring = json_object();
	json_put_bool(monitoring, "positions", p->positions);
	json_put_bool(monitoring, "position_review", p->position_review);
	json_put_bool(monitoring, "photo_proof", p->photo_proof);
	json_t *o = json_new_object(sc);
	json_put_text(o, "award", award_words[p->award]);
	json_put_text(o, "sign_up", sign_up_words[p->sign_up_review ? 1 : 0]);
	json_put(o, "face", face);
	json_put(o, "monitoring", monitoring);
	return o;
}

/* Does `next` watch more than `now` does? Another basis, a longer term for faces or more frames of them counts, too. */
static bool
watches_more(const struct policy *now, const struct policy *next)
{
	bool face_changed =
	    next->face_enabled && now->face_enabled &&
	    (!text_eq(now->lawful_basis, next->lawful_basis) || !text_eq(now->dpia_reference, next->dpia_reference) ||
	     next->template_days > now->template_days || (next->face_challenge && !now->face_challenge) ||
	     (next->face_lights && !now->face_lights));
	return (next->face_enabled && !now->face_enabled) || face_changed || (next->positions && !now->positions) ||
	       (next->position_review && !now->position_review) || (next->photo_proof && !now->photo_proof);
}

static enum code
policy_insert(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, int64_t version,
	      const struct policy *p, const char *staff_id, bool waiting)
{
	int64_t now = tx_now_ms(tx);
	return sql_run(sc, tx,
		       "INSERT INTO policy (operator_id, programme_id, version, policy, face, state, proposed_by,"
		       " proposed_ms, signed_ms, from_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
		       VALS(v_text(operator_id), v_text(programme_id), v_int(version),
			    v_text(json_canonical(sc, policy_json(sc, p))), v_bool(p->face_enabled),
			    v_text(waiting ? "waiting" : "agreed"), v_text(staff_id), v_int(now),
			    v_int(waiting ? 0 : now)),
		       NULL);
}

/* Everybody concerned hears of a policy: staff by a row without a driver, each
 * driver of the programme by one of her own. */
static enum code
tell_everybody(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, const char *kind,
	       int64_t version)
{
	struct rows *r;
	json_t *data = json_new_object(sc);
	json_put_int(data, "version", version);
	TRY(event_emit(sc, tx, operator_id, NULL, FOR_STAFF, kind, programme_id, data));
	TRY(sql_query(sc, tx, &r,
		      "SELECT id FROM driver WHERE operator_id = $1 AND programme_id = $2 AND state IN"
		      " ('applied', 'active', 'suspended') ORDER BY seq",
		      VALS(v_text(operator_id), v_text(programme_id))));
	while (row_next(r))
		TRY(event_emit(sc, tx, operator_id, row_text(sc, r, 0), FOR_DRIVER, kind, programme_id, data));
	return rows_end(sc, r);
}

/* A programme without face checks keeps no template. */
static enum code
end_templates(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id)
{
	struct rows *r;
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT d.id FROM driver d JOIN enrolment e ON e.operator_id = d.operator_id AND e.driver_id = d.id"
	    " WHERE d.operator_id = $1 AND d.programme_id = $2 AND e.state <> 'ended' GROUP BY d.id ORDER BY d.id",
	    VALS(v_text(operator_id), v_text(programme_id))));
	struct text ids;
	text_init(&ids, sc);
	while (row_next(r))
		text_printf(&ids, "%s%s", ids.len > 0 ? " " : "", row_text(sc, r, 0));
	TRY(rows_end(sc, r));
	char **list;
	size_t n = ids.len == 0 ? 0 : text_split(sc, ids.s, ' ', &list);
	for (size_t i = 0; i < n; i++)
		TRY(enrolment_end(sc, tx, operator_id, list[i], "programme"));
	return OK;
}

/* What follows when a version comes into force. */
static enum code
take_effect(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
	    const struct policy *before, const struct policy *after)
{
	if (before->face_enabled && !after->face_enabled)
		TRY(end_templates(sc, tx, operator_id, programme_id));
	return tell_everybody(sc, tx, operator_id, programme_id, "policy.agreed", after->version);
}

enum code
programme_create(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id, const char *name,
		 const json_t *policy, struct id *out)
{
	struct policy p;
	struct staff author;
	size_t n = utf8_length(name);
	if (n < 1 || n > 120)
		return fail_as(sc, E_INVALID, "bad-field", "\"name\": must have 1 to 120 characters");
	TRY(policy_parse(sc, policy != NULL ? policy : json_new_object(sc), &p));
	if (p.face_enabled)
		return fail_as(sc, E_INVALID, "face-basis", "face checks come with a later version, once it is signed");
	TRY(staff_get(sc, tx, operator_id, staff_id, &author));
	struct id id = tx_new_id(tx, "prg");
	TRY(sql_run(sc, tx, "INSERT INTO programme (operator_id, id, name, created_ms) VALUES ($1, $2, $3, $4)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(name), v_int(tx_now_ms(tx))), NULL));
	TRY(policy_insert(sc, tx, operator_id, id.s, 1, &p, staff_id, false));
	TRY(tell_everybody(sc, tx, operator_id, id.s, "programme.created", 1));
	*out = id;
	return OK;
}

static enum code
newest_version(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COALESCE(MAX(version), 0) FROM policy WHERE operator_id = $1 AND programme_id = $2",
		    VALS(v_text(operator_id), v_text(programme_id))));
	*out = row_int(r, 0);
	return OK;
}

enum code
programme_propose(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
		  const char *staff_id, const json_t *policy, int64_t *version, bool *waiting)
{
	struct policy now;
	struct policy next;
	struct staff author;
	int64_t newest;
	TRY(policy_parse(sc, policy, &next));
	TRY(programme_policy(sc, tx, operator_id, programme_id, 0, &now));
	TRY(staff_get(sc, tx, operator_id, staff_id, &author));
	TRY(newest_version(sc, tx, operator_id, programme_id, &newest));
	bool wait = watches_more(&now, &next);
	/* Face checks that stay as they were stay signed by whoever signed them. */
	TRY(policy_insert(sc, tx, operator_id, programme_id, newest + 1, &next, staff_id, wait || next.face_enabled));
	if (!wait && next.face_enabled)
		TRY(sql_run(
		    sc, tx,
		    "UPDATE policy SET state = 'agreed', from_ms = $4, signed_by = $5, proposed_by = $6, signed_ms = $4"
		    " WHERE operator_id = $1 AND programme_id = $2 AND version = $3",
		    VALS(v_text(operator_id), v_text(programme_id), v_int(newest + 1), v_int(tx_now_ms(tx)),
			 v_text(now.signed_by), v_text(staff_id)),
		    NULL));
	next.version = newest + 1;
	if (wait)
		TRY(tell_everybody(sc, tx, operator_id, programme_id, "policy.proposed", next.version));
	else
		TRY(take_effect(sc, tx, operator_id, programme_id, &now, &next));
	*version = newest + 1;
	*waiting = wait;
	return OK;
}

static enum code
check_signer(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id)
{
	struct staff signer;
	TRY(staff_get(sc, tx, operator_id, staff_id, &signer));
	if (signer.disabled || !role_may(signer.role, RIGHT_COSIGN))
		return fail(sc, E_DENIED, "only the drivers' representative signs a monitoring change");
	return OK;
}

enum code
programme_sign(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, int64_t version,
	       const char *staff_id, bool agree, const char *words)
{
	struct policy in_force;
	struct policy signed_one;
	int64_t changed;
	int64_t now = tx_now_ms(tx);
	TRY(check_signer(sc, tx, operator_id, staff_id));
	TRY(programme_policy(sc, tx, operator_id, programme_id, 0, &in_force));
	if (version < in_force.version)
		return fail_as(sc, E_CONFLICT, "superseded", "version %" PRId64 " is in force by now",
			       in_force.version);
	TRY(sql_run(sc, tx,
		    "UPDATE policy SET state = $4, signed_by = $5, signed_ms = $6, words = $7, from_ms = $8"
		    " WHERE operator_id = $1 AND programme_id = $2 AND version = $3 AND state = 'waiting'"
		    " AND proposed_by <> $5",
		    VALS(v_text(operator_id), v_text(programme_id), v_int(version),
			 v_text(agree ? "agreed" : "refused"), v_text(staff_id), v_int(now), v_text(words),
			 v_int(agree ? now : 0)),
		    &changed));
	if (changed == 0)
		return fail_as(sc, E_CONFLICT, "not-waiting", "no such version waits for a signature of yours");
	TRY(programme_policy(sc, tx, operator_id, programme_id, version, &signed_one));
	if (agree)
		return take_effect(sc, tx, operator_id, programme_id, &in_force, &signed_one);
	return tell_everybody(sc, tx, operator_id, programme_id, "policy.refused", version);
}

static enum code
read_policy(struct scope *sc, struct rows *r, struct policy *out)
{
	struct policy p;
	json_t *json;
	const char *text = row_text(sc, r, 1);
	TRY(json_parse(sc, text, strlen(text), &json));
	TRY(policy_parse(sc, json, &p));
	p.version = row_int(r, 0);
	p.from_ms = row_int(r, 2);
	p.proposed_by = row_text(sc, r, 3);
	p.signed_by = row_text(sc, r, 4);
	*out = p;
	return OK;
}

enum code
programme_policy(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, int64_t version,
		 struct policy *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT version, policy, from_ms, proposed_by, signed_by FROM policy"
			       " WHERE operator_id = $1 AND programme_id = $2 AND"
			       " ((CAST($3 AS INTEGER) = 0 AND state = 'agreed') OR version = $3)"
			       " ORDER BY version DESC LIMIT 1",
			       VALS(v_text(operator_id), v_text(programme_id), v_int(version)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such programme or version");
	TRY(rc);
	return read_policy(sc, r, out);
}

static json_t *
policy_head_json(struct scope *sc, const struct policy *p)
{
	json_t *o = policy_json(sc, p);
	json_put_int(o, "version", p->version);
	json_put_time(o, "from", p->from_ms);
	json_put_text(o, "proposed_by", p->proposed_by);
	json_put_text(o, "signed_by", p->signed_by);
	return o;
}

static enum code
waiting_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, int64_t above,
	     json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT version, policy, from_ms, proposed_by, signed_by FROM policy WHERE operator_id = $1"
		      " AND programme_id = $2 AND state = 'waiting' AND version > $3 ORDER BY version",
		      VALS(v_text(operator_id), v_text(programme_id), v_int(above))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		struct policy p;
		TRY(read_policy(sc, r, &p));
		json_array_append(list, policy_head_json(sc, &p));
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
programme_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT id, name FROM programme WHERE operator_id = $1 ORDER BY id",
		      VALS(v_text(operator_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		struct policy p;
		json_t *waiting;
		const char *id = row_text(sc, r, 0);
		TRY(programme_policy(sc, tx, operator_id, id, 0, &p));
		TRY(waiting_json(sc, tx, operator_id, id, p.version, &waiting));
		json_t *o = json_object();
		json_put_text(o, "id", id);
		json_put_text(o, "name", row_text(sc, r, 1));
		json_put(o, "policy", json_incref(policy_head_json(sc, &p)));
		json_put(o, "waiting", json_incref(waiting));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}
