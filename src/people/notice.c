/* The public notice: every monitored datum and every decision, in words and as
 * data (Platform Work Directive, Art. 9; GDPR 13–15). It is made from the policy
 * in force and from record's list of kinds, so it cannot say less than what runs. */
#include "people/people_rows.h"

enum shown { ALWAYS, IF_POSITIONS, IF_REVIEW, IF_PHOTO, IF_FACE };

struct datum {
	const char *what, *why, *when, *who, *kept, *basis;
	enum shown shown;
};

static const struct datum data[] = {
    {"name, date of birth, e-mail address, telephone number", "to know whom the operator works with and to reach you",
     "when you sign up or change them", "you; the operator's staff, each look noted and shown to you",
     "sealed; destroyed when you leave, but name and date of birth, which tax and labour law keep", "contract", ALWAYS},
    {"language, vehicle, capacity, station", "to offer blocks and to plan tours that fit",
     "when you sign up or change them", "you; the operator's staff", "until you leave", "contract", ALWAYS},
    {"the public half of your phone's key, its label", "to know that it is you who signs in", "when you bind a phone",
     "you", "until you remove it or leave", "contract", ALWAYS},
    {"requests, awards and give-backs of blocks", "to give work by the published rule", "when you act",
     "you; dispatch; auditors without your name", "until you leave; draws stay replayable under a pseudonym",
     "contract", ALWAYS},
    {"scans, outcomes and times of stops", "to prove deliveries and to compute pay", "inside an open duty",
     "you; dispatch; the recipient for her own parcel", "statutory term, under a pseudonym once you have left",
     "contract", ALWAYS},
    {"your position",
     "the next stop, the live map, the recipient's arrival time; at night, how long streets and doors take, for the "
     "next "
     "plan: only what at least three drivers have driven, never whose drive it was, and a plan allows 115 s for each "
     "100 s so learned",
     "inside an open duty only; a single fix at check-in is used and forgotten", "you; dispatch while the duty is open",
     "until you leave at the latest", "legitimate interest", IF_POSITIONS},
    {"whether a track is plausible", "a track that cannot be is shown to a person; nothing follows by itself",
     "inside an open duty", "you; reviewers", "with the decision it led to", "legitimate interest", IF_REVIEW},
    {"photographs of deliveries", "proof where the recipient was not there",
     "at a stop, unless the recipient asked for a code instead", "you; reviewers in a dispute",
     "30 days; faces and number plates blurred", "legitimate interest", IF_PHOTO},
    {"a face template, if you choose this path",
     "to check 1:1 at the start of a shift that you are the person of this account",
     "when you enrol and when you check in (in a drawn order of poses and, if you like, colours of the screen)",
     "nobody: it is compared inside a closed process",
     "sealed under a key of your own; destroyed when you opt out, at the end of its term or when you leave",
     "your consent and the basis below", IF_FACE},
};

static const char *const never[] = {
    "position outside an open duty",
    "emotion, age, gender, origin, health or belief, from faces or from anything else",
    "private messages, contacts, or anything about organising",
    "a picture after its check, unless you send one with an appeal",
    "scores of faces, shown or kept",
    "who you are, what you refused or earned before, in any rule that gives work or sets pay",
    NULL,
};

static const char *const rights_lines[] = {
    "see and take along everything about you, at any time",
    "appeal any decision within 30 days; a person who did not take it answers within 14",
    "have a person look where a rule decided",
    "choose the path without a face, and go back to it at any moment",
    "leave and be erased",
    "see who looked at your data and why",
    NULL,
};

static bool
is_on(enum shown shown, const struct policy *p)
{
	switch (shown) {
	case ALWAYS: return true;
	case IF_POSITIONS: return p->positions;
	case IF_REVIEW: return p->position_review;
	case IF_PHOTO: return p->photo_proof;
	case IF_FACE: return p->face_enabled;
	}
	return true;
}

static json_t *
lines_json(const char *const lines[])
{
	json_t *list = json_array();
	for (size_t i = 0; lines[i] != NULL; i++)
		json_array_append_new(list, json_string(lines[i]));
	return list;
}

