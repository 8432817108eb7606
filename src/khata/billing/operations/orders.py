"""The gateway's order of a top-up: asked for outside any transaction, bound to our row once and for ever."""

import logging
from datetime import datetime, timedelta

from khata.billing.configuration import callback_url
from khata.billing.core.checks import next_check_at
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import OrderState, TopUp
from khata.billing.operations.parking import wake_parked
from khata.kernel.clock import utc_now
from khata.kernel.ids import public_organisation_id
from khata.kernel.money import money_text
from khata.kernel.transactions import in_transaction
from khata.payments.errors import GatewayRefused, GatewayUnavailable, UnknownGateway
from khata.payments.port import Gateway, Order, OrderRequest, Refused, Unavailable, Unknown
from khata.payments.registry import gateway
from khata.payments.saved_methods import MandateRequest, SavedMethod
from khata.payments.ways import PayBy

DESCRIPTION = "Credits for SMS Services"
CHECKOUT_TIME = timedelta(minutes=20)
"""The hosted page ends its session after 15 minutes; the rest is for the last bank answer."""

TIMES_TO_PAY = {PayBy.CHECKOUT: CHECKOUT_TIME, PayBy.UPI_QR: timedelta(minutes=30), PayBy.LINK: timedelta(days=3)}
"""A code must be asked for a quarter of an hour before it ends; a link ends well before nobody looks any more."""

logger = logging.getLogger(__name__)


def ensure_order(top_up: TopUp) -> TopUp:
    """The row with its order, made at the gateway if it is not there yet.

    Raises GatewayUnavailable, GatewayRefused. Where the answer was lost the row comes back without an order and says
    so; the next call learns from the gateway whether the order exists.
    """
    if top_up.order_ref is not None:
        return top_up
    answer = gateway_of(top_up).create_order(order_request(top_up))
    if isinstance(answer, Unknown):
        return _mark_unknown(top_up, answer)
    if not isinstance(answer, Order):
        raise refusal(top_up, answer)
    if (answer.amount_minor, answer.currency) != (top_up.total_minor, top_up.currency):
        logger.error("top-up %s: the order %s is for another amount", top_up.public_id, answer.order_ref)
        raise GatewayRefused
    return _bind(top_up, answer)


def order_request(top_up: TopUp) -> OrderRequest:
    """The same for the same top-up, whenever it is asked for."""
    amounts = {"Amount": top_up.amount_minor} | {line["label"]: line["amount_minor"] for line in top_up.tax_lines}
    return OrderRequest(
        receipt=top_up.public_id,
        amount_minor=top_up.total_minor,
        currency=top_up.currency,
        description=DESCRIPTION,
        return_url=callback_url("return", gateway_code=top_up.gateway_code, top_up_id=top_up.public_id),
        cancel_url=callback_url("cancel", gateway_code=top_up.gateway_code, top_up_id=top_up.public_id),
        notes={
            "organisation": public_organisation_id(top_up.organisation_id),
            **{label: money_text(amount_minor) for label, amount_minor in amounts.items()},
        },
        mandate=_mandate(top_up),
        saved=SavedMethod(top_up.customer_ref, top_up.token_ref) if top_up.is_automatic else None,
        pay_by=PayBy(top_up.pay_by),
        expires_at=None if top_up.pay_by == PayBy.CHECKOUT else top_up.expires_at,
    )


def _mandate(top_up: TopUp) -> MandateRequest | None:
    if top_up.mandate_max_minor is None:
        return None
    return MandateRequest(top_up.customer_ref, top_up.mandate_max_minor)


def gateway_of(top_up: TopUp) -> Gateway:
    """Raises GatewayUnavailable where its gateway is not configured now, or only in the other mode."""
    try:
        found = gateway(top_up.gateway_code)
    except UnknownGateway as error:
        raise GatewayUnavailable from error
    if found.mode != top_up.mode:
        raise GatewayUnavailable
    return found


def refusal(top_up: TopUp, answer: Refused | Unavailable) -> GatewayRefused | GatewayUnavailable:
    """The gateway's own words are for the operator; the customer hears ours."""
    logger.warning("top-up %s: cannot be paid: %s", top_up.public_id, answer)
    if isinstance(answer, Refused):
        return GatewayRefused(top_up_id=top_up.public_id)
    return GatewayUnavailable(top_up_id=top_up.public_id)


def checkout_ends_at(now: datetime) -> datetime:
    return now + CHECKOUT_TIME


def _bind(top_up: TopUp, order: Order) -> TopUp:
    """Of two calls at once the first one's order stays; the other's is never shown to a payer."""
    with in_transaction():
        TopUp.objects.filter(id=top_up.id, order_ref=None).update(
            order_ref=order.order_ref,
            order_state=OrderState.CREATED,
            pay_url=order.pay_url,
            upi_uri=order.upi_uri,
            check_due_at=next_check_at(top_up.created_at, utc_now()),
        )
        wake_parked(gateway_code=top_up.gateway_code, mode=top_up.mode, order_ref=order.order_ref)
    top_up.refresh_from_db()
    return top_up


def _mark_unknown(top_up: TopUp, answer: Unknown) -> TopUp:
    logger.warning("top-up %s: order unknown: %s", top_up.public_id, answer.detail)
    TopUp.objects.filter(id=top_up.id, order_ref=None, state=TopUpState.CREATED).update(
        order_state=OrderState.UNKNOWN, state=TopUpState.PENDING
    )
    top_up.refresh_from_db()
    return top_up
