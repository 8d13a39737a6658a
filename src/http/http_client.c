/* libcurl's easy interface, one handle per request under way. Handles keep their
 * connections, so those that have finished wait in a small list for the next
 * request; the list and the next turn are all that threads share. */
#include "http/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/text.h"

#define KEPT_MAX 8
#define TIMEOUT_MS 10000
#define CONNECT_TIMEOUT_MS 5000
#define ANSWER_MAX ((size_t)4 << 20)
#define TARGET_MAX 32768

struct http_client {
	char *base; /* without a slash at its end */
	char *ca_file;
	char *user_agent;
	int timeout_ms, pace_ms;
	size_t answer_max;
	enum http_reach reach;
	bool status_only;
	const _Atomic bool *stop;
	pthread_mutex_t lock; /* of what follows */
	CURL *kept[KEPT_MAX];
	size_t n_kept;
	int64_t turn_ms; /* when the next request may begin, on clock_mono_ms() */
};

/* --- opening --- */

static enum code
base_part(struct scope *sc, CURLU *url, CURLUPart part, const char *what, bool needed)
{
	char *s = NULL;
	CURLUcode rc = curl_url_get(url, part, &s, 0);
	bool there = rc == CURLUE_OK && s[0] != '\0';
	curl_free(s);
	if (there != needed)
		return fail(sc, E_INVALID, "a server's address must%s give %s", needed ? "" : " not", what);
	return OK;
}

static enum code
base_check(struct scope *sc, CURLU *url, const char *base)
{
	if (!text_starts(base, "http://") && !text_starts(base, "https://"))
		return fail(sc, E_INVALID, "a server's address begins with http:// or https://");
	for (const char *s = base; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '\\')
			return fail(sc, E_INVALID, "a server's address is plain ASCII without blanks");
	if (curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK)
		return fail(sc, E_INVALID, "\"%.100s\" is no address of a server", base);
	TRY(base_part(sc, url, CURLUPART_HOST, "a host", true));
	TRY(base_part(sc, url, CURLUPART_USER, "a user", false));
	TRY(base_part(sc, url, CURLUPART_PASSWORD, "a password", false));
	if (strchr(base, '?') != NULL || strchr(base, '#') != NULL)
		return fail(sc, E_INVALID, "a server's address must not give a query or fragment");
	return OK;
}

static enum code
base_parse(struct scope *sc, const char *base)
{
	CURLU *url = curl_url();
	if (url == NULL)
		return fail(sc, E_UNAVAILABLE, "no HTTP client can be made");
	enum code rc = base_check(sc, url, base);
	curl_url_cleanup(url);
	return rc;
}

static char *
copy_or_null(const char *s)
{
	return s == NULL ? NULL : strdup(s);
}

enum code
http_client_open(struct scope *sc, const struct http_client_options *opt, struct http_client **out)
{
	TRY(base_parse(sc, opt->base));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return fail(sc, E_UNAVAILABLE, "no HTTP client can be made");
	struct http_client *c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(sc, E_MEMORY, "no memory for an HTTP client");
	size_t n = strlen(opt->base);
	while (opt->base[n - 1] == '/')
		n--;
	c->base = strndup(opt->base, n);
	c->ca_file = copy_or_null(opt->ca_file);
	c->user_agent = strdup(opt->user_agent == NULL ? "waybill/" WAYBILL_VERSION : opt->user_agent);
	c->timeout_ms = opt->timeout_ms == 0 ? TIMEOUT_MS : opt->timeout_ms;
	c->pace_ms = opt->pace_ms;
	c->answer_max = opt->answer_max == 0 ? ANSWER_MAX : opt->answer_max;
	c->reach = opt->reach;
	c->status_only = opt->status_only;
	c->stop = opt->stop;
	pthread_mutex_init(&c->lock, NULL);
	if (c->base == NULL || c->user_agent == NULL || (opt->ca_file != NULL && c->ca_file == NULL)) {
		http_client_close(c);
		return fail(sc, E_MEMORY, "no memory for an HTTP client");
	}
	*out = c;
	return OK;
}

void
http_client_close(struct http_client *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_kept; i++)
		curl_easy_cleanup(c->kept[i]);
	pthread_mutex_destroy(&c->lock);
	free(c->base);
	free(c->ca_file);
	free(c->user_agent);
	free(c);
}

