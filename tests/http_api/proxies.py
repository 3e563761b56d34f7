"""What the tests of real proxies share: an application, ports, and questions."""

import http.client
import http.server
import re
import socket
import sys
import threading
import time

from check_http_api import ROOT

sys.path.insert(0, str(ROOT / "tests/support"))
from reserved_port import reserved_port

# /login: two tries, then 429 for a minute.
RULES = "rules: [{name: login, match: {methods: [POST], path: /login}, per: ip, limit: 2/m, algorithm: sliding_window_log}]\n"
# A client that would talk its way around: by another address, another request, another host.
FORGED = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Method": "GET", "Forwarded": "for=9.9.9.9"}


class Application(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"the application")

    do_POST = do_GET

    def log_message(self, *_):
        pass


def start_application():
    application = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    return application


def block_of_page(language):
    return re.search(rf"```{language}\n(.*?)```", (ROOT / "docs/http.md").read_text(), re.DOTALL).group(1)


def ask(port, method, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers=headers or {})
    answer = connection.getresponse()
    answer.body = answer.read().decode()
    return answer


def wait_for(port, process):
    """For a minute, as on a machine with too much to do."""
    for _ in range(1200):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


class Expectations:
    def __init__(self, name):
        self.name = name
        self.errors = []

    def expect(self, what, answer, status, **headers):
        """Fields by their names with underscores, as patterns; None: it is not there."""
        got = {field: answer.getheader(field.replace("_", "-")) for field in headers}
        good = answer.status == status and all(
            value is None if pattern is None else value is not None and re.fullmatch(pattern, value)
            for value, pattern in zip(got.values(), headers.values()))
        print(f"{self.name}: {what}: {answer.status} {got}")
        if not good:
            self.errors.append(f"{what}: {answer.status} {got}, expected {status} {headers}: {answer.body[:200]}")

    def finish(self):
        for error in self.errors:
            print(f"error: {error}")
        return 1 if self.errors else 0
