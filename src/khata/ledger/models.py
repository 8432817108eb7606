"""The ledger's tables. Every key leads with (shard, organisation_id). Written only by `rows.py`.

Transfers are append-only: the runtime role may insert and select (site/grants.py), and a trigger refuses the rest.
"""

from django.db import models
from django.db.models import F, Q

from khata.ledger.core import Kind, WalletStatus


class Wallet(models.Model):
    pk = models.CompositePrimaryKey("shard", "organisation_id")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)
    status = models.SmallIntegerField(default=WalletStatus.ACTIVE, choices=[(s.value, s.name) for s in WalletStatus])
    last_seq = models.BigIntegerField(default=0)
    chain = models.BinaryField()
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(available__gte=F("floor")), name="wallet_available_at_least_floor"),
            models.CheckConstraint(condition=Q(held__gte=0), name="wallet_held_not_negative"),
        ]


class Lot(models.Model):
    pk = models.CompositePrimaryKey("shard", "organisation_id", "lot_id")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    lot_id = models.BigIntegerField()
    origin = models.SmallIntegerField(choices=[(k.value, k.name) for k in (Kind.PURCHASE, Kind.GRANT)])
    reference = models.UUIDField()
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True)
    price_minor = models.BigIntegerField()
    is_open = models.BooleanField()
    """Whether anything of it remains or is held. Indexes may name this, never the amounts: a column an index names
    cannot change in place, and a busy lot changes with every batch."""

    class Meta:
        constraints = [
            # One origin makes one lot: the same payment cannot become a second lot even if every other guard fails.
            models.UniqueConstraint("shard", "organisation_id", "origin", "reference", name="lot_origin_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="lot_amount_positive"),
            models.CheckConstraint(condition=Q(remaining__gte=0, held__gte=0), name="lot_parts_not_negative"),
            models.CheckConstraint(
                condition=Q(amount__gte=F("remaining") + F("held")), name="lot_parts_at_most_amount"
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, remaining__gt=0)
                | Q(is_open=True, held__gt=0)
                | Q(is_open=False, remaining=0, held=0),
                name="lot_open_while_not_empty",
            ),
        ]
        indexes = [
            models.Index("shard", "organisation_id", name="lot_open", condition=Q(is_open=True)),
            models.Index("expires_at", name="lot_due", condition=Q(expires_at__isnull=False, is_open=True)),
        ]


class Transfer(models.Model):
    pk = models.CompositePrimaryKey("shard", "organisation_id", "seq")
    # Widest first, so that rows carry no padding.
    organisation_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    amount = models.BigIntegerField()
    lot_id = models.BigIntegerField()
    available_after = models.BigIntegerField()
    at = models.DateTimeField()
    reference = models.UUIDField()
    shard = models.SmallIntegerField()
    kind = models.SmallIntegerField(choices=[(k.value, k.name) for k in Kind])
    source = models.SmallIntegerField()
    target = models.SmallIntegerField()

    class Meta:
        constraints = [
            # An effect happens once, whatever else has failed.
            models.UniqueConstraint(
                "shard", "organisation_id", "kind", "reference", "lot_id", name="transfer_effect_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount_positive"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_accounts_differ"),
        ]


class LedgerProofRun(models.Model):
    """One proof the worker made on schedule. `problems` holds the first of them, as sentences."""

    id = models.BigAutoField(primary_key=True)
    proved_at = models.DateTimeField()
    took_ms = models.BigIntegerField()
    is_sound = models.BooleanField()
    organisations_count = models.BigIntegerField()
    transfers_count = models.BigIntegerField()
    problems = models.JSONField()
