"""localstripe, an independent imitation of Stripe, as a process of its own with packages of its own.

It is under the GPL, so nothing of Khata imports it or installs it beside itself: `make localstripe` puts it into an
environment of its own. Started as it comes it would listen on every interface and keep its store under one fixed name,
hence the few words it is started with.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.ports import free_port
from tests.sandbox.far_end import wait_until

PYTHON = Path(sys.prefix) / "peers" / "bin" / "python"
SECRET_KEY, WEBHOOK_SECRET = "sk_test_localstripe", "whsec_localstripe"
DEADLINE_S = 60

_START = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


class Localstripe:
    """Sends every event about payments to `webhook_url`."""

    def __init__(self, webhook_url: str) -> None:
        assert PYTHON.exists(), "localstripe is not installed: run `make localstripe`"
        port = free_port()
        self.webhook_url = webhook_url
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, auth=(SECRET_KEY, ""), trust_env=False, timeout=DEADLINE_S)
        self.command = [str(PYTHON), "-c", _START, str(port)]

    def capture(self, amount_minor: int) -> dict[str, Any]:
        """A payment intent paid with a card that succeeds."""
        card = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        method = self._post("/v1/payment_methods", {"type": "card", **{f"card[{k}]": v for k, v in card.items()}})
        intent = {"amount": str(amount_minor), "currency": "inr", "payment_method": method["id"], "confirm": "true"}
        return self._post("/v1/payment_intents", intent)

    def charge(self, charge_ref: str) -> dict[str, Any]:
        answer = self.http.get(f"/v1/charges/{charge_ref}")
        answer.raise_for_status()
        return dict(answer.json())

    def _post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        answer = self.http.post(path, data=form)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, "localstripe ended"
        try:
            return self.http.get("/v1/balance").status_code == 200
        except httpx.TransportError:
            return False

    def __enter__(self) -> Self:
        self.folder = tempfile.TemporaryDirectory(prefix="khata-localstripe-")
        self.process = subprocess.Popen(self.command, cwd=self.folder.name, stderr=subprocess.DEVNULL)
        wait_until(self._is_ready, "localstripe")
        self._post("/_config/webhooks/khata", {"url": self.webhook_url, "secret": WEBHOOK_SECRET})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(timeout=DEADLINE_S)
        self.folder.cleanup()
