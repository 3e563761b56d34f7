"""Middleware for any ASGI application: Starlette, FastAPI, Quart, Litestar."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Dict, List, MutableMapping, Optional

from ._client import AsyncRateGuard
from ._gate import Gate, Verdict
from ._options import OptionError, optional_callable
from .keys import RequestView

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class ScopeView(RequestView):
    """A request of an ASGI scope."""

    def __init__(self, scope: Scope) -> None:
        self.request = scope
        self.method = scope.get("method", "GET")
        client = scope.get("client")
        self.peer = client[0] if client else None

    @property
    def path(self) -> str:  # type: ignore[override]
        query = self.request.get("query_string", b"")
        raw = self.request.get("raw_path")
        path = raw.decode("latin-1") if raw else self.request.get("path", "/")
        return f"{path}?{query.decode('latin-1')}" if query else path

    @property
    def host(self) -> Optional[str]:  # type: ignore[override]
        lines = self.lines("host")
        return lines[0] if lines else None

    def lines(self, name: str) -> List[str]:
        wanted = name.encode("latin-1")
        return [value.decode("latin-1") for field, value in self.request["headers"] if field == wanted]

    def all(self) -> Dict[str, str]:
        fields: Dict[str, str] = {}
        for field, value in self.request["headers"]:
            name, text = field.decode("latin-1"), value.decode("latin-1")
            fields[name] = f"{fields[name]}{'; ' if name == 'cookie' else ', '}{text}" if name in fields else text
        return fields


class RateLimitMiddleware:
    """`app = RateLimitMiddleware(app, client, limit="100/m")`; the options are those of Gate.

    on_refused(decision, scope, receive, send) answers a refused request in place of the problem document.
    Fails with OptionError for a wrong option, naming it. Requests that are not HTTP pass.
    """

    def __init__(self, app: App, client: AsyncRateGuard, *, on_refused: Optional[Callable[..., Awaitable[None]]] = None, **options: Any) -> None:
        if not isinstance(client, AsyncRateGuard):
            raise OptionError("client", client, "an AsyncRateGuard")
        optional_callable("on_refused", on_refused)
        self._app, self._on_refused = app, on_refused
        self._gate = Gate(client, **options)
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        verdict = await self._gate.decide_async(ScopeView(scope))
        if verdict is None:
            return await self._app(scope, receive, send)
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in verdict.fields]
        if not verdict.allowed:
            return await self._refuse(verdict, fields, scope, receive, send)

        async def send_with_fields(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *fields]}
            await send(message)

        try:
            await self._app(scope, receive, send_with_fields)
        finally:
            if verdict.decision.hold is not None:
                await self._client.release(verdict.decision.hold)

    async def _refuse(self, verdict: Verdict, fields: List[Any], scope: Scope, receive: Receive, send: Send) -> None:
        if self._on_refused is not None:
            return await self._on_refused(verdict.decision, scope, receive, send)
        own = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(verdict.body)).encode())]
        await send({"type": "http.response.start", "status": verdict.status, "headers": [*own, *fields]})
        await send({"type": "http.response.body", "body": verdict.body})
