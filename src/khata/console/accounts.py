"""Signing up and in: what django-allauth is told about Khata."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm
from django import forms
from django.conf import settings
from django.http import HttpRequest

from khata.billing import operations as billing
from khata.kernel.transactions import in_transaction
from khata.tenancy.models import Member


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "The e-mail address or the password is not correct.",
        "too_many_login_attempts": "Too many tries. Please wait a few minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.ENVIRONMENT.is_sign_up_open)

    def format_email_subject(self, subject: str) -> str:
        return subject

    def add_message(self, request: HttpRequest, level: int, message_template: str, *args: Any, **kwargs: Any) -> None:
        """Signing in and out shows by itself; every other notice stays."""
        if not message_template.endswith(("logged_in.txt", "logged_out.txt")):
            super().add_message(request, level, message_template, *args, **kwargs)


class SignUpForm(SignupForm):  # type: ignore[misc]  # allauth ships no types
    """A member and their organisation begin together, or not at all."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    organisation_name = forms.CharField(
        label="Organisation",
        max_length=120,
        help_text="Whoever buys and uses the credits: your company, shop or project.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    field_order = ("name", "organisation_name", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail"

    def save(self, request: HttpRequest) -> Member:
        with in_transaction():
            member: Member = super().save(request)
            member.name = self.cleaned_data["name"]
            member.save(update_fields=["name"])
            billing.open_organisation(name=self.cleaned_data["organisation_name"], owner=member)
        return member
