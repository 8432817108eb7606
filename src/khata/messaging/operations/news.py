"""What carriers tell: answers to submissions and delivery receipts, settled together."""

from collections.abc import Sequence

from khata.carriers.port import Receipt
from khata.kernel.transactions import in_transaction, needs_database
from khata.messaging.operations.dispatch import Handed, write_handed
from khata.messaging.operations.receipts import write_receipts

News = Handed | Receipt


@needs_database
def settle_news(news: Sequence[News]) -> None:
    """One transaction for all of it, answers first: a receipt may be about a submission answered just before."""
    with in_transaction() as connection:
        write_handed(connection, [item for item in news if isinstance(item, Handed)])
        write_receipts(connection, [item for item in news if isinstance(item, Receipt)])
