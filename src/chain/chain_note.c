#include "chain/chain_note.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "chain/chain_tree.h"

#define ED25519_TYPE 0x01
static const char dash[] = "\xE2\x80\x94 "; /* em dash, space */

/* No blanks (ASCII or Unicode: only printable ASCII passes), no '+'. */
static bool
name_good(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > ORIGIN_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '+')
			return false;
	return true;
}

enum code
vkey_make(struct scope *sc, const char *name, const uint8_t key[static 32], struct verifier_key *out)
{
	if (!name_good(name))
		return fail(sc, E_INVALID, "a log's name is 1 to %d printable ASCII characters without blanks and '+'",
			    ORIGIN_MAX);
	struct verifier_key k = {0};
	memcpy(k.name, name, strlen(name));
	memcpy(k.key, key, sizeof k.key);
	crypto_hash_sha256_state h;
	uint8_t sum[32];
	const uint8_t tail[2] = {'\n', ED25519_TYPE};
	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const uint8_t *)name, strlen(name));
	crypto_hash_sha256_update(&h, tail, sizeof tail);
	crypto_hash_sha256_update(&h, key, 32);
	crypto_hash_sha256_final(&h, sum);
	memcpy(k.id, sum, sizeof k.id);
	*out = k;
	return OK;
}

char *
vkey_text(struct scope *sc, const struct verifier_key *k)
{
	uint8_t typed[33] = {ED25519_TYPE};
	memcpy(typed + 1, k->key, 32);
	return scope_printf(sc, "%s+%s+%s", k->name, hex_encode(sc, k->id, sizeof k->id),
			    base64_encode(sc, typed, sizeof typed));
}

enum code
vkey_parse(struct scope *sc, const char *text, struct verifier_key *out)
{
	if (strlen(text) > VKEY_MAX)
		return fail(sc, E_INVALID, "a verifier key has at most %d characters", VKEY_MAX);
	char *s = text_trim(scope_strdup(sc, text));
	char *hash = strchr(s, '+');
	char *key = hash == NULL ? NULL : strchr(hash + 1, '+');
	if (key == NULL)
		return fail(sc, E_INVALID, "a verifier key reads name+hash+key");
	*hash++ = '\0';
	*key++ = '\0';
	uint8_t *bytes;
	size_t n;
	TRY(base64_decode(sc, key, 33, &bytes, &n));
	if (n != 33 || bytes[0] != ED25519_TYPE)
		return fail(sc, E_INVALID, "only Ed25519 verifier keys are known");
	struct verifier_key k;
	TRY(vkey_make(sc, s, bytes + 1, &k));
	if (strcmp(hash, hex_encode(sc, k.id, sizeof k.id)) != 0)
		return fail(sc, E_INVALID, "the verifier key's hash does not fit its name and key");
	*out = k;
	return OK;
}

char *
checkpoint_body(struct scope *sc, const char *origin, int64_t size, const uint8_t root[static CHAIN_HASH])
{
	return scope_printf(sc, "%s\n%" PRId64 "\n%s\n", origin, size, base64_encode(sc, root, CHAIN_HASH));
}

char *
note_text(struct scope *sc, const char *body, const struct verifier_key *k,
	  const uint8_t signature[static SIGNATURE_BYTES])
{
	uint8_t blob[4 + SIGNATURE_BYTES];
	memcpy(blob, k->id, 4);
	memcpy(blob + 4, signature, SIGNATURE_BYTES);
	return scope_printf(sc, "%s\n%s%s %s\n", body, dash, k->name, base64_encode(sc, blob, sizeof blob));
}

/* --- reading --- */

static enum code
note_bad(struct scope *sc, const char *what)
{
	return fail_as(sc, E_INVALID, "bad-checkpoint", "checkpoint: %s", what);
}

/* The line at *at, copied; *at moves behind its newline. NULL: none. */
static char *
take_line(struct scope *sc, const char **at)
{
	const char *end = strchr(*at, '\n');
	if (end == NULL)
		return NULL;
	char *line = scope_strndup(sc, *at, (size_t)(end - *at));
	*at = end + 1;
	return line;
}

/* Signatures of other keys are none of our business; ours must hold. */
static enum code
signatures_check(struct scope *sc, const char *lines, const char *body, size_t n_body, const struct verifier_key *k)
{
	const char *at = lines;
	bool ours = false;
	while (*at != '\0') {
		char *line = take_line(sc, &at);
		char *blank = line != NULL && text_starts(line, dash) ? strchr(line + strlen(dash), ' ') : NULL;
		if (blank == NULL)
			return note_bad(sc, "what stands below the blank line is no signature");
		*blank = '\0';
		uint8_t *sig;
		size_t n;
		TRY(base64_decode(sc, blank + 1, NOTE_MAX, &sig, &n));
		if (strcmp(line + strlen(dash), k->name) != 0 || n < 4 || memcmp(sig, k->id, 4) != 0)
			continue;
		if (n != 4 + SIGNATURE_BYTES || strcmp(blank + 1, base64_encode(sc, sig, n)) != 0 ||
		    crypto_sign_verify_detached(sig + 4, (const uint8_t *)body, n_body, k->key) != 0)
			return note_bad(sc, "the log's signature does not hold");
		ours = true;
	}
	return ours ? OK : note_bad(sc, "the log's key has not signed it");
}

