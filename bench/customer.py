"""An organisation that sends through the API."""

import json
from dataclasses import dataclass

from bench.load import Target
from bench.stage import Stage
from bench.traffic import body, fill_wallets, recipient
from khata.kernel.ids import organisation_id_from_public
from khata.site.demo import seed_demo

BODIES_COUNT = 1_000


@dataclass(frozen=True, slots=True)
class Customer:
    organisation_id: int
    authorization: str

    def messages(self, url: str) -> Target:
        """One message per request."""
        bodies = [json.dumps({"to": recipient(n), "body": body(n)}) for n in range(BODIES_COUNT)]
        return Target(f"{url}/v1/messages", self.authorization, bodies)

    def batches(self, url: str, count: int) -> Target:
        """`count` messages per request."""
        messages = [{"to": recipient(n), "body": body(n)} for n in range(count)]
        return Target(f"{url}/v1/messages/batch", self.authorization, [json.dumps({"messages": messages})])


def open_customer(stage: Stage) -> Customer:
    """The demo's organisation, with credits and a key."""
    seeded = seed_demo(stage.state)
    organisation_id = organisation_id_from_public(seeded.organisation_id)
    fill_wallets([organisation_id])
    return Customer(organisation_id, f"Bearer {seeded.api_key}")
