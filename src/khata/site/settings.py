"""Django's settings, made from the environment (environment.py)."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF

from khata.site.carriers_file import CarriersFile, carriers_of
from khata.site.environment import Environment, read_environment
from khata.site.log_lines import LineFormatter
from khata.site.variables import read_secret

ENVIRONMENT: Environment = read_environment()
"""Read here once; the wiring takes it from the settings."""

CARRIERS: CarriersFile = carriers_of(ENVIRONMENT, read_secret)

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = False
ALLOWED_HOSTS = [ENVIRONMENT.host, "localhost", "127.0.0.1"] if ENVIRONMENT.is_sandbox else [ENVIRONMENT.host]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "heroicons",
    "procrastinate.contrib.django",
    "khata.ledger",
    "khata.tenancy",
    "khata.webhooks",
    "khata.pricing",
    "khata.billing",
    "khata.mail",
    "khata.messaging",
    "khata.notices",
    "khata.console",
    "khata.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "khata.console.middleware.OrganisationMiddleware",
    "khata.site.requests.note_organisation",
]

ROOT_URLCONF = "khata.site.urls"
ASGI_APPLICATION = "khata.site.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "khata.console.context.frame",
            ],
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or 5432,
        # Requests run on short-lived threads, so connections live in a pool, not with a thread.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # JIT costs about 15 ms a statement on our short ones; a lock is waited for 3 s, never for ever. Rows are in
            # memory or on disks that do not seek: at the default of 4 young tables are read whole, for every batch. And
            # a merge join over one organisation's rows multiplies its history by the batch.
            "options": "-c jit=off -c random_page_cost=1.1 -c enable_mergejoin=off -c lock_timeout=3000"
            " -c timezone=UTC",
            # The server keeps the plan of a statement that asks for it, and of no other (None would mean never).
            "prepare_threshold": 1_000_000_000,
            "application_name": "khata",
            "connect_timeout": 5,
            "pool": {"min_size": 1, "max_size": 16, "timeout": 5},
        },
    }


DATABASES = {"default": _database(ENVIRONMENT.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "Asia/Kolkata"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
NUMBER_GROUPING = (3, 2, 0)

AUTH_USER_MODEL = "tenancy.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["khata.site.passwords.SmallArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "khata.console.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "khata.console.accounts.SignUpForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
# How many hops of X-Forwarded-For are ours; allauth limits sign-ins by the address behind them.
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxies_count

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = ENVIRONMENT.smtp_host
EMAIL_PORT = ENVIRONMENT.smtp_port
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = ENVIRONMENT.mail_from

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "console" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "khata.site.static_files.FinderHashedStorage"},
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "khata.console.views.errors.csrf_failure"
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.base_url]
if ENVIRONMENT.is_https:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    if ENVIRONMENT.trusted_proxies_count:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

# Background jobs stand in each domain's `jobs.py`; a worker that did not import them knows none.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

KHATA_BASE_URL = ENVIRONMENT.base_url
KHATA_DLT_TELEMARKETERS = ENVIRONMENT.dlt_telemarketers
KHATA_DLT_SEND_WINDOW = ENVIRONMENT.dlt_send_window
KHATA_HOME_REGION = ENVIRONMENT.home_region
KHATA_VELOCITY_RULES = ENVIRONMENT.velocity_rules
KHATA_TAX_SCHEME = ENVIRONMENT.tax_scheme
KHATA_TAX_STATE_CODE = ENVIRONMENT.tax_state_code
KHATA_TAX_RATE_BP = ENVIRONMENT.tax_rate_bp
KHATA_TAX_COUNTRY = ENVIRONMENT.tax_country
KHATA_TAX_NAME = ENVIRONMENT.tax_name
KHATA_TAX_SERVICE_CODE = ENVIRONMENT.tax_service_code
KHATA_SUPPLIER_NAME = ENVIRONMENT.supplier_name
KHATA_SUPPLIER_ADDRESS = ENVIRONMENT.supplier_address
KHATA_SUPPLIER_GSTIN = ENVIRONMENT.supplier_gstin
KHATA_INVOICE_PREFIX = ENVIRONMENT.invoice_prefix
KHATA_CREDIT_NOTE_PREFIX = ENVIRONMENT.credit_note_prefix

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # The payer is sent to the gateway by a form; browsers apply form-action to where it may redirect, too.
        "form-action": [SELF, *ENVIRONMENT.checkout_urls],
    }
}

LOG_LINES = LineFormatter(ENVIRONMENT.log_style, (*ENVIRONMENT.secrets, *CARRIERS.secrets))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": lambda: LOG_LINES}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        # A refused request has its line from requests.py already.
        "django.request": {"level": "ERROR"},
    },
}