const char *
http_client_base(const struct http_client *c)
{
	return c->base;
}

/* --- handles and turns --- */

static CURL *
handle_take(struct http_client *c)
{
	CURL *curl = NULL;
	pthread_mutex_lock(&c->lock);
	if (c->n_kept > 0)
		curl = c->kept[--c->n_kept];
	pthread_mutex_unlock(&c->lock);
	if (curl != NULL)
		curl_easy_reset(curl); /* the options; connections stay */
	return curl != NULL ? curl : curl_easy_init();
}

static void
handle_give_back(struct http_client *c, CURL *curl)
{
	pthread_mutex_lock(&c->lock);
	if (c->n_kept < KEPT_MAX) {
		c->kept[c->n_kept++] = curl;
		curl = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	curl_easy_cleanup(curl);
}

/* Sleeps until this request may begin. A turn that lies behind the deadline is not taken. */
static enum code
wait_turn(struct scope *sc, struct http_client *c)
{
	if (c->pace_ms == 0)
		return OK;
	int64_t now_ms = clock_mono_ms();
	pthread_mutex_lock(&c->lock);
	int64_t turn_ms = c->turn_ms > now_ms ? c->turn_ms : now_ms;
	bool late = sc->deadline_ms != 0 && turn_ms >= sc->deadline_ms;
	if (!late)
		c->turn_ms = turn_ms + c->pace_ms;
	pthread_mutex_unlock(&c->lock);
	if (late)
		return fail(sc, E_DEADLINE, "other requests to this server come first");
	const struct timespec rest = {.tv_sec = (time_t)((turn_ms - now_ms) / 1000),
				      .tv_nsec = (long)((turn_ms - now_ms) % 1000) * 1000000};
	nanosleep(&rest, NULL);
	return OK;
}

static enum code
time_left_ms(struct scope *sc, const struct http_client *c, long *out)
{
	TRY(scope_check_deadline(sc));
	int64_t left_ms = c->timeout_ms;
	if (sc->deadline_ms != 0 && sc->deadline_ms - clock_mono_ms() < left_ms)
		left_ms = sc->deadline_ms - clock_mono_ms();
	*out = left_ms < 1 ? 1 : (long)left_ms; /* 0 would mean for ever */
	return OK;
}

/* --- one request --- */

struct inbox {
	struct text body;
	size_t seen, max;
	bool too_long;
	bool dropped; /* nobody reads the body */
	enum http_reach reach;
	bool beyond_reach;
	const _Atomic bool *stop;
};

static size_t
take(char *data, size_t size, size_t count, void *arg)
{
	struct inbox *in = arg;
	size_t n = size * count;
	if (n > in->max - in->seen) {
		in->too_long = true;
		return 0;
	}
	in->seen += n;
	if (!in->dropped)
		text_add_n(&in->body, data, n);
	return n;
}

/* Here the address is no name any more, so nobody can change his mind about it. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *there)
{
	struct inbox *in = arg;
	(void)purpose;
	if (!http_reach_allows(in->reach, http_address_class(&there->addr))) {
		in->beyond_reach = true;
		return CURL_SOCKET_BAD;
	}
	return socket(there->family, there->socktype | SOCK_CLOEXEC, there->protocol);
}

static int
go_on(void *arg, curl_off_t down_of, curl_off_t down, curl_off_t up_of, curl_off_t up)
{
	const struct inbox *in = arg;
	(void)down_of;
	(void)down;
	(void)up_of;
	(void)up;
	return atomic_load(in->stop) ? 1 : 0;
}

/* Only these bytes may stand in a request line. */
static enum code
target_check(struct scope *sc, const char *target)
{
	if (target[0] != '/')
		return fail(sc, E_INVALID, "what is asked of a server begins with a slash");
	if (strlen(target) > TARGET_MAX)
		return fail(sc, E_INVALID, "a question to a server of %zu bytes", strlen(target));
	for (const char *s = target; *s != '\0'; s++)
		if (*s <= ' ' || *s > '~' || *s == '#' || *s == '\\')
			return fail(sc, E_INVALID, "what is asked of a server is not percent-encoded");
	return OK;
}

static void
set_where(const struct http_client *c, CURL *curl, const char *url, long left_ms)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, c->ca_file);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms < CONNECT_TIMEOUT_MS ? left_ms : CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, c->user_agent);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
}

