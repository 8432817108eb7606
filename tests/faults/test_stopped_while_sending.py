"""A third of the way through a batch sending is stopped, or the key revoked, and the worker dies: the rest stays."""

from collections.abc import Iterator, Mapping

import httpx
import pytest

from khata.messaging.core.life import MessageStatus
from tests.cli.waiting import wait_until

from . import books, payer
from .running_demo import RunningDemo
from .senders import RECIPIENT

COUNT = 1_500
_STOP = "update ledger_wallet set status = 2"
_ALLOW = "update ledger_wallet set status = 1"
_REVOKE = "update tenancy_apikey set revoked_at = now()"
_BRING_BACK = "update tenancy_apikey set revoked_at = null"


@pytest.fixture(autouse=True)
def slow_carrier(demo: RunningDemo) -> Iterator[None]:
    """Answers take a while, so that most of the batch waits while its first messages go."""
    payer.top_up(demo.ready, rupees=1_000)
    demo.switch_smsc_fault_on("answer_late", value=400)
    yield
    demo.switch_smsc_faults_off()


@pytest.mark.parametrize(
    ("name", "stop", "undo"),
    [("stopped", _STOP, _ALLOW), ("revoked", _REVOKE, _BRING_BACK)],
    ids=["stopped", "revoked"],
)
def test_what_waits_never_reaches_the_carrier_and_its_credits_return(
    demo: RunningDemo, name: str, stop: str, undo: str
) -> None:
    before = len(demo.submits())
    send_batch(demo.ready, name)
    wait_until(lambda: len(demo.submits(after=before)) >= COUNT // 3, "a third of the batch was submitted")
    with demo.as_owner() as owner:
        owner.execute(stop.encode())
        demo.kill("worker")
        counts = books.wait_until_all_ended(demo, name, MessageStatus.CANCELLED)
        owner.execute(undo.encode())
    print(f"{name}: {counts}")
    assert counts[MessageStatus.CANCELLED] > 0
    assert reached_the_carrier(demo, name) & set(cancelled(demo, name)) == set()
    books.assert_submitted_once_at_most(demo, name)
    books.assert_holds_and_messages_belong_together(demo)
    books.assert_nobody_paid_too_much(demo)


def send_batch(ready: Mapping[str, str], name: str) -> None:
    messages = [{"to": RECIPIENT, "body": f"{name}-{number}"} for number in range(COUNT)]
    headers = {"Authorization": f"Bearer {ready['api_key']}"}
    url = f"{ready['api_url']}/messages/batch"
    answer = httpx.post(url, json={"messages": messages}, headers=headers, timeout=60, trust_env=False)
    assert (answer.status_code, answer.json()["accepted"]) == (202, COUNT)


def cancelled(demo: RunningDemo, name: str) -> list[str]:
    rows = demo.select(
        "select body, credits_captured from messaging_message where body like %s and status = %s",
        f"{name}-%",
        MessageStatus.CANCELLED,
    )
    assert {captured for _, captured in rows} == {0}
    return [body for body, _ in rows]


def reached_the_carrier(demo: RunningDemo, name: str) -> set[str]:
    return {submit["text"] for submit in demo.submits() if submit["text"].startswith(f"{name}-")}
