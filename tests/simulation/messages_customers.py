"""`python -m tests.simulation.messages_customers 500 500 3`: organisations with so many credits and an API key each.

A process of its own, because the database is not that of the tests. Prints them as JSON.
"""

import json
import sys
import uuid
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Customer:
    organisation_id: int
    api_key: str
    credits: int


def main(credits: list[int]) -> None:
    from khata.cli import wiring

    wiring.set_up()
    print(json.dumps([asdict(_customer(number, count)) for number, count in enumerate(credits)]))


def _customer(number: int, credits: int) -> Customer:
    from khata.billing.operations import open_organisation
    from khata.kernel.credits import MICRO_PER_CREDIT
    from khata.kernel.transactions import in_transaction
    from khata.ledger.core import Condition, Purchase
    from khata.ledger.operations import post_batch
    from khata.tenancy.models import Member
    from khata.tenancy.operations import create_api_key

    owner = Member(email=f"owner-{number}@example.com", name=f"Owner {number}")
    owner.set_unusable_password()
    owner.save()
    organisation = open_organisation(name=f"Organisation {number}", owner=owner)
    with in_transaction() as connection:
        purchase = Purchase(organisation.id, uuid.uuid4(), credits * MICRO_PER_CREDIT, credits * 20)
        (outcome,) = post_batch(connection, [purchase])
    assert outcome.condition is Condition.ACCEPTED
    _, text = create_api_key(organisation_id=organisation.id, name="Simulation", created_by=owner, mode="test")
    return Customer(organisation.id, text, credits)


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]])
