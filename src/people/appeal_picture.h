/* people/appeal_picture: the picture of a check that she appeals against.
 *
 * The server keeps no picture after its check; the phone does, and the decision
 * holds its SHA-256, committed in the chain. With an appeal she may hand the same
 * picture in again, for a person's eyes: it must have that very hash, it is
 * sealed under a key of the appeal's own, and 14 days later key and picture are
 * destroyed. Nothing decodes it here. */
#ifndef PEOPLE_APPEAL_PICTURE_H
#define PEOPLE_APPEAL_PICTURE_H

#include "people/people.h"

#define APPEAL_PICTURES_MAX 3
#define APPEAL_PICTURE_BYTES_MAX ((size_t)8 << 20)
#define APPEAL_PICTURE_MS (INT64_C(14) * 24 * 3600 * 1000)

/* *n counts from 1. The question gets it as evidence ("picture 1"). The same
 * picture twice is one. E_INVALID (reason "other-picture")  not what was checked.
 * E_CONFLICT  answered already.  E_LIMIT  too large, or too many. */
MUST_USE enum code appeal_picture_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				      const char *driver_id, const char *appeal_id, const void *bytes, size_t size,
				      int64_t *n);

struct appeal_picture {
	const char *media_type; /* "image/jpeg" or "image/png" */
	const uint8_t *bytes;
	size_t size;
};
/* For the person who has opened the question; that she looked is recorded, for the
 * answer and for the driver (write transaction). E_CONFLICT (reason "not-opened"). */
MUST_USE enum code appeal_picture_look(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				       const char *queue_id, int64_t n, const char *staff_id,
				       struct appeal_picture *out);
MUST_USE enum code appeal_pictures_erase(struct scope *sc, struct tx *tx, const char *operator_id,
					 const char *driver_id);
extern const struct job_kind people_appeal_picture_job; /* "people.appeal_picture": its 14 days are over */

#endif
