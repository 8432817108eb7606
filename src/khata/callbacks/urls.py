"""Addresses a gateway is given. They need no sign-in and must not change: a retry may come a day later."""

from django.urls import path

from khata.callbacks import returns, webhooks

app_name = "callbacks"

urlpatterns = [
    path("<slug:gateway_code>/return/<slug:top_up_id>/", returns.return_from_gateway, name="return"),
    path("<slug:gateway_code>/cancel/<slug:top_up_id>/", returns.cancel_at_gateway, name="cancel"),
    path("<slug:gateway_code>/webhook", webhooks.receive, name="webhook"),
]
