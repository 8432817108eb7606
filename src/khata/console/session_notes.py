"""Small notes in a browser's session: the last few of each kind, each under a token."""

from khata.console.requests import MemberRequest

_KEPT_MAX = 20


def keep_note(request: MemberRequest, kind: str, token: str, text: str) -> None:
    kept = list(request.session.get(kind, {}).items())[1 - _KEPT_MAX :]
    request.session[kind] = {**dict(kept), token: text}


def kept_note(request: MemberRequest, kind: str, token: str) -> str:
    """ "" for a token that is not this browser's, or of long ago."""
    return str(request.session.get(kind, {}).get(token, ""))
