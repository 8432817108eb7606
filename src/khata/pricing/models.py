"""Price lists. Each row holds from `valid_from` until a later row of the same kind replaces it."""

from django.db import models
from django.db.models import Q


class CreditPrice(models.Model):
    credits_micro_per_rupee = models.BigIntegerField()
    minimum_minor = models.BigIntegerField()
    maximum_minor = models.BigIntegerField()
    valid_from = models.DateTimeField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    credits_micro_per_rupee__gt=0, minimum_minor__gt=0, maximum_minor__gte=models.F("minimum_minor")
                ),
                name="credit_price_sensible",
            )
        ]


class Rate(models.Model):
    channel = models.CharField(max_length=8, choices=[("sms", "SMS"), ("email", "E-mail")])
    prefix = models.CharField(max_length=15, blank=True)
    destination = models.CharField(max_length=80)
    credits_micro = models.BigIntegerField()
    valid_from = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "prefix", "valid_from"], name="rate_once"),
            models.CheckConstraint(condition=Q(credits_micro__gt=0), name="rate_positive"),
        ]


class BonusSlab(models.Model):
    """From `minimum_minor` on, top-ups bring `bonus_bp` more credits. Slabs beside each other do not add up."""

    minimum_minor = models.BigIntegerField()
    bonus_bp = models.IntegerField()
    """Basis points: 500 is 5 %."""
    expires_after_days = models.IntegerField(null=True)
    """NULL for bonus credits that never expire."""
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(bonus_bp__gt=0, minimum_minor__gt=0)
                & (Q(expires_after_days__isnull=True) | Q(expires_after_days__gt=0))
                & (Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from"))),
                name="bonus_slab_sensible",
            )
        ]
