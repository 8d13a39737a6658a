#include "cli/sigv4.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"

#define SKEW_MS ((int64_t)5 * 60 * 1000)
#define SHA_HEX 64u

static enum code
refuse(struct scope *sc, const char *reason, const char *message)
{
	return fail_as(sc, E_UNAUTHENTICATED, reason, "%s", message);
}

/* "AWS4-HMAC-SHA256 Credential=AK/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex" */
enum code
sigv4_claim_read(struct scope *sc, const struct sigv4_request *r, struct sigv4_claim *out)
{
	static const char scheme[] = "AWS4-HMAC-SHA256 ";
	const char *header = r->header(r->ctx, "authorization");
	if (header == NULL || !text_starts(header, scheme))
		return refuse(sc, "missing", "the request is not signed");
	struct sigv4_claim c = {0};
	const char *credential = NULL;
	char **parts;
	char **scope;
	size_t n = text_split(sc, header + sizeof scheme - 1, ',', &parts);
	for (size_t i = 0; i < n; i++) {
		char *part = text_trim(parts[i]);
		if (text_starts(part, "Credential="))
			credential = part + 11;
		else if (text_starts(part, "SignedHeaders="))
			c.signed_headers = part + 14;
		else if (text_starts(part, "Signature="))
			c.signature = part + 10;
	}
	if (credential == NULL || c.signed_headers == NULL || c.signature == NULL || strlen(c.signature) != SHA_HEX ||
	    text_split(sc, credential, '/', &scope) != 5 || strcmp(scope[4], "aws4_request") != 0 ||
	    strcmp(scope[3], r->service) != 0 || strlen(scope[1]) != 8)
		return refuse(sc, "malformed", "the signature's header is malformed");
	c.access_key = scope[0];
	c.date = scope[1];
	c.region = scope[2];
	c.service = scope[3];
	*out = c;
	return OK;
}

static void
sha_hex(const void *p, size_t n, char out[static SHA_HEX + 1])
{
	unsigned char hash[32];
	crypto_hash_sha256(hash, p, n);
	sodium_bin2hex(out, SHA_HEX + 1, hash, sizeof hash);
}

static void
hmac(const void *key, size_t key_n, const char *text, unsigned char out[static 32])
{
	crypto_auth_hmacsha256_state s;
	crypto_auth_hmacsha256_init(&s, key, key_n);
	crypto_auth_hmacsha256_update(&s, (const unsigned char *)text, strlen(text));
	crypto_auth_hmacsha256_final(&s, out);
}

/* "20261122T063000Z" within SKEW_MS of now, and of the credential's day. */
static enum code
check_date(struct scope *sc, const struct sigv4_request *r, const struct sigv4_claim *claim, const char **date)
{
	const char *d = r->header(r->ctx, "x-amz-date");
	int64_t at;
	if (d == NULL || strlen(d) != 16 || strncmp(d, claim->date, 8) != 0)
		return refuse(sc, "malformed", "x-amz-date is missing or not of the credential's day");
	char *rfc = scope_printf(sc, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 9, d + 11, d + 13);
	if (d[8] != 'T' || d[15] != 'Z' || time_parse(sc, rfc, &at) != OK)
		return refuse(sc, "malformed", "x-amz-date is not a date");
	if (at < r->now_ms - SKEW_MS || at > r->now_ms + SKEW_MS)
		return refuse(sc, "expired", "the signature's date is more than 5 minutes from this server's clock");
	*date = d;
	return OK;
}

/* Trimmed, runs of blanks made one. */
static void
add_header_value(struct text *t, const char *value)
{
	while (*value == ' ' || *value == '\t')
		value++;
	for (; *value != '\0'; value++) {
		bool blank = *value == ' ' || *value == '\t';
		if (blank && (value[1] == ' ' || value[1] == '\t' || value[1] == '\0'))
			continue;
		text_add_char(t, blank ? ' ' : *value);
	}
}

static enum code
canonical(struct scope *sc, const struct sigv4_request *r, const struct sigv4_claim *claim, char **out)
{
	char **names;
	char body_hash[SHA_HEX + 1];
	struct text t;
	bool has_host = false;
	text_init(&t, sc);
	text_printf(&t, "%s\n%s\n\n", r->method, r->path);
	size_t n = text_split(sc, claim->signed_headers, ';', &names);
	for (size_t i = 0; i < n; i++) {
		const char *value = r->header(r->ctx, names[i]);
		if (value == NULL)
			return refuse(sc, "signature", "a signed header is missing");
		has_host = has_host || strcmp(names[i], "host") == 0;
		text_printf(&t, "%s:", names[i]);
		add_header_value(&t, value);
		text_add_char(&t, '\n');
	}
	sha_hex(r->body, r->body_n, body_hash);
	const char *said = r->header(r->ctx, "x-amz-content-sha256");
	if (!has_host || (said != NULL && strcmp(said, body_hash) != 0))
		return refuse(sc, "signature", "host is not signed, or the body is not the one that was");
	text_printf(&t, "\n%s\n%s", claim->signed_headers, body_hash);
	*out = t.s;
	return OK;
}

enum code
sigv4_check(struct scope *sc, const struct sigv4_request *r, const struct sigv4_claim *claim, const char *secret)
{
	const char *date;
	char *request;
	char hash[SHA_HEX + 1];
	unsigned char key[32];
	unsigned char mac[32];
	char hex[SHA_HEX + 1];
	TRY(check_date(sc, r, claim, &date));
	TRY(canonical(sc, r, claim, &request));
	sha_hex(request, strlen(request), hash);
	char *to_sign = scope_printf(sc, "AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s", date, claim->date,
				     claim->region, claim->service, hash);
	char *first = scope_printf(sc, "AWS4%s", secret);
	hmac(first, strlen(first), claim->date, key);
	hmac(key, sizeof key, claim->region, key);
	hmac(key, sizeof key, claim->service, key);
	hmac(key, sizeof key, "aws4_request", key);
	hmac(key, sizeof key, to_sign, mac);
	sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
	sodium_memzero(first, strlen(first));
	sodium_memzero(key, sizeof key);
	if (sodium_memcmp(hex, claim->signature, SHA_HEX) != 0)
		return refuse(sc, "signature", "the signature does not fit the request");
	return OK;
}
