from django.apps import AppConfig


class PeriodicConfig(AppConfig):
    name = "periodic"

    def ready(self) -> None:
        from periodic import monitor  # noqa: PLC0415 models are ready only now

        monitor.take_over()
