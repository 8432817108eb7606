"""An operator's deed is asked first, with what it will change, and done by the answer."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect

from khata.billing.operations.operator_actions import Deed
from khata.console.forms import add_problems
from khata.console.operator.access import OperatorRequest, deed_of, draw
from khata.console.operator.forms import ReasonForm
from khata.console.refusals import STATUSES
from khata.kernel.errors import ErrorKind, InvalidRequest, KhataError
from khata.kernel.ids import new_uuid

_TOLD_IN_THE_FORM = (ErrorKind.REFUSED, ErrorKind.CONFLICT)


@dataclass(frozen=True, slots=True)
class Question:
    """`consequences` are sentences; `back` is the address to return to, whatever the answer."""

    area: str
    title: str
    consequences: tuple[str, ...]
    button: str
    done: str
    back: str
    is_dangerous: bool = False


def ask(
    request: OperatorRequest,
    question: Question,
    act: Callable[[Deed, ReasonForm], object],
    form_class: type[ReasonForm] = ReasonForm,
) -> HttpResponse:
    """GET asks; POST does it and goes back. What the operation refuses stands in the form, what was typed stays."""
    if request.method != "POST":
        return _draw(request, question, form_class(initial={"token": new_uuid()}))
    form, status = form_class(request.POST), 422
    if form.is_valid():
        try:
            act(deed_of(request, form.cleaned_data["reason"]), form)
        except InvalidRequest as refusal:
            add_problems(form, refusal)
        except KhataError as refusal:
            if refusal.kind not in _TOLD_IN_THE_FORM:
                raise
            form.add_error(None, refusal.detail)
            status = STATUSES[refusal.kind]
        else:
            messages.success(request, question.done)
            return HttpResponseRedirect(question.back)
    return _draw(request, question, form, status)


def _draw(request: OperatorRequest, question: Question, form: ReasonForm, status: int = 200) -> HttpResponse:
    return draw(request, "question", question.area, status, question=question, form=form)
