from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "khata.webhooks"
    label = "webhooks"
