"""The prices an installation starts with; the operator changes them by adding rows."""

from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
MICRO = 1_000_000

SMS = [
    ("91", "India", 1 * MICRO),
    ("1", "United States and Canada", 4 * MICRO),
    ("44", "United Kingdom", 20 * MICRO),
    ("61", "Australia", 18 * MICRO),
    ("65", "Singapore", 18 * MICRO),
    ("94", "Sri Lanka", 24 * MICRO),
    ("880", "Bangladesh", 24 * MICRO),
    ("966", "Saudi Arabia", 20 * MICRO),
    ("971", "United Arab Emirates", 15 * MICRO),
    ("977", "Nepal", 16 * MICRO),
]


def set_prices(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("pricing", "CreditPrice").objects.create(
        credits_micro_per_rupee=5 * MICRO, minimum_minor=100_00, maximum_minor=5_00_000_00, valid_from=VALID_FROM
    )
    rate = apps.get_model("pricing", "Rate")
    for prefix, destination, credits_micro in SMS:
        rate.objects.create(
            channel="sms", prefix=prefix, destination=destination, credits_micro=credits_micro, valid_from=VALID_FROM
        )
    rate.objects.create(
        channel="email", prefix="", destination="Everywhere", credits_micro=MICRO // 10, valid_from=VALID_FROM
    )


def unset_prices(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    for name in ("CreditPrice", "Rate"):
        apps.get_model("pricing", name).objects.filter(valid_from=VALID_FROM).delete()


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]
    operations = [migrations.RunPython(set_prices, unset_prices)]
