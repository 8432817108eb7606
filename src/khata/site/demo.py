"""The demo organisation: an owner, billing details, one API key, a sending domain and no credits."""

from dataclasses import dataclass
from typing import Protocol

from khata.billing.operations import open_organisation
from khata.kernel.ids import organisation_id_from_public, public_organisation_id
from khata.kernel.transactions import in_transaction
from khata.mail import queries as mail_queries
from khata.mail.operations import add_domain, check_domain
from khata.tenancy.models import Member
from khata.tenancy.operations import BillingDetails, change_billing_details, create_api_key

ORGANISATION = "ACME"
DOMAIN = "acme.example"
DETAILS = BillingDetails(
    legal_name="ACME Private Limited",
    address="12 Residency Road, Bengaluru 560025",
    state_code="29",
    gstin="29AAGCR4375J1ZU",
    phone="+919812345678",
)


class DemoSecrets(Protocol):
    """What a demo remembers between starts (khata.cli.demo.state.DemoState)."""

    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def organisation_id(self) -> str: ...
    @property
    def api_key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SeededDemo:
    """`organisation_id` is public ("org_…"); `api_key` is shown at every start, because this is the demo."""

    organisation_id: str
    api_key: str
    dns_records: list[str]
    """"name=text" of each record its sending domain needs."""


def seed_demo(state: DemoSecrets) -> SeededDemo:
    """Makes what is not there yet; a second call on the same data changes nothing."""
    with in_transaction():
        owner = Member.objects.filter(email=state.email).first()
        if owner is None:
            owner = Member.objects.create_user(email=state.email, password=state.password, name="Asha Rao")
        membership = owner.memberships.first()
        if membership is None:
            organisation_id = open_organisation(name=ORGANISATION, owner=owner).id
            change_billing_details(organisation_id=organisation_id, details=DETAILS)
        else:
            organisation_id = membership.organisation_id
        api_key = _api_key(state, organisation_id, owner)
    return SeededDemo(public_organisation_id(organisation_id), api_key, _dns_records(organisation_id))


def _dns_records(organisation_id: int) -> list[str]:
    """Of its sending domain. The sandbox's DNS starts later, with these records, so they are taken as found."""
    domains = mail_queries.domains(organisation_id=organisation_id)
    if not domains:
        domain_id = add_domain(organisation_id=organisation_id, name=DOMAIN)
        domains = [mail_queries.domain(organisation_id=organisation_id, domain_id=domain_id)]
        found = {record.name: [record.value] for record, _ in domains[0].records}
        check_domain(organisation_id=organisation_id, domain_id=domain_id, find=found.get)
    return [f"{record.name}={record.value}" for domain in domains for record, _ in domain.records]


def _api_key(state: DemoSecrets, organisation_id: int, owner: Member) -> str:
    """A key whose text was lost (the first start was cut off before it was written down) is made anew."""
    if state.api_key and organisation_id_from_public(state.organisation_id) == organisation_id:
        return state.api_key
    return create_api_key(organisation_id=organisation_id, name="Demo", created_by=owner, mode="test")[1]
