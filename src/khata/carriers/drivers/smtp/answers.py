"""What a mail server's answers mean: 2xx taken, 4xx later, 5xx no."""

from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPResponseException

from khata.carriers.mail_statuses import enhanced_code
from khata.carriers.port import Refused, Unavailable

_ABOUT_US = frozenset({530, 534, 535, 538})
"""Authentication: about every mail until an operator has mended it, so none may be lost by it."""
_PERMANENT = 500
_DETAIL_LENGTH_MAX = 300


def refusal_of(error: SMTPResponseException) -> Refused | Unavailable:
    """Of an answer that is no yes, before the mail was taken."""
    detail = f"{error.code} {error.message}"[:_DETAIL_LENGTH_MAX]
    is_final = error.code >= _PERMANENT and error.code not in _ABOUT_US
    if is_final and not isinstance(error, SMTPAuthenticationError):
        return Refused(enhanced_code(error.message) or str(error.code), detail)
    return Unavailable(detail, is_throttled=error.code < _PERMANENT)


def away(error: SMTPException | OSError) -> Unavailable:
    """Of a connection that could not be made or was lost before the mail itself was sent."""
    return Unavailable(f"The mail server could not be reached: {type(error).__name__}."[:_DETAIL_LENGTH_MAX])
