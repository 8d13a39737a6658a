#!/usr/bin/env python3
"""Webhooks through the public API and over the wire, to receivers that this test plays and that check every signature.

usage: webhooks.py WAYBILL
"""
import base64
import http.server
import json
import os
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import day as days
import waybill

SHIPMENT_KINDS = ["shipments.added", "shipments.received", "shipment.at_station", "shipment.planned", "shipment.loaded",
                  "shipment.delivered", "shipment.failed", "shipment.returned", "shipment.cancelled",
                  "shipment.rescheduled"]
OWN_KINDS = ["duty.opened", "duty.closed", "block.published", "block.awarded", "block.cancelled"]


def documented(language):
    """The code that docs/webhooks.md gives an integrator."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/webhooks.md")) as f:
        return f.read().split(f"```{language}\n")[1].split("```")[0]


by_the_book = {}
exec(documented("python"), by_the_book)


def verify(secret, headers, body, late_s=0):
    return by_the_book["verify"](secret, headers, body, int(headers["webhook-timestamp"]) + late_s)


def verify_in_node(secret, headers, body, late_s=0):
    """The same by the page's other language; None where there is no Node."""
    node = shutil.which("node")
    if node is None:
        return None
    with tempfile.TemporaryDirectory() as top:
        with open(top + "/verify.mjs", "w") as f:
            f.write(documented("js") + """
const [secret, headers, body, now] = JSON.parse(process.argv[2]);
console.log(verify(secret, headers, Buffer.from(body), now));
""")
        now = int(headers["webhook-timestamp"]) + late_s
        said = subprocess.run([node, top + "/verify.mjs", json.dumps([secret, headers, body.decode(), now])],
                              stdout=subprocess.PIPE, check=True).stdout
    return said == b"true\n"


