"""Looking at every auto top-up: what ended is noted, what is needed begun, each in one transaction under its lock."""

import logging
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from khata.billing import queries
from khata.billing.core import auto_top_up as core
from khata.billing.core.auto_top_up import AutoFacts, AutoTopUpState, Charge, Pause, PauseReason, Resume, Use
from khata.billing.core.checks import next_check_at
from khata.billing.core.top_up_life import TopUpState
from khata.billing.models import AutoTopUp, TopUp
from khata.billing.operations.auto_top_ups import CURRENCY
from khata.billing.operations.deferral import CHARGE_TOP_UP, SEND_AUTO_TOP_UP_MAIL, SEND_CHARGE_NOTICE, defer
from khata.billing.operations.top_ups import Starter, new_top_up
from khata.billing.queries import TopUpQuote
from khata.billing.queries.auto_top_ups import automatic_of, is_halted, terms_of
from khata.kernel.clock import utc_now
from khata.kernel.errors import KhataError
from khata.kernel.ids import new_uuid
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger import queries as ledger
from khata.ledger.standings import standing
from khata.payments.errors import GatewayUnavailable
from khata.payments.port import Gateway
from khata.payments.registry import gateway
from khata.tenancy import queries as tenancy

GIVEN_UP_AFTER = timedelta(hours=72)
"""After the notice: banks confirm within three days."""

_WATCHED = (AutoTopUpState.ON.value, AutoTopUpState.PAUSED.value)

logger = logging.getLogger(__name__)


@needs_database
def top_up_automatically() -> int:
    """Looks at each; returns how many charges were begun. While the breaker is open nobody is looked at."""
    if is_halted():
        logger.critical("auto top-up is halted for everybody: the ledger is not sound")
        return 0
    ids = AutoTopUp.objects.filter(state__in=_WATCHED).order_by("id").values_list("id", flat=True)
    return sum(_look_at(auto_top_up_id) for auto_top_up_id in list(ids))


def _look_at(auto_top_up_id: UUID) -> bool:
    """Whether a charge was begun. One that cannot be looked at keeps no other from its turn."""
    try:
        with in_transaction():
            watched = AutoTopUp.objects.select_for_update(skip_locked=True).filter(state__in=_WATCHED)
            row = watched.filter(id=auto_top_up_id).first()
            return row is not None and _decide(row)
    except KhataError:
        logger.exception("auto top-up %s cannot be looked at", auto_top_up_id)
        return False


def _decide(row: AutoTopUp) -> bool:
    now = utc_now()
    _note_end(row)
    quote = queries.quote(organisation_id=row.organisation_id, amount_minor=row.amount_minor)
    organisation = tenancy.organisation(organisation_id=row.organisation_id)
    decision = core.decide(
        terms_of(row, quote.total_minor),
        _facts(row),
        automatic_of(row),
        _use(row),
        month_began_at=core.month_began_at(now.astimezone(ZoneInfo(organisation.time_zone))),
        now=now,
    )
    match decision:
        case Charge() if not ledger.balance(organisation_id=row.organisation_id).is_frozen:
            _begin(row, quote, gateway(row.gateway_code))
            return True
        case Pause(reason):
            _move(row, AutoFacts(AutoTopUpState.PAUSED, reason))
        case Resume():
            _move(row, AutoFacts(AutoTopUpState.ON))
    return False


def _note_end(row: AutoTopUp) -> None:
    """Of the one under way; one that was not charged yet is seen to again."""
    begun = row.under_way
    if begun is None:
        return
    if TopUpState(begun.state).is_open:
        if not begun.attempts.exists():
            defer(CHARGE_TOP_UP, begun.id)
        return
    failure = queries.top_up_for_anyone(top_up_id=begun.id).failure
    row.under_way = None
    row.problem = failure.description or failure.reason if failure else row.problem
    if TopUpState(begun.state).is_credited:
        row.problem = ""
    _move(row, core.after_end(_facts(row), TopUpState(begun.state), utc_now()))


def _facts(row: AutoTopUp) -> AutoFacts:
    return AutoFacts(
        state=AutoTopUpState(row.state),
        pause_reason=PauseReason(row.pause_reason) if row.pause_reason else None,
        failures_count=row.failures_count,
        next_try_at=row.next_try_at,
    )


def _move(row: AutoTopUp, facts: AutoFacts) -> None:
    """Writes it, and tells the owner of a payment that did not succeed and of a pause."""
    is_news = facts.failures_count > row.failures_count or (facts.pause_reason or "") not in ("", row.pause_reason)
    row.state, row.pause_reason = facts.state, facts.pause_reason or ""
    row.failures_count, row.next_try_at = facts.failures_count, facts.next_try_at
    row.changed_at = utc_now()
    row.save()
    if is_news:
        defer(SEND_AUTO_TOP_UP_MAIL, row.id)


def _use(row: AutoTopUp) -> Use:
    found = standing(organisation_id=row.organisation_id, since=utc_now() - core.RATE_SPAN)
    return Use(available=found.available, used=found.used)


def _begin(row: AutoTopUp, quote: TopUpQuote, chosen: Gateway) -> TopUp:
    """An ordinary top-up, charged by a job; the unique key lets no second one be open beside it.

    Raises GatewayUnavailable where the mandate belongs to the gateway's other mode.
    """
    if chosen.mode != row.mode:
        raise GatewayUnavailable
    starter = Starter(row.organisation_id, f"auto:{new_uuid()}")
    top_up = new_top_up(starter, quote, currency=CURRENCY, chosen=chosen)
    notice = timedelta(hours=chosen.capabilities.notice_hours)
    top_up.customer_ref, top_up.token_ref = row.customer_ref, row.token_ref
    top_up.expires_at = top_up.created_at + notice + GIVEN_UP_AFTER
    top_up.check_due_at = next_check_at(top_up.created_at, top_up.created_at)
    top_up.save(force_insert=True)
    row.under_way = top_up
    row.save(update_fields=["under_way"])
    defer(CHARGE_TOP_UP, top_up.id)
    if notice:
        defer(SEND_CHARGE_NOTICE, top_up.id)
    return top_up
