#include "hooks/hook_sign.h"

#include <sodium.h>

#include "base/text.h"

char *
hook_secret_text(struct scope *sc, const uint8_t *key, size_t n)
{
	return scope_printf(sc, "whsec_%s", base64_encode(sc, key, n));
}

char *
hook_signature(struct scope *sc, const uint8_t *key, size_t n, const char *id, int64_t timestamp_s, const char *body)
{
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	const char *head = scope_printf(sc, "%s.%" PRId64 ".", id, timestamp_s);
	crypto_auth_hmacsha256_init(&state, key, n);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, strlen(body));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof state);
	return scope_printf(sc, "v1,%s", base64_encode(sc, mac, sizeof mac));
}
