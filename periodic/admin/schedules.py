"""Schedules in the admin: when each runs, what came of it, run now; the owner's alone."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from money.access import Ability
from money.admin import OnlyShownLookups, manages_all
from money.admin.scope import managed_by, mine
from money.models import User
from periodic import bells
from periodic.actions.schedules import change_schedule, run_now
from periodic.admin.schedule_form import ScheduleForm
from periodic.models import Job, Schedule
from periodic.timetable import NotUnderstood, next_times

SHOWN_TIMES, SHOWN_RUNS = 5, 20
TIME = "%a %-d %b %Y, %H:%M"


@admin.register(Schedule)
class ScheduleAdmin(OnlyShownLookups, admin.ModelAdmin):
    """A schedule for all businesses is changed by who manages all; one's own by who manages it."""

    form = ScheduleForm
    list_display = ("title", "words", "whose", "is_on", "next_run_at", "last_run_at", "missed")
    list_filter = ("is_on",)
    list_select_related = ("business",)
    ordering = ("-is_on", "next_run_at", "title")
    actions = ("ask_now", "switch_on", "switch_off")
    readonly_fields = ("about", "name", "next_five", "last_run_at", "runs", "changes")
    fields = (
        "about",
        "name",
        "words",
        "next_five",
        "is_on",
        "missed",
        "business",
        "parameters",
        "last_run_at",
        "runs",
        "changes",
    )
    new_fields = ("kind", "title", "name", "words", "is_on", "missed", "business", "parameters")

    class Media:
        js = ("vendor/htmx-2.0.7.min.js",)

    # Who sees and changes what.

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        rows: QuerySet[Schedule] = super().get_queryset(request)
        return rows.filter(Q(business=None) | Q(business__in=mine(request, Ability.MANAGE)))

    def has_change_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        if obj is not None and not self._manages(request, obj):
            return False
        return super().has_change_permission(request, obj)

    def _manages(self, request: HttpRequest, schedule: Schedule) -> bool:
        if schedule.business_id is None:
            return manages_all(request)
        return managed_by(request).filter(pk=schedule.business_id).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Switch it off instead: its runs stay on record."""
        return False

    # The form.

    def get_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        if obj is None:
            return self.new_fields
        return [name for name in self.fields if name != "business" or obj.is_per_business]

    def get_readonly_fields(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        return self.readonly_fields if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: Schedule | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 Django's own signature
        **kwargs: Any,
    ) -> type[ModelForm]:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.managed, form.manages_all = managed_by(request), manages_all(request)
        if "words" in form.base_fields:
            form.base_fields["words"].widget.attrs |= {
                "hx-get": reverse("admin:periodic_schedule_times"),
                "hx-trigger": "input changed delay:400ms",
                "hx-target": "#next-times",
            }
        if "business" in form.base_fields:
            widget = form.base_fields["business"].widget
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False
        return form  # type: ignore[no-any-return]

    def save_model(
        self,
        request: HttpRequest,
        obj: Schedule,
        form: ModelForm,
        change: bool,  # noqa: FBT001 Django's own signature
    ) -> None:
        """Keep it, and say when it runs next."""
        assert isinstance(request.user, User)
        change_schedule(schedule=obj, by=request.user, now=timezone.now())
        messages.info(request, f"{obj.title}: {_times_in_words(obj)}")

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 Django's own signature
    ) -> Any:
        """Say in the log what each field was and what it is."""
        if add:
            return f"Made: {form.instance.words}."
        told = [
            f"{form.fields[name].label}: {form.cleaned_data[name]}. It was: {form.was[name]}."
            for name in form.changed_data
        ]
        return " ".join(told) or "Nothing changed."

    def get_urls(self) -> list[URLPattern]:
        times = self.admin_site.admin_view(self.times)
        own = [path("times/", times, name="periodic_schedule_times")]
        return [*own, *super().get_urls()]

    def times(self, request: HttpRequest) -> HttpResponse:
        """Answer with the next five times of words that are being typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.GET.get("words", "")
        try:
            return HttpResponse(f"Next: {_shown(words)}.")
        except NotUnderstood as refusal:
            return HttpResponse(format_html("{}", str(refusal)))

    # What is shown.

    @admin.display(description="For", ordering="business__name")
    def whose(self, schedule: Schedule) -> str:
        if schedule.business:
            return schedule.business.name
        return "Each business" if schedule.is_per_business else "All together"

    @admin.display(description="Next five times")
    def next_five(self, schedule: Schedule) -> str:
        return _times_in_words(schedule)

    @admin.display(description="Last runs")
    def runs(self, schedule: Schedule) -> str:
        jobs = Job.objects.filter(key__startswith=f"schedule:{schedule.pk}:")
        rows = [
            (
                _local(job.asked_at),
                job.business.name if job.business else "",
                job.get_state_display(),
                (job.error or job.summary or job.sentence)[:200],
            )
            for job in jobs.select_related("business").order_by("-pk")[:SHOWN_RUNS]
        ]
        lines = format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", lines) if rows else "None yet."

    @admin.display(description="Changed")
    def changes(self, schedule: Schedule) -> str:
        if schedule.changed_at is None:
            return "As it was shipped."
        who = schedule.changed_by
        return f"{_local(schedule.changed_at)} by {who.get_full_name() or who}" if who else ""

    # What is done to several.

    @admin.action(description="Run now", permissions=["change"])
    def ask_now(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        def ask(schedule: Schedule, by: User) -> str:
            jobs = run_now(schedule=schedule, by=by, now=timezone.now(), only=managed_by(request))
            return f"Asked to run now: {len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}."

        self._for_each(request, schedules, ask)
        transaction.on_commit(bells.jobs.press)

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        self._for_each(request, schedules, lambda one, by: self._switch(one, by, is_on=True))

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        self._for_each(request, schedules, lambda one, by: self._switch(one, by, is_on=False))

    def _switch(self, schedule: Schedule, by: User, *, is_on: bool) -> str:
        schedule.is_on = is_on
        change_schedule(schedule=schedule, by=by, now=timezone.now())
        return f"Switched on. {_times_in_words(schedule)}" if is_on else "Switched off."

    def _for_each(
        self,
        request: HttpRequest,
        schedules: QuerySet[Schedule],
        act: Callable[[Schedule, User], str],
    ) -> None:
        assert isinstance(request.user, User)
        for schedule in schedules:
            if not self._manages(request, schedule):
                sentence = "only who manages every business may do that."
                self.message_user(request, f"{schedule.title}: {sentence}", messages.ERROR)
                continue
            said = act(schedule, request.user)
            self.log_change(request, schedule, said)
            self.message_user(request, f"{schedule.title}: {said}")


def _shown(words: str) -> str:
    times = next_times(words, timezone.now(), SHOWN_TIMES)
    return "; ".join(f"{timezone.localtime(at):{TIME}}" for at in times)


def _times_in_words(schedule: Schedule) -> str:
    if not schedule.is_on:
        return "It is off."
    try:
        return f"Next: {_shown(schedule.words)}."
    except NotUnderstood as refusal:
        return str(refusal)


def _local(at: Any) -> str:
    return f"{timezone.localtime(at):{TIME}}"
