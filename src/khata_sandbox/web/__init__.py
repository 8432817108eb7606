"""What the web pages of the SMSC and the mailbox share: how they are served, guarded and dressed."""
