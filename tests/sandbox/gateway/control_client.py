"""Whoever drives the sandbox from a program: `/_sandbox` with the API key."""

from typing import Any

from .merchant import Merchant


class Control:
    def __init__(self, merchant: Merchant) -> None:
        self.merchant = merchant

    def call(self, method: str, path: str = "", **options: Any) -> Any:
        answer = self.merchant.call(method, f"/_sandbox{path}", **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, method: str, path: str, **options: Any) -> Any:
        return self.merchant.refused(method, f"/_sandbox{path}", **options)

    def switch_on(self, fault: str, **more: Any) -> Any:
        return self.call("POST", "/faults", json={"fault": fault, **more})

    def switch(self, fault: str) -> Any:
        """The only switch of this fault, as it stands."""
        (found,) = [switch for switch in self.call("GET", "/faults")["switches"] if switch["fault"] == fault]
        return found

    def advance(self, span_s: int) -> None:
        """What is due by then has been done when this returns."""
        self.call("POST", "/clock", json={"advance_s": span_s})

    def act(self, kind: str, subject_id: str, action: str) -> None:
        self.call("POST", f"/{kind}/{subject_id}/{action}")

    def items(self, kind: str) -> list[Any]:
        found: list[Any] = self.call("GET", f"/{kind}")["items"]
        return found
