"""What may be told, to which addresses, signed how, and when it is tried again."""
