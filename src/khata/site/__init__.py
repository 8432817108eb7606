"""Settings, URLs, ASGI and wiring: the composition root, and the only place that names a driver."""
