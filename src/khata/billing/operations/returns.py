"""A browser brought back by the gateway: a reason to settle, and no evidence of anything."""

import logging
from collections.abc import Mapping
from uuid import UUID

from khata.billing.models import TopUp
from khata.billing.operations.orders import gateway_of
from khata.billing.operations.settlement import settle_top_up
from khata.billing.queries import TopUpRow
from khata.payments.errors import GatewayUnavailable

logger = logging.getLogger(__name__)


def settle_after_return(*, top_up_id: UUID, fields: Mapping[str, str]) -> TopUpRow:
    """Settles whatever the browser says; what was tampered with is only noted. Raises NotFound."""
    _note_tampering(top_up_id, fields)
    return settle_top_up(top_up_id=top_up_id)


def _note_tampering(top_up_id: UUID, fields: Mapping[str, str]) -> None:
    top_up = TopUp.objects.filter(id=top_up_id, order_ref__isnull=False).first()
    if top_up is None or top_up.order_ref is None or not fields:
        return
    try:
        hint = gateway_of(top_up).read_return(order_ref=top_up.order_ref, fields=fields)
    except GatewayUnavailable:
        return
    if hint.outcome == "unknown":
        logger.warning("top-up %s: a return whose signature does not fit", top_up.public_id)
