"""What machines ask: whether this copy is ready, and its figures."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from periodic.health import may_ask
from periodic.metrics import exposition
from periodic.queries.operations import gather
from periodic.queries.readiness import readiness
from periodic.tiles import tiles_of

View = Callable[[HttpRequest], HttpResponse]


def for_machines(view: View) -> View:
    """Let in who has the token; others learn nothing but that there is a door."""

    @wraps(view)
    @never_cache
    @require_safe
    def guarded(request: HttpRequest) -> HttpResponse:
        if may_ask(
            authorization=request.headers.get("Authorization", ""),
            # A proxy of ours stands between: who comes through it is not this machine.
            address="" if "X-Forwarded-For" in request.headers else request.META["REMOTE_ADDR"],
            token=settings.HEALTH_TOKEN,
            is_production=settings.PRODUCTION,
        ):
            return view(request)
        return HttpResponse(
            "Send the token: Authorization: Bearer ...\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )

    return guarded


@for_machines
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer per part "ok" or what is wrong; 503 where anything is."""
    found = readiness(timezone.now())
    is_ready = not any(found.values())
    parts = {name: trouble or "ok" for name, trouble in found.items()}
    return JsonResponse({"ready": is_ready, **parts}, status=200 if is_ready else 503)


@for_machines
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer the figures of the Operations page in Prometheus' text."""
    now = timezone.now()
    readings = gather(now)
    text = exposition(readings, tiles_of(readings, settings.LIMITS, now), now)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
