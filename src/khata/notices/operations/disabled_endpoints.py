"""Telling of webhook endpoints that were disabled without being asked to."""

from khata.kernel.transactions import in_transaction
from khata.notices.core.kinds import NoticeKind
from khata.notices.operations.mails import disabled_endpoint_letter, make_notice
from khata.webhooks.operations import take_unannounced


def announce_disabled_endpoints() -> int:
    """Each once; returns how many notices were made."""
    with in_transaction():
        found = take_unannounced()
        for endpoint in found:
            letter = disabled_endpoint_letter(endpoint)
            make_notice(organisation_id=endpoint.organisation_id, kind=NoticeKind.WEBHOOK, letter=letter)
    return len(found)
