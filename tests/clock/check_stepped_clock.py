#!/usr/bin/env python3
"""Steps the wall clock of the real program and asks what it judges and shows by it: check_stepped_clock.py PROGRAM.

Ends with 77 (skipped) where there is no libfaketime, or where it cannot be loaded first. See README.md.
"""

import base64
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SECRET = b"a secret of more than thirty-two bytes"
STEPS = (90, 300, 3_600, -3_600)
# Requests of one machine that runs many tests at once may take as long.
PATIENCE_S = 15


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(**claims):
    text = f'{base64url(b"""{"alg":"HS256"}""")}.{base64url(json.dumps({"sub": "ada", **claims}).encode())}'
    return f"{text}.{base64url(hmac.digest(SECRET, text.encode(), hashlib.sha256))}"


class Program:
    def __init__(self, path, folder):
        self.step = Path(folder, "step")
        self.set_clock(0)
        keys = Path(folder, "keys.json")
        keys.write_text(json.dumps({"kty": "oct", "k": base64url(SECRET)}))
        config = Path(folder, "rateguard.yaml")
        config.write_text(
            f"identity: {{user: 'jwt:sub', jwt: {{key_file: {keys}, leeway: 0s}}}}\n"
            "rules: [{name: u, per: user, limit: 1000/h}]\n"
        )
        self.command = [path, "serve", "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--grpc", "off", "--config", str(config)]

    def __enter__(self):
        fake = {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self.step),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **fake}
        )
        ready = self.process.stdout.readline()
        found = re.match(r"ready http=127\.0\.0\.1:(\d+).* resp=127\.0\.0\.1:(\d+)", ready)
        if not found:
            self.process.kill()
            problem = self.process.communicate()[1]
            if "ASan runtime" in problem or "ThreadSanitizer" in problem:
                sys.exit(77)
            sys.exit(f"not ready: {ready!r} {problem}")
        self.http, self.resp = map(int, found.groups())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def set_clock(self, seconds):
        """libfaketime reads the file at each reading of the clock: what it finds has to be whole."""
        new = self.step.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.replace(self.step)

    def ask(self, **claims):
        """The status for a token with those claims, and how far `Date` is ahead of the right time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=PATIENCE_S)
        headers = {
            "X-Forwarded-Method": "GET",
            "X-Forwarded-Uri": "/",
            "X-Forwarded-For": "203.0.113.9",
            "Authorization": f"Bearer {token(**claims)}",
        }
        connection.request("GET", "/v1/authz", headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        shown = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
        return answer.status, shown - time.time()

    def resp_time_ahead(self):
        with socket.create_connection(("127.0.0.1", self.resp), timeout=PATIENCE_S) as client:
            client.sendall(b"*1\r\n$4\r\nTIME\r\n")
            answer = b""
            while answer.count(b"\r\n") < 5:
                answer += client.recv(256)
        return int(answer.split(b"\r\n")[2]) - time.time()


def main():
    if not os.path.exists(LIBRARY):
        print("skipped: there is no libfaketime (package faketime)")
        sys.exit(77)
    failures = []

    def expect(what, found, right):
        if not right(found):
            failures.append(f"{what}: {found}")

    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            with Program(sys.argv[1], folder) as program:
                now = int(time.time())
                program.set_clock(step)
                status, ahead = program.ask(exp=now + step + 60)
                expect(f"{step:+d} s: a token in force by the wrong clock", status, lambda got: got == 200)
                expect(f"{step:+d} s: Date by the wrong clock", ahead - step, lambda got: abs(got) < PATIENCE_S)
                program.set_clock(0)
                now = int(time.time())
                for claims, right in (({"exp": now + 20}, 200), ({"exp": now + 300}, 200), ({"nbf": now + 1_800}, 403)):
                    status, ahead = program.ask(**claims)
                    expect(f"{step:+d} s and back, {claims}", status, lambda got, right=right: got == right)
                    expect(f"{step:+d} s and back, Date", ahead, lambda got: abs(got) < PATIENCE_S)
                expect(f"{step:+d} s and back, TIME", program.resp_time_ahead(), lambda got: abs(got) < PATIENCE_S)
    for failure in failures:
        print(failure)
    print(f"{len(STEPS)} steps, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
