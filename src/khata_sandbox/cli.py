"""`khata-sandbox gateway | smsc | mailbox`: each far end as a process of its own, on loopback unless told otherwise.

Every option can come from the environment too, which is the place for secrets: command lines are visible to others.
With SANDBOX_DIE_WITH_PARENT=1 the process ends when the one that started it does (Linux).
"""

import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from khata_sandbox.process import StartRefused, die_with_parent
from khata_sandbox.smsc.settings import DEFAULT_PASSWORD, WINDOW_DEFAULT, SmscSettings, accounts_from

app = typer.Typer(
    help="A world for Khata to talk to: a payment gateway, an SMSC, a mailbox.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_LISTEN_HELP = "Address to listen on; any but loopback lets other machines in."


@app.callback()
def _prepare() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if os.environ.get("SANDBOX_DIE_WITH_PARENT") == "1":
        die_with_parent()


@app.command()
def gateway(
    host: Annotated[
        str | None, typer.Option(envvar="SANDBOX_GATEWAY_HOST", help=_LISTEN_HELP, show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(envvar="SANDBOX_GATEWAY_PORT", min=0, max=65535, help="0 takes a free one.", show_default="8001"),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            "--data",
            envvar="SANDBOX_GATEWAY_DATA_DIR",
            help="Kept there.",
            show_default="sandbox-gateway",
        ),
    ] = None,
    key_id: Annotated[
        str | None,
        typer.Option(
            envvar="SANDBOX_GATEWAY_KEY_ID", help="Starts with rzp_test_.", show_default="rzp_test_sandbox0000001"
        ),
    ] = None,
    key_secret: Annotated[
        str | None, typer.Option(envvar="SANDBOX_GATEWAY_KEY_SECRET", show_default="sandbox-key-secret")
    ] = None,
    webhook_url: Annotated[
        str | None, typer.Option(envvar="SANDBOX_GATEWAY_WEBHOOK_URL", help="Where events go.", show_default="nowhere")
    ] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(
            envvar="SANDBOX_GATEWAY_WEBHOOK_SECRET", help="Signs events.", show_default="sandbox-webhook-secret"
        ),
    ] = None,
    merchant_name: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_GATEWAY_MERCHANT_NAME", help="Shown to payers.", show_default="Khata Demo"),
    ] = None,
    time_speed: Annotated[
        int | None,
        typer.Option(envvar="SANDBOX_GATEWAY_TIME_SPEED", help="3600: an hour passes in a second.", show_default="1"),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            envvar="SANDBOX_GATEWAY_SEED",
            help="Decides which draws of a fault switch strike.",
            show_default="by chance",
        ),
    ] = None,
) -> None:
    """The payment gateway: Razorpay's REST, hosted checkout and webhooks. No money moves.

    The control page is at /control, its JSON twin at /_sandbox.
    """
    from khata_sandbox.gateway.server import run
    from khata_sandbox.gateway.settings import GatewaySettings, WrongSetting

    given = {
        "host": host,
        "port": port,
        "data_dir": data_dir,
        "key_id": key_id,
        "key_secret": key_secret,
        "webhook_url": webhook_url,
        "webhook_secret": webhook_secret,
        "merchant_name": merchant_name,
        "time_speed": time_speed,
        "seed": seed,
    }
    with _one_sentence_on_failure(WrongSetting):
        named = {name: value for name, value in given.items() if value is not None}
        run(replace(GatewaySettings.from_environment(), **named))  # type: ignore[arg-type]


