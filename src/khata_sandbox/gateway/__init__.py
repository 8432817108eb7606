"""A payment gateway to test against: Razorpay's REST API, hosted checkout and webhooks, with no money behind them."""
