"""The one-tap link of a mail: it opens Add Credits with an amount filled in, and can do nothing else.

Signed, so that nobody puts another amount into a link of ours; it logs nobody in and pays nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.urls import reverse

from khata.kernel.ids import organisation_id_from_public, public_organisation_id

VALID_FOR = timedelta(days=7)

_SALT = "khata.notices.one_tap"


class OneTapLinkInvalid(ValueError):
    """The link is not one of ours, or it is too old."""


@dataclass(frozen=True, slots=True)
class OneTap:
    """Whose credits, and the amount before tax (paise)."""

    organisation_id: int
    amount_minor: int


def one_tap_address(tap: OneTap) -> str:
    """An absolute address that works for VALID_FOR."""
    link = signing.dumps([public_organisation_id(tap.organisation_id), tap.amount_minor], salt=_SALT)
    return f"{settings.ENVIRONMENT.base_url}{reverse('one_tap')}?{urlencode({'link': link}, safe=':')}"


def read_one_tap(link: str) -> OneTap:
    """The inverse, of the parameter `link`. Raises OneTapLinkInvalid."""
    try:
        organisation_id, amount_minor = signing.loads(link, salt=_SALT, max_age=VALID_FOR)
    except signing.BadSignature as error:
        raise OneTapLinkInvalid(link) from error
    return OneTap(organisation_id_from_public(organisation_id), amount_minor)
