from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "khata.tenancy"
    label = "tenancy"
