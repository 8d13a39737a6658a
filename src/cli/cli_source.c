#include "cli/cli_source.h"

#include <curl/curl.h>

#include "base/file.h"
#include "base/text.h"

/* --- a log's address --- */

#define FETCH_TIMEOUT_S 30L

struct remote {
	CURL *curl;
	const char *prefix; /* with its last '/' */
};

struct body {
	struct scope *sc;
	uint8_t *bytes;
	size_t n, max;
};

static size_t
take_body(char *data, size_t size, size_t count, void *user)
{
	struct body *b = user;
	size_t n = size * count;
	if (n > b->max - b->n)
		return 0; /* longer than any such resource: stop reading */
	memcpy(b->bytes + b->n, data, n);
	b->n += n;
	return n;
}

static enum code
remote_status(struct scope *sc, const struct remote *r, CURLcode rc, const char *url)
{
	long status = 0;
	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	if (rc == CURLE_WRITE_ERROR)
		return fail(sc, E_LIMIT, "%s is longer than it may be", url);
	if (rc != CURLE_OK)
		return fail(sc, E_UNAVAILABLE, "%s: %s", url, curl_easy_strerror(rc));
	if (status == 404 || status == 410)
		return fail(sc, E_NOT_FOUND, "%s: not there", url);
	if (status != 200)
		return fail(sc, E_UNAVAILABLE, "%s: HTTP status %ld", url, status);
	return OK;
}

static enum code
remote_fetch(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n)
{
	struct remote *r = arg;
	const char *url = scope_printf(sc, "%s%s", r->prefix, path);
	struct body b = {.sc = sc, .bytes = scope_alloc(sc, max + 1), .max = max};
	curl_easy_setopt(r->curl, CURLOPT_URL, url);
	curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, &b);
	TRY(remote_status(sc, r, curl_easy_perform(r->curl), url));
	*bytes = b.bytes;
	*n = b.n;
	return OK;
}

static void
remote_end(void *arg)
{
	curl_easy_cleanup(arg);
}

