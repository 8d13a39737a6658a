#!/usr/bin/env python3
"""A wave planned by another server's times, our own OSRM door as that server: the plan is the one that the road file
itself gives, says who timed it, and does without that server where it is away.

usage: guided.py WAYBILL
"""
import json
import os
import subprocess
import sys
import tempfile

import waybill
from day import START, TOWN, Day, town


def road_server(binary, roads):
    """A server that allows little: what is asked comes in parts."""
    process = subprocess.Popen([binary, "road", "serve", roads, "--listen", "127.0.0.1:0", "--max-table", "10",
                                "--max-route", "5"], stdout=subprocess.PIPE, text=True)
    return process, f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"


def loading(day):
    day.sign_up()
    day.shipments()
    day.draw(day.blocks()[0])
    day.open()
    plans = [(phone.need("GET", "/v1/driver/duty"), phone) for phone in day.phones]
    return sorted(plans, key=lambda p: [x["shipment"]["reference"] for x in p[0]["stops"]])  # whoever drew which


def morning(binary, init, serve):
    """The rounds, and the first of them in its driver's own order."""
    with waybill.server(binary, "--simulation", "--seed", "21", "--start", START, "--place", f"{TOWN[0]},{TOWN[1]}",
                        *init, serve_flags=("--clock", "stepped", *serve)) as s:
        plans = loading(Day(s, 2, 24))
        first, phone = plans[0]
        again = phone.need("POST", "/v1/driver/duty/reorder", {"stop_ids": [x["id"] for x in first["stops"]][::-1]})
        return s.ready, [plan for plan, _ in plans], again


def same_round(a, b):
    """Seconds, ways and arrivals to the last one; metres as far as a decimal carries."""
    assert [x["shipment"]["reference"] for x in a["stops"]] == [x["shipment"]["reference"] for x in b["stops"]]
    for x, y in zip(a["stops"], b["stops"]):
        for key in ("leg_s", "eta", "shape", "service_s"):
            assert x[key] == y[key], (key, x, y)
        assert abs(x["leg_m"] - y["leg_m"]) <= 1, (x, y)
    assert a["plan"]["back_shape"] == b["plan"]["back_shape"]


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="waybill-guided-") as top:
        roads = os.path.join(top, "town.road")
        town(binary, roads)
        server, url = road_server(binary, roads)
        try:
            there = ("--road-times", "osrm", "--road-times-url", url)
            ready, own, own_again = morning(binary, ("--roads", roads), ())
            assert ready["road_times"] == "own" and sum(len(d["stops"]) for d in own) == 24
            assert {d["plan"]["origin"]["times_by"] for d in own} == {"own"}
            # a house without a road file of its own
            ready, told, told_again = morning(binary, (), there)
            assert ready["road_times"] == "osrm" and ready["roads"] is False
            for a, b in zip(own, told):
                same_round(a, b)
                origin = b["plan"]["origin"]
                assert origin["times_by"] == "osrm" and origin["times_at"] == url.split("//")[1], origin
                assert origin["times_profile"] == "driving" and len(origin["times_digest"]) == 32, origin
                assert "roads" not in origin and origin["speeds"] == 0 == b["plan"]["speeds_version"], origin
            same_round(own_again, told_again)
        finally:
            server.terminate()
            server.wait()
        # the server is away: the house's own file does it, and the plan says so
        ready, alone, alone_again = morning(binary, ("--roads", roads), there)
        assert ready["road_times"] == "osrm" and ready["roads"] is True
        for a, b in zip(own, alone):
            same_round(a, b)
            origin = b["plan"]["origin"]
            assert (origin["times_by"], origin["times_wanted"], origin["times_trouble"]) == ("own", "osrm", "roads-away"), origin
            assert origin["roads"] == a["plan"]["origin"]["roads"]
        same_round(own_again, alone_again)
        for flags in (("--road-times", "oracle"), ("--road-times", "osrm"), ("--road-times", "osrm", "--road-times-url", "file:///x"),
                      ("--road-times", "osrm", "--road-times-url", url, "--road-times-profile", "a/b")):
            directory = os.path.join(top, "d" + str(len(os.listdir(top))))
            subprocess.run([binary, "init", directory, "--passphrase", "violet-anchor-17-miles"], check=True, stdout=subprocess.DEVNULL)
            refused = subprocess.run([binary, "serve", "--data", directory, *flags], capture_output=True, text=True, timeout=60, check=False)
            assert refused.returncode == 3 and "road_times" in refused.stderr, refused


if __name__ == "__main__":
    main()
