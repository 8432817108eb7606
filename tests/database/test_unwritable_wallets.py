"""A wallet that cannot be written keeps its own messages from their end, and nobody else's."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from khata.carriers.port import Accepted, Answer, Receipt, ReceiptState, Unknown
from khata.kernel.clock import utc_now
from khata.ledger.models import Wallet
from khata.ledger.operations import verify_ledger
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.routes import ChargeOn, Policy
from khata.messaging.models import AwaitedPart, Message
from khata.messaging.operations import (
    Handed,
    SendRequest,
    apply_parked_receipts,
    claim_messages,
    look_at_silent,
    send_message,
    settle_news,
)
from tests.conftest import World
from tests.leases import LONG_AGO, lease, sweep_all
from tests.routes import route_of, routes_in

ON_DELIVERED = Policy(ChargeOn.DELIVERED)


@pytest.fixture
def organisations(world: World, give_credits: Callable[[int, int], None]) -> Iterator[tuple[int, int]]:
    """The first one's wallet can be damaged."""
    both = (world.organisation.id, world.chens_organisation.id)
    for organisation_id in both:
        give_credits(organisation_id, 10)
    yield both
    assert verify_ledger().is_sound


def send_from_each(organisations: tuple[int, int], *answers: Answer) -> list[uuid.UUID]:
    """The ids of a message of each, handed over where there are answers to it."""
    route = route_of(policy=ON_DELIVERED)
    with routes_in(route):
        request = SendRequest("+919812345678", "Hello")
        ids = [send_message(organisation_id=id_, request=request).id for id_ in organisations]
    if answers:
        claimed = claim_messages(token=lease(), limit=10, route=route.name)
        settle_news(
            [Handed(one, "smpp", decide_hand_over([answer], 1)) for one, answer in zip(claimed, answers, strict=True)]
        )
    return ids


def sweep() -> None:
    sweep_all(lease())


def look() -> None:
    look_at_silent(askable=[], ask_max=1)


def apply_parked() -> None:
    apply_parked_receipts()


def statuses(ids: list[uuid.UUID]) -> list[MessageStatus]:
    found = dict(Message.objects.filter(id__in=ids).values_list("id", "status"))
    return [MessageStatus(found[id_]) for id_ in ids]


def assert_only_the_damaged_wallets_stays(ids: list[uuid.UUID], organisation_id: int, end: Callable[[], None]) -> None:
    before, *_ = statuses(ids)
    wallet = Wallet.objects.filter(organisation_id=organisation_id)
    held = wallet.get().held
    wallet.update(held=0)
    end()
    stays, ends = statuses(ids)
    wallet.update(held=held)
    assert (stays, ends.is_final) == (before, True)


def test_what_no_carrier_took_fails(organisations: tuple[int, int]) -> None:
    ids = send_from_each(organisations)
    Message.objects.filter(id__in=ids).update(accepted_at=utc_now() - timedelta(hours=25))
    assert_only_the_damaged_wallets_stays(ids, organisations[0], sweep)
    sweep()
    assert statuses(ids) == [MessageStatus.FAILED] * 2


def test_what_stays_in_doubt_expires(organisations: tuple[int, int]) -> None:
    ids = send_from_each(organisations, Unknown("silence"), Unknown("silence"))
    Message.objects.filter(id__in=ids).update(submitted_at=LONG_AGO)
    assert_only_the_damaged_wallets_stays(ids, organisations[0], sweep)
    sweep()
    assert statuses(ids) == [MessageStatus.EXPIRED] * 2


def test_what_nobody_reports_on_expires_and_what_cannot_is_looked_at_again_later(
    organisations: tuple[int, int],
) -> None:
    ids = send_from_each(organisations, *(Accepted(uuid.uuid4().hex) for _ in organisations))
    parts = AwaitedPart.objects.filter(message_id__in=ids)
    parts.update(submitted_at=LONG_AGO, due_at=LONG_AGO)
    assert_only_the_damaged_wallets_stays(ids, organisations[0], look)
    assert [part.due_at > utc_now() for part in parts] == [True]
    parts.update(due_at=utc_now())
    look()
    assert statuses(ids) == [MessageStatus.EXPIRED] * 2


def test_what_a_parked_receipt_reports_on_is_delivered(organisations: tuple[int, int]) -> None:
    refs = [uuid.uuid4().hex for _ in organisations]
    settle_news([Receipt("smpp", ref, ReceiptState.DELIVERED, "000", f"id:{ref}", utc_now()) for ref in refs])
    ids = send_from_each(organisations, *map(Accepted, refs))
    assert_only_the_damaged_wallets_stays(ids, organisations[0], apply_parked)
    apply_parked()
    assert statuses(ids) == [MessageStatus.DELIVERED] * 2
