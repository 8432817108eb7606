"""The audit trail as tests read it."""

from khata.billing.models import OperatorAction


def deeds(organisation_id: int) -> list[tuple[str, str]]:
    """Deed and reason, oldest first."""
    rows = OperatorAction.objects.filter(organisation_id=organisation_id).order_by("at")
    return [(row.deed, row.reason) for row in rows]
