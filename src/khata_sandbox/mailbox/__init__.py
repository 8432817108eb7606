"""A mailbox that takes every mail by SMTP, keeps it and shows it; nothing is ever sent on. And DNS for its senders."""
