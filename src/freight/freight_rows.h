/* freight/freight_rows: what the files of this room share with each other only. */
#ifndef FREIGHT_FREIGHT_ROWS_H
#define FREIGHT_FREIGHT_ROWS_H

#include "base/text.h"
#include "freight/freight.h"
#include "people/access.h"
#include "people/vault.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define FORGET_AFTER_MS (30 * DAY_MS)
#define SERVICE_S_DEFAULT 120
#define SERVICE_S_MIN 30
#define SERVICE_S_MAX 3600
#define WINDOW_MAX_MS DAY_MS
#define PARCEL_WEIGHT_MAX_G 2000000
#define PARCEL_VOLUME_MAX_ML 20000000

/* What the recipient is called, where she lives, what she told: sealed. */
struct recipient {
	const char *name, *phone, *email, *address, *notes, *code;
};
MUST_USE enum code recipient_seal(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *shipment_id, const struct recipient *in, struct val *out);
/* E_NOT_FOUND (reason "erased")  forgotten. */
MUST_USE enum code recipient_open(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *shipment_id, struct recipient *out);

/* 32 bytes by which a tracking token is found. */
void tracking_mac(struct scope *sc, struct keys *k, const char *operator_id, const char *shipment_id,
		  uint8_t mac[static 32]);

/* Where a reference or a barcode of a list stands for the second time. */
struct repeat {
	size_t i;
	const char *what; /* "reference" or "barcodes" */
	const char *word;
};
size_t repeats_find(struct scope *sc, const struct shipment_new *list, size_t n, struct repeat **out);

bool barcode_shaped(const char *s);
MUST_USE enum code history_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id,
			       enum shipment_state state, const char *by, const char *duty_id, const char *reason);

#define SHIPMENT_COLUMNS \
	"id, reference, station_id, day, state, proof, lat_e7, lon_e7, earliest_ms, latest_ms, service_s, weight_g," \
	" volume_ml, parcels, attempts, duty_id, seq, created_ms, ended_ms, placed_by, placed_kind, placed_permille " \
	"FROM shipment"
MUST_USE enum code shipment_read(struct scope *sc, struct rows *r, struct shipment *out);

#endif
