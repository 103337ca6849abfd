"""One settings module: everything from the environment, safe defaults for a laptop.

What would be unsafe in production is refused by the system checks in `erp.checks`, which `serve`
runs before it listens. The table of variables is in docs/operations.md.
"""

import os
from dataclasses import asdict
from pathlib import Path

import dj_database_url

from erp import env

HOUSE = Path(__file__).resolve().parent.parent.parent
VAR = Path(env.text("VAR") or HOUSE / "var").resolve()
PRODUCTION = env.flag("PRODUCTION")
DEBUG = env.flag("DEBUG")

SECRET_KEY = env.secret_key(VAR)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
# The queues sign their messages with the same secret and read nothing but the environment.
os.environ["SECRET_KEY"] = SECRET_KEY
os.environ["VAR"] = str(VAR)

import huey_config  # noqa: E402 after the environment it reads
from periodic.limits import Limits  # noqa: E402

PORT = env.integer("PORT", 8000, least=1, most=65535)
SIMULATOR_PORT = env.integer("SIMULATOR_PORT", 8001, least=1, most=65535)
# Where Safaricom finds us; callback addresses are built from it, never from a request's Host.
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "*")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", PUBLIC_URL)

INSTALLED_APPS = [
    "money",
    "mpesa",
    "shops",
    "periodic",
    "erp.apps.ErpConfig",
    "erp.apps.DukaAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "huey.contrib.djhuey",
    "bx_django_utils",
    "huey_monitor",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "erp.by_pin.ByPin",
    "erp.first_password.FirstPassword",
    "erp.only_forms.OnlyForms",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "erp.urls"
WSGI_APPLICATION = "erp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HOUSE / "site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "periodic.notices.jobs_ended",
                "erp.band.band",
                "erp.by_pin.counter",
            ],
            "builtins": ["money.templatetags.shillings"],
        },
    }
]

# The default is no URL: a folder may be called anything, "a#1" too.
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL"), conn_max_age=env.integer("CONN_MAX_AGE", 60, least=0, most=3600)
    )
    if env.text("DATABASE_URL")
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": str(VAR / "duka.sqlite3")}
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: with DEFERRED most read-then-write requests fail under load. FULL: a power cut
    # may not take a posted entry back.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that is gone, or a network that swallows everything, is noticed within seconds.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 2,
        "tcp_user_timeout": 10_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        # Statements that come again are prepared once per connection: a posting costs a third less.
        "server_side_binding": True,
        "prepare_threshold": 5,
    } | DATABASES["default"].get("OPTIONS", {})
# What the database cannot take: files of this machine, brought in by a worker with the same VAR.
SPOOL_DIR = VAR / "spool"
SPOOL_MEGABYTES = env.integer("SPOOL_MEGABYTES", 64, least=1, most=10_000)
# Jobs: their kinds, the files they leave, and the limits of their workers.
JOB_KINDS = [
    "periodic.kinds.erasures",
    "periodic.kinds.month_pack",
    "periodic.kinds.scheduled",
    "periodic.kinds.statements",
    "periodic.kinds.verification",
]
RESULTS_DIR = VAR / "results"
RESULT_DAYS = env.integer("RESULT_DAYS", 7, least=1, most=365)
# The papers of months, which can be made again: a year and a month.
PAPER_DAYS = env.integer("PAPER_DAYS", 400, least=1, most=3650)
JOB_DAYS = env.integer("JOB_DAYS", 90, least=1, most=3650)
JOBS_AT_ONCE = env.integer("JOBS_AT_ONCE", 2, least=1, most=16)
JOB_HEARTBEAT_SECONDS = env.integer("JOB_HEARTBEAT_SECONDS", 5, least=1, most=60)
# A running job that nobody told of for so long is another worker's: never one between two beats.
_BEATS = 3 * JOB_HEARTBEAT_SECONDS
JOB_SILENT_SECONDS = env.integer("JOB_SILENT_SECONDS", max(30, _BEATS), least=_BEATS, most=600)
# How often a worker looks for silent jobs, for due ones that no bell announced, and at its memory.
JOB_LOOK_SECONDS = env.integer("JOB_LOOK_SECONDS", 10, least=1, most=60)
# Between asking a job's process to stop and killing it.
JOB_GRACE_SECONDS = env.integer("JOB_GRACE_SECONDS", 5, least=0, most=60)
JOB_RETRY_SECONDS = env.integer("JOB_RETRY_SECONDS", 15, least=1, most=3600)
JOB_RETRY_MOST_SECONDS = env.integer("JOB_RETRY_MOST_SECONDS", 3600, least=1, most=86_400)
# A worker that has grown beyond this begins anew once its tasks are done.
WORKER_MEGABYTES = env.integer("WORKER_MEGABYTES", 100, least=1, most=10_000)
# Sealed copies of all that a dead shop needs, and the second place that they are copied to.
BACKUP_DIR = VAR / "backups"
BACKUP_PASSPHRASE = env.secret("BACKUP_PASSPHRASE")
BACKUP_COPY_TO = env.text("BACKUP_COPY_TO")
BACKUP_S3_ENDPOINT = env.text("BACKUP_S3_ENDPOINT")
BACKUP_S3_REGION = env.text("BACKUP_S3_REGION")
BACKUP_S3_ACCESS_KEY = env.secret("BACKUP_S3_ACCESS_KEY")
BACKUP_S3_SECRET_KEY = env.secret("BACKUP_S3_SECRET_KEY")
# A mail server refuses what is much larger; the mail then says where the file is instead.
MAIL_MEGABYTES = env.integer("MAIL_MEGABYTES", 15, least=1, most=100)
# How often a worker writes that it lives.
HEARTBEAT_SECONDS = env.integer("HEARTBEAT_SECONDS", 10, least=1, most=60)
# Within these a limit can be reached, and is not exceeded by whoever is well.
_LEAST, _MOST = {"worker_silent_seconds": 2 * HEARTBEAT_SECONDS}, {"memory_percent": 99}
LIMITS = Limits(
    **{
        name: env.integer(
            name.upper(), default, least=_LEAST.get(name, 1), most=_MOST.get(name, 1_000_000)
        )
        for name, default in asdict(Limits()).items()
    }
)
# When no mail about trouble goes out, as 21:30-06:00 in Nairobi; it waits for their end.
QUIET_HOURS = env.quiet_hours("QUIET_HOURS")
# Opens /readyz and /metrics; without one a laptop shows them to itself alone.
HEALTH_TOKEN = env.text("HEALTH_TOKEN")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
HUEY = huey_config.payments

