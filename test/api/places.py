#!/usr/bin/env python3
"""Rows without coordinates: placed by the extract, by a server that this test plays, or listed.

usage: places.py WAYBILL
"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import waybill

HEAD = "reference,recipient,address,lat,lon,earliest,latest\n"


def town(binary, path):
    """Two villages, a street of the same name in each, even numbers from 2 to 10 in both."""
    nodes, ways = [], []

    def node(lat, lon, **tags):
        kv = "".join(f'<tag k="{k.replace("__", ":")}" v="{v}"/>' for k, v in tags.items())
        nodes.append(f'<node id="{len(nodes) + 1}" lat="{lat:.7f}" lon="{lon:.7f}">{kv}</node>')
        return len(nodes)

    for name, lat in (("Alby", 57.70), ("Brunna", 57.75)):
        node(lat, 11.97, place="village", name=name)
        ends = [node(lat, 11.970), node(lat, 11.975)]
        refs = "".join(f'<nd ref="{e}"/>' for e in ends)
        ways.append(f'<way id="{len(ways) + 1}">{refs}<tag k="highway" v="residential"/><tag k="name" v="Kyrkogatan"/></way>')
        for n in range(2, 12, 2):
            node(lat + 0.0001, 11.970 + n * 0.0004, addr__street="Kyrkogatan", addr__housenumber=n, addr__city=name)
    source = path + ".osm"
    with open(source, "w") as f:
        f.write('<?xml version="1.0"?><osm version="0.6">' + "".join(nodes + ways) + "</osm>")
    subprocess.run([binary, "road", "import", source, "-o", path], check=True, stdout=subprocess.DEVNULL)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A geocoding server that knows one house."""
    asked = []

    def do_GET(self):
        q = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["q"][0]
        self.asked.append((q, self.headers["User-Agent"]))
        found = [{"lat": "57.9", "lon": "12.1", "address": {"house_number": "4", "road": "Storgatan", "town": "Celle", "postcode": "441 30"}}]
        body = json.dumps(found if "Storgatan" in q else []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def rows(*addresses):
    return (HEAD + "".join(f'R-{i},Bo Ek,"{a}",,,2026-11-23 08:00,2026-11-23 17:00\n' for i, a in enumerate(addresses))).encode()


def send(s, admin, csv, more=""):
    where = f"/v1/shipments/import?station_id={s.init['station_id']}&due_date=2026-11-23{more}"
    return admin.call("POST", where, raw=csv, headers={"Content-Type": "text/csv"})


def check_extract(binary, roads):
    with waybill.server(binary, "--roads", roads, serve_flags=("--limits", "off")) as s:
        admin = s.admin()
        csv = rows("Kyrkogatan 4, Alby", "kyrkog. 6, Brunna", "Kyrkogatan 4", "Ingenstans 9, Alby", "Kyrkogatan 5, Alby")
        a = send(s, admin, csv)
        assert a.status == 400 and a.json["imported"] == 0, f"what is not sure stops the file: {a!r}"
        a = send(s, admin, csv, "&partial=true")
        assert a.status == 201 and a.json["imported"] == 2, a
        first, second = a.json["items"]
        assert first["placed"] == {"by": "extract", "kind": "address", "confidence": 1.0}, first
        assert abs(first["place"]["lat"] - 57.7001) < 1e-6 and abs(second["place"]["lat"] - 57.7501) < 1e-6, a
        left = {r["line"]: r for r in a.json["rejected"]}
        assert sorted(left) == [4, 5, 6] and all(r["reason"] == "not-placed" and r["column"] == "address" for r in left.values()), left
        assert len(left[4]["candidates"]) >= 2 and left[5]["candidates"] == [], left
        assert left[6]["candidates"][0]["kind"] == "street", left
        # a person chooses one of them, and it comes in as chosen
        chosen = dict(left[4]["shipment"], place=left[4]["candidates"][0]["place"], picked=True)
        made = admin.need("POST", "/v1/shipments", {"station_id": s.init["station_id"], "shipments": [chosen]})["items"][0]
        assert made["reference"] == "R-2" and made["placed"]["by"] == "staff", made
        a = send(s, admin, (HEAD + "S-1,Bo Ek,\"Kyrkogatan 5, Alby\",,,2026-11-23 08:00,2026-11-23 17:00\n").encode(), "&streets=true")
        assert a.status == 201 and a.json["items"][0]["placed"]["kind"] == "street", a
        a = send(s, admin, (HEAD + "T-1,Bo Ek,\"Kyrkogatan 4, Alby\",57.1,12.2,2026-11-23 08:00,2026-11-23 17:00\n").encode())
        assert a.json["items"][0]["placed"] is None and a.json["items"][0]["place"]["lat"] == 57.1, "coordinates given stay as they are"


def check_server(binary, roads):
    there = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=there.serve_forever, daemon=True).start()
    flags = ("--limits", "off", "--geocoder", "nominatim", "--geocoder-url", f"http://127.0.0.1:{there.server_port}")
    with waybill.server(binary, "--roads", roads, serve_flags=flags) as s:
        a = send(s, s.admin(), rows("Kyrkogatan 4, Alby", "Storgatan 4, Celle", "Storgatan 9, Celle"), "&partial=true")
        assert a.status == 201 and a.json["imported"] == 2, a
        assert [i["placed"]["by"] for i in a.json["items"]] == ["extract", "nominatim"], a
        assert a.json["items"][1]["place"] == {"lat": 57.9, "lon": 12.1}, a
        assert [r["line"] for r in a.json["rejected"]] == [4] and a.json["rejected"][0]["candidates"], a
        assert [q for q, _ in Elsewhere.asked] == ["Storgatan 4, Celle", "Storgatan 9, Celle"], Elsewhere.asked
        assert all(agent.startswith("waybill/") for _, agent in Elsewhere.asked)
    there.shutdown()


