"""Filters and tags of the console's templates: credits, money, phones, time, states, icons, fields."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from heroicons.templatetags.heroicons import heroicon_outline

from khata.billing.core.invoices import TaxDocument
from khata.billing.core.numbering import IST
from khata.billing.queries import PaymentRow, TopUpRow
from khata.console import words
from khata.console.message_words import BADGES, EVENTS
from khata.console.payment_words import (
    dispute_words,
    failure_place,
    is_on_its_way,
    method_words,
    payment_words,
    refund_words,
)
from khata.console.phones import masked_phone
from khata.console.words import Badge
from khata.kernel.clock import utc_now
from khata.messaging.core.life import MessageStatus
from khata.payments.port import PaymentStatus

register = template.Library()

register.filter("credits", words.credits_exact)
register.filter("credits_words", words.credits_words)
register.filter("credits_are", words.credits_are)
register.filter("credits_whole", words.credits_whole)
register.filter("credits_column", words.credits_column)
register.filter("credits_signed", words.credits_signed)
register.filter("money", words.money)
register.filter("rupees", words.rupees)
register.filter("count", words.count)
register.filter("day", words.day)
register.filter("masked", masked_phone)
register.filter("on_its_way", is_on_its_way)
register.filter("refund_words", refund_words)
register.filter("dispute_words", dispute_words)
register.filter("failure_place", failure_place)
register.filter("method_words", method_words)

_JUST_NOW_S = 45
_RELATIVE_S = 24 * 60 * 60


@register.simple_tag
def icon(name: str, size: int = 20) -> str:
    """An inline drawing for the eye only: the word beside it says the same."""
    return heroicon_outline(name, size=size, aria_hidden="true", **{"class": "icon"})


@register.simple_tag
def plural(number: int, one: str, many: str) -> str:
    return words.plural(number, one, many)


@register.simple_tag
def when(at: datetime) -> SafeString:
    """Relative within a day, a date after; the exact time is in the title."""
    local = timezone.localtime(at)
    age_s = (utc_now() - at).total_seconds()
    if 0 <= age_s < _JUST_NOW_S:
        text = "just now"
    elif 0 <= age_s < _RELATIVE_S:
        text = f"{timesince(at, depth=1)} ago"
    else:
        text = f"{local:%d %b %Y}"
    return _time(local, text)


@register.simple_tag
def instant(at: datetime) -> SafeString:
    """The exact local time, to the second."""
    local = timezone.localtime(at)
    return _time(local, f"{local:%d %b %Y, %H:%M:%S}")


@register.simple_tag
def minute(at: datetime) -> SafeString:
    """The local time to the minute, for table rows."""
    return _time(timezone.localtime(at), words.minute(at))


@register.simple_tag
def india_date(at: datetime) -> SafeString:
    """The day in India, which is the day of a tax document wherever its reader is."""
    local = at.astimezone(IST)
    return _time(local, f"{local:%d %b %Y}")


@register.filter
def document_sign(document: TaxDocument) -> str:
    """What stands before a document's amounts in a list: a credit note takes back."""
    return words.MINUS if document.is_credit_note else ""


@register.inclusion_tag("console/_badge.html")
def message_badge(status: MessageStatus) -> dict[str, Badge]:
    return {"badge": BADGES[status]}


@register.inclusion_tag("console/_badge.html")
def payment_badge(top_up: TopUpRow) -> dict[str, Badge]:
    return {"badge": payment_words(top_up).badge}


@register.filter
def telling_first(payments: Sequence[PaymentRow]) -> list[PaymentRow]:
    """The payment that brought the credits, then those that may yet, then the others, each in their order."""
    return sorted(payments, key=lambda payment: (not payment.is_credited, payment.status == PaymentStatus.FAILED))


@register.filter
def event_words(event: str) -> str:
    return EVENTS.get(event, event.replace("_", " ").capitalize())


@register.inclusion_tag("console/_field.html")
def field(bound: BoundField, **options: Any) -> dict[str, Any]:
    """A labelled field with its hint and errors; the widget points at both."""
    return {"field": bound, "widget": described(bound), **options}


@register.filter
def described(bound: BoundField) -> SafeString:
    """The field's widget, telling assistive programs where its hint and its error stand.

    Labels stand above; a text inside the field would say the same and then vanish.
    """
    bound.field.widget.attrs.pop("placeholder", None)
    ids = [f"{bound.auto_id}-hint"] if bound.help_text else []
    attrs: dict[str, Any] = {}
    if bound.errors:
        ids.append(f"{bound.auto_id}-error")
        attrs["aria-invalid"] = "true"
    if ids:
        attrs["aria-describedby"] = " ".join(ids)
    return bound.as_widget(attrs=attrs)


def _time(local: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%d %b %Y, %H:%M:%S %Z}", text
    )
