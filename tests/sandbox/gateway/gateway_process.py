"""The gateway as the process its users start, and the official SDK pointed at it."""

import sys
from pathlib import Path
from typing import Any

import razorpay  # type: ignore[import-untyped]

from ..far_end import FarEnd
from .merchant import KEY_ID, KEY_SECRET, WEBHOOK_SECRET


class GatewayProcess(FarEnd):
    """`khata-sandbox gateway` has one port for everything."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        keys = {"KEY_ID": KEY_ID, "KEY_SECRET": KEY_SECRET, "WEBHOOK_SECRET": WEBHOOK_SECRET} | environment
        super().__init__("gateway", data_dir, **{f"SANDBOX_GATEWAY_{name}": value for name, value in keys.items()})
        self.url = f"http://127.0.0.1:{self.http_port}"

    def command(self) -> list[str]:
        options = ["--port", str(self.http_port), "--data-dir", str(self.data_dir)]
        return [sys.executable, "-m", "khata_sandbox.cli", "gateway", *options]

    def sdk(self) -> Any:
        return razorpay.Client(auth=(KEY_ID, KEY_SECRET), base_url=self.url)