@app.command()
def smsc(
    host: Annotated[str, typer.Option(envvar="SANDBOX_SMSC_HOST", help=_LISTEN_HELP)] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SANDBOX_SMSC_PORT", min=0, max=65535, help="SMPP.")] = 2775,
    http_port: Annotated[int, typer.Option(envvar="SANDBOX_SMSC_HTTP_PORT", min=0, max=65535, help="Pages.")] = 8002,
    data_dir: Annotated[Path, typer.Option(envvar="SANDBOX_SMSC_DATA_DIR")] = Path("sandbox-smsc"),
    system_id: Annotated[str, typer.Option(envvar="SANDBOX_SMSC_SYSTEM_ID")] = "sandbox",
    password: Annotated[str, typer.Option(envvar="SANDBOX_SMSC_PASSWORD", help="≤ 8 characters.")] = DEFAULT_PASSWORD,
    receipt_delay_ms: Annotated[int, typer.Option(envvar="SANDBOX_SMSC_RECEIPT_DELAY_MS", min=0)] = 300,
    enquire_link_s: Annotated[
        float, typer.Option(envvar="SANDBOX_SMSC_ENQUIRE_LINK_S", min=0.1, help="Quiet for so long, a bind is asked.")
    ] = 30.0,
    account: Annotated[
        list[str] | None, typer.Option(envvar="SANDBOX_SMSC_ACCOUNTS", help="One more system: NAME:PASSWORD.")
    ] = None,
    window: Annotated[
        int, typer.Option(envvar="SANDBOX_SMSC_WINDOW", min=1, help="Answers that may wait on one connection.")
    ] = WINDOW_DEFAULT,
    seed: Annotated[
        int | None, typer.Option(envvar="SANDBOX_SMSC_SEED", help="Decides which draws strike.", show_default="chance")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(envvar="SANDBOX_SMSC_TLS_CERT", help="PEM; SMPP is then spoken in TLS alone.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(envvar="SANDBOX_SMSC_TLS_KEY", help="PEM.")] = None,
) -> None:
    """The message centre: SMPP 3.4, with virtual phones and fault switches on pages of their own."""
    from khata_sandbox.smsc.server import run

    with _one_sentence_on_failure():
        run(
            SmscSettings(
                host=host,
                port=port,
                http_port=http_port,
                data_dir=data_dir,
                system_id=system_id,
                password=password,
                receipt_delay_ms=receipt_delay_ms,
                enquire_link_s=enquire_link_s,
                more_accounts=accounts_from(account or ()),
                window=window,
                seed=seed,
                tls_cert=tls_cert,
                tls_key=tls_key,
            )
        )


@app.command()
def mailbox(
    host: Annotated[str, typer.Option(envvar="SANDBOX_MAILBOX_HOST", help=_LISTEN_HELP)] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SANDBOX_MAILBOX_PORT", min=0, max=65535, help="SMTP.")] = 1025,
    http_port: Annotated[int, typer.Option(envvar="SANDBOX_MAILBOX_HTTP_PORT", min=0, max=65535, help="Pages.")] = 8003,
    data_dir: Annotated[Path, typer.Option(envvar="SANDBOX_MAILBOX_DATA_DIR")] = Path("sandbox-mailbox"),
    report_url: Annotated[
        str, typer.Option(envvar="SANDBOX_MAILBOX_REPORT_URL", help="Where bounces and complaints are posted.")
    ] = "",
    record: Annotated[list[str] | None, typer.Option(help="A TXT record of DNS: name=text.")] = None,
) -> None:
    """The mailbox: takes every mail by SMTP and shows it; nothing is sent on. Answers DNS for its senders (UDP)."""
    from khata_sandbox.mailbox.server import run
    from khata_sandbox.mailbox.settings import MailboxSettings
    from khata_sandbox.mailbox.zone import NotARecord

    with _one_sentence_on_failure(NotARecord):
        records = tuple((name, text) for name, _, text in (each.partition("=") for each in record or ()))
        run(MailboxSettings(host, port, http_port, data_dir, report_url, records))


@contextmanager
def _one_sentence_on_failure(*refusals: type[Exception]) -> Iterator[None]:
    """Exit code 1 with the reason on stderr instead of a traceback, for what the person at the keyboard can change."""
    known: tuple[type[Exception], ...] = (StartRefused, sqlite3.Error, *refusals)
    try:
        yield
    except known as error:
        typer.echo(f"khata-sandbox: {error}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
