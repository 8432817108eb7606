"""Reads of sending domains and suppressed addresses, always of one organisation; and those that sending itself needs,
for many organisations at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from khata.kernel.arrays import array_text
from khata.kernel.errors import NotFound
from khata.kernel.ids import public_id, shard_of
from khata.kernel.pages import PAGE_SIZE_DEFAULT, Page, page_of
from khata.mail.configuration import mail_configuration
from khata.mail.core.dkim import SigningKey
from khata.mail.core.records import Record, RecordState, records_of
from khata.mail.models import SendingDomain, Suppression, SuppressionReason
from khata.mail.private_keys import unseal

Connection = psycopg.Connection[Any]

_VERIFIED = """
    select named.organisation_id, domain.name from unnest(%s::bigint[], %s::text[]) as named (organisation_id, name)
      join mail_sendingdomain domain using (organisation_id, name) where verified_at is not null
"""
_KEYS = """
    select named.organisation_id, domain.name, selector, private_key
      from unnest(%s::bigint[], %s::text[]) as named (organisation_id, name)
      join mail_sendingdomain domain using (organisation_id, name)
"""
_SUPPRESSED = """
    select organisation_id, address, reason
      from unnest(%s::smallint[], %s::bigint[], %s::text[]) as named (shard, organisation_id, address)
      join mail_suppression using (shard, organisation_id, address)
"""

Place = tuple[int, str]
"""An organisation, and a domain or an address of interest to it."""


class DomainRecord(NamedTuple):
    """One record to publish, and what was found when DNS was asked last (None where it was not)."""

    record: Record
    state: RecordState | None


@dataclass(frozen=True, slots=True)
class Domain:
    id: UUID
    name: str
    created_at: datetime
    verified_at: datetime | None
    checked_at: datetime | None
    records: tuple[DomainRecord, ...]

    @property
    def public_id(self) -> str:
        return public_id("dom", self.id)

    @property
    def is_verified(self) -> bool:
        return self.verified_at is not None


class SuppressedAddress(NamedTuple):
    id: UUID
    address: str
    reason: SuppressionReason
    detail: str
    message_id: UUID | None
    created_at: datetime

    @property
    def public_id(self) -> str:
        return public_id("sup", self.id)


def domains(*, organisation_id: int) -> list[Domain]:
    """By name."""
    return [_domain(row) for row in SendingDomain.objects.filter(organisation_id=organisation_id).order_by("name")]


def domain(*, organisation_id: int, domain_id: UUID) -> Domain:
    """Raises NotFound."""
    row = SendingDomain.objects.filter(organisation_id=organisation_id, id=domain_id).first()
    if row is None:
        raise NotFound
    return _domain(row)


def suppressions(
    *, organisation_id: int, before_id: UUID | None = None, limit: int = PAGE_SIZE_DEFAULT
) -> Page[SuppressedAddress]:
    """Newest first; `next_cursor` is the id to continue before."""
    rows = Suppression.objects.filter(organisation_id=organisation_id)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    found = [_suppressed(row) for row in rows.order_by("-id")[: limit + 1]]
    return page_of(found, limit)


def suppression(*, organisation_id: int, suppression_id: UUID) -> SuppressedAddress:
    """Raises NotFound."""
    row = Suppression.objects.filter(organisation_id=organisation_id, id=suppression_id).first()
    if row is None:
        raise NotFound
    return _suppressed(row)


def default_sender(*, organisation_id: int) -> str | None:
    """`no-reply@` the domain verified first; None where none is."""
    row = SendingDomain.objects.filter(organisation_id=organisation_id, verified_at__isnull=False)
    first = row.order_by("verified_at", "id").first()
    return None if first is None else f"no-reply@{first.name}"


def verified_among(connection: Connection, places: Collection[Place]) -> set[Place]:
    """Those of (organisation, domain) that may be sent from."""
    rows = psycopg.Cursor(connection).execute(_VERIFIED, _columns(places), prepare=True)
    return {(row[0], row[1]) for row in rows}


def suppressed_among(connection: Connection, places: Collection[Place]) -> Mapping[Place, SuppressionReason]:
    """Those of (organisation, address) that must not be written to. Addresses may come in any case."""
    lowered = {(organisation_id, address.lower()) for organisation_id, address in places}
    organisation_ids, addresses = _columns(lowered)
    columns = [array_text(map(shard_of, organisation_ids)), organisation_ids, addresses]
    rows = psycopg.Cursor(connection).execute(_SUPPRESSED, columns, prepare=True)
    return {(row[0], row[1]): SuppressionReason(row[2]) for row in rows}


def signing_keys(connection: Connection, places: Collection[Place]) -> dict[Place, SigningKey]:
    """By (organisation, domain); what was removed or cannot be unsealed is missing."""
    keys = {}
    for organisation_id, name, selector, sealed in connection.execute(_KEYS, _columns(places)):
        private = unseal(sealed)
        if private is not None:
            keys[organisation_id, name] = SigningKey(name, selector, private)
    return keys


def _columns(places: Collection[Place]) -> list[Any]:
    ordered = list(places)
    return [[organisation_id for organisation_id, _ in ordered], [name for _, name in ordered]]


def _domain(row: SendingDomain) -> Domain:
    wanted = records_of(
        row.name, selector=row.selector, public_key=row.public_key, spf_include=mail_configuration().spf_include
    )
    states = {kind: RecordState(state) for kind, state in row.findings.items()}
    return Domain(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        verified_at=row.verified_at,
        checked_at=row.checked_at,
        records=tuple(DomainRecord(record, states.get(record.kind)) for record in wanted),
    )


def _suppressed(row: Suppression) -> SuppressedAddress:
    reason = SuppressionReason(row.reason)
    return SuppressedAddress(row.id, row.address, reason, row.detail, row.message_id, row.created_at)
