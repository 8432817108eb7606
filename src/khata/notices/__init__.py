"""Watching for customers: low and empty credits, and lots about to expire, told by mail before they hurt."""
