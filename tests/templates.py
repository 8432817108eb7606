"""An organisation with two registered templates and checks switched on."""

from uuid import UUID

from khata.messaging import template_queries
from khata.messaging.operations import TemplateToAdd, add_sender, add_template, change_registration

ENTITY = "1101172974420810001"
OTP = TemplateToAdd("1107161234567890001", "Code", "ACMEIN", "service_implicit", "{#numeric#} is your code for {#var#}")
SALE = TemplateToAdd("1107161234567890002", "Sale", "112233", "promotional", "Sale at {#var#} today")


def register(organisation_id: int) -> None:
    change_registration(organisation_id=organisation_id, entity_ref=ENTITY, is_checked=True)
    for template in (OTP, SALE):
        add_sender(organisation_id=organisation_id, name=template.sender)
        add_template(organisation_id=organisation_id, template=template)


def template_id(organisation_id: int, ref: str) -> UUID:
    """Of the one in use with that number."""
    in_use = template_queries.templates_in_use(organisation_id=organisation_id)
    return next(template.id for template in in_use if template.template_ref == ref)
