"""What the demo's mailbox received."""

import re
from typing import Any

import httpx

from tests.cli.waiting import DEADLINE_S, wait_until
from tests.faults.running_demo import RunningDemo


def link_in_mail(demo: RunningDemo, recipient: str, path: str, *, deadline_s: float = DEADLINE_S) -> str:
    """The first address below `path` in the newest mail to the recipient, once it is there."""
    found: list[str] = []

    def has_come() -> bool:
        mails = httpx.get(f"{demo.ready['mailbox_url']}/mails.json?to={recipient}", timeout=30, trust_env=False).json()
        pattern = re.escape(demo.ready["console_url"] + path) + r"\S+"
        found[:] = [link for mail in mails for link in re.findall(pattern, mail["text"])]
        return bool(found)

    wait_until(has_come, f"{recipient} had a mail with a link below {path}", deadline_s=deadline_s)
    return found[0]


def mail_with_subject(demo: RunningDemo, recipient: str, subject: str) -> dict[str, Any]:
    """The one mail of this subject to the recipient, once it is there."""
    found: list[dict[str, Any]] = []

    def has_come() -> bool:
        mails = httpx.get(f"{demo.ready['mailbox_url']}/mails.json?to={recipient}", timeout=30, trust_env=False).json()
        found[:] = [mail for mail in mails if mail["subject"] == subject]
        return bool(found)

    wait_until(has_come, f"{recipient} had a mail “{subject}”")
    (mail,) = found
    return mail
