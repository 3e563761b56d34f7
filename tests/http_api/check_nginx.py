#!/usr/bin/env python3
"""Runs the nginx configuration of docs/http.md in front of an application, with the built program: check_nginx.py PROGRAM.

Ends with 77 (skipped) where there is no nginx.
"""

import http.client
import http.server
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from check_http_api import ROOT, Program

RULES = "rules: [{name: login, match: {methods: [POST], path: /login}, per: ip, limit: 2/m, algorithm: sliding_window_log}]\n"


class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the application")

    do_POST = do_GET

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx_config(folder, port, application_port, program_port):
    page = (ROOT / "docs/http.md").read_text()
    block = re.search(r"```nginx\n(.*?)```", page, re.DOTALL).group(1)
    block = block.replace("http://application", f"http://127.0.0.1:{application_port}")
    block = block.replace("127.0.0.1:8080", f"127.0.0.1:{program_port}")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return (f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
            f"http {{ access_log off; {paths}\nserver {{ listen 127.0.0.1:{port};\n{block}\n}} }}\n")


def ask(port, method, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("Retry-After")


def wait_for(port, process):
    for _ in range(200):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def main():
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if nginx is None:
        print("there is no nginx: skipped")
        return 77
    application = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules.yaml"
        rules.write_text(RULES)
        with Program(sys.argv[1], str(rules)) as program:
            port = free_port()
            config = Path(folder) / "nginx.conf"
            config.write_text(nginx_config(folder, port, application.server_port, program.port))
            process = subprocess.Popen([nginx, "-c", str(config), "-p", folder], stderr=subprocess.PIPE, text=True)
            try:
                if not wait_for(port, process):
                    raise SystemExit(f"nginx does not start: {process.stderr.read() if process.poll() is not None else ''}")
                # A client cannot talk its way around: neither by another address nor by another request.
                forged = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Uri": "/", "X-Forwarded-Method": "GET", "Forwarded": "for=9.9.9.9"}
                answers = [ask(port, "POST", "/login"), ask(port, "POST", "/login", forged),
                           ask(port, "POST", "/login?x=1", forged), ask(port, "GET", "/login"), ask(port, "GET", "/_limit")]
            finally:
                process.terminate()
                process.wait()
    statuses = [status for status, _ in answers]
    print(f"nginx: {answers}")
    if statuses != [200, 200, 429, 200, 404] or not 1 <= int(answers[2][1] or 0) <= 60:
        print("error: expected 200, 200, 429 with Retry-After, 200, 404")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
