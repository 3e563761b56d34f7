"""Questions as commands of the Redis protocol (RESP2), answers from its replies. Bytes in, bytes out."""

from __future__ import annotations

import re
from typing import Any, Callable, List, Optional, Tuple

from ._decision import NONSENSE, RELEASED, Answer, Decision, decision_of
from ._http_codec import ProtocolError
from ._limit import throttle_arguments
from ._options import OptionError
from ._question import Question

# No answer to our commands comes near these; beyond them it is something else that speaks.
_LINE_BYTES_MAX = 4096
_BULK_BYTES_MAX = 65_536
_ELEMENTS_MAX = 256
_DEPTH_MAX = 4
_WHOLE = re.compile(rb"-?[0-9]{1,19}")

Reader = Callable[[Any], Answer]


class ReplyError(str):
    """An error reply."""


class _Incomplete(Exception):
    pass


class RespCodec:
    def __init__(self, token: Optional[str]) -> None:
        self.greeting = b"" if token is None else _command("AUTH", token)

    def validate(self, question: Question) -> None:
        """Fails with OptionError for a question that cannot be asked, whatever its key."""
        if question.facts is not None:
            raise OptionError("facts", dict(question.facts), "no facts with transport 'resp': ask a rule by its name, or use transport 'http'")
        if question.limit is not None:
            throttle_arguments(question.limit)

    def encode(self, question: Question) -> Tuple[bytes, Reader]:
        cost = str(question.cost)
        if question.limit is not None:
            burst, count, seconds = throttle_arguments(question.limit)
            return _command("THROTTLE", str(question.key), burst, count, seconds, cost), _read_throttle
        key, *more = [question.key] if isinstance(question.key, str) else list(question.key or [""])
        words = ["RG.CHECK", question.rule or "", key, cost]
        if question.plan is not None:
            words += ["PLAN", question.plan]
        if more:
            words += ["AND", *more]
        return _command(*words), _read_check

    def encode_release(self, hold: str) -> Tuple[bytes, Reader]:
        return _command("RG.RELEASE", hold), _read_release

    def parser(self) -> "RespParser":
        return RespParser()


def _command(*words: str) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word.encode("utf-8", "replace")
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


class RespParser:
    closed = False

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0

    def feed(self, chunk: bytes) -> List[Any]:
        """The replies that `chunk` completes, in order."""
        self._buffer += chunk
        replies: List[Any] = []
        start = 0
        while start < len(self._buffer):
            self._at = start
            try:
                replies.append(self._reply(0))
            except _Incomplete:
                break
            start = self._at
        self._buffer = self._buffer[start:]
        return replies

    def _reply(self, depth: int) -> Any:
        buffer, start = self._buffer, self._at
        kind = buffer[start : start + 1]
        if kind not in (b"+", b"-", b":", b"$", b"*"):
            if kind:
                raise ProtocolError("not the Redis protocol")
            raise _Incomplete
        end = buffer.find(b"\r\n", start, start + _LINE_BYTES_MAX)
        if end < 0:
            if len(buffer) - start >= _LINE_BYTES_MAX:
                raise ProtocolError("a line is too long")
            raise _Incomplete
        line = buffer[start + 1 : end]
        self._at = end + 2
        if kind == b"+":
            return line.decode("utf-8", "replace")
        if kind == b"-":
            return ReplyError(line.decode("utf-8", "replace"))
        if not _WHOLE.fullmatch(line):
            raise ProtocolError("not the Redis protocol")
        number = int(line)
        if kind == b":":
            return number
        if number == -1:
            return None
        return self._bulk(number) if kind == b"$" else self._array(number, depth)

    def _bulk(self, length: int) -> str:
        if not 0 <= length <= _BULK_BYTES_MAX:
            raise ProtocolError("a string is too long")
        start, self._at = self._at, self._at + length + 2
        if len(self._buffer) < self._at:
            raise _Incomplete
        return self._buffer[start : start + length].decode("utf-8", "replace")

    def _array(self, length: int, depth: int) -> List[Any]:
        if not 0 <= length <= _ELEMENTS_MAX or depth >= _DEPTH_MAX:
            raise ProtocolError("an array is too large")
        return [self._reply(depth + 1) for _ in range(length)]


def _read_throttle(reply: Any) -> Answer:
    if not isinstance(reply, list) or len(reply) != 5 or not all(type(element) is int for element in reply):
        return _undecided(reply)
    admitted, limit, remaining, reset, retry = reply
    # It says 0 both when admitted and when waiting does not help.
    retry_after_ms = 0 if admitted == 1 else retry * 1000 if retry > 0 else None
    return Answer(Decision(admitted == 1, limit, remaining, retry_after_ms, reset * 1000))


def _read_check(reply: Any) -> Answer:
    if not isinstance(reply, list) or len(reply) % 2:
        return _undecided(reply)
    body = dict(zip([str(name) for name in reply[::2]], reply[1::2]))
    for name in ("allowed", "degraded"):
        body[name] = {"1": True, "0": False}.get(str(body.get(name)))
    decision = decision_of(body)
    return NONSENSE if decision is None else Answer(decision)


def _read_release(reply: Any) -> Answer:
    return RELEASED if type(reply) is int else _undecided(reply)


def _undecided(reply: Any) -> Answer:
    if not isinstance(reply, ReplyError):
        return NONSENSE
    detail = f"answered: {reply[:300]}"
    word = reply.partition(" ")[0]
    if word in ("NOAUTH", "WRONGPASS", "NOPERM"):
        return Answer(None, "unauthorized", f"{detail}; set the option 'token' to one of its tokens")
    if word == "UNAVAILABLE":
        return Answer(Decision(False, retry_after_ms=1000, degraded=True, undecided=True))
    if reply.startswith("ERR there is no rule"):
        return Answer(None, "misconfigured", detail)
    if reply.startswith(("ERR unknown command", "ERR Protocol error")):
        return Answer(None, "nonsense", f"{detail}; is it the right address?")
    return Answer(None, "question", detail)
