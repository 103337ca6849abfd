"""System checks of the ground floor: run by `check --database default` and by `migrate`."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Warning  # noqa: A004 Django's own name
from django.db import connections

from money import triggers


def triggers_in_step(
    app_configs: Sequence[AppConfig] | None,
    databases: Sequence[str] | None = None,
    **kwargs: object,
) -> list[CheckMessage]:
    """Return a warning per trigger that is not what its file says.

    A warning, not an error: `migrate` runs this first and is what mends it. `serve` refuses to open
    while there is a difference. A database without our tables has nothing to compare.
    """
    return [
        Warning(
            f"Trigger {difference}.",
            hint="Run `python manage.py migrate`; it installs the triggers.",
            id="money.W001",
        )
        for using in databases or ()
        if "money_entry" in connections[using].introspection.table_names()
        for difference in triggers.differences(using)
    ]
