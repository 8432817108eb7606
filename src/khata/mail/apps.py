from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "khata.mail"
    label = "mail"
