from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "khata.ledger"
    label = "ledger"
