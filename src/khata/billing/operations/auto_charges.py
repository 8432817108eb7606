"""Charging a top-up that was begun by itself: one worker at a time asks, and what the gateway says is what counts.

Before the gateway hears of a charge the top-up is committed and marked: where the database cannot be written, nothing
is charged. A second try looks the first one up.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from khata.billing.core.auto_top_up import AutoTopUpState
from khata.billing.core.checks import next_check_at
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.operations.orders import DESCRIPTION, ensure_order, gateway_of
from khata.billing.operations.settlement import settle
from khata.billing.queries.auto_top_ups import is_halted
from khata.kernel.clock import utc_now
from khata.kernel.transactions import in_transaction, needs_database
from khata.payments.errors import GatewayRefused, GatewayUnavailable
from khata.payments.port import Refused
from khata.payments.saved_methods import ChargeRequest, SavedMethod
from khata.tenancy import queries as tenancy

CLAIM_TIME = timedelta(minutes=5)
"""Longer than all calls of one try together may take; a worker that died is followed by another after this."""

_OPEN = (TopUpState.CREATED.value, TopUpState.PENDING.value)
_PROBLEM_LENGTH_MAX = 255

logger = logging.getLogger(__name__)


@needs_database
def charge_top_up(*, top_up_id: UUID) -> None:
    """Asks the gateway to take what the top-up says, unless it has been asked or the owner has stopped it meanwhile."""
    top_up = TopUp.objects.filter(id=top_up_id, state__in=_OPEN).exclude(token_ref="").first()
    if top_up is None or is_halted() or top_up.attempts.exists():
        return
    if _is_wanted(top_up):
        if _claim(top_up):
            _ask(top_up)
    elif top_up.charge_asked_at is None:
        _give_up(top_up_id, "")


def _is_wanted(top_up: TopUp) -> bool:
    mine = AutoTopUp.objects.filter(organisation_id=top_up.organisation_id, token_ref=top_up.token_ref)
    return mine.filter(state=AutoTopUpState.ON.value).exists()


def _claim(top_up: TopUp) -> bool:
    """Committed before the gateway is asked."""
    now = utc_now()
    is_free = Q(charge_asked_at=None) | Q(charge_asked_at__lt=now - CLAIM_TIME)
    free = TopUp.objects.filter(is_free, id=top_up.id, state__in=_OPEN)
    return bool(free.update(charge_asked_at=now, check_due_at=_check_due_at(top_up, now)))


def _ask(top_up: TopUp) -> None:
    try:
        top_up = ensure_order(top_up)
        if top_up.order_ref is None:
            return
        answer = gateway_of(top_up).charge_saved(_request(top_up, top_up.order_ref))
    except GatewayUnavailable:
        return
    except GatewayRefused:
        answer = Refused("order_refused", "The gateway refused the order.")
    outcome = answer.code if isinstance(answer, Refused) else type(answer).__name__
    logger.info("top-up %s: charged by itself: %s", top_up.public_id, outcome)
    settle(top_up.id)
    if isinstance(answer, Refused):
        _give_up(top_up.id, answer.detail or answer.code)


def _request(top_up: TopUp, order_ref: str) -> ChargeRequest:
    organisation = tenancy.organisation(organisation_id=top_up.organisation_id)
    return ChargeRequest(
        receipt=top_up.public_id,
        order_ref=order_ref,
        saved=SavedMethod(top_up.customer_ref, top_up.token_ref),
        amount_minor=top_up.total_minor,
        currency=top_up.currency,
        description=DESCRIPTION,
        email=tenancy.owner_email(organisation_id=top_up.organisation_id),
        contact=organisation.phone,
    )


def _give_up(top_up_id: UUID, problem: str) -> None:
    """Nothing was taken. Where a reading has found a payment after all, that decides."""
    with in_transaction():
        top_up = TopUp.objects.select_for_update().get(id=top_up_id)
        if top_up.state in _OPEN and not top_up.attempts.exists():
            now = utc_now()
            top_up.state = TopUpState.CANCELLED
            top_up.check_due_at = _check_due_at(top_up, now) if top_up.order_ref else None
            top_up.save(update_fields=["state", "check_due_at"])
        AutoTopUp.objects.filter(under_way=top_up).update(problem=problem[:_PROBLEM_LENGTH_MAX])


def _check_due_at(top_up: TopUp, now: datetime) -> datetime | None:
    return next_check_at(top_up.created_at, now)
