"""What drivers that speak HTTP share: how many requests go at once, and how the last ones end."""

import asyncio

import pytest

from khata.carriers import http_session
from khata.carriers.http_session import HttpAnswer, HttpSession
from khata.carriers.port import Unavailable, Unknown
from tests.ports import free_port

from .bench import eventually
from .far_server import Asked, Told, serving

pytestmark = pytest.mark.anyio


def session_of(window: int = 3, timeout_s: float = 60) -> HttpSession:
    session = HttpSession(window=window, timeout_s=timeout_s, is_sandbox=True)
    session.start()
    return session


def silent(_asked: Asked) -> None:
    return None


async def test_a_request_that_is_still_open_when_closing_is_given_up_ends_in_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_session, "CLOSE_WAIT_S", 0.05)
    with serving(silent) as url:
        session = session_of()
        asking = asyncio.create_task(session.exchange("POST", url, data={"a": "b"}))
        await eventually(lambda: session.health().outstanding_count == 1)
        await session.close()
        async with asyncio.timeout(30):
            assert isinstance(await asking, Unknown)
    assert session.health().outstanding_count == 0


async def test_no_more_than_the_window_goes_at_once_and_what_waits_when_it_closes_was_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_session, "CLOSE_WAIT_S", 0.05)
    asked: list[Asked] = []

    def take(request: Asked) -> None:
        asked.append(request)

    with serving(take) as url:
        session = session_of(window=2)
        asking = [asyncio.create_task(session.exchange("GET", url)) for _ in range(5)]
        await eventually(lambda: len(asked) == 2)
        assert session.health().outstanding_count == 2
        await session.close()
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*asking)
    assert sorted(type(answer).__name__ for answer in answers) == ["Unavailable"] * 3 + ["Unknown"] * 2
    assert len(asked) == 2


async def test_a_slot_is_free_again_after_each_answer_and_closing_twice_is_fine() -> None:
    with serving(lambda _: Told(200, b"{}")) as url:
        session = session_of(window=1)
        assert [await session.exchange("GET", url) for _ in range(3)] == [HttpAnswer(200, b"{}")] * 3
        await session.close()
        await session.close()


async def test_no_proxy_of_the_environment_stands_between_a_sandbox_and_its_far_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(lambda _: Told(200, b"{}")) as url:
        session = session_of()
        assert isinstance(await session.exchange("GET", url), HttpAnswer)
        await session.close()
    assert isinstance(await session.exchange("GET", "http://127.0.0.1:9"), Unavailable)
