"""Middleware for any WSGI application: Flask, Bottle, Pyramid."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional
from urllib.parse import quote

from ._client import RateGuard
from ._gate import Gate
from ._options import OptionError, optional_callable
from .keys import RequestView

Environ = Dict[str, Any]
App = Callable[..., Iterable[bytes]]


class EnvironView(RequestView):
    """A request of a WSGI environ. Servers join several lines of one field with commas before an application sees them."""

    def __init__(self, environ: Environ) -> None:
        self.request = environ
        self.method = environ.get("REQUEST_METHOD", "GET")
        self.peer = environ.get("REMOTE_ADDR") or None
        self.host = environ.get("HTTP_HOST")

    @property
    def path(self) -> str:  # type: ignore[override]
        path = quote((self.request.get("SCRIPT_NAME", "") + self.request.get("PATH_INFO", "")).encode("latin-1"), safe="/%:;=@!$&'()*+,~") or "/"
        query = self.request.get("QUERY_STRING")
        return f"{path}?{query}" if query else path

    def lines(self, name: str) -> List[str]:
        value = self.request.get("HTTP_" + name.upper().replace("-", "_"))
        return [] if value is None else [value]

    def all(self) -> Dict[str, str]:
        return {name[5:].lower().replace("_", "-"): value for name, value in self.request.items() if name.startswith("HTTP_") and isinstance(value, str)}


class RateLimitMiddleware:
    """`app = RateLimitMiddleware(app, client, limit="100/m")`; the options are those of Gate.

    on_refused(decision, environ, start_response) answers a refused request in place of the problem document.
    Fails with OptionError for a wrong option, naming it.
    """

    def __init__(self, app: App, client: RateGuard, *, on_refused: Optional[Callable[..., Iterable[bytes]]] = None, **options: Any) -> None:
        if not isinstance(client, RateGuard):
            raise OptionError("client", client, "a RateGuard")
        optional_callable("on_refused", on_refused)
        self._app, self._on_refused = app, on_refused
        self._gate = Gate(client, **options)
        self._client = client

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        verdict = self._gate.decide(EnvironView(environ))
        if verdict is None:
            return self._app(environ, start_response)
        if not verdict.allowed:
            if self._on_refused is not None:
                return self._on_refused(verdict.decision, environ, start_response)
            own = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(verdict.body)))]
            start_response(f"{verdict.status} {HTTPStatus(verdict.status).phrase}", own + verdict.fields)
            return [verdict.body]

        def start_with_fields(status: str, fields: List[Any], *more: Any) -> Any:
            return start_response(status, [*fields, *verdict.fields], *more)

        hold = verdict.decision.hold
        if hold is None:
            return self._app(environ, start_with_fields)
        try:
            body = self._app(environ, start_with_fields)
        except BaseException:
            self._client.release(hold)
            raise
        return _Held(body, lambda: self._client.release(hold))


class _Held:
    """A body after which a hold is given back."""

    def __init__(self, body: Iterable[bytes], done: Callable[[], object]) -> None:
        self._body, self._done = body, done

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._done()
