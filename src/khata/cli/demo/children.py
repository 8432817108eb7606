"""The demo's processes: what each is started with, and how to see that it is ready."""

import os
import signal
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from khata.cli.demo.options import Options
from khata.cli.demo.state import DemoState

OURS = ("KHATA_", "DATABASE_URL", "DJANGO_", "SANDBOX_", "PG")
NO_PROXY = "localhost,127.0.0.1,::1"


@dataclass(frozen=True, slots=True)
class Child:
    """One process. Ready when every one of `tcp` accepts a connection and `http` answers with `http_statuses`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    tcp: tuple[tuple[str, int], ...] = ()
    http: str = ""
    http_statuses: range = range(100, 600)
    dies_by: signal.Signals = signal.SIGTERM
    """What it gets when the demo itself was killed."""


def children(options: Options, state: DemoState, database_url: str) -> list[Child]:
    """In the order of starting; they end in the opposite one."""
    return [
        _gateway(options, state),
        _smsc(options, state),
        _mailbox(options, state),
        _worker(options, state, database_url),
        _web(options, state, database_url),
    ]


def khata_environment(options: Options, state: DemoState, database_url: str) -> dict[str, str]:
    """How Khata's own processes are configured: as in production, by environment."""
    return {
        **_foreign_environment(),
        "DATABASE_URL": database_url,
        "KHATA_SECRET_KEY": state.secret_key,
        "KHATA_MODE": "sandbox",
        "KHATA_BASE_URL": options.base_url,
        "KHATA_MERCHANT_NAME": "Khata Demo",
        "KHATA_MAIL_FROM": "Khata Demo <khata@example.com>",
        "KHATA_SUPPLIER_NAME": "Khata Demo Private Limited",
        "KHATA_SUPPLIER_ADDRESS": "14 Church Street\\nBengaluru 560001",
        "KHATA_SUPPLIER_GSTIN": "29AAFCK1234M1ZC",
        "KHATA_GATEWAY_RAZORPAY_BASE_URL": options.gateway_url,
        "KHATA_GATEWAY_RAZORPAY_KEY_ID": state.gateway_key_id,
        "KHATA_GATEWAY_RAZORPAY_KEY_SECRET": state.gateway_key_secret,
        "KHATA_GATEWAY_RAZORPAY_WEBHOOK_SECRETS": state.webhook_secret,
        "KHATA_SMPP_HOST": options.connect_host,
        "KHATA_SMPP_PORT": str(options.ports.smsc),
        "KHATA_SMPP_SYSTEM_ID": state.smpp_system_id,
        "KHATA_SMPP_PASSWORD": state.smpp_password,
        "KHATA_SMTP_HOST": options.connect_host,
        "KHATA_SMTP_PORT": str(options.ports.smtp),
        "KHATA_MAIL_BOUNCE_DOMAIN": "bounces.khata.example",
        "KHATA_MAIL_BOUNCE_SECRET": state.bounce_secret,
        "KHATA_MAIL_SPF_INCLUDE": "spf.khata.example",
        "KHATA_DNS_SERVERS": options.dns_server,
        "KHATA_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",
        "KHATA_PHONE_URL": options.phone_url,
        "KHATA_MAILBOX_URL": options.mailbox_url,
    }


def migration(options: Options, state: DemoState, database_url: str, owner_url: str) -> Child:
    """Runs to its end before the others start. The owner's URL goes to this one alone."""
    environment = {**khata_environment(options, state, database_url), "KHATA_DATABASE_OWNER_URL": owner_url}
    return Child("migrate", _script("khata", "migrate"), environment)


def seeding(options: Options, state: DemoState, database_url: str) -> Child:
    """Runs to its end after the migration."""
    command = (sys.executable, "-m", "khata.cli.demo.seeding", str(options.data_dir))
    return Child("seed", command, khata_environment(options, state, database_url))


def _web(options: Options, state: DemoState, database_url: str) -> Child:
    return Child(
        "web",
        _script("khata", "serve", "--host", options.host, "--port", str(options.ports.web)),
        khata_environment(options, state, database_url),
        http=options.ready_url,
        http_statuses=range(200, 300),
    )


def _worker(options: Options, state: DemoState, database_url: str) -> Child:
    # Asked to end, it would finish its work first, and wait for a database that went down with the demo.
    environment = khata_environment(options, state, database_url)
    return Child("worker", _script("khata", "worker"), environment, dies_by=signal.SIGKILL)


def _gateway(options: Options, state: DemoState) -> Child:
    flags = {"host": options.host, "port": options.ports.gateway, "data-dir": options.data_dir / "gateway"}
    return Child(
        "gateway",
        _sandbox("gateway", {**flags, "webhook-url": options.webhook_url, "merchant-name": "Khata Demo"}),
        {
            **_foreign_environment(),
            "SANDBOX_GATEWAY_KEY_ID": state.gateway_key_id,
            "SANDBOX_GATEWAY_KEY_SECRET": state.gateway_key_secret,
            "SANDBOX_GATEWAY_WEBHOOK_SECRET": state.webhook_secret,
        },
        http=f"{options.gateway_url}/healthz",
    )


def _smsc(options: Options, state: DemoState) -> Child:
    flags = {"host": options.host, "port": options.ports.smsc, "http-port": options.ports.phone}
    return Child(
        "smsc",
        _sandbox("smsc", {**flags, "data-dir": options.data_dir / "smsc"}),
        {
            **_foreign_environment(),
            "SANDBOX_SMSC_SYSTEM_ID": state.smpp_system_id,
            "SANDBOX_SMSC_PASSWORD": state.smpp_password,
        },
        tcp=((options.connect_host, options.ports.smsc), (options.connect_host, options.ports.phone)),
    )


def _mailbox(options: Options, state: DemoState) -> Child:
    flags = {"host": options.host, "port": options.ports.smtp, "http-port": options.ports.mailbox}
    records = (word for record in state.dns_records for word in ("--record", record))
    report_url = f"{options.report_url}/{state.bounce_secret}"
    return Child(
        "mailbox",
        (*_sandbox("mailbox", {**flags, "data-dir": options.data_dir / "mailbox"}), *records),
        {**_foreign_environment(), "SANDBOX_MAILBOX_REPORT_URL": report_url},
        tcp=((options.connect_host, options.ports.smtp), (options.connect_host, options.ports.mailbox)),
    )


def _sandbox(name: str, flags: Mapping[str, object]) -> tuple[str, ...]:
    return _script("khata-sandbox", name, *(word for key, value in flags.items() for word in (f"--{key}", str(value))))


def _script(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(Path(sysconfig.get_path("scripts")) / name), *arguments)


def _foreign_environment() -> dict[str, str]:
    """Ours without what would configure Khata, its far ends or PostgreSQL's client behind our back."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    # The demo's processes talk to each other on this machine, which no proxy can reach.
    return inherited | {"NO_PROXY": NO_PROXY, "no_proxy": NO_PROXY}
