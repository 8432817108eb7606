"""The environment, read once and checked. A wrong value fails at once with a sentence that names it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit


class Misconfigured(Exception):
    """The environment is wrong; the message says what and how to mend it."""


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
    smpp_host: str
    smpp_port: int
    smpp_system_id: str
    smpp_password: str
    smtp_host: str
    smtp_port: int
    mail_from: str
    merchant_name: str
    phone_url: str
    mailbox_url: str
    tax_state_code: str
    tax_rate_percent: int
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
        named = (self.secret_key, self.razorpay_key_secret, self.smpp_password, self.metrics_token)
        return (*passwords, *named, *self.razorpay_webhook_secrets)

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
    read = _Reader(os.environ if source is None else source)
    mode = read.choice("KHATA_MODE", ("sandbox", "live"), "sandbox")
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
        smpp_host=read.text("KHATA_SMPP_HOST", "127.0.0.1"),
        smpp_port=read.number("KHATA_SMPP_PORT", 2775),
        smpp_system_id=read.text("KHATA_SMPP_SYSTEM_ID", ""),
        smpp_password=read.text("KHATA_SMPP_PASSWORD", ""),
        smtp_host=read.text("KHATA_SMTP_HOST", "127.0.0.1"),
        smtp_port=read.number("KHATA_SMTP_PORT", 1025),
        mail_from=read.text("KHATA_MAIL_FROM", "Khata <khata@localhost>"),
        merchant_name=read.text("KHATA_MERCHANT_NAME", "Khata"),
        phone_url=read.text("KHATA_PHONE_URL", ""),
        mailbox_url=read.text("KHATA_MAILBOX_URL", ""),
        tax_state_code=read.text("KHATA_TAX_STATE_CODE", "29"),
        tax_rate_percent=read.number("KHATA_TAX_RATE_PERCENT", 18),
        trusted_proxies_count=read.number("KHATA_TRUSTED_PROXIES", 0),
        is_sign_up_open=read.choice("KHATA_SIGN_UP", ("open", "closed"), "open") == "open",
        log_style=read.choice("KHATA_LOG", ("auto", "json", "text"), "auto"),
        has_access_log=read.choice("KHATA_ACCESS_LOG", ("on", "off"), "on") == "on",
        metrics_token=read.text("KHATA_METRICS_TOKEN", ""),
        proof_interval_minutes=read.number("KHATA_PROOF_INTERVAL_MINUTES", 60),
    )
    _check_together(environment)
    return environment


def _check_together(environment: Environment) -> None:
    if len(environment.secret_key) < 32:
        raise Misconfigured("KHATA_SECRET_KEY must be at least 32 characters of randomness.")
    if 0 < len(environment.metrics_token) < 16:
        raise Misconfigured("KHATA_METRICS_TOKEN must be at least 16 characters of randomness.")
    if environment.mode == "live" and not environment.is_https:
        raise Misconfigured("KHATA_BASE_URL must begin with https:// when KHATA_MODE is live.")
    live_key = environment.razorpay_key_id.startswith("rzp_live_")
    if environment.razorpay_key_id and live_key != (environment.mode == "live"):
        raise Misconfigured(
            f"KHATA_MODE is {environment.mode}, but KHATA_GATEWAY_RAZORPAY_KEY_ID is a "
            f"{'live' if live_key else 'test'} key."
        )
    if environment.mode == "live" and not environment.razorpay_base_url.startswith("https://"):
        raise Misconfigured("KHATA_GATEWAY_RAZORPAY_BASE_URL must begin with https:// when KHATA_MODE is live.")


class _Reader:
    def __init__(self, source: Mapping[str, str]) -> None:
        self.source = source

    def text(self, name: str, default: str) -> str:
        """`NAME`, or the content of the file named by `NAME_FILE` (for secrets)."""
        path = self.source.get(f"{name}_FILE")
        if path:
            try:
                with open(path, encoding="utf-8") as file:
                    return file.read().strip()
            except OSError as error:
                raise Misconfigured(f"{name}_FILE cannot be read: {error.strerror}.") from error
        return self.source.get(name, default).strip() or default

    def required(self, name: str) -> str:
        value = self.text(name, "")
        if not value:
            raise Misconfigured(f"{name} is not set.")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise Misconfigured(f"{name} must be one of {', '.join(choices)}, not “{value}”.")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit():
            raise Misconfigured(f"{name} must be a whole number, not “{value}”.")
        return int(value)

    def url(self, name: str, default: str) -> str:
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misconfigured(f"{name} must be an http:// or https:// address, not “{value}”.")
        return value

    def several(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())
