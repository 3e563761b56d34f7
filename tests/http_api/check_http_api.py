#!/usr/bin/env python3
"""Holds the HTTP API of the built program to its documents: check_http_api.py PROGRAM. See README.md."""

import http.client
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from openapi import OpenApi

ROOT = Path(__file__).resolve().parents[2]

RULES = """\
listen: {trusted_proxies: [10.0.0.0/8]%(tokens)s}
catalog: {url: "sqlite:%(catalog)s"}
admin: {listen: off}
rules:
  - {name: login, match: {methods: [POST], path: /login}, per: ip, limit: 5/m, algorithm: sliding_window_log}
  - {name: tenants, match: {path: "/api/*"}, per: ["header:X-Tenant", ip], limit: 100/m}
  - {name: plans, match: {path: /plans}, per: api_key, by_plan: {free: 3/d, pro: unlimited}}
  - {name: all, per: global, algorithm: fixed_window, limit: 100000, window: 1h}
  - {name: trial, match: {path: /login}, per: ip, limit: 1/h, mode: shadow}
envoy: {config: %(envoy)s, response_dynamic_metadata: true, response_headers: {enabled: true}}
"""

ENVOY = """\
domain: edge
descriptors:
  - {key: client, value: free, rate_limit: {unit: hour, requests_per_unit: 100}}
  - {key: path, value: "/*", descriptors: [{key: user, rate_limit: {unit: 30s, requests_per_unit: 3}}]}
  - {key: ban, rate_limit: {unit: second, requests_per_unit: 0}}
  - {key: internal, rate_limit: {unlimited: true}, metadata: {a: [1, {b: null}]}}
"""


