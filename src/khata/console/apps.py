from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "khata.console"
    label = "console"
