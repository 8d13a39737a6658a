#!/usr/bin/env python3
"""A small day of one depot through the public API, from shipments to statements.

usage: day.py WAYBILL [ROADS.road]   (without roads a tiny town is imported first)
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

import waybill

START = "2026-11-21T17:00:00Z"
TOWN = (57.700, 11.960)  # south-west corner


def town(binary, path):
    """A grid of residential streets, 12 by 12, 100 m apart, as an Overpass GeoJSON."""
    features = []
    for i in range(12):
        for line in ([[TOWN[1] + j * 0.0017, TOWN[0] + i * 0.0009] for j in range(12)],
                     [[TOWN[1] + i * 0.0017, TOWN[0] + j * 0.0009] for j in range(12)]):
            features.append({"type": "Feature", "id": f"way/{1000 + len(features)}",
                             "properties": {"highway": "residential", "name": f"Gata {len(features)}"},
                             "geometry": {"type": "LineString", "coordinates": line}})
    source = path + ".geojson"
    with open(source, "w") as f:
        json.dump({"type": "FeatureCollection", "features": features}, f)
    subprocess.run([binary, "road", "import", source, "-o", path], check=True, stdout=subprocess.DEVNULL)


def place(i):
    return {"lat": round(TOWN[0] + 0.0009 * (i * 7 % 11), 6), "lon": round(TOWN[1] + 0.0017 * (i * 5 % 11), 6)}


class Day:
    """Drives a server with a stepped clock; the steps are also what bench/serve stands on."""

    def __init__(self, s, drivers, parcels):
        self.s, self.n_drivers, self.n_parcels = s, drivers, parcels
        self.admin = s.admin()
        self.phones, self.awards = [], {}

    def advance(self, to):
        return self.admin.need("POST", "/sim/advance", {"to": to})

    def shipments(self):
        items = []
        for i in range(0, self.n_parcels, 100):
            batch = [{"reference": f"S-{k}", "recipient": {"name": f"Recipient {k}", "phone": "+46701112233"},
                      "address": f"Gata {k % 24} nr {k}", "place": place(k),
                      "earliest": "2026-11-22T07:00:00Z", "latest": "2026-11-22T18:00:00Z",
                      "proof": ("any", "code", "any")[k % 3],
                      "parcels": [{"weight_g": 1200, "volume_ml": 3000}]} for k in range(i, min(i + 100, self.n_parcels))]
            items += self.admin.need("POST", "/v1/shipments", {"station_id": self.s.init["station_id"],
                                                               "shipments": batch}, key=f"s{i}")["items"]
        moved = self.admin.need("POST", f"/v1/stations/{self.s.init['station_id']}/receive", {"date": "2026-11-22"})
        assert moved["received"] == self.n_parcels, moved
        return items

    def sign_up(self):
        for i in range(self.n_drivers):
            phone = self.s.phone()
            made = phone.sign_up(name=f"Driver Number{i}")
            assert made["state"] == "active", made
            self.phones.append(phone)

    def blocks(self):
        return [self.admin.need("POST", "/v1/blocks", {
            "programme": self.s.init["programme_id"], "station": self.s.init["station_id"],
            "pay_plan": self.s.init["pay_plan_id"], "starts": "2026-11-22T07:00:00Z", "ends": "2026-11-22T15:00:00Z",
            "units": self.n_drivers, "requests_close": "2026-11-21T20:00:00Z",
            "terms": {"pay": {"minor": 120000, "currency": "SEK"}, "stops": {"min": 1, "max": 200},
                      "distance_m": {"min": 1000, "max": 90000}}}, key="b1")]

    def draw(self, block):
        for phone in self.phones:
            offers = phone.need("GET", "/v1/driver/offers")["items"]
            assert any(o["id"] == block["id"] and o["you"]["eligible"] for o in offers), offers
            made = phone.need("POST", f"/v1/driver/blocks/{block['id']}/request", {"nonce": waybill.b64(os.urandom(32))},
                              key="r" + phone.driver_id)
            assert made["pseudonym"]
        assert self.admin.get(f"/v1/draws/{block['id']}").status == 404, "nothing is drawn before the close"
        self.advance("2026-11-21T20:01:00Z")
        proof = self.admin.need("GET", f"/v1/draws/{block['id']}")
        for phone in self.phones:
            mine = phone.need("GET", "/v1/driver/awards")["items"]
            assert len(mine) == 1, mine
            self.awards[phone] = mine[0]["id"]
        return proof

    def check_in(self, phone, award, at=None):
        c = phone.challenge(award_id=award)
        return phone.need("POST", "/v1/driver/check-ins", {
            "award_id": award, "place": at or self.depot, "method": "device", "challenge": c["challenge"],
            "signature": phone.sign(c["message"])})

    def open(self):
        self.advance("2026-11-22T06:50:00Z")
        assert self.admin.get("/v1/staff/me").status == 401, "a session ends with its day"
        self.admin = self.s.admin()
        self.depot = self.admin.need("GET", "/v1/stations")["items"][0]["place"]
        for phone in self.phones:
            phone.sign_in()  # yesterday's session is over
            far = self.check_in(phone, self.awards[phone], {"lat": 57.9, "lon": 12.5})
            assert far["outcome"] == "try_again" and far["hint"], far
            here = self.check_in(phone, self.awards[phone])
            assert here["outcome"] == "passed", here
            duty = phone.need("POST", "/v1/driver/duties", {"award_id": self.awards[phone]}, key="d")
            assert duty["state"] == "loading", duty


def walk(binary, roads):
    with tempfile.TemporaryDirectory(prefix="waybill-day-") as top:
        if roads is None:
            roads = os.path.join(top, "town.road")
            town(binary, roads)
        with waybill.server(binary, "--simulation", "--seed", "11", "--start", START, "--roads", roads,
                            "--place", f"{TOWN[0]},{TOWN[1]}", serve_flags=("--clock", "stepped")) as s:
            day = Day(s, 3, 24)
            day.sign_up()
            items = day.shipments()
            block = day.blocks()[0]
            proof = day.draw(block)
            replayed = subprocess.run([binary, "offer", "replay", "/dev/stdin"], input=json.dumps(proof).encode(),
                                      stdout=subprocess.PIPE)
            assert replayed.returncode == 0, replayed.stdout
            day.open()
            delivered = run_duties(day, {i["id"]: i for i in items})
            after(binary, day, delivered)


def desk_of(day):
    return day.admin.need("GET", "/v1/duties?date=2026-11-22")


def ended_by_a_person(binary):
    """A dispatcher ends a duty with words; a driver does not leave, nor lose her track, while hers is open."""
    with tempfile.TemporaryDirectory(prefix="waybill-day-") as top:
        roads = os.path.join(top, "town.road")
        town(binary, roads)
        with waybill.server(binary, "--simulation", "--seed", "12", "--start", START, "--roads", roads,
                            "--place", f"{TOWN[0]},{TOWN[1]}", serve_flags=("--clock", "stepped")) as s:
            day = Day(s, 2, 8)
            day.sign_up()
            day.shipments()
            day.draw(day.blocks()[0])
            day.advance("2026-11-22T06:40:00Z")
            desk = s.admin()
            planned = lambda: [i["state"] for i in desk.need("GET", "/v1/shipments?limit=200")["items"]].count("planned")
            duty = max(desk.need("GET", "/v1/duties?date=2026-11-22")["items"], key=lambda d: d["stops_total"])
            assert planned() == 8 and duty["stops_total"] > 0, duty
            why = {"reasoning": "Her licence could not be found at the gate this morning; until it is."}
            desk.need("POST", f"/v1/drivers/{duty['driver_id']}/suspend", why)
            assert planned() == 8 - duty["stops_total"], "parcels do not wait for who may not come"
            desk.need("POST", f"/v1/drivers/{duty['driver_id']}/reinstate", why)
            day.open()
            phone = max(day.phones, key=lambda p: len(p.need("GET", "/v1/driver/duty")["stops"]))
            other = next(p for p in day.phones if p is not phone)
            duty = phone.need("GET", "/v1/driver/duty")
            phone.need("POST", "/v1/driver/duty/scan", {"barcode": duty["stops"][0]["shipment"]["parcels"][0]["barcode"]})
            gone = duty["stops"][1]
            day.admin.need("POST", f"/v1/shipments/{gone['shipment_id']}/cancel", {"reason": "sender"})
            assert gone["id"] not in [stop["id"] for stop in phone.need("GET", "/v1/driver/duty")["stops"]]
            phone.need("POST", "/v1/driver/duty/depart", {"without_missing": True})
            now = phone.need("GET", "/sim/clock")["now"]
            track = {"positions": [{"at": now, "place": day.depot, "accuracy_m": 5}]}
            assert phone.need("POST", "/v1/driver/positions", track)["stored"] == 1
            seen = {d["id"]: d for d in desk_of(day)["items"]}
            assert seen[duty["id"]]["last_street"].startswith("Gata"), seen[duty["id"]]
            assert all("last_street" not in d and "last_place" not in d for i, d in seen.items() if i != duty["id"]), seen
            refused = phone.post("/v1/driver/leave", {"confirm": True})
            assert refused.status == 409 and refused.reason == "duty-open", refused
            assert len(phone.need("GET", "/v1/driver/data")["positions"]) == 1, "a refused leaving erases nothing"
            end = f"/v1/duties/{duty['id']}/end"
            words = {"reasoning": "Her van broke down in the tunnel; a colleague fetches the parcels."}
            assert phone.post(end, words).status == 403
            assert day.admin.post(end, {"reasoning": "short"}).status == 400
            assert day.admin.post("/v1/duties/dty_" + "0" * 26 + "/end", words).status == 404
            ended = day.admin.need("POST", end, words, key="end")
            assert day.admin.need("POST", end, words, key="end") == ended
            assert day.admin.post(end, words).reason == "duty-state"
            assert phone.need("GET", "/v1/driver/statements/" + ended["statement_id"])["duty_id"] == duty["id"]
            assert other.get("/v1/driver/statements/" + ended["statement_id"]).status == 404
            mine = phone.need("GET", "/v1/driver/decisions")["items"]
            assert any(d["kind"] == "duty.end_early" and d["by"]["reasoning"] == words["reasoning"] for d in mine), mine
            assert phone.post("/v1/driver/positions", track).status == 404
            states = [i["state"] for i in day.admin.need("GET", "/v1/shipments?limit=200")["items"]]
            assert "loaded" not in states, states
            other.need("POST", "/v1/driver/duty/depart", {"without_missing": True})
            other.need("POST", "/v1/driver/duty/close", key="close")
            report = day.admin.need("GET", "/v1/report?date=2026-11-22")
            assert report["problems"] == [] and report["parcels"]["open"] == 7, report


def the_question(admin):
    asked = admin.need("GET", "/v1/queue?state=open")["items"]
    assert [q["kind"] for q in asked] == ["suspension.review"] and asked[0]["due"], asked
    return asked


def suspended_until(binary):
    """The date of a suspension asks a person; she answers, in her words, and may give the next date; no machine does."""
    with waybill.server(binary, "--simulation", "--seed", "14", "--start", START, serve_flags=("--clock", "stepped")) as s:
        admin, phone = s.admin(), s.phone()
        phone.sign_up(name="Vera Test")
        path = f"/v1/drivers/{phone.driver_id}"
        words = {"reasoning": "Her licence has run out; the new one is there next week, she says."}
        for until in ("2026-11-20T00:00:00Z", "2028-01-01T00:00:00Z", "soon"):
            assert admin.post(path + "/suspend", {**words, "until": until}).status == 400
        suspended = admin.need("POST", path + "/suspend", {**words, "until": "2026-11-28T08:00:00Z"}, key="s")
        mine = next(d for d in phone.need("GET", "/v1/driver/decisions")["items"] if d["id"] == suspended["decision_id"])
        assert mine["inputs"]["until"] == "2026-11-28T08:00:00.000Z" and mine["by"]["reasoning"] == words["reasoning"], mine
        assert admin.post(path + "/reinstate", {**words, "until": "2026-11-28T08:00:00Z"}).status == 400
        admin.need("POST", "/sim/advance", {"to": "2026-11-28T07:59:00Z"})
        admin = s.admin()
        assert admin.need("GET", "/v1/queue?state=open")["items"] == []
        admin.need("POST", "/sim/advance", {"to": "2026-11-28T08:00:00Z"})
        asked = the_question(admin)
        phone.sign_in()
        state = lambda: phone.need("GET", "/v1/driver/me")["state"]
        assert state() == "suspended", "a date opens no door"
        assert admin.need("POST", f"/v1/queue/{asked[0]['id']}/open")["outcomes"] == ["reinstated", "kept"]
        kept = {"outcome": "kept", "reasoning": "The new licence is not there yet; I have called the agency."}
        path = f"/v1/queue/{asked[0]['id']}/decide"
        for wrong in ({"until": "2026-11-28T08:00:00Z"}, {"until": "2028-01-01T00:00:00Z"}, {"until": "soon"},
                      {"until": "2026-12-05T08:00:00Z", "outcome": "reinstated"}):
            assert admin.post(path, {**kept, **wrong}).status == 400, wrong
        decided = admin.need("POST", path, {**kept, "until": "2026-12-05T08:00:00Z"})
        mine = next(d for d in phone.need("GET", "/v1/driver/decisions")["items"] if d["id"] == decided["decision_id"])
        assert mine["inputs"]["until"] == "2026-12-05T08:00:00.000Z" and mine["reason"] == "suspension_kept", mine
        admin.need("POST", "/sim/advance", {"to": "2026-12-05T07:59:00Z"})
        admin = s.admin()
        assert admin.need("GET", "/v1/queue?state=open")["items"] == []
        admin.need("POST", "/sim/advance", {"to": "2026-12-05T08:00:00Z"})
        asked = the_question(admin)
        phone.sign_in()
        assert state() == "suspended"
        answer = {"outcome": "reinstated", "reasoning": "I have seen the new licence at the counter this morning."}
        admin.need("POST", f"/v1/queue/{asked[0]['id']}/open")
        decided = admin.need("POST", f"/v1/queue/{asked[0]['id']}/decide", answer)
        assert state() == "active"
        mine = phone.need("GET", "/v1/driver/decisions")["items"]
        assert any(d["id"] == decided["decision_id"] and d["kind"] == "driver.reinstate" for d in mine), mine


def run_duties(day, items):
    delivered = returned = 0
    for number, phone in enumerate(day.phones):
        duty = phone.need("GET", "/v1/driver/duty")
        for stop in duty["stops"]:
            for parcel in stop["shipment"]["parcels"]:
                left = phone.need("POST", "/v1/driver/duty/scan", {"barcode": parcel["barcode"]})["left"]
        assert not duty["stops"] or left == 0
        if not duty["stops"]:
            continue
        backwards = [stop["id"] for stop in duty["stops"]][::-1]
        duty = phone.need("POST", "/v1/driver/duty/reorder", {"stop_ids": backwards})
        assert [stop["id"] for stop in duty["stops"]] == backwards
        duty = phone.need("POST", "/v1/driver/duty/depart", {})
        assert duty["state"] == "driving", duty["state"]
        now = phone.need("GET", "/sim/clock")["now"]
        track = [{"at": now, "place": stop["place"], "accuracy_m": 5} for stop in duty["stops"][:1]]
        stored = phone.need("POST", "/v1/driver/positions", {"positions": track + [
            {"at": "2026-11-20T00:00:00Z", "place": day.depot, "accuracy_m": 5}]})
        assert stored["stored"] == 1 and stored["refused"][0]["reason"] == "outside-duty", stored
        failed = []
        for i, stop in enumerate(duty["stops"]):
            shipment = stop["shipment"]
            phone.need("POST", f"/v1/driver/stops/{stop['id']}/arrive", {"place": stop["place"]})
            if number == 0 and i == 0:
                failed.append(stop["id"])
                a = phone.need("POST", f"/v1/driver/stops/{stop['id']}/fail", {"reason": "nobody_home"})
                assert a["next"] == "second_attempt", a
                continue
            if shipment["proof"] == "code":
                code = items[shipment["id"]].get("code")
                wrong = phone.post(f"/v1/driver/stops/{stop['id']}/deliver",
                                   {"proof": {"code": "000000" if code != "000000" else "000001"}, "to": "recipient"})
                assert wrong.status == 403 and wrong.reason == "wrong-code", wrong
                if code is None:
                    token = items[shipment["id"]]["tracking"].split("/")[-1]
                    code = phone.need("GET", "/v1/track/" + token)["code"]
                proof = {"code": code}
            else:
                proof = {"none_reason": "left with the porter"}
            a = phone.need("POST", f"/v1/driver/stops/{stop['id']}/deliver", {"proof": proof, "to": "recipient"},
                           key="deliver-" + stop["id"])
            again = phone.need("POST", f"/v1/driver/stops/{stop['id']}/deliver", {"proof": proof, "to": "recipient"},
                               key="deliver-" + stop["id"])
            assert a == again
            delivered += 1
        for stop_id in failed:
            phone.need("POST", f"/v1/driver/stops/{stop_id}/arrive", {})
            a = phone.need("POST", f"/v1/driver/stops/{stop_id}/fail", {"reason": "nobody_home"})
            assert a["next"] == "return", a
            closing = phone.post("/v1/driver/duty/close")
            assert closing.status == 409, closing
            phone.need("POST", f"/v1/driver/stops/{stop_id}/return")
            returned += 1
    day.advance("2026-11-22T11:30:00Z")
    return delivered, returned


def after(binary, day, sums):
    statements = []
    for phone in day.phones:
        closed = phone.need("POST", "/v1/driver/duty/close", key="close")
        statement = phone.need("GET", "/v1/driver/statements/" + closed["statement_id"])
        explained = subprocess.run([binary, "pay", "explain", "/dev/stdin"], input=json.dumps(statement).encode(),
                                   stdout=subprocess.PIPE)
        assert explained.returncode == 0, explained.stdout
        statements.append(closed["statement_id"])
        other = day.phones[0] if phone is not day.phones[0] else day.phones[1]
        assert other.get("/v1/driver/statements/" + closed["statement_id"]).status == 404
    first = day.phones[0]
    decision = next(d for d in first.need("GET", "/v1/driver/decisions")["items"] if d["kind"].startswith("statement"))
    appeal = first.need("POST", f"/v1/driver/decisions/{decision['id']}/appeal", {"text": "I waited an hour at the depot."})
    item = next(q for q in day.admin.need("GET", "/v1/queue?state=open")["items"] if q["kind"] == "appeal")
    day.admin.need("POST", "/v1/staff", {"name": "rina", "role": "reviewer", "passphrase": "open-window-52"})
    reviewer = day.s.staff("rina", "open-window-52")
    verdict = {"outcome": "upheld", "reasoning": "The depot's own clock says the same: an hour was lost.",
               "facts": {"engaged_s": 20000, "wait_s": 3600, "stops": 8, "distance_m": 12000}}
    blind = reviewer.post(f"/v1/queue/{item['id']}/decide", verdict)
    assert blind.status == 409, f"nobody decides what she has not opened: {blind}"
    opened = reviewer.need("POST", f"/v1/queue/{item['id']}/open")
    less = dict(verdict, facts={"engaged_s": 60, "wait_s": 0, "stops": 0, "distance_m": 0})
    assert reviewer.post(f"/v1/queue/{item['id']}/decide", less).reason == "pays-less", "an appeal cannot cost her"
    assert opened["evidence"]
    done = reviewer.need("POST", f"/v1/queue/{item['id']}/decide", verdict)
    corrected = first.need("GET", "/v1/driver/statements/" + done["statement_id"])
    assert corrected["total"] > first.need("GET", "/v1/driver/statements/" + decision["subject"])["total"]
    assert corrected["id"] != decision["subject"]
    assert any(a["id"] == appeal["id"] and a["state"] == "upheld" for a in first.need("GET", "/v1/driver/appeals")["items"])
    assert len(first.need("GET", "/v1/driver/access-log")["items"]) > 0
    data = first.need("GET", "/v1/driver/data")
    assert data["driver_id"] == first.driver_id and "Driver Number0" in json.dumps(data)
    day.advance("2026-11-22T16:00:00Z")
    report = day.admin.need("GET", "/v1/report?date=2026-11-22")
    assert report["problems"] == [], report["problems"]
    assert "passed" in report["checks"] and not any("face" in k or "device" in k for k in report["checks"]), report["checks"]
    assert "with_face_path" not in report["drivers"], "counts by path are for auditors and representatives"
    delivered, returned = sums
    assert (report["parcels"]["delivered"], report["parcels"]["returned"]) == (delivered, returned), report["parcels"]
    learned(day)
    chain = subprocess.run([binary, "chain", "verify", f"http://127.0.0.1:{day.s.port}/chain"], stdout=subprocess.PIPE)
    assert chain.returncode == 0, chain.stdout
    leaver = day.phones[1]
    receipt = leaver.need("POST", "/v1/driver/leave", {"confirm": True})
    assert receipt["erased"] and leaver.get("/v1/driver/me").status == 401, "her token died with her data"
    names = json.dumps(day.admin.need("GET", "/v1/drivers"))
    assert "Driver Number1" not in names and "Driver Number0" in names
    print(json.dumps({"ok": True, "delivered": delivered, "returned": returned}))


def learned(day):
    """A lesson on demand: phones that reported one place each have taught nothing, and no version says otherwise."""
    assert day.phones[0].get("/v1/roads/lessons").status == 403, "lessons are for staff"
    assert day.admin.need("POST", "/v1/roads/lessons") == {"ok": True}
    day.advance("2026-11-22T16:01:00Z")
    assert day.admin.need("GET", "/v1/roads/lessons")["items"] == []
    assert "roads" not in day.admin.need("GET", "/v1/report?date=2026-11-22")


if __name__ == "__main__":
    ended_by_a_person(sys.argv[1])
    suspended_until(sys.argv[1])
    walk(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
