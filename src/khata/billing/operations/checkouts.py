"""Sending the payer to the gateway, and taking back a top-up nobody has begun to pay."""

from uuid import UUID

from khata.billing import queries
from khata.billing.core.checks import next_check_at
from khata.billing.core.top_up_life import TopUpState, may_cancel
from khata.billing.errors import TopUpClosed
from khata.billing.models import TopUp
from khata.billing.operations.closings import close_order_later
from khata.billing.operations.orders import checkout_ends_at, ensure_order, gateway_of, order_request, refusal
from khata.billing.operations.settlement import facts_of, settle, settle_top_up
from khata.billing.queries import TopUpRow
from khata.kernel.clock import utc_now
from khata.kernel.errors import NotFound
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Payer, Refused, Start, Unavailable
from khata.payments.ways import PayBy
from khata.tenancy import queries as tenancy


@needs_database
def begin_checkout(*, organisation_id: int, top_up_id: UUID) -> Start:
    """How to send the payer off; from now on the top-up is pending and its time starts anew.

    Raises NotFound, TopUpClosed, GatewayRefused, GatewayUnavailable (no payment was started).
    """
    top_up = ensure_order(_open_top_up(organisation_id, top_up_id))
    if top_up.order_ref is None:
        raise GatewayUnavailable
    start = gateway_of(top_up).start(order_ref=top_up.order_ref, request=order_request(top_up), payer=_payer(top_up))
    if isinstance(start, Refused | Unavailable):
        raise refusal(top_up, start)
    with in_transaction():
        _mark_begun(top_up.id)
    return start


@needs_database
def cancel_top_up(*, organisation_id: int, top_up_id: UUID) -> TopUpRow:
    """Cancels what nobody is paying: the gateway is asked first, and a payment on its way keeps the top-up as it is.

    Raises NotFound.
    """
    _scoped(organisation_id, top_up_id)
    if settle(top_up_id):
        with in_transaction():
            _cancel_if_idle(TopUp.objects.select_for_update().get(id=top_up_id))
    return queries.top_up(organisation_id=organisation_id, top_up_id=top_up_id)


@needs_database
def look_again(*, organisation_id: int, top_up_id: UUID) -> TopUpRow:
    """Settles; a link or a code whose answer was lost is asked for once more.

    Raises NotFound, GatewayRefused, GatewayUnavailable.
    """
    top_up = _scoped(organisation_id, top_up_id)
    is_payable = TopUpState(top_up.state).is_open and top_up.expires_at > utc_now()
    if top_up.pay_by != PayBy.CHECKOUT and top_up.order_ref is None and is_payable:
        ensure_order(top_up)
    return settle_top_up(top_up_id=top_up_id)


def _scoped(organisation_id: int, top_up_id: UUID) -> TopUp:
    top_up = TopUp.objects.filter(organisation_id=organisation_id, id=top_up_id).first()
    if top_up is None:
        raise NotFound
    return top_up


def _open_top_up(organisation_id: int, top_up_id: UUID) -> TopUp:
    top_up = _scoped(organisation_id, top_up_id)
    is_for_checkout = top_up.pay_by == PayBy.CHECKOUT and not top_up.is_automatic
    if not TopUpState(top_up.state).is_open or top_up.expires_at <= utc_now() or not is_for_checkout:
        raise TopUpClosed(state=top_up.state)
    return top_up


def _mark_begun(top_up_id: UUID) -> None:
    """The gateway was asked meanwhile, so the row is looked at again under its lock."""
    top_up = TopUp.objects.select_for_update().get(id=top_up_id)
    if not TopUpState(top_up.state).is_open:
        raise TopUpClosed(state=top_up.state)
    now = utc_now()
    top_up.state = TopUpState.PENDING
    # A plan's renewal can be paid for days.
    top_up.expires_at = max(top_up.expires_at, checkout_ends_at(now))
    top_up.check_due_at = next_check_at(top_up.created_at, now)
    top_up.save(update_fields=["state", "expires_at", "check_due_at"])


def _cancel_if_idle(top_up: TopUp) -> None:
    if not may_cancel(facts_of(top_up)):
        return
    top_up.state = TopUpState.CANCELLED
    top_up.check_due_at = next_check_at(top_up.created_at, utc_now()) if top_up.order_ref else None
    top_up.save(update_fields=["state", "check_due_at"])
    close_order_later(top_up)


def _payer(top_up: TopUp) -> Payer:
    """Whoever started it, or the owner for a top-up started by a program."""
    organisation = tenancy.organisation(organisation_id=top_up.organisation_id)
    member = top_up.member
    return Payer(
        name=organisation.legal_name or organisation.name,
        email=member.email if member else tenancy.owner_email(organisation_id=top_up.organisation_id),
        contact=organisation.phone,
    )
