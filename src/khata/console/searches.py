"""What people look for stays out of addresses, which histories keep: it waits in the session, under a token."""

from uuid import uuid4

from khata.console.requests import MemberRequest

_SEARCHES = "searches"
_KEPT_MAX = 20


def keep_search(request: MemberRequest, text: str) -> str:
    """The token an address may carry instead of the text."""
    token = uuid4().hex
    kept = list(request.session.get(_SEARCHES, {}).items())[1 - _KEPT_MAX :]
    request.session[_SEARCHES] = {**dict(kept), token: text}
    return token


def kept_search(request: MemberRequest, token: str) -> str:
    """ "" for a token that is not this browser's, or of a search long ago."""
    return str(request.session.get(_SEARCHES, {}).get(token, ""))
