/* Passphrases: argon2id through libsodium. The parameters stand in the hash, so
 * they can grow without locking anybody out. */
#include "people/access.h"
#include "people/people_rows.h"

#include <sodium.h>

#define ARGON_PASSES 3
#define ARGON_BYTES ((size_t)19 << 20)
#define PASSPHRASE_MAX 200

/* Words that every list of leaked passphrases begins with; length is the real rule. */
static const char *const common[] = {
    "1234567890",  "12345678910",   "0123456789",  "qwertyuiop",  "password123", "passphrase",	   "passwordpassword",
    "letmein1234", "administrator", "qwerty12345", "iloveyou123", "1q2w3e4r5t",	 "waybillwaybill", NULL};

static enum code
check_passphrase(struct scope *sc, const char *s)
{
	size_t n = utf8_length(s);
	if (n < PASSPHRASE_MIN || n > PASSPHRASE_MAX)
		return fail_as(sc, E_INVALID, "weak-passphrase", "a passphrase has %d to %d characters", PASSPHRASE_MIN,
			       PASSPHRASE_MAX);
	bool one_letter = strspn(s, (char[]){s[0], '\0'}) == strlen(s);
	for (size_t i = 0; common[i] != NULL && !one_letter; i++)
		one_letter = strcmp(common[i], s) == 0;
	if (one_letter)
		return fail_as(sc, E_INVALID, "weak-passphrase",
			       "this passphrase is among the first that anybody tries");
	return OK;
}

enum code
passphrase_hash(struct scope *sc, const char *passphrase, const char **hash)
{
	TRY(check_passphrase(sc, passphrase));
	char *out = scope_alloc(sc, crypto_pwhash_STRBYTES);
	if (crypto_pwhash_str_alg(out, passphrase, strlen(passphrase), ARGON_PASSES, ARGON_BYTES,
				  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fail(sc, E_MEMORY, "no memory for hashing a passphrase");
	*hash = out;
	return OK;
}

/* The same work as a real verification, its answer thrown away. */
static enum code
verify_nobody(struct scope *sc, const char *passphrase)
{
	uint8_t out[32];
	uint8_t salt[crypto_pwhash_SALTBYTES] = {0};
	if (crypto_pwhash(out, sizeof out, passphrase, strlen(passphrase), salt, ARGON_PASSES, ARGON_BYTES,
			  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fail(sc, E_MEMORY, "no memory for hashing a passphrase");
	return OK;
}

enum code
passphrase_verify(struct scope *sc, const char *hash, const char *passphrase, bool *right)
{
	size_t n = strlen(passphrase);
	if (n > PASSPHRASE_MAX * 4) {
		*right = false;
		return OK;
	}
	if (hash == NULL) {
		TRY(verify_nobody(sc, passphrase));
		*right = false;
		return OK;
	}
	*right = crypto_pwhash_str_verify(hash, passphrase, n) == 0;
	return OK;
}
