#!/usr/bin/env python3
"""Starts what the clients are tried against, runs a command, and stops it all: services.py PROGRAM COMMAND...

The command finds the addresses in its environment: RATEGUARD_HTTP and RATEGUARD_RESP (HOST:PORT) of the real program with
cases.rules.yaml in force, RATEGUARD_LOCKED_HTTP and _RESP of one that asks for the token "let-me-in", and of stand-ins:
STAND_IN_AWAY (nobody listens), STAND_IN_SLOW (never answers), STAND_IN_CUT (closes at once), STAND_IN_NONSENSE_HTTP (HTTP, but
not RateGuard), STAND_IN_NONSENSE_RESP (neither), STAND_IN_UNAVAILABLE (503).
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROBLEM = b'{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"too many connections","field":"connection"}'


def http(status, kind, body):
    return b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (status, kind, len(body), body)


@contextlib.contextmanager
def program(path, config, log):
    """`rateguard serve` on free ports: yields (http, resp) as HOST:PORT."""
    command = [path, "serve", "--config", str(config), "--http", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--grpc", "off"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        ready = re.match(r"ready http=(\S+) resp=(\S+)", process.stdout.readline())
        if not ready:
            raise SystemExit(f"{path} did not say that it is ready; its log: {log.name}")
        yield ready.groups()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class StandIn:
    """A listener that answers whatever is sent with `answer`; None: with nothing, b"": by closing."""

    def __init__(self, answer):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, contextlib.suppress(OSError):
            while self.answer != b"" and connection.recv(65536):
                if self.answer is not None:
                    connection.sendall(self.answer)


def nobody():
    """An address at which nobody listens, and which nobody else gets while the socket lives."""
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    return reserved, "127.0.0.1:%d" % reserved.getsockname()[1]


def main():
    path, command = sys.argv[1], sys.argv[2:]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(tempfile.NamedTemporaryFile("w+", prefix="rateguard-clients-", suffix=".log"))
        locked_config = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".yaml"))
        locked_config.write("listen: {tokens: [let-me-in]}\n")
        locked_config.flush()
        real = stack.enter_context(program(path, HERE / "cases.rules.yaml", log))
        locked = stack.enter_context(program(path, locked_config.name, log))
        reserved, away = nobody()
        stack.enter_context(reserved)
        addresses = {
            "RATEGUARD_HTTP": real[0],
            "RATEGUARD_RESP": real[1],
            "RATEGUARD_LOCKED_HTTP": locked[0],
            "RATEGUARD_LOCKED_RESP": locked[1],
            "STAND_IN_AWAY": away,
            "STAND_IN_SLOW": StandIn(None).address,
            "STAND_IN_CUT": StandIn(b"").address,
            "STAND_IN_NONSENSE_HTTP": StandIn(http(b"200 OK", b"text/html", b"<h1>It works!</h1>")).address,
            "STAND_IN_NONSENSE_RESP": StandIn(b"What do you mean?\r\n").address,
            "STAND_IN_UNAVAILABLE": StandIn(http(b"503 Service Unavailable", b"application/problem+json", PROBLEM)).address,
        }
        return subprocess.run(command, env={**os.environ, **addresses}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
