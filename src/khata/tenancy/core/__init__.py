"""Pure rules about organisations: Indian States and GSTINs, API key text."""