static enum code
body_parse(struct scope *sc, const char *body, const struct verifier_key *k, struct checkpoint *out)
{
	const char *at = body;
	const char *origin = take_line(sc, &at), *size = take_line(sc, &at), *root = take_line(sc, &at);
	if (origin == NULL || size == NULL || root == NULL)
		return note_bad(sc, "it has fewer than three lines");
	if (strcmp(origin, k->name) != 0)
		return note_bad(sc, "it is another log's");
	int64_t n;
	if (strspn(size, "0123456789") != strlen(size) || (size[0] == '0' && size[1] != '\0') ||
	    parse_i64(sc, size, 0, TREE_SIZE_MAX, &n) != OK)
		return note_bad(sc, "its second line is no size");
	uint8_t *hash;
	size_t len;
	if (base64_decode(sc, root, CHAIN_HASH, &hash, &len) != OK || len != CHAIN_HASH ||
	    strcmp(root, base64_encode(sc, hash, len)) != 0)
		return note_bad(sc, "its third line is no root");
	out->size = n;
	memcpy(out->root, hash, CHAIN_HASH);
	return OK;
}

enum code
checkpoint_open(struct scope *sc, const char *note, size_t n, const struct verifier_key *k, struct checkpoint *out)
{
	if (n > NOTE_MAX)
		return note_bad(sc, "it is too long");
	if (!utf8_valid(note, n))
		return note_bad(sc, "it is no UTF-8");
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)note[i] < ' ' && note[i] != '\n')
			return note_bad(sc, "it holds control characters");
	char *text = scope_strndup(sc, note, n);
	char *blank = NULL;
	for (char *p = strstr(text, "\n\n"); p != NULL; p = strstr(p + 1, "\n\n"))
		blank = p;
	if (blank == NULL)
		return note_bad(sc, "no blank line divides text and signatures");
	size_t n_body = (size_t)(blank + 1 - text);
	TRY(signatures_check(sc, blank + 2, text, n_body, k));
	struct checkpoint c = {.note = text};
	TRY(body_parse(sc, scope_strndup(sc, text, n_body), k, &c));
	*out = c;
	return OK;
}

/* --- the signing key's file --- */

static const char key_head[] = "waybill-signing-key/1\norigin ";

enum code
signing_key_read(struct scope *sc, const void *bytes, size_t n, struct signing_key *out)
{
	char *text = scope_strndup(sc, bytes, n);
	const char *at = text;
	struct signing_key k;
	uint8_t seed[32];
	bool good = strlen(text) == n && text_starts(text, key_head);
	at += good ? strlen(key_head) : 0;
	const char *origin = good ? take_line(sc, &at) : NULL;
	good = origin != NULL && text_starts(at, "seed ") && strlen(at) == 5 + 64 + 1 && at[5 + 64] == '\n';
	size_t got;
	good = good && sodium_hex2bin(seed, sizeof seed, at + 5, 64, NULL, &got, NULL) == 0 && got == sizeof seed;
	uint8_t public[32];
	if (good)
		crypto_sign_seed_keypair(public, k.secret, seed);
	good = good && vkey_make(sc, origin, public, &k.verifier) == OK;
	sodium_memzero(seed, sizeof seed);
	sodium_memzero(text, n);
	if (!good)
		return fail_as(sc, E_CORRUPT, "bad-signing-key", "the signing key's file is damaged, or not one");
	*out = k;
	sodium_memzero(&k, sizeof k);
	return OK;
}

static enum code
create_private(struct scope *sc, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EEXIST)
		return fail_as(sc, E_CONFLICT, "signing-key-exists", "there is a signing key already: %s", path);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	size_t n = strlen(text);
	bool good = write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;
	int error = errno;
	close(fd);
	if (good)
		return OK;
	unlink(path);
	return fail(sc, E_IO, "%s: %s", path, strerror(error));
}

enum code
signing_key_create(struct scope *sc, const char *path, struct random *r, const char *origin)
{
	uint8_t seed[32];
	char hex[65];
	struct signing_key k;
	random_bytes(r, seed, sizeof seed);
	sodium_bin2hex(hex, sizeof hex, seed, sizeof seed);
	sodium_memzero(seed, sizeof seed);
	char *text = scope_printf(sc, "%s%s\nseed %s\n", key_head, origin, hex);
	size_t n = strlen(text);
	enum code rc = signing_key_read(sc, text, n, &k);
	if (rc == E_CORRUPT)
		rc = fail(sc, E_INVALID, "\"%s\" cannot name a log", origin);
	if (rc == OK)
		rc = create_private(sc, path, text);
	sodium_memzero(text, n);
	sodium_memzero(hex, sizeof hex);
	TRY(rc);
	sodium_memzero(k.secret, sizeof k.secret);
	size_t stem = text_ends(path, ".key") ? strlen(path) - 4 : strlen(path);
	const char *public_path = scope_printf(sc, "%.*s.pub", (int)stem, path);
	const char *vkey = scope_printf(sc, "%s\n", vkey_text(sc, &k.verifier));
	return file_write(sc, public_path, vkey, strlen(vkey), 0644);
}
