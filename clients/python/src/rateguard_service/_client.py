"""The clients: they ask the service within a deadline, and always answer with a decision."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import urlsplit

from ._breaker import Breaker
from ._connections import Pipelines, Pool, Target
from ._decision import FAILURES, Answer, Decision, failed, missing_identity
from ._http_codec import HttpCodec
from ._limit import Limit
from ._notices import Notices
from ._options import OptionError, one_of, optional_callable, positive, token as check_token, whole
from ._question import Question
from ._resp_codec import RespCodec

_KEY_BYTES_MAX = 1024
_SCHEMES = {"http": ("http", 80, False), "https": ("http", 443, True), "resp": ("resp", 6380, False), "resps": ("resp", 6380, True)}
_SLOW_S = 1.0


class Stats:
    """How many questions ended how, since the client was made."""

    def __init__(self) -> None:
        self.asked = self.allowed = self.refused = self.failed_open = self.failed_closed = 0
        self.failures: Dict[str, int] = dict.fromkeys(FAILURES, 0)


class _Client:
    """What both clients share. See RateGuard for the options."""

    def __init__(
        self,
        url: Optional[str] = None,
        *,
        transport: Optional[str] = None,
        token: Optional[str] = None,
        deadline_ms: float = 5,
        on_failure: str = "open",
        breaker_failures: Optional[int] = 5,
        breaker_pause_ms: float = 1000,
        connections: int = 64,
        ssl_context: Optional[ssl.SSLContext] = None,
        log: Optional[Callable[[str], object]] = None,
    ) -> None:
        if transport is not None:
            one_of("transport", transport, ("http", "resp"))
        text = url if url is not None else "resp://127.0.0.1:6380" if transport == "resp" else "http://127.0.0.1:8080"
        self._target = _target(text, transport, token, ssl_context)
        self.deadline_ms = positive("deadline_ms", deadline_ms)
        self.on_failure = one_of("on_failure", on_failure, ("open", "closed"))
        failures = 0 if breaker_failures is None else whole("breaker_failures", breaker_failures, 1, 1_000_000)
        self._breaker = Breaker(failures, positive("breaker_pause_ms", breaker_pause_ms) / 1000)
        self._connections = whole("connections", connections, 1, 65_535)
        optional_callable("log", log)
        parts = urlsplit(text)
        self._notices = Notices(log or logging.getLogger("rateguard_service").warning, f"{parts.scheme}://{parts.netloc}")
        self.stats = Stats()
        self._lock = threading.Lock()

    def validate(self, question: Question) -> None:
        """Fails with OptionError for a question that cannot be asked, whatever its key."""
        self._target.codec.validate(question)

    def fail(self, failure: str, detail: str, on_failure: Optional[str]) -> Decision:
        """The decision where the service made none; counts it and tells the log once."""
        # A question that the service calls wrong may be the caller's doing, who must not be able to switch limits off.
        is_open = failure != "question" and (on_failure or self.on_failure) == "open"
        with self._lock:
            self.stats.failures[failure] += 1
            if is_open:
                self.stats.failed_open += 1
            else:
                self.stats.failed_closed += 1
        outcome = "requests pass (on_failure 'open')" if is_open else "requests are refused (on_failure 'closed')"
        self._notices.failed(failure, detail, "the request is refused" if failure == "question" else outcome, time.monotonic())
        return failed(failure, is_open)

    def counted(self, decision: Decision) -> Decision:
        """Counts a decision that needed no service."""
        if decision.allowed:
            self.stats.allowed += 1
        else:
            self.stats.refused += 1
        return decision

    def _before(self, question: Question, on_failure: Optional[str]) -> Union[Decision, Tuple[bytes, Callable[[Any], Answer]]]:
        """The decision where nothing has to be asked, else the message and its reader."""
        self.stats.asked += 1
        wrong = _wrong_key(question)
        if wrong is not None:
            return self.counted(wrong)
        try:
            encoded = self._target.codec.encode(question)
        except Exception as error:
            return self.fail("question", str(error), on_failure)
        if not self._breaker.admits(time.monotonic()):
            return self.fail("paused", "", on_failure)
        return encoded

    def _after(self, answer: Answer, on_failure: Optional[str]) -> Decision:
        if answer.decision is not None:
            self._breaker.succeeded()
            self._notices.answered()
            return self.counted(answer.decision)
        # What was answered at once costs no waiting, so that there is no reason to pause.
        if answer.failure in ("deadline", "unreachable", "nonsense"):
            self._breaker.failed(time.monotonic())
        else:
            self._breaker.succeeded()
        return self.fail(answer.failure, answer.detail, on_failure)


class RateGuard(_Client):
    """A blocking client for any number of threads.

    url: "http://127.0.0.1:8080", "https://...", "resp://127.0.0.1:6380" or "resps://..." (the Redis protocol, with TLS).
    transport: "http" or "resp"; where absent the URL says it.
    token: one of the service's `listen.tokens`.
    deadline_ms: milliseconds to wait for a decision, connecting included.
    on_failure: "open" lets requests pass when the service does not decide, "closed" refuses them.
    breaker_failures, breaker_pause_ms: after so many failures in a row nothing is asked for so long; None never pauses.
    connections: idle connections at most.
    ssl_context: for https and resps.
    log: where failures are told of, once each; the logger "rateguard_service" where absent.

    Fails with OptionError for a wrong option, naming it. Connects ahead of the first question.
    """

    def __init__(self, url: Optional[str] = None, **options: Any) -> None:
        super().__init__(url, **options)
        self._pool = Pool(self._target, self._connections)
        threading.Thread(target=self._pool.connect, args=(_SLOW_S,), daemon=True).start()

    def check(
        self,
        key: Union[str, Sequence[str], None] = None,
        *,
        rule: Optional[str] = None,
        limit: Optional[Limit] = None,
        facts: Optional[Mapping[str, Any]] = None,
        plan: Optional[str] = None,
        cost: int = 1,
        deadline_ms: Optional[float] = None,
        on_failure: Optional[str] = None,
    ) -> Decision:
        """Asks. Never raises for the service's sake: where it does not decide, `on_failure` does, and `failure` says why."""
        return self.ask(Question(key, rule, limit, facts, plan, cost), deadline_ms, on_failure)

    def ask(self, question: Question, deadline_ms: Optional[float] = None, on_failure: Optional[str] = None) -> Decision:
        before = self._before(question, on_failure)
        if isinstance(before, Decision):
            return before
        message, read = before
        return self._after(self._pool.ask(message, read, (deadline_ms or self.deadline_ms) / 1000), on_failure)

    def release(self, hold: str) -> bool:
        """Gives a hold of a concurrency limit back. False: the service did not take it; the hold then ends by itself."""
        answer = self._pool.ask(*self._target.codec.encode_release(hold), max(self.deadline_ms / 1000, _SLOW_S))
        return answer.decision is not None

    def ready(self, timeout_s: float = 1.0) -> bool:
        """Whether the service answers; for tests and readiness checks, not needed before check()."""
        answer = self._pool.ask(*self._target.codec.encode_release("0" * 40), timeout_s)
        return answer.decision is not None

    def close(self) -> None:
        self._pool.close()


