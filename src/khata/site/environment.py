"""The environment, read once and checked. A wrong value fails at once with a sentence that names it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from khata.billing.core.numbering import PREFIX
from khata.messaging.core.country_names import COUNTRY_NAMES
from khata.messaging.core.dlt import REGISTER_NUMBER
from khata.messaging.core.recipients import INDIA
from khata.messaging.core.send_window import read_window
from khata.messaging.core.velocity import read_rules
from khata.site.variables import Misconfigured, Variables
from khata.tenancy.core.gstin import STATES, InvalidGstin, normalise_gstin
from khata.tenancy.core.tax_scheme import TaxScheme
from khata.webhooks.core.targets import Network

_DNS_SERVER = re.compile(r"([0-9.]+|\[[0-9a-f:.]+\]):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Environment:
    """Every setting Khata reads. `.env.example` explains each."""

    database_url: str
    database_owner_url: str
    secret_key: str
    mode: Literal["sandbox", "live"]
    base_url: str
    razorpay_base_url: str
    razorpay_checkout_url: str
    razorpay_key_id: str
    razorpay_key_secret: str
    razorpay_webhook_secrets: tuple[str, ...]
    stripe_base_url: str
    stripe_checkout_url: str
    stripe_secret_key: str
    stripe_webhook_secrets: tuple[str, ...]
    smpp_host: str
    smpp_port: int
    smpp_system_id: str
    smpp_password: str
    smpp_window: int
    smpp_submits_per_s_max: int
    carriers_file: str
    dlt_telemarketers: tuple[str, ...]
    dlt_send_window: str
    home_region: str
    velocity_rules: tuple[str, ...]
    smtp_host: str
    smtp_port: int
    mail_from: str
    mail_bounce_domain: str
    mail_bounce_secret: str
    mail_spf_include: str
    dns_servers: tuple[str, ...]
    webhook_networks: tuple[Network, ...]
    merchant_name: str
    phone_url: str
    mailbox_url: str
    tax_scheme: TaxScheme
    tax_state_code: str
    tax_rate_bp: int
    tax_country: str
    tax_name: str
    tax_service_code: str
    supplier_name: str
    supplier_address: str
    supplier_gstin: str
    invoice_prefix: str
    credit_note_prefix: str
    trusted_proxies_count: int
    is_sign_up_open: bool
    log_style: str
    has_access_log: bool
    metrics_token: str
    proof_interval_minutes: int

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown or logged."""
        passwords = [unquote(urlsplit(url).password or "") for url in (self.database_url, self.database_owner_url)]
        named = (self.secret_key, self.smpp_password, self.metrics_token, self.mail_bounce_secret)
        of_gateways = (self.razorpay_key_secret, *self.razorpay_webhook_secrets)
        return (*passwords, *named, *of_gateways, self.stripe_secret_key, *self.stripe_webhook_secrets)

    @property
    def checkout_urls(self) -> tuple[str, ...]:
        """Where payers may be sent: the pages of the gateways that are configured."""
        found = ((self.razorpay_key_id, self.razorpay_checkout_url), (self.stripe_secret_key, self.stripe_checkout_url))
        return tuple(url for key, url in found if key)

    @property
    def is_sandbox(self) -> bool:
        return self.mode == "sandbox"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")


