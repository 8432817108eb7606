"""`GET /v1/messages`: newest first, page by page, narrowed down by what a program knows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from khata.messaging import queries
from khata.messaging.core.life import MessageStatus
from khata.messaging.models import Message

from .program import MESSAGE, TO, Program

PATH = "/v1/messages"
OTHER = "+919812345679"


def send(program: Program, **more: Any) -> str:
    id_: str = program.post(PATH, MESSAGE | more).json()["id"]
    return id_


def listed(program: Program, **query: Any) -> list[str]:
    return [id_ for page in pages(program, **query) for id_ in page]


def pages(program: Program, **query: Any) -> Iterator[list[str]]:
    return ([row["id"] for row in page] for page in program.pages(PATH, **query))


def test_messages_are_listed_newest_first(program: Program, chens_program: Program) -> None:
    ids = [send(program) for _ in range(5)][::-1]
    assert listed(program) == ids
    assert list(pages(program, limit=2)) == [ids[:2], ids[2:4], ids[4:]]
    assert list(pages(program, limit=5)) == [ids]
    assert listed(chens_program) == []
    assert chens_program.get(PATH, params={"cursor": ids[0]}).json() == {"data": [], "next_cursor": None}


def test_a_listed_message_lacks_the_timeline_and_what_only_e_mails_have(program: Program) -> None:
    id_ = send(program, reference="order-1", metadata={"a": "b"}, **{"from": "ACME"})
    message = program.get(f"{PATH}/{id_}").json()
    del message["timeline"], message["email"]
    assert program.get(PATH).json()["data"] == [message]


def test_messages_are_found_by_recipient_reference_and_state(program: Program) -> None:
    first, second = send(program, reference="a"), send(program, to=OTHER, reference="b")
    third = send(program, reference="b")
    Message.objects.filter(organisation_id=program.organisation_id, recipient=OTHER).update(
        status=MessageStatus.DELIVERED
    )
    assert listed(program, to=TO) == [third, first]
    assert listed(program, to="098123 45679") == [second]
    assert listed(program, reference="b") == [third, second]
    assert listed(program, reference="c") == []
    assert listed(program, status="delivered") == [second]
    assert listed(program, status="accepted", reference="b") == [third]
    assert listed(program, status="unknown") == []


def test_a_time_range_holds_its_beginning_and_not_its_end(program: Program) -> None:
    ids = [send(program) for _ in range(3)]
    times = [program.get(f"{PATH}/{id_}").json()["created_at"] for id_ in ids]
    assert listed(program, created_after=times[1]) == [ids[2], ids[1]]
    assert listed(program, created_before=times[1]) == [ids[0]]
    assert listed(program, created_after=times[1], created_before=times[2]) == [ids[1]]
    assert listed(program, created_after=times[1], created_before=times[1]) == []


def test_a_time_may_have_any_offset(program: Program) -> None:
    id_ = send(program)
    at = datetime.fromisoformat(program.get(f"{PATH}/{id_}").json()["created_at"])
    in_india = (at + timedelta(hours=5, minutes=30)).replace(tzinfo=None).isoformat()
    assert listed(program, created_after=f"{in_india}+05:30") == [id_]
    assert listed(program, created_after="0001-01-02T00:00:00+23:59") == [id_]
    assert listed(program, created_before="9999-12-30T23:59:59-23:59") == [id_]
    assert listed(program, created_before="0001-01-01T00:00:00Z") == []


def test_ids_that_were_made_by_a_clock_that_is_a_little_off_are_found(program: Program) -> None:
    id_ = send(program)
    for shift in (timedelta(seconds=-30), timedelta(seconds=30)):
        at = datetime.fromisoformat(program.get(f"{PATH}/{id_}").json()["created_at"]) + shift
        Message.objects.filter(organisation_id=program.organisation_id).update(accepted_at=at)
        around = {"created_after": at.isoformat(), "created_before": (at + timedelta(seconds=1)).isoformat()}
        assert listed(program, **around) == [id_]


def test_a_sparse_search_looks_at_so_many_and_goes_on_behind_them(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SEARCH_SCANNED_MAX", 4)
    wanted = send(program, reference="wanted")
    for _ in range(9):
        send(program)
    newest = send(program, reference="wanted")
    assert list(pages(program, reference="wanted")) == [[newest], [], [wanted]]
    assert list(pages(program, reference="wanted", limit=1)) == [[newest], [], [wanted]]
    assert list(pages(program, reference="nobody's")) == [[], [], []]
    assert [len(page) for page in pages(program, limit=100)] == [11]


def test_pages_of_a_sparse_search_lose_and_repeat_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "SEARCH_SCANNED_MAX", 3)
    ids = [send(program, reference="even" if place % 2 == 0 else "odd") for place in range(12)][::-1]
    for limit in (1, 2, 3, 4):
        assert listed(program, reference="even", limit=limit) == ids[1::2]
        assert listed(program, reference="odd", limit=limit) == ids[0::2]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={text}", "limit") for text in ("", "0", "101", "01", "1.0", "+1")),
        *((f"cursor={text}", "cursor") for text in ("", "x", "top_" + "0" * 26, "msg_" + "z" * 26, "%00")),
        *((f"status={text}", "status") for text in ("", "Delivered", "sent", "4", "delivered,failed")),
        *((f"to={text}", "to") for text in ("", "12", "abc", "%00", "9" * 5_000)),
        *((f"reference={text}", "reference") for text in ("", "a" * 129, "a%00")),
        *(
            (f"created_after={text}", "created_after")
            for text in (
                "",
                "now",
                "2026-11-22",
                "2026-11-22T00:00:00",
                "1700000000",
                "2026-11-22T00:00:00+05:30",
                "%00",
            )
        ),
        ("created_before=2026-13-01T00:00:00Z", "created_before"),
        ("created_after=0001-01-01T00:00:00%2B01:00", "created_after"),
        ("created_before=9999-12-31T23:59:59-01:00", "created_before"),
        ("status=delivered&status=failed", "query"),
        ("state=delivered", "state"),
        ("organisation_id=1", "organisation_id"),
    ],
)
def test_a_search_that_cannot_be_is_refused(program: Program, query: str, field: str) -> None:
    problem = program.refused("GET", 422, "invalid_request", f"{PATH}?{query}")
    assert {error["field"] for error in problem["errors"]} == {field}
