#!/usr/bin/env python3
"""Runs the nginx configuration of docs/http.md in front of an application, with the built program: check_nginx.py PROGRAM.

Ends with 77 (skipped) where there is no nginx.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from check_http_api import Program
from proxies import FORGED, RULES, Expectations, ask, block_of_page, reserved_port, start_application, wait_for

# Counted in a Redis that is not there: undecided.
UNDECIDED = """\
stores: {default: {type: redis, url: "redis://127.0.0.1:1"}}
rules: [{name: all, per: ip, limit: 2/m, on_store_failure: deny}]
"""


def nginx_config(folder, port, application_port, program_port):
    block = block_of_page("nginx")
    block = block.replace("http://application", f"http://127.0.0.1:{application_port}")
    block = block.replace("127.0.0.1:8080", f"127.0.0.1:{program_port}")
    # The page lets a request pass that is not decided in time; on a busy machine the test would see that.
    for name, time in (("connect", "100ms"), ("read", "500ms")):
        assert f"proxy_{name}_timeout {time};" in block, name
        block = block.replace(f"proxy_{name}_timeout {time};", f"proxy_{name}_timeout 30s;")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ access_log off; {paths}\nserver {{ listen 127.0.0.1:{port};\n{block}\n}} }}\n")


class Nginx:
    """nginx in front of the application, asking the program on `program_port`."""

    def __init__(self, nginx, folder, application_port, program_port):
        self.port = reserved_port()
        config = Path(folder) / "nginx.conf"
        config.write_text(nginx_config(folder, self.port, application_port, program_port))
        self.process = subprocess.Popen([nginx, "-c", str(config), "-p", folder], stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        if not wait_for(self.port, self.process):
            raise SystemExit(f"nginx does not start: {self.process.stderr.read() if self.process.poll() is not None else ''}")
        return self.port

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def main():
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if nginx is None:
        print("there is no nginx: skipped")
        return 77
    application = start_application()
    expectations = Expectations("nginx")
    expect = expectations.expect
    limited = {"RateLimit": r'"login";r=0;t=\d+', "RateLimit_Policy": '"login";q=2;w=60', "Retry_After": r"[1-9]\d?"}
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yaml"
        rules.write_text(RULES)
        with Program(sys.argv[1], str(rules)) as program, Nginx(nginx, folder, application.server_port, program.port) as port:
            forged = {**FORGED, "X-Forwarded-Uri": "/"}
            expect("admitted", ask(port, "POST", "/login"), 200, RateLimit=r'"login";r=1;t=\d+', RateLimit_Policy='"login";q=2;w=60', Retry_After=None)
            expect("admitted, forged", ask(port, "POST", "/login", forged), 200, RateLimit=r'"login";r=0;t=\d+')
            expect("refused", ask(port, "POST", "/login?x=1", {**forged, "X-Original-URL": "/other"}), 429, Content_Type="application/problem.json", **limited)
            expect("another request", ask(port, "GET", "/login"), 200, RateLimit=None)
            expect("an error of the application", ask(port, "GET", "/broken"), 500)
            expect("not for clients", ask(port, "GET", "/_limit"), 404)
        with Nginx(nginx, folder, application.server_port, reserved_port()) as port:
            expect("RateGuard is away", ask(port, "POST", "/login"), 200, Retry_After=None)
        rules.write_text(UNDECIDED)
        with Program(sys.argv[1], str(rules)) as program, Nginx(nginx, folder, application.server_port, program.port) as port:
            expect("undecided", ask(port, "POST", "/login"), 503, Retry_After="1")
    return expectations.finish()


if __name__ == "__main__":
    sys.exit(main())
