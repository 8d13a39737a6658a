#!/usr/bin/env python3
"""init, serve, config, backup, restore and the event streams, as an operator uses them.

usage: commands.py WAYBILL
"""
import gzip
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import warnings

import waybill

binary = sys.argv[1]


def run(*words, env=None):
    r = subprocess.run([binary, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env={**os.environ, **(env or {})})
    return r.returncode, (json.loads(r.stdout) if r.stdout.strip() else None), r.stderr.decode()


def test_init(top):
    code, made, err = run("init", top + "/one", *waybill.store_flags())
    assert code == 0, err
    assert len(made["passphrase"]) >= 20 and made["operator_id"].startswith("op_"), made
    assert (os.stat(top + "/one/keys").st_mode & 0o077) == 0, "keys are for their owner alone"
    again = run("init", top + "/one")
    assert again[0] == 4 and again[1] is None, again
    assert run("init")[0] == 2 and run("init", top + "/x", "--place", "north")[0] == 2
    assert run("init", top + "/x", "--currency", "XXQ")[0] == 3
    assert run("init", top + "/x2", "--roads", top + "/none.road")[0] == 3


def test_config(top):
    path = top + "/some.conf"
    with open(path, "w") as f:
        f.write("# a comment\nlisten = 127.0.0.1:1111\nhttp_threads = 3 # so many\nlog = warn\n")
    code, said, err = run("config", "--config", path, "--log", "debug", env={"WAYBILL_HTTP_THREADS": "4"})
    assert code == 0, err
    v = said["values"]
    assert (v["listen"]["value"], v["listen"]["from"]) == ("127.0.0.1:1111", "file"), v
    assert (v["http_threads"]["value"], v["http_threads"]["from"]) == ("4", "environment"), v
    assert (v["log"]["value"], v["log"]["from"]) == ("debug", "flag"), v
    assert v["clock"]["from"] == "default"
    for line in ("listen", "colour = red", "http_threads = many", "clock = sundial"):
        with open(path, "w") as f:
            f.write("\n" + line + "\n")
        code, said, err = run("config", "--config", path)
        assert code == 3 and ":2" in err and said is None, (line, code, err)
    assert run("config", "--nonsense", "1")[0] == 2


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(("Private_Clean", "Private_Dirty")))


