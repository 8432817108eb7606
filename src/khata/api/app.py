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
from khata.api.domains import check_domain, create_domain, delete_domain, list_domains, read_domain
from khata.api.health import healthz, readyz
from khata.api.inbound_messages import list_inbound_messages, read_inbound_message
from khata.api.invoices import list_invoices, read_invoice, read_invoice_pdf
from khata.api.messages import cancel_message, list_messages, read_message
from khata.api.opt_outs import create_opt_outs, delete_opt_out, list_opt_outs
from khata.api.options import options_handlers
from khata.api.problems import refuse, refuse_http, refuse_unexpected
from khata.api.quotes import create_quote
from khata.api.refunds import create_refund
from khata.api.suppressions import delete_suppression, list_suppressions
from khata.api.templates import create_template, list_templates, read_template
from khata.api.top_ups import create_top_up, list_top_ups, read_top_up
from khata.api.webhook_endpoints import (
    change_webhook_endpoint,
    create_webhook_endpoint,
    delete_webhook_endpoint,
    list_webhook_deliveries,
    list_webhook_endpoints,
    read_webhook_endpoint,
    resend_webhook_delivery,
    rotate_webhook_secret,
    test_webhook_endpoint,
)
from khata.api.writer import drain_acceptance_writer
from khata.kernel.errors import KhataError

HANDLERS = (
    hot.send_message,
    create_batch,
    list_messages,
    read_message,
    cancel_message,
    create_quote,
    list_inbound_messages,
    read_inbound_message,
    create_opt_outs,
    list_opt_outs,
    delete_opt_out,
    create_template,
    list_templates,
    read_template,
    read_balance,
    list_credit_history,
    create_top_up,
    create_refund,
    list_top_ups,
    read_top_up,
    list_invoices,
    read_invoice,
    read_invoice_pdf,
    create_domain,
    list_domains,
    read_domain,
    check_domain,
    delete_domain,
    list_suppressions,
    delete_suppression,
    create_webhook_endpoint,
    list_webhook_endpoints,
    read_webhook_endpoint,
    change_webhook_endpoint,
    delete_webhook_endpoint,
    rotate_webhook_secret,
    test_webhook_endpoint,
    list_webhook_deliveries,
    resend_webhook_delivery,
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
