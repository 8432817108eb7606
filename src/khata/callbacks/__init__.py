"""The door for payment gateways: browsers they send back, and webhooks they send themselves."""
