"""The last credits: exactly as many messages as were paid, however many ask at once."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from . import books, payer
from .running_demo import RunningDemo
from .senders import post_message

TIMEOUT_S = 60.0
INDIA, UNITED_KINGDOM = "+919800000100", "+447400123456"
UNITED_KINGDOM_CREDITS = 20
SEGMENTS_MAX = 10
SEGMENT_LENGTH = 153


def test_two_hundred_sends_at_once_on_fifty_credits_accept_fifty(demo: RunningDemo) -> None:
    leave(demo, 50)
    name = f"race-{uuid.uuid4().hex}"
    answers = send_at_once(demo, [f"{name}-{number}" for number in range(200)])
    assert Counter(answer.status_code for answer in answers) == {202: 50, 402: 150}
    refusals = [answer.json() for answer in answers if answer.status_code == 402]
    assert {refusal["code"] for refusal in refusals} == {"insufficient_credits"}
    accepted = {str(number): answer for number, answer in enumerate(answers) if answer.status_code == 202}
    assert len({answer.json()["id"] for answer in accepted.values()}) == 50
    books.wait_until_all_ended(demo, name)
    sent = [submit["text"] for submit in demo.submits() if submit["text"].startswith(name)]
    assert sorted(sent) == sorted(f"{name}-{number}" for number in accepted)
    assert demo.balance() == (0, 0)


def test_at_zero_a_send_is_refused_and_nothing_reaches_the_smsc(demo: RunningDemo) -> None:
    leave(demo, 0)
    refused = f"refused-{uuid.uuid4().hex}"
    (answer,) = send_at_once(demo, [refused])
    assert answer.status_code == 402
    problem = answer.json()
    assert (problem["code"], problem["balance"], problem["required"]) == ("insufficient_credits", "0", "1")
    payer.top_up(demo.ready, rupees=100)
    paid = f"paid-{uuid.uuid4().hex}"
    (answer,) = send_at_once(demo, [f"{paid}-0"])
    assert answer.status_code == 202
    books.wait_until_all_ended(demo, paid)
    texts = [submit["text"] for submit in demo.submits()]
    assert f"{paid}-0" in texts
    assert refused not in texts


def test_one_key_many_times_at_once_on_the_last_credit_is_one_message(demo: RunningDemo) -> None:
    leave(demo, 1)
    name = f"key-{uuid.uuid4().hex}"
    answers = send_at_once(demo, [f"{name}-0"] * 20)
    assert Counter(answer.status_code for answer in answers) == {202: 20}
    assert len({answer.text for answer in answers}) == 1
    books.assert_each_key_made_one_message(demo, {f"{name}-0": answers[0].json()["id"]}, name)
    assert demo.balance()[0] == 0


def send_at_once(demo: RunningDemo, bodies: list[str], *, recipient: str = INDIA) -> list[httpx.Response]:
    """All at the same time; each text is its message's key."""

    def send(body: str) -> httpx.Response:
        return post_message(client, demo.ready, body=body, key=body[:200], recipient=recipient)

    limits = httpx.Limits(max_connections=len(bodies))
    with (
        httpx.Client(timeout=TIMEOUT_S, limits=limits, trust_env=False) as client,
        ThreadPoolExecutor(len(bodies)) as threads,
    ):
        return list(threads.map(send, bodies))


def leave(demo: RunningDemo, credits: int) -> None:
    """Buys or spends until so many credits are left and nothing is under way; abroad, where it goes quicker."""
    with demo.as_owner() as connection:
        connection.execute("update tenancy_organisation set countries = '{GB}'")
    name = f"spent-{uuid.uuid4().hex}"
    if demo.balance()[0] < credits:
        payer.top_up(demo.ready, rupees=100)
    while (excess := demo.balance()[0] - credits) > 0:
        abroad = min(excess // UNITED_KINGDOM_CREDITS, SEGMENTS_MAX)
        segments = abroad or min(excess, SEGMENTS_MAX)
        body = f"{name}-{uuid.uuid4().hex}".ljust(segments * SEGMENT_LENGTH if segments > 1 else 0, ".")
        (answer,) = send_at_once(demo, [body], recipient=UNITED_KINGDOM if abroad else INDIA)
        assert answer.status_code == 202, answer.text
    books.wait_until_all_ended(demo, name)
    assert demo.balance() == (credits, 0)
