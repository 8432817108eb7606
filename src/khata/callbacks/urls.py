"""Addresses a gateway or a carrier is given. They need no sign-in and must not change: a retry may come a day later."""

from django.urls import path

from khata.callbacks import carriers, returns, webhooks
from khata.carriers.callbacks import CALLBACK_KINDS

app_name = "callbacks"

urlpatterns = [
    *(path(f"carriers/<slug:carrier>/{kind}", carriers.receive, {"kind": kind}) for kind in CALLBACK_KINDS),
    *(
        path(f"carriers/<slug:carrier>/{kind}/<slug:secret>", carriers.receive, {"kind": kind})
        for kind in CALLBACK_KINDS
    ),
    path("<slug:gateway_code>/return/<slug:top_up_id>/", returns.return_from_gateway, name="return"),
    path("<slug:gateway_code>/cancel/<slug:top_up_id>/", returns.cancel_at_gateway, name="cancel"),
    path("<slug:gateway_code>/webhook", webhooks.receive, name="webhook"),
]
