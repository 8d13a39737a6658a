#include "people/liveness.h"

#include "people/people_rows.h"

void
liveness_draw(const uint8_t random[static LIVENESS_RANDOM], bool lights, struct face_challenge *out)
{
	struct face_challenge c;
	face_challenge_make(random, 0, &c);
	if (lights)
		face_challenge_add_lights(random + 32, &c);
	*out = c;
}

/* --- words: "left up right closer" in a row --- */

static const char *
pose_words(struct scope *sc, const struct face_challenge *c)
{
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < CHALLENGE_ASKS; i++)
		text_printf(&t, "%s%s", i > 0 ? " " : "", face_ask_word(c->asks[i]));
	return t.s;
}

static const char *
colour_words(struct scope *sc, const struct face_challenge *c)
{
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < c->n_lights; i++)
		text_printf(&t, "%s%s", i > 0 ? " " : "", face_colour_word(c->lights[i]));
	return t.len > 0 ? t.s : "";
}

static enum code
words_read(struct scope *sc, const char *poses, const char *colours, struct face_challenge *out)
{
	struct face_challenge c = {.n_lights = 0};
	char **words;
	size_t n = text_split(sc, poses, ' ', &words);
	for (size_t i = 0; i < n && i < CHALLENGE_ASKS; i++)
		while (c.asks[i] < ASK_COUNT && !text_eq(face_ask_word(c.asks[i]), words[i]))
			c.asks[i]++;
	bool whole = n == CHALLENGE_ASKS;
	n = colours[0] == '\0' ? 0 : text_split(sc, colours, ' ', &words);
	for (size_t i = 0; i < n && i < CHALLENGE_LIGHTS; i++)
		while (c.lights[i] < LIGHT_COLOURS && !text_eq(face_colour_word(c.lights[i]), words[i]))
			c.lights[i]++;
	c.n_lights = n;
	if (!whole || !face_challenge_is_fair(&c))
		return fail(sc, E_CORRUPT, "a challenge's row holds what no challenge asks");
	*out = c;
	return OK;
}

json_t *
liveness_asked_json(struct scope *sc, const struct face_challenge *c)
{
	json_t *o = json_new_object(sc);
	json_t *poses = json_array();
	json_t *colours = json_array();
	for (size_t i = 0; i < CHALLENGE_ASKS; i++)
		json_array_append_new(poses, json_string(face_ask_word(c->asks[i])));
	for (size_t i = 0; i < c->n_lights; i++)
		json_array_append_new(colours, json_string(face_colour_word(c->lights[i])));
	json_put(o, "poses", poses);
	json_put(o, "colours", colours);
	return o;
}

/* --- asking --- */

static enum code
make_room(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *act)
{
	struct rows *r;
	/* Everybody's, so that nobody's stay because she does not come back. */
	TRY(sql_run(sc, tx, "DELETE FROM liveness WHERE operator_id = $1 AND ends_ms < $2",
		    VALS(v_text(operator_id), v_int(tx_now_ms(tx) - DAY_MS)), NULL));
	TRY(sql_one(sc, tx, &r, "SELECT COUNT(*) FROM liveness WHERE operator_id = $1 AND driver_id = $2 AND act = $3",
		    VALS(v_text(operator_id), v_text(driver_id), v_text(act))));
	if (row_int(r, 0) >= LIVENESS_PER_ACT)
		return fail_as(sc, E_CONFLICT, "challenges-used",
			       "the camera was tried %d times for this block: use this phone's key instead",
			       LIVENESS_PER_ACT);
	return sql_run(
	    sc, tx, "UPDATE liveness SET state = 'over' WHERE operator_id = $1 AND driver_id = $2 AND state = 'open'",
	    VALS(v_text(operator_id), v_text(driver_id)), NULL);
}

