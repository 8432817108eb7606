"""Reads of what an organisation has registered in India: itself, its senders, its templates."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id, shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.messaging.core.dlt import Category
from khata.messaging.core.matching import match
from khata.messaging.core.patterns import Pattern, read_pattern
from khata.messaging.core.templates import Book, Template, book_of, choose, nearest
from khata.messaging.registrations import Registration, Sender
from khata.messaging.registrations import Template as TemplateModel

_ORGANISATIONS_KEPT = 256


@dataclass(frozen=True, slots=True)
class RegistrationRow:
    """`entity_ref` is "" where none was given yet."""

    entity_ref: str
    is_checked: bool


@dataclass(frozen=True, slots=True)
class SenderRow:
    name: str
    templates_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateRow:
    id: UUID
    template_ref: str
    name: str
    sender: str
    category: Category
    text: str
    created_at: datetime
    retired_at: datetime | None

    @property
    def public_id(self) -> str:
        return public_id("tpl", self.id)

    @property
    def pattern(self) -> Pattern:
        return read_pattern(self.text)


@dataclass(frozen=True, slots=True)
class TextMatch:
    """The template a text is, with its variables' values; or the nearest one, with what `differs`."""

    template: TemplateRow
    values: tuple[str, ...]
    differs: str = ""


def registration(*, organisation_id: int) -> RegistrationRow:
    row = Registration.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id).first()
    return RegistrationRow("", False) if row is None else RegistrationRow(row.entity_ref, row.is_checked)


def senders(*, organisation_id: int) -> list[SenderRow]:
    """By name, with how many templates in use go by each."""
    names = Sender.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id).order_by("name")
    counts = dict(
        _templates(organisation_id).filter(retired_at=None).values_list("sender").annotate(count=Count("template_ref"))
    )
    return [SenderRow(row.name, counts.get(row.name, 0), row.created_at) for row in names]


def template(*, organisation_id: int, template_id: UUID) -> TemplateRow:
    """Raises NotFound, for another organisation's template too."""
    row = _templates(organisation_id).filter(id=template_id).first()
    if row is None:
        raise NotFound
    return _row(row)


def templates(
    *,
    organisation_id: int,
    is_retired: bool | None = None,
    sender: str | None = None,
    before_id: UUID | None = None,
    limit: int = PAGE_SIZE_DEFAULT,
) -> Page[TemplateRow]:
    """Newest first; `next_cursor` is the id to continue before."""
    where = Q()
    if is_retired is not None:
        where &= Q(retired_at__isnull=not is_retired)
    if sender is not None:
        where &= Q(sender=sender)
    if before_id is not None:
        where &= Q(id__lt=before_id)
    return page_of([_row(row) for row in _templates(organisation_id).filter(where).order_by("-id")[: limit + 1]], limit)


def templates_in_use(*, organisation_id: int) -> list[TemplateRow]:
    """All of them, by name."""
    return [_row(row) for row in _templates(organisation_id).filter(retired_at=None).order_by("name", "id")]


def match_text(*, organisation_id: int, text: str) -> TextMatch | None:
    """None where no template is in use."""
    rows = {row.id: row for row in templates_in_use(organisation_id=organisation_id)}
    known = book_of(map(_template, rows.values()))
    chosen = choose(known, text)
    if chosen is not None:
        return TextMatch(rows[chosen.id], match(chosen.pattern, text) or ())
    near = nearest(known, text)
    return None if near is None else TextMatch(rows[near[0].id], (), near[1].detail)


@lru_cache(maxsize=_ORGANISATIONS_KEPT)
def book(organisation_id: int, version: int) -> Book:
    """The templates in use, read apart. They stay as they are while the registration's `version` does."""
    return book_of(map(_template, templates_in_use(organisation_id=organisation_id)))


def _template(row: TemplateRow) -> Template:
    return Template(row.id, row.template_ref, row.sender, row.category, row.pattern)


def _templates(organisation_id: int) -> QuerySet[TemplateModel]:
    return TemplateModel.objects.filter(shard=shard_of(organisation_id), organisation_id=organisation_id)


def _row(row: TemplateModel) -> TemplateRow:
    return TemplateRow(
        row.id,
        row.template_ref,
        row.name,
        row.sender,
        Category(row.category),
        row.text,
        row.created_at,
        row.retired_at,
    )
