"""Pure rules about organisations: tax schemes and registrations, limits, API key text."""
