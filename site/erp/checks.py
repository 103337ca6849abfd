"""Refuses an unsafe production: `serve` runs these before it listens.

The database's role is a matter of a warning, in `check --database default` and in the log of
`serve`: `migrate` has to be run by the very role that the processes should not have.
"""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004 Django's own name

from money import roles
from periodic.safekeeping import unfinished

LEAST_SECRET_KEY = 40
LEAST_PASSPHRASE = 20
LEAST_HEALTH_TOKEN = 20


def safe_production(
    app_configs: Sequence[AppConfig] | None, **kwargs: object
) -> list[CheckMessage]:
    """Return an error per setting that would be unsafe where PRODUCTION is set."""
    if not settings.PRODUCTION:
        return []
    wanted = {
        "SECRET_KEY: set one of 40 characters or more": _has_own_secret(),
        "DEBUG: production never shows its insides": not settings.DEBUG,
        "ALLOWED_HOSTS: name the host names that are served": bool(settings.ALLOWED_HOSTS)
        and "*" not in settings.ALLOWED_HOSTS,
        "PUBLIC_URL: Safaricom calls back by https": settings.PUBLIC_URL.startswith("https://"),
        "DATABASE_URL: production runs on PostgreSQL": "postgresql"
        in settings.DATABASES["default"]["ENGINE"],
        "REDIS_URL: production's queues live in Redis": hasattr(settings.HUEY.storage, "pool"),
        "DARAJA_URL: name Safaricom's gateway, by https": settings.DARAJA_URL.startswith(
            "https://"
        ),
        "BACKUP_PASSPHRASE: set one of 20 characters or more, and keep it elsewhere too": len(
            settings.BACKUP_PASSPHRASE
        )
        >= LEAST_PASSPHRASE,
        "HEALTH_TOKEN: set one of 20 characters or more": len(settings.HEALTH_TOKEN)
        >= LEAST_HEALTH_TOKEN,
    }
    return [
        Error(sentence, id=f"erp.E{number:03d}", hint="docs/operations.md lists the variables.")
        for number, (sentence, holds) in enumerate(wanted.items(), start=1)
        if not holds
    ]


def whole_restore(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Return an error where a restore was killed before all of the shop was in its place."""
    sentence = unfinished.what_is(settings.VAR)
    return [Error(sentence, id="erp.E010")] if sentence else []


def second_place(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """Return a warning where production's backups lie on the disk that they are to replace."""
    if not settings.PRODUCTION or settings.BACKUP_COPY_TO:
        return []
    return [
        Warning(
            "BACKUP_COPY_TO: backups stay on this machine and die with it.",
            hint="Name a folder on another disk, or s3://bucket/prefix (docs/operations.md).",
            id="erp.W002",
        )
    ]


def _has_own_secret() -> bool:
    made_here = settings.VAR / "secret_key"
    return len(settings.SECRET_KEY) >= LEAST_SECRET_KEY and not (
        made_here.exists() and made_here.read_text().strip() == settings.SECRET_KEY
    )


def two_database_roles(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: object,
) -> list[CheckMessage]:
    """Return a warning where production works as a role that gets past the triggers."""
    if not settings.PRODUCTION:
        return []
    return [
        Warning(
            f"DATABASE_URL: its role can get past the triggers that guard the books. {power}",
            hint="Right for `migrate`, not for web and workers. Run `grant_app_role` as the owner.",
            id="erp.W001",
        )
        for using in databases or ()
        for power in roles.powers(using=using)
    ]
