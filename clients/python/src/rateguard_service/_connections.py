"""Connections to the service: blocking ones in a pool, and one pipelined for each event loop."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import time
from collections import deque
from typing import Any, Deque, List, Optional, Union

from ._decision import NONSENSE, Answer
from ._http_codec import HttpCodec, ProtocolError
from ._resp_codec import RespCodec

Codec = Union[HttpCodec, RespCodec]

# Questions that wait on one connection, the abandoned ones too. A connection that lets more gather is given up.
_WAITING_MAX = 16_384
# An answer that is later than this comes no more: the connection is given up.
_STALLED_S = 1.0
_CONNECT_S = 1.0


def _late(deadline_s: float) -> Answer:
    return Answer(None, "deadline", f"did not answer within {deadline_s * 1000:g} ms")


def _unreachable(error: BaseException) -> Answer:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno and error.errno > 0 else str(error) or type(error).__name__
    return Answer(None, "unreachable", f"cannot be reached ({reason})")


class Target:
    """Where the service is, and what is spoken there."""

    def __init__(self, host: str, port: int, tls: Optional[ssl.SSLContext], codec: Codec) -> None:
        self.host, self.port, self.tls, self.codec = host, port, tls, codec


class _Connection:
    """A socket on which one question is asked at a time."""

    def __init__(self, target: Target, until: float) -> None:
        self._socket = socket.create_connection((target.host, target.port), _left(until))
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.tls is not None:
                self._socket = target.tls.wrap_socket(self._socket, server_hostname=target.host)
            self._parser = target.codec.parser()
            if target.codec.greeting:
                self.exchange(target.codec.greeting, until)
        except BaseException:
            self._socket.close()
            raise

    def exchange(self, message: bytes, until: float) -> Any:
        self._socket.settimeout(_left(until))
        self._socket.sendall(message)
        while True:
            self._socket.settimeout(_left(until))
            chunk = self._socket.recv(65_536)
            if not chunk:
                raise ConnectionResetError("it closed the connection")
            found = self._parser.feed(chunk)
            if found:
                return found[0]

    @property
    def usable(self) -> bool:
        """Whether another question may be asked: it neither ended nor said anything by itself."""
        return not self._parser.closed and not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._socket.close()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise socket.timeout()
    return left


class Pool:
    """Blocking connections, used by any thread; after a fork the child has its own."""

    def __init__(self, target: Target, connections: int) -> None:
        self._target = target
        self._idle: Deque[_Connection] = deque(maxlen=connections)
        self._pid = os.getpid()

    def ask(self, message: bytes, read: Any, deadline_s: float) -> Answer:
        """Never raises."""
        until = time.monotonic() + deadline_s
        connection: Optional[_Connection] = None
        try:
            connection = self._take() or _Connection(self._target, until)
            answer: Answer = read(connection.exchange(message, until))
        except socket.timeout:
            answer = _late(deadline_s)
        except OSError as error:
            answer = _unreachable(error)
        except ProtocolError:
            answer = NONSENSE
        except Exception as error:  # an answer that no reader foresaw
            answer = NONSENSE._replace(detail=f"{NONSENSE.detail} ({error!r})")
        else:
            self._give_back(connection)
            return answer
        if connection is not None:
            connection.close()
        return answer

    def connect(self, within_s: float) -> None:
        """Opens a connection ahead of the first question, if that is possible."""
        try:
            self._give_back(_Connection(self._target, time.monotonic() + within_s))
        except (OSError, ProtocolError):
            pass

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Optional[_Connection]:
        if self._pid != os.getpid():
            self._idle, self._pid = deque(maxlen=self._idle.maxlen), os.getpid()
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.usable:
                return connection
            connection.close()

    def _give_back(self, connection: _Connection) -> None:
        if connection.usable and len(self._idle) < (self._idle.maxlen or 0):
            self._idle.append(connection)
        else:
            connection.close()


class _Waiting:
    __slots__ = ("future", "read", "since")

    def __init__(self, future: "asyncio.Future[Answer]", read: Any, since: float) -> None:
        self.future, self.read, self.since = future, read, since


class _Pipeline(asyncio.Protocol):
    """One connection of an event loop; questions go out as they come, answers come back in their order."""

    def __init__(self, target: Target, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.ended = loop, False
        self._target = target
        self._parser = target.codec.parser()
        self._transport: Optional[asyncio.Transport] = None
        self._waiting: Deque[_Waiting] = deque()
        self._unsent: List[bytes] = []
        self._greeting = bool(target.codec.greeting)
        self._connecting = loop.create_task(self._connect())

    async def _connect(self) -> None:
        target = self._target
        try:
            name = target.host if target.tls is not None else None
            connected = self.loop.create_connection(lambda: self, target.host, target.port, ssl=target.tls, server_hostname=name)
            await asyncio.wait_for(connected, _CONNECT_S)
        except Exception as error:
            self.end(_unreachable(error))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.ended:
            transport.close()
            return
        self._transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unsent.insert(0, self._target.codec.greeting)
        self._flush()

    def connection_lost(self, _error: Optional[Exception]) -> None:
        self.end(Answer(None, "unreachable", "closed the connection"))

    def data_received(self, data: bytes) -> None:
        try:
            for found in self._parser.feed(data):
                self._answered(found)
        except Exception:
            self.end(NONSENSE)
        if self._parser.closed:
            self.end(Answer(None, "unreachable", "closed the connection"))

    def _answered(self, found: Any) -> None:
        if self._greeting:
            self._greeting = False  # a wrong token shows in the answers that follow
            return
        waiting = self._waiting.popleft()
        if not waiting.future.done():
            waiting.future.set_result(waiting.read(found))

    def send(self, message: bytes, read: Any) -> "asyncio.Future[Answer]":
        future: "asyncio.Future[Answer]" = self.loop.create_future()
        self._waiting.append(_Waiting(future, read, self.loop.time()))
        # What is asked in one turn of the loop leaves in one write.
        if not self._unsent and self._transport is not None:
            self.loop.call_soon(self._flush)
        self._unsent.append(message)
        return future

    def _flush(self) -> None:
        if self._transport is not None and not self.ended:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()

    def give_up_if_stalled(self) -> None:
        if self._waiting and (self.loop.time() - self._waiting[0].since > _STALLED_S or len(self._waiting) > _WAITING_MAX):
            self.end(Answer(None, "unreachable", "does not answer"))

    def end(self, answer: Answer) -> None:
        """Every question that waits is answered by a failure."""
        self.ended = True
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            future = self._waiting.popleft().future
            if not future.done() and not self.loop.is_closed():
                future.set_result(answer)


class Pipelines:
    """The pipelined connection of the event loop that asks; another loop gets another one."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._current: Optional[_Pipeline] = None

    async def ask(self, message: bytes, read: Any, deadline_s: float) -> Answer:
        """Never raises, but for the cancellation of the task that asks."""
        loop = asyncio.get_running_loop()
        pipeline = self._current
        if pipeline is None or pipeline.ended or pipeline.loop is not loop:
            pipeline = self._current = _Pipeline(self._target, loop)
        future = pipeline.send(message, read)
        timer = loop.call_later(deadline_s, _expire, future, deadline_s)
        try:
            answer = await future
        finally:
            timer.cancel()
        if answer.failure == "deadline":
            pipeline.give_up_if_stalled()
        return answer

    def close(self) -> None:
        if self._current is not None and not self._current.loop.is_closed():
            self._current.end(Answer(None, "unreachable", "the client was closed"))


def _expire(future: "asyncio.Future[Answer]", deadline_s: float) -> None:
    if not future.done():
        future.set_result(_late(deadline_s))
