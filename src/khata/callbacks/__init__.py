"""The door for far ends: browsers a gateway sends back, webhooks it sends itself, and what carriers call with."""
