/* The pages: what GET finds where no endpoint is. */
#include "api/api_inner.h"
#include "base/text.h"
#include "web/web.h"

static bool
accepts_gzip(const char *field)
{
	const char *at = field == NULL ? NULL : strstr(field, "gzip");
	return at != NULL && strncmp(at, "gzip;q=0", 8) != 0;
}

/* Relative links of a page work only from behind its slash. */
static bool
needs_slash(const char *path, const struct web_file *f)
{
	return text_ends(f->path, "/index.html") && !text_ends(path, "/") && !text_ends(path, "/index.html");
}

static void
send_file(struct call *c, const struct web_file *f)
{
	bool packed = f->gzip != NULL && accepts_gzip(http_header(c->x, "Accept-Encoding"));
	reply_bytes(c, f->type, packed ? f->gzip : f->bytes, packed ? f->gzip_n : f->n);
	c->reply.borrowed = true;
	reply_field(c, "ETag", f->etag);
	reply_field(c, "Vary", "Accept-Encoding");
	reply_field(c, "Cache-Control", f->forever ? "public, max-age=31536000, immutable" : "no-cache");
	if (packed)
		reply_field(c, "Content-Encoding", "gzip");
}

bool
static_reply(struct call *c)
{
	const char *method = http_method(c->x);
	const char *path = http_path(c->x);
	if (!text_eq(method, "GET") && !text_eq(method, "HEAD"))
		return false;
	const struct web_file *f = web_find(path);
	if (f == NULL)
		return false;
	if (needs_slash(path, f)) {
		reply_bytes(c, NULL, "", 0);
		c->reply.status = 308;
		reply_field(c, "Location", scope_printf(c->sc, "%s/", path));
		return true;
	}
	send_file(c, f);
	if (text_eq(http_header(c->x, "If-None-Match"), f->etag)) {
		c->reply.status = 304;
		c->reply.bytes = "";
		c->reply.n = 0;
	}
	return true;
}
