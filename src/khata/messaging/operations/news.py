"""What carriers tell: answers to submissions and delivery receipts, settled together."""

from collections.abc import Sequence

from khata.carriers.port import Feedback, InboundMessage, Receipt
from khata.kernel.transactions import in_transaction, needs_database
from khata.ledger.operations import post_batch
from khata.messaging.operations.dispatch import Handed, write_handed
from khata.messaging.operations.feedback import write_feedback
from khata.messaging.operations.inbound import write_inbound
from khata.messaging.operations.receipts import write_receipts

News = Handed | Receipt | InboundMessage | Feedback


@needs_database
def settle_news(news: Sequence[News]) -> None:
    """One transaction for all of it, answers first: a receipt may be about a submission answered just before.

    The credits of all are settled together, so that no wallet is locked before a message, nor after another's turn.
    Carriers hear that their receipts came only once this is committed.
    """
    with in_transaction() as connection:
        answered = write_handed(connection, [item for item in news if isinstance(item, Handed)])
        reported = write_receipts(connection, [item for item in news if isinstance(item, Receipt)])
        post_batch(connection, [*answered, *reported])
        write_inbound(connection, [item for item in news if isinstance(item, InboundMessage)])
        write_feedback(connection, [item for item in news if isinstance(item, Feedback)])