static json_t *
monitored_json(const struct policy *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < COUNT_OF(data); i++) {
		json_t *o = json_object();
		json_put_text(o, "datum", data[i].what);
		json_put_text(o, "purpose", data[i].why);
		json_put_text(o, "when", data[i].when);
		json_put_text(o, "seen_by", data[i].who);
		json_put_text(o, "kept", data[i].kept);
		json_put_text(o, "basis", data[i].basis);
		json_put_bool(o, "on", is_on(data[i].shown, p));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
decisions_json(void)
{
	json_t *list = json_array();
	for (const struct decision_kind *k = record_kinds; k->name != NULL; k++) {
		json_t *o = json_object();
		json_put_text(o, "kind", k->name);
		json_put_text(o, "decided_by", k->human_only ? "a person" : "a published rule, or a person");
		json_put_text(o, "purpose", k->purpose);
		json_array_append_new(list, o);
	}
	return list;
}

static void
add_parameter(json_t *list, const char *name, const char *weight, const char *text)
{
	json_t *o = json_object();
	json_put_text(o, "name", name);
	json_put_text(o, "weight", weight);
	json_put_text(o, "text", text);
	json_array_append_new(list, o);
}

static json_t *
sign_up_rule_json(const struct policy *p)
{
	json_t *params = json_array();
	add_parameter(params, "of_age", "required", "18 or older on the operator's local date");
	add_parameter(params, "contact_given", "required", "a telephone number or an e-mail address");
	add_parameter(params, "device_key", "required", "a phone that has proved its key");
	json_t *o = json_object();
	json_put_text(o, "rule", "people.signup/1");
	json_put_text(o, "decides", p->sign_up_review ? "whether a person is asked to look" : "signup.accept");
	json_put(o, "parameters", params);
	return o;
}

/* offer.eligible/1 and the rule that gives, in offer's own words (docs/draws.md). */
static json_t *
award_rule_json(const struct policy *p)
{
	static const char *const names[] = {"offer.draw/1", "offer.rota/1", "offer.direct/1"};
	static const char *const decides[] = {"offer.award and offer.not_awarded", "offer.rota and offer.not_awarded",
					      "offer.direct"};
	json_t *params = json_array();
	add_parameter(params, "active", "required", "your account is active and a phone is bound");
	add_parameter(params, "vehicle", "required", "your vehicle is one the block takes");
	add_parameter(params, "free", "required", "you hold no other work at these hours");
	add_parameter(params, "rest", "required",
		      "eleven unbroken hours of rest, or what the terms say, in every 24 hours with work");
	if (p->award == AWARD_DIRECT) {
		add_parameter(params, "person", "whole", "a named person gives the block and writes down why");
	} else {
		if (p->award == AWARD_ROTA)
			add_parameter(
			    params, "turns", "first",
			    "fewest rota turns at this station in the last four weeks; one given back is none");
		add_parameter(
		    params, "lot", p->award == AWARD_ROTA ? "between equals" : "whole",
		    "every request has the same chance, from a secret fixed before and your phone's own number");
	}
	json_t *o = json_object();
	json_put_text(o, "rule", names[p->award]);
	json_put_text(o, "decides", decides[p->award]);
	json_put(o, "parameters", params);
	return o;
}

static json_t *
terms_json(const struct operator* o, const struct policy *p)
{
	json_t *t = json_object();
	json_put_int(t, "template_days", p->face_enabled ? p->template_days : 0);
	json_put_int(t, "delivery_photo_days", 30);
	json_put_int(t, "recipient_days", 30);
	json_put_int(t, "appeal_picture_days", 14);
	json_put_int(t, "statutory_days", o->statutory_days);
	json_put_int(t, "appeal_within_days", APPEAL_WITHIN_MS / DAY_MS);
	json_put_int(t, "appeal_answer_days", APPEAL_ANSWER_MS / DAY_MS);
	return t;
}

static enum code
programme_name(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, const char **out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT name FROM programme WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(programme_id))));
	*out = row_text(sc, r, 0);
	return OK;
}

enum code
people_notice(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id, json_t **out)
{
	struct operator o;
	struct policy p;
	const char *name;
	TRY(operator_get(sc, tx, operator_id, &o));
	TRY(programme_policy(sc, tx, operator_id, programme_id, 0, &p));
	TRY(programme_name(sc, tx, operator_id, programme_id, &name));
	json_t *operator_json = json_object();
	json_put_text(operator_json, "id", o.id);
	json_put_text(operator_json, "name", o.name);
	json_put_text(operator_json, "country", o.country);
	json_put_text(operator_json, "contact", o.contact);
	json_t *rules = json_array();
	json_array_append_new(rules, sign_up_rule_json(&p));
	json_array_append_new(rules, award_rule_json(&p));
	json_t *n = json_new_object(sc);
	json_put(n, "operator", operator_json);
	json_put_text(n, "programme", programme_id);
	json_put_text(n, "name", name);
	json_put_int(n, "version", p.version);
	json_put_time(n, "from", p.from_ms);
	json_put_bool(n, "signed_by_representative", p.signed_by != NULL);
	json_put(n, "policy", json_incref(policy_json(sc, &p)));
	json_put(n, "monitored", monitored_json(&p));
	json_put(n, "never", lines_json(never));
	json_put(n, "decisions", decisions_json());
	json_put(n, "rules", rules);
	json_put(n, "terms", terms_json(&o, &p));
	json_put(n, "rights", lines_json(rights_lines));
	*out = n;
	return OK;
}
