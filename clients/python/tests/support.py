"""What the tests share: the table of cases, the services of services.py, and one small application for each framework."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import threading
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from rateguard_service import AsyncRateGuard, RateGuard, by_header

CASES = json.loads((Path(__file__).resolve().parents[2] / "cases.json").read_text())
# A machine that is busy with other tests is slow: where a deadline is not what is tested, it is this.
PATIENT_MS = 5000


def address(name):
    found = os.environ.get(name)
    assert found, f"{name} is not set: run the tests through clients/run"
    return found


def url_of(transport, name):
    return f"{transport}://{address(name)}"


def real_service(transport):
    return url_of(transport, "RATEGUARD_HTTP" if transport == "http" else "RATEGUARD_RESP")


def client(kind=RateGuard, **options):
    return kind(**{"url": real_service("http"), "deadline_ms": PATIENT_MS, "log": lambda message: None, **options})


def unique():
    """Text that no other run uses, so that no counter is shared."""
    return secrets.token_hex(8)


def filled_in(value, run):
    """Replaces {run} and {ip4} in every text of `value`."""
    ip4 = "10." + ".".join(str(byte) for byte in bytes.fromhex(run[:6]))
    return json.loads(json.dumps(value).replace("{run}", run).replace("{ip4}", ip4))


def options_of(given):
    """The options of a case as this client has them."""
    options = dict(given)
    names = options.pop("key_header", None)
    if names is not None:
        parts = [by_header(name) for name in ([names] if isinstance(names, str) else names)]
        options["key"] = parts[0] if isinstance(names, str) else lambda view: [part(view) for part in parts]
    return options


def check_fields(headers, fields):
    """Fails unless the fields are as a case says: text, None for absent, or a pattern behind "~"."""
    headers = {name.lower(): value for name, value in headers}
    for name, expected in fields.items():
        got = headers.get(name.lower())
        if expected is None:
            assert got is None, (name, got)
        elif expected.startswith("~"):
            assert re.search(expected[1:], got or ""), (name, got)
        else:
            assert got == expected, name


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


# Each takes (site options, client options) and gives a context manager of `send(method, path, headers) -> Answer` and the client.


async def _plain_asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"handled"})


def _asgi_send(loop, app):
    async def ask(method, path, headers):
        messages = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            messages.append(message)

        raw, _, query = path.partition("?")
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": raw, "raw_path": raw.encode(),
            "query_string": query.encode(), "root_path": "", "headers": [(b"host", b"app.example"), *fields], "client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        await app(scope, receive, send)
        start = messages[0]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Answer(start["status"], [(name.decode(), value.decode()) for name, value in start["headers"]], body.decode())

    return lambda method="GET", path="/", headers=None: loop.run_until_complete(ask(method, path, headers or {}))


@contextlib.contextmanager
def asgi(site, **client_options):
    from rateguard_service.asgi import RateLimitMiddleware

    loop = asyncio.new_event_loop()
    guard = client(AsyncRateGuard, **client_options)
    try:
        yield _asgi_send(loop, RateLimitMiddleware(_plain_asgi, guard, **site)), guard
    finally:
        loop.run_until_complete(guard.close())
        loop.close()


@contextlib.contextmanager
def fastapi(site, **client_options):
    from fastapi import Depends, FastAPI
    from fastapi.responses import PlainTextResponse
    from rateguard_service.fastapi import RateLimit

    loop = asyncio.new_event_loop()
    guard = client(AsyncRateGuard, **client_options)
    app = FastAPI(dependencies=[Depends(RateLimit(guard, **site))])

    @app.api_route("/{path:path}", methods=["GET", "POST"], response_class=PlainTextResponse)
    async def handle(path: str):
        return "handled"

    try:
        yield _asgi_send(loop, app), guard
    finally:
        loop.run_until_complete(guard.close())
        loop.close()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def _wsgi_server(app):
    import http.client

    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()

    def send(method="GET", path="/", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read().decode())
        connection.close()
        return answer

    try:
        yield send
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def wsgi(site, **client_options):
    from rateguard_service.wsgi import RateLimitMiddleware

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"handled"]

    guard = client(**client_options)
    with _wsgi_server(RateLimitMiddleware(app, guard, **site)) as send:
        yield send, guard
    guard.close()


@contextlib.contextmanager
def django(site, **client_options):
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.test.utils import override_settings
    from django.urls import re_path

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], MIDDLEWARE=["rateguard_service.django.RateLimitMiddleware"], ROOT_URLCONF="support", SECRET_KEY="test")
        import django as package

        package.setup()
    globals()["urlpatterns"] = [re_path("", lambda request: HttpResponse("handled"))]
    guard = client(**client_options)
    with override_settings(RATEGUARD={"client": guard, **site}):
        with _wsgi_server(WSGIHandler()) as send:
            yield send, guard
    guard.close()


APPLICATIONS = {"asgi": asgi, "fastapi": fastapi, "wsgi": wsgi, "django": django}
