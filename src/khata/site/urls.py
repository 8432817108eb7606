"""Where each address leads. `/v1` and the health pages are the API's (asgi.py); everything here is Django's."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.account.urls")),
    path("callbacks/", include("khata.callbacks.urls")),
    path("", include("khata.console.urls")),
    path("operator/", include("khata.console.operator.urls")),
]

handler400 = "khata.console.views.errors.bad_request"
handler403 = "khata.console.views.errors.forbidden"
handler404 = "khata.console.views.errors.not_found"
handler500 = "khata.console.views.errors.server_error"
