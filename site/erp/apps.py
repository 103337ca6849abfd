from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register


class ErpConfig(AppConfig):
    name = "erp"

    def ready(self) -> None:
        from erp import checks  # noqa: PLC0415 they read settings

        register(checks.safe_production)
        register(checks.whole_restore)
        register(checks.second_place)
        register(checks.two_database_roles, Tags.database)


class DukaAdminConfig(AdminConfig):
    # The default site, or the monitor would register with another one than we do.
    default_site = "erp.admin_site.DukaAdminSite"
