"""Opt-outs: the numbers that nothing is sent to, added by people, programs and phones that answer STOP."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from khata.console.access import member_page
from khata.console.forms import add_problems
from khata.console.number_lists import WrongLine, number_prefix, read_numbers
from khata.console.opt_out_forms import OptOutForm
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.console.searches import keep_search, kept_search
from khata.console.words import plural
from khata.kernel.errors import InvalidRequest, field_problem
from khata.messaging import operations as messaging
from khata.messaging import opt_out_queries as queries

_WRONG_SHOWN = 100


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: MemberRequest) -> HttpResponse:
    if request.method == "POST":
        return _search(request)
    walk, prefix = pager(request.GET), kept_search(request, request.GET.get("search", ""))
    found = queries.opt_outs(organisation_id=request.organisation.id, prefix=prefix, before_id=walk.before_id)
    shown = {"rows": found.rows, "prefix": prefix, "older": walk.older(found.next_cursor), "newer": walk.newer}
    return render(request, "console/logs/opt_outs.html", shown)


@member_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: MemberRequest) -> HttpResponse:
    """One number or a pasted list. Lines that are right are added; the others come back to be corrected."""
    form = OptOutForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _add(request, **form.cleaned_data)
        except InvalidRequest as refusal:
            add_problems(form, refusal)
    return render(request, "console/logs/opt_out_add.html", {"form": form}, status=422 if form.is_bound else 200)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: MemberRequest, opt_out_id: UUID) -> HttpResponse:
    """Asks first: whoever opted out has to want messages again."""
    found = queries.opt_out(organisation_id=request.organisation.id, opt_out_id=opt_out_id)
    if request.method != "POST":
        return render(request, "console/logs/opt_out_remove.html", {"opt_out": found})
    messaging.remove_opt_out(organisation_id=request.organisation.id, recipient=found.recipient)
    messages.success(request, "Removed. Messages may go to this number again.")
    return redirect("opt_outs")


def _add(request: MemberRequest, numbers: str, reason: str) -> HttpResponse:
    """Raises InvalidRequest."""
    read, wrong = read_numbers(numbers)
    if not read and not wrong:
        raise InvalidRequest([field_problem("numbers", "required", "Enter at least one number.")])
    organisation_id, added_count = request.organisation.id, 0
    if read:
        added_count = messaging.add_opt_outs(organisation_id=organisation_id, recipients=read, reason=reason)
    told = _added_words(added_count, len(read))
    if wrong:
        return _draw_wrong(request, wrong, told, reason)
    messages.success(request, told)
    return redirect("opt_outs")


def _search(request: MemberRequest) -> HttpResponse:
    prefix = number_prefix(request.POST.get("number", ""))
    address = reverse("opt_outs")
    return redirect(f"{address}?search={keep_search(request, prefix)}" if prefix else address)


def _draw_wrong(request: MemberRequest, wrong: list[WrongLine], told: str, reason: str) -> HttpResponse:
    form = OptOutForm(initial={"numbers": "\n".join(line.text for line in wrong), "reason": reason})
    shown = {"form": form, "told": told, "wrong": wrong[:_WRONG_SHOWN], "wrong_count": len(wrong)}
    return render(request, "console/logs/opt_out_add.html", shown, status=422)


def _added_words(added_count: int, count: int) -> str:
    """`3 numbers are opted out.` and, where some were before, `2 were opted out before.`"""
    told = [f"{plural(added_count, 'number is', 'numbers are')} opted out."] if added_count else []
    before = count - added_count
    if before:
        told.append(f"{plural(before, 'was', 'were')} opted out before.")
    return " ".join(told)
