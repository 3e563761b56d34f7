#!/usr/bin/env python3
"""Lets the JavaScript package ratelimit-header-parser read the answers of the built program: check_header_parser.py PROGRAM.

Not part of `make test`, for it needs npm and its registry: cmake --build --preset dev --target header_parser.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from check_http_api import Program

PACKAGE = "ratelimit-header-parser@0.1.0"
CHECK = '{"key":"%s","algorithm":"fixed_window","limit":5,"window":"1h","cost":%d}'
SCRIPT = """\
import { parseRateLimit } from 'ratelimit-header-parser'
const [url, body] = process.argv.slice(2)
const answer = await fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
const { limit, used, remaining, reset } = parseRateLimit(answer)
const seconds = reset ? Math.round((reset - Date.now()) / 1000) : null
console.log(JSON.stringify({ status: answer.status, limit, used, remaining, seconds }))
"""


def main():
    errors = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--prefix", folder, PACKAGE], check=True)
        script = Path(folder) / "ask.mjs"
        script.write_text(SCRIPT)
        config = Path(folder) / "rules.yaml"
        for style in ("draft7", "draft6", "draft03", "legacy"):
            config.write_text(f"headers: {style}\n")
            with Program(sys.argv[1], str(config)) as program:
                url = f"http://127.0.0.1:{program.port}/check"
                for cost, status, remaining in ((2, 200, 3), (3, 200, 0), (1, 429, 0)):
                    run = subprocess.run(["node", str(script), url, CHECK % (style, cost)], check=True, capture_output=True, text=True,
                                         env={**os.environ, "NODE_NO_WARNINGS": "1"})
                    got = json.loads(run.stdout)
                    print(f"{style}: {got}")
                    seconds = got.pop("seconds")
                    wanted = {"status": status, "limit": 5, "used": 5 - remaining, "remaining": remaining}
                    if got != wanted or not 0 < seconds <= 3_601:
                        errors.append(f"{style}: {got}, {seconds} s; expected {wanted}")
    for error in errors:
        print(f"error: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
