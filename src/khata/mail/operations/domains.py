"""Sending domains, in the order of their life: added, checked, removed."""

import secrets
from uuid import UUID

from khata.kernel.clock import utc_now
from khata.kernel.errors import InvalidRequest, NotFound, field_problem
from khata.kernel.transactions import forbid_inside_transaction, in_transaction
from khata.mail import queries
from khata.mail.core.addresses import NotAnAddress, read_domain
from khata.mail.core.dkim import new_key_pair
from khata.mail.core.records import RecordKind, RecordState, judge
from khata.mail.errors import DomainExists, DomainLimitReached
from khata.mail.models import SendingDomain
from khata.mail.private_keys import seal
from khata.mail.resolving import FindTexts, find_texts

DOMAINS_MAX = 20


def add_domain(*, organisation_id: int, name: str) -> UUID:
    """Makes its key. Raises InvalidRequest, DomainExists, DomainLimitReached."""
    try:
        domain = read_domain(name)
    except NotAnAddress as error:
        raise InvalidRequest([field_problem("name", "invalid", str(error))]) from error
    keys = new_key_pair()
    with in_transaction() as connection:
        # One at a time for an organisation, so that the count stays true.
        connection.execute("select pg_advisory_xact_lock(hashtextextended('sending domains', %s))", [organisation_id])
        names = set(SendingDomain.objects.filter(organisation_id=organisation_id).values_list("name", flat=True))
        if domain in names:
            raise DomainExists
        if len(names) >= DOMAINS_MAX:
            raise DomainLimitReached
        made = SendingDomain.objects.create(
            organisation_id=organisation_id,
            name=domain,
            selector=f"kh{secrets.token_hex(4)}",
            private_key=seal(keys.private),
            public_key=keys.public,
        )
    return made.id


def check_domain(*, organisation_id: int, domain_id: UUID, find: FindTexts = find_texts) -> None:
    """Asks DNS and writes what it said. A domain that was verified stays so while DNS does not answer.

    Raises NotFound.
    """
    forbid_inside_transaction()
    domain = queries.domain(organisation_id=organisation_id, domain_id=domain_id)
    findings = {record.kind: judge(record, find(record.name)) for record, _ in domain.records}
    now = utc_now()
    fields: dict[str, object] = {"findings": {kind: state.value for kind, state in findings.items()}, "checked_at": now}
    dkim = findings[RecordKind.DKIM]
    if dkim is RecordState.FOUND:
        fields["verified_at"] = domain.verified_at or now
    elif dkim is not RecordState.UNKNOWN:
        fields["verified_at"] = None
    SendingDomain.objects.filter(id=domain.id).update(**fields)


def remove_domain(*, organisation_id: int, domain_id: UUID) -> None:
    """Its key goes with it: e-mails that still wait to be signed with it fail. Raises NotFound."""
    if not SendingDomain.objects.filter(organisation_id=organisation_id, id=domain_id).delete()[0]:
        raise NotFound
