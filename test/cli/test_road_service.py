#!/usr/bin/env python3
"""`waybill road … --service` against `waybill road serve`: another server's times are taken as they are.

    test_road_service.py WAYBILL TOWN.osm
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def main():
    waybill, town = sys.argv[1:]

    def run(*words, code=0):
        r = subprocess.run([waybill, "road", *words], capture_output=True, text=True, timeout=60, check=False)
        assert r.returncode == code, (words, r)
        return json.loads(r.stdout) if r.stdout.startswith("{") else r.stderr

    with tempfile.TemporaryDirectory() as tmp:
        road = str(pathlib.Path(tmp) / "town.road")
        run("import", town, "-o", road)
        points = pathlib.Path(tmp) / "points"
        drawn = subprocess.run([waybill, "road", "points", road, "--count", "12"], stdout=subprocess.PIPE, text=True, check=True)
        points.write_text(drawn.stdout)
        a, b = drawn.stdout.split()[:2]
        # A server that allows little: tables of 5 × 5 and six places of a route.
        server = subprocess.Popen([waybill, "road", "serve", road, "--listen", "127.0.0.1:0", "--max-table", "5",
                                   "--max-route", "6"], stdout=subprocess.PIPE, text=True)
        try:
            there = f"osrm:http://127.0.0.1:{json.loads(server.stdout.readline())['port']}"
            same = run("compare", road, "--service", there, "--points", "40")
            assert same["cells"] == 1600 and same["legs"] == 39, same
            assert [same[k] for k in ("durations_differ", "distances_differ", "legs_differ", "lines_differ")] == [0] * 4, same
            assert run("matrix", "--service", there, "--points", str(points))["durations"] == \
                run("matrix", road, "--points", str(points))["durations"]
            here = run("route", road, "--from", a, "--to", b)["routes"][0]
            told = run("route", "--service", there, "--from", a, "--to", b)["routes"][0]
            assert told["duration"] == here["duration"] and told["geometry"] == here["geometry"], (told, here)

            def steps(r):
                return [(s["maneuver"]["type"], s["maneuver"].get("modifier"), s["name"]) for s in r["legs"][0]["steps"]]
            assert steps(told) == steps(here) and len(steps(here)) >= 2
            said = run("route", "--service", there.replace("osrm", "valhalla"), "--from", a, "--to", b, code=4)
            assert "answers with status" in said and "kind" in said, said
        finally:
            server.terminate()
            assert server.wait(timeout=20) == 0
        assert "does not answer" in run("route", "--service", there, "--from", a, "--to", b, code=4)
        for words in (("route", "--from", a, "--to", b), ("route", road, "--service", there, "--from", a, "--to", b),
                      ("route", "--service", "oracle:http://x", "--from", a, "--to", b),
                      ("route", "--service", "osrm:file:///etc/passwd", "--from", a, "--to", b),
                      ("matrix", "--service", there, "--speeds", "s", "--points", str(points)),
                      ("compare", road)):
            run(*words, code=2)


if __name__ == "__main__":
    main()
