"""E-mail: addresses, sending domains and their signatures, the octets of a mail, and who must not be written to."""
