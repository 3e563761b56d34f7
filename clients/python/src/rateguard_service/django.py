"""Middleware for Django: "rateguard_service.django.RateLimitMiddleware" in MIDDLEWARE, options in settings.RATEGUARD."""

from __future__ import annotations

from typing import Any, Callable, Dict

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from ._client import RateGuard
from ._gate import Gate
from ._options import OptionError
from .wsgi import EnvironView

# Of settings.RATEGUARD, what the client takes; everything else is the call site's.
_CLIENT_OPTIONS = ("url", "transport", "token", "breaker_failures", "breaker_pause_ms", "connections", "ssl_context", "log")
_CALLABLES = ("key", "plan", "facts", "skip", "cost", "on_refused")


class RequestViewOfDjango(EnvironView):
    """A request of Django; `request` is the HttpRequest."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.META)
        self._environ = request.META
        self.request = request
        self.method = request.method or "GET"

    @property
    def path(self) -> str:  # type: ignore[override]
        return self.request.get_full_path()  # type: ignore[no-any-return]

    def lines(self, name: str) -> Any:
        value = self._environ.get("HTTP_" + name.upper().replace("-", "_"))
        return [] if value is None else [value]

    def all(self) -> Dict[str, str]:
        return {name.lower(): value for name, value in self.request.headers.items()}


class RateLimitMiddleware:
    """Every request of the site. settings.RATEGUARD holds the options of RateGuard and of Gate in one dictionary; functions may be
    given by their dotted names. Fails with ImproperlyConfigured when Django starts if one is wrong, naming it.

    on_refused(decision, request) gives the HttpResponse in place of the problem document; header fields are added to it.
    """

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        options = dict(getattr(settings, "RATEGUARD", {}))
        try:
            for name in _CALLABLES:
                if isinstance(options.get(name), str):
                    options[name] = import_string(options[name])
            self._on_refused = options.pop("on_refused", None)
            self._client = options.pop("client", None) or RateGuard(**{name: options.pop(name) for name in _CLIENT_OPTIONS if name in options})
            self._gate = Gate(self._client, **options)
        except (OptionError, TypeError, ImportError) as error:
            raise ImproperlyConfigured(f"settings.RATEGUARD: {error}") from error

    def __call__(self, request: HttpRequest) -> HttpResponse:
        verdict = self._gate.decide(RequestViewOfDjango(request))
        if verdict is None:
            return self._get_response(request)
        if not verdict.allowed:
            if self._on_refused is not None:
                response = self._on_refused(verdict.decision, request)
            else:
                response = HttpResponse(verdict.body, status=verdict.status, content_type="application/problem+json")
        else:
            try:
                response = self._get_response(request)
            finally:
                if verdict.decision.hold is not None:
                    self._client.release(verdict.decision.hold)
        for name, value in verdict.fields:
            response[name] = value
        return response
