"""Messages from phones that are nobody's, and the numbers that are somebody's."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from khata.console.operator.access import OperatorRequest, draw, operator_page
from khata.console.paging import pager
from khata.messaging import inbound_queries as queries


@operator_page
@require_safe
def inbound(request: OperatorRequest) -> HttpResponse:
    """Texts are not shown: what decides whose a message is, is the number it was sent to."""
    pages = pager(request.GET)
    page = queries.unmatched_messages(before_id=pages.before_id)
    older, newer = pages.older(page.next_cursor), pages.newer
    numbers = queries.inbound_numbers()
    return draw(request, "inbound", "inbound", rows=page.rows, numbers=numbers, older=older, newer=newer)
