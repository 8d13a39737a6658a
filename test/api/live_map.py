#!/usr/bin/env python3
"""The stream of places behind the desk's map: who may follow it, what it says, and when it falls silent.

usage: live_map.py WAYBILL
"""
import http.client
import json
import os
import sys
import tempfile
import time

import day as days
import waybill


class Stream:
    """Server-sent events, read as they come."""

    def __init__(self, port, token, path):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.connection.request("GET", path, headers={"Authorization": "Bearer " + token})
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.status
        assert self.answer.headers["Content-Type"] == "text/event-stream"

    def next(self):
        """(kind, data) of the next event; None at the end."""
        kind = None
        while True:
            line = self.answer.readline().decode()
            if line == "":
                return None
            if line.startswith("event: "):
                kind = line[7:].strip()
            elif line.startswith("data: "):
                return kind, json.loads(line[6:])


def refused(s, day, path="/v1/places"):
    admin = day.admin
    machine = s.client(admin.need("POST", "/v1/staff", {"name": "shop", "role": "integrator"})["token"])
    people = []
    for role in ("reviewer", "auditor", "representative"):
        admin.need("POST", "/v1/staff", {"name": role + "-1", "role": role, "passphrase": "open-window-52"})
        people.append(s.staff(role + "-1", "open-window-52"))
    for who in (machine, day.phones[0], *people):
        assert who.get(path).status == 403
    assert s.client().get(path).status == 401


def report(phone, place):
    now = phone.need("GET", "/sim/clock")["now"]
    assert phone.need("POST", "/v1/driver/positions", {"positions": [{"at": now, "place": place, "accuracy_m": 5}]})["stored"] == 1


def move(day, minutes):
    now = day.admin.need("GET", "/sim/clock")["now"]
    day.advance(f"2026-11-22T07:{minutes:02d}:00Z")
    assert now < day.admin.need("GET", "/sim/clock")["now"]


def follow(binary):
    with tempfile.TemporaryDirectory(prefix="waybill-live-") as top:
        roads = os.path.join(top, "town.road")
        days.town(binary, roads)
        with waybill.server(binary, "--simulation", "--seed", "13", "--start", days.START, "--roads", roads,
                            "--place", f"{days.TOWN[0]},{days.TOWN[1]}", serve_flags=("--clock", "stepped")) as s:
            day = days.Day(s, 2, 6)
            day.sign_up()
            day.shipments()
            day.draw(day.blocks()[0])
            day.open()
            refused(s, day)
            day.admin.need("POST", "/v1/staff", {"name": "desk", "role": "dispatcher", "passphrase": "open-window-52"})
            desk = s.staff("desk", "open-window-52")
            first, second = day.phones
            mine = first.need("GET", "/v1/driver/duty")["id"]
            report(first, days.place(1))
            stream = Stream(s.port, desk.token, "/v1/places")
            kind, data = stream.next()
            assert kind == "place" and data["duty_id"] == mine and data["last_place"] == days.place(1), data
            assert set(data) == {"duty_id", "last_place", "last_at", "last_street"}, data
            move(day, 1)
            began = time.monotonic()
            report(first, days.place(2))
            assert stream.next()[1]["last_place"] == days.place(2)
            took = time.monotonic() - began
            print(f"told {took * 1000:.0f} ms after the report")
            assert took < 2
            late = Stream(s.port, desk.token, "/v1/places")
            assert late.next()[1]["last_place"] == days.place(2), "who comes later is told what is so now"
            move(day, 2)
            report(second, days.place(3))
            theirs = second.need("GET", "/v1/driver/duty")["id"]
            for watching in (stream, late):
                assert watching.next()[1]["duty_id"] == theirs
            listed = {d["id"]: d for d in desk.need("GET", "/v1/duties?date=2026-11-22")["items"]}
            assert listed[mine]["last_place"] == days.place(2) and listed[theirs]["last_place"] == days.place(3)
            looks = json.dumps(first.need("GET", "/v1/driver/access-log")["items"])
            assert '"duty"' not in looks, "the map names nobody; opening a round does"
            desk.need("GET", f"/v1/duties/{mine}")
            assert '"duty"' in json.dumps(first.need("GET", "/v1/driver/access-log")["items"])
            end = {"reasoning": "Her van broke down in the tunnel; a colleague fetches the parcels."}
            day.admin.need("POST", f"/v1/duties/{mine}/end", end)
            assert stream.next() == ("gone", {"duty_id": mine})
            assert first.post("/v1/driver/positions", {"positions": [
                {"at": "2026-11-22T07:02:30Z", "place": days.place(4), "accuracy_m": 5}]}).status == 404
            third = Stream(s.port, desk.token, "/v1/places")
            assert third.next()[1]["duty_id"] == theirs, "a closed round has no place for whoever comes now"
            desk.need("POST", "/v1/staff/logout")
            move(day, 3)
            report(second, days.place(5))
            assert third.next() is None, "a stream ends with its session"


if __name__ == "__main__":
    follow(sys.argv[1])
