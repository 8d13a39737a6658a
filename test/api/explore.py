#!/usr/bin/env python3
"""Calls every operation of /openapi.json with bodies made from its schema and
then spoiled: no answer is a 500, every refusal is a problem document, and the
server is as well afterwards as before.

usage: explore.py WAYBILL [CALLS [SEED]]
"""
import json
import random
import sys
import urllib.parse

import waybill

ODD_TEXT = ["", " ", "x", "-1", "0", "null", "😀" * 50, "a" * 5000, "\u0000", "\u202e", "' OR 1=1 --", "../../etc", "%00",
            "2026-02-30T25:61:61Z", "2026-11-22T07:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "é", "<script>"]
ODD = [None, True, False, 0, -1, 1, 2**31, -2**63, 2**63 - 1, 1e308, -0.0, 0.1, [], {}, [[]], {"a": 1}] + ODD_TEXT
# These end the run or the caller, and have tests of their own.
LEFT_OUT = {("POST", "/v1/driver/leave"), ("POST", "/v1/driver/logout"), ("POST", "/v1/staff/logout"),
            ("POST", "/v1/staff/passphrase"), ("POST", "/sim/advance"), ("POST", "/sim/run"),
            ("DELETE", "/v1/driver/devices/{device_id}")}


def streams(operation):
    """Its answer has no end: whoever calls it waits."""
    return any("text/event-stream" in r.get("content", {}) for r in operation["responses"].values())


class Maker:
    def __init__(self, document, rng, ids):
        self.schemas, self.rng, self.ids = document["components"]["schemas"], rng, ids

    def make(self, schema, depth=0):
        """A value that fits, more or less."""
        rng = self.rng
        if "$ref" in schema:
            return self.make(self.schemas[schema["$ref"].split("/")[-1]], depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.make(rng.choice(schema[key]), depth)
        kind = schema.get("type", "object")
        kind = rng.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            names = schema.get("properties", {})
            need = set(schema.get("required", []))
            return {n: self.make(s, depth + 1) for n, s in names.items() if n in need or rng.random() < 0.5}
        if kind == "array":
            return [self.make(schema.get("items", {}), depth + 1) for _ in range(rng.randint(schema.get("minItems", 0), 3))]
        if kind == "integer":
            return rng.choice([schema.get("minimum", 0), schema.get("maximum", 1000), rng.randint(0, 100000)])
        if kind == "number":
            return round(rng.uniform(schema.get("minimum", -90), schema.get("maximum", 90)), 5)
        if kind == "boolean":
            return rng.random() < 0.5
        if kind == "null":
            return None
        return self.text(schema)

    def text(self, schema):
        rng = self.rng
        if schema.get("format") == "date-time":
            return f"2026-11-{rng.randint(20, 28)}T{rng.randint(0, 23):02}:00:00Z"
        if schema.get("format") == "date":
            return rng.choice(["2026-11-22", "1990-04-30", "2026-11-23"])
        if "contentEncoding" in schema:
            return waybill.b64(bytes(rng.randrange(256) for _ in range(rng.choice([1, 32, 64, 500]))))
        if rng.random() < 0.4:
            return rng.choice(self.ids)
        if schema.get("pattern") == "^[A-Z]{3}$":
            return rng.choice(["SEK", "EUR", "XXX"])
        return "text " * max(1, min(20, schema.get("minLength", 1) // 4 + 1))

    def spoil(self, value):
        """One place of it becomes something odd, goes, or comes."""
        rng = self.rng
        if isinstance(value, dict) and value and rng.random() < 0.8:
            value = dict(value)
            name = rng.choice(list(value))
            at = rng.random()
            if at < 0.15:
                del value[name]
            elif at < 0.25:
                value["odd" + name] = 1
            elif at < 0.6:
                value[name] = self.spoil(value[name])
            else:
                value[name] = rng.choice(ODD)
            return value
        if isinstance(value, list) and value and rng.random() < 0.7:
            value = list(value)
            value[rng.randrange(len(value))] = self.spoil(value[0])
            return value * rng.choice([1, 1, 1, 40])
        return rng.choice(ODD)


def main():
    binary, calls = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2500
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 11)
    with waybill.server(binary, "--simulation", "--seed", "2", "--start", "2026-11-21T17:00:00Z",
                        serve_flags=("--clock", "stepped", "--log", "error")) as s:
        admin, phone = s.admin(), s.phone()
        phone.sign_up()
        admin.need("POST", "/v1/staff", {"name": "union", "role": "representative", "passphrase": "bread-and-roses-1912"})
        union = s.staff("union", "bread-and-roses-1912")
        made = admin.need("POST", "/v1/shipments", {"station_id": s.init["station_id"], "shipments": [{
            "reference": "E-1", "recipient": {"name": "Ada"}, "address": "Gatan 1", "place": {"lat": 57.7, "lon": 11.97},
            "earliest": "2026-11-22T07:00:00Z", "latest": "2026-11-22T18:00:00Z",
            "parcels": [{"weight_g": 100, "volume_ml": 100}]}]})["items"][0]
        block = admin.need("POST", "/v1/blocks", {
            "programme": s.init["programme_id"], "station": s.init["station_id"], "pay_plan": s.init["pay_plan_id"],
            "starts": "2026-11-22T07:00:00Z", "ends": "2026-11-22T15:00:00Z", "units": 1,
            "requests_close": "2026-11-21T20:00:00Z", "terms": {"pay": {"minor": 1, "currency": "SEK"},
            "stops": {"min": 1, "max": 2}, "distance_m": {"min": 1, "max": 2}}})["id"]
        decision = phone.need("GET", "/v1/driver/decisions")["items"][0]["id"]
        ids = [made["id"], block, decision, phone.driver_id, phone.device_id, s.init["station_id"], s.init["programme_id"],
               s.init["pay_plan_id"], s.init["staff_id"], s.init["operator_id"], "stf_" + "0" * 26, "1", "x"]
        document = admin.need("GET", "/openapi.json")
        operations = [(m.upper(), p, o) for p, item in document["paths"].items() for m, o in item.items()
                      if (m.upper(), p) not in LEFT_OUT and not streams(o)]
        maker, seen = Maker(document, rng, ids), {}
        for n in range(calls):
            method, path, operation = operations[n % len(operations)]
            hers = "drivers" in operation["description"]
            theirs = "representative" in operation["description"] and "admin" not in operation["description"]
            right = phone if hers else union if theirs else admin
            client = right if rng.random() < 0.85 else rng.choice([admin, phone, union, s.client()])
            call(maker, client, method, path, operation, rng, ids, seen)
        assert admin.get("/v1/staff/me").status in (200, 401), "the server is well"
        assert s.client().get("/healthz").status == 200
    print(json.dumps({"ok": True, "operations": len(operations), "calls": calls, "statuses": dict(sorted(seen.items()))}))


def call(maker, client, method, path, operation, rng, ids, seen):
    target = path
    for p in operation.get("parameters", []):
        if p.get("in") == "path":
            value = rng.choice(ids) if rng.random() < 0.8 else rng.choice(ODD_TEXT) or "-"
            target = target.replace("{" + p["name"] + "}", urllib.parse.quote(value, safe=""))
    query = {p["name"]: rng.choice(ids + ["2026-11-22", "50", "true"] + ODD_TEXT[:12]) for p in operation.get("parameters", [])
             if p.get("in") == "query" and rng.random() < 0.5}
    if query:
        target += "?" + urllib.parse.urlencode(query)
    body, raw, headers = None, None, {}
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        body = maker.make(content["application/json"]["schema"])
        for _ in range(rng.choice([0, 0, 1, 1, 2])):
            body = maker.spoil(body)
        raw = json.dumps(body).encode()
    elif content:
        raw, headers = rng.choice(["reference,recipient\n1,2\n", "x", ",,,\n" * 50, "\n"]).encode(), {"Content-Type": "text/csv"}
    key = rng.choice([None, None, "k" + str(rng.randrange(50))]) if method == "POST" else None
    a = client.call(method, target, raw=raw, headers=headers, key=key)
    seen[a.status] = seen.get(a.status, 0) + 1
    said = f"{method} {target} {raw!r:.600} -> {a!r}"
    assert a.status != 500, said
    if a.status >= 400 and not (path.endswith("/import") and a.status == 400):
        assert a.headers["Content-Type"] == "application/problem+json", said
        assert a.json["status"] == a.status, said


main()
