/* sigv4: AWS Signature Version 4, the server's side (HMAC-SHA256 over a canonical
 * form of the request). Constant-time comparison; the clock may be 5 minutes off. */
#ifndef CLI_SIGV4_H
#define CLI_SIGV4_H

#include "base/scope.h"

typedef const char *sigv4_header(void *ctx, const char *lower_case_name); /* NULL: absent */

struct sigv4_request {
	const char *method, *path; /* path as sent; "/" here */
	sigv4_header *header;
	void *ctx;
	const uint8_t *body;
	size_t body_n;
	int64_t now_ms;
	const char *service; /* "rekognition" */
};

/* What the Authorization header says, before anything is believed. */
struct sigv4_claim {
	const char *access_key, *date, *region, *service, *signed_headers, *signature;
};

/* E_UNAUTHENTICATED, reasons: "missing" no or another kind of signature; "malformed". */
MUST_USE enum code sigv4_claim_read(struct scope *sc, const struct sigv4_request *r, struct sigv4_claim *out);
/* E_UNAUTHENTICATED, reasons: "expired" the date is off; "signature" it does not fit. */
MUST_USE enum code sigv4_check(struct scope *sc, const struct sigv4_request *r, const struct sigv4_claim *claim,
			       const char *secret);

#endif
