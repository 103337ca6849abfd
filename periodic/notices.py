"""What stands in the header of every page: that jobs of the reader ended since they looked."""

from collections.abc import Callable

from django.http import HttpRequest

from periodic.models import Job


def jobs_ended(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """Return a count for templates, read where one asks for it."""

    def count() -> int:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return 0
        return Job.objects.filter(asked_by=user.pk, ended_at__isnull=False, seen_at=None).count()

    return {"jobs_ended": count}
