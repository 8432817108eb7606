"""Facts belong to one piece of work, and to everything that runs on its behalf."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from khata.kernel.facts import about, facts, new_request_id, note, request_id


def test_outside_any_work_nothing_is_known_and_nothing_is_kept() -> None:
    note(organisation="org_1")
    assert facts() == {}


def test_what_is_noted_inside_is_there_for_whoever_opened_the_work() -> None:
    with about(request_id="req_1") as known:
        note(message_id="msg_1")
        assert known == facts() == {"request_id": "req_1", "message_id": "msg_1"}
    assert facts() == {}


def test_work_within_work_has_facts_of_its_own() -> None:
    with about(request_id="req_1"):
        with about(message_id="msg_1"):
            assert facts() == {"message_id": "msg_1"}
        assert facts() == {"request_id": "req_1"}


def test_a_thread_working_for_a_request_sees_and_adds_to_its_facts() -> None:
    with about(request_id="req_1") as known, ThreadPoolExecutor(1) as threads:
        threads.submit(copy_context().run, note, organisation="org_1").result()
    assert known == {"request_id": "req_1", "organisation": "org_1"}


def test_requests_at_the_same_time_do_not_see_each_other() -> None:
    async def request(id_: str) -> dict[str, str]:
        with about(request_id=id_):
            await asyncio.sleep(0)
            note(organisation=f"of {id_}")
            await asyncio.sleep(0)
            return dict(facts())

    async def both() -> list[dict[str, str]]:
        return list(await asyncio.gather(request("req_1"), request("req_2")))

    first, second = asyncio.run(both())
    assert first == {"request_id": "req_1", "organisation": "of req_1"}
    assert second == {"request_id": "req_2", "organisation": "of req_2"}


def test_an_answer_always_names_a_request() -> None:
    assert re.fullmatch("req_[0-9a-f]{24}", request_id())
    with about(request_id=new_request_id()) as known:
        assert request_id() == known["request_id"]
