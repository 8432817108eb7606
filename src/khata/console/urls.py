"""The console's addresses."""

from django.urls import path, register_converter

from khata.console.converters import MessageId, TopUpId
from khata.console.views import add_credits, billing, credit_history, dashboard, keys, logs, payments, send, settings

register_converter(TopUpId, "top_up")
register_converter(MessageId, "message")

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("balance/", dashboard.balance, name="balance"),
    path("organisations/new/", settings.organisation_new, name="organisation_new"),
    path("billing/", billing.overview, name="billing"),
    path("billing/details/", billing.details, name="billing_details"),
    path("billing/add-credits/", add_credits.add_credits, name="add_credits"),
    path("billing/add-credits/quote/", add_credits.quote, name="add_credits_quote"),
    path("billing/credit-history/", credit_history.page, name="credit_history"),
    path("billing/credit-history/export.csv", credit_history.export, name="credit_history_export"),
    path("billing/payments/<top_up:top_up_id>/", payments.payment, name="payment"),
    path("billing/payments/<top_up:top_up_id>/checkout/", payments.checkout, name="payment_checkout"),
    path("billing/payments/<top_up:top_up_id>/check/", payments.check, name="payment_check"),
    path("billing/payments/<top_up:top_up_id>/cancel/", payments.cancel, name="payment_cancel"),
    path("billing/payments/<top_up:top_up_id>/again/", payments.again, name="payment_again"),
    path("send/sms/", send.sms, name="send_sms"),
    path("send/sms/quote/", send.quote, name="send_sms_quote"),
    path("logs/", logs.messages, name="logs"),
    path("logs/messages/<message:message_id>/", logs.message, name="message"),
    path("developers/keys/", keys.keys, name="keys"),
    path("developers/keys/<uuid:api_key_id>/revoke/", keys.revoke, name="key_revoke"),
    path("settings/", settings.settings, name="settings"),
    path("settings/theme/", settings.theme, name="theme"),
]
