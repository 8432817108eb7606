"""Templates: the texts registered in India; added, imported, tried, retired."""

from collections.abc import Container
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from khata.console.access import member_page
from khata.console.forms import add_problems
from khata.console.paging import pager
from khata.console.requests import MemberRequest
from khata.console.template_forms import CATEGORY_WORDS, ImportForm, TemplateForm, TestForm
from khata.kernel.errors import InvalidRequest
from khata.messaging import operations as messaging
from khata.messaging import template_queries as queries
from khata.messaging.configuration import dlt_configuration
from khata.messaging.core.dlt import WINDOWED
from khata.messaging.core.patterns import VARIABLES
from khata.messaging.operations import Imported, TemplateToAdd
from khata.messaging.operations.registered_templates import COLUMNS, plain_text

_STATES = {"in_use": ("In use", False), "retired": ("Retired", True)}
_REFUSED_SHOWN = 100


@member_page
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    organisation_id, walk = request.organisation.id, pager(request.GET)
    senders = [row.name for row in queries.senders(organisation_id=organisation_id)]
    state, sender = _chosen(request, "state", _STATES), _chosen(request, "sender", senders)
    found = queries.templates(
        organisation_id=organisation_id,
        is_retired=_STATES[state][1] if state else None,
        sender=sender or None,
        before_id=walk.before_id,
    )
    shown = {
        "rows": [(row, CATEGORY_WORDS[row.category]) for row in found.rows],
        "states": [(value, words) for value, (words, _) in _STATES.items()],
        "state": state,
        "senders": senders,
        "sender": sender,
        "registration": queries.registration(organisation_id=organisation_id),
        "older": walk.older(found.next_cursor),
        "newer": walk.newer,
    }
    return render(request, "console/templates/list.html", shown)


@member_page
@require_safe
def template(request: MemberRequest, template_id: UUID) -> HttpResponse:
    return _one(request, template_id, "console/templates/template.html")


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: MemberRequest, template_id: UUID) -> HttpResponse:
    """Asks first: texts that matched it are refused from then on."""
    if request.method != "POST":
        return _one(request, template_id, "console/templates/retire.html")
    messaging.retire_template(organisation_id=request.organisation.id, template_id=template_id)
    messages.success(request, "The template is retired.")
    return redirect("template", template_id)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    senders = [row.name for row in queries.senders(organisation_id=request.organisation.id)]
    form = TemplateForm(request.POST if request.method == "POST" else None, senders=senders)
    if form.is_valid():
        try:
            id_ = messaging.add_template(
                organisation_id=request.organisation.id, template=TemplateToAdd(**form.cleaned_data)
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            messages.success(request, "The template is added. Texts match it from now on.")
            return redirect("template", id_)
    shown = {"form": form, "senders": senders, "variables": VARIABLES.values()}
    return render(request, "console/templates/new.html", shown, status=422 if form.is_bound else 200)


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: MemberRequest) -> HttpResponse:
    form = TestForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "console/templates/test.html", {"form": form}, status=422 if form.is_bound else 200)
    text = plain_text(form.cleaned_data["text"])
    found = queries.match_text(organisation_id=request.organisation.id, text=text)
    return render(request, "console/templates/test.html", {"form": form, "is_tested": True, "found": found})


@member_page
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: MemberRequest) -> HttpResponse:
    if request.method != "POST":
        return _draw_import(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            imported = messaging.import_templates(
                organisation_id=request.organisation.id, content=form.cleaned_data["file"]
            )
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        else:
            return _draw_import(request, ImportForm(), imported)
    return _draw_import(request, form, status=422)


def _chosen(request: MemberRequest, name: str, offered: Container[str]) -> str:
    """What the list is narrowed to; "" for what is not offered."""
    value = request.GET.get(name, "")
    return value if value in offered else ""


def _draw_import(
    request: MemberRequest, form: ImportForm, imported: Imported | None = None, status: int = 200
) -> HttpResponse:
    shown: dict[str, object] = {"form": form, "columns": COLUMNS, "categories": CATEGORY_WORDS.keys()}
    if imported is not None:
        shown |= {"imported": imported, "refused": imported.refused[:_REFUSED_SHOWN]}
    return render(request, "console/templates/import.html", shown, status=status)


def _one(request: MemberRequest, template_id: UUID, page_name: str) -> HttpResponse:
    found = queries.template(organisation_id=request.organisation.id, template_id=template_id)
    shown = {
        "template": found,
        "category": CATEGORY_WORDS[found.category],
        "window": dlt_configuration().window if found.category in WINDOWED else None,
    }
    return render(request, page_name, shown)
