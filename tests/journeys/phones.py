"""Phones behind the sandbox's message centre: they answer what we send."""

import httpx

from tests.faults.running_demo import RunningDemo

OUR_NUMBER = "919800012345"
"""A sender that can be answered; a name of letters cannot."""


def answer(demo: RunningDemo, text: str, *, phone: str) -> None:
    """The message centre keeps it, and hands it to whoever is bound."""
    told = {"from": phone, "to": OUR_NUMBER, "text": text}
    kept = httpx.post(f"{demo.ready['phone_url']}/inbound.json", json=told, timeout=30, trust_env=False)
    assert kept.status_code == 200, kept.text
