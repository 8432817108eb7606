"""The API as one ASGI application."""

from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send

from khata.api import hot
from khata.api.balance import read_balance
from khata.api.batch import create_batch
from khata.api.credit_history import list_credit_history
from khata.api.docs import list_errors, read_error, read_openapi, read_reference, read_style
from khata.api.health import healthz, readyz
from khata.api.invoices import list_invoices, read_invoice, read_invoice_pdf
from khata.api.messages import list_messages, read_message
from khata.api.options import options_handlers
from khata.api.problems import refuse, refuse_http, refuse_unexpected
from khata.api.quotes import create_quote
from khata.api.refunds import create_refund
from khata.api.top_ups import create_top_up, list_top_ups, read_top_up
from khata.api.writer import drain_acceptance_writer
from khata.kernel.errors import KhataError

HANDLERS = (
    hot.send_message,
    create_batch,
    list_messages,
    read_message,
    create_quote,
    read_balance,
    list_credit_history,
    create_top_up,
    create_refund,
    list_top_ups,
    read_top_up,
    list_invoices,
    read_invoice,
    read_invoice_pdf,
    read_openapi,
    read_reference,
    read_style,
    list_errors,
    read_error,
    healthz,
    readyz,
)


def create_api() -> ASGIApp:
    """Every refusal, the framework's own included, leaves as a problem document. site/requests.py gives ids."""
    handlers: dict[Any, Any] = {KhataError: refuse, HTTPException: refuse_http, Exception: refuse_unexpected}
    api = Litestar(
        route_handlers=[*options_handlers(HANDLERS), *HANDLERS],
        exception_handlers=handlers,
        openapi_config=None,
        logging_config=None,
        on_shutdown=[drain_acceptance_writer],
    )

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        is_hot = scope["type"] == ScopeType.HTTP and scope["path"] == hot.PATH and scope["method"] == "POST"
        await (hot.create_message if is_hot else api)(scope, receive, send)

    return route
