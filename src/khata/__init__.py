"""Khata: prepaid credits for SMS and e-mail.

Packages stand on floors and import only downwards; see ARCHITECTURE.md.
"""

__version__ = "0.1.0"
