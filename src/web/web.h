/* web: the pages, inside the binary.
 *
 * web/dist (npm run build) is embedded file by file, and gzip'ed where that
 * makes it smaller. Without web/dist a small page says how to build them.
 * Addresses are the files' paths; a directory's page is its index.html. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/scope.h"

struct web_file {
	const char *path; /* "/assets/driver-3f2a.js" */
	const char *type; /* Content-Type */
	const char *etag; /* of the content, with its quotes */
	const uint8_t *bytes;
	size_t n;
	const uint8_t *gzip; /* NULL: not smaller */
	size_t gzip_n;
	bool forever; /* its name holds its hash: a browser may keep it */
};
/* NULL: no such page. "/driver" and "/driver/" find "/driver/index.html". */
const struct web_file *web_find(const char *path);
/* All of them, by path. */
const struct web_file *web_files(size_t *n);

#endif
