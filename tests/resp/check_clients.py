#!/usr/bin/env python3
"""redis-cli, redis-benchmark and redis-py against the built program: check_clients.py PROGRAM. See README.md."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import redis

RULES = "rules:\n  - {name: login, per: ip, limit: 5/m}\n"
LOCKED = "listen: {tokens: [caller], admin_tokens: [boss]%s}\n" + RULES
errors = []


def expect(what, got, wanted):
    if got != wanted:
        errors.append(f"{what}: got {got!r}, expected {wanted!r}")


class Program:
    """`rateguard serve` on free ports, for as long as the `with` lasts."""

    def __init__(self, path, folder, config):
        file = Path(folder) / "rateguard.yaml"
        file.write_text(config)
        self.command = [path, "serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "127.0.0.1:0",
                        "--config", str(file)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = re.search(r" resp=127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        if not ready:
            self.process.kill()
            raise SystemExit("the program did not say that it is ready")
        self.port = int(ready.group(1))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def run(*command):
    finished = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60)
    return finished.stdout.strip()


def check_redis_cli(port):
    def cli(*words):
        return run("redis-cli", "-p", port, *words)

    expect("redis-cli PING", cli("PING"), "PONG")
    expect("redis-cli CL.THROTTLE", cli("CL.THROTTLE", "cli", 15, 30, 60).split(), ["0", "16", "15", "-1", "2"])
    expect("redis-cli -3", run("redis-cli", "-3", "-p", port, "RG.PEEK", "login", "1.1.1.1").split()[:2], ["rule", "login"])
    expect("redis-cli error", cli("CL.THROTTLE", "cli", "x", 1, 1), "Cell error: Couldn't parse as integer: x")
    expect("redis-cli INFO", "rateguard_version:" in cli("INFO"), True)
    expect("redis-cli COMMAND COUNT", int(cli("COMMAND", "COUNT")) > 10, True)
    expect("redis-cli COMMAND DOCS", "summary" in cli("COMMAND", "DOCS", "cl.throttle"), True)
    # A file of commands in one go, as `redis-cli --pipe` sends it.
    commands = "".join("CL.THROTTLE pipe 999 1 3600\r\n" for _ in range(1000))
    piped = subprocess.run(["redis-cli", "-p", str(port), "--pipe"], input=commands, capture_output=True, text=True,
                           timeout=60)
    expect("redis-cli --pipe", "errors: 0, replies: 1000" in piped.stdout, True)
    # At a prompt it asks for COMMAND DOCS first.
    typed = subprocess.run(["redis-cli", "-p", str(port)], input="PING\nECHO \"a b\"\n", capture_output=True, text=True,
                           timeout=60)
    expect("redis-cli at its prompt", typed.stdout.split("\n")[:2], ["PONG", "a b"])


def check_redis_benchmark(port):
    for depth in ("1", "64"):
        out = run("redis-benchmark", "-p", port, "-n", 20000, "-c", 20, "-P", depth, "-q", "-r", 1000,
                  "CL.THROTTLE", "bench:__rand_int__", 15, 30, 60)
        expect(f"redis-benchmark -P {depth}", "requests per second" in out and "rror" not in out, True)


def check_redis_py(port, **options):
    with redis.Redis(host="127.0.0.1", port=port, decode_responses=True, **options) as client:
        expect("redis-py PING", client.ping(), True)
        expect("redis-py CL.THROTTLE", client.execute_command("CL.THROTTLE", "py", 4, 1, 60), [0, 5, 4, -1, 60])
        expect("redis-py names", (client.client_setname("me"), client.client_getname()), (True, "me"))
        expect("redis-py INFO", client.info("replication")["role"], "master")
        expect("redis-py CONFIG", client.config_get("save"), {"save": ""})
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(500):
                pipeline.execute_command("CL.THROTTLE", "pypipe", 499, 1, 3600)
            answers = pipeline.execute()
        expect("redis-py pipeline", [answer[2] for answer in answers], list(range(499, -1, -1)))
        try:
            client.execute_command("NOPE", "a")
            errors.append("redis-py: an unknown command was no error")
        except redis.ResponseError as error:
            expect("redis-py unknown command", str(error).startswith("unknown command"), True)


def check_tokens(port):
    client = redis.Redis(host="127.0.0.1", port=port)
    try:
        client.ping()
        errors.append("tokens: a stranger was answered")
    except redis.AuthenticationError:
        pass
    try:
        redis.Redis(host="127.0.0.1", port=port, password="wrong").ping()
        errors.append("tokens: a wrong token was good")
    except (redis.AuthenticationError, redis.ResponseError):
        pass
    check_redis_py(port, password="caller")
    expect("tokens: admin", redis.Redis(host="127.0.0.1", port=port, username="admin", password="boss")
           .execute_command("RG.RESET", "login", "1.1.1.1"), 0)
    try:
        redis.Redis(host="127.0.0.1", port=port, username="default", password="caller").execute_command("RG.RESET", "login", "1.1.1.1")
        errors.append("tokens: a caller was an admin")
    except redis.exceptions.NoPermissionError:
        pass
    expect("redis-cli -a", run("redis-cli", "--no-auth-warning", "-a", "caller", "-p", port, "PING"), "PONG")
    expect("redis-cli --user", run("redis-cli", "--no-auth-warning", "-3", "--user", "admin", "--pass", "boss", "-p", port,
                                   "RG.RESET", "login", "1.1.1.1"), "0")


def check_tls(path, folder):
    certificate, key = Path(folder) / "cert.pem", Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with Program(path, folder, LOCKED % f", tls: {{certificate: {certificate}, key: {key}}}") as program:
        check_redis_py(program.port, password="caller", ssl=True, ssl_ca_certs=str(certificate))
        expect("redis-cli --tls", run("redis-cli", "--tls", "--cacert", certificate, "--no-auth-warning", "-a", "caller",
                                      "-p", program.port, "PING"), "PONG")


def main():
    path = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="rateguard-resp-") as folder:
        with Program(path, folder, RULES) as program:
            check_redis_cli(program.port)
            check_redis_benchmark(program.port)
            check_redis_py(program.port)
        with Program(path, folder, LOCKED % "") as program:
            check_tokens(program.port)
        check_tls(path, folder)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
