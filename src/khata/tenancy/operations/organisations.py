"""Organisations and what invoices say of them."""

from dataclasses import dataclass

from khata.kernel.errors import FieldProblem, InvalidRequest, field_problem
from khata.kernel.transactions import in_transaction
from khata.tenancy.configuration import tax_scheme
from khata.tenancy.core.gstin import STATES, InvalidGstin, normalise_gstin
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.tenancy.core.vat_number import InvalidVatNumber, normalise_vat_number
from khata.tenancy.models import Member, Membership, Organisation, Role


@dataclass(frozen=True, slots=True)
class BillingDetails:
    """As typed; `change_billing_details` normalises and checks."""

    legal_name: str
    address: str
    state_code: str
    gstin: str
    """Under VAT the VAT number."""
    phone: str


def create_organisation(*, name: str, owner: Member) -> Organisation:
    """An organisation with its first owner. Raises InvalidRequest."""
    if not name.strip():
        raise InvalidRequest([field_problem("name", "required", "Please name your organisation.")])
    with in_transaction():
        organisation = Organisation.objects.create(name=name.strip()[:120])
        Membership.objects.create(organisation=organisation, member=owner, role=Role.OWNER)
    return organisation


def change_billing_details(*, organisation_id: int, details: BillingDetails) -> None:
    """Under GST the State is required and a GSTIN must fit it; under VAT the address is. Raises InvalidRequest."""
    scheme = tax_scheme()
    problems: list[FieldProblem] = []
    gstin = _checked_registration(scheme, details, problems)
    if scheme.has_states and details.state_code not in STATES:
        problems.append(field_problem("state_code", "required", "Please choose your State: it decides the tax."))
    if scheme is TaxScheme.VAT and not details.address.strip():
        problems.append(field_problem("address", "required", "Please give your address: it stands on every invoice."))
    if not details.legal_name.strip():
        problems.append(field_problem("legal_name", "required", "Please give the name invoices are made out to."))
    if problems:
        raise InvalidRequest(problems)
    Organisation.objects.filter(id=organisation_id).update(
        legal_name=details.legal_name.strip()[:160],
        address=details.address.strip()[:400],
        state_code=details.state_code if scheme.has_states else "",
        gstin=gstin,
        phone=details.phone.strip()[:16],
    )


def _checked_registration(scheme: TaxScheme, details: BillingDetails, problems: list[FieldProblem]) -> str:
    if scheme is TaxScheme.NONE or not details.gstin.strip():
        return ""
    return _checked_gstin(details, problems) if scheme.has_states else _checked_vat_number(details, problems)


def _checked_vat_number(details: BillingDetails, problems: list[FieldProblem]) -> str:
    try:
        return normalise_vat_number(details.gstin)
    except InvalidVatNumber as error:
        problems.append(field_problem("gstin", "invalid", str(error)))
        return ""


def _checked_gstin(details: BillingDetails, problems: list[FieldProblem]) -> str:
    try:
        gstin = normalise_gstin(details.gstin)
    except InvalidGstin as error:
        problems.append(field_problem("gstin", "invalid", str(error)))
        return ""
    if details.state_code in STATES and gstin[:2] != details.state_code:
        problems.append(
            field_problem(
                "gstin", "other_state", f"This GSTIN belongs to {STATES[gstin[:2]]}, not to the State chosen."
            )
        )
    return gstin
