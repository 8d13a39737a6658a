#!/usr/bin/env python3
"""Asks a running server for /openapi.json and has a linter read it.

usage: lint_openapi.py WAYBILL   (exit 77: the linter cannot be installed here)
"""
import json
import os
import subprocess
import sys
import tempfile

import waybill

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint")
redocly = os.path.join(here, "node_modules", ".bin", "redocly")


def main():
    if not os.path.exists(redocly):
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=here)
        if done.returncode != 0:
            print("skipped: npm could not install the linter (no network?)")
            sys.exit(77)
    with waybill.server(sys.argv[1]) as s, tempfile.TemporaryDirectory() as top:
        document = os.path.join(top, "openapi.json")
        text = s.client().get("/openapi.json").body
        with open(document, "wb") as f:
            f.write(text)
        lint = subprocess.run([redocly, "lint", "--config", os.path.join(here, "redocly.yaml"), document],
                              env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
                                   "CI": "true"})
        paths = json.loads(text)["paths"]
        print(f"{len(paths)} paths, {sum(len(p) for p in paths.values())} operations")
        sys.exit(lint.returncode)


main()
