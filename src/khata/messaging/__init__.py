"""One message from acceptance to its final state: price, hold, hand over, capture or void."""
