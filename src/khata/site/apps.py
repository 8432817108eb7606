from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Wires ports to drivers once Django is set up."""

    name = "khata.site"
    label = "site"

    def ready(self) -> None:
        from khata.site.wiring import wire

        wire()
