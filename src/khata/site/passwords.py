"""Argon2id sized for a small machine: a sign-in costs tens of milliseconds and 32 MiB; twenty at once are no outage."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class SmallArgon2Hasher(Argon2PasswordHasher):
    time_cost = 3
    memory_cost = 32 * 1024
    parallelism = 1
