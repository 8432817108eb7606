"""What an operator sets to take money through one Stripe account."""

import re
from dataclasses import dataclass, field

from khata.payments.port import Mode
from khata.payments.rest import check_addresses, origin_of

_SECRET_KEY = re.compile(r"(?:sk|rk)_(?P<mode>test|live)_\S+")


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """One account. Raises ValueError where a value cannot work; the message never holds a secret."""

    base_url: str
    """Where the API is: scheme, host and port, without `/v1`."""
    checkout_url: str
    """Where browsers are sent, likewise: Stripe's own page, or the account's domain for it."""
    secret_key: str = field(repr=False)
    """sk_… or a restricted rk_…, which may read charges, disputes and payouts and write checkout sessions and refunds;
    for auto top-up customers, payment intents and payment methods as well.
    """
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """whsec_…, the present one first; earlier ones stay valid while one replaces the other."""
    is_sandbox: bool
    timeout_s: float = 5
    """How long each step of a call may take, a whole call about twice that: a browser back from paying waits for it."""

    def __post_init__(self) -> None:
        if not _SECRET_KEY.fullmatch(self.secret_key):
            raise ValueError("a Stripe secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_")
        if not all(self.webhook_secrets):
            raise ValueError("Stripe's webhook secrets must not be empty")
        if self.is_sandbox and self.mode == "live":
            raise ValueError("a live key must not be sent to a sandbox")
        check_addresses(self.base_url, self.checkout_url)

    @property
    def mode(self) -> Mode:
        """Test and live share one address; the key decides."""
        found = _SECRET_KEY.fullmatch(self.secret_key)
        return "live" if found and found["mode"] == "live" else "test"

    @property
    def checkout_origin(self) -> str:
        return origin_of(self.checkout_url)