class Receiver:
    """Listens on a port of its own; keeps what it was sent; answers what it was told to (a status, or one with its
    Retry-After), then 204."""

    def __init__(self, context=None):
        self.got, self.answers, self.news, self.hold = [], [], queue.Queue(), None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict((k.lower(), v) for k, v in self.headers.items()), body))
                outer.news.put(self.path)
                if outer.hold is not None:
                    outer.hold.wait(60)
                answer = outer.answers.pop(0) if outer.answers else 204
                status, when = answer if isinstance(answer, tuple) else (answer, None)
                self.send_response(status)
                if when is not None:
                    self.send_header("Retry-After", when)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def types(self):
        return [json.loads(body)["type"] for _, body in self.got]

    def wait(self, n):
        """Until n messages have come."""
        end = time.monotonic() + 60
        while len(self.got) < n:
            assert time.monotonic() < end, f"{len(self.got)} of {n} messages came"
            try:
                self.news.get(timeout=1)
            except queue.Empty:
                pass

    def check(self, secret):
        for headers, body in self.got:
            assert verify(secret, headers, body), (headers, body)
            assert not verify("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
            assert not verify(secret, headers, body + b" ") and not verify(secret, headers, body, 301)
            assert headers["content-type"] == "application/json" and headers["user-agent"].startswith("waybill/")


def shipments(client, station, names, key):
    return client.need("POST", "/v1/shipments", {"station_id": station, "shipments": [
        {"reference": name, "recipient": {"name": "Tove Sandberg"}, "address": "Gata 3 nr 1", "place": days.place(1),
         "parcels": [{"weight_g": 1000, "volume_ml": 1000}]} for name in names]}, key=key)["items"]


def integrator(s, admin, name):
    made = admin.need("POST", "/v1/staff", {"name": name, "role": "integrator"})
    return s.client(made["token"]), made["id"]


def deliveries(client, hook):
    return client.need("GET", f"/v1/webhooks/{hook}/deliveries?limit=200")["items"]


def ask(port, **more):
    return {"label": "warehouse", "url": f"http://127.0.0.1:{port}/in?token=sesame", "kinds": SHIPMENT_KINDS, **more}


# --- a day on a stepped clock ---

def whole_day(binary):
    with tempfile.TemporaryDirectory(prefix="waybill-hooks-") as top:
        roads = os.path.join(top, "town.road")
        days.town(binary, roads)
        with waybill.server(binary, "--simulation", "--seed", "11", "--start", days.START, "--roads", roads,
                            "--place", f"{days.TOWN[0]},{days.TOWN[1]}",
                            serve_flags=("--clock", "stepped", "--webhooks", "loopback")) as s:
            day = days.Day(s, 3, 24)
            shop, house = Receiver(), Receiver()
            machine, _ = integrator(s, day.admin, "shop")
            his = machine.need("POST", "/v1/webhooks", ask(shop.port), key="hook")
            assert machine.need("POST", "/v1/webhooks", ask(shop.port), key="hook") == his, "asked twice, made once"
            own = day.admin.need("POST", "/v1/webhooks", ask(house.port, kinds=SHIPMENT_KINDS + OWN_KINDS), key="own")
            rights(s, day.admin, machine, his, own)
            day.sign_up()
            items = day.shipments()
            block = day.blocks()[0]
            day.draw(block)
            day.open()
            refused_twice(day, shop, his, machine)
            days.run_duties(day, {i["id"]: i for i in items})
            for phone in day.phones:
                phone.need("POST", "/v1/driver/duty/close", key="close")
            day.advance("2026-11-22T16:00:00Z")
            shop.check(his["secret"])
            for body, late_s, right in ((shop.got[0][1], 0, True), (shop.got[0][1], 301, False), (b"{}", 0, False)):
                assert verify_in_node(his["secret"], shop.got[0][0], body, late_s) in (right, None)
            house.check(own["secret"])
            told_is_readable(shop, machine, items)
            told_of_no_driver(day, shop, house, block)
            leaves_nothing(day, s)


def refused_twice(day, shop, his, machine):
    """The first message of the morning is refused twice: the same one comes again, later, with a fresh stamp, and no
    earlier than the receiver said."""
    day.advance("2026-11-22T06:51:00Z")
    before = len(shop.got)
    shop.answers = [(503, "Sun, 22 Nov 2026 06:52:00 GMT"), (429, "600")]
    machine.need("POST", f"/v1/webhooks/{his['id']}/ping")
    day.advance("2026-11-22T06:51:01Z")
    assert len(shop.got) == before + 1
    waiting = deliveries(machine, his["id"])[0]
    assert waiting["state"] == "waiting" and waiting["status"] == 503 and waiting["next_try"], waiting
    assert waiting["next_try"] == "2026-11-22T06:52:00.000Z", waiting
    day.advance("2026-11-22T06:51:59Z")
    assert len(shop.got) == before + 1
    day.advance("2026-11-22T06:52:00Z")
    assert len(shop.got) == before + 2
    day.advance("2026-11-22T07:01:59Z")
    assert len(shop.got) == before + 2
    day.advance("2026-11-22T07:02:10Z")
    assert len(shop.got) == before + 3
    tries = shop.got[before:]
    assert len({h["webhook-id"] for h, _ in tries}) == 1 and len({b for _, b in tries}) == 1
    stamps = [int(h["webhook-timestamp"]) for h, _ in tries]
    assert stamps == sorted(set(stamps)), stamps
    done = deliveries(machine, his["id"])[0]
    assert done["state"] == "delivered" and done["tries"] == 3 and done["status"] == 204, done


def told_is_readable(shop, machine, items):
    """Whatever an integrator hears of a shipment is what he reads by calling, and it came in order."""
    last = {}
    for _, body in shop.got:
        event = json.loads(body)
        assert event["type"] in SHIPMENT_KINDS + ["webhook.ping"], event
        data = event["data"]
        if "shipment" not in data:
            continue
        assert event["type"] == "shipment." + data["state"], event
        assert set(data) <= {"shipment", "reference", "station", "day", "state", "reason"}, data
        last.setdefault(data["shipment"], []).append(data)
    assert len(last) == len(items)
    for shipment, told in last.items():
        read = machine.need("GET", "/v1/shipments/" + shipment)
        assert read["reference"] == told[-1]["reference"] and read["station"] == told[-1]["station"]
        assert read["state"] == told[-1]["state"] and read["day"] == told[-1]["day"], (read, told)
        states = [d["state"] for d in told]
        assert states[:2] == ["planned", "loaded"], states
    assert any("reason" in told[-2] or "reason" in told[-1] for told in last.values())


def told_of_no_driver(day, shop, house, block):
    """No id, no name, no telephone of anybody who drives, nor where she was, in anything that was ever sent."""
    secrets = [p.driver_id for p in day.phones] + [p.device_id for p in day.phones]
    secrets += list(day.awards.values()) + ["Driver Number", "+46701234567", "drv_", "dev_", "pseudonym", '"lat"', '"place"']
    for receiver in (shop, house):
        for headers, body in receiver.got:
            for word in secrets:
                assert word not in body.decode() and word not in json.dumps(headers), (word, body)
    told = house.types()
    assert told.count("duty.opened") == 3 and told.count("duty.closed") == 3, told
    assert told.count("block.awarded") == 3 and told.count("block.published") == 1, told
    assert set(SHIPMENT_KINDS[:5]) <= set(told) | {"shipment.at_station"}
    assert not set(OWN_KINDS) & set(shop.types())
    published = json.loads(next(b for _, b in house.got if b'"block.published"' in b))
    assert published["data"]["block"] == block["id"] and published["data"]["units"] == 3, published


def leaves_nothing(day, s):
    """A driver's file says nothing of webhooks, and no row of theirs says anything of her."""
    leaver = day.phones[1]
    assert "webhook" not in json.dumps(leaver.need("GET", "/v1/driver/data"))
    leaver.need("POST", "/v1/driver/leave", {"confirm": True})
    rows = subprocess.run([sys.executable, "-c", """
import sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "/waybill.db?mode=ro", uri=True)
for table in ("hook", "hook_delivery"):
    for row in db.execute("SELECT * FROM " + table):
        print(row)
""", s.directory], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert "msg_" in rows and "drv_" not in rows and "Driver Number" not in rows and "sesame" not in rows
    assert all(p.driver_id not in rows for p in day.phones)


def rights(s, admin, machine, his, own):
    """Who may what; and no secret and no query is ever shown again."""
    other, _ = integrator(s, admin, "elsewhere")
    admin.need("POST", "/v1/staff", {"name": "desk", "role": "dispatcher", "passphrase": "open-window-52"})
    phone = s.phone()
    phone.sign_up(name="Not A Customer")
    for who in (s.staff("desk", "open-window-52"), phone, s.client()):
        assert who.get("/v1/webhooks").status in (401, 403)
        assert who.post("/v1/webhooks", ask(1)).status in (401, 403)
    mine = f"/v1/webhooks/{his['id']}"
    for who, hook in ((other, mine), (machine, f"/v1/webhooks/{own['id']}")):
        for method, path in (("GET", hook), ("PUT", hook), ("DELETE", hook), ("POST", hook + "/off"), ("POST", hook + "/on"),
                             ("POST", hook + "/ping"), ("POST", hook + "/secret"), ("GET", hook + "/deliveries"),
                             ("POST", hook + "/deliveries/msg_1/redeliver")):
            a = who.call(method, path, {} if method in ("PUT", "POST") else None)
            assert a.status == 404, (method, path, a)
    assert other.need("GET", "/v1/webhooks")["items"] == []
    assert [h["id"] for h in machine.need("GET", "/v1/webhooks")["items"]] == [his["id"]]
    assert {h["id"] for h in admin.need("GET", "/v1/webhooks")["items"]} == {his["id"], own["id"]}
    refused = machine.post("/v1/webhooks", ask(1, kinds=["duty.opened"]))
    assert refused.status == 403 and refused.reason == "kind-not-yours", refused
    for text in (machine.get(mine).body, admin.get("/v1/webhooks").body):
        assert b"sesame" not in text and b"whsec_" not in text
    assert machine.need("PUT", mine, {"label": "till"})["label"] == "till"
    assert machine.call("PUT", mine, {"url": "https://hooks.example/"}).reason == "bad-field"
    gone = machine.need("POST", "/v1/webhooks", ask(1), key="gone")["id"]
    machine.need("DELETE", f"/v1/webhooks/{gone}")
    assert machine.get(f"/v1/webhooks/{gone}").status == 404


# --- on the wall clock ---

def killed_in_the_middle(binary):
    """The process dies while a receiver thinks, and before it is told what happened: nothing is lost, the id stays."""
    with waybill.server(binary, serve_flags=("--webhooks", "loopback")) as s:
        receiver = Receiver()
        admin = s.admin()
        hook = admin.need("POST", "/v1/webhooks", ask(receiver.port, kinds=["shipments.added", "shipment.cancelled"]))
        station = s.init["station_id"]
        made = shipments(admin, station, ["A", "B", "C"], "s")
        receiver.wait(1)
        for item in made[:2]:
            admin.need("POST", f"/v1/shipments/{item['id']}/cancel", {"reason": "sender"})
        receiver.wait(3)
        receiver.hold = threading.Event()
        admin.need("POST", f"/v1/shipments/{made[2]['id']}/cancel", {"reason": "sender"})
        receiver.wait(4)
        s.process.send_signal(signal.SIGKILL)
        s.process.wait()
        receiver.hold.set()
        receiver.hold = None
        again = waybill.start(binary, s.directory, s.init, "--webhooks", "loopback")
        s.process, s.port = again.process, again.port
        receiver.wait(5)
        receiver.check(hook["secret"])
        assert receiver.types() == ["shipments.added"] + ["shipment.cancelled"] * 4, receiver.types()
        assert receiver.got[4][0]["webhook-id"] == receiver.got[3][0]["webhook-id"] and receiver.got[4][1] == receiver.got[3][1]
        admin = s.admin()
        end = time.monotonic() + 30
        while any(d["state"] != "delivered" for d in deliveries(admin, hook["id"])):
            assert time.monotonic() < end, deliveries(admin, hook["id"])
            time.sleep(0.05)
        listed = deliveries(admin, hook["id"])
        assert len(listed) == 4 and all(d["tries"] == 1 for d in listed), listed
        turned(admin, hook, receiver)
        slow_receiver_stops_nobody(s, admin, receiver)


def turned(admin, hook, receiver):
    """Two secrets for a while; a person's redelivery; off and on."""
    path = f"/v1/webhooks/{hook['id']}"
    fresh = admin.need("POST", path + "/secret", key="turn")
    assert fresh["secret"].startswith("whsec_") and fresh["old_secret_until"]
    n = len(receiver.got)
    first = deliveries(admin, hook["id"])[-1]["id"]
    admin.need("POST", f"{path}/deliveries/{first}/redeliver")
    receiver.wait(n + 1)
    headers, body = receiver.got[n]
    assert headers["webhook-id"] == first == receiver.got[0][0]["webhook-id"] and body == receiver.got[0][1]
    assert verify(hook["secret"], headers, body) and verify(fresh["secret"], headers, body)
    assert verify_in_node(hook["secret"], headers, body) in (True, None)
    assert admin.need("POST", path + "/off")["why"] == "by-hand"
    assert admin.post(path + "/ping").reason == "webhook-off"
    assert admin.need("POST", path + "/on", key="on")["state"] == "on"
    admin.need("POST", path + "/ping")
    receiver.wait(n + 2)


def slow_receiver_stops_nobody(s, admin, receiver):
    """One that never answers holds up neither another's messages, nor a job, nor the server's end."""
    mute = Receiver()
    mute.hold = threading.Event()
    stuck = admin.need("POST", "/v1/webhooks", ask(mute.port))
    admin.need("POST", f"/v1/webhooks/{stuck['id']}/ping")
    mute.wait(1)
    n = len(receiver.got)
    began = time.monotonic()
    shipments(admin, s.init["station_id"], ["D"], "d")
    receiver.wait(n + 1)
    assert time.monotonic() - began < 5
    began = time.monotonic()
    assert s.stop() == 0
    assert time.monotonic() - began < 6, "a request under way is given up"
    again = waybill.start(s.binary, s.directory, s.init, "--webhooks", "loopback")
    s.process, s.port = again.process, again.port
    mute.hold.set()
    mute.wait(2)
    assert mute.got[0][0]["webhook-id"] == mute.got[1][0]["webhook-id"]


def certificates(top):
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", top + "/key.pem", "-out", top + "/cert.pem", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", names], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(top + "/cert.pem", top + "/key.pem")
    return context


def last_why(client, hook):
    end = time.monotonic() + 30
    while True:
        d = deliveries(client, hook)[0]
        if d["tries"] > 0:
            return d["why"]
        assert time.monotonic() < end, d
        time.sleep(0.05)


def over_tls(binary):
    with tempfile.TemporaryDirectory(prefix="waybill-hooks-") as top:
        context = certificates(top)
        for trusted in (True, False):
            flags = ("--webhooks", "loopback") + (("--webhooks-ca", top + "/cert.pem") if trusted else ())
            with waybill.server(binary, serve_flags=flags) as s:
                receiver = Receiver(context)
                admin = s.admin()
                hook = admin.need("POST", "/v1/webhooks", ask(1, url=f"https://localhost:{receiver.port}/"))
                admin.need("POST", f"/v1/webhooks/{hook['id']}/ping")
                assert last_why(admin, hook["id"]) == (None if trusted else "not-reached")
                assert len(receiver.got) == (1 if trusted else 0)


def stays_outside(binary):
    """As it comes, the server calls public addresses over TLS only, whatever a name leads to."""
    with waybill.server(binary) as s:
        admin = s.admin()
        for url, reason in (("http://hooks.example/", "bad-url"), ("https://127.0.0.1/", "address-not-allowed"),
                            ("https://localhost/", "address-not-allowed"), ("https://10.1.2.3/", "address-not-allowed"),
                            ("https://169.254.169.254/latest/", "address-not-allowed"), ("https://[::1]/", "address-not-allowed"),
                            ("https://2130706433/", "address-not-allowed"), ("https://u:p@hooks.example/", "bad-url"),
                            ("https://hooks.example/#x", "bad-url"), ("file:///etc/passwd", "bad-url"), ("https://", "bad-url")):
            a = admin.post("/v1/webhooks", ask(1, url=url))
            assert a.status in (400, 403) and a.reason == reason, (url, a)
        receiver = Receiver()
        try:
            inside = socket.gethostbyname(socket.gethostname())
        except OSError:
            inside = ""
        if inside.startswith(("127.", "10.", "172.", "192.168.")):
            hook = admin.need("POST", "/v1/webhooks", ask(1, url=f"https://{socket.gethostname()}:{receiver.port}/"))
            admin.need("POST", f"/v1/webhooks/{hook['id']}/ping")
            assert last_why(admin, hook["id"]) == "address-not-allowed"
            assert receiver.got == []


if __name__ == "__main__":
    for test in (whole_day, killed_in_the_middle, over_tls, stays_outside):
        began = time.monotonic()
        test(sys.argv[1])
        print(f"{test.__name__}: {time.monotonic() - began:.1f} s")
