#!/usr/bin/env python3
"""`waybill route serve` as vroom-express's clients use it.

    test_route_serve.py WAYBILL
"""
import http.client
import json
import signal
import subprocess
import sys

PLAIN = {
    "vehicles": [{"id": 1, "start": [2.3504, 48.8379], "end": [2.3504, 48.8379], "capacity": [4], "time_window": [0, 36000]}],
    "jobs": [{"id": 1, "location": [1.98465, 48.7006], "service": 300, "delivery": [1]},
             {"id": 2, "location": [2.03655, 48.6122], "service": 300, "delivery": [1], "colour": "red"}],
    "options": {"g": True, "l": 0.2},
}


def ask(port, method, path, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(method, path, body, {"content-type": "application/json"} if body else {})
    r = c.getresponse()
    return r.status, json.loads(r.read() or "{}")


def check(port):
    status, plan = ask(port, "POST", "/", json.dumps(PLAIN))
    assert (status, plan["code"]) == (200, 0), (status, plan)
    assert plan["summary"]["unassigned"] == 0 and plan["summary"]["routes"] == 1
    assert [s["type"] for s in plan["routes"][0]["steps"]] == ["start", "job", "job", "end"]
    assert plan["routes"][0]["distance"] > 0
    assert any("colour" in w for w in plan["warnings"]) and not any("options" in w for w in plan["warnings"])

    assert ask(port, "GET", "/health")[0] == 200
    assert ask(port, "GET", "/")[0] == 404
    for body, status, code in (("not json", 400, 2), ("[]", 400, 2), ("{}", 400, 2),
                               (json.dumps({**PLAIN, "options": {"l": -1}}), 400, 2),
                               (json.dumps({**PLAIN, "options": {"x": 9}}), 400, 2),
                               (json.dumps({**PLAIN, "jobs": [{"id": 1}]}), 400, 2)):
        got = ask(port, "POST", "/", body)
        assert got[0] == status and got[1]["code"] == code and got[1]["error"], (body, got)
    many = {**PLAIN, "jobs": [{"id": i, "location": [2 + i / 1000, 48]} for i in range(60)]}
    assert ask(port, "POST", "/", json.dumps(many))[0] == 413

    # Steps that are only to be timed keep their order; what they break is named, what cannot be is refused.
    order = [{"type": "job", "id": 2}, {"type": "job", "id": 1, "service_after": 36000}]
    given = {**PLAIN, "vehicles": [{**PLAIN["vehicles"][0], "steps": order}], "options": {"c": True}}
    status, plan = ask(port, "POST", "/", json.dumps(given))
    steps = plan["routes"][0]["steps"]
    assert status == 200 and [s.get("id") for s in steps] == [None, 2, 1, None], plan
    assert steps[2]["arrival"] + steps[2]["waiting_time"] == 36000
    assert [v["cause"] for v in plan["summary"]["violations"]] == ["delay"] == [v["cause"] for v in steps[3]["violations"]]
    assert not any("service_after" in w for w in plan["warnings"])
    status, plan = ask(port, "POST", "/", json.dumps({**given, "options": {"l": 0}}))
    assert status == 200 and any("service_after" in w for w in plan["warnings"]), plan
    assert ask(port, "POST", "/", json.dumps({**PLAIN, "options": {"c": True}}))[0] == 400
    assert ask(port, "POST", "/", json.dumps({**PLAIN, "options": {"c": 1}}))[0] == 400

    # The budget asked for is kept, and never above the server's.
    for options, least, most in (({"x": 0}, 0, 0.5), ({"l": 0.7}, 0.6, 1.6), ({"l": 99}, 0.9, 2)):
        status, plan = ask(port, "POST", "/", json.dumps({**PLAIN, "options": options}))
        spent = plan["summary"]["computing_times"]["solving"] / 1000
        assert status == 200 and least <= spent <= most, (options, spent)


def answers_soon(port):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
    c.request("GET", "/health")
    try:
        return c.getresponse().status == 200
    except TimeoutError:
        return False


def start(waybill, *more):
    p = subprocess.Popen([waybill, "route", "serve", *more], stdout=subprocess.PIPE, text=True)
    return p, json.loads(p.stdout.readline())["port"]


def main():
    server, port = start(sys.argv[1], "--seconds", "1", "--max-places", "50")
    try:
        check(port)
    finally:
        server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0

    # A long search ends with the server: its client still gets a plan.
    server, port = start(sys.argv[1], "--seconds", "600", "--threads", "1")
    long = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    long.request("POST", "/", json.dumps({**PLAIN, "options": {}}))
    while answers_soon(port):
        pass  # until the one thread is at work
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    plan = json.loads(long.getresponse().read())
    assert plan["summary"]["routes"] == 1, plan
    print("1 passed, 0 failed")


main()
