"""HTTP load: as much as the far end takes (wrk), or a fixed rate (our own small client)."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.timing import percentile

SCRIPT = Path(__file__).with_name("post.lua")
ACCEPTED = 202
SECONDS_MIN = 1
"""wrk counts in whole seconds."""
WARM_UP_S = 1
STEADY_CONNECTIONS_COUNT = 32
START_DELAY_S = 0.2


class LoadFailed(Exception):
    """The far end refused or broke off, so its rate would mean nothing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: answers a second, and how long one took."""

    answers_count: int
    per_s: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Target:
    """Where to post what: `bodies` in turn."""

    url: str
    authorization: str
    bodies: Sequence[str]


def saturate(target: Target, *, connections_count: int, seconds: float, folder: Path) -> Load:
    """Each connection posts again as soon as it is answered. Raises LoadFailed."""
    with _bodies_file(target, folder) as environment:
        _wrk(target.url, connections_count, WARM_UP_S, environment)
        told = _wrk(target.url, connections_count, max(round(seconds), SECONDS_MIN), environment)
    if told["refused"] or told["broken"]:
        raise LoadFailed(f"{target.url}: {told['refused']} refused, {told['broken']} broken off")
    seconds_taken = told["microseconds"] / 1_000_000
    return Load(told["answers"], told["answers"] / seconds_taken, told["p50"] / 1_000, told["p99"] / 1_000)


def hold_rate(target: Target, *, per_s: int, seconds: float) -> Load:
    """Posts on a timetable, whether answers come or not; waiting for a free connection counts as time taken.

    wrk knows no rate, and a client that waits for an answer before it asks again hides every stall.
    """
    return asyncio.run(_hold_rate(target, per_s, round(per_s * seconds)))


@contextmanager
def _bodies_file(target: Target, folder: Path) -> Iterator[dict[str, str]]:
    path = folder / "bodies.jsonl"
    path.write_text("".join(f"{body}\n" for body in target.bodies))
    try:
        yield {**os.environ, "BENCH_BODIES": str(path), "BENCH_AUTHORIZATION": target.authorization}
    finally:
        path.unlink()


def _wrk(url: str, connections_count: int, seconds: int, environment: dict[str, str]) -> dict[str, int]:
    command = ["wrk", "-t1", f"-c{connections_count}", f"-d{seconds}s", "-s", str(SCRIPT), url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if done.returncode != 0:
        raise LoadFailed(f"wrk: {(done.stderr or done.stdout).strip()}")
    told: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return told


async def _hold_rate(target: Target, per_s: int, count: int) -> Load:
    began = time.perf_counter() + START_DELAY_S
    due = ((began + n / per_s, target.bodies[n % len(target.bodies)]) for n in range(count))
    took: list[float] = []
    async with asyncio.TaskGroup() as connections:
        for _ in range(STEADY_CONNECTIONS_COUNT):
            connections.create_task(_post_when_due(target, due, took))
    took_s = time.perf_counter() - began
    return Load(count, count / took_s, percentile(took, 50), percentile(took, 99))


async def _post_when_due(target: Target, due: Iterator[tuple[float, str]], took: list[float]) -> None:
    """One connection: takes whatever is next on the timetable, all connections share it."""
    parts = urlsplit(target.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for due_at, body in due:
            await asyncio.sleep(due_at - time.perf_counter())
            writer.write(_request(target, parts.path, body))
            await _read_answer(reader)
            took.append((time.perf_counter() - due_at) * 1_000)
    finally:
        writer.close()
        await writer.wait_closed()


def _request(target: Target, path: str, body: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {target.authorization}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    )
    return (head + body).encode()


async def _read_answer(reader: asyncio.StreamReader) -> None:
    """Raises LoadFailed for any answer but 202."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    if int(head.split(maxsplit=2)[1]) != ACCEPTED:
        raise LoadFailed(f"answered {head.splitlines()[0]}")
    await reader.readexactly(int(head.partition("content-length:")[2].splitlines()[0]))
