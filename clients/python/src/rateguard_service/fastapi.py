"""A dependency for FastAPI: `dependencies=[Depends(RateLimit(client, limit="100/m"))]` of an app, a router or a route."""

# Without `from __future__ import annotations`: FastAPI reads the annotations of the dependency.
from typing import Any, AsyncIterator

from fastapi import HTTPException, Request, Response

from ._client import AsyncRateGuard
from ._gate import Gate
from ._headers import problem
from ._options import OptionError
from .asgi import ScopeView

__all__ = ["RateLimit"]


class RequestViewOfFastAPI(ScopeView):
    """A request of FastAPI; `request` stays the ASGI scope, and `fastapi_request` is the Request."""

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope)
        self.fastapi_request = request


class RateLimit:
    """The options are those of Gate. A refusal is an HTTPException whose detail is the problem document, for the application's own
    exception handlers to dress. Fails with OptionError for a wrong option, naming it.
    """

    def __init__(self, client: AsyncRateGuard, **options: Any) -> None:
        if not isinstance(client, AsyncRateGuard):
            raise OptionError("client", client, "an AsyncRateGuard")
        self._client = client
        self._gate = Gate(client, **options)
        self._name = options.get("name") or "ad_hoc"

    async def __call__(self, request: Request, response: Response) -> AsyncIterator[None]:
        verdict = await self._gate.decide_async(RequestViewOfFastAPI(request))
        if verdict is None:
            yield
            return
        if not verdict.allowed:
            raise HTTPException(verdict.status, problem(verdict.decision, verdict.status, self._name), dict(verdict.fields))
        for name, value in verdict.fields:
            response.headers[name] = value
        try:
            yield
        finally:
            if verdict.decision.hold is not None:
                await self._client.release(verdict.decision.hold)
