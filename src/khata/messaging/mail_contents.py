"""What an e-mail has besides a message's row, in tables of its own: an SMS never touches them."""

from django.db import models


class MailContent(models.Model):
    """`files` names what was attached, also after the octets are gone: [{"name", "content_type", "bytes"}]."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "message_id")
    organisation_id = models.BigIntegerField()
    message_id = models.UUIDField()
    shard = models.SmallIntegerField()
    has_unsubscribe = models.BooleanField()
    subject = models.TextField()
    html = models.TextField()
    files = models.JSONField()


class MailAttachment(models.Model):
    """The octets of an attachment, kept until its message needs no further hand-over: a work table that drains."""

    pk = models.CompositePrimaryKey("shard", "organisation_id", "message_id", "place")
    organisation_id = models.BigIntegerField()
    message_id = models.UUIDField()
    shard = models.SmallIntegerField()
    place = models.SmallIntegerField()
    name = models.TextField()
    content_type = models.TextField()
    content = models.BinaryField()