enum code
liveness_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *device_id,
	      const char *act, const struct face_challenge *drawn, struct liveness *out)
{
	TRY(make_room(sc, tx, operator_id, driver_id, act));
	struct liveness l = {.id = tx_new_id(tx, "fch"), .ends_ms = tx_now_ms(tx) + LIVENESS_MS, .asked = *drawn};
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO liveness (operator_id, id, driver_id, device_id, act, poses, colours, made_ms, ends_ms,"
	    " state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open')",
	    VALS(v_text(operator_id), v_text(l.id.s), v_text(driver_id), v_text(device_id), v_text(act),
		 v_text(pose_words(sc, drawn)), v_text(colour_words(sc, drawn)), v_int(tx_now_ms(tx)),
		 v_int(l.ends_ms)),
	    NULL));
	*out = l;
	return OK;
}

/* --- answering --- */

char *
liveness_message(struct scope *sc, const char *operator_id, const char *act, const char *challenge,
		 const json_t *frames)
{
	struct text t;
	text_init(&t, sc);
	text_printf(&t, "waybill/face/1\n%s\n%s\n%s", operator_id, act, challenge);
	for (size_t i = 0; i < json_array_size(frames); i++)
		text_printf(&t, "\n%s", json_string_value(json_array_get(frames, i)));
	return t.s;
}

static enum code
no_answer(struct scope *sc)
{
	return fail_as(sc, E_DENIED, "challenge-answer",
		       "this is no answer to a challenge of yours, signed by this phone");
}

static enum code
over(struct scope *sc)
{
	return fail_as(sc, E_CONFLICT, "challenge-over", "this challenge is over: begin again");
}

enum code
liveness_take(struct scope *sc, struct tx *tx, const struct liveness_answer *a, struct face_challenge *out)
{
	struct rows *r;
	struct face_challenge c;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT poses, colours, ends_ms, state FROM liveness WHERE operator_id = $1 AND id = $2"
			       " AND driver_id = $3 AND device_id = $4 AND act = $5",
			       VALS(v_text(a->operator_id), v_text(a->challenge), v_text(a->driver_id),
				    v_text(a->device_id), v_text(a->act)));
	if (rc == E_NOT_FOUND)
		return no_answer(sc);
	TRY(rc);
	bool open = text_eq(row_text(sc, r, 3), "open") && tx_now_ms(tx) <= row_int(r, 2);
	TRY(words_read(sc, row_text(sc, r, 0), row_text(sc, r, 1), &c));
	rc = device_signed(sc, tx, a->operator_id, a->driver_id, a->device_id,
			   liveness_message(sc, a->operator_id, a->act, a->challenge, a->frames), a->signature);
	if (rc == E_UNAUTHENTICATED)
		return no_answer(sc);
	TRY(rc);
	if (!open)
		return over(sc);
	if (json_array_size(a->frames) != face_challenge_frames(&c))
		return fail_as(sc, E_INVALID, "frames", "\"pictures\": this challenge is answered by %zu frames",
			       face_challenge_frames(&c));
	*out = c;
	return OK;
}

enum code
liveness_spend(struct scope *sc, struct tx *tx, const char *operator_id, const char *challenge)
{
	int64_t changed;
	TRY(sql_run(sc, tx, "UPDATE liveness SET state = 'over' WHERE operator_id = $1 AND id = $2 AND state = 'open'",
		    VALS(v_text(operator_id), v_text(challenge)), &changed));
	return changed == 1 ? OK : over(sc);
}

/* --- hers --- */

enum code
liveness_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id, act, poses, colours, made_ms, state FROM liveness WHERE operator_id = $1"
		      " AND driver_id = $2 ORDER BY id",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "id", row_text(sc, r, 0));
		json_put_text(o, "act", row_text(sc, r, 1));
		json_put_text(o, "poses", row_text(sc, r, 2));
		json_put_text(o, "colours", row_text(sc, r, 3));
		json_put_time(o, "at", row_int(r, 4));
		json_put_text(o, "state", row_text(sc, r, 5));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
liveness_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return sql_run(sc, tx, "DELETE FROM liveness WHERE operator_id = $1 AND driver_id = $2",
		       VALS(v_text(operator_id), v_text(driver_id)), NULL);
}
