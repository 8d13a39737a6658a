#include "sim/sim_http.h"

#include <curl/curl.h>

#include "base/text.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define TIMEOUT_S 120L

struct sim_http {
	CURL *curl;
	char *base;
	int64_t count;
};

struct inbox {
	char *bytes;
	size_t n, cap;
	bool too_long;
};

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct inbox *in = arg;
	size_t more = size * n;
	if (in->n + more > ANSWER_MAX) {
		in->too_long = true;
		return 0;
	}
	if (in->n + more + 1 > in->cap) {
		size_t cap = (in->n + more + 1) * 2;
		char *wider = realloc(in->bytes, cap);
		if (wider == NULL)
			return 0;
		in->bytes = wider;
		in->cap = cap;
	}
	memcpy(in->bytes + in->n, p, more);
	in->n += more;
	in->bytes[in->n] = '\0';
	return more;
}

enum code
sim_http_open(struct scope *sc, const char *base_url, struct sim_http **out)
{
	struct sim_http *h = calloc(1, sizeof *h);
	if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (h->curl = curl_easy_init()) == NULL) {
		free(h);
		return fail(sc, E_UNAVAILABLE, "no HTTP client can be made");
	}
	h->base = strdup(base_url);
	*out = h;
	return OK;
}

void
sim_http_close(struct sim_http *h)
{
	if (h == NULL)
		return;
	curl_easy_cleanup(h->curl);
	free(h->base);
	free(h);
}

int64_t
sim_http_count(const struct sim_http *h)
{
	return h->count;
}

static struct curl_slist *
headers(struct scope *sc, const char *token, const char *key, const char *type)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	if (type != NULL)
		list = curl_slist_append(list, scope_printf(sc, "Content-Type: %s", type));
	if (token != NULL)
		list = curl_slist_append(list, scope_printf(sc, "Authorization: Bearer %s", token));
	if (key != NULL)
		list = curl_slist_append(list, scope_printf(sc, "Idempotency-Key: %s", key));
	return list;
}

struct outgoing {
	const char *method, *path, *token, *key, *type, *body;
};

static enum code
send_one(struct scope *sc, struct sim_http *h, const struct outgoing *o, struct sim_answer *out)
{
	struct inbox in = {0};
	long status = 0;
	curl_easy_reset(h->curl);
	struct curl_slist *list = headers(sc, o->token, o->key, o->body != NULL ? o->type : NULL);
	curl_easy_setopt(h->curl, CURLOPT_URL, scope_printf(sc, "%s%s", h->base, o->path));
	curl_easy_setopt(h->curl, CURLOPT_CUSTOMREQUEST, o->method);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, &in);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	if (o->body != NULL) {
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(o->body));
		curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, o->body);
	}
	CURLcode rc = curl_easy_perform(h->curl);
	curl_slist_free_all(list);
	h->count++;
	if (rc != CURLE_OK) {
		free(in.bytes);
		return fail(sc, E_IO, "%s %s: %s", o->method, o->path, curl_easy_strerror(rc));
	}
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct sim_answer){.status = (int)status, .json = json_new_object(sc)};
	if (in.n > 0 && (in.bytes[0] == '{' || in.bytes[0] == '[')) {
		enum code parsed = json_parse(sc, in.bytes, in.n, &out->json);
		free(in.bytes);
		return parsed;
	}
	free(in.bytes);
	return OK;
}

enum code
sim_call(struct scope *sc, struct sim_http *h, const char *method, const char *path, const char *token,
	 const json_t *body, const char *key, struct sim_answer *out)
{
	const struct outgoing o = {.method = method,
				   .path = path,
				   .token = token,
				   .key = key,
				   .type = "application/json",
				   .body = body == NULL ? NULL : json_text(sc, body)};
	return send_one(sc, h, &o, out);
}

enum code
sim_call_csv(struct scope *sc, struct sim_http *h, const char *path, const char *token, const char *csv,
	     struct sim_answer *out)
{
	const struct outgoing o = {
	    .method = "POST", .path = path, .token = token, .type = "text/csv; charset=utf-8", .body = csv};
	return send_one(sc, h, &o, out);
}
