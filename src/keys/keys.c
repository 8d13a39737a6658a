/* Each root is never used itself: one key derived from it (crypto_kdf) seals
 * the personal keys, another MACs, so neither use can speak for the other.
 *
 * Associated data is text whose parts carry their lengths, so two different
 * lists of parts never give the same bytes:
 *
 *	personal key   waybill/key/1 <purpose> <n>:<owner>
 *	sealed value   waybill/row/1 <purpose> <n>:<owner> <n>:<row> */
#include "keys/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define NONCE_BYTES 24
#define CHECK_BYTES 16
#define KEY_FILE_MAX 4096
static const char file_head[] = "waybill-keys/1\n";
static const char kdf_context[crypto_kdf_CONTEXTBYTES] = {'w', 'b', '-', 'k', 'e', 'y', 's', '1'};

_Static_assert(NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "SEAL_OVERHEAD counts the nonce");
_Static_assert(SEAL_OVERHEAD == NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "SEAL_OVERHEAD");
_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "KEY_BYTES");

struct keys {
	uint8_t sealing[KEY_PURPOSES][KEY_BYTES];
	uint8_t macking[KEY_PURPOSES][KEY_BYTES];
};

static const char *
purpose_name(enum key_purpose p)
{
	switch (p) {
	case KEY_BIOMETRIC: return "biometric";
	case KEY_ACCOUNT: return "account";
	case KEY_STATUTORY: return "statutory";
	case KEY_PROOF: return "proof";
	case KEY_TOKEN: return "token";
	case KEY_PURPOSES: break;
	}
	abort();
}

/* --- the file --- */

static void
check_compute(const void *bytes, size_t n, char hex[static 2 * CHECK_BYTES + 1])
{
	uint8_t sum[CHECK_BYTES];
	crypto_generichash(sum, sizeof sum, bytes, n, NULL, 0);
	sodium_bin2hex(hex, 2 * CHECK_BYTES + 1, sum, sizeof sum);
}

/* The text of a new key file; the caller wipes it. */
static size_t
file_compose(struct random *r, char *text, size_t max)
{
	size_t n = (size_t)snprintf(text, max, "%s", file_head);
	for (int p = 0; p < KEY_PURPOSES; p++) {
		uint8_t root[KEY_BYTES];
		char hex[2 * KEY_BYTES + 1];
		random_bytes(r, root, sizeof root);
		sodium_bin2hex(hex, sizeof hex, root, sizeof root);
		n += (size_t)snprintf(text + n, max - n, "%s %s\n", purpose_name((enum key_purpose)p), hex);
		sodium_memzero(root, sizeof root);
		sodium_memzero(hex, sizeof hex);
	}
	char check[2 * CHECK_BYTES + 1];
	check_compute(text, n, check);
	n += (size_t)snprintf(text + n, max - n, "check %s\n", check);
	return n;
}

static enum code
write_all(struct scope *sc, int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, s, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return fail(sc, E_IO, "the key file cannot be written: %s", strerror(errno));
		s += w;
		n -= (size_t)w;
	}
	if (fsync(fd) != 0)
		return fail(sc, E_IO, "the key file cannot be synced: %s", strerror(errno));
	return OK;
}

enum code
keys_create(struct scope *sc, const char *path, struct random *r)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EEXIST)
		return fail_as(sc, E_CONFLICT, "keys-exist", "there is a key file already: %s", path);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	char text[KEY_FILE_MAX];
	size_t n = file_compose(r, text, sizeof text);
	enum code rc = write_all(sc, fd, text, n);
	sodium_memzero(text, sizeof text);
	close(fd);
	if (rc != OK)
		unlink(path);
	return rc;
}

/* "<name> <2n hex>\n" at *at; moves *at behind it. */
static bool
line_take(const char **at, const char *end, const char *name, uint8_t *out, size_t n)
{
	size_t len = strlen(name);
	if ((size_t)(end - *at) < len + 1 + 2 * n + 1)
		return false;
	const char *hex = *at + len + 1;
	if (memcmp(*at, name, len) != 0 || (*at)[len] != ' ' || hex[2 * n] != '\n')
		return false;
	size_t got;
	if (sodium_hex2bin(out, n, hex, 2 * n, NULL, &got, NULL) != 0 || got != n)
		return false;
	*at = hex + 2 * n + 1;
	return true;
}

