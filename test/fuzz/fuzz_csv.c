/* room: freight
 *
 * Any bytes as a file of shipments: read or refused, and every row that lands
 * keeps the promises of freight.h. */
#include "base/text.h"
#include "freight/freight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
must_be_text(const char *s, size_t min, size_t max)
{
	must(s != NULL && utf8_valid(s, strlen(s)) && utf8_length(s) >= min && utf8_length(s) <= max);
}

static void
check_shipment(const struct shipment_new *s)
{
	must_be_text(s->reference, 1, 64);
	must_be_text(s->recipient, 1, 120);
	must_be_text(s->address, 3, 300);
	must(place_valid(s->place) && (s->place.lat_e7 != 0 || s->place.lon_e7 != 0));
	must(s->earliest_ms < s->latest_ms && s->latest_ms - s->earliest_ms <= INT64_C(86400000));
	must(s->service_s >= 30 && s->service_s <= 3600);
	must(s->n_parcels >= 1 && s->n_parcels <= PARCELS_PER_SHIPMENT);
	for (size_t i = 0; i < s->n_parcels; i++)
		must(s->parcels[i].weight_g >= 0 && s->parcels[i].volume_ml >= 0 &&
		     (s->parcels[i].barcode == NULL || strlen(s->parcels[i].barcode) <= 64));
}

static void
read_one(const uint8_t *data, size_t size, bool find_places)
{
	struct scope sc;
	struct csv_import in;
	scope_init(&sc);
	enum code rc = shipments_read_csv(&sc, data, size, "Europe/Stockholm", "2026-11-22", find_places, &in);
	must(rc == OK || rc == E_INVALID || rc == E_LIMIT);
	if (rc == OK) {
		must(in.n <= in.rows && in.rows <= CSV_ROWS_MAX && in.n_faults <= CSV_FAULTS_MAX + 1);
		must(in.n + in.n_faults >= in.rows || in.n_faults >= CSV_FAULTS_MAX);
		for (size_t i = 0; i < in.n;) {
			must(find_places || !in.shipments[i].unplaced);
			if (in.shipments[i].unplaced)
				csv_not_placed(&sc, &in, i, "not-placed", "x", json_new_array(&sc));
			else
				check_shipment(&in.shipments[i++]);
		}
		for (size_t i = 0; i < in.n_faults; i++)
			must(in.faults[i].code != NULL && in.faults[i].text != NULL &&
			     utf8_valid(in.faults[i].text, strlen(in.faults[i].text)));
	}
	scope_release(&sc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_one(data, size, false);
	read_one(data, size, true);
	return 0;
}