def check_neither(binary):
    with waybill.server(binary) as s:
        a = send(s, s.admin(), rows("Kyrkogatan 4, Alby"))
        assert a.status == 400 and a.json["rejected"][0]["reason"] == "no-place", f"nobody knows addresses here: {a!r}"


def check_command(binary, roads, top):
    ask = lambda *words: subprocess.run([binary, "road", "geocode", roads, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf8")
    ran = ask("kyrkogatan 4 alby")
    assert ran.returncode == 0 and json.loads(ran.stdout)["candidates"][0]["text"] == "Kyrkogatan 4, Alby", ran
    ran = ask("Kyrkogatan 4")
    assert ran.returncode == 1 and json.loads(ran.stdout)["reason"] == "several", ran
    assert ask().returncode == 2 and ask("x", "--csv", "y", "-o", "z").returncode == 2 and ask("--csv", "y").returncode == 2
    source, out = os.path.join(top, "in.csv"), os.path.join(top, "out.csv")
    with open(source, "w") as f:
        f.write('name;Address;lat;lon\n"A;1";"Kyrkogatan 4; Brunna";;\nB;Kyrkogatan 4;;\nC;anywhere;57.1;12.2\n')
    ran = ask("--csv", source, "-o", out)
    told = json.loads(ran.stdout)
    assert ran.returncode == 1 and (told["rows"], told["placed"], told["given"]) == (3, 1, 1), ran
    assert [(m["line"], m["reason"]) for m in told["not_placed"]] == [(3, "several")], told
    with open(out) as f:
        lines = f.read().split("\n")
    assert lines[0] == "name;Address;lat;lon;found_lat;found_lon;found_as;confidence", lines
    assert lines[1].startswith('"A;1";"Kyrkogatan 4; Brunna";;;57.7501000;11.9716000;address;'), lines
    assert lines[2] == "B;Kyrkogatan 4;;;;;several;" and lines[3] == "C;anywhere;57.1;12.2;;;given;", lines


def check_configuration(binary, top):
    made = os.path.join(top, "bad")
    subprocess.run([binary, "init", made], check=True, stdout=subprocess.DEVNULL)
    for flags in (("--geocoder", "oracle"), ("--geocoder", "photon"), ("--geocoder", "photon", "--geocoder-url", "file:///etc/passwd")):
        ran = subprocess.run([binary, "serve", "--data", made, "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert ran.returncode == 3, (flags, ran)


def main():
    binary = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="waybill-places-") as top:
        roads = os.path.join(top, "town.road")
        town(binary, roads)
        check_extract(binary, roads)
        check_server(binary, roads)
        check_neither(binary)
        check_command(binary, roads, top)
        check_configuration(binary, top)
    print("places: ok")


if __name__ == "__main__":
    main()