static enum code
remote_open(struct scope *sc, const char *where, struct chain_source *out)
{
	struct remote *r = NEW(sc, struct remote);
	r->prefix = scope_printf(sc, "%s%s", where, text_ends(where, "/") ? "" : "/");
	r->curl = curl_easy_init();
	if (r->curl == NULL)
		return fail(sc, E_UNAVAILABLE, "no HTTP client");
	scope_on_release(sc, remote_end, r->curl);
	curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(r->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(r->curl, CURLOPT_TIMEOUT, FETCH_TIMEOUT_S);
	curl_easy_setopt(r->curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(r->curl, CURLOPT_USERAGENT, "waybill/" WAYBILL_VERSION);
	*out = (struct chain_source){remote_fetch, r};
	return OK;
}

/* --- a data directory --- */

struct opened_store {
	struct clock clock;
	struct random random;
	struct store *store;
};

static void
store_end(void *arg)
{
	store_close(arg);
}

static enum code
data_open(struct scope *sc, const char *dir, struct chain_source *out)
{
	static const struct schema *const schemas[] = {&chain_schema, &jobs_schema, NULL};
	struct opened_store *o = NEW(sc, struct opened_store);
	clock_init_wall(&o->clock);
	random_init_os(&o->random);
	const struct store_options opt = {
	    .clock = &o->clock, .random = &o->random, .schemas = schemas, .read_only = true};
	TRY(store_open(sc, dir, &opt, &o->store));
	scope_on_release(sc, store_end, o->store);
	chain_store_source(o->store, out);
	return OK;
}

/* --- the key --- */

static enum code
key_from_file(struct scope *sc, const char *path, struct verifier_key *out)
{
	uint8_t *text;
	size_t n;
	TRY(file_read(sc, path, VKEY_MAX, &text, &n));
	return vkey_parse(sc, (const char *)text, out);
}

static enum code
key_found(struct scope *sc, const char *where, const struct chain_source *source, struct verifier_key *out)
{
	const char *beside = path_join(sc, where, "signing.pub");
	if (file_exists(beside))
		return key_from_file(sc, beside, out);
	const uint8_t *text;
	size_t n;
	enum code rc = source->fetch(sc, source->arg, "key", VKEY_MAX, &text, &n);
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "no verifier key beside the chain: give one with --key");
	TRY(rc);
	return vkey_parse(sc, scope_strndup(sc, (const char *)text, n), out);
}

enum code
chain_open(struct scope *sc, const char *where, const char *key, struct opened_chain *out)
{
	struct opened_chain c = {.key_given = key != NULL};
	if (text_starts(where, "http://") || text_starts(where, "https://"))
		TRY(remote_open(sc, where, &c.source));
	else if (store_is_in(sc, where))
		TRY(data_open(sc, where, &c.source));
	else if (file_exists(path_join(sc, where, "checkpoint")))
		chain_directory_source(sc, where, &c.source);
	else
		return fail(sc, E_NOT_FOUND, "%s is neither a data directory nor a directory of tiles", where);
	if (key == NULL)
		TRY(key_found(sc, where, &c.source, &c.key));
	else if (file_exists(key))
		TRY(key_from_file(sc, key, &c.key));
	else
		TRY(vkey_parse(sc, key, &c.key));
	*out = c;
	return OK;
}

/* --- copying --- */

static enum code
copy_one(struct scope *sc, const struct opened_chain *c, const char *path, size_t max, const char *dir, int64_t *files)
{
	const uint8_t *bytes;
	size_t n;
	TRY(c->source.fetch(sc, c->source.arg, path, max, &bytes, &n));
	char *to = path_join(sc, dir, path);
	char *slash = strrchr(to, '/');
	*slash = '\0';
	TRY(file_make_dirs(sc, to, 0755));
	*slash = '/';
	TRY(file_write(sc, to, bytes, n, 0644));
	(*files)++;
	return OK;
}

static enum code
copy_tiles(struct scope *sc, const struct opened_chain *c, int64_t size, int level, const char *dir, int64_t *files)
{
	size_t unit = level == TILE_ENTRIES ? BUNDLE_ENTRY_BYTES : CHAIN_HASH;
	for (int64_t n = 0; tile_width(size, level, n) > 0; n++) {
		const struct tile_name name = {level, n, tile_width(size, level, n)};
		TRY(copy_one(sc, c, tile_path(sc, name), TILE_WIDTH * unit, dir, files));
	}
	return OK;
}

enum code
chain_copy(struct scope *sc, const struct opened_chain *c, const char *dir, int64_t *files)
{
	const uint8_t *bytes;
	size_t n;
	struct checkpoint newest;
	int64_t count = 0;
	TRY(c->source.fetch(sc, c->source.arg, "checkpoint", NOTE_MAX, &bytes, &n));
	TRY(checkpoint_open(sc, (const char *)bytes, n, &c->key, &newest));
	for (int level = TILE_ENTRIES; level < TREE_LEVELS; level++)
		TRY(copy_tiles(sc, c, newest.size, level, dir, &count));
	for (int64_t page = 0;; page++) {
		enum code rc = copy_one(sc, c, scope_printf(sc, "checkpoints/%" PRId64, page), CHECKPOINTS_PAGE_BYTES,
					dir, &count);
		if (rc == E_NOT_FOUND)
			break;
		TRY(rc);
	}
	error_clear(sc);
	const char *key = scope_printf(sc, "%s\n", vkey_text(sc, &c->key));
	TRY(file_write(sc, path_join(sc, dir, "key"), key, strlen(key), 0644));
	/* last, so that a copy that broke off is not taken for a chain */
	TRY(file_write(sc, path_join(sc, dir, "checkpoint"), bytes, n, 0644));
	*files = count + 2;
	return OK;
}
