/* guide: how long it takes and which way, as an OSRM or Valhalla server says that
 * the operator runs already: a road/service like our own engine.
 *
 *	guide_open(…, {GUIDE_OSRM, "http://roads.example:5000"}) ─▶ guide_service() ─▶ times(), drive()
 *
 * A table larger than the server allows is asked in parts; how large a part may be
 * is learned once. A server that is away is asked three times, then left alone for
 * half a minute: whoever asks meanwhile hears "roads-away" at once and can do
 * something else. Nothing it says is believed unseen: a table must have the shape
 * that was asked for, every number must be one that a drive can have, and the
 * streets it starts and ends on must lie near the places.
 *
 * Only the address of the configuration is spoken to; redirections are not
 * followed, nothing is sent but places, profile and hour. But places of doors are
 * somebody's: they leave the house here, and go to whoever runs that server.
 *
 * Any thread may ask at any time. */
#ifndef GUIDE_GUIDE_H
#define GUIDE_GUIDE_H

#include "road/service.h"

struct guide;

enum guide_kind { GUIDE_OWN, GUIDE_OSRM, GUIDE_VALHALLA };
extern const char *const guide_words[]; /* "own", "osrm", "valhalla", NULL */

struct guide_options {
	enum guide_kind kind;	/* not GUIDE_OWN */
	const char *url;	/* of the server, without the service's own path */
	const char *profile;	/* NULL: "driving" (OSRM), "auto" (Valhalla) */
	const char *ca_file;	/* NULL: the machine's authorities */
	int timeout_ms;		/* of a request; 0: 30 s */
	int rest_ms;		/* after it was away; 0: 30 s */
	int times_ms, drive_ms; /* of all requests of one call; 0: five minutes, 20 s */
};

/* The heap's until closed. E_INVALID  the url or the profile is none (named as settings); nothing is asked yet. */
MUST_USE enum code guide_open(struct scope *sc, const struct guide_options *opt, struct guide **out);
void guide_close(struct guide *g); /* NULL is fine */

/* Lives as long as the guide. */
const struct road_service *guide_service(const struct guide *g);

#endif
