"""The addresses of the operator's pages."""

from django.urls import path, register_converter

from khata.console.converters import public_id_converter
from khata.console.operator.views import carriers, inbound, organisations, overview, reconciliation, records, top_ups
from khata.kernel.ids import NotAnId, organisation_id_from_public, public_organisation_id


class OrganisationId:
    """`org_…`; a wrong one is no address of ours."""

    regex = "org_[0-9a-z]{13}"

    def to_python(self, text: str) -> int:
        organisation_id = organisation_id_from_public(text)
        if not 0 < organisation_id < 2**63:
            raise NotAnId(text)
        return organisation_id

    def to_url(self, value: int | str) -> str:
        return value if isinstance(value, str) else public_organisation_id(value)


register_converter(OrganisationId, "organisation")
register_converter(public_id_converter("top"), "any_top_up")

urlpatterns = [
    path("", overview.overview, name="operator_overview"),
    path("organisations/", organisations.organisations, name="operator_organisations"),
    path("organisations/<organisation:organisation_id>/", organisations.organisation, name="operator_organisation"),
    path("organisations/<organisation:organisation_id>/stop/", organisations.stop, name="operator_stop"),
    path("organisations/<organisation:organisation_id>/allow/", organisations.allow, name="operator_allow"),
    path("organisations/<organisation:organisation_id>/grant/", organisations.grant, name="operator_grant"),
    path("top-ups/", top_ups.top_ups, name="operator_top_ups"),
    path("top-ups/<any_top_up:top_up_id>/", top_ups.top_up, name="operator_top_up"),
    path("top-ups/<any_top_up:top_up_id>/check/", top_ups.check, name="operator_check"),
    path("top-ups/<any_top_up:top_up_id>/refund/", top_ups.refund, name="operator_refund"),
    path("top-ups/<any_top_up:top_up_id>/credit/<str:payment_ref>/", top_ups.credit, name="operator_credit"),
    path("top-ups/<any_top_up:top_up_id>/close/", top_ups.close, name="operator_close"),
    path("reconciliation/", reconciliation.reconciliation, name="operator_reconciliation"),
    path("reconciliation/now/", reconciliation.reconcile, name="operator_reconcile"),
    path("reconciliation/<uuid:finding_id>/", reconciliation.finding, name="operator_finding"),
    path("reconciliation/<uuid:finding_id>/repair/", reconciliation.repair, name="operator_repair"),
    path("reconciliation/<uuid:finding_id>/looked-at/", reconciliation.look_at, name="operator_look_at"),
    path("carriers/", carriers.carriers, name="operator_carriers"),
    path("inbound/", inbound.inbound, name="operator_inbound"),
    path("proof/", records.proof, name="operator_proof"),
    path("proof/now/", records.prove, name="operator_prove"),
    path("webhooks/", records.webhooks, name="operator_webhooks"),
    path("audit/", records.audit, name="operator_audit"),
]
