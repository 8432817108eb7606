from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "khata.notices"
    label = "notices"
