from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "khata.messaging"
    label = "messaging"
