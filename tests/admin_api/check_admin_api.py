#!/usr/bin/env python3
"""Holds the admin API of the built program to its documents: check_admin_api.py PROGRAM. See README.md."""

import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/http_api"))
from openapi import OpenApi  # noqa: E402

TOKEN = "the-token-of-an-owner-in-this-test"
PASSWORD = "a password of this test"

# A body that makes each kind of record, and one that changes it; {workspace} and {key} are ids.
RECORDS = {
    "plans": ({"name": "pro", "limits": {"chat": "600/m burst 20"}}, {"title": "Pro"}),
    "workspaces": ({"name": "other", "limits": {"chat": "unlimited"}}, {"state": "suspended"}),
    "keys": ({"name": "ci", "workspace_id": "{workspace}", "scopes": ["llm:call"], "allowed_networks": ["10.0.0.0/8"]}, {"name": "cd"}),
    "rules": ({"name": "chat", "definition": {"name": "chat", "per": "api_key", "limit": "5/m"}}, {"state": "suspended"}),
    "upstreams": ({"name": "u", "definition": "{name: u, url: https://a.example}", "credential_value": "Bearer kept-by-us"}, {"credential_header": "X-Key"}),
    "routes": ({"name": "llm", "definition": "{name: llm, match: {path: /v1/*}}"}, {"definition": "{name: llm}"}),
    "prices": ({"provider": "openai", "model": "m", "starts_at": "2026-01-01T00:00:00Z", "input_pico_dollars": 1, "output_pico_dollars": 2},
               {"reasoning_pico_dollars": 3}),
    "budgets": ({"name": "b", "amount": 5000000000, "workspace_id": "{workspace}"}, {"period": "week", "time_zone": "Europe/Berlin"}),
    "alert-rules": ({"name": "a", "definition": "{name: a}"}, {"state": "suspended"}),
    "alert-channels": ({"name": "c", "channel": "webhook", "target": "https://a.example/hook", "signing_secret": "kept-by-us-too"}, {"target": "https://b.example"}),
    "members": ({"email": "Bob@Example.com", "role": "viewer", "password": PASSWORD}, {"name": "Bob"}),
    "tokens": ({"name": "machine", "role": "viewer"}, {"name": "another"}),
}


