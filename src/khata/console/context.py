"""What the frame around every page shows."""

from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.http import HttpRequest

from khata.billing import queries as billing
from khata.billing.configuration import tax_law
from khata.console.access import owner_names
from khata.console.payment_words import is_on_its_way
from khata.console.phones import calling_code
from khata.console.requests import ConsoleRequest, MemberRequest
from khata.ledger import queries as ledger
from khata.ledger.queries import Balance
from khata.messaging.configuration import home_region
from khata.notices import queries as notices
from khata.notices.core.outlook import Outlook
from khata.payments.registry import gateways
from khata.pricing import queries as pricing
from khata.pricing.core.rate_card import Rate

AREAS = {
    "dashboard": "dashboard",
    "send_sms": "send",
    "send_email": "send",
    "domains": "send",
    "domain": "send",
    "domain_remove": "send",
    "suppressions": "logs",
    "templates": "templates",
    "template": "templates",
    "template_new": "templates",
    "template_retire": "templates",
    "templates_import": "templates",
    "templates_test": "templates",
    "senders": "templates",
    "sender_add": "templates",
    "logs": "logs",
    "message": "logs",
    "message_cancel": "logs",
    "inbound": "logs",
    "opt_outs": "logs",
    "opt_out_add": "logs",
    "opt_out_remove": "logs",
    "billing": "billing",
    "billing_details": "billing",
    "add_credits": "billing",
    "credit_history": "billing",
    "invoices": "billing",
    "plan": "billing",
    "plan_choose": "billing",
    "plan_cancel": "billing",
    "alerts": "billing",
    "auto_top_up": "billing",
    "payment": "billing",
    "payment_checkout": "billing",
    "keys": "keys",
    "key_revoke": "keys",
    "webhooks": "webhooks",
    "webhook_endpoint": "webhooks",
    "webhook_rotate": "webhooks",
    "webhook_delete": "webhooks",
    "webhook_delivery": "webhooks",
    "settings": "settings",
    "countries": "settings",
    "limits": "settings",
}
"""Which entry of the sidebar a page belongs to, by the page's name."""

_BALANCE_LIVE_ON = ("dashboard", "send_sms", "logs", "balance")

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Purchasing:
    """About how many one-segment SMS at home, or e-mails, some credits buy."""

    sms_count: int
    email_count: int


@dataclass(frozen=True, slots=True)
class Wallet:
    """The one balance, as the header and the cards tell it."""

    balance: Balance
    outlook: Outlook
    buys: Purchasing
    pending_minor: int
    """What payments under way will charge, tax included; 0 where there are none."""
    pending_count: int

    @property
    def owed_micro(self) -> int:
        """What a payment that went back took beyond all there was; 0 where nothing is owed."""
        return max(0, -self.balance.available)

    @property
    def is_empty(self) -> bool:
        return self.outlook.is_empty

    @property
    def is_low(self) -> bool:
        """It tells; only zero stops."""
        return self.outlook.is_low


def frame(request: HttpRequest) -> dict[str, object]:
    """Template variables of every page; few for visitors, so that no page needs an organisation to be drawn."""
    visitor = cast("ConsoleRequest", request)
    shown: dict[str, object] = {
        "theme": theme_of(request),
        "is_sandbox": settings.ENVIRONMENT.is_sandbox,
        "is_sign_up_open": settings.ENVIRONMENT.is_sign_up_open,
    }
    if getattr(visitor, "membership", None) is None:
        return shown
    member = cast("MemberRequest", request)
    page = (member.resolver_match.url_name or "") if member.resolver_match else ""
    shown |= {
        "organisation": member.organisation,
        "may_pay": member.membership.is_owner,
        "owner_names": [] if member.membership.is_owner else owner_names(member),
        "wallet": wallet_of(member.organisation.id),
        "page": page,
        "area": AREAS.get(page, ""),
        "is_balance_live": page in _BALANCE_LIVE_ON,
        "tax_name": tax_law().tax_name,
    }
    return shown


def wallet_of(organisation_id: int) -> Wallet:
    balance = ledger.balance(organisation_id=organisation_id)
    pending = [row for row in billing.open_top_ups(organisation_id=organisation_id) if is_on_its_way(row)]
    return Wallet(
        balance=balance,
        outlook=notices.outlook(organisation_id=organisation_id),
        buys=purchasing(balance.available),
        pending_minor=sum(row.total_minor for row in pending),
        pending_count=len(pending),
    )


def payment_methods() -> tuple[str, ...]:
    """What the gateways' pages offer, each once and in their order; () where no gateway is configured."""
    return tuple(dict.fromkeys(method for gateway in gateways() for method in gateway.capabilities.methods))


def purchasing(credits_micro: int) -> Purchasing:
    rates = pricing.rate_card()
    return Purchasing(
        sms_count=_count(credits_micro, rates.rate_for("sms", calling_code(home_region()))),
        email_count=_count(credits_micro, rates.rate_for("email")),
    )


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else "system"


def _count(available: int, rate: Rate | None) -> int:
    return available // rate.credits_micro if rate and available > 0 else 0
