"""Pure decisions of billing: tax, the life of a top-up, and when the gateway is asked again."""
