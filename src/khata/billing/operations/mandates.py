"""A mandate's beginning and end: kept with the payment that gave it, forgotten at the gateway once it is not wanted."""

import logging
from datetime import datetime
from uuid import UUID

from khata.billing.core.auto_top_up import AutoTopUpState
from khata.billing.models import AutoTopUp, TopUp
from khata.kernel.transactions import needs_database
from khata.payments.errors import UnknownGateway
from khata.payments.port import Payment, Refused, Unavailable, Unknown
from khata.payments.registry import gateway
from khata.payments.saved_methods import SavedMethod

NO_MANDATE = "The payment arrived, but without the permission to charge again."

logger = logging.getLogger(__name__)


class MandateNotForgotten(RuntimeError):
    """The gateway did not answer; asked again later."""


def keep_mandate(top_up: TopUp, payment: Payment, now: datetime) -> None:
    """In the transaction that credits the payment: where paying it lets us charge again, auto top-up is on from now on.

    The caller holds the top-up's lock.
    """
    if top_up.mandate_max_minor is None:
        return
    waiting = AutoTopUp.objects.select_for_update().filter(
        first_top_up=top_up, state=AutoTopUpState.PENDING_MANDATE.value
    )
    row = waiting.first()
    if row is None:
        return
    row.state = AutoTopUpState.ON if payment.token_ref else AutoTopUpState.OFF
    row.token_ref = payment.token_ref
    row.method_detail = payment.method_detail
    row.problem = "" if payment.token_ref else NO_MANDATE
    row.changed_at = now
    row.save(update_fields=["state", "token_ref", "method_detail", "problem", "changed_at"])


@needs_database
def forget_mandate(*, auto_top_up_id: UUID) -> None:
    """Ends it at the gateway, unless auto top-up was switched on again meanwhile. Raises MandateNotForgotten."""
    row = AutoTopUp.objects.filter(id=auto_top_up_id, state=AutoTopUpState.OFF.value).exclude(token_ref="").first()
    if row is None:
        return
    saved = SavedMethod(row.customer_ref, row.token_ref)
    try:
        answer = gateway(row.gateway_code).forget_saved(saved)
    except UnknownGateway as error:
        raise MandateNotForgotten(str(auto_top_up_id)) from error
    if isinstance(answer, Unavailable | Unknown):
        raise MandateNotForgotten(str(auto_top_up_id))
    if isinstance(answer, Refused):
        logger.warning("mandate %s: the gateway would not end it, so it knows none: %s", row.token_ref, answer)
    AutoTopUp.objects.filter(id=row.id, state=AutoTopUpState.OFF.value, token_ref=saved.token_ref).update(token_ref="")
