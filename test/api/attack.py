#!/usr/bin/env python3
"""Bad input against the real server: each time a precise problem document,
nothing stored, nothing leaked, nobody else slowed.

usage: attack.py WAYBILL
"""
import base64
import json
import os
import random
import socket
import struct
import sys
import threading
import time
import zlib

import waybill

checks = 0


def must(condition, what):
    global checks
    checks += 1
    if not condition:
        raise AssertionError(what)


def problem(answer, status, reason=None):
    """The answer is that problem, and a well-formed one."""
    must(answer.status == status, f"wanted {status} {reason}, got {answer!r}")
    must(answer.headers["Content-Type"] == "application/problem+json", f"no problem document: {answer!r}")
    p = answer.json
    must(set(p) >= {"type", "title", "status", "detail", "reason"}, f"members are missing: {p}")
    must(p["status"] == status and p["type"] == "/problems/" + p["reason"], f"it contradicts itself: {p}")
    if reason is not None:
        must(p["reason"] == reason, f"wanted reason {reason}: {p}")
    for leak in ("/src/", ".c:", "sqlite", "SELECT", "INSERT", "assert"):
        must(leak not in answer.body.decode(), f"it tells of its inside: {p}")
    return p


def shipment(reference, **more):
    s = {"reference": reference, "recipient": {"name": "Ada R", "phone": "+46700000000"}, "address": "Gatan 1",
         "place": {"lat": 57.7, "lon": 11.97}, "window": {"from": "2026-11-23T07:00:00Z", "to": "2026-11-23T19:00:00Z"},
         "parcels": [{"weight_g": 1000, "volume_ml": 2000}]}
    s.update(more)
    return s


