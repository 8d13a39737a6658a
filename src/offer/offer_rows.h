/* offer_rows: what the room's files share: rows in, rows out. Not for others. */
#ifndef OFFER_OFFER_ROWS_H
#define OFFER_OFFER_ROWS_H

#include "offer/offer.h"
#include "offer/offer_draw.h"

/* Terms → need->vehicles and rest_ms. E_INVALID  names the member. */
MUST_USE enum code terms_parse(struct scope *sc, const json_t *terms, struct offer_need *need);
/* The record that the leaf "offer.block" commits to. */
json_t *block_record(struct scope *sc, const struct block *b);
MUST_USE enum code block_leaf(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
			      struct leaf *out);
/* As offer_block_json, of a block that was read. */
MUST_USE enum code block_json(struct scope *sc, struct tx *tx, const struct block *b, json_t **out);
MUST_USE enum code block_set_state(struct scope *sc, struct tx *tx, const struct block *b, enum block_state to);
/* [b.block_state open blocks whose requests close after now], by start. */
MUST_USE enum code blocks_taking_requests(struct scope *sc, struct tx *tx, const char *operator_id, size_t max,
					  struct block **out, size_t *n);

/* The facts of the rule about one driver: her state and vehicle from people, her hours from here. */
MUST_USE enum code candidate_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				struct offer_candidate *out);
/* A sentence for her. */
const char *reason_sentence(enum offer_reason r);

/* One more round after a unit came back; nothing where nobody waits, all units
 * are held, or the block has begun. */
MUST_USE enum code offer_redraw(struct scope *sc, struct tx *tx, const struct block *b, const char *cause,
				const char *from_pseudonym);

struct award_new {
	const char *driver_id;
	const char *pseudonym; /* NULL: direct */
	const char *how;
	const char *decision_id;
};
MUST_USE enum code award_insert(struct scope *sc, struct tx *tx, const struct block *b, const struct award_new *a,
				struct id *out);
/* Units of a block that are held or were worked. */
MUST_USE enum code units_held(struct scope *sc, struct tx *tx, const struct block *b, int64_t *out);

#endif
