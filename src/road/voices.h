/* road/voices: what many drivers say about one thing, and a mean of it that no
 * single one of them can bend far or be read from.
 *
 * A voice is one driver's sum over one key (a street, a class at an hour, a
 * door): `says` over `weight` is what she says, `weight` how long she has been
 * saying it. The mean of a key
 *	- is somebody else's (the caller's `drawn_to`) below VOICES_MIN drivers,
 *	- hears nobody longer than the median driver or an eighth of all others
 *	  together, whichever is longer: no share is above one half, and with
 *	  many drivers of like weight none is above one ninth,
 *	- takes what is off the drivers' median by more than VOICES_BEND as
 *	  VOICES_BEND off,
 * so that one liar among n >= 3 moves it to twice the highest or two thirds of
 * the lowest that the others say, and no further, however often she says it.
 */
#ifndef ROAD_VOICES_H
#define ROAD_VOICES_H

#include "base/scope.h"

#define VOICES_MIN 3u
#define VOICES_BEND 3.0
#define VOICES_OTHERS 8.0

struct voice {
	uint64_t key, driver;
	double says, weight; /* sums; weight > 0 */
};

struct voices {
	struct voice *v; /* by key, then driver; each pair once */
	size_t n;
	double *scratch; /* n */
};

/* Takes `list` over; lives as long as the scope. */
void voices_init(struct voices *s, struct scope *sc, struct voice *list, size_t n);
/* The mean of `key`, as if drawn_to had been said for draw_weight as well. *heard
 * (may be NULL): enough drivers have spoken. */
double voices_mean(const struct voices *s, uint64_t key, double drawn_to, double draw_weight, bool *heard);
/* Drivers of a key. */
size_t voices_drivers(const struct voices *s, uint64_t key);

/* Of n > 0 numbers; sorts them. */
double median_of(double *v, size_t n);

#endif
