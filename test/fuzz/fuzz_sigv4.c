/* room: cli */
/* Any bytes as the headers of a signed request, a line each: authorization,
 * x-amz-date, host, x-amz-content-sha256; the rest is the body. */
#include "base/random.h"
#include "cli/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct lines {
	char *line[4];
};

static const char *
header(void *ctx, const char *name)
{
	static const char *const names[4] = {"authorization", "x-amz-date", "host", "x-amz-content-sha256"};
	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			return ((struct lines *)ctx)->line[i];
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	struct lines l = {{NULL}};
	struct sigv4_claim claim;
	scope_init(&sc);
	char *text = scope_strndup(&sc, (const char *)data, size);
	char *at = text;
	for (int i = 0; i < 4 && at != NULL; i++) {
		char *end = strchr(at, '\n');
		l.line[i] = at;
		if (end != NULL)
			*end++ = '\0';
		at = end;
	}
	struct sigv4_request r = {.method = "POST",
				  .path = "/",
				  .header = header,
				  .ctx = &l,
				  .body = (const uint8_t *)(at != NULL ? at : ""),
				  .body_n = at != NULL ? strlen(at) : 0,
				  .now_ms = 1795329000000,
				  .service = "rekognition"};
	/* Nobody guesses a signature. */
	if (sigv4_claim_read(&sc, &r, &claim) == OK && sigv4_check(&sc, &r, &claim, "a secret of this fuzzer's") == OK)
		abort();
	scope_release(&sc);
	return 0;
}