static bool
roots_take(const char *bytes, size_t n, uint8_t roots[KEY_PURPOSES][KEY_BYTES])
{
	const char *at = bytes, *end = bytes + n;
	size_t head = strlen(file_head);
	if (n < head || memcmp(at, file_head, head) != 0)
		return false;
	at += head;
	for (int p = 0; p < KEY_PURPOSES; p++)
		if (!line_take(&at, end, purpose_name((enum key_purpose)p), roots[p], KEY_BYTES))
			return false;
	char check[2 * CHECK_BYTES + 1], line[sizeof "check \n" + 2 * CHECK_BYTES];
	check_compute(bytes, (size_t)(at - bytes), check);
	int len = snprintf(line, sizeof line, "check %s\n", check);
	return end - at == len && memcmp(at, line, (size_t)len) == 0;
}

enum code
keys_read(struct scope *sc, const void *bytes, size_t n, struct keys **out)
{
	uint8_t roots[KEY_PURPOSES][KEY_BYTES];
	bool good = roots_take(bytes, n, roots);
	struct keys *k = good ? sodium_malloc(sizeof *k) : NULL;
	if (k == NULL) {
		sodium_memzero(roots, sizeof roots);
		return good ? fail(sc, E_MEMORY, "no locked memory for the keys")
			    : fail_as(sc, E_CORRUPT, "bad-keys", "the key file is damaged, or not one");
	}
	for (int p = 0; p < KEY_PURPOSES; p++) {
		crypto_kdf_derive_from_key(k->sealing[p], KEY_BYTES, 1, kdf_context, roots[p]);
		crypto_kdf_derive_from_key(k->macking[p], KEY_BYTES, 2, kdf_context, roots[p]);
	}
	sodium_memzero(roots, sizeof roots);
	sodium_mprotect_readonly(k);
	*out = k;
	return OK;
}