class AsyncRateGuard(_Client):
    """The same for asyncio: one pipelined connection for each event loop. The options are those of RateGuard."""

    def __init__(self, url: Optional[str] = None, **options: Any) -> None:
        super().__init__(url, **options)
        self._pipelines = Pipelines(self._target)

    async def check(
        self,
        key: Union[str, Sequence[str], None] = None,
        *,
        rule: Optional[str] = None,
        limit: Optional[Limit] = None,
        facts: Optional[Mapping[str, Any]] = None,
        plan: Optional[str] = None,
        cost: int = 1,
        deadline_ms: Optional[float] = None,
        on_failure: Optional[str] = None,
    ) -> Decision:
        """Asks. Never raises for the service's sake: where it does not decide, `on_failure` does, and `failure` says why."""
        return await self.ask(Question(key, rule, limit, facts, plan, cost), deadline_ms, on_failure)

    async def ask(self, question: Question, deadline_ms: Optional[float] = None, on_failure: Optional[str] = None) -> Decision:
        before = self._before(question, on_failure)
        if isinstance(before, Decision):
            return before
        message, read = before
        return self._after(await self._pipelines.ask(message, read, (deadline_ms or self.deadline_ms) / 1000), on_failure)

    async def release(self, hold: str) -> bool:
        """Gives a hold of a concurrency limit back. False: the service did not take it; the hold then ends by itself."""
        answer = await self._pipelines.ask(*self._target.codec.encode_release(hold), max(self.deadline_ms / 1000, _SLOW_S))
        return answer.decision is not None

    async def ready(self, timeout_s: float = 1.0) -> bool:
        """Whether the service answers, connected to from this event loop."""
        answer = await self._pipelines.ask(*self._target.codec.encode_release("0" * 40), timeout_s)
        return answer.decision is not None

    async def close(self) -> None:
        self._pipelines.close()


def _target(url: Any, transport: Optional[str], token: Optional[str], context: Optional[ssl.SSLContext]) -> Target:
    expected = "a URL that begins with http://, https://, resp:// or resps://"
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, AttributeError, TypeError):
        raise OptionError("url", url, expected) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise OptionError("url", url, expected)
    if parts.username or parts.password:
        raise OptionError("url", f"{parts.scheme}://...", "a URL without user and password; use the option 'token'")
    kind, default_port, secure = _SCHEMES[parts.scheme]
    if transport is not None and transport != kind:
        raise OptionError("transport", transport, f"'{kind}', as the option 'url' says")
    if context is not None and not isinstance(context, ssl.SSLContext):
        raise OptionError("ssl_context", context, "an ssl.SSLContext")
    check_token(token)
    codec = HttpCodec(parts, token) if kind == "http" else RespCodec(token)
    return Target(parts.hostname, port or default_port, (context or ssl.create_default_context()) if secure else None, codec)


def _wrong_key(question: Question) -> Optional[Decision]:
    """The refusal for a key that no counter may have; None where the key is in order."""
    if question.key is None:
        return None if question.limit is None else missing_identity("key")
    parts: Iterable[Any] = (question.key,) if isinstance(question.key, str) else question.key
    for part in parts:
        if not isinstance(part, str) or not part or len(part.encode("utf-8", "replace")) > _KEY_BYTES_MAX:
            return missing_identity("key")
    return None
