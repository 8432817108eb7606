from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "khata.pricing"
    label = "pricing"
