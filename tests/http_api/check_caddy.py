#!/usr/bin/env python3
"""Runs the Caddy configuration of docs/http.md in front of an application, with the built program: check_caddy.py PROGRAM.

Ends with 77 (skipped) where there is no Caddy.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_http_api import Program
from proxies import FORGED, RULES, Expectations, ask, block_of_page, reserved_port, start_application, wait_for


def main():
    caddy = shutil.which("caddy")
    if caddy is None:
        print("there is no Caddy: skipped")
        return 77
    application = start_application()
    expectations = Expectations("caddy")
    expect = expectations.expect
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yaml"
        rules.write_text(RULES)
        with Program(sys.argv[1], str(rules)) as program:
            port = reserved_port()
            block = block_of_page("caddy").replace("example.com {", f"http://127.0.0.1:{port} {{", 1)
            block = block.replace("rateguard:8080", f"127.0.0.1:{program.port}").replace("application:3000", f"127.0.0.1:{application.server_port}")
            config = Path(folder) / "Caddyfile"
            config.write_text("{\n  admin off\n}\n" + block)
            environment = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
            process = subprocess.Popen([caddy, "run", "--config", str(config), "--adapter", "caddyfile"], env=environment,
                                       stderr=subprocess.PIPE, text=True)
            try:
                if not wait_for(port, process):
                    raise SystemExit(f"Caddy does not start: {process.stderr.read() if process.poll() is not None else ''}")
                forged = {**FORGED, "X-Forwarded-Uri": "/", "X-Original-URI": "/", "X-Original-URL": "/"}
                policy = '"login";q=2;w=60'
                expect("admitted", ask(port, "POST", "/login"), 200, RateLimit=r'"login";r=1;t=\d+', RateLimit_Policy=policy, Retry_After=None)
                expect("admitted, forged", ask(port, "POST", "/login", forged), 200, RateLimit=r'"login";r=0;t=\d+')
                expect("refused", ask(port, "POST", "/login?x=1", forged), 429, RateLimit=r'"login";r=0;t=\d+', RateLimit_Policy=policy,
                       Retry_After=r"[1-9]\d?", Content_Type="application/problem.json")
                expect("another request", ask(port, "GET", "/login"), 200)
            finally:
                process.terminate()
                process.wait()
    return expectations.finish()


if __name__ == "__main__":
    sys.exit(main())
