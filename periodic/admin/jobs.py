"""Jobs in the admin: found by kind, state and business, steered singly and in bulk."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from money.admin import OfMine, ReadOnly
from periodic import bells
from periodic.actions.jobs import NotNow, cancel, give_up, retry
from periodic.admin.scope import ScopedOrOfAll
from periodic.models import Job
from periodic.rights import Rights


@admin.register(Job)
class JobAdmin(ScopedOrOfAll, ReadOnly, admin.ModelAdmin):
    list_display = (
        "id",
        "name",
        "business",
        "state",
        "progress",
        "asked_by",
        "asked_at",
        "attempts",
        "ended_at",
        "error",
    )
    list_display_links = ("id", "name")
    list_filter = (("business", OfMine), "kind", "state", "urgency", "asked_at")
    list_select_related = ("business", "asked_by")
    search_fields = ("title", "kind", "error")
    ordering = ("-pk",)
    actions = ("cancel_jobs", "retry_jobs", "give_up_jobs")
    fields = (
        "live",
        "kind",
        "title",
        "business",
        "parameters",
        "asked_by",
        "asked_at",
        "key",
        "urgency",
        "state",
        "attempts",
        "next_try_at",
        "worker",
        "started_at",
        "heartbeat_at",
        "ended_at",
        "summary",
        "file",
        "error",
        "traceback",
        "given_up_at",
    )
    readonly_fields = ("live",)

    class Media:
        js = ("vendor/htmx-2.0.7.min.js",)
        css: ClassVar[Any] = {"all": ("periodic/jobs.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        return super().get_queryset(request).select_related("business", "asked_by")

    @admin.display(description="Job", ordering="kind")
    def name(self, job: Job) -> str:
        return job.title or job.kind

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        return f"{100 * job.done // job.total} %" if job.total else ""

    @admin.display(description="Now")
    def live(self, job: Job) -> str:
        """Show the live bar of a job that is under way, and lead to its page."""
        page = format_html(
            '<a href="{}">Its page, with the download</a>',
            reverse("periodic:job", args=[job.pk]),
        )
        if not job.is_live:
            return page
        address = reverse("periodic:progress", args=[job.pk])
        far = self.progress(job) or job.get_state_display()
        told = {"address": address, "page": page, "far": far}
        return render_to_string("periodic/_admin_live.html", told)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cancel_view)
        one = path("<path:object_id>/cancel/", view, name="periodic_job_cancel")
        return [one, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        job = self.get_object(request, unquote(object_id))
        extra = {"may_be_cancelled": job is not None and _may_be_cancelled(request, job)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Cancel one job, by who may do so on its own page, and come back to this one."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self.get_object(request, unquote(object_id))
        if job is None:
            raise Http404
        if not (self.has_view_permission(request, job) and _may_steer(request, job)):
            raise PermissionDenied
        try:
            has_ended = cancel(job_id=job.pk, now=timezone.now())
        except NotNow as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        else:
            said = "Cancelled." if has_ended else "It is being stopped."
            self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:periodic_job_change", job.pk)

    @admin.action(description="Cancel", permissions=["view"])
    def cancel_jobs(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        self._each(request, rows, "cancelled or being stopped", cancel)

    @admin.action(description="Try again", permissions=["view"])
    def retry_jobs(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        self._each(request, rows, "waiting to be tried again", retry)

    @admin.action(description="Give up", permissions=["view"])
    def give_up_jobs(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        self._each(request, rows, "given up", give_up)

    def _each(
        self, request: HttpRequest, rows: QuerySet[Job], what: str, act: Callable[..., object]
    ) -> None:
        """Do it to each; those whose state or whose businesses forbid it are counted only."""
        done = refused = 0
        rights = Rights(request.user)  # type: ignore[arg-type] # staff
        for job in list(rows):
            if not rights.may_steer(job):
                refused += 1
                continue
            try:
                with transaction.atomic():
                    act(job_id=job.pk, now=timezone.now())
            except NotNow:
                refused += 1
            else:
                done += 1
        transaction.on_commit(bells.jobs.press)
        left = f" {refused} could not be: their state or your role forbids it." if refused else ""
        level = messages.WARNING if refused else messages.SUCCESS
        self.message_user(request, f"{done} jobs are {what}.{left}", level)


def _may_steer(request: HttpRequest, job: Job) -> bool:
    return Rights(request.user).may_steer(job)  # type: ignore[arg-type] # staff


def _may_be_cancelled(request: HttpRequest, job: Job) -> bool:
    """Tell whether a button to cancel stands there: not where it is being stopped already."""
    return job.is_live and job.cancel_asked_at is None and _may_steer(request, job)
