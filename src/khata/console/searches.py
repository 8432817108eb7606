"""What people look for stays out of addresses, which histories keep: it waits in the session, under a token."""

from uuid import uuid4

from khata.console.requests import MemberRequest
from khata.console.session_notes import keep_note, kept_note

_SEARCHES = "searches"


def keep_search(request: MemberRequest, text: str) -> str:
    """The token an address may carry instead of the text."""
    token = uuid4().hex
    keep_note(request, _SEARCHES, token, text)
    return token


def kept_search(request: MemberRequest, token: str) -> str:
    """ "" for a token that is not this browser's, or of a search long ago."""
    return kept_note(request, _SEARCHES, token)
