"""What the API says about itself: one table of calls, from which the OpenAPI document and the pages are made."""