AUTH_USER_MODEL = "money.User"
AUTHENTICATION_BACKENDS = ["erp.auth.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
# Two copies on one machine differ in port only, and a browser shares cookies across ports.
SESSION_COOKIE_NAME = env.text("SESSION_COOKIE_NAME") or f"duka_{PORT}"
CSRF_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_csrf"
CSRF_FAILURE_VIEW = "erp.views.stale_form"
SESSION_COOKIE_AGE = 12 * 3600
# The token of a counter's device; browsers keep no cookie longer than 400 days.
DEVICE_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_device"
KNOWN_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_known"
DEVICE_COOKIE_AGE = 400 * 24 * 3600
# A session that a PIN began is locked after so many minutes without a touch; 0 is never.
COUNTER_LOCK_MINUTES = env.integer("COUNTER_LOCK_MINUTES", 5, least=0, most=720)
# A cash session that nobody closed for so long is closed by the clock, as uncounted.
CASH_SESSION_HOURS = env.integer("CASH_SESSION_HOURS", 18, least=1, most=72)
# An open sale that nobody paid anything of for so long is given up by the clock.
PARKED_SALE_DAYS = env.integer("PARKED_SALE_DAYS", 3, least=1, most=90)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# A journal of 500 lines has four fields each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3_000

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Africa/Nairobi"
FORMAT_MODULE_PATH = "erp.formats"

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [HOUSE / "site" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Safaricom's gateway; on a laptop the simulator, with credentials that open nothing else.
DARAJA_URL = env.text("DARAJA_URL") or ("" if PRODUCTION else f"http://127.0.0.1:{SIMULATOR_PORT}")
DARAJA_TIMEOUT_SECONDS = env.integer("DARAJA_TIMEOUT_SECONDS", 15, least=1, most=60)
# Where Safaricom's callbacks come from (REFERENCE 5); a till may demand it. They change.
SAFARICOM_ADDRESSES = frozenset(
    env.words(
        "SAFARICOM_ADDRESSES",
        "196.201.214.200,196.201.214.206,196.201.214.207,196.201.214.208,196.201.213.114,"
        "196.201.213.44,196.201.212.127,196.201.212.138,196.201.212.129,196.201.212.136,"
        "196.201.212.74,196.201.212.69,196.201.212.128,196.201.212.132",
    )
)
# How many proxies of our own stand before the web server: so many hops of X-Forwarded-For are ours.
PROXY_HOPS = env.integer("PROXY_HOPS", 1 if PRODUCTION else 0, least=0, most=5)
# The customer's prompt closes by itself after about this time (REFERENCE 2.7).
STK_PROMPT_SECONDS = env.integer("STK_PROMPT_SECONDS", 60, least=1, most=600)

# A laptop writes its mails into files; production without a server writes none.
_MAIL = env.mail_server("MAIL_URL")
MAIL_IS_CONFIGURED = bool(_MAIL) or not PRODUCTION
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(VAR / "mail")
EMAIL_TIMEOUT = 15
globals().update(_MAIL)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("MAIL_FROM", "Duka <duka@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "mpesa.masking.MaskingFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mask"],
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "huey": {"level": "WARNING"},
        "waitress": {"level": "WARNING"},
        "django.server": {"handlers": ["console"], "propagate": False},
    },
}