def read_environment(source: Mapping[str, str] | None = None) -> Environment:
    """Raises Misconfigured."""
    read = Variables(os.environ if source is None else source)
    mode = read.choice("KHATA_MODE", ("sandbox", "live"), "sandbox")
    country = read.text("KHATA_TAX_COUNTRY", INDIA)
    environment = Environment(
        database_url=read.required("DATABASE_URL"),
        database_owner_url=read.text("KHATA_DATABASE_OWNER_URL", "") or read.required("DATABASE_URL"),
        secret_key=read.required("KHATA_SECRET_KEY"),
        mode="live" if mode == "live" else "sandbox",
        base_url=read.url("KHATA_BASE_URL", "http://localhost:8000"),
        razorpay_base_url=read.url("KHATA_GATEWAY_RAZORPAY_BASE_URL", "https://api.razorpay.com"),
        razorpay_checkout_url=read.url(
            "KHATA_GATEWAY_RAZORPAY_CHECKOUT_URL",
            read.url("KHATA_GATEWAY_RAZORPAY_BASE_URL", "https://api.razorpay.com"),
        ),
        razorpay_key_id=read.text("KHATA_GATEWAY_RAZORPAY_KEY_ID", ""),
        razorpay_key_secret=read.text("KHATA_GATEWAY_RAZORPAY_KEY_SECRET", ""),
        razorpay_webhook_secrets=read.several("KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS"),
        stripe_base_url=read.url("KHATA_GATEWAY_STRIPE_BASE_URL", "https://api.stripe.com"),
        stripe_checkout_url=read.url("KHATA_GATEWAY_STRIPE_CHECKOUT_URL", "https://checkout.stripe.com"),
        stripe_secret_key=read.text("KHATA_GATEWAY_STRIPE_SECRET_KEY", ""),
        stripe_webhook_secrets=read.several("KHATA_GATEWAY_STRIPE_WEBHOOK_SECRETS"),
        smpp_host=read.text("KHATA_SMPP_HOST", "127.0.0.1"),
        smpp_port=read.number("KHATA_SMPP_PORT", 2775),
        smpp_system_id=read.text("KHATA_SMPP_SYSTEM_ID", ""),
        smpp_password=read.text("KHATA_SMPP_PASSWORD", ""),
        smpp_window=read.number("KHATA_SMPP_WINDOW", 100),
        smpp_submits_per_s_max=read.number("KHATA_SMPP_SUBMITS_PER_SECOND_MAX", 0),
        carriers_file=read.text("KHATA_CARRIERS_FILE", ""),
        dlt_telemarketers=read.several("KHATA_DLT_TELEMARKETERS"),
        dlt_send_window=read.text("KHATA_DLT_SEND_WINDOW", "10:00-21:00"),
        home_region=read.text("KHATA_HOME_REGION", INDIA),
        velocity_rules=read.several("KHATA_VELOCITY_RULES", "*:200/1000"),
        smtp_host=read.text("KHATA_SMTP_HOST", "127.0.0.1"),
        smtp_port=read.number("KHATA_SMTP_PORT", 1025),
        mail_from=read.text("KHATA_MAIL_FROM", "Khata <khata@localhost>"),
        mail_bounce_domain=read.text("KHATA_MAIL_BOUNCE_DOMAIN", ""),
        mail_bounce_secret=read.text("KHATA_MAIL_BOUNCE_SECRET", ""),
        mail_spf_include=read.text("KHATA_MAIL_SPF_INCLUDE", ""),
        dns_servers=read.several("KHATA_DNS_SERVERS"),
        webhook_networks=read.networks("KHATA_WEBHOOK_NETWORKS"),
        merchant_name=read.text("KHATA_MERCHANT_NAME", "Khata"),
        phone_url=read.text("KHATA_PHONE_URL", ""),
        mailbox_url=read.text("KHATA_MAILBOX_URL", ""),
        tax_scheme=TaxScheme(read.choice("KHATA_TAX_SCHEME", tuple(TaxScheme), _usual_scheme(country))),
        tax_state_code=read.text("KHATA_TAX_STATE_CODE", "29"),
        tax_rate_bp=read.percent("KHATA_TAX_RATE_PERCENT", "18"),
        tax_country=country,
        tax_name=read.text("KHATA_TAX_NAME", "VAT"),
        tax_service_code=read.text("KHATA_TAX_SERVICE_CODE", "998413"),
        supplier_name=read.text("KHATA_SUPPLIER_NAME", read.text("KHATA_MERCHANT_NAME", "Khata")),
        supplier_address=read.text("KHATA_SUPPLIER_ADDRESS", "").replace("\\n", "\n"),
        supplier_gstin=read.text("KHATA_SUPPLIER_GSTIN", "").upper(),
        invoice_prefix=read.text("KHATA_INVOICE_PREFIX", "KH"),
        credit_note_prefix=read.text("KHATA_CREDIT_NOTE_PREFIX", "CN"),
        trusted_proxies_count=read.number("KHATA_TRUSTED_PROXIES", 0),
        is_sign_up_open=read.choice("KHATA_SIGN_UP", ("open", "closed"), "open") == "open",
        log_style=read.choice("KHATA_LOG", ("auto", "json", "text"), "auto"),
        has_access_log=read.choice("KHATA_ACCESS_LOG", ("on", "off"), "on") == "on",
        metrics_token=read.text("KHATA_METRICS_TOKEN", ""),
        proof_interval_minutes=read.number("KHATA_PROOF_INTERVAL_MINUTES", 60),
    )
    _check_together(environment)
    _check_invoicing(environment)
    _check_dlt(environment)
    _check_destinations(environment)
    return environment


