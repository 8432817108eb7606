"""What can be done with sending domains and suppressed addresses."""

from khata.mail.errors import DomainExists, DomainLimitReached, RecipientSuppressed, SenderNotVerified
from khata.mail.operations.domains import add_domain, check_domain, remove_domain
from khata.mail.operations.suppressions import NewSuppression, lift_suppression, note_suppressions

__all__ = [
    "DomainExists",
    "DomainLimitReached",
    "NewSuppression",
    "RecipientSuppressed",
    "SenderNotVerified",
    "add_domain",
    "check_domain",
    "lift_suppression",
    "note_suppressions",
    "remove_domain",
]
