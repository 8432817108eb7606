"""News of several organisations, settled by several workers at once: nobody waits for another in a circle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from khata.carriers.port import Accepted, Receipt, ReceiptState
from khata.kernel.clock import utc_now
from khata.kernel.transactions import with_pooled_connection
from khata.ledger.operations import verify_ledger
from khata.ledger.queries import balance
from khata.messaging.core.hand_over import decide_hand_over
from khata.messaging.core.routes import ChargeOn, Policy
from khata.messaging.hand_over_rows import ClaimedMessage
from khata.messaging.operations import Handed, News, SendRequest, claim_messages, send_message, settle_news
from tests.conftest import World
from tests.leases import lease
from tests.routes import route_of, routes_in

CREDIT = 1_000_000
ROUNDS = 30


def claimed_of(organisation_id: int, policy: Policy) -> list[ClaimedMessage]:
    route = route_of(f"{organisation_id}-{policy.charge_on}", policy=policy)
    with routes_in(route):
        for _ in range(ROUNDS):
            send_message(organisation_id=organisation_id, request=SendRequest("+919812345678", "Hello"))
    return claim_messages(token=lease(), limit=ROUNDS, route=route.name)


def handed(message: ClaimedMessage, ref: str) -> Handed:
    return Handed(message, "smpp", decide_hand_over([Accepted(ref)], 1))


def receipts_of(organisation_id: int) -> list[Receipt]:
    """Each for a submission whose credits are held until now."""
    refs = [uuid4().hex for _ in range(ROUNDS)]
    waiting = claimed_of(organisation_id, Policy(ChargeOn.DELIVERED))
    settle_news([handed(message, ref) for message, ref in zip(waiting, refs, strict=True)])
    return [Receipt("smpp", ref, ReceiptState.DELIVERED, "000", f"id:{ref}", utc_now()) for ref in refs]


def test_answers_and_receipts_that_cross_over_two_wallets_never_deadlock(
    world: World, give_credits: Callable[[int, int], None]
) -> None:
    both = (world.organisation.id, world.chens_organisation.id)
    for id_ in both:
        give_credits(id_, 2 * ROUNDS)
    answers = [[handed(message, uuid4().hex) for message in claimed_of(id_, Policy())] for id_ in both]
    receipts = [receipts_of(id_) for id_ in both]

    def settle(news: list[News]) -> None:
        with_pooled_connection(lambda: settle_news(news))

    with ThreadPoolExecutor(2) as threads:
        for turn in range(ROUNDS):
            crossing: list[list[News]] = [[answers[0][turn], receipts[1][turn]], [answers[1][turn], receipts[0][turn]]]
            list(threads.map(settle, crossing))
    assert [balance(organisation_id=id_).available for id_ in both] == [0, 0]
    assert verify_ledger().is_sound
