"""The SMPP driver and the sandbox's message centre against programs nobody here wrote: `python -m tests.peers.sms`.

Each peer is a process of its own. The exit code is 1 where one does not get what it should, 2 where one is missing.
"""

import sys
from collections.abc import Callable

from tests.peers.sms import kannel, kannel_centre, node_centre
from tests.peers.sms.missing import PeerMissing

PEERS: dict[str, Callable[[], None]] = {
    "node-smpp as message centre": node_centre.run,
    "Kannel's test message centre": kannel_centre.run,
    "Kannel as client of the sandbox's message centre": kannel.run,
}


def main() -> int:
    return max([_meet(name, run) for name, run in PEERS.items()], key=(0, 2, 1).index)


def _meet(name: str, run: Callable[[], None]) -> int:
    print(f"{name}:", flush=True)
    try:
        run()
    except PeerMissing as missing:
        print(f"  missing: {missing}")
        return 2
    except (AssertionError, TimeoutError) as failure:
        print(f"  FAILED: {failure!r}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