def png(width, height):
    """A PNG of that size, honest about it, a few hundred bytes for any size."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    rows = zlib.compressobj(9)
    line = b"\0" * (width + 1)
    data = b"".join(rows.compress(line) for _ in range(min(height, 10000))) + rows.flush()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", data) + chunk(b"IEND", b""))


def counts(admin):
    """What is stored, as far as anybody can see it."""
    return (len(admin.need("GET", "/v1/drivers?limit=200")["items"]),
            len(admin.need("GET", "/v1/shipments?limit=200")["items"]),
            len(admin.need("GET", "/v1/stations")["items"]),
            len(admin.need("GET", "/v1/staff")["items"]))


# --- the attacks ---

def broken_json(s, admin, phone):
    bad = [b"", b"{", b"nonsense", b"[]", b"null", b"{\"a\":1}garbage", b"{\"a\":1,\"a\":2}", b"\xff\xfe{}",
           b"{\"name\":\"\\ud800\"}", b"[" * 100000, b"{\"a\":" * 5000 + b"1" + b"}" * 5000,
           b"{\"n\":1e999}", b"{\"n\":99999999999999999999}", b"{\"name\":\"\\u0000\"}"]
    for raw in bad:
        problem(admin.call("POST", "/v1/stations", raw=raw), 413 if len(raw) > 65536 else 400)
    problem(admin.call("POST", "/v1/stations", raw=b"{}", headers={"Content-Type": "text/plain"}), 415, "bad-media-type")
    problem(admin.post("/v1/stations", {"name": "x", "address": "y", "place": {"lat": 1, "lon": 2}, "colour": "red"}),
            400, "bad-field")
    problem(admin.post("/v1/stations", {"name": "x", "address": "y", "place": {"lat": 91, "lon": 2}}), 400, "bad-field")
    problem(admin.post("/v1/stations", {"name": 5, "address": "y", "place": {"lat": 1, "lon": 2}}), 400, "bad-field")


def ten_megabytes(s, admin, phone):
    huge = b'{"shipments":[' + b'"' + b"x" * 10_000_000 + b'"]}'
    problem(admin.call("POST", "/v1/shipments", raw=huge), 413, "body-too-large")
    problem(phone.call("POST", "/v1/driver/check-ins", raw=b'{"pictures":["' + b"A" * 13_000_000 + b'"]}'), 413)
    problem(s.client().call("POST", "/v1/staff/login", raw=b" " * 10_000_000), 413)
    problem(s.client().call("GET", "/healthz", raw=b"{}x"), 413)


def pictures(s, admin, phone):
    """The face path is off in this programme, and no picture is looked at before that is known."""
    award = "awd_" + "0" * 26
    consent = {"text_version": "face-consent/2", "accepted": True}
    for raw in (b"this is text", png(64, 64)[:40], png(10000, 10000), b"\xff\xd8\xff\xe0" + b"\0" * 50):
        a = phone.post("/v1/driver/enrolment", {"consent": consent, "pictures": [base64.b64encode(raw).decode()]})
        problem(a, 403, "face-off")
        a = phone.post("/v1/driver/check-ins", {"award_id": award, "place": {"lat": 57.7, "lon": 11.9},
                                                "method": "face", "pictures": [base64.b64encode(raw).decode()]})
        problem(a, 404, "not-found")


def unknown_ids(s, admin, phone):
    nobody = "0" * 26
    for path in (f"/v1/shipments/shp_{nobody}", f"/v1/blocks/blk_{nobody}", f"/v1/drivers/drv_{nobody}?why=test",
                 f"/v1/duties/dty_{nobody}", "/v1/shipments/'%20OR%201=1", "/v1/blocks/%F0%9F%92%A9", "/v1/nothing",
                 "/v1/shipments/" + "a" * 3000):
        problem(admin.get(path), 404, "not-found")
    for path in (f"/v1/driver/decisions/dec_{nobody}", f"/v1/driver/statements/stm_{nobody}", "/v1/driver/duty"):
        problem(phone.get(path), 404)
    problem(phone.post(f"/v1/driver/blocks/blk_{nobody}/request", {"nonce": waybill.b64(b"n" * 32)}), 404)
    problem(phone.post(f"/v1/driver/stops/stp_{nobody}/fail", {"reason": "other"}), 404)
    problem(s.client().get("/v1/track/" + nobody + ".AAAAAAAAAAAAAAAAAAAAAA"), 404)
    problem(s.client().get(f"/v1/draws/blk_{nobody}"), 404)
    problem(admin.call("PATCH", "/v1/stations"), 405, "method")
    problem(admin.get("/v1/shipments?limit=0"), 400, "bad-field")
    problem(admin.get("/v1/shipments?after=x"), 400, "bad-field")
    problem(admin.get("/v1/blocks?date=2026-13-45"), 400)


def wrong_callers(s, admin, phone):
    for token in (None, "", "x", "Bearer", "0" * 26 + "." + "A" * 43, admin.token[:-9] + "AAAAAAAAA", admin.token + "A", "é" * 9):
        c = s.client(token)
        try:
            problem(c.get("/v1/staff/me"), 401)
            problem(c.post("/v1/driver/duty/depart", {}), 401)
        except UnicodeEncodeError:
            pass
    problem(phone.get("/v1/staff/me"), 403, "role")
    problem(phone.post("/v1/stations", {"name": "x", "address": "y", "place": {"lat": 1, "lon": 2}}), 403, "role")
    problem(admin.get("/v1/driver/me"), 403, "role")
    made = admin.need("POST", "/v1/staff", {"name": "rita", "role": "dispatcher", "passphrase": "quiet-harbour-88"})
    rita = s.staff("rita", "quiet-harbour-88")
    problem(rita.post("/v1/staff", {"name": "eve", "role": "admin", "passphrase": "quiet-harbour-89"}), 403, "role")
    problem(rita.get("/v1/queue"), 403, "role")
    key = admin.need("POST", "/v1/staff", {"name": "shop", "role": "integrator"})["token"]
    shop = s.client(key)
    must(shop.get("/v1/shipments").status == 200, "an integrator reads shipments")
    for path in ("/v1/drivers", "/v1/blocks", "/v1/staff/me", "/v1/events", "/v1/report?date=2026-11-22"):
        problem(shop.get(path), 403, "role")
    wrong = s.client().post("/v1/staff/login", {"name": "rita", "passphrase": "not this one at all"})
    unknown = s.client().post("/v1/staff/login", {"name": "nobody", "passphrase": "not this one at all"})
    problem(wrong, 401, "wrong-passphrase")
    must(wrong.body == unknown.body, "a wrong word and an unknown name read alike")
    problem(rita.post("/v1/staff/passphrase", {"old": "not this one", "new": "loud-harbour-99"}), 403, "wrong-passphrase")
    problem(rita.post("/v1/staff/passphrase", {"old": "quiet-harbour-88", "new": "short"}), 400, "bad-field")
    rita.need("POST", "/v1/staff/passphrase", {"old": "quiet-harbour-88", "new": "loud-harbour-99"})
    problem(rita.get("/v1/staff/me"), 401)
    problem(s.client().post("/v1/staff/login", {"name": "rita", "passphrase": "quiet-harbour-88"}), 401)
    rita = s.staff("rita", "loud-harbour-99")
    problem(rita.post(f"/v1/staff/{made['id']}/disable"), 403, "role")
    problem(admin.post("/v1/staff/stf_" + "0" * 26 + "/disable"), 404)
    problem(admin.post(f"/v1/staff/{s.init['staff_id']}/disable"), 409, "last-admin")
    rita.need("POST", "/v1/staff/logout", {})
    problem(rita.get("/v1/staff/me"), 401)
    rita = s.staff("rita", "loud-harbour-99")
    admin.need("POST", f"/v1/staff/{made['id']}/disable")
    problem(rita.get("/v1/staff/me"), 401)
    problem(s.client().post("/v1/staff/login", {"name": "rita", "passphrase": "loud-harbour-99"}), 401)


def gone_meanwhile(s, admin, phone):
    """Who signs out while her call is being worked on changes nothing any more."""
    for i in range(3):
        leaver = s.admin()
        answers = []
        crowd = [threading.Thread(target=lambda name=f"crowd{i}{k}": s.client().post(
            "/v1/staff/login", {"name": name, "passphrase": "not this one at all"})) for k in range(10)]
        for one in crowd:
            one.start()
        time.sleep(0.02)  # the pool is busy with their passphrases: the next call waits behind its snapshot
        slow = threading.Thread(target=lambda: answers.append(leaver.post(
            "/v1/staff", {"name": f"ghost{i}", "role": "admin", "passphrase": "quiet-harbour-88"})))
        slow.start()
        time.sleep(0.02)
        s.client(leaver.token).need("POST", "/v1/staff/logout", {})
        for one in crowd + [slow]:
            one.join()
        problem(answers[0], 401)
    must("ghost" not in json.dumps(admin.need("GET", "/v1/staff")), "a ghost was hired")


def second_driver(s, admin, phone):
    """Another driver's token opens nothing of hers."""
    other = s.phone()
    other.sign_up(name="Berit Other")
    mine = phone.need("GET", "/v1/driver/decisions")["items"]
    must(len(mine) > 0, "signing up leaves a decision")
    must(phone.get("/v1/driver/decisions/" + mine[0]["id"]).status == 200, "it is hers to read")
    problem(other.get("/v1/driver/decisions/" + mine[0]["id"]), 404, "not-found")
    problem(other.post("/v1/driver/decisions/" + mine[0]["id"] + "/appeal", {"text": "not mine"}), 404)
    problem(other.call("DELETE", "/v1/driver/devices/" + phone.device_id), 404)
    c = phone.challenge(phone.device_id)
    stolen = {"device_id": phone.device_id, "challenge": c["challenge"], "signature": other.sign(c["message"])}
    problem(other.post("/v1/driver/session", stolen), 401)
    good = {"device_id": phone.device_id, "challenge": c["challenge"], "signature": phone.sign(c["message"])}
    must(phone.post("/v1/driver/session", good).status == 200, "her own signature opens")
    problem(phone.post("/v1/driver/session", good), 401)  # a challenge opens once
    young = s.phone()
    problem(young.post("/v1/drivers", young.sign_up_body(birth_date="2015-01-01")), 400, "under-age")
    copied = other.sign_up_body(name="Cloned Key")
    copied["device"]["public_key"] = waybill.b64(phone.public.raw)
    problem(other.post("/v1/drivers", copied), 401)


