from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class PeriodicConfig(AppConfig):
    name = "periodic"

    def ready(self) -> None:
        from periodic import monitor  # noqa: PLC0415 models are ready only now

        monitor.take_over()
        post_migrate.connect(_ship, sender=self)


def _ship(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the rows of the shipped schedules, once their table is as the code has it."""
    from django.utils import timezone  # noqa: PLC0415 models are ready only now

    from periodic.actions.schedules import ship_schedules  # noqa: PLC0415
    from periodic.models import Schedule  # noqa: PLC0415

    connection, table = connections[using], Schedule._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        if using != DEFAULT_DB_ALIAS or table not in connection.introspection.table_names(cursor):
            return
        there = {one.name for one in connection.introspection.get_table_description(cursor, table)}
    if {field.column for field in Schedule._meta.local_fields} <= there:  # noqa: SLF001
        ship_schedules(now=timezone.now())
