"""What organisations have registered in India (DLT): themselves, their senders, their templates."""

from django.db import models
from django.db.models import Q

from khata.messaging.core.dlt import Category


class Registration(models.Model):
    """An organisation as the register knows it. `version` rises with every change of its templates."""

    pk = models.CompositePrimaryKey("shard", "organisation_id")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    entity_ref = models.TextField()
    is_checked = models.BooleanField(default=False)
    """Whether messages to India must match a template."""
    version = models.BigIntegerField(default=1)


class Sender(models.Model):
    """A name that phones show (the register's header). Rows go when nobody sends by it any more."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "name")
    shard = models.SmallIntegerField()
    organisation_id = models.BigIntegerField()
    name = models.TextField()
    created_at = models.DateTimeField()


class Template(models.Model):
    """A registered text. Nothing in a row changes but `retired_at`; messages keep naming it."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "id")
    shard = models.SmallIntegerField()
    category = models.SmallIntegerField(choices=[(each.value, each.word) for each in Category])
    organisation_id = models.BigIntegerField()
    id = models.UUIDField()
    template_ref = models.TextField()
    name = models.TextField()
    sender = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shard", "organisation_id", "template_ref"],
                condition=Q(retired_at=None),
                name="template_once",
            )
        ]
