"""A Waybill server of its own for a test, and the people who talk to it.

Only the standard library and libsodium (through ctypes, for the phones' keys).
"""
import base64
import contextlib
import ctypes
import http.client
import json
import os
import secrets
import signal
import subprocess
import tempfile
import time

sodium = ctypes.CDLL("libsodium.so.23")
sodium.sodium_init()


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def reason(self):
        try:
            return self.json.get("reason")
        except ValueError:
            return None

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Client:
    """One keep-alive connection and one token."""

    def __init__(self, port, token=None):
        self.port, self.token = port, token
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def call(self, method, path, body=None, raw=None, headers=None, key=None):
        head = dict(headers or {})
        if self.token:
            head["Authorization"] = "Bearer " + self.token
        if key:
            head["Idempotency-Key"] = key
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            head.setdefault("Content-Type", "application/json")
        for again in (False, True):
            try:
                self.connection.request(method, path, raw, head)
                r = self.connection.getresponse()
                return Answer(r.status, r.headers, r.read())
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                if again:
                    raise

    def get(self, path, **kw):
        return self.call("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self.call("POST", path, {} if body is None and "raw" not in kw else body, **kw)

    def need(self, method, path, body=None, **kw):
        a = self.call(method, path, body, **kw)
        assert a.status in (200, 201), f"{method} {path}: {a!r}"
        return a.json


class Phone(Client):
    """A driver's: its key never leaves it."""

    def __init__(self, port):
        super().__init__(port)
        self.public = ctypes.create_string_buffer(32)
        self.secret = ctypes.create_string_buffer(64)
        sodium.crypto_sign_keypair(self.public, self.secret)
        self.driver_id = self.device_id = None

    def sign(self, text):
        out = ctypes.create_string_buffer(64)
        raw = text.encode()
        sodium.crypto_sign_detached(out, None, raw, ctypes.c_ulonglong(len(raw)), self.secret)
        return b64(out.raw)

    def challenge(self, device_id=None, award_id=None):
        ask = {k: v for k, v in (("device_id", device_id), ("award_id", award_id)) if v}
        return self.need("POST", "/v1/driver/challenge", ask)

    def sign_up_body(self, name="Asta Test", birth_date="1990-04-30"):
        c = self.challenge()
        return {"name": name, "birth_date": birth_date, "phone": "+46701234567", "language": "en",
                "vehicle": {"kind": "van", "capacity_g": 600000, "capacity_ml": 6000000},
                "device": {"public_key": b64(self.public.raw), "label": "test phone"},
                "challenge": c["challenge"], "signature": self.sign(c["message"])}

    def sign_up(self, **kw):
        made = self.need("POST", "/v1/drivers", self.sign_up_body(**kw))
        self.driver_id, self.device_id, self.token = made["driver_id"], made["device_id"], made["token"]
        return made

    def sign_in(self):
        self.token = None
        c = self.challenge(self.device_id)
        made = self.need("POST", "/v1/driver/session", {
            "device_id": self.device_id, "challenge": c["challenge"], "signature": self.sign(c["message"])})
        self.token = made["token"]


class Server:
    def __init__(self, binary, directory, init, process, ready):
        self.binary, self.directory, self.init, self.process = binary, directory, init, process
        self.port, self.ready = ready["port"], ready

    def client(self, token=None):
        return Client(self.port, token)

    def staff(self, name, passphrase):
        c = self.client()
        c.token = c.need("POST", "/v1/staff/login", {"name": name, "passphrase": passphrase})["token"]
        return c

    def admin(self):
        return self.staff("admin", self.init["passphrase"])

    def phone(self):
        return Phone(self.port)

    def tables(self):
        """(name, bytes) of the files the tables are in; of a PostgreSQL's, as a backup has them."""
        where, names = self.directory, ("waybill.db", "waybill.db-wal")
        if not os.path.exists(os.path.join(where, names[0])):
            where, names = tempfile.mkdtemp(dir=os.path.dirname(where)) + "/copy", names[:1]
            subprocess.run([self.binary, "backup", self.directory, where], check=True, stdout=subprocess.PIPE)
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                yield name, f.read()

    def stop(self):
        """Ends it like an operator would; the exit status says whether it went well."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def start(binary, directory, init, *flags):
    began = time.monotonic()
    process = subprocess.Popen([binary, "serve", "--data", directory, "--listen", "127.0.0.1:0", *flags],
                               stdout=subprocess.PIPE, stderr=open(os.path.join(directory, "serve.log"), "a"))
    line = process.stdout.readline()
    assert line, "the server did not start: " + open(os.path.join(directory, "serve.log")).read()
    ready = json.loads(line)
    ready["ready_s"] = time.monotonic() - began
    return Server(binary, directory, init, process, ready)


def store_flags():
    """Where a directory's tables go: WAYBILL_TEST_STORE names a PostgreSQL (test/store/postgres provides one)."""
    store = os.environ.get("WAYBILL_TEST_STORE")
    return ["--store", store, "--schema", "t_" + secrets.token_hex(8)] if store else []


@contextlib.contextmanager
def server(binary, *init_flags, serve_flags=()):
    with tempfile.TemporaryDirectory(prefix="waybill-test-") as top:
        directory = os.path.join(top, "data")
        made = subprocess.run([binary, "init", directory, "--passphrase", "violet-anchor-17-miles", *store_flags(),
                               *init_flags],
                              check=True, stdout=subprocess.PIPE)
        s = start(binary, directory, json.loads(made.stdout), *serve_flags)
        try:
            yield s
            assert s.process.poll() is None, "the server died: " + open(os.path.join(directory, "serve.log")).read()
            code = s.stop()
            assert code == 0, f"exit {code}: " + open(os.path.join(directory, "serve.log")).read()
        finally:
            if s.process.poll() is None:
                s.process.kill()
                s.process.wait()
