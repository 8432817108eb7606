"""Figures of the installation follow what happens, and none reads what is long over."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from khata.billing.figures import recent_top_ups_by_state, webhook_events_due_count
from khata.billing.models import TopUp, WebhookEvent
from khata.carriers.port import Accepted, Receipt, ReceiptState, Refused, Unknown
from khata.kernel.clock import utc_now
from khata.kernel.metrics import REGISTRY
from khata.ledger.figures import last_proof_run, wallet_figures
from khata.ledger.operations import freeze_wallet, prove_if_due
from khata.messaging import figures as messaging
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.models import Message
from khata.messaging.operations import (
    Handed,
    SendRequest,
    send_message,
    settle_news,
)
from khata.tenancy.models import Organisation
from tests.conftest import World
from tests.leases import claim_all, put_all_off

CREDIT = 1_000_000


@pytest.fixture
def claimed(organisation: Organisation, give_credits: Callable[[int, int], None]) -> ClaimedMessage:
    """One message of a fresh organisation, leased; others' that were due are leased with it."""
    give_credits(organisation.id, 10)
    send_message(organisation_id=organisation.id, request=SendRequest("+919812345678", "Hello"))
    (mine,) = [one for one in claim_all() if one.organisation_id == organisation.id]
    return mine


def settle(message: ClaimedMessage, answer: Any) -> None:
    settle_news([Handed(message, "smpp", decide_hand_over([answer], message.segments))])


def finished_count(state: str) -> float:
    return REGISTRY.get_sample_value("khata_messages_finished_total", {"state": state}) or 0


def test_an_accepted_message_is_due_until_a_worker_claims_it(
    organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    put_all_off()
    give_credits(organisation.id, 10)
    before = messaging.message_figures()
    send_message(organisation_id=organisation.id, request=SendRequest("+919812345678", "Hello"))
    accepted = messaging.message_figures()
    assert accepted.accepted_count == before.accepted_count + 1
    assert accepted.due_count == before.due_count + 1
    assert accepted.due_since is not None
    assert len(claim_all()) == 1
    leased = messaging.message_figures()
    assert (leased.due_count, leased.due_since) == (0, None)
    assert leased.accepted_count == before.accepted_count
    assert leased.submitting_count == before.submitting_count + 1


def test_a_message_that_waits_for_another_try_is_open_and_not_due(claimed: ClaimedMessage) -> None:
    later = utc_now() + timedelta(hours=1)
    Message.objects.filter(id=claimed.id).update(status=2, due_at=later, claimed_at=None)
    found = messaging.message_figures()
    assert found.accepted_count - found.due_count >= 1


def test_a_lost_answer_is_counted_and_makes_the_settlement_lag_grow(claimed: ClaimedMessage) -> None:
    before = messaging.message_figures()
    settle(claimed, Unknown("no answer"))
    after = messaging.message_figures()
    assert after.unknown_count == before.unknown_count + 1
    assert after.submitting_count == before.submitting_count - 1
    long_ago = utc_now() - timedelta(days=2)
    Message.objects.filter(id=claimed.id).update(submitted_at=long_ago)
    assert messaging.message_figures().unsettled_since == long_ago


def test_a_receipt_that_fits_nothing_is_parked() -> None:
    before = messaging.message_figures()
    at = utc_now() - timedelta(days=2)
    settle_news([Receipt("smpp", uuid.uuid4().hex, ReceiptState.DELIVERED, "000", "id:x", at)])
    after = messaging.message_figures()
    assert after.parked_receipts_count == before.parked_receipts_count + 1
    assert after.parked_since is not None
    assert after.parked_since <= at


def test_a_count_stops_where_it_would_become_dear(
    monkeypatch: pytest.MonkeyPatch, organisation: Organisation, give_credits: Callable[[int, int], None]
) -> None:
    give_credits(organisation.id, 10)
    for _ in range(3):
        send_message(organisation_id=organisation.id, request=SendRequest("+919812345678", "Hello"))
    monkeypatch.setitem(messaging._PARAMETERS, "most", 2)
    (queue,) = [one for one in messaging.message_figures().queues if one.route == "default"]
    assert queue.accepted_count + queue.submitting_count == 2


def test_messages_are_counted_by_their_final_state_once_that_is_committed(
    claimed: ClaimedMessage, organisation: Organisation
) -> None:
    failed, delivered = finished_count("failed"), finished_count("delivered")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        settle(claimed, Refused("0x0b", "no such number"))
        raise ZeroDivisionError
    assert finished_count("failed") == failed
    ref = uuid.uuid4().hex
    settle(claimed, Accepted(ref))
    assert finished_count("delivered") == delivered
    settle_news([Receipt("smpp", ref, ReceiptState.DELIVERED, "000", f"id:{ref}", utc_now())])
    assert finished_count("delivered") == delivered + 1


def test_held_credits_and_stopped_wallets_are_summed_over_all(claimed: ClaimedMessage, world: World) -> None:
    before = wallet_figures()
    freeze_wallet(world.chens_organisation.id)
    settle(claimed, Refused("0x0b", "no such number"))
    after = wallet_figures()
    assert after.held_micro == before.held_micro - claimed.credits
    assert after.frozen_count == before.frozen_count + 1
    assert after.wallets_count == before.wallets_count >= 2


def test_the_last_proof_is_the_newest() -> None:
    run = prove_if_due(interval=timedelta(0))
    assert run is not None
    assert last_proof_run() == run


def test_top_ups_are_counted_by_state_while_they_are_recent(organisation: Organisation) -> None:
    before = recent_top_ups_by_state()
    made = [top_up(organisation, "review"), top_up(organisation, "review", days_ago=29)]
    top_up(organisation, "review", days_ago=31)
    after = recent_top_ups_by_state()
    assert after["review"] == before.get("review", 0) + len(made)
    assert after.get("created", 0) == before.get("created", 0)


def test_a_webhook_is_due_until_it_is_settled() -> None:
    before = webhook_events_due_count()
    event = WebhookEvent.objects.create(
        gateway_code="razorpay", mode="test", event_ref=uuid.uuid4().hex, kind="payment.captured", body=b"{}",
        headers={}, due_at=utc_now() + timedelta(hours=1),
    )  # fmt: skip
    assert webhook_events_due_count() == before + 1
    WebhookEvent.objects.filter(id=event.id).update(due_at=None)
    assert webhook_events_due_count() == before


@pytest.mark.parametrize("statement", ["_OPEN", "_UNKNOWN", "_PARKED"])
def test_no_figure_of_messages_reads_a_whole_table(statement: str) -> None:
    """What the planner would do with many rows: with few, reading them all is cheapest."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain {getattr(messaging, statement)}", messaging._PARAMETERS)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan
    assert "Limit" in plan


def top_up(organisation: Organisation, state: str, *, days_ago: int = 0) -> TopUp:
    """Its id carries its age, as every UUIDv7 does."""
    made_at_ms = int((utc_now() - timedelta(days=days_ago)).timestamp() * 1000)
    return TopUp.objects.create(
        id=uuid.UUID(int=(made_at_ms << 80) | (uuid.uuid4().int & ((1 << 80) - 1))), organisation=organisation,
        idempotency_key=uuid.uuid4().hex, state=state, currency="INR", amount_minor=100, tax_minor=18,
        total_minor=118, tax_lines=[], credits_micro=CREDIT, credits_micro_per_rupee=CREDIT,
        gateway_code="razorpay", mode="test", expires_at=utc_now(),
    )  # fmt: skip
