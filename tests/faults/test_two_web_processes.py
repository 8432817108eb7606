"""Two web processes and one wallet: together they accept exactly what the credits cover, whatever else moves them."""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from khata.carriers.port import Accepted, Answer, Refused
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, with_pooled_connection
from khata.ledger.core import Command, Condition, ExpireLots, Grant, Purchase
from khata.ledger.operations import post_batch, verify_ledger
from khata.ledger.queries import HistoryTotals, balance, history_totals
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.models import Message
from khata.messaging.operations import Handed, claim_messages, settle_news
from khata.tenancy.models import Organisation
from khata.tenancy.operations import create_api_key
from tests.cli.test_several_processes import running, wait_for
from tests.leases import lease
from tests.ports import free_port

CREDIT = 1_000_000
SEED = random.SystemRandom().randrange(10**6)
SENDERS_COUNT = 12
TOP_UPS_COUNT = 20
TOP_UP_CREDITS = 20


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[list[str]]:
    """Two `khata serve` on the tests' database."""
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "web.log").open("wb"))
        for port in ports:
            stack.enter_context(running(log, "serve", "--port", str(port)))
        found = [f"http://127.0.0.1:{port}" for port in ports]
        for address in found:
            wait_for(lambda address=address: _answers(address))  # type: ignore[misc]
        yield found


def test_two_processes_accept_exactly_what_the_credits_cover(
    organisation: Organisation, addresses: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    print(f"seed {SEED}")
    key = create_api_key(organisation_id=organisation.id, name="Race", created_by=None, mode="test")[1]
    is_topped_up = threading.Event()
    with ThreadPoolExecutor(SENDERS_COUNT + 2) as threads:
        senders = [
            threads.submit(_send_until_dry, addresses[number % 2], key, is_topped_up) for number in range(SENDERS_COUNT)
        ]
        settling = threads.submit(_settle_until, organisation.id, is_topped_up)
        try:
            added = _top_up_grant_and_expire(organisation.id)
        finally:
            is_topped_up.set()
        answers = sum((sender.result() for sender in senders), Counter[int]())
        settling.result()
    _check_books(organisation.id, answers, added)


def _check_books(organisation_id: int, answers: Counter[int], added: int) -> None:
    """Nothing but accepted and out of credits; every credit is somewhere, and none is left that a message could use."""
    assert set(answers) == {202, 402}
    totals, now = history_totals(organisation_id=organisation_id), balance(organisation_id=organisation_id)
    assert answers[202] == Message.objects.filter(organisation_id=organisation_id).count()
    assert answers[202] * CREDIT == -totals.used
    assert totals.added == added * CREDIT
    assert _covered(totals) == totals.closing
    # What the last refusal left can only be what was returned after every sender had given up.
    assert 0 <= now.available <= totals.returned
    assert verify_ledger().is_sound


def _covered(totals: HistoryTotals) -> int:
    return totals.added + totals.used + totals.returned + totals.expired


def _send_until_dry(address: str, key: str, is_topped_up: threading.Event) -> Counter[int]:
    """Sends one-credit messages until it is refused although nothing more will come."""
    answers: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
        while True:
            was_topped_up = is_topped_up.is_set()
            answer = client.post("/v1/messages", json={"to": "+919812345678", "body": "Your code is 1234"})
            answers[answer.status_code] += 1
            if answer.status_code == 402 and was_topped_up:
                return answers


def _top_up_grant_and_expire(organisation_id: int) -> int:
    """Purchases, and one-credit grants that expire while others hold from them. Returns how many credits were added."""
    added = 0
    for _ in range(TOP_UPS_COUNT):
        soon = utc_now() + timedelta(milliseconds=40)
        bought, granted, _ = _post(
            Purchase(organisation_id, uuid.uuid4(), TOP_UP_CREDITS * CREDIT, 400),
            Grant(organisation_id, uuid.uuid4(), CREDIT, soon),
            ExpireLots(organisation_id),
        )
        assert bought is Condition.ACCEPTED
        # Whoever waits for the wallet longer than the grant lives comes too late with it.
        assert granted in (Condition.ACCEPTED, Condition.EXPIRY_PASSED)
        added += TOP_UP_CREDITS + (granted is Condition.ACCEPTED)
    return added


def _settle_until(organisation_id: int, is_topped_up: threading.Event) -> None:
    """Captures most messages and returns the credits of some, as a carrier's answers would have it."""
    chance = random.Random(SEED)
    while not is_topped_up.is_set():
        token = with_pooled_connection(lease)
        claimed = with_pooled_connection(lambda token=token: claim_messages(token=token, limit=20))  # type: ignore[misc]
        mine = [message for message in claimed if message.organisation_id == organisation_id]
        handed = [Handed(m, "smpp", decide_hand_over([_answer(chance)], m.segments)) for m in mine]
        with_pooled_connection(lambda handed=handed: settle_news(handed))  # type: ignore[misc]


def _answer(chance: random.Random) -> Answer:
    return Refused("0x0000000B", "ESME_RINVDSTADR") if chance.random() < 0.2 else Accepted(uuid.uuid4().hex)


def _post(*commands: Command) -> list[Condition]:
    def post() -> list[Condition]:
        with in_transaction() as connection:
            return [outcome.condition for outcome in post_batch(connection, commands)]

    return with_pooled_connection(post)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
