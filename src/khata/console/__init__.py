"""The console: every page a person sees. A door: it asks the domains and shows what they answer."""
