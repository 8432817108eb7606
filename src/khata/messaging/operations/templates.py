"""Templates on a message's way: bound at acceptance, shown to the carrier at hand-over.

India's carriers check a text against the register only after they have it, and charge for the check. Whoever has
checks switched on is told here instead, before anything is held.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

import psycopg
from msgspec.structs import replace

from khata.carriers.port import Dlt
from khata.kernel.arrays import array_texts
from khata.kernel.errors import KhataError, field_problem
from khata.kernel.ids import shard_of
from khata.messaging.configuration import dlt_configuration
from khata.messaging.core.dlt import COUNTRY_PREFIX, Category
from khata.messaging.core.life import MessageStatus
from khata.messaging.core.send_window import due_at
from khata.messaging.core.templates import BoundTemplate, Template, Unbound, bind
from khata.messaging.errors import NoRoute, TemplateNotMatched
from khata.messaging.hand_over_rows import Change, ClaimedMessage, database_time, write_changes
from khata.messaging.operations.requests import Entry, SendRequest, with_sender
from khata.messaging.rows import Connection
from khata.messaging.template_queries import book

_VERSIONS = """
    select organisation_id, version, is_checked
      from unnest(%s::smallint[], %s::bigint[]) as named (shard, organisation_id)
      join messaging_registration using (shard, organisation_id)
"""
_REGISTERED = """
    select template.id, category, entity_ref, template_ref
      from unnest(%s::smallint[], %s::bigint[], %s::uuid[]) as named (shard, organisation_id, id)
      join messaging_template template using (shard, organisation_id, id)
      join messaging_registration using (shard, organisation_id)
"""

_Versions = dict[int, tuple[int, bool]]
"""Of organisations that are registered: their version, and whether they have checks switched on."""


def bind_templates(connection: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], dict[int, KhataError]]:
    """The entries that may go on, each with its template where it goes by one, and the refusals by place."""
    versions = _versions(connection, entries)
    if not versions and not any(entry.priced.acceptance.request.template for entry in entries):
        return list(entries), {}
    known: dict[tuple[int, str, str | None, str | None], Template | Unbound] = {}
    bound, refused = [], {}
    for entry in entries:
        if not _goes_by_template(entry, versions):
            bound.append(entry)
            continue
        request = entry.priced.acceptance.request
        asked = (entry.organisation_id, request.body, request.sender, request.template)
        if asked not in known:
            known[asked] = _find(request, entry.organisation_id, versions)
        found = known[asked]
        if isinstance(found, Unbound):
            refused[entry.place] = _refusal(found)
        elif (ready := _with_template(entry, found)) is None:
            refused[entry.place] = NoRoute()
        else:
            bound.append(ready)
    return bound, refused


def take_registrations(connection: Connection, claimed: Sequence[ClaimedMessage]) -> list[ClaimedMessage]:
    """The claimed messages that may go now, with what the register wants to see of them; the others wait again."""
    if all(message.template_id is None for message in claimed):
        return list(claimed)
    registered = _registered(connection, claimed)
    now, configuration = database_time(connection), dlt_configuration()
    ready, waiting = [], []
    for message in claimed:
        category, dlt = registered.get(message.template_id, (None, None))
        due = now if category is None else due_at(category, now, configuration.window)
        if due > now:
            waiting.append((message, Change(MessageStatus.ACCEPTED, now, due_at=due)))
        else:
            ready.append(message._replace(dlt=dlt))
    write_changes(connection, waiting)
    return ready


def _versions(connection: Connection, entries: Iterable[Entry]) -> _Versions:
    organisations = {entry.asker.organisation_id for entry in entries}
    named = array_texts([(shard_of(organisation_id), organisation_id) for organisation_id in organisations], 2)
    rows = psycopg.Cursor(connection).execute(_VERSIONS, named, prepare=True)
    return {row[0]: (row[1], row[2]) for row in rows}


def _goes_by_template(entry: Entry, versions: _Versions) -> bool:
    if entry.priced.acceptance.request.template is not None:
        return True
    draft = entry.priced.draft
    assert draft is not None
    return versions.get(entry.organisation_id, (0, False))[1] and draft.recipient.startswith(COUNTRY_PREFIX)


def _find(request: SendRequest, organisation_id: int, versions: _Versions) -> Template | Unbound:
    found = versions.get(organisation_id)
    templates = () if found is None else book(organisation_id, found[0])
    return bind(templates, request.body, sender=request.sender, ref=request.template)


def _refusal(unbound: Unbound) -> KhataError:
    problem = field_problem(unbound.field, unbound.code, unbound.detail)
    return TemplateNotMatched(unbound.detail, errors=[problem])


def _with_template(entry: Entry, template: Template) -> Entry | None:
    """Its sender is the template's, and so may be its route; None where no route takes that sender."""
    draft = entry.priced.draft
    assert draft is not None
    routed = with_sender(entry, draft._replace(sender=template.sender))
    if routed is None:
        return None
    bound = BoundTemplate(template.id, template.sender, template.category)
    return replace(routed, priced=replace(routed.priced, template=bound))


def _registered(connection: Connection, claimed: Sequence[ClaimedMessage]) -> dict[UUID | None, tuple[Category, Dlt]]:
    """By template."""
    named = {
        (shard_of(message.organisation_id), message.organisation_id, message.template_id)
        for message in claimed
        if message.template_id is not None
    }
    rows = psycopg.Cursor(connection).execute(_REGISTERED, array_texts(named, 3), prepare=True)
    return {
        id_: (Category(category), Dlt(entity_ref, template_ref, _chain(entity_ref)))
        for id_, category, entity_ref, template_ref in rows
    }


def _chain(entity_ref: str) -> tuple[str, ...]:
    """Nothing where the telemarketers are not known: a chain without them is registered nowhere."""
    telemarketers = dlt_configuration().telemarketers
    return (entity_ref, *telemarketers) if telemarketers else ()