class Program:
    """`rateguard serve` on a free port, for as long as the `with` lasts."""

    def __init__(self, path, config):
        self.path, self.config = path, config

    def __enter__(self):
        command = [self.path, "serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--resp", "127.0.0.1:0", "--config", self.config]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = re.match(r"ready http=127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        if not ready:
            self.process.kill()
            raise SystemExit("the program did not say that it is ready")
        self.port = int(ready.group(1))
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Checker:
    def __init__(self, api):
        self.api = api
        self.errors = []
        self.seen = set()  # (method, pattern, status)

    def fail(self, message):
        self.errors.append(message)

    def ask(self, port, method, path, body=None, headers=None, expect=None):
        """Sends a request, validates the answer against the document, and gives (status, headers, body)."""
        headers = dict(headers or {})
        if body is not None and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json"
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, body=data, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        what = f"{method} {path} {data or ''}: {answer.status}"
        if expect is not None and answer.status != expect:
            self.fail(f"{what}, expected {expect}: {text[:300]}")
        self._validate(what, method, path, answer, text)
        return answer.status, dict(answer.getheaders()), text

    def _validate(self, what, method, path, answer, text):
        pattern, operation = self.api.operation(method, path)
        if operation is None:
            return self._validate_problem(what, answer, text)
        self.seen.add((method, pattern, str(answer.status)))
        response = self.api.resolve(operation["responses"].get(str(answer.status)))
        if response is None:
            return self.fail(f"{what}: {pattern} documents no such status")
        if method == "HEAD":
            if text:
                self.fail(f"{what}: HEAD has a body")
            return None
        media_type = (answer.getheader("Content-Type") or "").split(";")[0]
        media = response.get("content", {}).get(media_type)
        if media is None:
            return self.fail(f"{what}: {media_type!r} is not documented")
        value = json.loads(text) if media_type.endswith("json") else text
        for error in self.api.errors(media["schema"], value):
            self.fail(f"{what}: {error}: {text[:300]}")
        if media_type == "application/problem+json" and value["status"] != answer.status:
            self.fail(f"{what}: the problem says {value['status']}")

    def _validate_problem(self, what, answer, text):
        if answer.status == 204:
            return
        if answer.getheader("Content-Type") != "application/problem+json":
            self.fail(f"{what}: not a problem document")
            return
        for error in self.api.errors({"$ref": "#/components/schemas/Problem"}, json.loads(text)):
            self.fail(f"{what}: {error}")


def table_of_routes():
    """(method, pattern, access) of every line of the table in routes.cc; "{x...}" as "{x}"."""
    text = (ROOT / "src/server/http/routes.cc").read_text()
    table = text[text.index("kRoutes[] = {"):text.index("static_assert")]
    lines = re.findall(r'\{"([A-Z*]+)",\s*"([^"]+)",\s*Access::k(\w+)', table)
    assert lines and len(lines) == table.count("Access::"), "routes.cc is not written as this test reads it"
    return [(method, pattern.replace("...", ""), access.lower()) for method, pattern, access in lines]


def check_routes(checker):
    table = table_of_routes()
    documented = [(method, path, operation["x-access"]) for method, path, operation in checker.api.operations()]
    for route in set(table) - set(documented):
        checker.fail(f"docs/openapi.yaml: does not have {' '.join(route)} of src/server/http/routes.cc")
    for route in set(documented) - set(table):
        checker.fail(f"docs/openapi.yaml: has {' '.join(route)}, which src/server/http/routes.cc does not")
    page = (ROOT / "docs/http.md").read_text()
    rows = {tuple(cell.strip(" `") for cell in row) for row in re.findall(r"^\|([^|\n]+)\|([^|\n]+)\|([^|\n]+)\|", page, re.MULTILINE)}
    for route in table:
        if route not in rows:
            checker.fail(f"docs/http.md: its table of routes has no row for {' | '.join(route)}")


def check_requests(checker, port):
    ask = lambda *args, **kwargs: checker.ask(port, *args, **kwargs)
    schema = {"$ref": "#/components/schemas/Check"}
    for method, path, operation in checker.api.operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in content.get("examples", {}).items():
            status, _, text = ask(method, path, example["value"])
            if status not in (200, 429) and path not in ("/v1/release", "/v1/settle"):
                checker.fail(f"{method} {path}: the example {name} is answered {status}: {text}")

    for path in ("/", "/health", "/ready", "/metrics", "/version", "/v1/rules"):
        ask("GET", path, expect=200)
        ask("HEAD", path, expect=200)

    # Every kind of decision, and whether documents and parser agree about what is good.
    bucket = {"key": "k", "algorithm": "token_bucket", "capacity": 1, "refill_rate": 1}
    ask("POST", "/check", bucket, expect=200)
    ask("POST", "/check", bucket, expect=429)
    ask("POST", "/check", {**bucket, "cost": 2, "explain": True}, expect=429)
    ask("POST", "/check", {"facts": {"path": "/api/x", "ip": "192.0.2.1"}}, expect=429)
    ask("POST", "/check", {"facts": {"method": "POST", "path": "/login", "ip": "192.0.2.1"}, "explain": True}, expect=200)
    ask("POST", "/check", {"rule": "plans", "key": "a", "plan": "pro"}, expect=200)
    ask("POST", "/check", {"rule": "all"}, expect=200)
    bad = [
        {}, {"key": "a"}, {**bucket, "capacity": 0}, {**bucket, "capacity": 2**53}, {**bucket, "capacity": "1"}, {**bucket, "cost": -(2**53)},
        {**bucket, "cost": 1.5}, {**bucket, "window": "1m"}, {**bucket, "key": ""}, {**bucket, "key": ["a"]}, {**bucket, "explain": 1},
        {**bucket, "algorithm": "bucket"}, {**bucket, "colour": "red"}, {**bucket, "refill_rate": None}, {"rule": "login", "key": 5},
        {"rule": "login", "facts": {}}, {"facts": {"ip": 5}}, {"facts": {"headers": {"A": 1}}}, {"facts": []}, [], "x", None,
        {"key": "a", "algorithm": "fixed_window", "limit": 5, "anchor": "day", "window": "1m"},
        {"key": "a", "algorithm": "fixed_window", "limit": 5, "anchor": "fortnight"},
    ]
    for value in bad:
        if not checker.api.errors(schema, value):
            checker.fail(f"docs/openapi.yaml: accepts {value}, which should be refused")
        ask("POST", "/check", json.dumps(value), expect=400)
    for text in ("", "{", "{} {}", '{"key":"\\ud800"}', "{'a':1}", '{"key":"a","key":"b"}'):
        ask("POST", "/check", text, expect=400)
    ask("POST", "/check", {"rule": "nope", "key": "a"}, expect=404)
    ask("POST", "/check", "x", headers={"Content-Type": "text/plain"}, expect=415)
    ask("POST", "/check", "x" * 2_000_000, expect=413)

    ask("POST", "/v1/check/batch", {"checks": [bucket, {}, {"rule": "nope"}, {"facts": {"path": "/"}, "explain": True}]}, expect=200)
    ask("POST", "/v1/check/batch", {"checks": []}, expect=400)

    _, _, text = ask("POST", "/check", {"key": "c", "algorithm": "concurrency", "limit": 1, "hold": 60}, expect=200)
    ask("POST", "/v1/release", {"hold": json.loads(text)["hold"]}, expect=200)
    ask("POST", "/v1/release", {"hold": json.loads(text)["hold"]}, expect=404)
    ask("POST", "/v1/release", {"hold": "x"}, expect=400)

    tokens = {"key": "t", "algorithm": "fixed_window", "limit": 1000, "window": "1h"}
    _, _, text = ask("POST", "/check", {**tokens, "cost": 400, "settle": True}, expect=200)
    charge = json.loads(text)["charge"]
    for repeated in (False, True):
        _, _, text = ask("POST", "/v1/settle", {**tokens, "charge": charge, "actual": 150}, expect=200)
        if (settled := json.loads(text))["repeated"] is not repeated or settled["remaining"] != 850:
            checker.fail(f"POST /v1/settle: {text}")
    ask("POST", "/v1/settle", {**tokens, "key": "u", "charge": charge, "actual": 150}, expect=404)
    ask("POST", "/v1/settle", {**tokens, "charge": charge}, expect=400)
    _, _, text = ask("POST", "/check", {"key": "c", "algorithm": "concurrency", "limit": 1, "hold": 60}, expect=200)
    ask("POST", "/v1/settle", {"hold": json.loads(text)["hold"], "actual": 5}, expect=200)

    for key, code in (("nobody-has-it", "key_unknown"), ("rg_live_x", "key_malformed"), ("a b", "key_malformed")):
        _, _, text = ask("POST", "/v1/verify", {"key": key, "route": "llm", "limits": ["all"]}, expect=200)
        if json.loads(text)["code"] != code:
            checker.fail(f"POST /v1/verify: {text}")
    for body in ({}, {"key": 5}, {"key": ""}, {"key": "k", "kye": 1}, {"key": "k", "limits": ["no such rule"]},
                 {"key": "k", "cost": 0.5}, {"key": "k", "facts": {"ip": "x"}}, {"key": "k", "scopes": "x"}):
        ask("POST", "/v1/verify", body, expect=400)
    ask("POST", "/v1/verify", "x", headers={"Content-Type": "text/plain"}, expect=415)

    ask("GET", "/v1/counters/login/192.0.2.1", expect=200)
    ask("GET", "/v1/counters/tenants/a%2Fb/192.0.2.1", expect=200)
    ask("GET", "/v1/counters/plans/a?plan=pro", expect=200)
    ask("GET", "/v1/counters/all", expect=200)
    ask("GET", "/v1/counters/login/nobody", expect=400)
    ask("GET", "/v1/counters/nope/a", expect=404)
    ask("DELETE", "/v1/counters/login/192.0.2.1", expect=200)
    ask("DELETE", "/v1/counters/all", expect=200)
    ask("DELETE", "/v1/counters/all", headers={"Origin": "http://evil.example"}, expect=403)

    held = {"X-Forwarded-Uri": "/login", "X-Forwarded-Method": "POST", "X-Forwarded-For": "192.0.2.7"}
    for _ in range(5):
        ask("GET", "/v1/authz", headers=held, expect=200)
    _, headers, _ = ask("GET", "/v1/authz", headers=held, expect=429)
    if int(headers.get("Retry-After", 0)) < 1:
        checker.fail("GET /v1/authz: a refusal without Retry-After")
    ask("POST", "/v1/authz?refuse_status=403", headers=held, expect=403)
    ask("GET", "/v1/authz?refuse_status=401", headers=held, expect=401)
    ask("GET", "/v1/authz?refuse_status=500", headers=held, expect=400)
    ask("GET", "/v1/authz", expect=400)
    ask("GET", "/v1/authz", headers={**held, "X-Forwarded-Uri": "/api/x"}, expect=403)
    ask("PUT", "/v1/authz/anything/else", expect=200)

    check_envoy(ask)

    ask("POST", "/v1/reload", expect=200)
    ask("GET", "/nope", expect=404)
    ask("GET", "/check", expect=405)
    ask("OPTIONS", "/check", expect=204)
    ask("OPTIONS", "*", expect=204)


def check_envoy(ask):
    asking = lambda *keys: {"domain": "edge", "descriptors": [{"entries": [{"key": key, "value": "v"}]} for key in keys]}
    ask("POST", "/json", asking("internal", "unmatched"), expect=200)
    ask("POST", "/json", asking("internal", "ban"), expect=429)
    ask("POST", "/json", {**asking("internal"), "domain": "nobody"}, expect=200)
    own_limit = lambda limit: {"domain": "edge", "descriptors": [{"entries": [{"key": "own", "value": "v"}], "limit": limit}]}
    for good in ({"unit": "HOUR", "requestsPerUnit": 3}, {"unit": "HOUR", "requestsPerUnit": "3"}):
        ask("POST", "/json", own_limit(good), expect=200)
    ask("POST", "/json", own_limit({"unit": "HOUR", "requestsPerUnit": None}), expect=429)
    ask("POST", "/json", own_limit({}), expect=400)
    for bad in ({}, {"domain": "edge"}, {**asking("ban"), "domain": ""}, {**asking("ban"), "colour": "red"}, [], "x", None):
        ask("POST", "/json", json.dumps(bad), expect=400)
    ask("POST", "/json", "{", expect=400)
    ask("POST", "/json", "x", headers={"Content-Type": "text/plain"}, expect=415)
    ask("GET", "/healthcheck", expect=200)
    ask("HEAD", "/healthcheck", expect=200)


def check_tokens(checker, port):
    for method, pattern, access in table_of_routes():
        path = re.sub(r"\{\w+\}", "x", pattern)
        method = "GET" if method == "*" else method
        if access == "any":
            checker.ask(port, method, path, expect=200)
            continue
        checker.ask(port, method, path, expect=401)
        checker.ask(port, method, path, headers={"Authorization": "Bearer wrong"}, expect=401)
        if access == "admin":
            checker.ask(port, method, path, headers={"Authorization": "Bearer caller"}, expect=403)
    checker.ask(port, "GET", "/version", headers={"X-RateGuard-Token": "caller"}, expect=200)
    checker.ask(port, "POST", "/v1/reload", headers={"Authorization": "Bearer admin"}, expect=200)


def check_reload(checker, port, config):
    config.write_text("rules: [{name: broken}]\n")
    checker.ask(port, "POST", "/v1/reload", expect=422)
    checker.ask(port, "GET", "/v1/counters/all", expect=200)


def check_metrics(checker, port):
    _, _, text = checker.ask(port, "GET", "/metrics", expect=200)
    page = (ROOT / "docs/metrics.md").read_text()
    names = re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)
    if len(names) < 20:
        checker.fail("GET /metrics: exposes next to nothing")
    for name in names:
        if f"| `{name}`" not in page:
            checker.fail(f"docs/metrics.md: does not have {name}")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    checker = Checker(OpenApi(ROOT / "docs/openapi.yaml"))
    for error in checker.api.check_document():
        checker.fail(f"docs/openapi.yaml: {error}")
    check_routes(checker)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "rules.yaml"
        envoy = Path(folder) / "envoy.yaml"
        envoy.write_text(ENVOY)
        catalog = Path(folder) / "catalog.db"
        config.write_text(RULES % {"tokens": "", "envoy": envoy, "catalog": catalog})
        with Program(sys.argv[1], str(config)) as program:
            check_requests(checker, program.port)
            check_metrics(checker, program.port)
            check_reload(checker, program.port, config)
        config.write_text(RULES % {"tokens": ", tokens: [caller], admin_tokens: [admin]", "envoy": envoy, "catalog": catalog})
        with Program(sys.argv[1], str(config)) as program:
            check_tokens(checker, program.port)
    asked = {(pattern, method) for method, pattern, _ in checker.seen}
    for method, path, _ in checker.api.operations():
        if not any(pattern == path and method in ("*", known) for pattern, known in asked):
            checker.fail(f"{method} {path}: was never asked by this test")
    for error in checker.errors:
        print(f"error: {error}")
    print(f"http_api: {len(checker.seen)} kinds of answers, {len(checker.errors)} errors")
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
