"""Whose number is whose: what phones send to a registered number is its organisation's, whoever wrote to them last."""

import re

from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.kernel.ids import public_organisation_id
from khata.kernel.transactions import needs_database
from khata.messaging.errors import InboundNumberTaken
from khata.messaging.models import InboundNumber
from khata.tenancy.queries import organisation

_NUMBER = re.compile(r"\+?([0-9]{3,15})", re.ASCII)


@needs_database
def register_inbound_number(*, number: str, organisation_id: int) -> bool:
    """A whole number or a short code; for what comes from now on. Returns whether that changed anything.

    Raises InvalidRequest, NotFound (no such organisation) and InboundNumberTaken.
    """
    organisation(organisation_id=organisation_id)
    values = {"organisation_id": organisation_id, "created_at": utc_now()}
    row, is_new = InboundNumber.objects.get_or_create(number=_digits(number), defaults=values)
    if row.organisation_id != organisation_id:
        owner = public_organisation_id(row.organisation_id)
        raise InboundNumberTaken(f"{number} belongs to {owner}. Remove it there first.")
    return is_new


@needs_database
def release_inbound_number(*, number: str) -> None:
    """Raises InvalidRequest and NotFound."""
    if not InboundNumber.objects.filter(number=_digits(number)).delete()[0]:
        raise NotFound(f"{number} belongs to nobody.")


def _digits(number: str) -> str:
    match = _NUMBER.fullmatch(number)
    if match is None:
        detail = f"“{number}” is no number of 3 to 15 digits, like 56767 or +918012345678."
        raise InvalidRequest([field_problem("number", "invalid", detail)])
    return match[1]
