r"""A certificate of the tests' own for 127.0.0.1, valid for a hundred years; nothing else trusts it.

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,digitalSignature,keyCertSign -keyout key.pem -out cert.pem
"""

from pathlib import Path

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBoTCCAUagAwIBAgIUQIxs1/mmTnArog/QHK64m5JZfJ8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMzExNDkwNloYDzIxMjYxMDMw
MTE0OTA2WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATH1lHyZM6TgtmYZ47mCx7E7BO3NOuixIYSooXpapt+VjZ0yd/gE1z/
IAJHX79L63apwd3gECxWoowRN8nF/HJYo3QwcjAdBgNVHQ4EFgQUYDDL8C8mYiYJ
tkKS5M0vkynKGJQwHwYDVR0jBBgwFoAUYDDL8C8mYiYJtkKS5M0vkynKGJQwDwYD
VR0RBAgwBocEfwAAATAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIChDAK
BggqhkjOPQQDAgNJADBGAiEAmyswWRHb7NV2rb2og3QrCCbQB1tXCH1FvxuTGFbb
fE0CIQCVVFj3VCE/shB1kkV2htt0QqPCWzH7bfeZPzbtTq2COw==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpVrVC989Y8wR4WrE
OTKCSu0lhMZyXSQfFX3PY0R858+hRANCAATH1lHyZM6TgtmYZ47mCx7E7BO3NOui
xIYSooXpapt+VjZ0yd/gE1z/IAJHX79L63apwd3gECxWoowRN8nF/HJY
-----END PRIVATE KEY-----
"""


def self_signed(folder: Path) -> tuple[Path, Path]:
    """The files of certificate and key."""
    paths = folder / "cert.pem", folder / "key.pem"
    for path, text in zip(paths, (CERTIFICATE, KEY), strict=True):
        path.write_text(text)
    return paths
