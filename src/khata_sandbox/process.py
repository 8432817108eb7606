"""What every far end needs from its operating system: a port, a folder, a way to stop."""

import asyncio
import ctypes
import errno
import fcntl
import signal
import socket
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1


class StartRefused(Exception):
    """This far end cannot start; the message is one sentence for the person who started it."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A TCP socket listening on an IPv4 host and port (0 = any free port). Raises `StartRefused`."""
    try:
        return socket.create_server((host, port), backlog=1024)
    except OverflowError:
        raise StartRefused(f"Port {port} does not exist; ports go from 0 to 65535.") from None
    except OSError as error:
        raise StartRefused(_listening_refusal(host, port, error)) from error


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def free_port(host: str, port: int) -> int:
    """The port itself, or a free one for 0; for servers that insist on opening their socket themselves."""
    with listening_socket(host, port) as listener:
        return port_of(listener)


def is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.")


def own_folder(folder: Path) -> IO[str]:
    """Creates the folder (private to this user) and locks it; the lock lasts as long as the returned file is open.

    Raises `StartRefused` when another process holds it or it cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise StartRefused(f"The data folder {folder} cannot be used: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise StartRefused(f"The data folder {folder} is already in use by another process.") from None
    return lock


def die_with_parent() -> None:
    """Asks Linux to end this process (SIGTERM) when its parent dies; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


async def run_until_stopped(*works: Awaitable[None]) -> None:
    """Runs the works until SIGTERM or SIGINT comes. A work that ends by itself has failed: its error is raised."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    tasks = [asyncio.ensure_future(work) for work in (stopped.wait(), *works)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _listening_refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program; stop it or choose another port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs more rights than this user has; choose one above 1023."
    return f"Cannot listen on {host}:{port}: {error.strerror}."
