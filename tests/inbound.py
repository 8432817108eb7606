"""Phones write to us: to numbers that belong to one organisation each."""

from uuid import uuid4

from khata.carriers.port import InboundMessage
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction
from khata.messaging.operations.inbound import write_inbound
from khata.messaging.operations.inbound_numbers import register_inbound_number

PHONE = "+919876543210"


def number_of(organisation_id: int) -> str:
    """A number nobody else has, from now on this organisation's."""
    number = f"9180{uuid4().int % 10**9:09}"
    register_inbound_number(number=number, organisation_id=organisation_id)
    return number


def phone_writes(text: str, *, to: str, sender: str = PHONE) -> None:
    """As a carrier would tell it."""
    with in_transaction() as connection:
        write_inbound(connection, [InboundMessage("smpp", uuid4().hex, sender, to, text, utc_now())])
