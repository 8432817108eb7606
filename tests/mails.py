"""What tests need before an e-mail can be sent."""

from uuid import UUID

from khata.mail import queries
from khata.mail.operations import add_domain, check_domain


def verify_domain(organisation_id: int, name: str) -> UUID:
    """A domain of the organisation whose DNS says what it must."""
    domain_id = add_domain(organisation_id=organisation_id, name=name)
    records = queries.domain(organisation_id=organisation_id, domain_id=domain_id).records
    found = {record.name: [record.value] for record, _ in records}
    check_domain(organisation_id=organisation_id, domain_id=domain_id, find=found.get)
    return domain_id
