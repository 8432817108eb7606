"""The console's addresses."""

from django.urls import path, register_converter

from khata.console.converters import DocumentId, MessageId, TopUpId
from khata.console.views import (
    add_credits,
    alerts,
    auto_top_up,
    billing,
    credit_history,
    dashboard,
    invoices,
    keys,
    logs,
    one_tap,
    payments,
    plans,
    send,
    settings,
)

register_converter(TopUpId, "top_up")
register_converter(DocumentId, "document")
register_converter(MessageId, "message")

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("balance/", dashboard.balance, name="balance"),
    path("organisations/new/", settings.organisation_new, name="organisation_new"),
    path("billing/", billing.overview, name="billing"),
    path("billing/details/", billing.details, name="billing_details"),
    path("billing/plan/", plans.page, name="plan"),
    path("billing/plan/choose/<slug:code>/", plans.choose, name="plan_choose"),
    path("billing/plan/cancel/", plans.cancel, name="plan_cancel"),
    path("billing/alerts/", alerts.alerts, name="alerts"),
    path("billing/auto-top-up/", auto_top_up.auto_top_up, name="auto_top_up"),
    path("billing/auto-top-up/stop/", auto_top_up.stop, name="auto_top_up_stop"),
    path("billing/auto-top-up/resume/", auto_top_up.resume, name="auto_top_up_resume"),
    path("billing/one-tap/", one_tap.one_tap, name="one_tap"),
    path("billing/add-credits/", add_credits.add_credits, name="add_credits"),
    path("billing/add-credits/quote/", add_credits.quote, name="add_credits_quote"),
    path("billing/credit-history/", credit_history.page, name="credit_history"),
    path("billing/credit-history/export.csv", credit_history.export, name="credit_history_export"),
    path("billing/invoices/", invoices.page, name="invoices"),
    path("billing/invoices/export.csv", invoices.export, name="invoices_export"),
    path("billing/invoices/<document:document_id>.pdf", invoices.pdf, name="invoice_pdf"),
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
    path("settings/limits/", settings.limits, name="limits"),
    path("settings/theme/", settings.theme, name="theme"),
]
