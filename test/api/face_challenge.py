#!/usr/bin/env python3
"""A check-in by face, as a phone does it: asked, answered once, in time, with the frames
that were signed; and the other way is always open.

usage: face_challenge.py WAYBILL POSE_FRAMES   (exit 77: models or sample photographs are not here)
"""
import base64
import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile

import waybill
from faces import allow, consent_text, deps, kept, problem

HER, OTHER = ("sample5.jpg", 0), ("sample1.jpg", 0)  # who look straight into the camera


def frames_of(pose_frames, models, photo, face, top):
    """What a camera sees of somebody in a photograph who does as asked: name -> JPEG."""
    os.makedirs(top)
    quiet = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # ONNX Runtime keeps 14 bytes of its own
    subprocess.run([pose_frames, models, os.path.join(deps, "faces", photo), str(face), top], check=True, env=quiet)
    return {name[:-4]: open(os.path.join(top, name), "rb").read() for name in os.listdir(top)}


class Gate:
    """One driver before the gate, with a camera that shows whoever stands there."""

    def __init__(self, s, admin, phone):
        self.s, self.admin, self.phone = s, admin, phone
        self.place = admin.need("GET", "/v1/stations")["items"][0]["place"]

    def award(self, minutes):
        def at(m):
            return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=m)).strftime("%Y-%m-%dT%H:%M:00Z")
        block = self.admin.need("POST", "/v1/blocks", {
            "programme": self.s.init["programme_id"], "station": self.s.init["station_id"], "pay_plan": self.s.init["pay_plan_id"],
            "units": 1, "rule": "direct", "starts": at(minutes), "ends": at(minutes + 15), "requests_close": at(2),
            "terms": {"pay": {"minor": 9000, "currency": "SEK"}, "stops": {"min": 1, "max": 9},
                      "distance_m": {"min": 1000, "max": 9000}}})
        return self.admin.need("POST", f"/v1/blocks/{block['id']}/award",
                               {"driver_id": self.phone.driver_id, "reasoning": "She asked at the counter, and the van is hers."})["id"]

    def ask(self, award, **more):
        return self.phone.need("POST", "/v1/driver/face-challenge", {"award_id": award, **more})

    def answer(self, award, c, pictures, signed=None):
        """Signs what is sent, or, told so, something else."""
        text = "\n".join([c["message"]] + [hashlib.sha256(p).hexdigest() for p in (signed or pictures)])
        return self.phone.post("/v1/driver/check-ins", {
            "award_id": award, "place": self.place, "method": "face", "challenge": c["challenge"],
            "signature": self.phone.sign(text), "pictures": [base64.b64encode(p).decode() for p in pictures]})

    def by_key(self, award):
        c = self.phone.challenge(award_id=award)
        return self.phone.need("POST", "/v1/driver/check-ins", {
            "award_id": award, "place": self.place, "method": "device", "challenge": c["challenge"],
            "signature": self.phone.sign(c["message"])})


def shown(frames, c):
    return [frames["front"]] + [frames[w] for w in c["poses"] + c["colours"]]


def told(a, outcome, hint):
    assert a.status == 201 and set(a.json) == {"id", "outcome", "hint"}, a
    assert (a.json["outcome"], a.json["hint"]) == (outcome, hint), a


def asked_as_drawn(c, lights):
    poses, colours = c["poses"], c["colours"]
    assert len(poses) == 4 and {"left", "right"} <= set(poses) <= {"left", "right", "up", "down", "closer"}, c
    assert len(colours) == (4 if lights else 0) and set(colours) <= {"red", "green", "blue"}, c
    assert c["frames"] == 5 + len(colours)
    for row in (poses, colours):
        assert all(a != b for a, b in zip(row, row[1:])), c


def refusals(gate, award, her):
    """What is no answer is refused for what it is, and judged by nobody."""
    problem(gate.phone.post("/v1/driver/check-ins", {
        "award_id": award, "place": gate.place, "method": "face",
        "pictures": [base64.b64encode(her["front"]).decode()]}), 400, "challenge-needed")
    first = gate.ask(award)
    asked_as_drawn(first, False)
    frames = shown(her, first)
    problem(gate.answer(award, first, frames[:4]), 400, "frames")
    problem(gate.answer(award, first, frames + frames[:1]), 400, "frames")
    problem(gate.answer(award, first, frames + frames), 400)  # more than any challenge takes
    problem(gate.answer(award, first, frames, signed=frames[::-1]), 403, "challenge-answer")
    padded = frames[:2] + [frames[2] + b"\0" * (first["frame_bytes_max"] - len(frames[2]) + 1)] + frames[3:]
    problem(gate.answer(award, first, padded), 413, "picture-too-large")
    second = gate.ask(award)
    problem(gate.answer(award, first, frames), 409, "challenge-over")
    stranger = gate.s.phone()
    stranger.sign_up(name="Somebody Else")
    problem(stranger.post("/v1/driver/face-challenge", {"award_id": award}), 404)
    return second


