"""What the environment and the price lists say, without asking any far end."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from khata.kernel.errors import KhataError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
DEPLOY_CHECKS_NOT_OURS = frozenset(
    {
        "security.W008",  # Redirecting http to https is the proxy's work, and the API must not redirect at all.
        "security.W021",  # Preloading is the operator's decision about the whole domain.
    }
)


def prices(environment: Any) -> Iterator[str]:
    # Django's models cannot be imported before it is set up.
    from khata.pricing.queries import credit_price, rate_card_now

    try:
        credit_price()
    except KhataError as error:
        yield error.detail
    if not rate_card_now().rates:
        yield "No rate is in force: every message would be refused. Run `khata migrate`."


def jobs(environment: Any) -> Iterator[str]:
    """A worker finds jobs by the name of their modules; one that finds none would settle nothing by itself."""
    from procrastinate.contrib.django import app

    if not any(name.startswith("billing.") for name in app.tasks):
        yield "PROCRASTINATE_AUTODISCOVER_MODULE_NAME: no background job is found; it must be “jobs”."


def gateway(environment: Any) -> Iterator[str]:
    razorpay, stripe = "KHATA_GATEWAY_RAZORPAY", "KHATA_GATEWAY_STRIPE"
    unheard = "webhooks are refused, and payments settle only when polled"
    if not environment.razorpay_key_id and not environment.stripe_secret_key:
        yield f"{razorpay}_KEY_ID is not set, nor is {stripe}_SECRET_KEY: nobody can pay."
    if environment.razorpay_key_id and not environment.razorpay_key_secret:
        yield f"{razorpay}_KEY_SECRET is not set: the gateway will refuse us."
    if environment.razorpay_key_id and not environment.razorpay_webhook_secrets:
        yield f"{razorpay}_WEBHOOK_SECRETS is not set: {unheard}."
    if environment.stripe_secret_key and not environment.stripe_webhook_secrets:
        yield f"{stripe}_WEBHOOK_SECRETS is not set: {unheard}."


def carrier(environment: Any) -> Iterator[str]:
    if environment.carriers_file:
        return  # What it says was checked when it was read.
    if not environment.smpp_system_id:
        yield "KHATA_SMPP_SYSTEM_ID is not set: accepted messages would wait and fail."
    elif not environment.smpp_password:
        yield "KHATA_SMPP_PASSWORD is not set: the carrier will refuse us."


def supplier(environment: Any) -> Iterator[str]:
    """Who issues the invoices; only where they are real."""
    if environment.is_sandbox:
        return
    if environment.supplier_name in ("", environment.merchant_name):
        yield "KHATA_SUPPLIER_NAME is not set: invoices name KHATA_MERCHANT_NAME as who issues them."
    if not environment.supplier_address:
        yield "KHATA_SUPPLIER_ADDRESS is not set: it must stand on every invoice."
    if environment.tax_scheme == "gst" and not environment.supplier_gstin:
        yield "KHATA_SUPPLIER_GSTIN is not set: an invoice without it gives customers no input tax credit."


def mode(environment: Any) -> Iterator[str]:
    if environment.is_sandbox:
        return
    for name, url in (("RAZORPAY", environment.razorpay_base_url), ("STRIPE", environment.stripe_base_url)):
        if urlsplit(url).hostname in LOOPBACK:
            yield f"KHATA_MODE is live, but KHATA_GATEWAY_{name}_BASE_URL is a gateway on this machine."
    for name, url in (("KHATA_PHONE_URL", environment.phone_url), ("KHATA_MAILBOX_URL", environment.mailbox_url)):
        if url:
            yield f"KHATA_MODE is live, but {name} leads to a simulated far end."


def framework(environment: Any) -> Iterator[str]:
    from django.core.checks import run_checks

    for message in run_checks(include_deployment_checks=not environment.is_sandbox):
        if not message.is_silenced() and message.id not in DEPLOY_CHECKS_NOT_OURS:
            yield f"{message.id}: {message.msg}"