class Service:
    """`rateguard serve` with a catalog, for as long as the `with` lasts."""

    def __init__(self, program, folder, environment):
        self.program, self.folder = program, Path(folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RATEGUARD_")}
        self.environment = {**kept, "RATEGUARD_ADMIN_LISTEN": "127.0.0.1:0", **environment}

    def __enter__(self):
        command = [self.program, "serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp", "off", "--data", str(self.folder / "data")]
        self.log = open(self.folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        ready = re.search(r"admin=127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        if not ready:
            self.process.kill()
            raise SystemExit("the program did not say where its admin API is")
        self.port = int(ready.group(1))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()


class Answer:
    def __init__(self, answer, text):
        self.status, self.headers, self.text = answer.status, dict(answer.getheaders()), text
        self.json = json.loads(text) if text else None
        self.data = (self.json or {}).get("data")


class Checker:
    def __init__(self, api):
        self.api, self.errors, self.seen, self.secrets = api, [], set(), {TOKEN, PASSWORD, "kept-by-us"}

    def fail(self, message):
        self.errors.append(message)

    def ask(self, port, method, path, body=None, expect=None, headers=None):
        """Sends a request as an owner, unless the headers say otherwise, and validates its answer."""
        headers = dict(headers or {})
        if not {"Authorization", "Cookie"} & set(headers):
            headers["Authorization"] = f"Bearer {TOKEN}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        raw = connection.getresponse()
        answer = Answer(raw, raw.read().decode())
        connection.close()
        what = f"{method} {path} {json.dumps(body)}: {answer.status}"
        if expect is not None and answer.status != expect:
            self.fail(f"{what}, expected {expect}: {answer.text[:300]}")
        self.validate(what, method, path, answer)
        return answer

    def validate(self, what, method, path, answer):
        pattern, operation = self.api.operation(method, path)
        if operation is None:
            if answer.status not in (204, 404, 405):
                self.fail(f"{what}: no such operation is documented")
            return
        self.seen.add((method, pattern, str(answer.status)))
        response = self.api.resolve(operation["responses"].get(str(answer.status)))
        if response is None:
            return self.fail(f"{what}: {pattern} documents no such status: {answer.text[:300]}")
        media_type = answer.headers.get("Content-Type", "")
        if not answer.text:
            if "content" in response:
                self.fail(f"{what}: the answer is empty")
            return
        media = response.get("content", {}).get(media_type)
        if media is None:
            return self.fail(f"{what}: {media_type!r} is not documented")
        for error in self.api.errors(media["schema"], answer.json):
            self.fail(f"{what}: {error}: {answer.text[:300]}")
        if answer.headers.get("Cache-Control") != "no-store":
            self.fail(f"{what}: may be stored by a cache")


def table_of_routes():
    """(method, pattern, role, reach) of every row of the table in admin_route.cc."""
    text = (ROOT / "src/server/admin/admin_route.cc").read_text()
    table = text[text.index("kRoutes[] = {"):text.index("// Takes the next segment")]
    rows = re.findall(r'\{"([A-Z]+)",\s*"([^"]+)",\s*k(\w+),\s*k(\w+)', table)
    assert rows and len(rows) == table.count("to::"), "admin_route.cc is not written as this test reads it"
    roles = {"Anyone": "anyone", "Readers": "viewer", "Billing": "billing", "Managers": "admin", "Owners": "owner"}
    reaches = {"OfWorkspace": "workspace", "OfAll": "installation", "Shared": "any"}
    return [(method, path, roles[role], reaches[reach]) for method, path, role, reach in rows]


def check_routes(checker):
    table = table_of_routes()
    documented = [(method, path, operation["x-role"], operation["x-reach"]) for method, path, operation in checker.api.operations()]
    for route in set(table) - set(documented):
        checker.fail(f"docs/admin_openapi.yaml: does not have {' '.join(route)} of src/server/admin/admin_route.cc")
    for route in set(documented) - set(table):
        checker.fail(f"docs/admin_openapi.yaml: has {' '.join(route)}, which src/server/admin/admin_route.cc does not")
    page = (ROOT / "docs/admin.md").read_text()
    rows = [tuple(cell.strip(" `") for cell in row) for row in re.findall(r"^\|" + r"([^|\n]+)\|" * 4, page, re.MULTILINE)]
    for route in table:
        if route not in rows:
            checker.fail(f"docs/admin.md: its table of routes has no row for {' | '.join(route)}")
    for row in rows:
        if row[0] in ("GET", "POST", "PUT", "PATCH", "DELETE") and row not in table:
            checker.fail(f"docs/admin.md: has a row for {' | '.join(row)}, which is no route")


def filled(body, ids):
    return {name: value.format(**ids) if isinstance(value, str) and value in ("{workspace}", "{key}") else value for name, value in body.items()}


class Changes:
    """A change of every kind, with what holds for all of them."""

    def __init__(self, checker, port, viewer):
        self.checker, self.port, self.viewer, self.keys = checker, port, viewer, 0

    def twice(self, method, path, body, expect, headers=None):
        """The change, which a viewer may not make, an unknown member spoils, and a repetition does not repeat."""
        ask, headers = self.checker.ask, headers or {}
        ask(self.port, method, path, body, 403, {**headers, "Authorization": f"Bearer {self.viewer}"})
        if body is not None:
            refused = ask(self.port, method, path, {**body, "naem": 1}, 400, headers)
            if refused.json.get("field") != "naem":
                self.checker.fail(f"{method} {path}: the unknown member is not named: {refused.text}")
        self.keys += 1
        keyed = {**headers, "Idempotency-Key": f"key {self.keys}".replace(" ", "-")}
        first = ask(self.port, method, path, body, expect, keyed)
        if body and "password" in body:  # of which nothing is kept, so a repetition is a second try
            return first
        again = ask(self.port, method, path, body, expect, keyed)
        data = dict(first.data) if isinstance(first.data, dict) else first.data
        if isinstance(data, dict) and data.get("secret"):
            self.checker.secrets.add(data["secret"])
            data["secret"] = None
        if again.data != data or again.headers.get("ETag") != first.headers.get("ETag") or "Idempotent-Replayed" not in again.headers:
            self.checker.fail(f"{method} {path}: the repetition is answered {again.text}, not {first.text}")
        ask(self.port, method, path, {**(body or {}), "more": 1}, 422, keyed)
        return first


def check_records(checker, port, viewer):
    ask = lambda *args, **kwargs: checker.ask(port, *args, **kwargs)
    changes = Changes(checker, port, viewer)
    ids = {"workspace": ask("POST", "/v1/workspaces", {"name": "acme"}, 201).data["id"]}
    for collection, (body, change) in RECORDS.items():
        body = filled(body, ids)
        made = changes.twice("POST", f"/v1/{collection}", body, 201)
        path = f"/v1/{collection}/{made.data['id']}"
        if made.headers["Location"] != path:
            checker.fail(f"POST /v1/{collection}: Location is {made.headers['Location']}")
        read = ask("GET", path, None, 200)
        ask("GET", path, None, 304, {"If-None-Match": read.headers["ETag"]})
        ask("GET", f"/v1/{collection}?limit=1", None, 200)
        ask("GET", f"/v1/{collection}?limt=1", None, 400)
        ask("PATCH", path, change, 428)
        etag = {"If-Match": read.headers["ETag"]}
        changed = changes.twice("PATCH", path, change, 200, etag)
        for name, value in change.items():
            if changed.data[name] != value:
                checker.fail(f"PATCH {path}: {name} is {changed.data[name]!r}")
        stale = ask("PATCH", path, change, 412, etag)
        if stale.headers["ETag"] != changed.headers["ETag"]:
            checker.fail(f"PATCH {path}: a stale change is not told the version")
        if collection in ("workspaces", "plans", "keys"):
            changes.twice("PUT", f"{path}/limits/search", {"limit": "5/m"}, 200, {"If-Match": "*"})
            ask("PUT", f"{path}/limits/search", {"limit": "many"}, 400, {"If-Match": "*"})
            ask("GET", f"{path}/limits", None, 200)
            changes.twice("DELETE", f"{path}/limits/search", None, 204, {"If-Match": "*"})
        if collection == "keys":
            check_key(checker, port, changes, path)
        if collection == "tokens":
            changes.twice("POST", f"{path}/revoke", None, 200)
        ask("DELETE", path, None, 428)
        changes.twice("DELETE", path, None, 204, {"If-Match": "*"})
        ask("GET", path, None, 404)


def check_key(checker, port, changes, path):
    ask = lambda *args, **kwargs: checker.ask(port, *args, **kwargs)
    for view in ("usage", "effective-rules", "propagation"):
        ask("GET", f"{path}/{view}", None, 200)
    rotated = changes.twice("POST", f"{path}/rotate", {"grace_seconds": 60}, 201)
    if not rotated.data:
        return
    ask("POST", f"{path}/rotate", None, 409)
    changes.twice("POST", f"/v1/keys/{rotated.data['id']}/revoke", None, 200)


def check_system(checker, port):
    ask = lambda *args, **kwargs: checker.ask(port, *args, **kwargs)
    for path in ("/v1/system/health", "/v1/system/instances", "/v1/audit-log", "/v1/session"):
        ask("GET", path, None, 200)
        ask("GET", path, None, 401, {"Authorization": "Bearer no"})
    ask("GET", "/v1/audit-log?from=2026-01-01T00:00:00Z&limit=3", None, 200)
    ask("GET", "/v1/audit-log?from=yesterday", None, 400)
    ask("GET", "/v1/nothing", None, 404)
    ask("PUT", "/v1/plans", {}, 405)
    ask("DELETE", "/v1/session", None, 409)


def check_sessions(checker, program, folder):
    """The first owner, by the printed link, signs in, changes something and signs out."""
    with Service(program, folder, {}) as service:
        service.process.stdout.readline()
        command = service.process.stdout.readline()
        token = re.search(r'"token":"(rg_setup_\w+)"', command)
        if not token or f"http://127.0.0.1:{service.port}/v1/setup" not in command:
            return checker.fail(f"the program printed no setup link: {command}")
        ask = lambda *args, **kwargs: checker.ask(service.port, *args, **kwargs)
        setup = {"token": token.group(1), "email": "ann@example.com", "password": PASSWORD}
        checker.secrets.add(setup["token"])
        nobody = {"Cookie": "a=b"}
        ask("POST", "/v1/setup", {**setup, "password": "short"}, 400, nobody)
        ask("POST", "/v1/setup", setup, 201, nobody)
        ask("POST", "/v1/setup", setup, 401, nobody)
        credentials = {"email": "ann@example.com", "password": PASSWORD}
        ask("POST", "/v1/session", {**credentials, "password": "x"}, 401, nobody)
        ask("POST", "/v1/session", credentials, 403, {**nobody, "Origin": "https://evil.example"})
        session = ask("POST", "/v1/session", credentials, 201, nobody)
        cookie = session.headers["Set-Cookie"].split(";")[0]
        checker.secrets.update({cookie.split("=")[1], session.data["csrf_token"]})
        ask("POST", "/v1/plans", {"name": "p"}, 403, {"Cookie": cookie})
        signed = {"Cookie": cookie, "X-CSRF-Token": session.data["csrf_token"]}
        ask("POST", "/v1/plans", {"name": "p"}, 201, signed)
        ask("GET", "/v1/session", None, 200, signed)
        ask("POST", "/v1/session/password", {"password": PASSWORD, "new_password": PASSWORD + "!"}, 204, signed)
        for _ in range(5):
            last = ask("POST", "/v1/session", {**credentials, "password": "x"}, None, nobody)
        if last.status != 429 or "Retry-After" not in last.headers:
            checker.fail(f"POST /v1/session: guessing is not slowed down: {last.status}")
        ask("DELETE", "/v1/session", None, 204, signed)
        ask("GET", "/v1/plans", None, 401, signed)
        left = service.process
    printed = left.stdout.read()
    if printed:
        checker.fail(f"the program printed more than its link: {printed}")


def check_secrets(checker, folder):
    """Nothing that is kept or logged has a secret, but for credentials of upstreams, which are sent on."""
    for path in Path(folder).rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        for secret in checker.secrets:
            is_kept_on_purpose = path.name.startswith("catalog.db") and secret == "kept-by-us"
            if secret.encode() in content and not is_kept_on_purpose:
                checker.fail(f"{path.name} has a secret in it: {secret[:12]}...")


def main():
    checker = Checker(OpenApi(ROOT / "docs/admin_openapi.yaml"))
    checker.errors += checker.api.check_document()
    check_routes(checker)
    with tempfile.TemporaryDirectory() as folder:
        environment = {"RATEGUARD_ADMIN_TOKEN": TOKEN, "RATEGUARD_LOG_ACCESS": "true", "RATEGUARD_LOG_LEVEL": "debug"}
        with Service(sys.argv[1], folder, environment) as service:
            made = checker.ask(service.port, "POST", "/v1/tokens", {"name": "looks on", "role": "viewer"}, 201)
            viewer = made.data["secret"]
            checker.secrets.add(viewer)
            check_records(checker, service.port, viewer)
            check_system(checker, service.port)
        log = (Path(folder) / "log").read_text()
        if "admin request" not in log:
            checker.fail("the log has no line for requests")
        check_secrets(checker, folder)
    with tempfile.TemporaryDirectory() as folder:
        check_sessions(checker, sys.argv[1], folder)
        check_secrets(checker, folder)
    for method, path, operation in checker.api.operations():
        good = [status for status in operation["responses"] if status.startswith("2")]
        if not any((method, path, status) in checker.seen for status in good):
            checker.fail(f"{method} {path}: no call of this test succeeded")
    for error in checker.errors:
        print(error)
    print(f"admin_api: {len(checker.seen)} kinds of answers, {len(checker.errors)} errors")
    return 1 if checker.errors else 0


if __name__ == "__main__":
    sys.exit(main())
