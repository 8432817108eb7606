"""Reads about recipients before anything is sent to them."""

from collections.abc import Sequence

from khata.kernel.ids import shard_of
from khata.messaging.models import OptOut


def opted_out_among(*, organisation_id: int, recipients: Sequence[str]) -> list[str]:
    """Those of the E.164 numbers that must not be written to, in their order."""
    rows = OptOut.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)
    found = set(rows.filter(recipient__in=recipients).values_list("recipient", flat=True))
    return [recipient for recipient in recipients if recipient in found]
