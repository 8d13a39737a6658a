/* hooks/sign: secrets and signatures as Standard Webhooks has them.
 *
 *	secret     "whsec_" base64(key)
 *	signed     id "." timestamp "." body            timestamp: seconds since 1970, decimal
 *	signature  "v1," base64(HMAC-SHA256(key, signed)), one a secret, with blanks between */
#ifndef HOOKS_HOOK_SIGN_H
#define HOOKS_HOOK_SIGN_H

#include "base/scope.h"

#define HOOK_SECRET_BYTES 32

char *hook_secret_text(struct scope *sc, const uint8_t *key, size_t n);
/* One "v1,…". */
char *hook_signature(struct scope *sc, const uint8_t *key, size_t n, const char *id, int64_t timestamp_s,
		     const char *body);

#endif
