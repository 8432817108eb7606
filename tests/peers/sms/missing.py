"""That a peer cannot be met on this machine."""


class PeerMissing(Exception):
    """What is not installed, and how to install it."""
