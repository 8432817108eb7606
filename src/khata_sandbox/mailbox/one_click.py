"""What a mail program does when its reader presses "unsubscribe" (RFC 8058): one POST, no page, no cookies."""

from typing import Final
from urllib.parse import urlsplit

import httpx

from khata_sandbox.mailbox.reading import Mail

_BODY: Final = "List-Unsubscribe=One-Click"
_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded"}


def unsubscribe_url(mail: Mail) -> str:
    """Where one click goes; "" where the mail offers none."""
    if mail.header("List-Unsubscribe-Post").replace(" ", "") != _BODY:
        return ""
    offered = (part.strip().strip("<>") for part in mail.header("List-Unsubscribe").split(","))
    return next((url for url in offered if urlsplit(url).scheme in ("http", "https")), "")


async def press(url: str, allowed_hosts: frozenset[str]) -> int:
    """The status it was answered with; 0 where it was not asked: a sandbox calls nobody outside."""
    if urlsplit(url).hostname not in allowed_hosts:
        return 0
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        try:
            answer = await client.post(url, content=_BODY, headers=_HEADERS)
        except httpx.HTTPError:
            return 0
    return answer.status_code