def at_the_gate(s, her, other):
    admin, phone = s.admin(), s.phone()
    phone.sign_up()
    allow(s, admin, challenge=True)
    text = consent_text(phone)
    enrolled = phone.post("/v1/driver/enrolment", {
        "consent": {"text_version": text, "accepted": True}, "pictures": [base64.b64encode(her["front"]).decode()]})
    assert enrolled.status == 201 and enrolled.json["challenge"] and not enrolled.json["lights"], enrolled
    gate = Gate(s, admin, phone)
    one, two, three = gate.award(5), gate.award(21), gate.award(37)

    c = refusals(gate, one, her)
    told(gate.answer(one, c, [her["front"]] * 5), "try_again", "pose")  # a photograph
    problem(gate.answer(one, c, shown(her, c)), 409, "challenge-over")  # spent by its first answer
    c = gate.ask(one)
    out_of_order = shown(her, c)
    out_of_order[1], out_of_order[2] = out_of_order[2], out_of_order[1]
    told(gate.answer(one, c, out_of_order), "try_again", "pose")
    c = gate.ask(one)
    passed = gate.answer(one, c, shown(her, c))
    told(passed, "passed", None)
    kept(s, her[c["poses"][0]][2000:2064])
    decision = next(d for d in phone.need("GET", "/v1/driver/decisions")["items"] if d["kind"] == "checkin.pass")
    inputs = phone.need("GET", "/v1/driver/decisions/" + decision["id"])["inputs"]
    assert inputs["challenge"] == {"poses": c["poses"], "colours": [], "seen": "alive"}, inputs
    assert inputs["pictures"] == [hashlib.sha256(p).hexdigest() for p in shown(her, c)], inputs

    # Somebody else who does as asked; her poses after somebody's face; and the third time a person is asked.
    c = gate.ask(two)
    told(gate.answer(two, c, shown(other, c)), "try_again", None)
    c = gate.ask(two)
    spliced = gate.answer(two, c, [other["front"]] + shown(her, c)[1:])
    assert spliced.json["outcome"] == "try_again" and spliced.json["hint"] in ("pose", "same_person"), spliced
    for _ in range(4):
        c = gate.ask(two)
    problem(phone.post("/v1/driver/face-challenge", {"award_id": two}), 409, "challenges-used")
    assert gate.answer(two, c, shown(other, c)).json["outcome"] == "review"
    assert gate.by_key(two)["outcome"] == "passed", "the other way is always open"

    # Colours: when the programme has them, and from who takes them.
    asked_as_drawn(gate.ask(three, lights=True), False)
    allow(s, admin, challenge=True, lights=True)
    asked_as_drawn(gate.ask(three), False)
    c = gate.ask(three, lights=True)
    asked_as_drawn(c, True)
    wrong = [her["front"]] + [her[w] for w in c["poses"]] + [her[{"red": "green", "green": "blue", "blue": "red"}[w]] for w in c["colours"]]
    told(gate.answer(three, c, wrong), "try_again", "screen")
    c = gate.ask(three, lights=True)
    told(gate.answer(three, c, shown(her, c)), "passed", None)
    export = phone.need("GET", "/v1/driver/data")
    assert any(x["act"] == three and x["state"] == "over" for x in export["face_challenges"]), export["face_challenges"]


def main():
    binary, pose_frames = sys.argv[1:3]
    raw, photos = os.path.join(deps, "models", "raw"), os.path.join(deps, "faces")
    if not (os.path.isdir(raw) and os.path.isdir(photos)):
        print("skipped: models or sample photographs are not here (./dev setup fetches them)")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="waybill-gate-") as tmp:
        models = os.path.join(tmp, "models")
        subprocess.run([binary, "face", "prepare", "--raw", raw, "--out", models], check=True, stdout=subprocess.DEVNULL)
        her = frames_of(pose_frames, models, *HER, os.path.join(tmp, "her"))
        other = frames_of(pose_frames, models, *OTHER, os.path.join(tmp, "other"))
        with waybill.server(binary, serve_flags=("--models", models, "--limits", "off")) as s:
            at_the_gate(s, her, other)
    print(json.dumps({"ok": True}))


main()
