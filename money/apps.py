from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate

from money import checks, triggers


class MoneyConfig(AppConfig):
    name = "money"
    verbose_name = "Money"

    def ready(self) -> None:
        pre_migrate.connect(triggers.before_migrate)
        post_migrate.connect(triggers.after_migrate)
        register(checks.triggers_in_step, Tags.database)
