"""Who sends what: wallets with credits, and requests of which no two are alike."""

from khata.kernel.ids import new_organisation_id, new_uuid
from khata.kernel.transactions import in_transaction
from khata.ledger.core import Grant
from khata.ledger.operations import open_wallet, post_batch
from khata.messaging.operations import Acceptance, SendRequest

CREDITS_MICRO = 10**15
"""More than any line can use."""
NUMBERS_COUNT = 1_000_000


def open_wallets(count: int) -> list[int]:
    """Ids of new organisations that have a wallet full of credits, and nothing else."""
    organisation_ids = [new_organisation_id() for _ in range(count)]
    with in_transaction():
        for organisation_id in organisation_ids:
            open_wallet(organisation_id)
    fill_wallets(organisation_ids)
    return organisation_ids


def fill_wallets(organisation_ids: list[int]) -> None:
    with in_transaction() as connection:
        post_batch(connection, [Grant(id_, new_uuid(), CREDITS_MICRO) for id_ in organisation_ids])


def recipient(number: int) -> str:
    """An Indian mobile number that is delivered to: the message centre lets only …0001 to …0008 misbehave."""
    return f"+9198{number % NUMBERS_COUNT:06d}55"


def body(number: int) -> str:
    return f"Your code is {number % NUMBERS_COUNT:06d}"


def acceptances(organisation_ids: list[int], count: int, *, first: int = 0) -> list[Acceptance]:
    """`count` requests, the organisations taking turns."""
    return [
        Acceptance(SendRequest(recipient(n), body(n)), organisation_ids[n % len(organisation_ids)])
        for n in range(first, first + count)
    ]
