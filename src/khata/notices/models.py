"""What an organisation wants to be told, what its alarms have seen, and every notice that was made."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from khata.kernel.clock import utc_now
from khata.kernel.ids import new_uuid
from khata.notices.core.kinds import NoticeKind
from khata.tenancy.models import Organisation

# Plain text, so that migrations need no code of today.
_EXPIRY = NoticeKind.EXPIRY.value


class AlertSettings(models.Model):
    """What an owner chose; an organisation without this row has the defaults."""

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, primary_key=True, related_name="+")
    is_enabled = models.BooleanField(default=True)
    level_credits_micro = models.BigIntegerField(null=True)
    """None is automatic (core/outlook.py)."""
    emails = ArrayField(models.EmailField(), default=list)
    """Who is told besides the owner."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(level_credits_micro__isnull=True) | Q(level_credits_micro__gt=0),
                name="alert_level_positive",
            )
        ]


class AlertState(models.Model):
    """A wallet's alarms (core/alarms.py) and how far it was looked at; locked by whoever looks."""

    organisation_id = models.BigIntegerField(primary_key=True)
    seen_seq = models.BigIntegerField(null=True)
    """The wallet's `last_seq` at the last look; None before the first."""
    is_low_armed = models.BooleanField(default=False)
    low_fired_at = models.DateTimeField(null=True)
    is_empty_armed = models.BooleanField(default=False)
    empty_fired_at = models.DateTimeField(null=True)


class Notice(models.Model):
    """One mail to one organisation's people, as it is sent: words and figures of the moment it was made."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.name) for kind in NoticeKind])
    made_at = models.DateTimeField(default=utc_now)
    sent_at = models.DateTimeField(null=True)
    recipients = ArrayField(models.EmailField())
    subject = models.CharField(max_length=160)
    text = models.TextField()
    lot_id = models.BigIntegerField(null=True)
    mark_days = models.SmallIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-id"], name="notice_by_organisation")]
        constraints = [
            models.UniqueConstraint(fields=("organisation", "lot_id", "mark_days"), name="notice_of_expiry_once"),
            models.CheckConstraint(
                condition=Q(kind=_EXPIRY, lot_id__isnull=False, mark_days__isnull=False)
                | ~Q(kind=_EXPIRY) & Q(lot_id__isnull=True, mark_days__isnull=True),
                name="notice_of_expiry_names_its_lot",
            ),
        ]
