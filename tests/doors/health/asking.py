"""Asks the whole application, as the server does: by ASGI, from a given address."""

import asyncio
import json
from typing import Any

import httpx

from khata.api.writer import drain_acceptance_writer
from khata.site.asgi import application

LOOPBACK = "127.0.0.1"
ELSEWHERE = "192.0.2.7"


def ask(path: str, *, method: str = "GET", peer: str = LOOPBACK, **more: Any) -> httpx.Response:
    return asyncio.run(_ask(method, path, peer, more))


def samples(text: str) -> dict[str, float]:
    """`name{label="value"}` → value, of a page of metrics."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def measured() -> dict[str, float]:
    """Now, by way of `/metrics`."""
    answer = ask("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def access_lines(stderr: str) -> list[dict[str, Any]]:
    events = (json.loads(line) for line in stderr.splitlines() if line.startswith("{"))
    return [event for event in events if event["logger"] == "khata.access"]


async def _ask(method: str, path: str, peer: str, more: dict[str, Any]) -> httpx.Response:
    transport = httpx.ASGITransport(application, raise_app_exceptions=False, client=(peer, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        try:
            return await client.request(method, path, **more)
        finally:
            await drain_acceptance_writer()  # as a server does whose loop ends
