"""Pure decisions about e-mail: what an address is, what a mail looks like, how it is signed, what DNS must say."""
