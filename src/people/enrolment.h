/* people/enrolment: the face path, for those who chose it.
 *
 * Off unless the programme's policy holds a lawful basis, a DPIA and the
 * representative's signature, and then only with the driver's own consent; the
 * device key alone is the default and no slower. The consent row (purpose,
 * term, version of the text) outlives the template as proof; the template is
 * sealed under her biometric key, and ending the enrolment destroys both at once.
 *
 * Nothing here says to dispatch who uses which path: enrolment_status() is for
 * the driver, enrolment_template() for the matcher in a worker. No call takes a
 * face and returns a person. */
#ifndef PEOPLE_ENROLMENT_H
#define PEOPLE_ENROLMENT_H

#include "people/people.h"

#define TEMPLATE_BYTES_MAX 16384
#define CONSENT_TEXT_VERSION "face-consent/2"

/* {"version","purpose","term_days","text":[…],"alternative"}: what she reads before she says yes. */
MUST_USE enum code enrolment_consent_text(struct scope *sc, struct tx *tx, const char *operator_id,
					  const char *driver_id, json_t **out);
/* E_DENIED (reason "face-off")  the programme has no face path.  E_INVALID  another version of the text. */
MUST_USE enum code enrolment_consent(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				     const char *text_version, struct id *out);
/* The template of an accepted capture; ends an earlier enrolment. `model` names
 * the embedding, so that a template is never compared with another model's. */
MUST_USE enum code enrolment_store(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				   const char *driver_id, const char *enrolment_id, const char *model,
				   const void *template_, size_t n);
struct enrolment {
	const char *id, *model;
	const uint8_t *template_;
	size_t n;
	int64_t ends_ms;
};
/* For the check-in's worker only. E_NOT_FOUND  she uses the other path. */
MUST_USE enum code enrolment_template(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				      const char *driver_id, struct enrolment *out);
/* {"available","enrolled","since","ends","consents":[…]} for herself. */
MUST_USE enum code enrolment_status(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				    json_t **out);
/* Opt-out, the term's end or leaving (`why`: "opt-out", "term", "left", "programme"): destroys key and
 * template in this transaction. Fine when there is none. */
MUST_USE enum code enrolment_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *why);

#endif
