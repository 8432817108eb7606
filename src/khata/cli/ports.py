"""Ports: free ones for the asking, and a clear word about taken ones before anything is started."""

import errno
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack

from khata.cli.errors import Misconfigured, PortTaken

POLL_INTERVAL_S = 0.1


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listened on a moment ago."""
    return free_ports(1, host)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """As many different ones."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket(_family(host))) for _ in range(count)]
        for probe in sockets:
            _bind(probe, host, 0)
        return [int(probe.getsockname()[1]) for probe in sockets]


def require_free(ports: Mapping[str, tuple[str, int]], *, patience_s: float = 0) -> None:
    """Raise `PortTaken` for the first taken one of `{what: (host, port)}`, after waiting `patience_s` for all.

    Raises `Misconfigured` where two are the same, or the host is not one of this machine's.
    """
    if len(set(ports.values())) < len(ports):
        raise Misconfigured(f"Every port must be another one: {', '.join(str(port) for _, port in ports.values())}.")
    give_up_at = time.monotonic() + patience_s
    for what, (host, port) in ports.items():
        while not _is_free(host, port):
            if time.monotonic() >= give_up_at:
                raise PortTaken(
                    f"Port {port} for {what} is taken: end the program that listens there or choose another."
                )
            time.sleep(POLL_INTERVAL_S)


def _is_free(host: str, port: int) -> bool:
    with socket.socket(_family(host)) as probe:
        # As servers do: a connection that is still closing down does not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _bind(probe, host, port)


def _bind(probe: socket.socket, host: str, port: int) -> bool:
    """False when the port is taken; every other refusal is about what was asked for."""
    try:
        probe.bind((host, port))
        probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise Misconfigured(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
