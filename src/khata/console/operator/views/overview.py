"""Overview: today's figures of the installation, and what waits for a person."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from khata.billing.figures import last_reconciled_at, recent_top_ups_by_state
from khata.billing.queries import TopUpState
from khata.billing.queries import operator as operator_queries
from khata.console.operator.access import OperatorRequest, draw, operator_page
from khata.ledger.figures import last_proof_run, used_micro_since, wallet_figures

_ACTIONS_SHOWN = 5


@operator_page
@require_safe
def overview(request: OperatorRequest) -> HttpResponse:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    by_state = recent_top_ups_by_state()
    return draw(
        request,
        "overview",
        "overview",
        sales=operator_queries.sales_since(since=midnight),
        used_micro=used_micro_since(midnight),
        wallets=wallet_figures(),
        work=operator_queries.open_work(),
        by_state=[(state.value, by_state.get(state.value, 0)) for state in TopUpState],
        proof=last_proof_run(),
        reconciled_at=last_reconciled_at(),
        actions=operator_queries.operator_actions(limit=_ACTIONS_SHOWN).rows,
    )
