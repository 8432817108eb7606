"""The API's refusals: HTTP status and body exactly as a Razorpay client expects them."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class ApiError(Exception):
    """`description` is for people, `code`, `reason` and `field` are for programs."""

    description: str
    code: str = "BAD_REQUEST_ERROR"
    status: int = 400
    reason: str = "input_validation_failed"
    source: str = "business"
    step: str = "payment_initiation"
    wrong_field: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "code": self.code,
            "description": self.description,
            "source": self.source,
            "step": self.step,
            "reason": self.reason,
            "metadata": self.metadata,
        }
        if self.wrong_field is not None:
            error["field"] = self.wrong_field
        return {"error": error}

    def form_fields(self) -> dict[str, str]:
        """The same as form fields, the way a browser brings a failure back."""
        fields = {f"error[{name}]": value for name, value in self.body()["error"].items() if name != "metadata"}
        return fields | {"error[metadata]": json.dumps(self.metadata)}


def invalid(field_name: str, description: str) -> ApiError:
    return ApiError(description, wrong_field=field_name)


def unknown_id() -> ApiError:
    return ApiError("The id provided does not exist")


def malformed_id(text: str) -> ApiError:
    return ApiError(f"{text} is not a valid id")


def unknown_url() -> ApiError:
    return _not_validation("The requested URL was not found on the server.", status=404)


def wrong_method() -> ApiError:
    return _not_validation("The requested method is not allowed for this URL.", status=405)


def authentication_failed(description: str = "Authentication failed") -> ApiError:
    return _not_validation(description, status=401)


def body_too_large() -> ApiError:
    return _not_validation("The request body is too large.", status=413)


def conflict(description: str) -> ApiError:
    return _not_validation(description, status=409)


def too_many_requests() -> ApiError:
    return _not_validation("Too many requests. Slow down and try again later.", status=429)


def server_error() -> ApiError:
    return ApiError(
        "The server could not complete the request.", "SERVER_ERROR", 500, reason="server_error", source="internal"
    )


def _not_validation(description: str, *, status: int) -> ApiError:
    return ApiError(description, status=status, reason="NA", source="NA", step="NA")