/* Reads to the end, at most max bytes; *n is max + 1 where there are more. */
static enum code
read_all(struct scope *sc, int fd, char *to, size_t max, size_t *n)
{
	size_t got = 0;
	while (got <= max) {
		ssize_t r = read(fd, to + got, max + 1 - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail(sc, E_IO, "the keys cannot be read: %s", strerror(errno));
		if (r == 0)
			break;
		got += (size_t)r;
	}
	*n = got;
	return OK;
}

static enum code
read_file(struct scope *sc, const char *path, char text[static KEY_FILE_MAX + 1], size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(sc, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", path, strerror(errno));
	struct stat st;
	enum code rc = OK;
	if (fstat(fd, &st) != 0)
		rc = fail(sc, E_IO, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = fail(sc, E_CORRUPT, "%s is not a file", path);
	else if ((st.st_mode & 077) != 0)
		rc = fail_as(sc, E_DENIED, "keys-exposed", "%s may be read or written by others (mode %03o): chmod 600",
			     path, (unsigned)(st.st_mode & 0777));
	else
		rc = read_all(sc, fd, text, KEY_FILE_MAX, n);
	close(fd);
	return rc;
}

static enum code
read_command(struct scope *sc, const char *command, char text[static KEY_FILE_MAX + 1], size_t *n)
{
	FILE *f = popen(command, "re");
	if (f == NULL)
		return fail(sc, E_UNAVAILABLE, "the key command does not start: %s", strerror(errno));
	enum code rc = read_all(sc, fileno(f), text, KEY_FILE_MAX, n);
	int status = pclose(f);
	if (rc == OK && status != 0 && *n <= KEY_FILE_MAX)
		return fail(sc, E_UNAVAILABLE, "the key command failed (status %d)", status);
	return rc;
}

enum code
keys_open(struct scope *sc, const char *path, struct keys **out)
{
	char text[KEY_FILE_MAX + 1];
	size_t n = 0;
	enum code rc = path[0] == '|' ? read_command(sc, path + 1, text, &n) : read_file(sc, path, text, &n);
	if (rc == OK)
		rc = keys_read(sc, text, n, out);
	sodium_memzero(text, sizeof text);
	if (rc == E_CORRUPT)
		error_prefix(sc, "%s", path[0] == '|' ? "key command" : path);
	return rc;
}

void
keys_close(struct keys *k)
{
	sodium_free(k); /* wipes */
}

/* --- sealing --- */

static char *
key_data(struct scope *sc, enum key_purpose p, const char *owner)
{
	return scope_printf(sc, "waybill/key/1 %s %zu:%s", purpose_name(p), strlen(owner), owner);
}

static char *
row_data(struct scope *sc, enum key_purpose p, const char *owner, const char *row)
{
	return scope_printf(sc, "waybill/row/1 %s %zu:%s %zu:%s", purpose_name(p), strlen(owner), owner, strlen(row),
			    row);
}

/* to holds n + SEAL_OVERHEAD bytes: nonce, ciphertext, tag. */
static void
seal(struct random *r, const uint8_t key[static KEY_BYTES], const char *data, const void *plain, size_t n, uint8_t *to)
{
	random_bytes(r, to, NONCE_BYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(to + NONCE_BYTES, NULL, plain, n, (const uint8_t *)data,
						   strlen(data), NULL, to, key);
}

/* n ≥ SEAL_OVERHEAD; to holds n - SEAL_OVERHEAD bytes. */
static bool
unseal(const uint8_t key[static KEY_BYTES], const char *data, const uint8_t *sealed, size_t n, uint8_t *to)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(to, NULL, NULL, sealed + NONCE_BYTES, n - NONCE_BYTES,
							  (const uint8_t *)data, strlen(data), sealed, key) == 0;
}

enum code
key_make(struct scope *sc, struct keys *k, struct random *r, enum key_purpose purpose, const char *owner,
	 uint8_t sealed[static KEY_BYTES + SEAL_OVERHEAD])
{
	if (owner[0] == '\0')
		return fail(sc, E_INVALID, "a key needs an owner");
	uint8_t key[KEY_BYTES];
	random_bytes(r, key, sizeof key);
	seal(r, k->sealing[purpose], key_data(sc, purpose, owner), key, sizeof key, sealed);
	sodium_memzero(key, sizeof key);
	return OK;
}

static enum code
personal_key(struct scope *sc, struct keys *k, enum key_purpose purpose, const char *owner, const uint8_t *sealed_key,
	     uint8_t key[static KEY_BYTES])
{
	if (!unseal(k->sealing[purpose], key_data(sc, purpose, owner), sealed_key, KEY_BYTES + SEAL_OVERHEAD, key))
		return fail_as(sc, E_CORRUPT, "wrong-key", "this key is not %s's for %s data, or is damaged", owner,
			       purpose_name(purpose));
	return OK;
}

enum code
key_seal(struct scope *sc, struct keys *k, struct random *r, enum key_purpose purpose, const char *owner,
	 const uint8_t sealed_key[static KEY_BYTES + SEAL_OVERHEAD], const char *row, const void *plain, size_t n,
	 uint8_t **out, size_t *out_n)
{
	if (n > SIZE_MAX - SEAL_OVERHEAD)
		return fail(sc, E_LIMIT, "too much to seal");
	void *to;
	TRY(scope_try_array(sc, n + SEAL_OVERHEAD, 1, &to));
	uint8_t key[KEY_BYTES];
	TRY(personal_key(sc, k, purpose, owner, sealed_key, key));
	seal(r, key, row_data(sc, purpose, owner, row), plain, n, to);
	sodium_memzero(key, sizeof key);
	*out = to;
	*out_n = n + SEAL_OVERHEAD;
	return OK;
}

enum code
key_unseal(struct scope *sc, struct keys *k, enum key_purpose purpose, const char *owner,
	   const uint8_t sealed_key[static KEY_BYTES + SEAL_OVERHEAD], const char *row, const void *sealed, size_t n,
	   uint8_t **out, size_t *out_n)
{
	if (n < SEAL_OVERHEAD)
		return fail_as(sc, E_CORRUPT, "bad-seal", "%zu bytes are too short to be sealed", n);
	void *to;
	TRY(scope_try_array(sc, n - SEAL_OVERHEAD + 1, 1, &to)); /* and a NUL, for text */
	uint8_t key[KEY_BYTES];
	TRY(personal_key(sc, k, purpose, owner, sealed_key, key));
	bool good = unseal(key, row_data(sc, purpose, owner, row), sealed, n, to);
	sodium_memzero(key, sizeof key);
	if (!good)
		return fail_as(sc, E_CORRUPT, "bad-seal", "what was sealed for row %s is damaged, or of another row",
			       row);
	*out = to;
	*out_n = n - SEAL_OVERHEAD;
	return OK;
}

void
key_mac(struct keys *k, enum key_purpose purpose, const void *p, size_t n, uint8_t mac[static 32])
{
	crypto_generichash(mac, 32, p, n, k->macking[purpose], KEY_BYTES);
}
