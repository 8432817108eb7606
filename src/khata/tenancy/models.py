"""Organisations, members, memberships and API keys, one class per table."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Mod

from khata.kernel.clock import utc_now
from khata.kernel.ids import SHARD_COUNT, new_organisation_id, new_uuid, public_organisation_id


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Member":
        member = self.model(email=self.normalize_email(email).lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member


class Member(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by e-mail address."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=utc_now)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class Organisation(models.Model):
    """Who holds credits and is billed. `shard` is drawn from the id at creation and never changes."""

    id = models.BigIntegerField(primary_key=True, default=new_organisation_id, editable=False)
    shard = models.GeneratedField(
        expression=Mod(models.F("id"), SHARD_COUNT),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=utc_now)
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata")
    legal_name = models.CharField(max_length=160, blank=True)
    address = models.CharField(max_length=400, blank=True)
    state_code = models.CharField(max_length=2, blank=True)
    gstin = models.CharField(max_length=15, blank=True)
    phone = models.CharField(max_length=16, blank=True)
    messages_per_minute_max = models.IntegerField(null=True)
    """NULL for no limit, as in the two caps (micro-credits)."""
    credits_per_day_max = models.BigIntegerField(null=True)
    credits_per_month_max = models.BigIntegerField(null=True)
    countries = ArrayField(models.TextField(), default=list, db_default=[])
    """Where messages may go besides the home country: ISO 3166 codes, in order."""
    has_opt_outs = models.BooleanField(db_default=False)
    """Since the first number was opted out; while it is false, none need be looked for."""

    members = models.ManyToManyField(Member, through="Membership", related_name="organisations")

    @property
    def public_id(self) -> str:
        return public_organisation_id(self.id)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MEMBER = "member", "Member"


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField(default=utc_now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "member"], name="membership_once")]


class ApiKey(models.Model):
    """A key for programs. Only its digest is kept; the text is shown once, when it is made."""

    id = models.UUIDField(primary_key=True, default=new_uuid, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.BinaryField(unique=True)
    scopes = models.JSONField()
    messages_per_minute_max = models.IntegerField(null=True)
    created_by = models.ForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=utc_now)
    last_used_at = models.DateTimeField(null=True)
    last_used_ip = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-created_at"], name="api_key_by_organisation")]
