"""The templates an organisation has registered: added, imported from a portal's list, retired.

A registered text never changes: the register gives a changed one a new number, so here it is another template.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.errors import FieldProblem, InvalidRequest, NotFound, field_problem
from khata.kernel.ids import new_uuid, shard_of
from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.core.dlt import CATEGORIES, REGISTER_NUMBER, Category, fits
from khata.messaging.core.draft import BODY_LENGTH_MAX, CONTROL
from khata.messaging.core.patterns import InvalidTemplate, read_pattern
from khata.messaging.registrations import Registration, Sender, Template

TEMPLATES_MAX = 2_000
"""In use at once: a text may have to be compared with all of them."""
NAME_LENGTH_MAX = 120
COLUMNS = ("template_number", "name", "sender", "category", "text")
"""Of a list to import, in any order, named in its first line."""


@dataclass(frozen=True, slots=True)
class TemplateToAdd:
    """As people write it: `category` is one of CATEGORIES, `template_ref` the register's number."""

    template_ref: str
    name: str
    sender: str
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A line of a list (1-based, the header is line 1) that was not added, and why."""

    line: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    added_count: int
    refused: tuple[RefusedRow, ...]


@needs_database
def add_template(*, organisation_id: int, template: TemplateToAdd) -> UUID:
    """Raises InvalidRequest, its fields named as in TemplateToAdd."""
    with in_transaction():
        known = _lock(organisation_id)
        if problems := known.problems(template):
            raise InvalidRequest(problems)
        row = _new_row(organisation_id, template)
        row.save(force_insert=True)
        return row.id


@needs_database
def import_templates(*, organisation_id: int, content: str) -> Imported:
    """Adds every line of a CSV that is right, and tells of each other one. Raises InvalidRequest for the whole list."""
    lines = list(_read_rows(content))
    refused, added = [], []
    with in_transaction():
        known = _lock(organisation_id)
        for line, template in lines:
            if problems := known.problems(template):
                refused.append(RefusedRow(line, tuple(problem["detail"] for problem in problems)))
                continue
            added.append(_new_row(organisation_id, template))
            known.refs.add(template.template_ref)
        Template.objects.bulk_create(added)
    return Imported(len(added), tuple(refused))


@needs_database
def retire_template(*, organisation_id: int, template_id: UUID) -> None:
    """No text matches it from the next batch on; messages that go by it still do. Raises NotFound."""
    key = {"shard": shard_of(organisation_id), "organisation_id": organisation_id}
    with in_transaction():
        _lock(organisation_id)
        rows = Template.objects.filter(**key, id=template_id)
        if not rows.exists():
            raise NotFound
        rows.filter(retired_at=None).update(retired_at=utc_now())


@dataclass(frozen=True, slots=True)
class _Known:
    """What an organisation has registered already."""

    is_registered: bool
    senders: frozenset[str]
    refs: set[str]

    def problems(self, template: TemplateToAdd) -> list[FieldProblem]:
        problems = []
        if not self.is_registered:
            detail = "Enter your organisation's entity number first, under Senders."
            problems.append(field_problem("entity_ref", "required", detail))
        if len(self.refs) >= TEMPLATES_MAX:
            detail = f"{TEMPLATES_MAX:,} templates are in use already. Retire some first."
            problems.append(field_problem("template_ref", "too_many", detail))
        problems += _number_problems(template, self.refs)
        problems += _sender_problems(template, self.senders)
        problems += _text_problems(template)
        return problems


def _number_problems(template: TemplateToAdd, refs: set[str]) -> Iterator[FieldProblem]:
    if not REGISTER_NUMBER.fullmatch(template.template_ref):
        detail = "A template's number has 12 to 20 digits, most often 19."
        yield field_problem("template_ref", "invalid", detail)
    elif template.template_ref in refs:
        yield field_problem("template_ref", "taken", "A template with this number is in use already.")
    if not 0 < len(template.name.strip()) <= NAME_LENGTH_MAX or "\0" in template.name:
        yield field_problem("name", "required", f"Give it a name of 1 to {NAME_LENGTH_MAX} characters.")


def _sender_problems(template: TemplateToAdd, senders: frozenset[str]) -> Iterator[FieldProblem]:
    category = CATEGORIES.get(template.category)
    if category is None:
        yield field_problem("category", "unsupported", f"A category is one of {', '.join(CATEGORIES)}.")
    if template.sender not in senders:
        detail = "This is none of your senders. Add it under Senders first; capitals count."
        yield field_problem("sender", "unknown_sender", detail)
    elif category is not None and not fits(template.sender, category):
        shape = "6 digits" if category is Category.PROMOTIONAL else "3 to 6 letters"
        yield field_problem("sender", "sender_unfit", f"The sender of such a template has {shape}.")


def _text_problems(template: TemplateToAdd) -> Iterator[FieldProblem]:
    text = plain_text(template.text)
    if len(text) > BODY_LENGTH_MAX:
        yield field_problem("text", "too_long", f"A text has at most {BODY_LENGTH_MAX:,} characters.")
        return
    if CONTROL.search(text):
        yield field_problem("text", "control_character", "The text holds a control character.")
        return
    try:
        read_pattern(text)
    except InvalidTemplate as error:
        yield field_problem("text", "invalid", str(error))


def plain_text(text: str) -> str:
    """Forms and files write line breaks as two characters; messages have one."""
    return text.replace("\r\n", "\n")


def _lock(organisation_id: int) -> _Known:
    """One change of an organisation's templates at a time, and each raises the version."""
    key = {"shard": shard_of(organisation_id), "organisation_id": organisation_id}
    row = Registration.objects.select_for_update().filter(**key).first()
    if row is not None:
        row.version += 1
        row.save(update_fields=["version"])
    in_use = Template.objects.filter(**key, retired_at=None)
    return _Known(
        row is not None,
        frozenset(Sender.objects.filter(**key).values_list("name", flat=True)),
        set(in_use.values_list("template_ref", flat=True)),
    )


def _new_row(organisation_id: int, template: TemplateToAdd) -> Template:
    return Template(
        shard=shard_of(organisation_id),
        organisation_id=organisation_id,
        id=new_uuid(),
        template_ref=template.template_ref,
        name=template.name.strip(),
        sender=template.sender,
        category=CATEGORIES[template.category],
        text=plain_text(template.text),
        created_at=utc_now(),
    )


def _read_rows(content: str) -> Iterator[tuple[int, TemplateToAdd]]:
    reader = csv.reader(StringIO(content.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        names = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
        missing = [name for name in COLUMNS if names.count(name) != 1]
        if missing:
            raise _unreadable(f"The first line names the columns; there must be one called {', one '.join(missing)}.")
        places = [names.index(name) for name in COLUMNS]
        for count, row in enumerate(filter(None, reader), start=1):
            if count > TEMPLATES_MAX:
                raise _unreadable(f"A list has at most {TEMPLATES_MAX:,} templates.")
            cells = row + [""] * (len(names) - len(row))
            ref, name, sender, category, text = (cells[place] for place in places)
            word = category.strip().lower().replace("-", "_").replace(" ", "_")
            yield reader.line_num, TemplateToAdd(ref.strip(), name, sender.strip(), word, text)
    except csv.Error as error:
        raise _unreadable(f"Line {reader.line_num} cannot be read as CSV.") from error


def _unreadable(detail: str) -> InvalidRequest:
    return InvalidRequest([field_problem("file", "invalid", detail)], detail)
