"""A world for Khata to talk to when no real one is wanted: a payment gateway, an SMSC and a mailbox.

Each far end is a process of its own with a store of its own, and speaks the protocol real ones speak.
Nothing here imports `khata`, so what arrives here is outside evidence of what was sent.
"""
