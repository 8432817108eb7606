"""The sandbox gateway as the process its users start, and a payer in front of it."""

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from khata.payments.port import AutoPostForm, Start
from tests.sandbox.far_end import wait_until
from tests.sandbox.gateway.payer import Payer

KEY_ID, KEY_SECRET, WEBHOOK_SECRET = "rzp_test_khataTests0001", "gateway-secret", "webhook-secret"
DEADLINE_S = 60


class SandboxGateway:
    """`khata-sandbox gateway` on a port of its own."""

    def __init__(self, data_dir: Path, port: int, webhook_url: str = "") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "SANDBOX_GATEWAY_PORT": str(port),
            "SANDBOX_GATEWAY_DATA_DIR": str(data_dir),
            "SANDBOX_GATEWAY_KEY_ID": KEY_ID,
            "SANDBOX_GATEWAY_KEY_SECRET": KEY_SECRET,
            "SANDBOX_GATEWAY_WEBHOOK_URL": webhook_url,
            "SANDBOX_GATEWAY_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "SANDBOX_DIE_WITH_PARENT": "1",
        }
        self.http = httpx.Client(base_url=self.url, trust_env=False, timeout=DEADLINE_S)

    def payer(self, start: Start) -> Payer:
        """A payer on the hosted page."""
        assert isinstance(start, AutoPostForm)
        assert start.action == f"{self.url}/v1/checkout/embedded"
        return Payer(self.http).start(dict(start.fields))

    def pay(self, start: Start) -> dict[str, str]:
        """Pays by netbanking; the fields the browser brings back."""
        return self.payer(start).press("Pay", within="#netbanking").press("Success").return_form()[1]

    def decline(self, start: Start) -> None:
        self.payer(start).press("Pay", within="#netbanking").press("Failure")

    def leave_pending(self, start: Start) -> None:
        self.payer(start).press("Pay", within="#netbanking").press("Stay pending")

    def pay_by_card(self, start: Start) -> None:
        card = {"card_number": "4100280000001007", "card_expiry": "12/34", "card_cvv": "123"}
        self.payer(start).press("Pay", within="#cards", **card).press("Submit OTP", otp="123456")

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, "the sandbox gateway ended"
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "khata_sandbox.cli", "gateway"]
        self.process = subprocess.Popen(command, env=os.environ | self.environment, stderr=subprocess.DEVNULL)
        wait_until(self._is_ready, "the sandbox gateway")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(timeout=DEADLINE_S)
