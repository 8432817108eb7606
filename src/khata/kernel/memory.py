"""The garbage collector, told what a long-lived server process is like."""

import gc

_THRESHOLDS = (20_000, 20, 50)


def settle_memory() -> None:
    """Called once when a process is ready to serve.

    What was loaded by then stays for good, so it is no longer looked at; and since a batch of messages makes thousands
    of objects that all go away with it, the collector looks less often. Together that is a third of the processor time
    of an accepted message (docs/decisions/0026-batches-in-python.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
