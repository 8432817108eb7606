"""A PostgreSQL of any version, as far as a greeting goes."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AUTHENTICATION_OK = b"R" + struct.pack("!ii", 8, 0)
READY = b"Z" + struct.pack("!ic", 5, b"I")


@contextmanager
def greeting_server(version: str) -> Iterator[int]:
    """Listens on the port it gives, and tells the first client that it is PostgreSQL `version`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet, args=(listener, version))
        thread.start()
        yield int(listener.getsockname()[1])
        thread.join()


def _greet(listener: socket.socket, version: str) -> None:
    client, _ = listener.accept()
    with client:
        while _code(packet := client.recv(1024)) != 196608:  # Until the start-up message: TLS and GSS are declined.
            assert packet, "the client went away before it introduced itself"
            client.sendall(b"N")
        client.sendall(AUTHENTICATION_OK + _parameter("server_version", version) + READY)
        client.recv(1024)


def _code(packet: bytes) -> int:
    return int(struct.unpack_from("!i", packet, 4)[0]) if len(packet) >= 8 else 0


def _parameter(name: str, value: str) -> bytes:
    body = name.encode() + b"\0" + value.encode() + b"\0"
    return b"S" + struct.pack("!i", len(body) + 4) + body
