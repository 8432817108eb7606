"""Closing links and codes at the gateway: once their top-up is over, nobody is to pay it any more.

One that is paid all the same, a moment before, is a late success like any other.
"""

import logging
from uuid import UUID

from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import TopUp
from khata.billing.operations.deferral import CLOSE_ORDER, defer
from khata.billing.operations.orders import gateway_of
from khata.kernel.transactions import needs_database
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Unavailable, Unknown
from khata.payments.ways import PayBy

logger = logging.getLogger(__name__)


def close_order_later(top_up: TopUp) -> None:
    """In the caller's transaction; nothing for what is open still, was paid, or is paid at the checkout."""
    state = TopUpState(top_up.state)
    is_over = not state.is_open and not state.is_credited
    if is_over and top_up.order_ref is not None and top_up.pay_by != PayBy.CHECKOUT:
        defer(CLOSE_ORDER, top_up.id)


@needs_database
def close_order(*, top_up_id: UUID) -> None:
    """Raises GatewayUnavailable where it may still be open: to be tried again."""
    top_up = TopUp.objects.get(id=top_up_id)
    assert top_up.order_ref is not None
    answer = gateway_of(top_up).close_order(top_up.order_ref)
    if isinstance(answer, Unavailable | Unknown):
        raise GatewayUnavailable(top_up_id=top_up.public_id)
    logger.info("top-up %s: %s closed: %s", top_up.public_id, top_up.order_ref, answer or "now")
