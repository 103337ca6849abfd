from django.apps import AppConfig


class ShopsConfig(AppConfig):
    name = "shops"
    verbose_name = "Shops"

    def ready(self) -> None:
        """Have the erasure of a phone reach what this floor knows."""
        from mpesa.actions.erasure import also_forget  # noqa: PLC0415 models come first
        from shops.actions.privacy import forget_phone  # noqa: PLC0415

        also_forget(forget_phone)
