"""`khata demo`: the flags."""

import os
from pathlib import Path
from typing import Annotated

import typer

from khata.cli.demo import folder
from khata.cli.demo.options import Options, Ports
from khata.cli.demo.run import run


def demo(
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.", show_default=False)] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. The demo is not fit for the internet.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Console and API. 0 takes a free port, as below.")] = 8000,
    gateway_port: Annotated[int, typer.Option(min=0, max=65535, help="Sandbox payment gateway.")] = 8001,
    smsc_port: Annotated[int, typer.Option(min=0, max=65535, help="Sandbox SMSC (SMPP).")] = 2775,
    smtp_port: Annotated[int, typer.Option(min=0, max=65535, help="Sandbox mailbox (SMTP).")] = 1025,
    smsc_http_port: Annotated[int, typer.Option(min=0, max=65535, help="Page with the phones' messages.")] = 8002,
    mailbox_port: Annotated[int, typer.Option(min=0, max=65535, help="Page with the mailbox.")] = 8003,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line when all is ready.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: delete what an earlier demo kept.")] = False,
) -> None:
    """Run everything on this machine, the far ends simulated, until Ctrl-C. No money moves, nothing is sent."""
    run(
        Options(
            data_dir=(data_dir or folder.default_folder()).absolute(),
            host=host,
            ports=Ports(port, gateway_port, smsc_port, smtp_port, smsc_http_port, mailbox_port),
            is_json=as_json,
            is_fresh=fresh,
            database_url=os.environ.get("DATABASE_URL", ""),
            database_owner_url=os.environ.get("KHATA_DATABASE_OWNER_URL", ""),
        )
    )
