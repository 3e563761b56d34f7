#!/usr/bin/env python3
"""Asks one table of cases over HTTP, RESP and gRPC, and over all of them in turn, on memory and on a real Redis: the
answers are the table's each time.

    tests/conformance/check_conformance.py RATEGUARD
"""

import contextlib
import http.client
import importlib
import itertools
import json
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import grpc

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATIENCE_S = 20
# What may pass between the first request of a case and the last, on a machine that is busy with other things.
SLACK_S = 30
UNLIMITED_LEFT = 2**32 - 1
NEVER = "never"


@dataclass
class Step:
    line: int
    rule: str
    key: list
    cost: int
    plan: str
    verdict: str  # ok, no, unlimited, error
    left: int | None = None
    retry: float | str | None = None  # seconds
    reset: float | None = None


@dataclass
class Answer:
    verdict: str
    left: int | None = None
    retry_s: float | str | None = None
    reset_s: float | None = None
    limit_name: str | None = None


def read_cases(path):
    """{name: [Step]}; a line that is none of the table's ends the test."""
    cases, name = {}, None
    pattern = re.compile(r"(\S+) (\S+) (\d+)(?: plan=(\w+))? -> (ok|no|unlimited|error)(?: (\d+))?"
                         r"(?: retry=(\d+|never))?(?: reset=(\d+))?$")
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("case "):
            name = line[5:]
            assert name not in cases, f"{path}:{number}: a second case of that name"
            cases[name] = []
            continue
        found = pattern.match(line)
        assert found and name, f"{path}:{number}: not a step of a case: {line}"
        rule, key, cost, plan, verdict, left, retry, reset = found.groups()
        cases[name].append(Step(number, rule, key.split("|"), int(cost), plan or "", verdict, left and int(left),
                                retry if retry in (None, NEVER) else int(retry), reset and int(reset)))
    return cases


class Redis:
    """A redis-server on a socket in `folder`, which keeps nothing on disk."""

    def __init__(self, folder):
        self.path = str(folder / "redis.sock")
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--dir",
                                         str(folder)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)

    def ask(self, words):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(self.path)
            connection.sendall(words + b"\r\n")
            return connection.recv(4096)

    def answers(self):
        try:
            return self.ask(b"PING") == b"+PONG\r\n"
        except OSError:
            return False

    def close(self):
        self.process.kill()
        self.process.wait()


class Service:
    """`rateguard serve` with the table's rules and every protocol on a free port, its counters in `redis` if there is one."""

    def __init__(self, program, redis=None):
        environment = dict(os.environ)
        if redis is not None:
            assert redis.ask(b"FLUSHALL") == b"+OK\r\n"
            environment |= {"RATEGUARD_REDIS": f"unix://{redis.path}", "RATEGUARD_STORES_DEFAULT_DEADLINE": "10s"}
        command = [program, "serve", "--config", str(HERE / "rules.yaml"), "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
                   "--resp", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env=environment)
        line = self.process.stdout.readline()
        self.ports = {name: int(port) for name, port in re.findall(r"(\w+)=127\.0\.0\.1:(\d+)", line)}
        assert set(self.ports) == {"http", "grpc", "resp"}, f"the service did not start: {line!r}"

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Http:
    def __init__(self, service):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.ports["http"], timeout=PATIENCE_S)

    def ask(self, step):
        body = {"rule": step.rule, "key": step.key if len(step.key) > 1 else step.key[0], "cost": step.cost}
        if step.plan:
            body["plan"] = step.plan
        self.connection.request("POST", "/check", json.dumps(body), {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = json.loads(response.read())
        if response.status in (400, 404):
            return Answer("error")
        assert (response.status == 200) == answer["allowed"], answer
        return figures(answer["allowed"], answer["limit"], answer["remaining"], answer["retry_after_ms"],
                       answer["reset_after_ms"])


class Resp:
    def __init__(self, service):
        self.socket = socket.create_connection(("127.0.0.1", service.ports["resp"]), timeout=PATIENCE_S)
        self.file = self.socket.makefile("rb")
        self.send("HELLO", "3")
        self.reply()

    def send(self, *arguments):
        words = [str(a).encode() for a in arguments]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))

    def reply(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:].decode()
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"%":
            return {self.reply(): self.reply() for _ in range(int(rest))}
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return {b"+": lambda: rest, b"-": lambda: RuntimeError(rest), b":": lambda: int(rest), b"_": lambda: None,
                b"#": lambda: rest == "t"}[kind]()

    def ask(self, step):
        words = ["RG.CHECK", step.rule, step.key[0], step.cost]
        if step.plan:
            words += ["PLAN", step.plan]
        if len(step.key) > 1:
            words += ["AND", *step.key[1:]]
        self.send(*words)
        answer = self.reply()
        if isinstance(answer, RuntimeError):
            return Answer("error")
        return figures(answer["allowed"], answer["limit"], answer["remaining"], answer["retry_after_ms"],
                       answer["reset_after_ms"])