def test_serve(top):
    with waybill.server(binary) as s:
        about = s.client().need("GET", "/v1/about")
        assert about["clock"] == "wall"
        assert s.client().get("/sim/clock").status == 404, "a wall clock has no handle"
        other = subprocess.run([binary, "serve", "--data", s.directory, "--listen", "127.0.0.1:0"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert other.returncode == 4 and other.stdout == b"", "one process serves a directory"
        taken = subprocess.run([binary, "serve", "--data", top + "/one", "--listen", f"127.0.0.1:{s.port}"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert taken.returncode == 4 and taken.stdout == b""
        sanitized = b"__asan_init" in open(binary, "rb").read()
        admin = s.admin()
        for _ in range(200):
            admin.need("GET", "/v1/stations")
        kib = private_kib(s.process.pid)
        print(f"ready after {s.ready['ready_s']:.3f} s, {kib / 1024:.1f} MB private{' (sanitizers)' if sanitized else ''}")
        if not sanitized:
            assert s.ready["ready_s"] <= 0.5 and kib <= 64 * 1024
    code, said, err = run("serve", "--data", top + "/one", "--listen", "127.0.0.1:0", "--clock", "stepped")
    assert code == 4 and said is None, "no stepped clock on a real directory"
    assert run("serve", "--data", top + "/nowhere", "--listen", "127.0.0.1:0")[0] == 3
    assert run("serve", "--listen", "127.0.0.1:0")[0] == 2


def test_stepped(top):
    with waybill.server(binary, "--simulation", "--seed", "5", "--start", "2026-11-21T17:00:00Z",
                        serve_flags=("--clock", "stepped")) as s:
        c = s.client()
        assert c.need("GET", "/sim/clock")["now"] == "2026-11-21T17:00:00.000Z"
        moved = c.need("POST", "/sim/advance", {"to": "2026-11-22T06:30:00Z"})
        assert moved["now"] == "2026-11-22T06:30:00.000Z", moved
        assert c.need("POST", "/sim/advance", {"to": "2026-11-21T00:00:00Z"})["now"] == moved["now"], "never back"
        assert c.post("/sim/advance", {"to": "soon"}).status == 400
        c.need("POST", "/sim/run", {})
        assert c.get("/sim/clock").status == 404
        a = c.need("GET", "/v1/about")
        assert a["clock"] == "wall" and a["now"] >= "2026-11-22T06:30", a


def test_pages(top):
    with waybill.server(binary) as s:
        c = s.client()
        page = c.get("/", headers={"Accept-Encoding": "gzip"})
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html"), page
        assert "script-src 'self'" in page.headers["Content-Security-Policy"] and "unsafe" not in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff" and page.headers["Cache-Control"] == "no-cache"
        html = gzip.decompress(page.body) if page.headers["Content-Encoding"] == "gzip" else page.body
        assert b"Waybill" in html and c.get("/").body == html, "the same page either way"
        same = c.get("/", headers={"If-None-Match": page.headers["ETag"]})
        assert same.status == 304 and same.body == b"", same
        head = c.call("HEAD", "/")
        assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(html)), head
        if b"without its pages" not in html:
            for path in ("/driver", "/console"):
                moved = c.get(path)
                assert moved.status == 308 and moved.headers["Location"] == path + "/", moved
                assert c.get(path + "/").status == 200
        assert c.post("/").status == 404


def test_tls(top):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                           "-keyout", top + "/key.pem", "-out", top + "/cert.pem", "-days", "2", "-subj", "/CN=localhost",
                           "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert made.returncode == 0, made.stderr
    with waybill.server(binary, serve_flags=("--tls-cert", top + "/cert.pem", "--tls-key", top + "/key.pem")) as s:
        assert s.ready["url"].startswith("https://"), s.ready
        trusted = ssl.create_default_context(cafile=top + "/cert.pem")
        c = http.client.HTTPSConnection("127.0.0.1", s.port, timeout=20, context=trusted)
        for _ in range(3):
            c.request("GET", "/v1/about")
            r = c.getresponse()
            assert r.status == 200 and "max-age" in r.headers["Strict-Transport-Security"]
            assert json.loads(r.read())["clock"] == "wall"
        assert c.sock.version() in ("TLSv1.2", "TLSv1.3")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        try:
            old.wrap_socket(socket.create_connection(("127.0.0.1", s.port), timeout=20))
            raise AssertionError("TLS 1.1 was taken")
        except (ssl.SSLError, ConnectionError):
            pass
        plain = socket.create_connection(("127.0.0.1", s.port), timeout=20)
        plain.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"200" not in plain.recv(4096)
        plain.close()
        c.close()
    with open(top + "/cert.pem", "w") as f:
        f.write("not a certificate")
    bad = subprocess.run([binary, "serve", "--data", top + "/one", "--listen", "127.0.0.1:0", "--tls-cert",
                          top + "/cert.pem", "--tls-key", top + "/key.pem"], stdout=subprocess.PIPE, timeout=30)
    assert bad.returncode == 3 and bad.stdout == b"", bad


def stream(port, path, token, last=None, wait_for=b"\nevent:", seconds=20):
    """What comes until `wait_for` has come."""
    c = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    head = f"GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"
    if last is not None:
        head += f"Last-Event-ID: {last}\r\n"
    c.sendall((head + "\r\n").encode())
    out = b""
    while wait_for not in out:
        piece = c.recv(65536)
        if not piece:
            break
        out += piece
        yield out
    c.close()
    yield out


def test_events(top):
    with waybill.server(binary) as s:
        admin, phone = s.admin(), s.phone()
        live = stream(s.port, "/v1/events?after=0", admin.token, wait_for=b"driver.signed_up")
        assert b"text/event-stream" in next(live)
        phone.sign_up()
        got = b""
        for got in live:
            pass
        assert b"event: driver." in got and phone.driver_id.encode() in got, got
        ids = [int(line[4:]) for line in got.split(b"\n") if line.startswith(b"id: ")]
        assert ids == sorted(ids) and len(set(ids)) == len(ids)
        # From where it broke off, nothing twice.
        phone2 = s.phone()
        phone2.sign_up(name="Second Person")
        for again in stream(s.port, "/v1/events", admin.token, last=ids[-1], wait_for=phone2.driver_id.encode()):
            pass
        assert phone.driver_id.encode() not in again and phone2.driver_id.encode() in again, again
        # A driver hears of herself alone.
        for mine in stream(s.port, "/v1/driver/events", phone.token, last=0, wait_for=b"\nevent:"):
            pass
        assert phone2.driver_id.encode() not in mine, mine
        assert s.client(phone.token).get("/v1/events").status == 403
        # A session's end ends its stream.
        rest = stream(s.port, "/v1/driver/events", phone.token, wait_for=b"never comes")
        next(rest)
        phone.need("POST", "/v1/driver/logout", {})
        phone2.need("POST", "/v1/driver/logout", {})
        s.phone().sign_up(name="Third Person")  # wakes the streams
        for _ in rest:
            pass


def test_goodbye(top):
    """SIGTERM with streams open and requests under way: the streams end, the requests are answered, exit 0."""
    with waybill.server(binary) as s:
        admin = s.admin()
        streams = [stream(s.port, "/v1/events", admin.token, wait_for=b"never comes") for _ in range(10)]
        for one in streams:
            assert b"text/event-stream" in next(one)
        answers, stop = [], threading.Event()

        def ask():
            c = s.client(admin.token)
            n = 0
            while not stop.is_set():
                n += 1
                try:
                    a = c.post("/v1/stations", {"name": f"S{n}", "address": "A", "place": {"lat": 57.7, "lon": 12}})
                except OSError:
                    return  # no longer listening
                answers.append(a)
        threads = [threading.Thread(target=ask) for _ in range(4)]
        [t.start() for t in threads]
        while len(answers) < 20:
            time.sleep(0.01)
        began = time.monotonic()
        status = s.stop()
        with open(os.path.join(s.directory, "serve.log"), encoding="utf-8") as log:
            assert status == 0, f"ended with {status}: {log.read()[-4000:]}"
        took = time.monotonic() - began
        stop.set()
        [t.join() for t in threads]
        for one in streams:
            for _ in one:
                pass  # ends
        assert took < 8, took
        told = [a.json["id"] for a in answers if a.status == 201]
        assert all(a.status in (201, 503) for a in answers), [a for a in answers if a.status not in (201, 503)]
        again = waybill.start(binary, s.directory, s.init)
        there = {x["id"] for x in again.admin().need("GET", "/v1/stations")["items"]}
        assert set(told) <= there, "what was acknowledged is there"
        s.process = again.process


def committed(s, admin, made):
    """Something for the chain to hold, and a checkpoint over it."""
    now = time.time()
    at = lambda hours: time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(now + 3600 * hours))
    admin.need("POST", "/v1/blocks", {
        "programme": made["programme_id"], "station": made["station_id"], "pay_plan": made["pay_plan_id"],
        "starts": at(30), "ends": at(34), "requests_close": at(20), "units": 1,
        "terms": {"pay": {"minor": 9000, "currency": "SEK"}, "stops": {"min": 1, "max": 9},
                  "distance_m": {"min": 1000, "max": 9000}}})
    end = time.monotonic() + 30
    while s.client().get("/chain/checkpoint").status != 200:
        assert time.monotonic() < end, "no checkpoint"
        time.sleep(0.05)


def without_verifier(backup):
    """As backups were before they had the chain's verifier key: it lies beside the keys only."""
    os.remove(backup + "/signing.pub")
    with open(backup + "/backup.json", encoding="utf-8") as f:
        index = json.load(f)
    del index["files"]["signing.pub"]
    with open(backup + "/backup.json", "w", encoding="utf-8") as f:
        json.dump(index, f)


def test_crash_and_backup(top):
    made = run("init", top + "/two", "--passphrase", "violet-anchor-17-miles", *waybill.store_flags())[1]
    s = waybill.start(binary, top + "/two", made)
    admin = s.admin()
    stations = [admin.need("POST", "/v1/stations", {"name": f"S{i}", "address": "A", "place": {"lat": 57.7, "lon": 12}},
                           key=f"k{i}")["id"] for i in range(20)]
    committed(s, admin, made)
    code, said, err = run("backup", top + "/two", top + "/copy")
    assert code == 0 and sorted(os.listdir(top + "/copy")) == [
        "backup.json", "positions.db", "signing.pub", "waybill.db", "waybill.json"], err
    assert run("backup", top + "/two", top + "/copy")[0] == 4, "a backup is not written over"
    assert run("restore", top + "/five")[0] == 3, "no backup of that name"
    code, said, err = run("backup", top + "/two/")
    assert code == 0 and said["backup"].startswith(top + "/two-backup-2"), (said, err)
    os.rename(said["backup"], said["backup"].replace("/two-", "/five-"))
    code, said, err = run("restore", top + "/five")
    assert code == 0 and "/five-backup-2" in said["backup"] and os.path.exists(top + "/five/waybill.db"), err
    os.kill(s.process.pid, signal.SIGKILL)
    s.process.wait()
    s = waybill.start(binary, top + "/two", made)
    admin = s.admin()
    after = {x["id"] for x in admin.need("GET", "/v1/stations")["items"]}
    assert after >= set(stations), "an acknowledged write is there after kill -9"
    again = admin.need("POST", "/v1/stations", {"name": "S3", "address": "A", "place": {"lat": 57.7, "lon": 12}}, key="k3")
    assert again["id"] == stations[3], "and so is its answer"
    assert s.stop() == 0
    code, said, err = run("restore", top + "/three", "--from", top + "/copy", "--keys", top + "/two", *waybill.store_flags())
    assert code == 0, err
    s = waybill.start(binary, top + "/three", made)
    assert {x["id"] for x in s.admin().need("GET", "/v1/stations")["items"]} >= set(stations)
    assert s.stop() == 0
    assert run("restore", top + "/three", "--from", top + "/copy")[0] == 4, "not over another house"
    for restored in ("/three", "/five", "/six"):
        if restored == "/six":
            without_verifier(top + "/copy")
            assert run("restore", top + "/six", "--from", top + "/copy", "--keys", top + "/two")[0] == 0
        code, said, err = run("chain", "verify", top + restored)
        assert code == 0 and said["ok"] and said["key"] == "found" and said["size"] > 0, (restored, said, err)
    with open(top + "/copy/waybill.db", "r+b") as f:
        f.seek(5000)
        f.write(b"changed")
    assert run("restore", top + "/four", "--from", top + "/copy")[0] == 3, "a changed backup is refused"


def main():
    with tempfile.TemporaryDirectory(prefix="waybill-test-") as top:
        for test in (test_init, test_config, test_serve, test_stepped, test_pages, test_tls, test_events, test_goodbye, test_crash_and_backup):
            began = time.monotonic()
            test(top)
            print(f"{test.__name__}: {time.monotonic() - began:.1f} s")


main()