def replays(s, admin, phone):
    body = {"station_id": s.init["station_id"], "shipments": [shipment("R-1"), shipment("R-2")]}
    first = admin.post("/v1/shipments", body, key="key-1")
    must(first.status == 201, repr(first))
    for _ in range(3):
        again = admin.post("/v1/shipments", body, key="key-1")
        must(again.status == 201 and again.body == first.body, f"a replay is answered alike: {again!r}")
        must(again.headers["Idempotency-Replayed"] == "true", "and says so")
    body["shipments"][0]["reference"] = "R-3"
    problem(admin.post("/v1/shipments", body, key="key-1"), 422, "once-mismatch")
    problem(admin.post("/v1/shipments", body, key="a b"), 400, "bad-field")
    problem(admin.post("/v1/shipments", body, key="k" * 200), 400, "bad-field")
    body["shipments"] = [shipment("R-1")]
    problem(admin.post("/v1/shipments", body, key="key-2"), 409)
    # An answer that got lost on its way is not a driver lost.
    lost = s.phone()
    sign_up = lost.sign_up_body(name="Lost Answer")
    first = lost.post("/v1/drivers", sign_up, key="sign-up-1")
    again = lost.post("/v1/drivers", sign_up, key="sign-up-1")
    must(first.status == 201 and again.body == first.body, f"signing up again under the same key: {again!r}")
    problem(lost.post("/v1/drivers", sign_up, key="sign-up-2"), 401)
    # Kept answers lie sealed.
    for name, stored in s.tables():
        must(b"+46700000000" not in stored and b"Lost Answer" not in stored, f"{name} tells of a person")
        must(b"key-1" not in stored and first.json["token"].encode() not in stored, f"{name} tells a secret")
    # Sent at once by many: one does the work.
    body["shipments"] = [shipment("R-9")]
    answers = []
    def send():
        answers.append(s.client(admin.token).post("/v1/shipments", body, key="key-race"))
    threads = [threading.Thread(target=send) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    must(all(a.status == 201 for a in answers), f"all are told the same: {answers}")
    must(len({a.body for a in answers}) == 1, "in the same words")
    must(len(admin.need("GET", "/v1/shipments?limit=200")["items"]) == 3, "three shipments in all")


def files(s, admin, phone):
    where = f"/v1/shipments/import?station_id={s.init['station_id']}&due_date=2026-11-23"
    csv = ("reference,recipient,address,lat,lon,earliest,latest,parcels\n"
           "C-1,Ada,Gatan 1,57.70,11.97,09:00,12:00,1\nC-2,Bo,Gatan 2,57.71,north,09:00,12:00,1\n").encode()
    head = {"Content-Type": "text/csv"}
    a = admin.call("POST", where, raw=csv, headers=head)
    must(a.status == 400 and a.json["imported"] == 0, f"one bad line stops the file: {a!r}")
    must(any(r["line"] == 3 for r in a.json["rejected"]), f"and is named: {a!r}")
    for raw in (b"", b"\0\1\2\3", b"reference\n", b'"' * 1001, b"\xff" * 5000, b"a,b\n" * 100000):
        a = admin.call("POST", where, raw=raw, headers=head)
        must(400 <= a.status < 500, f"a broken file: {a!r}")
    problem(admin.call("POST", where, raw=csv), 415, "bad-media-type")
    problem(admin.call("POST", "/v1/shipments/import", raw=csv, headers=head), 400, "bad-field")


def other_tenant(s, admin, phone, second):
    """Two houses on one machine: neither's tokens nor ids mean anything to the other."""
    theirs = second.admin()
    problem(s.client(theirs.token).get("/v1/staff/me"), 401)
    station = theirs.need("GET", "/v1/stations")["items"][0]["id"]
    problem(admin.post("/v1/shipments", {"station_id": station, "shipments": [shipment("T-1")]}), 404, "not-found")
    unknown = admin.get("/v1/shipments/shp_" + "0" * 26)
    problem(unknown, 404, "not-found")


def raw_wire(s, admin, phone):
    def send(data, wait=True):
        c = socket.create_connection(("127.0.0.1", s.port), timeout=20)
        c.sendall(data)
        out = b""
        while wait:
            piece = c.recv(65536)
            if not piece:
                break
            out += piece
        c.close()
        return out
    end = b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    for target in (b"/%", b"/v1/%zz", b"/v1/shipments/%00", b"/..%2f..%2fetc/passwd", b"/%c0%ae%c0%ae/", b"/v1/stations?a=1&a=2"):
        out = send(b"GET " + target + end)
        must(b" 400 " in out.split(b"\r\n")[0] and b"bad-encoding" in out, f"{target}: {out[:200]}")
    for path in (b"/../../etc/passwd", b"/assets/../../../etc/passwd", b"//etc/passwd", b"/.git/config"):
        must(b" 404 " in send(b"GET " + path + end).split(b"\r\n")[0], f"{path} is not served")
    rng = random.Random(7)
    for _ in range(50):
        send(bytes(rng.randrange(256) for _ in range(200)) + b"\r\n\r\n", wait=False)
    out = send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(5000)) + b"\r\n")
    must(b"200 OK" not in out, "a flood of headers is refused")