def figures(allowed, limit, remaining, retry_after_ms, reset_after_ms):
    if limit is None:
        return Answer("unlimited" if allowed else "error")
    return Answer("ok" if allowed else "no", remaining, NEVER if retry_after_ms is None else retry_after_ms / 1000,
                  reset_after_ms / 1000)


class Grpc:
    messages = None

    def __init__(self, service):
        self.channel = grpc.insecure_channel(f"127.0.0.1:{service.ports['grpc']}")
        self.call = self.channel.unary_unary(
            "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self.messages.RateLimitResponse.FromString)

    def ask(self, step):
        request = self.messages.RateLimitRequest(domain="rateguard")
        descriptor = request.descriptors.add()
        descriptor.entries.add(key="rule", value=step.rule)
        if step.plan:
            descriptor.entries.add(key="plan", value=step.plan)
        for part in step.key:
            descriptor.entries.add(key="part", value=part)
        descriptor.hits_addend.value = step.cost
        try:
            response = self.call(request, timeout=PATIENCE_S)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.UNKNOWN, error
            return Answer("error")
        status = response.statuses[0]
        assert response.overall_code == status.code
        if not status.HasField("current_limit"):
            assert status.limit_remaining == UNLIMITED_LEFT
            return Answer("unlimited")
        allowed = status.code == 1
        wait = status.duration_until_reset.seconds if status.HasField("duration_until_reset") else NEVER
        return Answer("ok" if allowed else "no", status.limit_remaining, 0 if allowed else wait, wait if allowed else None)


def generate_messages(folder):
    """Python code of the messages, from the .proto files alone."""
    names = [str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto" / "envoy").rglob("*.proto")]
    subprocess.run(["protoc", f"-I{ROOT / 'proto'}", f"--python_out={folder}", *names], check=True)
    sys.path.insert(0, str(folder))
    Grpc.messages = importlib.import_module("envoy.service.ratelimit.v3.rls_pb2")


def near(expected, actual):
    """Whether a wait is the table's, but for what passed since the case began."""
    if NEVER in (expected, actual):
        return expected == actual
    return actual is not None and expected - SLACK_S <= math.ceil(actual) <= expected


def compare(step, answer):
    """What differs, in words; nothing where all is as it should be."""
    wrong = []
    if answer.verdict != step.verdict:
        wrong.append(f"answered {answer.verdict}, not {step.verdict}")
    if step.left is not None and answer.left != step.left:
        wrong.append(f"{answer.left} left, not {step.left}")
    if step.retry is not None and not near(step.retry, answer.retry_s):
        wrong.append(f"wait {answer.retry_s} s, not {step.retry}")
    if step.reset is not None and answer.reset_s is not None and not near(step.reset, answer.reset_s):
        wrong.append(f"reset after {answer.reset_s} s, not {step.reset}")
    return "; ".join(wrong)


def run_table(program, redis, cases, name, protocols):
    """Asks every step of the next protocol in turn, on a service of its own. Gives the number of wrong answers."""
    wrong = 0
    with contextlib.closing(Service(program, redis)) as service:
        clients = itertools.cycle([protocol(service) for protocol in protocols])
        for case, steps in cases.items():
            for step in steps:
                client = next(clients)
                found = compare(step, client.ask(step))
                if found:
                    wrong += 1
                    print(f"cases.txt:{step.line}: {case}: over {type(client).__name__} ({name}{', in Redis' if redis else ''}): {found}", file=sys.stderr)
    assert redis is None or redis.ask(b"DBSIZE") != b":0\r\n", "the counters were not in Redis"
    return wrong


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    cases = read_cases(HERE / "cases.txt")
    steps = sum(len(case) for case in cases.values())
    wrong = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Redis(Path(folder))) as server:
        generate_messages(Path(folder))
        for redis, (name, protocols) in itertools.product((None, server), (
                ("http", [Http]), ("resp", [Resp]), ("grpc", [Grpc]), ("in turn", [Http, Resp, Grpc]),
                ("in turn, the other way", [Grpc, Resp, Http, Resp]))):
            wrong += run_table(sys.argv[1], redis, cases, name, protocols)
    print(f"{len(cases)} cases of {steps} steps, five times on memory and five on Redis: {wrong} wrong answers")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