static void
set_bounds(CURL *curl, struct inbox *in)
{
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, in);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, in);
	if (in->stop == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, in);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

static struct curl_slist *
set_what(struct scope *sc, CURL *curl, const struct http_request *o)
{
	struct curl_slist *fields = NULL;
	for (size_t i = 0; i < o->n_fields; i++)
		fields = curl_slist_append(fields, scope_printf(sc, "%s: %s", o->fields[i].name, o->fields[i].value));
	if (o->type != NULL) {
		fields = curl_slist_append(fields, scope_printf(sc, "Content-Type: %s", o->type));
		fields = curl_slist_append(fields, "Expect:");
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	if (o->type == NULL) {
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
		return fields;
	}
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->n);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, o->n == 0 ? "" : o->body);
	return fields;
}

static enum code
how_it_ended(struct scope *sc, const struct http_client *c, CURL *curl, CURLcode rc, struct inbox *in,
	     struct http_answer *out)
{
	bool cut_off = in->too_long && c->status_only;
	if (in->too_long && !cut_off)
		return fail(sc, E_LIMIT, "%s: an answer of more than %zu bytes", c->base, in->max);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return fail(sc, E_DEADLINE, "%s: no whole answer in time", c->base);
	if (rc == CURLE_ABORTED_BY_CALLBACK && !in->beyond_reach)
		return fail(sc, E_CANCELLED, "%s: not waited for", c->base);
	if (rc != CURLE_OK && in->beyond_reach)
		return fail_as(sc, E_DENIED, "address-not-allowed", "%s leads to an address this house does not call",
			       c->base);
	if (rc != CURLE_OK && !cut_off)
		return fail(sc, E_UNAVAILABLE, "%s: %s", c->base, curl_easy_strerror(rc));
	long status = 0;
	char *type = NULL;
	struct curl_header *retry = NULL;
	(void)curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &retry);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	*out = (struct http_answer){.status = (int)status,
				    .type = scope_strdup(sc, type == NULL ? "" : type),
				    .retry_after = scope_strdup(sc, retry == NULL ? "" : retry->value),
				    .body = (const uint8_t *)in->body.s,
				    .n = in->body.len};
	return OK;
}

enum code
http_client_send(struct scope *sc, struct http_client *c, const struct http_request *o, struct http_answer *out)
{
	TRY(target_check(sc, o->target));
	TRY(wait_turn(sc, c));
	long left_ms;
	TRY(time_left_ms(sc, c, &left_ms));
	CURL *curl = handle_take(c);
	if (curl == NULL)
		return fail(sc, E_UNAVAILABLE, "no HTTP client can be made");
	struct inbox in = {.max = c->answer_max, .dropped = c->status_only, .reach = c->reach, .stop = c->stop};
	text_init(&in.body, sc);
	set_where(c, curl, scope_printf(sc, "%s%s", c->base, o->target), left_ms);
	set_bounds(curl, &in);
	struct curl_slist *fields = set_what(sc, curl, o);
	CURLcode rc = curl_easy_perform(curl);
	enum code ended = how_it_ended(sc, c, curl, rc, &in, out);
	curl_slist_free_all(fields);
	handle_give_back(c, curl);
	return ended;
}

enum code
http_client_get(struct scope *sc, struct http_client *c, const char *target, struct http_answer *out)
{
	const struct http_request o = {.target = target};
	return http_client_send(sc, c, &o, out);
}

enum code
http_client_post(struct scope *sc, struct http_client *c, const char *target, const char *type, const void *body,
		 size_t n, struct http_answer *out)
{
	const struct http_request o = {.target = target, .type = type, .body = body, .n = n};
	return http_client_send(sc, c, &o, out);
}

char *
url_encode(struct scope *sc, const char *s)
{
	struct text t;
	text_init(&t, sc);
	for (; *s != '\0'; s++) {
		bool letter = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
		if (letter || strchr("-._~", *s) != NULL)
			text_add_char(&t, *s);
		else
			text_printf(&t, "%%%02X", (unsigned char)*s);
	}
	return t.s;
}
