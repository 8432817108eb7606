"""Credit History: every change of the balance, with the balance after it, and the same as CSV."""

import csv
import io
from collections.abc import Iterator

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from khata.billing import queries as billing
from khata.console.access import member_page
from khata.console.history import HistoryLine, history_lines
from khata.console.history_filter import HistoryFilterForm
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.kernel.clock import rfc3339
from khata.kernel.credits import credits_text
from khata.kernel.pages import PAGE_SIZE_DEFAULT
from khata.ledger import queries as ledger
from khata.ledger.queries import HistoryFilter

_EXPORT_PAGE = 1_000
_EXPORT_ROWS_MAX = 100_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("Time (UTC)", "Local time", "Type", "Description", "Reference", "Credits", "Balance after")


@member_page
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    form = HistoryFilterForm(request.GET)
    where = form.history_filter
    walk = pager(request.GET)
    organisation_id = request.organisation.id
    entries = ledger.history(
        organisation_id=organisation_id, where=where, before_seq=_seq(walk.before), limit=PAGE_SIZE_DEFAULT
    )
    shown = {
        "form": form,
        "lines": history_lines(organisation_id, entries.rows),
        "totals": ledger.history_totals(organisation_id=organisation_id, where=where),
        "open_top_ups": billing.open_top_ups(organisation_id=organisation_id),
        "older": walk.older(entries.next_cursor),
        "newer": walk.newer,
        "query": request.GET.urlencode(),
    }
    return render(request, "console/billing/credit_history.html", shown)


@member_page
@require_safe
def export(request: MemberRequest) -> HttpResponse:
    """The whole filter, newest first; cells that a spreadsheet would run as a formula begin with an apostrophe."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_COLUMNS)
    for line in _all_lines(request.organisation.id, HistoryFilterForm(request.GET).history_filter):
        table.writerow(_row(line))
    # The mark in front tells spreadsheets that it is UTF-8.
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="credit-history-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def _all_lines(organisation_id: int, where: HistoryFilter) -> Iterator[HistoryLine]:
    before: int | None = None
    for _ in range(_EXPORT_ROWS_MAX // _EXPORT_PAGE):
        found = ledger.history(organisation_id=organisation_id, where=where, before_seq=before, limit=_EXPORT_PAGE)
        yield from history_lines(organisation_id, found.rows)
        if found.next_cursor is None:
            return
        before = int(found.next_cursor)


def _row(line: HistoryLine) -> tuple[str, ...]:
    texts = (line.kind, line.description, line.reference)
    numbers = (credits_text(line.credits), credits_text(line.balance_after))
    local = f"{timezone.localtime(line.at):%Y-%m-%d %H:%M:%S}"
    return (rfc3339(line.at), local, *(guarded_cell(text) for text in texts), *numbers)


def guarded_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula. Signed numbers of ours need no guard."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _seq(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
