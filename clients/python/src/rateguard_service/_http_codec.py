"""Questions as HTTP/1.1 requests, answers from responses. Bytes in, bytes out: sockets are somebody else's."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import SplitResult

from ._decision import NONSENSE, RELEASED, Answer, decision_of
from ._limit import limit_parameters
from ._question import Question

# An answer has a few hundred bytes; more than this is none of RateGuard's.
_HEAD_BYTES_MAX = 16_384
_BODY_BYTES_MAX = 65_536

Reader = Callable[[Any], Answer]


class ProtocolError(Exception):
    """What came is not an answer in the protocol that was asked in."""


class HttpCodec:
    def __init__(self, url: SplitResult, token: Optional[str]) -> None:
        base = url.path.rstrip("/")
        fields = f"Host: {url.netloc}\r\nContent-Type: application/json\r\n"
        if token is not None:
            fields += f"Authorization: Bearer {token}\r\n"
        self._check = f"POST {base}/check HTTP/1.1\r\n{fields}Content-Length: ".encode("latin-1")
        self._release = f"POST {base}/v1/release HTTP/1.1\r\n{fields}Content-Length: ".encode("latin-1")

    #: What a connection begins with, and the answers to it that nobody waits for.
    greeting = b""

    def validate(self, question: Question) -> None:
        """Fails with OptionError for a question that cannot be asked, whatever its key."""
        if question.limit is not None:
            limit_parameters(question.limit)

    def encode(self, question: Question) -> Tuple[bytes, Reader]:
        body: Dict[str, Any] = {"cost": question.cost}
        if question.limit is not None:
            body.update(limit_parameters(question.limit))
        for name in ("key", "rule", "plan", "facts"):
            value = getattr(question, name)
            if value is not None:
                body[name] = value
        return _message(self._check, body), _read_check

    def encode_release(self, hold: str) -> Tuple[bytes, Reader]:
        return _message(self._release, {"hold": hold}), _read_release

    def parser(self) -> "HttpParser":
        return HttpParser()


def _message(head: bytes, body: Dict[str, Any]) -> bytes:
    text = json.dumps(body, separators=(",", ":")).encode("ascii")
    return b"%s%d\r\n\r\n%s" % (head, len(text), text)


class Response:
    __slots__ = ("body", "closes", "fields", "status")

    def __init__(self, status: int, fields: Dict[bytes, bytes], body: bytes) -> None:
        self.status, self.fields, self.body = status, fields, body
        self.closes = fields.get(b"connection", b"").lower() == b"close"


class HttpParser:
    def __init__(self) -> None:
        self._buffer = b""
        #: The service said that this connection ends.
        self.closed = False

    def feed(self, chunk: bytes) -> List[Any]:
        """The responses that `chunk` completes, in order."""
        self._buffer += chunk
        responses: List[Any] = []
        while self._buffer and not self.closed:
            response = self._next()
            if response is None:
                break
            self.closed = response.closes
            responses.append(response)
        return responses

    def _next(self) -> Optional[Response]:
        buffer = self._buffer
        if not b"HTTP/1.".startswith(buffer[:7]):
            raise ProtocolError("not HTTP")
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(buffer) > _HEAD_BYTES_MAX:
                raise ProtocolError("too long a head")
            return None
        lines = buffer[:end].split(b"\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        length = fields.get(b"content-length", b"")
        if not length.isdigit() or int(length) > _BODY_BYTES_MAX:
            raise ProtocolError("no length of a body that is bearable")
        body_end = end + 4 + int(length)
        if len(buffer) < body_end:
            return None
        status = lines[0].split(b" ", 2)
        if len(status) < 2 or not status[1].isdigit():
            raise ProtocolError("no status")
        self._buffer = buffer[body_end:]
        return Response(int(status[1]), fields, buffer[end + 4 : body_end])


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body) if response.body else None
    except ValueError:
        return None


def _read_check(response: Response) -> Answer:
    body = _json(response)
    if response.status not in (200, 429, 503):
        return _undecided(response.status, body)
    decision = decision_of(body)
    if decision is None:
        return _undecided(response.status, body) if response.status == 503 else NONSENSE
    if decision.allowed != (response.status == 200):
        return NONSENSE
    policy, limit = response.fields.get(b"ratelimit-policy"), response.fields.get(b"ratelimit")
    if policy is not None and limit is not None:
        decision = decision._replace(rate_limit_policy=policy.decode("latin-1"), rate_limit=limit.decode("latin-1"))
    return Answer(decision._replace(undecided=True) if response.status == 503 else decision)


def _read_release(response: Response) -> Answer:
    return RELEASED if response.status in (200, 404) else _undecided(response.status, _json(response))


def _undecided(status: int, body: Any) -> Answer:
    problem = body.get("detail") if isinstance(body, dict) else None
    detail = f"answered {status}: {problem[:300]}" if isinstance(problem, str) else f"answered {status}"
    if status in (401, 403):
        return Answer(None, "unauthorized", f"{detail}; set the option 'token' to one of its tokens")
    if not isinstance(problem, str):
        return NONSENSE
    failure = {404: "misconfigured", 503: "unavailable", 400: "question", 413: "question", 431: "question"}.get(status, "nonsense")
    return Answer(None, failure, detail)
