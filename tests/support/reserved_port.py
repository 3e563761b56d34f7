"""Ports for servers that need to be told theirs."""

import socket

_reservations = []


def reserved_port():
    """A port of 127.0.0.1 that nobody listens on, and that the kernel gives to nobody else until the test ends.

    A socket that is bound and does not listen keeps away whoever asks for any port. A server that sets SO_REUSEADDR, as servers do, may still
    listen there.
    """
    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reservation.bind(("127.0.0.1", 0))
    _reservations.append(reservation)
    return reservation.getsockname()[1]
