#!/usr/bin/env python3
"""Schemathesis makes requests from docs/openapi.yaml, valid and not, and compares the answers with it.

    tests/conformance/foreign/check_openapi.py RATEGUARD SCHEMATHESIS
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from service import Service

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# One with a rule of each shape that the contract tells apart.
RULES = """
rules:
  - {name: login, match: {methods: [POST], path: /login}, per: ip, limit: 5/m, algorithm: sliding_window_log}
  - {name: plan-quota, match: {header: {X-Api-Key: {present: true}}}, per: api_key, by_plan: {free: 1000/d, pro: unlimited}}
  - {name: jobs, per: user, missing: skip, algorithm: concurrency, limit: 3, hold: 10s}
  - {name: tenants, per: [workspace, ip], missing: skip, limit: 100/m, overdraft: true}
  - {name: month, match: {path: "/api/*"}, per: global, algorithm: fixed_window, limit: 7, anchor: month, mode: shadow}
"""
LIMITS = """
domain: edge
descriptors:
  - {key: client, rate_limit: {unit: hour, requests_per_unit: 100}}
"""


def main(program, schemathesis):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES)
        (folder / "limits.yaml").write_text(LIMITS)
        service = Service(program, "--config", str(folder / "rules.yaml"), "--envoy-config", str(folder / "limits.yaml"))
        try:
            command = [
                schemathesis, "--config-file", str(HERE / "schemathesis.toml"), "run", str(ROOT / "docs/openapi.yaml"),
                "--url", f"http://127.0.0.1:{service.http}", "--phases", "examples,coverage,fuzzing",
                "--max-examples", os.environ.get("EXAMPLES", "40"), "--seed", os.environ.get("SEED", "1"),
                "--request-timeout", "10", "--no-color"
            ]
            outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            lines = outcome.stdout.splitlines() + outcome.stderr.splitlines()
            if outcome.returncode != 0:
                # A request may be as long as a megabyte.
                sys.exit("\n".join(line[:500] for line in lines))
            print("openapi:", next((line.strip() for line in lines if " generated, " in line), "nothing was generated"))
            assert service.process.poll() is None, "the service ended"
        finally:
            service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