def nobody_is_slowed(s, admin, phone):
    """While others send slowly, hugely and wrongly, a good client is served."""
    stop = threading.Event()
    slow = [socket.create_connection(("127.0.0.1", s.port)) for _ in range(40)]
    for c in slow:
        c.sendall(b"POST /v1/staff/login HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{")
    def rude():
        while not stop.is_set():
            s.client().call("POST", "/v1/drivers", raw=b"{" * 60000)
    threads = [threading.Thread(target=rude) for _ in range(3)]
    [t.start() for t in threads]
    times = []
    for _ in range(100):
        t = time.monotonic()
        must(admin.get("/v1/stations").status == 200, "a good client is served")
        times.append(time.monotonic() - t)
    stop.set()
    [t.join() for t in threads]
    [c.close() for c in slow]
    times.sort()
    must(times[94] < 1.0, f"p95 {times[94]:.3f} s under attack")


def main():
    binary = sys.argv[1]
    with waybill.server(binary, serve_flags=("--limits", "off")) as s, waybill.server(binary, "--slug", "second") as second:
        admin, phone = s.admin(), s.phone()
        phone.sign_up()
        before = counts(admin)
        for attack in (broken_json, ten_megabytes, pictures, unknown_ids, raw_wire, nobody_is_slowed):
            attack(s, admin, phone)
            must(counts(admin) == before, f"{attack.__name__} stored something")
        files(s, admin, phone)
        other_tenant(s, admin, phone, second)
        must(counts(admin) == before, "nothing was stored")
        second_driver(s, admin, phone)
        replays(s, admin, phone)
        gone_meanwhile(s, admin, phone)
        wrong_callers(s, admin, phone)
        limits(second)
    print(json.dumps({"ok": True, "checks": checks}))


def limits(second):
    """With limits on, guessing ends in 429 with Retry-After."""
    c = second.client()
    for _ in range(40):
        a = c.post("/v1/staff/login", {"name": "admin", "passphrase": "wrong wrong wrong"})
        if a.status == 429:
            problem(a, 429)
            return
    raise AssertionError("guessing was never slowed")


main()