def _check_together(environment: Environment) -> None:
    if len(environment.secret_key) < 32:
        raise Misconfigured("KHATA_SECRET_KEY must be at least 32 characters of randomness.")
    if 0 < len(environment.metrics_token) < 16:
        raise Misconfigured("KHATA_METRICS_TOKEN must be at least 16 characters of randomness.")
    if strange := [text for text in environment.dns_servers if not _DNS_SERVER.fullmatch(text)]:
        raise Misconfigured(f"KHATA_DNS_SERVERS must list addresses like 10.0.0.2:53, not “{strange[0]}”.")
    if environment.smpp_window < 1:
        raise Misconfigured("KHATA_SMPP_WINDOW must be at least 1.")
    if environment.mode == "live" and not environment.is_https:
        raise Misconfigured("KHATA_BASE_URL must begin with https:// when KHATA_MODE is live.")
    _check_key(environment.mode, "KHATA_GATEWAY_RAZORPAY_KEY_ID", environment.razorpay_key_id)
    _check_key(environment.mode, "KHATA_GATEWAY_STRIPE_SECRET_KEY", environment.stripe_secret_key)
    for name, url in (("RAZORPAY", environment.razorpay_base_url), ("STRIPE", environment.stripe_base_url)):
        if environment.mode == "live" and not url.startswith("https://"):
            raise Misconfigured(f"KHATA_GATEWAY_{name}_BASE_URL must begin with https:// when KHATA_MODE is live.")


def _check_invoicing(environment: Environment) -> None:
    prefixes = {
        "KHATA_INVOICE_PREFIX": environment.invoice_prefix,
        "KHATA_CREDIT_NOTE_PREFIX": environment.credit_note_prefix,
    }
    for name, prefix in prefixes.items():
        if not PREFIX.fullmatch(prefix):
            raise Misconfigured(f"{name} must be one to three capital letters or digits, not “{prefix}”.")
    if len(set(prefixes.values())) < len(prefixes):
        raise Misconfigured("KHATA_INVOICE_PREFIX and KHATA_CREDIT_NOTE_PREFIX must differ: each numbers a series.")
    if not re.fullmatch(r"[A-Z]{2}", environment.tax_country):
        raise Misconfigured(f"KHATA_TAX_COUNTRY must be two capital letters, not “{environment.tax_country}”.")
    if not re.fullmatch(r"[0-9]{0,8}", environment.tax_service_code):
        raise Misconfigured("KHATA_TAX_SERVICE_CODE must be at most eight digits.")
    if environment.tax_scheme not in (_usual_scheme(environment.tax_country), TaxScheme.NONE):
        raise Misconfigured("KHATA_TAX_SCHEME is gst or none where KHATA_TAX_COUNTRY is IN, vat or none elsewhere.")
    if environment.tax_scheme.has_states:
        _check_indian_supplier(environment)


def _usual_scheme(country: str) -> TaxScheme:
    return TaxScheme.GST if country == INDIA else TaxScheme.VAT


def _check_indian_supplier(environment: Environment) -> None:
    if environment.tax_state_code not in STATES:
        raise Misconfigured(f"KHATA_TAX_STATE_CODE: no State has the code “{environment.tax_state_code}”.")
    if environment.tax_rate_bp % 2:
        raise Misconfigured("KHATA_TAX_RATE_PERCENT: CGST and SGST are half of it each, in hundredths of a percent.")
    if not environment.supplier_gstin:
        return
    try:
        gstin = normalise_gstin(environment.supplier_gstin)
    except InvalidGstin as error:
        raise Misconfigured(f"KHATA_SUPPLIER_GSTIN: {error}") from error
    if gstin[:2] != environment.tax_state_code:
        raise Misconfigured("KHATA_SUPPLIER_GSTIN belongs to another State than KHATA_TAX_STATE_CODE.")


def _check_dlt(environment: Environment) -> None:
    strange = next((text for text in environment.dlt_telemarketers if not REGISTER_NUMBER.fullmatch(text)), None)
    if strange is not None:
        raise Misconfigured(f"KHATA_DLT_TELEMARKETERS must be numbers of 12 to 20 digits, not “{strange}”.")
    try:
        read_window(environment.dlt_send_window)
    except ValueError as error:
        raise Misconfigured(f"KHATA_DLT_SEND_WINDOW: {error}.") from error


def _check_destinations(environment: Environment) -> None:
    if environment.home_region not in COUNTRY_NAMES:
        raise Misconfigured(f"KHATA_HOME_REGION must be a country like IN, not “{environment.home_region}”.")
    try:
        read_rules(environment.velocity_rules)
    except ValueError as error:
        raise Misconfigured(f"KHATA_VELOCITY_RULES: {error}.") from error


def _check_key(mode: str, name: str, key: str) -> None:
    """Both gateways say in the key itself whether its money is real."""
    key_mode = "live" if "_live_" in key else "sandbox"
    if key and key_mode != mode:
        raise Misconfigured(f"KHATA_MODE is {mode}, but {name} is a {'live' if key_mode == 'live' else 'test'} key.")
