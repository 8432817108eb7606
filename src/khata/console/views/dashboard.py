"""The Dashboard, and the header's balance on its own for polling."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from khata.console.access import member_page
from khata.console.history import history_lines
from khata.console.requests import MemberRequest
from khata.ledger import queries as ledger
from khata.messaging import queries as messaging
from khata.tenancy import queries as tenancy

_ROWS = 5
_RUNWAY_SPAN = timedelta(days=7)
_RUNWAY_DAYS_MAX = 365


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a new organisation has done so far."""

    has_key: bool
    has_sent: bool
    has_paid: bool

    @property
    def is_complete(self) -> bool:
        return self.has_key and self.has_sent and self.has_paid

    @property
    def done_count(self) -> int:
        return sum((self.has_key, self.has_sent, self.has_paid))


@member_page
@require_safe
def dashboard(request: MemberRequest) -> HttpResponse:
    organisation_id = request.organisation.id
    messages = messaging.messages(organisation_id=organisation_id, limit=_ROWS)
    entries = ledger.history(organisation_id=organisation_id, limit=_ROWS)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    shown = {
        "messages_recent": messages.rows,
        "lines": history_lines(organisation_id, entries.rows),
        "counts": messaging.counts_since(organisation_id=organisation_id, since=midnight),
        "used_today_micro": ledger.captured_since(organisation_id=organisation_id, since=midnight),
        "runway_days": _runway_days(organisation_id, midnight),
        "steps": _first_steps(organisation_id, has_sent=bool(messages.rows)),
    }
    return render(request, "console/dashboard.html", shown)


@member_page
@require_safe
def balance(request: MemberRequest) -> HttpResponse:
    return render(request, "console/_balance.html")


def _runway_days(organisation_id: int, midnight: datetime) -> int:
    """How many days the balance lasts at the last seven days' rate; 0 where that is a year or cannot be told."""
    used = ledger.captured_since(organisation_id=organisation_id, since=midnight - _RUNWAY_SPAN)
    available = ledger.balance(organisation_id=organisation_id).available
    days = available * _RUNWAY_SPAN.days // used if used else 0
    return days if 0 < days < _RUNWAY_DAYS_MAX else 0


def _first_steps(organisation_id: int, *, has_sent: bool) -> FirstSteps:
    keys = tenancy.api_keys(organisation_id=organisation_id)
    return FirstSteps(
        has_key=any(key.revoked_at is None for key in keys),
        has_sent=has_sent,
        has_paid=ledger.history_totals(organisation_id=organisation_id).added > 0,
    )
