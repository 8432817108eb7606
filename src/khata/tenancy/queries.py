"""Reads of organisations, members and API keys, always scoped to one organisation or one member."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from khata.kernel.errors import NotFound
from khata.tenancy.models import ApiKey, Membership, Organisation, Role


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key as it may be shown: never its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    messages_per_minute_max: int | None
    created_at: datetime
    created_by_name: str
    last_used_at: datetime | None
    last_used_ip: str | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    organisation_id: int
    organisation_name: str
    role: str

    @property
    def is_owner(self) -> bool:
        return self.role == Role.OWNER


def organisation(*, organisation_id: int) -> Organisation:
    """Raises NotFound."""
    found = Organisation.objects.filter(id=organisation_id).first()
    if found is None:
        raise NotFound
    return found


def memberships(*, member_id: UUID) -> list[MembershipRow]:
    """The organisations a member belongs to, oldest membership first."""
    rows = Membership.objects.filter(member_id=member_id).select_related("organisation").order_by("created_at")
    return [MembershipRow(row.organisation_id, row.organisation.name, row.role) for row in rows]


def owner_email(*, organisation_id: int) -> str:
    """Where mail about money goes; "" where the organisation has no owner."""
    row = (
        Membership.objects.filter(organisation_id=organisation_id, role=Role.OWNER)
        .order_by("created_at")
        .values_list("member__email", flat=True)
        .first()
    )
    return row or ""


def api_keys(*, organisation_id: int) -> list[ApiKeyRow]:
    """All keys, newest first, revoked ones included."""
    rows = ApiKey.objects.filter(organisation_id=organisation_id).select_related("created_by").order_by("-created_at")
    return [_api_key_row(row) for row in rows]


def _api_key_row(row: ApiKey) -> ApiKeyRow:
    maker = row.created_by
    return ApiKeyRow(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        messages_per_minute_max=row.messages_per_minute_max,
        created_at=row.created_at,
        created_by_name=(maker.name or maker.email) if maker else "",
        last_used_at=row.last_used_at,
        last_used_ip=row.last_used_ip,
        revoked_at=row.revoked_at,
    )
